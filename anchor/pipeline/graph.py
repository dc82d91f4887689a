"""The one graph of stages: every door, dispatcher and counter reads this table and knows no stage by name.

A stage is a row here and a function. A unit is one piece of a stage's work: of the script, of a segment, or of a chunk
of the picture. `anchor render` walks the graph with threads, jobs hand its units to whoever has time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from anchor.core.errors import JobError
from anchor.messages import message


class Per(StrEnum):
    """What one unit of a stage is about."""

    SCRIPT = "script"
    SEGMENT = "segment"
    CHUNK = "chunk"


@dataclass(frozen=True, slots=True)
class Stage:
    """One row."""

    name: str
    version: int
    """Bump it when the stage's output would change."""
    per: Per
    after: tuple[str, ...]
    """Whose results it needs: of the same segment or chunk where both have one, else all of them."""
    function: str
    """`module:name` of `(Programme, index, Context) -> Made`; imported on use."""
    queue: str = "cpu"
    """Of a farm, unless the settings send the stage to `gpu`."""
    limit_s: float = 7200.0
    """A unit that takes longer is stuck, unless the settings say another limit."""
    weight: int = 1
    """How much of the way the stage is, however many units it has."""
    begins: int = 0
    """Within one urgency, what ends a job (0) goes before what begins one (up to 2): of many the first is soon done."""
    speaks: bool = False
    """Needs the speech engines; they are left before anything else begins."""
    alone: bool = False
    """Fills a machine by itself: never two of them in one process."""
    sources: tuple[str, ...] = ()
    """Packages whose code is part of the key, beside the version."""


_LANGUAGE = ("anchor.mandarin",)
_PLAN = ("anchor.pipeline.plan", "anchor.graphics")
_DRAW = ("anchor.pipeline.draw", "anchor.graphics", "anchor.face", "anchor.media")
_AT = "anchor.pipeline.stages"

STAGES: dict[str, Stage] = {
    row.name: row
    for row in (
        Stage("prepare", 1, Per.SCRIPT, (), f"{_AT}.speech:prepare", "cpu", 600, 1, 2, speaks=True, sources=_LANGUAGE),
        Stage("speak", 2, Per.SEGMENT, ("prepare",), f"{_AT}.speech:speak", "cpu", 3600, 1, 1, speaks=True),
        Stage("sync", 7, Per.SEGMENT, ("speak",), f"{_AT}.speech:sync", "cpu", 7200, 2, 1),
        Stage("compose", 4, Per.SCRIPT, ("sync",), f"{_AT}.plan:compose", "cpu", 7200, 1, sources=_PLAN),
        Stage("sound", 1, Per.SCRIPT, ("compose",), f"{_AT}.delivery:sound", "cpu", 1800, 1),
        Stage(
            "render", 3, Per.CHUNK, ("compose",), f"{_AT}.picture:render", "render", 7200, 8, alone=True, sources=_DRAW
        ),
        Stage("look", 1, Per.CHUNK, ("render",), f"{_AT}.picture:look", "render", 7200, 1),
        Stage("deliver", 3, Per.SCRIPT, ("render",), f"{_AT}.delivery:deliver", "cpu", 1800, 1),
        Stage("join", 2, Per.SCRIPT, ("render", "sound"), f"{_AT}.delivery:join", "render", 7200, 1),
        Stage("check", 4, Per.SCRIPT, ("join", "look", "deliver"), f"{_AT}.delivery:check", "cpu", 7200, 1),
    )
}
"""In order: a stage stands behind all that it comes after."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of a job's work."""

    stage: str
    """One of `STAGES`."""
    index: int = 0
    """Of the segment or the chunk; 0 for a stage of the script."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many units the stages of one script have."""

    segments: int
    chunks: int = 0
    """0: not cut yet."""

    def of(self, per: Per) -> int:
        """Units of a stage that is made per this."""
        return {Per.SCRIPT: 1, Per.SEGMENT: self.segments, Per.CHUNK: self.chunks}[per]


def stage_of(name: str) -> Stage:
    """The row of that name.

    Raises:
        JobError: there is none.
    """
    if name not in STAGES:
        raise JobError(message("pipeline.no-stage", name=name), hint=message("pipeline.there-are", known=tuple(STAGES)))
    return STAGES[name]


def version_of(name: str) -> tuple[object, ...]:
    """What a stage's keys begin with: name, version and the digests of its sources."""
    from anchor.core.source import source_digest

    stage = STAGES[name]
    return (name, stage.version, *(source_digest(package) for package in stage.sources))


def followers(name: str) -> tuple[str, ...]:
    """The stages that need one directly."""
    return tuple(row.name for row in STAGES.values() if name in row.after)


def up_to(*goals: str) -> tuple[str, ...]:
    """These stages and all that they need, in order."""
    wanted = set(goals)
    for row in reversed(STAGES.values()):
        wanted |= {*row.after} if row.name in wanted else set()
    return tuple(name for name in STAGES if name in wanted)


def needs(unit: Unit, sizes: Sizes) -> tuple[Unit, ...]:
    """The units that must be done before this one can start."""
    stage = stage_of(unit.stage)
    found: list[Unit] = []
    for before in (STAGES[name] for name in stage.after):
        if before.per is stage.per:
            found.append(Unit(before.name, unit.index))
        else:
            # Chunks that nobody has cut yet: the first one stands for them, and is not done.
            found += (Unit(before.name, index) for index in range(sizes.of(before.per) or 1))
    return tuple(found)


def units_of(sizes: Sizes, stages: Iterable[str] = ()) -> tuple[Unit, ...]:
    """Every unit of these stages (empty: of all), as far as they are known, in order."""
    return tuple(Unit(name, index) for name in stages or STAGES for index in range(sizes.of(STAGES[name].per)))


def startable(done: Collection[Unit], sizes: Sizes, stages: Iterable[str] = ()) -> tuple[Unit, ...]:
    """Units of these stages (empty: of all) that are not done and whose needs are."""
    return tuple(u for u in units_of(sizes, stages) if u not in done and all(n in done for n in needs(u, sizes)))
