"""Readings of a run of Han characters, by layers; then sandhi.

Inline readings, the station's lexicon, own words, phrases, contexts and a word list, single characters.

A run stops at punctuation, Latin words and script pauses; nothing here looks across them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from anchor.mandarin.contexts import SegmentedText, find_context, surnames
from anchor.mandarin.lexicon import LONGEST_WORD, Lexicon
from anchor.mandarin.rule import counted
from anchor.mandarin.sandhi import surface_tones
from anchor.mandarin.segment import NUMERAL, cut_numeral, segment
from anchor.mandarin.spoken_text import Said
from anchor.mandarin.station import fold_word
from anchor.mandarin.tables import load_rows

CONJUNCTION_HE = "和"
ORDINAL = "第"
"""Before a word that begins with 一, which then keeps its tone: 第一場."""
UNITS = "年月日號時分秒級樓度元點弱強段期版"
NAME_SIZE = 3
"""Characters of a full name."""
NUMBER_WORD = 4
"""Syllables of a number and its measure that are said without a seam."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How one character is read, and how sure that is."""

    pinyin: str | None
    """None: no table knows the character."""
    settled: bool
    """Sandhi leaves it alone."""
    guess: str = ""
    """Code of a notice: `guessed-reading` or `rare-character`; empty: from a table."""
    layer: str = "character"
    """Which layer it is from: `inline`, `station`, `table`, `phrase`, `context`, `wordlist` or `character`."""


@cache
def _guessed() -> frozenset[str]:
    return frozenset(char for char, _, sure, *_ in load_rows("characters") if sure == "guess")


def read_run(
    run: list[Said],
    lexicon: Lexicon,
    he: str,
    names: set[str] | None = None,
    seams: frozenset[int] = frozenset(),
) -> list[list[tuple[Said, Reading]]]:
    """Words of a run, each a list of characters with surface readings.

    Args:
        run: Han characters that follow each other without a break.
        lexicon: the tables.
        he: reading of 和 between nouns, `han4` or `he2`.
        names: persons of the same text whose surname was told from the word before; those of this run are added.
        seams: where a quotation mark stands, which no word reaches across.
    """
    text = "".join(said.text for said in run)
    simple = lexicon.simplified(text)
    bounds = _bounds(run, text, simple, lexicon, seams)
    cut = SegmentedText(text, simple, bounds, lexicon)
    readings = read_cut(cut, bounds, he)
    if names is not None:
        _remember_names(cut, readings, names)
    for start, end in _station_spans(run, text, lexicon, seams):
        own = lexicon.station.readings[fold_word(text[start:end])]
        readings[start:end] = [Reading(pinyin, settled=True, layer="station") for pinyin in own]
    for at, said in enumerate(run):
        if said.reading is not None:
            # A number's own reading is no editor's.
            layer = "inline" if said.written else "table"
            readings[at] = Reading(said.reading, settled=True, layer=layer)
    surface: list[str] = []
    for start, end in pairwise((0, *sorted(seams), len(run))):
        part = readings[start:end]
        surface += surface_tones(text[start:end], [r.pinyin or "" for r in part], [r.settled for r in part])
    pairs = [
        (said, r if r.pinyin == p else replace(r, pinyin=p or None))
        for said, r, p in zip(run, readings, surface, strict=True)
    ]
    return [pairs[start:end] for start, end in bounds]


def _remember_names(cut: SegmentedText, readings: list[Reading], names: set[str]) -> None:
    """局長解志清 once, 解志清 ever after: a surname that is told once is known where the name stands again."""
    text = cut.text
    for at, reading in enumerate(readings[: 1 - NAME_SIZE]):
        told = reading.layer == "context" and surnames().get(text[at]) == reading.pinyin
        if told and reading.pinyin != cut.lexicon.default(text[at]):
            names.add(text[at : at + NAME_SIZE])
    for name in names:
        at = text.find(name)
        while at >= 0:
            if cut.edge(at) and readings[at].layer == "character":
                readings[at] = Reading(surnames()[name[0]], settled=False, layer="context")
            at = text.find(name, at + 1)


def read_cut(cut: SegmentedText, bounds: Sequence[tuple[int, int]], he: str = "han4") -> list[Reading]:
    """Lexical readings of a run that is cut into words: before sandhi, without the station's and an editor's."""
    return [reading for start, end in bounds for reading in _read_word(cut, start, end, he)]


def _bounds(run: list[Said], text: str, simple: str, lexicon: Lexicon, seams: frozenset[int]) -> list[tuple[int, int]]:
    """Word bounds of the run: the station's words stay whole, tokens (numbers, dates) are cut by their own rule."""
    bounds: list[tuple[int, int]] = []
    whole = dict(_station_spans(run, text, lexicon, seams))
    start = 0
    while start < len(run):
        if start in whole:
            bounds.append((start, whole[start]))
            start = whole[start]
            continue
        end = start + 1
        while end < len(run) and run[end].token == run[start].token and end not in whole and end not in seams:
            end += 1
        part = text[start:end]
        cut = cut_numeral(part) if run[start].token >= 0 else segment(part, simple[start:end], lexicon)
        bounds += [(start + a, start + b) for a, b in cut]
        start = end
    return _with_measures(run, text, bounds)


def _station_spans(run: list[Said], text: str, lexicon: Lexicon, seams: frozenset[int]) -> list[tuple[int, int]]:
    """Words of the station's lexicon, but for those that begin or end inside a token or reach across a seam."""
    if not lexicon.station.longest:
        return []
    found = (span for span in lexicon.station.spans(text) if seams.isdisjoint(range(span[0] + 1, span[1])))
    return [span for span in found if not any(_inside_token(run, at) for at in span)]


def _inside_token(run: list[Said], at: int) -> bool:
    return 0 < at < len(run) and run[at].token >= 0 and run[at].token == run[at - 1].token


def _with_measures(run: list[Said], text: str, bounds: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A short number and the single character that it counts are one word: 三級, 十五元."""
    out: list[tuple[int, int]] = []
    for start, end in bounds:
        number = out and run[start - 1].token >= 0 and run[start].token < 0 and end - out[-1][0] <= NUMBER_WORD
        if number and end - start == 1 and (counted(text, start) or text[start] in UNITS):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def _read_word(cut: SegmentedText, start: int, end: int, he: str) -> list[Reading]:
    """Readings of one word: as a whole, else by the longest phrases inside, else by single characters."""
    out: list[Reading] = []
    at = start
    # No word is looked up inside a numeral: 一萬一千 has no 萬一.
    shortest = max(2, end - start) if NUMERAL.fullmatch(cut.text, start, end) else 2
    while at < end:
        for stop in range(min(end, at + LONGEST_WORD), at + shortest - 1, -1):
            found = _read_phrase(cut, at, stop)
            if found is not None:
                out += found
                at = stop
                break
        else:
            out.append(_read_alone(cut, at, end - start == 1, he))
            at += 1
    return _with_list(cut.text[start:end], out, cut.lexicon)


def _read_phrase(cut: SegmentedText, start: int, end: int) -> list[Reading] | None:
    """Readings of a word that some table has, else None."""
    word = cut.text[start:end]
    context = find_context(cut, start, end)
    if context is not None:
        guess = "" if context.sure else "guessed-reading"
        return [Reading(pinyin, settled=False, guess=guess, layer="context") for pinyin in context.readings]
    found = cut.lexicon.phrase(word, cut.simple[start:end])
    if found is None:
        return None
    own = word in cut.lexicon.words
    out = [_plain(char, pinyin, own) for char, pinyin in zip(word, found, strict=True)]
    if word[0] == "一" and cut.text[start - 1 : start] == ORDINAL:
        out[0] = Reading("yi1", settled=True, layer="table")
    return out


def _with_list(word: str, readings: list[Reading], lexicon: Lexicon) -> list[Reading]:
    """The word list decides where nothing but a single character's own reading was found."""
    listed = lexicon.listed(word)
    if listed is None:
        return readings
    out = list(readings)
    for at, pinyin in enumerate(listed):
        if pinyin not in (None, readings[at].pinyin) and readings[at].layer == "character" and word[at] not in "一不":
            out[at] = Reading(pinyin, settled=False, layer="wordlist")
    return out


def _plain(char: str, pinyin: str, own: bool) -> Reading:
    """pypinyin writes some 一 and 不 after sandhi, some before: those go back to their own tone."""
    if char in "一不" and not own:
        return Reading("yi1" if char == "一" else "bu4", settled=False, layer="phrase")
    return Reading(pinyin, settled=own and char in "一不", layer="table" if own else "phrase")


def _read_alone(cut: SegmentedText, at: int, alone: bool, he: str) -> Reading:
    char, lexicon = cut.text[at], cut.lexicon
    context = find_context(cut, at, at + 1)
    if context is not None:
        guess = "" if context.sure else "guessed-reading"
        return Reading(context.readings[0], settled=False, guess=guess, layer="context")
    if char == CONJUNCTION_HE:
        return Reading(he if alone else "he2", settled=False)
    if char == "地" and alone and _adverbial(cut.text, cut.simple, at, lexicon):
        return Reading("de5", settled=False)
    pinyin = lexicon.default(char)
    if char in _guessed():
        return Reading(pinyin, settled=False, guess="guessed-reading")
    known = char in lexicon.characters or lexicon.frequency(char, cut.simple[at])
    return Reading(pinyin, settled=False, guess="" if known else "rare-character")


def _adverbial(text: str, simple: str, at: int, lexicon: Lexicon) -> bool:
    """Whether 地 makes an adverb: 積極地推動."""
    before = next((lexicon.kind(simple[k:at]) for k in range(max(0, at - 4), at - 1) if lexicon.kind(simple[k:at])), "")
    after = next(
        (lexicon.kind(simple[at + 1 : k]) for k in range(at + 3, at, -1) if lexicon.kind(simple[at + 1 : k])), ""
    )
    return before[:1] in ("a", "d", "z", "i") and before not in ("an",) and after[:1] in ("v", "d", "a", "p")
