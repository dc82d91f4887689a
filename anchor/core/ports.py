"""What an engine must be. A port is capabilities, a context manager and one verb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from anchor.core.face import Avatar, Patch
from anchor.core.plan import Overlay, Rendition
from anchor.core.speech import Phoneme, PhonemeTimeline, Utterance
from anchor.core.time import Timebase

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice pack resolved."""

    name: str
    label: str
    path: Path
    digest: str
    engine: str
    """Speech engine in the registry."""
    options: tuple[tuple[str, str | int | float], ...]
    """The `[engine_options]` of the manifest, read by the engine alone."""
    licence: str
    models: Path | None = None
    """The folder of fetched models, for engines that need some. None: there is none."""
    members: tuple[Voice, ...] = ()
    """Of a fallback chain: who is asked, in this order. Empty: this voice speaks itself."""

    def option(self, name: str, default: str | int | float) -> str | int | float:
        """One engine option."""
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an engine gives back: raw speech at its own rate, before voice chain and loudness.

    Shapes:
        pcm: [samples] float32, −1…1, mono
    """

    pcm: NDArray[np.float32]
    rate: int
    phonemes: tuple[Phoneme, ...]
    """Tile `[0, len(pcm))` in samples of `pcm`."""


@dataclass(frozen=True, slots=True)
class SpeechCapabilities:
    """What a speech engine can do."""

    exact_timing: bool
    """Phoneme spans come from the synthesiser itself, not from alignment."""
    latin: bool
    """Speaks Latin words by itself."""
    streams: bool = False
    """Has a `stream` beside `speak`: sound while it is made, without timing."""
    natural: bool = False
    """Sounds like a recorded person: the voice chain leaves its balance alone."""
    on_air: bool = True
    """False for tiny test engines, which production settings refuse."""


class SpeechEngine(Protocol):
    """Turns an utterance into samples and exact phonemes."""

    capabilities: SpeechCapabilities

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        """Speak; the same utterance and voice give the same samples."""
        ...


@runtime_checkable
class Warmed(Protocol):
    """A speech engine that loads something large with its first word."""

    def warm(self, voice: Voice, *, hurried: bool = False) -> None:
        """Load it now; `hurried`: for `stream`, whose first sound somebody waits for.

        Raises:
            EngineUnavailable, PackError: as `speak`.
        """
        ...


@dataclass(frozen=True, slots=True)
class LipSyncCapabilities:
    """What a lip-sync engine can do."""

    needs_audio: bool
    """Reads the samples, not only the phonemes."""
    on_air: bool = True


class LipSyncEngine(Protocol):
    """Turns speech into mouth patches in the canonical pose."""

    capabilities: LipSyncCapabilities

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def sync(
        self, avatar: Avatar, timeline: PhonemeTimeline, audio: Path, frames: int, timebase: Timebase
    ) -> Iterator[Patch | None]:
        """Exactly `frames` patches; None: the plate's own mouth shows."""
        ...


class Layer(Protocol):
    """One overlay drawn: small pictures in their own box, and which of them shows when."""

    x: int
    y: int
    """Top-left of the box in programme pixels, even numbers."""
    width: int
    height: int
    """Even numbers."""

    def key(self, frame: int) -> str | None:
        """Which picture shows `frame` frames after the overlay's start; None: nothing. Equal keys, equal pictures."""
        ...

    def picture(self, key: str) -> NDArray[np.uint8]:
        """The picture of a key.

        Shapes:
            → [height, width, 4] uint8, sRGB with straight alpha
        """
        ...


class GraphicsEngine(Protocol):
    """Draws the overlays of one look."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def draw(self, look: Path, overlay: Overlay, rendition: Rendition) -> Layer:
        """The overlay as a layer; pictures are drawn when first asked for."""
        ...
