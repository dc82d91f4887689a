"""A text heard while it is made: an editor at a paragraph, a host at a rehearsal.

Somebody waits for the first sound: this imports nothing that draws, the network is loaded beside the reading, and of a
long text the beginning is read before the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import Place
from anchor.core.events import Emit
from anchor.core.ports import Voice
from anchor.core.script import PAUSE, Cue, Segment, SegmentKind
from anchor.core.speech import Utterance
from anchor.pipeline.plan.rights import check_rights
from anchor.pipeline.segments import prepare_segment, stream_segment
from anchor.pipeline.services import DEFAULT_VOICE, Context, Services, never, silent
from anchor.trust.consent import Purpose

LONG = 400
"""Characters; a longer text is begun before all of it is read."""
BEGINNING = re.compile(r"[^{}「」『』“”（）()\[\]]{40,300}?[。！？\n](?![」』”）)])")
"""Whole sentences without brackets, so that nothing is cut that belongs together."""
SENTENCE_S = 0.47
"""Silence between the beginning and the rest."""


def stream_text(
    text: str,
    voice: str | None,
    services: Services,
    emit: Emit = silent,
    cancelled: Callable[[], bool] = never,
    *,
    pauses: Sequence[tuple[int, int]] = (),
    pace: int = 0,
) -> tuple[int, Iterator[NDArray[np.float32]]]:
    """A text's sound while it is made: samples a second, and pieces; see `stream_segment`.

    Of a long text the first sentences are read by themselves; the rest is read as part of the whole, so that its
    readings are those of the finished sound.

    Raises:
        As `speak_text`; the pieces may raise as well.
    """
    chosen = voice_to_say(voice, services)
    services.warm_speech(chosen, hurried=True)  # goes on beside the reading
    context = Context(emit=emit, cancelled=cancelled)
    begun = beginning(text)
    if begun == len(text):
        utterance = _read(text, services, emit, pauses, pace)
        _, rate, pieces = stream_segment(utterance, chosen, services, context)
        return rate, _watched(pieces, context)
    head = text_to_say(text[:begun], services, [(at, ms) for at, ms in pauses if at < begun], pace)
    speaking, rate, pieces = stream_segment(head, chosen, services, context)

    def both() -> Iterator[NDArray[np.float32]]:
        yield next(pieces)
        whole = services.pool.submit(_read, text, services, emit, pauses, pace)
        yield from pieces
        yield np.zeros(round(SENTENCE_S * rate), np.float32)
        utterance = whole.result()
        rest = replace(utterance, items=tuple(item for item in utterance.items if item.span.start >= begun))
        yield from stream_segment(rest, speaking, services, context)[2]

    return rate, _watched(both(), context)


def beginning(text: str) -> int:
    """How many characters of a text are read first; all of a short one."""
    found = BEGINNING.match(text) if len(text) > LONG else None
    return found.end() if found else len(text)


def voice_to_say(voice: str | None, services: Services) -> Voice:
    """Who says a text, with the right to.

    Raises:
        PackError, ConsentError: there is no such voice, or it must not be used today.
    """
    chosen = services.voice(voice or DEFAULT_VOICE)
    check_rights((), (chosen,), Purpose(), services)
    return chosen


def text_to_say(text: str, services: Services, pauses: Sequence[tuple[int, int]], pace: int) -> Utterance:
    """A text as an utterance; `pauses` are (character offset, milliseconds), `pace` is as in `Segment`.

    Raises:
        ScriptError: as `prepare_segment`.
    """
    cues = tuple(Cue(PAUSE, at, (("ms", str(ms)),), Place()) for at, ms in pauses)
    segment = Segment(id="text", story=0, kind=SegmentKind.READER, presenter="", text=text, cues=cues, pace=pace)
    return prepare_segment(segment, services)


def _read(text: str, services: Services, emit: Emit, pauses: Sequence[tuple[int, int]], pace: int) -> Utterance:
    """As `text_to_say`, with its notices told."""
    utterance = text_to_say(text, services, pauses, pace)
    for notice in utterance.notices:
        emit(notice)
    return utterance


def _watched(pieces: Iterator[NDArray[np.float32]], context: Context) -> Iterator[NDArray[np.float32]]:
    """The pieces, until somebody cancels."""
    for piece in pieces:
        context.check_cancelled()
        yield piece
