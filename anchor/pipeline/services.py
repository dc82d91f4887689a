"""What stages touch the world through: ffmpeg, packs, engines, the store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from anchor.core.errors import EngineError, JobCancelled
from anchor.core.events import Emit, Event
from anchor.core.face import Avatar
from anchor.core.ports import GraphicsEngine, LipSyncEngine, SpeechEngine, Voice
from anchor.face.avatar import resolve_avatar
from anchor.graphics.look import Look, load_look
from anchor.mandarin.reader import Reader
from anchor.media.tool import FFmpeg, find_ffmpeg
from anchor.packs import Shelf, find_pack
from anchor.pipeline.store import Store
from anchor.registry import graphics_engine, lip_sync_engine, speech_engine
from anchor.settings import Settings
from anchor.speech.voice import resolve_voice


def silent(event: Event) -> None:
    """An event sink that ignores what it hears."""


def never() -> bool:
    """A cancel check that never cancels."""
    return False


@dataclass(frozen=True, slots=True)
class Context:
    """One run's ties to whoever asked for it."""

    emit: Emit = silent
    cancelled: Callable[[], bool] = never
    workdir: Path = field(default_factory=Path)

    def check_cancelled(self) -> None:
        """Stop here if somebody asked for it.

        Raises:
            JobCancelled: they did.
        """
        if self.cancelled():
            raise JobCancelled("cancelled")


class Services:
    """Engines stay loaded from first use until the services are closed; use as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.cache)
        self._stack = ExitStack()
        self._speech: dict[str, SpeechEngine] = {}
        self._lip_sync: dict[str, LipSyncEngine] = {}
        self._graphics: dict[str, GraphicsEngine] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def ffmpeg(self) -> FFmpeg:
        """The ffmpeg that serves on this machine."""
        return find_ffmpeg(self.settings.ffmpeg)

    @cached_property
    def reader(self) -> Reader:
        """The Mandarin reader with its tables loaded."""
        return Reader()

    def voice(self, name: str) -> Voice:
        """The voice pack of that name, resolved."""
        return resolve_voice(find_pack(Shelf.VOICES, name, self.settings.shelves))

    def avatar(self, name: str) -> Avatar:
        """The avatar pack of that name, resolved."""
        return resolve_avatar(find_pack(Shelf.AVATARS, name, self.settings.shelves))

    def look(self, name: str) -> Look:
        """The look of that name, loaded."""
        return load_look(find_pack(Shelf.LOOKS, name, self.settings.shelves))

    def speech(self, name: str) -> SpeechEngine:
        """The speech engine of that name, entered."""
        if name not in self._speech:
            engine = speech_engine(name)
            self._refuse_toys(name, engine.capabilities.on_air)
            self._speech[name] = self._stack.enter_context(engine)
        return self._speech[name]

    def lip_sync(self, name: str) -> LipSyncEngine:
        """The lip-sync engine of that name, entered."""
        if name not in self._lip_sync:
            engine = lip_sync_engine(name)
            self._refuse_toys(name, engine.capabilities.on_air)
            self._lip_sync[name] = self._stack.enter_context(engine)
        return self._lip_sync[name]

    def graphics(self, name: str) -> GraphicsEngine:
        """The graphics engine of that name, entered."""
        if name not in self._graphics:
            self._graphics[name] = self._stack.enter_context(graphics_engine(name))
        return self._graphics[name]

    def _refuse_toys(self, name: str, on_air: bool) -> None:
        if self.settings.production and not on_air:
            raise EngineError(
                f"engine {name!r} is for tests and never goes on air", hint="choose another voice or avatar"
            )
