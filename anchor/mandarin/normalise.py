"""Written text → what is said, every piece with the written characters it comes from.

One pass from left to right. Where a rule fits (numbers, dates, money …: `rules`), it makes one token; Han characters
say themselves; Latin words stay whole; signs become pauses, words or silence (symbols.tsv). Nothing is dropped without
a notice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from anchor.core.errors import Place, ScriptError
from anchor.core.events import Notice
from anchor.core.speech import Break, BreakKind
from anchor.core.time import Span
from anchor.mandarin.braces import apply_mark, instead, spelled
from anchor.mandarin.fullwidth import fold
from anchor.mandarin.furniture import Furniture, stripped
from anchor.mandarin.kana import KANA, POSSESSIVE, romanised
from anchor.mandarin.markup import PAUSE, unwrapped
from anchor.mandarin.rule import Rule
from anchor.mandarin.rules.order import HAN_STARTS, RULES, RULES_HAN, RULES_LATIN, STARTS
from anchor.mandarin.simplified import converted
from anchor.mandarin.source import SourceText, closed_up, unmarked
from anchor.mandarin.spoken_text import HAN, Piece, Said, Seam, pause, tokenised
from anchor.mandarin.station import StationLexicon, fold_word
from anchor.mandarin.tables import load_rows
from anchor.messages import Message, message

_LETTERS = "A-Za-zÀ-ÖØ-öø-ɏ"
LATIN = re.compile(rf"[{_LETTERS}]+(?:['’&.][{_LETTERS}]+)*(?:(?<=[A-Z]\.[A-Z])\.)?")
SHORTENED = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|Vol|Inc|Ltd|Co|Corp|feat|ft|ext|Mt|Ph\.?D)\.(?=\s?[A-Za-z0-9一-龥，。]|$)"
)
"""Abbreviations whose dot is no full stop."""
ENGLISH = re.compile(
    rf"[{_LETTERS}][{_LETTERS}'’.-]*(?: (?:[{_LETTERS}&][{_LETTERS}'’.-]*|\$?\d[\d,.]*%?)){{0,40}}"
    rf"(?: [{_LETTERS}][{_LETTERS}'’.-]*)"
)
ENGLISH_WORDS = 3
"""Latin words in a row that make a stretch of English, with the numbers between them; two of them in small letters, so
that a name (iPhone 17 Pro Max) is none."""
OVERRIDE = re.compile(r"[{｛]([^{}｛｝\n]*)[}｝]")
HAN_DIGITS = "一二三四五六七八九"
SEVERAL = {"瓩": "千瓦", "兙": "公克", "瓸": "百瓦"}
"""Characters that are said as two syllables."""
EMOJI_PARTS = "\u200d\ufe0e\ufe0f\u20e3"
PLUS = re.compile(r"[A-Za-z0-9+]$")
"""Before a plus that grades or rounds down: A++, 65+族群."""
PATH = re.compile(r"[一-龥\s]>\s?[一-龥]")
"""A way through menus: 設定>一般."""
INVISIBLE = "\u200b\u200c\u2060\ufeff\u00ad\u200e\u200f"


@cache
def _signs() -> dict[str, tuple[str, str]]:
    return {sign: (kind, say) for sign, kind, say, *_ in load_rows("symbols")}


def normalise(
    written: str, furniture: Furniture = "strip", station: StationLexicon | None = None
) -> tuple[list[Piece], list[Notice]]:
    """Pieces in spoken order, and notices for what cannot be said.

    Args:
        written: the text.
        furniture: what becomes of a wire story's own words.
        station: the newsroom's lexicon, for what has a spoken form or is no Chinese word.

    Raises:
        ScriptError: for a reading in braces that is none or has too few characters before it.
    """
    source, marked, waits = unwrapped(unmarked(written))
    source, told = converted(source)
    told += marked
    if furniture == "strip":
        source, cut = stripped(source)
        told += cut
    source = closed_up(source)
    text, folded = source.text, fold(source.text)
    pieces: list[Piece] = []
    notices: list[Notice] = []
    at = 0
    try:
        while at < len(text):
            if folded[at] == PAUSE:
                pieces.append(Break(BreakKind.PAUSE, Span(at, at + 1), "", waits.pop(0)))
                at += 1
                continue
            at = _by_station(folded, at, station, pieces) or _step(text, folded, at, pieces, notices)
    except ScriptError as error:
        raise _placed(error, source) from None
    return [source.piece(piece) for piece in _parted(pieces, folded)], [
        *told,
        *(source.notice(notice) for notice in notices),
    ]


def _parted(pieces: list[Piece], folded: str) -> list[Piece]:
    """A short pause where two numbers meet: M4 16GB is no M416GB, 1218四大公投 no 12184大公投."""
    out: list[Piece] = []
    for piece in pieces:
        last = out[-1] if out else None
        before = out[-2] if isinstance(last, Seam) and len(out) > 1 else last
        if isinstance(before, Said) and isinstance(piece, Said) and folded[before.span.end - 1].isdigit():
            if isinstance(last, Seam) and folded[piece.span.start].isdigit():
                out[-1] = pause(BreakKind.MINOR, last.span.start, last.span.end, "、")
            elif last is before and piece.written and piece.text in HAN_DIGITS:
                out.append(pause(BreakKind.MINOR, piece.span.start, piece.span.start, ""))
        out.append(piece)
    return out


def _placed(error: ScriptError, source: SourceText) -> ScriptError:
    span = error.place.span if error.place else None
    if span is None:
        return error
    return ScriptError(error.message, hint=error.hint, place=Place(span=source.span(span)))


def _step(text: str, folded: str, at: int, pieces: list[Piece], notices: list[Notice]) -> int:
    """Take what stands at `at`; return where the next piece begins."""
    char = folded[at]
    if char in STARTS or char.isdigit():
        taken = _by_rule(folded, at, RULES, pieces, notices)
        if taken:
            return taken
    if char in HAN_STARTS or (char.isascii() and char.isalpha()):
        taken = _by_rule(folded, at, RULES_HAN if char in HAN_STARTS else RULES_LATIN, pieces, notices)
        if taken:
            return taken
    if char == "々" and pieces and isinstance(pieces[-1], Said) and not pieces[-1].latin:
        pieces.append(Said(pieces[-1].text, Span(at, at + 1)))
        return at + 1
    if char in SEVERAL:
        pieces += tokenised([Said(c, Span(at, at + 1)) for c in SEVERAL[char]], at, at + 1)
        return at + 1
    if HAN.match(char):
        pieces.append(Said(char, Span(at, at + 1), written=True))
        return at + 1
    short = SHORTENED.match(folded, at)
    if short:
        pieces.append(Said(short[0].replace(".", ""), Span(*short.span()), latin=True))
        return short.end()
    english = ENGLISH.match(folded, at)
    if english and _is_prose(english[0]):
        pieces += _say_english(english[0], at)
        return english.end()
    word = LATIN.match(folded, at)
    if word:
        pieces += _say_latin(word[0], at)
        return word.end()
    mark = OVERRIDE.match(text, at)
    if mark and mark[1].strip():
        apply_mark(mark, folded, pieces, notices, normalise)
        return mark.end()
    return _take_sign(text, folded, at, pieces, notices)


def _by_station(folded: str, at: int, station: StationLexicon | None, pieces: list[Piece]) -> int:
    """Where the text goes on behind a word that the newsroom gave a form; 0: none stands here."""
    row = station.token(fold_word(folded), at) if station is not None and station.tokens else None
    if row is None:
        return 0
    span = Span(at, at + len(row.word))
    pieces += spelled(row.reading, span, "station") if row.reading else instead(row.spoken, span, "station", normalise)
    return span.end


def _by_rule(folded: str, at: int, rules: Sequence[Rule], pieces: list[Piece], notices: list[Notice]) -> int:
    """Where the text goes on behind what the first fitting rule says; 0: none fits."""
    for rule in rules:
        match = rule.pattern.match(folded, at)
        made = rule.say(match, folded) if match else None
        if match and made is not None:
            pieces += tokenised(made, at, match.end())
            if rule.notice:
                notices.append(_notice("guessed-number", message(rule.notice, text=match[0]), at, match.end()))
            return match.end()
    return 0


def _say_latin(word: str, at: int) -> Iterator[Piece]:
    """A Latin word; dots inside a name of a site are spoken."""
    if "." not in word or re.fullmatch(r"(?:[A-Z]\.)+[A-Z]?\.?", word):
        yield Said(word, Span(at, at + len(word)), latin=True, written=True)
        return
    for part in re.finditer(r"[^.]+|\.", word):
        span = Span(at + part.start(), at + part.end())
        yield Said("點", span) if part[0] == "." else Said(part[0], span, latin=True, written=True)


def _is_prose(stretch: str) -> bool:
    """Whether a stretch of Latin words and numbers is English with numbers in it."""
    words = LATIN.findall(stretch)
    small = sum(word.islower() for word in words)
    return len(words) >= ENGLISH_WORDS and small > 1 and any(char.isdigit() for char in stretch)


def _say_english(stretch: str, at: int) -> Iterator[Piece]:
    """English with numbers in it, which the English voice says too."""
    for part in re.finditer(r"\S+", stretch):
        span = Span(at + part.start(), at + part.end())
        yield Said(part[0].rstrip(".-") or part[0], span, latin=True, written=not part[0][0].isdigit())


def _take_sign(text: str, folded: str, at: int, pieces: list[Piece], notices: list[Notice]) -> int:
    """One sign: a pause, a word, silence, or a notice."""
    char = folded[at]
    if char == "\n":
        pieces.append(pause(BreakKind.SENTENCE, at, at + 1, "\n"))
    elif char.isspace() or char in INVISIBLE:
        pieces.append(Seam(Span(at, at + 1)))
    elif char in _signs():
        kind, say = _signs()[char]
        end = at + 1
        while end < len(folded) and folded[end] == char and kind not in ("say", "latin"):
            end += 1
        if char in "~～〜→" and not _between(folded, at):
            kind = "clause"
        if char == "+" and PLUS.search(folded, 0, at) and not folded[end : end + 1].isdigit():
            kind, say = "latin", "plus"
        if char == ">" and PATH.match(folded, at - 1):
            pieces.append(pause(BreakKind.MINOR, at, end, "、"))
            return end
        if kind == "say":
            pieces += tokenised([Said(c, Span(at, end)) for c in say], at, end)
        elif kind == "latin":
            pieces.append(Said(say, Span(at, end), latin=True))
        elif kind == "silent":
            pieces.append(Seam(Span(at, end)))
        else:
            pieces.append(pause(BreakKind(kind), at, end, text[at]))
        return end
    else:
        return _refuse(text, at, pieces, notices)
    return at + 1


def _between(folded: str, at: int) -> bool:
    """Whether something sayable stands on both sides."""
    return 0 < at < len(folded) - 1 and folded[at - 1].isalnum() and folded[at + 1].isalnum()


def _refuse(text: str, at: int, pieces: list[Piece], notices: list[Notice]) -> int:
    """A character that nothing can say: a notice, and a seam in its place."""
    char, end = text[at], at + 1
    kana = KANA.match(text, at)
    if kana and romanised(kana[0]):
        pieces.append(_say_kana(text, kana))
        notices.append(_notice("foreign-script", message("notice.japanese", text=kana[0]), at, kana.end()))
        return kana.end()
    kind = unicodedata.category(char)
    if kind[0] == "L":
        while end < len(text) and unicodedata.category(text[end])[0] == "L" and not _sayable(text[end]):
            end += 1
        notices.append(_notice("foreign-script", message("notice.foreign-script", text=text[at:end]), at, end))
    elif kind == "So" or char in EMOJI_PARTS or (kind == "Sk" and ord(char) > 0x1F000):
        while end < len(text) and (text[end] in EMOJI_PARTS or unicodedata.category(text[end]) in ("So", "Sk", "Mn")):
            end += 1
        notices.append(_notice("emoji", message("notice.emoji", text=text[at:end]), at, end))
    else:
        while end < len(text) and text[end] == char:
            end += 1
        notices.append(_notice("unknown-symbol", message("notice.unknown-symbol", text=text[at:end]), at, end))
    pieces.append(Seam(Span(at, end)))
    return end


def _say_kana(text: str, kana: re.Match[str]) -> Said:
    """Kana as a Latin word; の between Chinese characters as 的."""
    start, end = kana.span()
    if kana[0] == POSSESSIVE and start and HAN.match(text[start - 1]) and HAN.match(text, end):
        return Said("的", Span(start, end))
    return Said(romanised(kana[0]), Span(start, end), latin=True)


def _sayable(char: str) -> bool:
    return bool(HAN.match(char) or KANA.match(char) or LATIN.match(fold(char)))


def _notice(code: str, text: Message, start: int, end: int) -> Notice:
    return Notice(code, text, Place(span=Span(start, end)))
