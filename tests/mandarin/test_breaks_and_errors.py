"""Pauses, notices and texts that cannot be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anchor.core.errors import ScriptError
from anchor.core.speech import Break, BreakKind, Utterance
from anchor.mandarin.reader import LONGEST_TEXT, Reader

Read = Callable[[str], Utterance]


def breaks(utterance: Utterance) -> list[tuple[str, str]]:
    """Kind and mark of every break."""
    return [(item.kind.value, item.mark) for item in utterance.items if isinstance(item, Break)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("天、地", [("minor", "、")]),
        ("好，來", [("comma", "，")]),
        ("好；來：看——他…走", [("clause", "；"), ("clause", "："), ("clause", "—"), ("clause", "…")]),
        ("好。來！看？", [("sentence", "。"), ("sentence", "！"), ("sentence", "？")]),
        ("好\n來", [("sentence", "。")]),
        ("好。」\n\n「來", [("sentence", "。"), ]),
        ("《好》「來」", []),
        ("好（來）看", [("comma", "，"), ("comma", "，")]),
        ("02-2345-6789", [("minor", "、"), ("minor", "、")]),
    ],
)  # fmt: skip
def test_punctuation_becomes_pauses(text: str, expected: list[tuple[str, str]], read: Read) -> None:
    assert breaks(read(text)) == expected


def test_script_pauses_stand_where_their_character_begins() -> None:
    utterance = Reader().read("各位觀眾晚安", [(4, 600), (0, 100)])
    kinds = [i.ms if isinstance(i, Break) else i.text for i in utterance.items]
    assert kinds == [100, "各位", "觀眾", 600, "晚安"]
    assert [i.kind for i in utterance.items if isinstance(i, Break)] == [BreakKind.PAUSE] * 2


def test_script_pause_inside_a_number_waits_for_its_end() -> None:
    utterance = Reader().read("共1,085元", [(3, 300)])
    assert [i.ms if isinstance(i, Break) else i.text for i in utterance.items][-2:] == [300, "元"]


@pytest.mark.parametrize(
    ("text", "code", "span"),
    [
        ("恭喜🎉", "emoji", (2, 3)),
        ("恭喜👨‍👩‍👧！", "emoji", (2, 7)),
        ("你好★", "emoji", (2, 3)),
        ("こんにちは世界", "foreign-script", (0, 5)),
        ("hello", "no-chinese", (0, 5)),
        ("占3/4", "guessed-number", (1, 4)),
        ("龘龘", "rare-character", (0, 1)),
        ("他假", "guessed-reading", (1, 2)),
    ],
)
def test_what_is_not_plain_is_told(text: str, code: str, span: tuple[int, int], read: Read) -> None:
    found = [(n.code, (n.place.span.start, n.place.span.end)) for n in read(text).notices if n.place and n.place.span]
    assert (code, span) in found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("好" * (LONGEST_TEXT + 1), "30,000"),
        ("好\x07", "U+0007"),
        ("好\ud800", "U+D800"),
        ("🎉🎉", "nothing"),
        ("。。。", "nothing"),
        ("好{lee4}", "no reading"),
        ("{le4}好", "fewer"),
        ("AI{lee4}", "no reading"),
        ("AI{ai}", "no reading"),
        ("5 {wu3}", "fewer"),
        ("我{TSMC}", "no reading"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, says: str, read: Read) -> None:
    with pytest.raises(ScriptError) as caught:
        read(text)
    assert says in str(caught.value)
    assert caught.value.hint


def test_the_longest_text_is_read(read: Read) -> None:
    assert len(read("好" * LONGEST_TEXT).syllables) == LONGEST_TEXT


def test_a_long_clause_breathes_before_a_joining_word(read: Read) -> None:
    utterance = read("消防人員今天清晨冒雨進入山區展開搜救行動但是受困的登山客到傍晚仍然沒有消息")
    seams = [n for n, item in enumerate(utterance.items) if isinstance(item, Break) and not item.mark]
    assert [getattr(utterance.items[n + 1], "text", "") for n in seams] == ["但是"]
    assert all(item.span.start == item.span.end for item in (utterance.items[n] for n in seams))


@pytest.mark.parametrize(
    "text", ["消防人員清晨進山搜救但是沒有消息", "衛生福利部疾病管制署署長今天上午公布最新疫情統計數字"]
)
def test_a_clause_without_need_or_seam_goes_on(text: str, read: Read) -> None:
    assert breaks(read(text)) == []
