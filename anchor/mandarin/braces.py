"""What stands in braces behind a word: its reading, or what is said instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from anchor.core.errors import Place, ScriptError
from anchor.core.events import Notice
from anchor.core.time import Span
from anchor.mandarin.lexicon import load_lexicon
from anchor.mandarin.phonemes import is_syllable, pinyin_of
from anchor.mandarin.spoken_text import HAN, Piece, Said
from anchor.messages import message

Normalise = Callable[[str], tuple[list[Piece], list[Notice]]]
TOKEN = re.compile(r"[$€£¥₩฿#@+±-]?[A-Za-z0-9À-ɏ](?:[A-Za-z0-9À-ɏ.,:/%+&'’_°℃‰$-]*[A-Za-z0-9À-ɏ%°℃‰+])?[%°℃℉‰]?$")
"""A name in letters, a number or a code, right before a brace."""
LONGEST_TOKEN = 60
"""Characters."""
SYLLABLE_LIKE = re.compile(r"[a-zü:]+[0-9]|[ㄅ-ㄩˊˇˋ˙]+", re.IGNORECASE)


def apply_mark(
    mark: re.Match[str], folded: str, pieces: list[Piece], notices: list[Notice], normalise: Normalise
) -> None:
    """Readings settle the Chinese characters before them, one each; a name or a number takes readings or other text.

    Args:
        mark: the braces; group 1 is what stands in them.
        folded: the text.
        pieces: what is said so far; the last of them change.
        notices: told so far; those about a name or a number that is settled here are taken back.
        normalise: text → pieces, for what is said instead.

    Raises:
        ScriptError: neither readings of what stands before nor text in Chinese characters.
    """
    parts = mark[1].split()
    found = TOKEN.search(folded, max(0, mark.start() - LONGEST_TOKEN), mark.start())
    if found is None:
        _settle([_reading(part, mark) for part in parts], mark, folded, pieces)
        return
    first = next((at for at, piece in enumerate(pieces) if piece.span.end > found.start()), len(pieces))
    start = min([found.start(), *(piece.span.start for piece in pieces[first:])])
    span = Span(start, mark.start())
    if any(map(SYLLABLE_LIKE.fullmatch, parts)):
        made = spelled([_reading(part, mark) for part in parts], span, "inline")
    elif any(map(HAN.match, mark[1])):
        made = instead(mark[1].strip(), span, "inline", normalise)
    else:
        raise _no_reading(mark[1].strip(), mark)
    pieces[first:] = made
    notices[:] = [n for n in notices if not (n.place and n.place.span and n.place.span.start >= start)]


def spelled(readings: Sequence[str], span: Span, layer: str) -> list[Piece]:
    """Syllables that stand for the whole of `span`; each shows as a character that is read so."""
    homophone = load_lexicon().homophone
    return [Said(homophone(r), span, r, token=span.start, layer=layer) for r in readings]


def instead(text: str, span: Span, layer: str, normalise: Normalise) -> list[Piece]:
    """What `text` says, standing for the whole of `span`."""
    pieces, _ = normalise(text)
    out: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Said):
            token = span.start if piece.token >= 0 else -1
            out.append(replace(piece, span=span, token=token, written=False, layer=layer))
        else:
            out.append(replace(piece, span=span))
    return out


def _settle(readings: Sequence[str], mark: re.Match[str], folded: str, pieces: list[Piece]) -> None:
    """Readings for the Chinese characters right before the brace."""
    owners = pieces[-len(readings) :]
    if len(owners) < len(readings) or not all(_is_character(owner, folded) for owner in owners):
        raise ScriptError(
            message("mandarin.readings-too-many", mark=mark[0], count=len(readings)),
            hint=message("mandarin.readings-too-many-hint"),
            place=Place(span=Span(*mark.span())),
        )
    settled = zip(owners, readings, strict=True)
    pieces[-len(readings) :] = [replace(o, reading=r, layer="inline") for o, r in settled if isinstance(o, Said)]


def _is_character(piece: Piece, folded: str) -> bool:
    return isinstance(piece, Said) and len(piece.span) == 1 and bool(HAN.match(folded, piece.span.start))


def _reading(part: str, mark: re.Match[str]) -> str:
    spelt = part.lower().replace("ü", "v").replace("u:", "v")
    if is_syllable(spelt):
        return spelt
    try:
        return pinyin_of(part)
    except KeyError:
        raise _no_reading(part, mark) from None


def _no_reading(part: str, mark: re.Match[str]) -> ScriptError:
    return ScriptError(
        message("mandarin.no-reading", part=part, mark=mark[0]),
        hint=message("mandarin.no-reading-hint"),
        place=Place(span=Span(*mark.span())),
    )
