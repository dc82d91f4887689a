"""Caption rules, over paragraphs as newsrooms write them."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction

import pytest
from made_speech import PAUSES, RATE, spoken

from anchor.core.speech import Caption
from anchor.core.time import Span
from anchor.graphics.captions import plan_captions, shown_text
from anchor.graphics.linebreak import width_em

FRAME = Fraction(RATE * 1001, 30000)
WORDS = (
    "先進", "歡迎", "製造", "產業", "論壇", "主播", "今天", "我們", "一起", "探討", "人工智慧",
    "代理", "如何", "工廠", "供應鏈", "中央銀行", "宣布", "重貼現率", "調升", "新高", "計算", "表示",
    "通膨", "展望", "仍有", "不確定性", "氣象署", "地震", "震央", "花蓮縣", "近海", "深度", "最大",
    "震度", "高鐵", "列車", "一度", "停駛", "目前", "傷亡", "消息", "民眾", "注意", "餘震",
)  # fmt: skip
PARAGRAPHS = (
    "各位貴賓、各位先進，大家早安。歡迎來到二〇二六智慧製造產業論壇，我是AI主播林安瀾。今天，我們將一起探討人工智慧代理如何走進"
    "工廠，以及它對供應鏈帶來的改變。",
    "中央銀行今天宣布，重貼現率調升半碼，來到2.125%，是近15年來新高。以房貸1,000萬元、20年期計算，每月大約多繳620元。總裁"
    "楊金龍表示：「通膨展望仍有不確定性。」",
    "氣象署說，今晚8點30分發生規模5.8地震，震央位於花蓮縣近海，深度12.3公里；最大震度5弱。台灣高鐵與台鐵TEMU3000型列車一度"
    "停駛……目前沒有傷亡消息傳出。請民眾注意餘震！",
    "好。謝謝。再見。",
    "重{chong2}新開機（測試中）的系統，是否可行？答案是肯定的。",
    "無標點的長句子會一直一直說下去直到觀眾忘記開頭說了什麼也不知道什麼時候會停下來為止真的非常非常長",
    "OpenAI、NVIDIA與台積電TSMC，今天在台北共同發表新一代3奈米製程的AI加速晶片。",
    "他說：「我們準備好了。」記者追問：「真的嗎？」他笑而不答。",
)


def _planned(text: str, **options: int) -> tuple[Caption, ...]:
    return plan_captions(*spoken(text, WORDS), **options)


def _bare(text: str) -> str:
    """Letters, digits and signs that a caption must not lose."""
    return re.sub(r"[，。；：、,;\s　·]", "", text)


@pytest.fixture(params=PARAGRAPHS, ids=lambda text: text[:6])
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("width", [12, 14, 16])
def test_lines_keep_their_measure(text: str, width: int) -> None:
    for caption in _planned(text, max_chars=width):
        assert len(caption.lines) == 1
        assert 0 < width_em(caption.lines[0]) <= width


def test_two_lines(text: str) -> None:
    captions = _planned(text, max_lines=2)
    for caption in captions:
        assert 1 <= len(caption.lines) <= 2
        assert all(0 < width_em(line) <= 16 for line in caption.lines)
    shown = "".join(line for caption in captions for line in caption.lines)
    assert _bare(shown) == _bare(re.sub(r"\{[^}]*\}", "", text))


@pytest.mark.parametrize("width", [8, 9, 10, 11, 12])
def test_two_lines_break_between_words(width: int) -> None:
    text = "數位發展部資通安全署{shu3}與國立暨南國際大學學生會長，出席&amp;半導體產業協會年度大會並**致詞**。"
    words = ("數位", "發展部", "資通", "安全署", "國立", "暨南", "國際", "大學", "學生會長", "出席", "半導體", "產業")
    words += ("協會", "年度", "大會", "致詞", "與", "並")
    captions = plan_captions(*spoken(text, words), max_chars=width, max_lines=2)
    shown = re.sub(r"\{.*?\}|\*\*|，|。", "", text).replace("&amp;", "&")
    starts = {m.start() for word in words for m in re.finditer(word, shown)} | {shown.index("&")}
    at = 0
    for line in (line for caption in captions for line in caption.lines):
        at = shown.index(line.replace("　", ""), at)
        assert at in starts, (line, captions)
    assert any(len(caption.lines) == 2 for caption in captions)


def test_all_is_said_in_order(text: str) -> None:
    shown = "".join(line for caption in _planned(text) for line in caption.lines)
    assert _bare(shown) == _bare(re.sub(r"\{[^}]*\}", "", text))
    assert "{" not in shown


def test_no_comma_or_stop_at_an_end(text: str) -> None:
    for caption in _planned(text):
        line = caption.lines[0]
        assert line[-1] not in "、，。；： 　"
        assert line[0] not in "、，。；：！？」』）》 　…—"
        assert line[-1] not in "「『（《"
        assert not re.search("[，。；]", line)


def test_numbers_and_latin_words_stay_whole(text: str) -> None:
    lines = [caption.lines[0] for caption in _planned(text)]
    for whole in re.findall(r"\d[\d.,]*\d?[%年分元弱]?|[A-Za-z]+\d*", re.sub(r"\{[^}]*\}", "", text)):
        assert any(whole.rstrip(",.") in line for line in lines), whole


def _first_sounds(text: str) -> list[tuple[int, str]]:
    """Onset of every syllable and what is written there."""
    utterance, timeline = spoken(text, WORDS)
    return [
        (p.span.start, text[utterance.syllables[p.syllable].span.start])
        for p in timeline.phonemes
        if p.onset and p.syllable is not None
    ]


def test_in_with_the_voice_and_out_soon_after(text: str) -> None:
    utterance, timeline = spoken(text, WORDS)
    sounds = _first_sounds(text)
    releases = [p.span.end for p in timeline.phonemes if p.syllable is not None]
    for caption in _planned(text):
        onset, char = min(sounds, key=lambda sound: abs(sound[0] - caption.span.start))
        assert abs(onset - caption.span.start) <= 3 * FRAME
        assert char == caption.lines[0].lstrip("「（")[0]
        spoken_until = max(end for end in releases if end <= caption.span.end)
        assert caption.span.end - spoken_until <= 12 * FRAME + 1
        assert caption.span.end <= timeline.samples
    assert utterance.written == text


def test_gaps(text: str) -> None:
    for a, b in itertools.pairwise(_planned(text)):
        gap = b.span.start - a.span.end
        assert gap == 0 or gap >= 2 * FRAME - 1


def test_no_caption_flashes_by_where_it_could_join(text: str) -> None:
    captions = _planned(text)
    for n, caption in enumerate(captions):
        if Fraction(len(caption.span), RATE) >= Fraction(5, 6):
            continue
        around = [c for c in (captions[n - 1] if n else None, *captions[n + 1 : n + 2]) if c is not None]
        assert all(width_em(c.lines[0]) + width_em(caption.lines[0]) > 12 for c in around) or len(captions) == 2


def test_short_sentences_share_a_caption() -> None:
    assert [c.lines[0] for c in _planned("好，謝謝各位。")] == ["好　謝謝各位"]


def test_long_words_are_cut_only_when_they_must() -> None:
    captions = _planned("系統supercalifragilisticexpialidocious上線")
    assert all(width_em(c.lines[0]) <= 16 for c in captions)
    assert "".join(c.lines[0] for c in captions) == "系統supercalifragilisticexpialidocious上線"


def test_endless_words_end() -> None:
    captions = _planned("a" * 30_000)
    assert len(captions) == 30_000 // 32 + 1
    assert "".join(c.lines[0] for c in captions) == "a" * 30_000


def test_names_are_protected() -> None:
    text = "今天很高興邀請到我們最敬愛的瓦歷斯諾幹老師"
    for name in ("敬愛的瓦歷斯諾幹", "我們最敬愛的"):
        lines = [c.lines[0] for c in plan_captions(*spoken(text), protect=(name,))]
        assert any(name in line for line in lines)


def test_silent_text_shares_its_neighbours_time() -> None:
    utterance, timeline = spoken("早安。")
    silent = type(utterance)("早安（" + "無聲" * 10 + "）", "早安", utterance.items)
    captions = plan_captions(silent, timeline)
    assert "".join(c.lines[0] for c in captions) == silent.written
    for a, b in itertools.pairwise(captions):
        assert a.span.end == b.span.start
    assert all(len(c.span) > 0 for c in captions)


def test_far_captions_keep_a_gap() -> None:
    pause = PAUSES["。"] - int(12 * FRAME)
    assert pause > 0
    first, second = _planned("今天的第一個句子。今天的第二個句子。")
    assert second.span.start - first.span.end >= 2 * FRAME - 1


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("今年**首度**登場", "今年首度登場"),
        ("早安，各位。", "早安　各位"),
        ("3.28%", "3.28%"),
        ("他說：「好。」", "他說：「好」"),
        ("「好。」他說，", "「好」　他說"),
        ("真的嗎？", "真的嗎？"),
        ("台北、新北、", "台北、新北"),
        ("重{chong2}新", "重新"),
        ("甲；乙", "甲　乙"),
        ("等等……", "等等……"),
    ],
)
def test_shown_text(written: str, shown: str) -> None:
    assert shown_text(written) == shown


def test_spans_are_the_segments_own_samples() -> None:
    assert _planned("早安各位觀眾")[0].span.start == 5760
    assert isinstance(_planned("早安各位觀眾")[0].span, Span)
