"""Lip-sync engine `musetalk`: MuseTalk 1.5 by path, with the plate, mask and silence of the other engines around it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from anchor.core.face import Avatar, Patch
from anchor.core.ports import LipSyncCapabilities
from anchor.core.speech import PhonemeTimeline
from anchor.core.time import Timebase
from anchor.face.engines.musetalk.audio_windows import frame_windows, read_for_whisper
from anchor.face.engines.musetalk.crop import FaceCrop, prepare_face
from anchor.face.engines.musetalk.finish import Finisher
from anchor.face.engines.musetalk.libraries import LOCK, import_libraries
from anchor.face.engines.musetalk.load import loaded
from anchor.face.engines.musetalk.networks import Networks, Painting
from anchor.face.engines.musetalk.pack import read_pack
from anchor.face.gate import frame_middles, gates_at, speech_gates
from anchor.face.mouth_shape import MouthShape
from anchor.face.mouthbank import load_bank
from anchor.face.visemes import plan_visemes
from anchor.neural import hushed

_HANDS = 3
"""Threads that finish patches: one makes some 130 a second at 1080p, less than a fast GPU paints."""
T = TypeVar("T")


class MuseTalkEngine:
    """Paints the lower face from what is heard; in pauses it is not asked, and the plate's own mouth shows.

    Source: Zhang et al. 2024, MuseTalk: real-time high-fidelity video dubbing via spatio-temporal sampling.
    """

    capabilities = LipSyncCapabilities(needs_audio=True)

    def __init__(self) -> None:
        self._faces: dict[tuple[str, str], tuple[FaceCrop, Finisher]] = {}

    def __enter__(self) -> Self:
        with LOCK, hushed():
            import_libraries()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Models stay in memory for the process: loading is what takes time."""
        self._faces.clear()

    def sync(
        self, avatar: Avatar, timeline: PhonemeTimeline, audio: Path, frames: int, timebase: Timebase
    ) -> Iterator[Patch | None]:
        """Exactly `frames` patches; None: the plate's own mouth shows.

        Raises:
            EngineUnavailable: a library, the device or its memory is missing.
            EngineError: the network gives no picture.
            PackError: an option or a file of the model is missing or of another form.
            ConsentError: nobody has accepted the terms of these weights.
            MediaError: the sound is no 16- or 24-bit WAV at 48 kHz.
        """
        pack = read_pack(avatar)
        networks = loaded(pack)
        key = (avatar.digest, networks.device)
        if key not in self._faces:
            bank = load_bank(avatar.path / "bank" / "bank.json")
            face = prepare_face(avatar, bank, networks, pack.digest)
            self._faces[key] = face, Finisher(bank, face, int(avatar.digest[:8], 16))
        face, finisher = self._faces[key]
        middles = frame_middles(timeline, frames, timebase)
        gates = gates_at(speech_gates(timeline), middles)
        shares = [gate.share(at) if gate else 0.0 for at, gate in zip(middles, gates, strict=True)]
        shapes = plan_visemes(timeline, frames, timebase).frames
        wanted = [(k, shape) for k, shape in enumerate(shapes) if shape is not None and shares[k] > 0]
        heard = _painted(networks, face, audio, [middles[k] for k, _ in wanted], pack.batch)
        pool = ThreadPoolExecutor(_HANDS, "musetalk")
        try:
            patches = _ahead(_finished(pool, finisher, heard, wanted, shares), pack.batch)
            shown = {k for k, _ in wanted}
            for k in range(frames):
                yield next(patches).result() if k in shown else None
        finally:
            pool.shutdown(cancel_futures=True)


def _painted(networks: Networks, face: FaceCrop, audio: Path, middles: list[float], batch: int) -> Iterator[Painting]:
    """The network's pictures for the moments, `batch` of them at a time; each is begun when it is asked for."""
    if not middles:
        return
    features = networks.hear(read_for_whisper(audio))
    for start in range(0, len(middles), batch):
        yield networks.paint(face.latents, frame_windows(features, middles[start : start + batch]), batch)


def _finished(
    pool: ThreadPoolExecutor,
    finisher: Finisher,
    paintings: Iterator[Painting],
    wanted: list[tuple[int, MouthShape]],
    shares: list[float],
) -> Iterator[Future[Patch]]:
    """The patch of each wanted frame, begun; meanwhile the networks are at work on the batch after it."""
    frames = iter(wanted)
    for painting in _ahead(paintings, 1):
        for picture, (k, shape) in zip(painting.pictures(), frames, strict=False):
            yield pool.submit(finisher.patch, picture, shape, shares[k], k)


def _ahead(items: Iterator[T], count: int) -> Iterator[T]:
    """The same items, each taken `count` before it is given: what it began goes on meanwhile."""
    waiting: deque[T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > count:
            yield waiting.popleft()
    yield from waiting
