"""A script and the choices over it with every name resolved, and what the stages have made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from threading import Lock
from typing import Any, Generic, TypeVar

from anchor.core.artifact import Artifact
from anchor.core.errors import AnchorError, ScriptError
from anchor.core.face import AnchorClip
from anchor.core.plan import RenderPlan
from anchor.core.speech import SpeechTrack, Utterance
from anchor.core.time import Span
from anchor.messages import message
from anchor.pipeline.assets import name_of, path_of
from anchor.pipeline.graph import Sizes, Stage, Unit, stage_of
from anchor.pipeline.narration_tracks import Recording
from anchor.pipeline.plan.casting import resolve
from anchor.pipeline.services import Context, Services, silent
from anchor.pipeline.spec import JobSpec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """A unit's result."""

    value: T
    key: str
    """Under which, with the stage's name, it stands in the store."""
    cached: bool
    """It was there before."""
    files: tuple[tuple[str, Artifact], ...] = ()
    """(kind, file) of what goes to whoever asked for the clip."""
    fault: AnchorError | None = None
    """Why it is not good enough to go on air."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is said in every segment of a script."""

    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """The plan of the programme, and where its picture is cut."""

    plan: RenderPlan
    chunks: tuple[Span, ...]


class Programme:
    """What all walks over the graph walk with: names resolved, results found in the store or made.

    An input that is not there is made in passing: a unit may run on any machine, twice, or after a crash.
    """

    def __init__(self, spec: JobSpec, services: Services, context: Context) -> None:
        """Look up every name, and lay out the packs that were taken in.

        Raises:
            ScriptError: there is nothing to read.
            StorageError: a pack that was taken in is gone.
            AnchorError: as `resolve`.
        """
        if not spec.script.segments:
            raise ScriptError(message("pipeline.nothing-to-read"), hint=message("pipeline.nothing-to-read-hint"))
        shelves = tuple(map(services.packs.root, spec.packs))
        self.spec, self.services, self.context = spec, services, replace(context, shelves=shelves)
        self.resolved = resolve(spec.script, spec.choices, services, shelves)
        self.aligning = Lock()
        """Held by whoever lays a recording over the script: one does it for all segments."""
        self._made: dict[Unit, Made[Any]] = {}

    def make(self, unit: Unit, context: Context) -> Made[Any]:
        """One unit's result; notices and progress go to `context`.

        Raises:
            AnchorError: any of the tree; `retryable` says whether trying again can help.
        """
        if unit not in self._made:
            self._made[unit] = function_of(stage_of(unit.stage))(self, unit.index, context)
        return self._made[unit]

    def value(self, kind: type[T], stage: str, index: int = 0) -> T:
        """A result as another stage's input; made quietly where it is missing: its own unit tells of it."""
        value = self.make(Unit(stage, index), replace(self.context, emit=silent)).value
        assert isinstance(value, kind)
        return value

    def kept(self, stage: str, key: str, kind: type[T], make: Callable[[], T]) -> Made[T]:
        """The result of a key: from the store, or made and put there."""
        found = self.services.store.result(stage, key, kind)
        if found is not None:
            return Made(found, key, True)
        made = make()
        self.services.store.keep(stage, key, made)
        return Made(made, key, False)

    def is_made(self, stage: str, index: int = 0) -> bool:
        """Whether this walk has a unit's result."""
        return Unit(stage, index) in self._made

    @property
    def files(self) -> tuple[tuple[str, Artifact], ...]:
        """(kind, file) of all that this walk made for whoever asked for the clip."""
        return tuple(file for made in self._made.values() for file in made.files)

    @property
    def recordings(self) -> tuple[tuple[str, Recording], ...]:
        """(segment id, recording that reads it), as `Choices.narration`."""
        given = self.spec.choices.narration
        return tuple((segment, Recording(path_of(r, self.services.store), name_of(r))) for segment, r in given)

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """What is said, segment by segment."""
        return self.value(Prepared, "prepare").utterances

    def track(self, index: int) -> SpeechTrack:
        """A segment's speech."""
        return self.value(SpeechTrack, "speak", index)

    def clip(self, index: int) -> AnchorClip:
        """A segment's presenter."""
        return self.value(AnchorClip, "sync", index)

    @property
    def plan(self) -> RenderPlan:
        """The plan of the picture."""
        return self.value(Composed, "compose").plan

    @property
    def chunks(self) -> tuple[Span, ...]:
        """Where the picture is cut."""
        return self.value(Composed, "compose").chunks

    @property
    def sizes(self) -> Sizes:
        """How many units there are, as far as this walk knows."""
        return Sizes(len(self.spec.script.segments), len(self.chunks) if self.is_made("compose") else 0)


def function_of(stage: Stage) -> Callable[[Programme, int, Context], Made[Any]]:
    """What makes a stage's units."""
    module, _, name = stage.function.partition(":")
    found: Callable[[Programme, int, Context], Made[Any]] = getattr(import_module(module), name)
    return found
