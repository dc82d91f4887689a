"""Every written character is accounted for, and every syllable says where it comes from."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from anchor.core.errors import ScriptError
from anchor.core.speech import Utterance, Word
from anchor.mandarin.breaks import BRACKETS, LONGEST_CLAUSE

Read = Callable[[str], Utterance]
SILENT = set("#*「」『』《》〈〉“”‘’\"'‧·・•-_ \t\r\n\u3000\u200b") | set(BRACKETS)
"""Quotes, brackets, spaces and hyphens between words say nothing."""
ALPHABET = (
    "一不和為長重行今天垃圾企業臺北12345,.%:/-~～$NTAI億萬元個年月日點分，。！？、；：…「」（）《》 \n😀★é第"
    "三%km½Ⅱ°#@pm軟件*々"
)


def check(utterance: Utterance) -> None:
    """The properties that hold for every text."""
    text = utterance.written
    covered = [False] * len(text)
    spans = [item.span for item in utterance.items] + [s.span for s in utterance.syllables]
    spans += [n.place.span for n in utterance.notices if n.place and n.place.span and n.code != "no-chinese"]
    for span in spans:
        assert span.end <= len(text)
        for at in range(span.start, span.end):
            covered[at] = True
    missed = [text[at] for at, done in enumerate(covered) if not done and text[at] not in SILENT]
    assert not missed, missed
    starts = [item.span.start for item in utterance.items]
    assert starts == sorted(starts)
    assert all(len(s.span) for s in utterance.syllables)
    said = "".join(i.text if isinstance(i, Word) else i.mark for i in utterance.items)
    assert utterance.spoken.replace(" ", "") == said.replace(" ", "")
    for item in utterance.items:
        if isinstance(item, Word):
            assert all(item.span.start <= s.span.start and s.span.end <= item.span.end for s in item.syllables)
            assert item.latin == (item.syllables[0].pinyin is None)


@pytest.mark.table(
    "must-taiwan", "polyphones", "names", "tones", "numbers", "written", "newsroom", "places", "paragraphs"
)
def test_listed_texts_are_fully_covered(row: tuple[str, ...], read: Read) -> None:
    check(read(row[0]))


def test_random_texts_are_fully_covered(read: Read) -> None:
    chance = random.Random(20261123)
    done = 0
    for _ in range(1500):
        text = "".join(chance.choices(ALPHABET, k=chance.randint(1, 30)))
        try:
            utterance = read(text)
        except ScriptError:
            continue
        check(utterance)
        done += 1
    assert done > 1300


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("垃圾車", [(0, 1), (1, 2), (2, 3)]),
        ("3.28%", [(0, 5), (0, 5), (0, 5), (0, 1), (1, 2), (2, 3), (3, 4)]),
        ("1,085元", [(0, 2), (0, 1), (2, 3), (3, 4), (3, 4), (4, 5), (5, 6)]),
        ("14:30", [(0, 1), (1, 2), (2, 3), (3, 4), (3, 4), (4, 5)]),
        ("《企業》", [(1, 2), (2, 3)]),
        ("US$5億", [(0, 5), (0, 5), (0, 5), (0, 5)]),
        ("1億500萬", [(0, 1), (1, 2), (2, 5), (2, 3), (2, 3), (5, 6)]),
    ],
)
def test_syllables_point_at_what_they_say(text: str, spans: list[tuple[int, int]], read: Read) -> None:
    assert [(s.span.start, s.span.end) for s in read(text).syllables] == spans


def test_long_clauses_are_divided_at_word_seams(read: Read) -> None:
    utterance = read("研究人員和企業主管討論垃圾處理的品質" * 12)
    clause = longest = 0
    for item in utterance.items:
        clause = clause + len(item.syllables) if isinstance(item, Word) else 0
        longest = max(longest, clause)
    assert 20 < longest <= LONGEST_CLAUSE
    check(utterance)


def test_items_keep_the_order_of_the_text(read: Read) -> None:
    items = read("今天（週一）3.5%，US$5億元；AI，明天！").items
    assert all(a.span.start <= b.span.start for a, b in pairwise(items))
