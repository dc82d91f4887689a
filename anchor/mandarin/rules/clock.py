"""Rules for numbers with a colon or a hyphen between them: a clock, a score, a ratio."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from anchor.core.time import Span
from anchor.mandarin.numerals import YI, said_decimal, said_digits, said_integer
from anchor.mandarin.rule import Late, Rule, Say, counted
from anchor.mandarin.spoken_text import Piece, Said
from anchor.mandarin.tables import load_rows

WINDOW = 12
"""Characters of the clause on either side that may say what the numbers are."""
CLAUSE_END = re.compile(r"[。！？；!?;\n]")
COMMAS = re.compile(r"[，,、]")
FIRST_HOUR, LAST_HOUR, LAST_MINUTE = 0, 24, 59
ROUND_MINUTES = 5
"""Minutes that this divides are what a time has; in a score they are a chance."""
SETS_BEFORE = re.compile(r"\d[-–—]\d{1,3}(?:\(\d+\))?[、，, ]\s?$")
SETS_AFTER = re.compile(r"(?:\(\d+\))?[、，,]\s?\d{1,2}[-–—]\d")
"""Sets of a match stand in a row: 21-19、18-21."""
PAIR = re.compile(r"(\d{1,3})[:：](\d{1,3})")
ROW_BEFORE = re.compile(r"(?:(?<![\d:.])\d{1,3}[:：]\d{1,3}\s?[、，,和與及]\s?)+$")
ROW_AFTER = re.compile(r"(?:\s?[、，,和與及]\s?\d{1,3}[:：]\d{1,3}(?![\d:]))+")
ROW_LONGEST = 60
"""Characters of a row that stand before a member."""
HAN_NEXT = re.compile(r"\s?[一-龥]")


@cache
def _words(kind: str, side: str) -> re.Pattern[str]:
    found = "|".join(words for k, s, words, *_ in load_rows("colons") if (k, s) == (kind, side))
    if side == "before":
        return re.compile(rf"(?:{found})[是為的了達達約近將，：:]{{0,2}}\s*[「『（(]?\s*$")
    return re.compile(rf"\s*[」』）)]?\s*(?:{found})" if side == "after" else found)


def clause_before(text: str, at: int) -> str:
    """What stands before `at` in its sentence, as far as a rule looks."""
    return CLAUSE_END.split(text[max(0, at - WINDOW) : at])[-1]


def clause_after(text: str, at: int) -> str:
    """What stands from `at` on in its sentence, as far as a rule looks."""
    return CLAUSE_END.split(text[at : at + WINDOW])[0]


@dataclass(frozen=True, slots=True)
class _Row:
    """Numbers with colons that stand in a row (21:15、18:21、21:19): what is around the row is said of each."""

    text: str
    start: int
    end: int
    members: tuple[tuple[str, str], ...]

    def says(self, kind: str) -> bool:
        """Whether a word right before or right behind the row tells this kind."""
        return bool(
            _words(kind, "before").search(clause_before(self.text, self.start))
            or _words(kind, "after").match(clause_after(self.text, self.end))
        )

    def near(self, kind: str) -> bool:
        """Whether a word of this kind stands in the same clause."""
        around = clause_before(self.text, self.start), clause_after(self.text, self.end)
        parts = COMMAS.split(around[0])[-1], COMMAS.split(around[1])[0]
        return any(_words(kind, "near").search(part) for part in parts)


def _row(match: re.Match[str], text: str) -> _Row:
    start, end = match.start(), match.end()
    back = ROW_BEFORE.search(text, max(0, start - ROW_LONGEST), start)
    ahead = ROW_AFTER.match(text, end)
    start, end = back.start() if back else start, ahead.end() if ahead else end
    return _Row(text, start, end, tuple((pair[1], pair[2]) for pair in PAIR.finditer(text, start, end)))


def is_ratio(match: re.Match[str], text: str) -> bool:
    """Whether a word right beside the numbers tells a ratio."""
    before, after = clause_before(text, match.start()), clause_after(text, match.end())
    return bool(_words("ratio", "before").search(before) or _words("ratio", "after").match(after))


def _is_time(match: re.Match[str]) -> bool:
    return FIRST_HOUR <= int(match[1]) <= LAST_HOUR


def _kind(match: re.Match[str], text: str) -> tuple[str, bool]:
    """`clock` or `score`, and whether the text says so. The numbers might be a time."""
    row = _row(match, text)
    if match[3] or any(len(b) > 1 and (b[0] == "0" or (a[0] == "0" and len(a) > 1)) for a, b in row.members):
        # No score is written 8:05 or 06:15.
        return "clock", True
    if any(len(b) != 2 or int(a) > LAST_HOUR or int(b) > LAST_MINUTE for a, b in row.members):
        return "score", True
    if _words("ratio", "before").search(clause_before(text, row.start)) and not row.says("clock"):
        return "score", True
    for kind in ("score", "clock", "ratio"):
        if row.says(kind):
            return ("score" if kind == "ratio" else kind), True
    if row.near("score"):
        return "score", True
    whole = all(int(b) % ROUND_MINUTES == 0 for _, b in row.members)
    if row.near("match"):
        return ("clock" if whole else "score"), False
    return "clock", whole


def _only(kind: str, sure: bool, say: Say) -> Say:
    """`say` where the numbers are of this kind, for sure or as a guess."""

    def fits(match: re.Match[str], text: str) -> Sequence[Piece] | None:
        return say(match, text) if _is_time(match) and _kind(match, text) == (kind, sure) else None

    return fits


def _clock(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """14:30, 7:05, 23:59:59."""
    hour, minute, second = match[1], match[2], match[3]
    kept = hour.lstrip("0") or "0"
    out: list[Piece] = [*said_integer(kept, match.end(1) - len(kept), pair=True)]
    out.append(Said("點", Span(match.end(1), match.end(1) + 1)))
    if int(minute) or second:
        out += _minute(minute, match.start(2), "分", second is None)
    if second:
        out.append(Said("分", Span(match.end(2), match.end(2) + 1)))
        out += _minute(second, match.start(3), "秒", last=True)
    return out


def _minute(digits: str, at: int, unit: str, last: bool) -> list[Said]:
    spoken = said_integer(digits, at) if digits[0] != "0" or digits == "00" else said_digits(digits, at)
    if digits == "00":
        spoken = [Said("零", Span(at, at + 2))]
    return [*spoken, Said(unit, Span(at + 1, at + 2))] if last else [*spoken]


def score_side(digits: str, at: int) -> list[Said]:
    """One side of a score; a lone 1 keeps its tone."""
    if "." in digits:
        return said_decimal(digits, at)
    return [Said(s.text, s.span, YI) if s.text == "一" and len(digits) == 1 else s for s in said_integer(digits, at)]


def _two_sides(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3:2, 21:15 → 比."""
    sign = re.compile(r"\s?[:：]\s?").match(text, match.end(1))
    assert sign is not None
    return [
        *score_side(match[1], match.start(1)),
        Said("比", Span(*sign.span())),
        *score_side(match[2], match.start(2)),
    ]


def _even_odds(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """5:5波: 五五波."""
    return said_digits(match[0], match.start())


def _ratio(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """4:3:3 → 比 between all."""
    out: list[Piece] = []
    for part in re.finditer(r"(\d+)|\s?[:：]\s?", match[0]):
        start, end = match.start() + part.start(), match.start() + part.end()
        out += score_side(part[1], start) if part[1] else [Said("比", Span(start, end))]
    return out


def _hyphen_score(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2-0, 21-19 where the words around tell a score."""
    before, after = text[: match.start()][-WINDOW:], text[match.end() : match.end() + WINDOW]
    listed = SETS_BEFORE.search(before) or SETS_AFTER.match(after)
    row = _row(match, text)
    if not (listed or row.says("score") or (row.near("score") and not counted(text, match.end()))):
        return None
    return _hyphen_sides(match)


def _hyphen_guess(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """The same where only the talk is of a match."""
    if HAN_NEXT.match(text, match.end()) or not _row(match, text).near("match"):
        return None
    return _hyphen_sides(match)


def _hyphen_sides(match: re.Match[str]) -> list[Piece]:
    return [
        *score_side(match[1], match.start(1)),
        Said("比", Span(*match.span(2))),
        *score_side(match[3], match.start(3)),
    ]


_CLOCK = re.compile(r"(?<![\d:.])(\d{1,2})[:：]([0-5]\d)(?:[:：]([0-5]\d))?(?![\d:])(?!\.\d)")
RULES = (
    Rule(Late(r"(?<![\d:.])(\d)[:：](\d)(?=波)"), _even_odds),
    Rule(_CLOCK, _only("score", True, _two_sides)),
    Rule(_CLOCK, _only("clock", True, _clock)),
    Rule(_CLOCK, _only("score", False, _two_sides), "notice.read-as-score"),
    Rule(_CLOCK, _only("clock", False, _clock), "notice.read-as-time"),
)
RULES_SCORES = (
    Rule(Late(r"(?<![\d.:])\d{1,3}(?:\s?[:：]\s?\d{1,3}){2,}(?![\d:])"), _ratio),
    Rule(Late(r"(?<![\d.:])(\d{1,3}(?:\.\d+)?)\s?[:：]\s?(\d{1,5}(?:\.\d+)?)(?![\d:])"), _two_sides),
    Rule(Late(r"(?<![\d.-])(\d{1,3})\s?([-–—])\s?(\d{1,3})(?![\d-])"), _hyphen_score),
    Rule(
        Late(r"(?<![\d.-])(\d{1,3})\s?([-–—])\s?(\d{1,3})(?![\d-])"),
        _hyphen_guess,
        "notice.read-as-score-not-range",
    ),
)
