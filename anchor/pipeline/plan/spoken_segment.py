"""A segment with everything that earlier stages made of it."""

from __future__ import annotations

from dataclasses import dataclass

from anchor.core.face import AnchorClip
from anchor.core.script import Segment
from anchor.core.speech import SpeechTrack, Utterance
from anchor.pipeline.segments import Cast


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """A segment with everything that earlier stages made of it."""

    segment: Segment
    utterance: Utterance
    track: SpeechTrack
    clip: AnchorClip | None
    """None where only times are wanted (a preview of another segment)."""
    cast: Cast
