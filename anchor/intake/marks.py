"""One mark in square brackets: `[字卡: 姓名｜職稱]`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from anchor.core.errors import Place, ScriptError
from anchor.core.layers import LAYERS
from anchor.intake.words import FORMER_MARKS, MARKS, OFF, PACE_WORDS, close_word, first_words, normal_word
from anchor.messages import message

OPENING = "[［"
CLOSING = "]］"
ESCAPABLE = "\\[］［]|｜#<>*/-"
"""Characters that a backslash makes plain."""

_LENGTH = re.compile(r"(\d+(?:\.\d+)?) ?(ms|毫秒|s|sec|seconds?|秒鐘?)?", re.IGNORECASE)
PAUSE_MS = (50, 10_000)
"""Shortest and longest pause of a mark."""
DEFAULT_PAUSE_MS = 500


def _layer_parts() -> dict[str, tuple[int, int, str]]:
    marked = [kind for kind in LAYERS.values() if kind.mark]
    forms = {kind.id: f"{kind.mark[0]}: {'｜'.join(field.label for field in kind.fields)}" for kind in marked}
    shown = {kind.id: (0 if kind.bare else 1, len(kind.fields), forms[kind.id]) for kind in marked}
    return shown | {f"{kind.id}{OFF}": (0, 0, kind.off[0]) for kind in marked if kind.off}


_PARTS = {
    "presenter": (1, 1, "主播: 代號"),
    "pause": (0, 1, "停 0.8秒"),
    "pace": (1, 1, "語速: 慢"),
    "voice": (0, 1, "聲音: 名稱"),
    **_layer_parts(),
}
"""Mark id → least parts, most parts, how it is written."""
_READ = {**FORMER_MARKS, **MARKS}
"""Every word that a mark may begin with → mark id."""


def mark_form(kind: str) -> str:
    """How a mark is written, without its brackets."""
    return _PARTS[kind][2]


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark read."""

    kind: str
    """Id of the words table."""
    parts: tuple[str, ...]
    """What stands between the bars, trimmed; no empty parts at the end."""
    place: Place
    former: str = ""
    """The word it was written with, where that means something else now; empty: a word of today."""


PACES = {"slow": 230, "normal": 0, "fast": 310}
"""Characters a minute, pauses included; 0: the voice's own."""
PACE_RANGE = (150, 400)


def find_closing(text: str, start: int) -> int:
    """Index of the bracket that closes the one at `start`; −1: none on this line."""
    at = start + 1
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] in CLOSING:
            return at
        elif text[at] in OPENING:
            return -1
        at += 1
    return -1


def parse_mark(inner: str, place: Place) -> Mark:
    """The mark whose brackets hold `inner`.

    Raises:
        ScriptError: unknown word, or too few or too many parts.
    """
    word, rest = _split_keyword(inner.strip(), place)
    former = word if normal_word(word) in FORMER_MARKS else ""
    kind = _READ[normal_word(word)]
    parts = [_plain(part).strip() for part in re.split(r"(?<!\\)[|｜]", rest)]
    while parts and not parts[-1]:
        parts.pop()
    least, most, form = _PARTS[kind]
    if not least <= len(parts) <= most or (least and not parts[0]):
        wrong = "intake.mark-too-full" if len(parts) > most else "intake.mark-empty"
        raise ScriptError(message(wrong, mark=inner), hint=message("intake.write-mark", form=form), place=place)
    return Mark(kind, tuple(parts), place, former)


def _split_keyword(inner: str, place: Place) -> tuple[str, str]:
    """The mark's word, which is one of the table's, and what stands behind it."""
    head, colon, rest = re.match(r"([^:：]*)([:：]?)(.*)", inner, re.DOTALL).groups()  # type: ignore[union-attr]
    if colon and normal_word(head) in _READ:
        return head.strip(), rest
    if normal_word(inner) in _READ:
        return inner, ""
    # No colon: the keyword ends at white space or at a digit, as in `[停 0.8秒]` and `[停0.8秒]`.
    word = re.match(r"[^\s\d:：|｜]*", inner).group()  # type: ignore[union-attr]
    if not colon and normal_word(word) in _READ:
        return word, inner[len(word) :]
    wanted = head if colon else word or inner
    close = close_word(wanted, MARKS)
    there = message("intake.marks-are", marks="、".join(first_words(MARKS)))
    hint = message("intake.did-you-mean-mark", close=close) if close else there
    raise ScriptError(message("intake.unknown-mark", mark=_shortened(inner)), hint=hint, place=place)


def _plain(text: str) -> str:
    return re.sub(r"\\([\\\[\]［］|｜])", r"\1", text)


def _shortened(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"


def pause_ms(mark: Mark) -> int:
    """Length of a pause mark in milliseconds.

    Raises:
        ScriptError: not a length, or out of range.
    """
    if not mark.parts:
        return DEFAULT_PAUSE_MS
    written = unicodedata.normalize("NFKC", mark.parts[0])
    found = _LENGTH.fullmatch(written)
    if found is None:
        raise ScriptError(
            message("intake.not-a-length", written=mark.parts[0]),
            hint=message("intake.length-form"),
            place=mark.place,
        )
    unit = (found[2] or "s").lower()
    ms = float(found[1]) * (1 if unit in {"ms", "毫秒"} else 1000)
    if not PAUSE_MS[0] <= ms <= PAUSE_MS[1]:
        raise ScriptError(
            message("intake.pause-range", pause=mark.parts[0]),
            hint=message("intake.pause-range-hint", least=PAUSE_MS[0] / 1000, most=PAUSE_MS[1] / 1000),
            place=mark.place,
        )
    return round(ms)


def parse_pace(written: str, place: Place) -> int:
    """Characters a minute of a pace as written; 0: the voice's own.

    Raises:
        ScriptError: no word for a pace and no number, or out of range.
    """
    word = normal_word(written)
    if word in PACE_WORDS:
        return PACES[PACE_WORDS[word]]
    found = re.fullmatch(r"(\d{1,6}) ?字?", word)
    if found is None:
        raise ScriptError(message("intake.not-a-pace", written=written), hint=message("intake.pace-form"), place=place)
    pace = int(found[1])
    if not PACE_RANGE[0] <= pace <= PACE_RANGE[1]:
        raise ScriptError(
            message("intake.pace-range", pace=written),
            hint=message("intake.pace-range-hint", least=PACE_RANGE[0], most=PACE_RANGE[1]),
            place=place,
        )
    return pace
