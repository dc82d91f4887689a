"""What stages touch the world through: ffmpeg, packs, engines, the store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from anchor.core.errors import AnchorError, EngineError, JobCancelled
from anchor.core.events import Emit, Event
from anchor.core.face import Avatar
from anchor.core.machine import available_cores
from anchor.core.plan import Rendition
from anchor.core.ports import GraphicsEngine, LipSyncEngine, SpeechEngine, Voice, Warmed
from anchor.mandarin.reader import Reader, open_reader
from anchor.media.tool import FFmpeg, find_ffmpeg
from anchor.messages import message
from anchor.packs import Pack, Shelf, find_pack
from anchor.registry import graphics_engine, lip_sync_engine, speech_engine
from anchor.settings import Settings
from anchor.speech.voice import resolve_voice
from anchor.store.packs import PackStore
from anchor.store.store import open_store

if TYPE_CHECKING:
    from anchor.graphics.style import Look

DEFAULT_AVATAR = DEFAULT_VOICE = "lan"
"""Who speaks where nobody is named; the voice is the presenter's own."""


def silent(event: Event) -> None:
    """An event sink that ignores what it hears."""


def never() -> bool:
    """A cancel check that never cancels."""
    return False


def local_time() -> datetime:
    """Now, in the time zone of this machine."""
    return datetime.now(UTC).astimezone()


@dataclass(frozen=True, slots=True)
class Context:
    """One run's ties to whoever asked for it."""

    emit: Emit = silent
    cancelled: Callable[[], bool] = never
    workdir: Path = field(default_factory=Path)
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set when one part of the run has failed: the others need not go on."""
    shelves: tuple[Path, ...] = ()
    """Roots of the packs that were taken in for this run: they go before the machine's own."""

    def is_cancelled(self) -> bool:
        """Whether this run should stop."""
        return self.stopped.is_set() or self.cancelled()

    def check_cancelled(self) -> None:
        """Stop here if somebody asked for it, or another part of the run has failed.

        Raises:
            JobCancelled: so it is.
        """
        if self.is_cancelled():
            raise JobCancelled(message("pipeline.cancelled"))


class Services:
    """Engines stay loaded from first use until the services are closed; use as a context manager."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = local_time) -> None:
        self.settings = settings
        self.clock = clock
        """The time of day here: consents begin and end by it."""
        self.store = open_store(settings)
        self.packs = PackStore(self.store)
        self._stack = ExitStack()
        self._lock = threading.RLock()
        self._speech: dict[tuple[str, int], SpeechEngine] = {}
        self._speaking = self._stack.enter_context(ExitStack())
        self._lip_sync: dict[tuple[str, int], LipSyncEngine] = {}
        self._graphics: dict[str, GraphicsEngine] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def pool(self) -> ThreadPoolExecutor:
        """Threads for segments that do not wait for each other: one a core, four at most."""
        pool = ThreadPoolExecutor(max_workers=min(4, available_cores()), thread_name_prefix="segment")
        self._stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        return pool

    @cached_property
    def ffmpeg(self) -> FFmpeg:
        """The ffmpeg that serves on this machine."""
        return find_ffmpeg(self.settings.ffmpeg)

    @cached_property
    def reader(self) -> Reader:
        """The Mandarin reader with its tables, the station's lexicon and the word list loaded.

        Raises:
            PackError: a row of the lexicon is broken, or the word list cannot be read.
        """
        return open_reader(self.settings)

    def pack(self, shelf: Shelf, name: str, shelves: tuple[Path, ...] = ()) -> Pack:
        """The pack of that name, on `shelves` (`Context.shelves`) or else on the machine's own."""
        return find_pack(shelf, name, (*shelves, *self.settings.shelves))

    def voice(self, name: str, shelves: tuple[Path, ...] = ()) -> Voice:
        """The voice pack of that name, resolved; `shelves` as of `pack`."""
        here = self.settings
        return resolve_voice(self.pack(Shelf.VOICES, name, shelves), (*shelves, *here.shelves), here.models)

    def avatar(self, name: str, shelves: tuple[Path, ...] = ()) -> Avatar:
        """The avatar pack of that name, resolved; `shelves` as of `pack`."""
        from anchor.face.avatar import resolve_avatar  # brings OpenCV, which speech does without

        return resolve_avatar(self.pack(Shelf.AVATARS, name, shelves), self.settings.cache)

    def look(self, name: str, rendition: Rendition | None = None, shelves: tuple[Path, ...] = ()) -> Look:
        """The look of that name, laid out for a rendition's shape; None: for the first that it has.

        `shelves` as of `pack`.

        Raises:
            PackError: there is none, it is broken, it has no layout for that shape, or it does not show the AI label.
            ScriptError: no look has a layout for that shape.
        """
        from anchor.graphics.aspects import aspect_of
        from anchor.graphics.label_proof import require_label
        from anchor.graphics.look import load_look

        aspect = aspect_of(rendition) if rendition else None
        look = load_look(self.pack(Shelf.LOOKS, name, shelves), aspect)
        require_label(look)
        return look

    def speech(self, name: str) -> SpeechEngine:
        """The speech engine of that name, entered; one for each thread."""
        key = (name, threading.get_ident())
        with self._lock:
            if key not in self._speech:
                engine = speech_engine(name)
                self._refuse_toys(name, engine.capabilities.on_air)
                self._speech[key] = self._speaking.enter_context(engine)
            return self._speech[key]

    def warm_speech(self, voice: Voice, *, hurried: bool = False) -> None:
        """Load what a voice's first engine needs, if it is one that takes its time; errors come when it speaks.

        Args:
            voice: who will speak.
            hurried: somebody waits for the first sound.
        """
        first = (voice.members or (voice,))[0]
        with suppress(AnchorError):
            engine = self.speech(first.engine)
            if isinstance(engine, Warmed):
                engine.warm(first, hurried=hurried)

    def close_speech(self) -> None:
        """Leave the speech engines: their networks and processes are given back. They come again when asked for."""
        with self._lock:
            self._speech.clear()
            self._speaking.close()

    def lip_sync(self, name: str) -> LipSyncEngine:
        """The lip-sync engine of that name, entered; one for each thread."""
        key = (name, threading.get_ident())
        with self._lock:
            if key not in self._lip_sync:
                engine = lip_sync_engine(name)
                self._refuse_toys(name, engine.capabilities.on_air)
                self._lip_sync[key] = self._stack.enter_context(engine)
            return self._lip_sync[key]

    def graphics(self, name: str) -> GraphicsEngine:
        """The graphics engine of that name, entered."""
        if name not in self._graphics:
            self._graphics[name] = self._stack.enter_context(graphics_engine(name))
        return self._graphics[name]

    def _refuse_toys(self, name: str, on_air: bool) -> None:
        if self.settings.production and not on_air:
            raise EngineError(message("pipeline.toy-engine", engine=name), hint=message("pipeline.toy-engine-hint"))
