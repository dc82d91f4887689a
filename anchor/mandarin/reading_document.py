"""An utterance for people and tools: the reading as a document, and zhuyin and pinyin over every character."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from anchor.core.events import Notice
from anchor.core.speech import Utterance, Word
from anchor.mandarin.reader import Reader
from anchor.messages import texts_of

GAP = " "
DOUBTS = ("guessed-reading", "rare-character")
"""Notices about the reading of a character."""
MOST_OTHERS = 4
"""Readings of a character that are looked at; behind them come the obsolete ones."""


def reading_document(utterance: Utterance, layers: Sequence[str], reader: Reader) -> dict[str, object]:
    """The reading as plain JSON types: one entry for each spoken syllable in order; spans are character offsets.

    Args:
        utterance: what will be said.
        layers: for each syllable, where its reading is from: `Reader.trace`.
        reader: who read it.
    """
    return {
        "spoken": utterance.spoken,
        "syllables": [
            {"char": s.char, "pinyin": s.pinyin, "zhuyin": s.zhuyin, "span": [s.span.start, s.span.end], "layer": layer}
            for s, layer in zip(utterance.syllables, layers, strict=True)
        ],
        "notices": [_notice_entry(notice, other_readings(utterance, notice, reader)) for notice in utterance.notices],
        "layers": dict(reader.layers),
    }


def _notice_entry(notice: Notice, others: tuple[str, ...]) -> dict[str, object]:
    span = notice.place.span if notice.place else None
    where = [span.start, span.end] if span else None
    text = {"text": notice.text, "texts": texts_of(notice.text)}
    return {"code": notice.code, **text, "span": where, "others": list(others)}


def other_readings(utterance: Utterance, notice: Notice, reader: Reader) -> tuple[str, ...]:
    """What else the character of a doubtful reading may be, in zhuyin; empty for other notices."""
    span = notice.place.span if notice.place else None
    if notice.code not in DOUBTS or span is None:
        return ()
    taken = [s for s in utterance.syllables if s.zhuyin and s.span == span]
    return tuple(z for s in taken[:1] for z in reader.readings(s.char)[:MOST_OTHERS] if z != s.zhuyin)


def terminal_cells(text: str) -> int:
    """Width of `text` in terminal cells: Han characters and zhuyin take two, tone marks over letters none."""
    wide = {"W": 2, "F": 2}
    return sum(0 if unicodedata.combining(c) else wide.get(unicodedata.east_asian_width(c), 1) for c in text)


def ruby_lines(utterance: Utterance, width: int) -> tuple[str, ...]:
    """Rows of zhuyin, pinyin and characters, aligned by column; a blank line between groups.

    Args:
        utterance: what will be said.
        width: of the terminal, in cells; a single column may be wider.
    """
    columns: list[tuple[str, str, str]] = []
    for item in utterance.items:
        if isinstance(item, Word):
            columns += [(s.zhuyin or "", s.pinyin or "", s.char) for s in item.syllables]
        elif item.mark:
            columns.append(("", "", item.mark))
    rows: list[list[tuple[str, str, str]]] = [[]]
    used = 0
    for column in columns:
        wide = max(terminal_cells(cell) for cell in column) + len(GAP)
        if rows[-1] and used + wide > width:
            rows.append([])
            used = 0
        rows[-1].append(column)
        used += wide
    lines: list[str] = []
    for row in rows:
        for line in range(3):
            padded = [c[line] + " " * (max(map(terminal_cells, c)) - terminal_cells(c[line])) for c in row]
            lines.append(GAP.join(padded).rstrip())
        lines.append("")
    return tuple(lines[:-1])
