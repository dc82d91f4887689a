"""What a script says, as editors write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from anchor.core.errors import ScriptError
from anchor.core.script import PAUSE, Cue, Script, Segment
from anchor.core.time import Span
from anchor.intake.script import load_script, parse_script
from anchor.mandarin.reader import Reader
from anchor.messages import Language, text_in

EXAMPLES = Path(__file__).parents[2] / "examples"


def parsed(text: str, base: Path = Path()) -> Script:
    return parse_script(text, "a.md", base)


def only_segment(text: str) -> Segment:
    (segment,) = parsed(text).segments
    return segment


def only_cue(text: str) -> Cue:
    (cue,) = only_segment(text).cues
    return cue


def test_plain_text_is_a_script() -> None:
    script = parse_script("大家好，歡迎收看。\n\n今天天氣晴。\n", None, Path())
    assert [s.text for s in script.segments] == ["大家好，歡迎收看。", "今天天氣晴。"]
    assert [s.id for s in script.segments] == ["s1.1", "s1.2"]
    assert script.title == "大家好"
    assert script.slug == "untitled"
    assert script.stories[0].headline == ""
    assert len(script.presenters) == 1
    assert script.presenters[0].avatar == ""


def test_long_first_words_are_cut_to_a_title() -> None:
    assert parsed("一二三四五六七八九十一二三四五六七八九十").title == "一二三四五六七八九十一二三四五…"


def test_front_matter_in_both_languages() -> None:
    script = parsed(
        "---\nslug: a-1\n標題: 晚間新聞\nsubtitle: 第二行\n日期: 民國115年11月3日\nlook: evening-news\n"
        "language: zh-Hant-TW\nembargo: 2026-11-23T18:00+08:00\n"
        "use: events\n節目: 晚間新聞\nterritory: TW\n"
        "presenters:\n  lan: {avatar: lan, voice: lan, 姓名: 林安瀾, title: 主播}\n  hao:\n---\n你好。"
    )
    assert (script.slug, script.title, script.subtitle) == ("a-1", "晚間新聞", "第二行")
    assert (script.date, script.look) == ("2026-11-03", "evening-news")
    assert script.embargo == "2026-11-23T18:00:00+08:00"
    assert (script.use, script.programme, script.territory) == ("events", "晚間新聞", "TW")
    assert parsed("你好。").use == "news"
    lan, hao = script.presenters
    assert (lan.key, lan.avatar, lan.voice, lan.name, lan.title) == ("lan", "lan", "lan", "林安瀾", "主播")
    assert (hao.key, hao.avatar, hao.voice) == ("hao", "hao", "")


@pytest.mark.parametrize(
    ("front", "keys"),
    [
        ("presenters: lan", ["lan"]),
        ("presenters: [lan, hao]", ["lan", "hao"]),
        ("presenters:\n  - lan\n  - hao", ["lan", "hao"]),
        ("avatar: hao", ["hao"]),
    ],
)
def test_presenters_in_short(front: str, keys: list[str]) -> None:
    script = parsed(f"---\n{front}\n---\n你好。")
    assert [p.key for p in script.presenters] == keys
    assert [p.avatar for p in script.presenters] == keys


@pytest.mark.parametrize("value", ["2026-11-03", "2026/11/3", "2026年11月3日", "民國115年11月3日"])
def test_dates_have_one_form(value: str) -> None:
    assert parsed(f"---\ndate: {value}\n---\n你好。").date == "2026-11-03"


def test_values_stay_text() -> None:
    # YAML would make these a number, a truth value and a list.
    script = parsed("---\nslug: 007\ntitle: 'no'\nsubtitle: '[上]'\n---\n你好。")
    assert (script.slug, script.title, script.subtitle) == ("007", "no", "[上]")


def test_headings_begin_stories() -> None:
    script = parsed("開場。\n\n# 第一則\n甲。\n\n乙。\n## 第二則\n丙。")
    assert [s.headline for s in script.stories] == ["", "第一則", "第二則"]
    assert [(s.id, s.story, s.text) for s in script.segments] == [
        ("s1.1", 0, "開場。"),
        ("s2.1", 1, "甲。"),
        ("s2.2", 1, "乙。"),
        ("s3.1", 2, "丙。"),
    ]
    assert len({s.slug for s in script.stories}) == 3


def test_a_heading_without_text_is_a_title_not_a_story() -> None:
    script = parsed("# 晚間新聞\n\n## 第一則{ㄗㄜˊ}\n甲。")
    assert script.title == "晚間新聞"
    assert [s.headline for s in script.stories] == ["第一則"]


def test_wrapped_lines_join_without_a_space_in_chinese() -> None:
    assert only_segment("歡迎\n收看\r\n晚間新聞。").text == "歡迎收看晚間新聞。"
    assert only_segment("good\nmorning").text == "good morning"
    assert only_segment("使用 AI\n產業").text == "使用 AI產業"
    assert only_segment("　　第一段　\n　　接著").text == "第一段接著"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\[台北\]開會", "[台北]開會"),
        (r"\［台北］開會", "［台北］開會"),
        ("**重點**在這裡", "**重點**在這裡"),
        ("**重點在這裡", "重點在這裡"),
        ("垃圾{ㄌㄜˋ ㄙㄜˋ}分類", "垃圾{ㄌㄜˋ ㄙㄜˋ}分類"),
        ("甲<!-- 不\n讀 -->乙", "甲乙"),
        ("甲\n// 不讀\n乙", "甲乙"),
        ("甲\n<!-- 不讀 -->\n乙", "甲乙"),
        ("> 甲", "甲"),
        ("- 甲", "甲"),
        ("-5 度", "-5 度"),
        ("https://a.tw 的網站", "https://a.tw 的網站"),
        ("歡迎 [停 1秒] 收看", "歡迎收看"),
        ("see [停 1秒] you", "see you"),
        ("[停 1秒]甲", "甲"),
        ("零\u200b寬\ufeff字", "零寬字"),
        ("甲\t 　乙", "甲 乙"),
    ],
)
def test_what_is_read(written: str, read: str) -> None:
    assert only_segment(written).text == read


def test_bullets_and_rules_part_paragraphs() -> None:
    assert [s.text for s in parsed("- 甲\n- 乙\n丙\n***\n丁").segments] == ["甲", "乙丙", "丁"]


@pytest.mark.parametrize(
    "mark",
    [
        "[字卡: 王小美｜記者]",
        "[下標: 王小美｜記者]",
        "[人名條：王小美｜記者]",
        "[lower-third: 王小美 | 記者]",
        "［字卡：王小美｜記者］",
        "[Lower Third：王小美|記者]",
    ],
)
def test_lower_third(mark: str) -> None:
    cue = only_cue(f"大家好，{mark}我是記者。")
    assert (cue.kind, cue.at) == ("lower-third", 4)
    assert (cue.field("name"), cue.field("title")) == ("王小美", "記者")
    assert (cue.place.line, cue.place.column, cue.place.segment) == (1, 5, "s1.1")


def test_a_former_mark_is_read_and_told() -> None:
    script = parsed("大家好，[字幕: 王小美｜記者]我是記者。[字卡: 甲]乙。\n\n［字幕：丙］丁。")
    cues = [cue for segment in script.segments for cue in segment.cues]
    assert [cue.field("name") for cue in cues] == ["王小美", "甲", "丙"]
    assert {cue.kind for cue in cues} == {"lower-third"}
    (notice,) = script.notices
    assert notice.code == "former-mark" and "[字卡]（共 2 處）" in text_in(notice.text, Language.CHINESE)
    assert notice.place is not None and (notice.place.line, notice.place.column) == (1, 5)
    assert parsed("[字卡: 甲]乙。").notices == ()


def test_lower_third_of_who_reads() -> None:
    script = parsed(
        "---\npresenters:\n  lan: {name: 林安瀾, title: 主播}\n  hao: {name: 陳柏豪}\n---\n"
        "[字卡]甲。\n\n[字卡][主播: hao]乙。"
    )
    assert [s.cues[0].fields for s in script.segments] == [
        (("name", "林安瀾"), ("title", "主播")),
        (("name", "陳柏豪"), ("title", "")),
    ]


@pytest.mark.parametrize(
    ("mark", "ms"),
    [
        ("[停 0.8秒]", 800),
        ("[停0.8秒]", 800),
        ("[停：０．８秒]", 800),
        ("[停頓 1 秒鐘]", 1000),
        ("[pause 0.8s]", 800),
        ("[pause: 250ms]", 250),
        ("[停 300毫秒]", 300),
        ("[停 2]", 2000),
        ("[停]", 500),
    ],
)
def test_pause(mark: str, ms: int) -> None:
    cue = only_cue(f"甲{mark}乙")
    assert (cue.kind, cue.at, cue.field("ms")) == (PAUSE, 1, str(ms))


@pytest.mark.parametrize(
    ("mark", "text"),
    [("[標題: 快訊]", "快訊"), ("[headline: A: B]", "A: B"), ("[標題]", ""), ("[收標題]", ""), ("[headline off]", "")],
)
def test_headline(mark: str, text: str) -> None:
    cue = only_cue(f"{mark}甲")
    assert (cue.kind, cue.field("text")) == ("headline", text)


def test_ots(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "p" / "a.png")
    (segment,) = parsed("[圖: p/a.png｜圖說]甲[收圖]乙[ots: p/a.png]", tmp_path).segments
    assert [c.field("picture") for c in segment.cues] == [str(tmp_path / "p/a.png"), "", str(tmp_path / "p/a.png")]
    assert [c.field("caption") for c in segment.cues] == ["圖說", "", ""]
    assert [c.at for c in segment.cues] == [0, 1, 2]


def test_marks_alone_belong_to_the_text_that_follows() -> None:
    script = parsed("甲。\n\n[標題: 新]\n\n[停 1秒]\n\n乙。")
    assert [[(str(c.kind), c.at) for c in s.cues] for s in script.segments] == [[], [("headline", 0), ("pause", 0)]]


def test_marks_at_the_end_of_a_story_belong_to_its_end() -> None:
    script = parsed("# 一\n甲乙。\n\n[收標題]\n\n# 二\n丙。\n\n[停 1秒]\n\n# 三\n")
    assert [[(str(c.kind), c.at) for c in s.cues] for s in script.segments] == [[("headline", 3)], [("pause", 2)]]


def test_presenters_change_at_their_marks() -> None:
    script = parsed(
        "---\npresenters:\n  lan:\n  hao: {name: 陳柏豪}\n---\n甲。\n\n"
        "[主播: hao]乙。[who: LAN]丙。\n\n# 二\n丁。\n\n[主播：陳柏豪]\n\n戊。"
    )
    assert [(s.id, s.presenter, s.text) for s in script.segments] == [
        ("s1.1", "lan", "甲。"),
        ("s1.2", "hao", "乙。"),
        ("s1.3", "lan", "丙。"),
        ("s2.1", "lan", "丁。"),
        ("s2.2", "hao", "戊。"),
    ]


def test_every_character_knows_its_place() -> None:
    source = "---\nslug: a\n---\n# 題\n　甲[停 1秒] 乙\\[丙<!-- x -->丁\n  [標題: y]戊 AI\nnews\n"
    lines = source.split("\n")
    segment = only_segment(source)
    assert segment.text == "甲乙[丙丁戊 AI news"
    for at, char in enumerate(segment.text):
        place = segment.place(Span(at, at + 1))
        assert place.line is not None
        assert place.column is not None
        found = (lines[place.line - 1] + "\n")[place.column - 1]
        assert found == char or (char == " " and found.isspace())


def test_segments_keep_their_ids_when_another_paragraph_is_edited() -> None:
    before = parsed("# 一\n甲。\n\n乙。\n# 二\n丙。")
    after = parsed("# 一\n甲甲甲。\n\n乙。\n# 二\n丙。")
    assert [s.id for s in before.segments] == [s.id for s in after.segments]
    assert [s.text for s in before.segments][1:] == [s.text for s in after.segments][1:]


@pytest.mark.parametrize("raw", ["\ufeff你好。", "你好。\r\n\r\n再見。\r\n", "你好。\r再見。"])
def test_files_as_editors_save_them(tmp_path: Path, raw: str) -> None:
    path = tmp_path / "新聞 稿.md"
    path.write_bytes(raw.encode())
    script = load_script(path)
    assert script.segments[0].text.startswith("你好。")
    assert script.slug == "新聞-稿"


def test_exactly_thirty_thousand_characters_pass() -> None:
    assert len(only_segment("字" * 30_000).text) == 30_000
    with pytest.raises(ScriptError, match="30,000") as caught:
        parsed("字" * 15_000 + "\n\n" + "字" * 15_001)
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (3, 15_001)


@pytest.mark.parametrize("name", ["forum-opening", "evening-news", "earthquake"])
def test_examples_parse(name: str) -> None:
    script = load_script(EXAMPLES / f"{name}.md")
    assert script.slug == name
    assert script.look
    assert all(p.avatar for p in script.presenters)


def test_the_evening_news_has_three_stories_and_two_presenters() -> None:
    script = load_script(EXAMPLES / "evening-news.md")
    assert sum(bool(s.headline) for s in script.stories) == 3
    assert {s.presenter for s in script.segments} == {"lan", "hao"}
    kinds = {c.kind for s in script.segments for c in s.cues}
    assert kinds >= {"lower-third", "headline", "ots"}


@pytest.mark.parametrize(
    ("written", "pace"), [("慢", 230), ("slow", 230), ("正常", 0), ("Fast", 310), ("２８０", 280), ("250字", 250)]
)
def test_a_pace_holds_until_the_story_ends(written: str, pace: int) -> None:
    script = parsed(f"---\npace: 200\n---\n# 一\n甲。[語速: {written}]乙。\n\n丙。\n\n# 二\n丁。")
    assert [(s.text, s.pace) for s in script.segments] == [("甲。", 200), ("乙。", pace), ("丙。", pace), ("丁。", 200)]


def test_a_pace_may_stand_alone_before_the_text_and_beside_a_presenter() -> None:
    script = parsed("---\npresenters: [lan, hao]\n---\n[pace: slow]\n\n甲。[語速: 快][主播: hao]乙。")
    assert [(s.text, s.presenter, s.pace) for s in script.segments] == [("甲。", "lan", 230), ("乙。", "hao", 310)]
    assert only_segment("甲。").pace == 0


PAGE = """\
---
title: "**快訊**：開幕"
---
<div class="story">

# <b>今天</b>的`新聞`

<p>今天很好。<br/>明天也好，看[公告](https://example.com/a)。</p>

</div>
"""


def test_a_page_pasted_from_a_cms_is_its_text() -> None:
    script = parsed(PAGE)
    assert (script.title, script.stories[0].headline) == ("快訊：開幕", "今天的新聞")
    assert [s.text for s in script.segments] == ["<p>今天很好。<br/>明天也好，看[公告](https://example.com/a)。</p>"]
    assert Reader().read(script.segments[0].text).spoken == "今天很好。明天也好，看公告。"


def test_captions_with_times_are_a_script() -> None:
    script = parsed("1\n00:00:01,000 --> 00:00:04,000\n今天很好，\n\n2\n00:00:04,500 --> 00:00:06,000\n明天也好。\n")
    assert [Reader().read(s.text).spoken for s in script.segments] == ["今天很好，", "明天也好。"]
