"""What is said in footage, found by its transcript: phonemes that tile the sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from anchor.core.errors import Place, ScriptError
from anchor.core.script import Segment, SegmentKind
from anchor.core.speech import PhonemeTimeline
from anchor.media.meter import RATE_HZ
from anchor.messages import message
from anchor.pipeline.plan.casting import LISTENER
from anchor.pipeline.segments import prepare_segment
from anchor.pipeline.services import Services
from anchor.speech.align import REFUSE, align_speech
from anchor.speech.narration import load_narration


def heard_in(footage: Path, transcript: str, services: Services, cancelled: Callable[[], bool]) -> PhonemeTimeline:
    """The sounds of footage, in samples of its own sound at 48 kHz.

    Raises:
        ScriptError: the transcript cannot be read, or says something else than the footage.
        MediaError: there is no sound.
    """
    utterance = prepare_segment(
        Segment("transcript", 0, SegmentKind.READER, "", " ".join(transcript.split())), services
    )
    listener = services.voice(LISTENER)
    reference = services.speech(listener.engine).speak(utterance, listener)
    with services.store.workdir() as work:
        samples = load_narration(services.ffmpeg, footage, work / "footage.f32", cancelled)
        found = align_speech(samples, RATE_HZ, utterance, reference)
    if found.sentences and min(s.doubt for s in found.sentences) > REFUSE:
        raise ScriptError(
            message("presenters.other-transcript"),
            hint=message("presenters.other-transcript-hint"),
            place=Place(file=str(footage)),
        )
    return PhonemeTimeline(rate=RATE_HZ, samples=found.phonemes[-1].span.end, phonemes=found.phonemes)
