"""The table of layer kinds: what a graphic is called, what it shows, when it stands and how it moves."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Shows = Literal["opening", "after-opening", "programme", "story", "cue", "speech"]
"""While the opening title stands, from there on, or throughout; from the beginning of every story and at cues that
change it; at cues alone; with every caption."""
Until = Literal["segment", "story", "programme"]
"""What ends a layer that came with a story or a cue, unless the next of its kind or the look's `frames` end it."""
Moves = Literal["enters", "stands", "swaps", "runs"]
"""Enters and leaves; never moves; enters, and its text is exchanged while the bar stands; enters, and its text runs
through from right to left."""
FieldSource = Literal[
    "",
    "script.title",
    "script.subtitle",
    "script.date",
    "story.headline",
    "presenter.name",
    "presenter.title",
    "caption",
    "ai-label",
]
"""Where a field's text comes from when no mark gives it."""


@dataclass(frozen=True, slots=True)
class LayerField:
    """One thing that a layer shows."""

    name: str
    label: str
    type: Literal["text", "picture"] = "text"
    max: int = 0
    """Most characters; 0: no limit, or a picture."""
    required: bool = False
    """Nothing is shown without it."""
    source: FieldSource = ""


@dataclass(frozen=True, slots=True)
class LayerKind:
    """One row of the table."""

    id: str
    """As looks and plans name it."""
    label: str
    """For people."""
    shows: Shows
    fields: tuple[LayerField, ...] = ()
    """In the order in which the mark names them, parted by bars."""
    mark: tuple[str, ...] = ()
    """Words of the mark that shows it, the one that hints name first; empty: no mark does."""
    former: tuple[str, ...] = ()
    """Words that mean something else everywhere else: still read, with a notice, never offered."""
    off: tuple[str, ...] = ()
    """Words of the mark that takes it away."""
    bare: Literal["", "off", "source"] = ""
    """What the mark without a field does: it is refused, takes the layer away, or shows the fields' sources."""
    until: Until = "programme"
    moves: Moves = "enters"
    placement: Literal["plain", "with-ots"] = "plain"
    """Where a look puts the presenter meanwhile."""
    nearest: tuple[str, ...] = ()
    """Kinds that stand in where a look lacks this one, best first."""
    required: bool = False
    """Every look has it."""
    poster: bool = False
    """The clip's poster is taken while the first one stands."""

    @property
    def running(self) -> str:
        """The field whose text is exchanged or runs; empty: this kind has no text."""
        return next((field.name for field in self.fields if field.type == "text"), "")

    def field(self, name: str) -> LayerField:
        """The field of that name."""
        return next(field for field in self.fields if field.name == name)

    def shown(self, values: Mapping[str, str]) -> bool:
        """Whether these values show anything."""
        lacking = any(field.required and not values.get(field.name) for field in self.fields)
        return not lacking and (not self.fields or any(values.values()))


def _kind(name: str, row: dict[str, Any]) -> LayerKind:
    fields = tuple(LayerField(key, **field) for key, field in row.pop("fields", {}).items())
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return LayerKind(name, fields=fields, **plain)


def _load() -> dict[str, LayerKind]:
    text = Path(__file__).with_name("layers.toml").read_text(encoding="utf-8")
    return {name: _kind(name, row) for name, row in tomllib.loads(text).items()}


LAYERS: Mapping[str, LayerKind] = _load()
"""Every kind by its id."""
