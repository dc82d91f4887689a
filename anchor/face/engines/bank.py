"""Lip-sync engine `bank`: pictures of the presenter's own mouth, warped to the wanted lips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from anchor.core.face import Avatar, Patch
from anchor.core.ports import LipSyncCapabilities
from anchor.core.speech import PhonemeTimeline
from anchor.core.time import Timebase
from anchor.face.mouth_patch import MouthPainter
from anchor.face.mouthbank import load_bank
from anchor.face.visemes import plan_visemes
from anchor.face.vocal_effort import measure_effort


class BankEngine:
    """Chooses, warps and dissolves bank pictures.

    After Video Rewrite (Bregler, Covell and Slaney 1997) and MikeTalk (Ezzat and Poggio 2000).
    """

    capabilities = LipSyncCapabilities(needs_audio=True)

    def __init__(self) -> None:
        self._painters: dict[str, MouthPainter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._painters.clear()

    def sync(
        self, avatar: Avatar, timeline: PhonemeTimeline, audio: Path, frames: int, timebase: Timebase
    ) -> Iterator[Patch | None]:
        """Exactly `frames` patches; None: the plate's own mouth shows. The audio tells how loud each moment is."""
        if avatar.digest not in self._painters:
            self._painters[avatar.digest] = MouthPainter(load_bank(avatar.path / "bank" / "bank.json"))
        painter = self._painters[avatar.digest]
        effort = measure_effort(audio, frames, timebase)
        for shape in plan_visemes(timeline, frames, timebase, effort).frames:
            yield None if shape is None else painter.paint(shape)
