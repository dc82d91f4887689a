"""What an editor wrote: the script, its stories, segments and cues."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from anchor.core.errors import Place
from anchor.core.events import Notice
from anchor.core.time import Span


class SegmentKind(StrEnum):
    """How a segment is presented; the field's own terms."""

    READER = "READER"
    """Presenter on camera (乾稿)."""
    VO = "VO"
    """Presenter's voice over pictures."""
    SOT = "SOT"
    """Supplied clip with its own sound."""
    PKG = "PKG"
    """Finished reporter package."""


PAUSE = "pause"
"""Kind of a cue that is heard, not seen: field `ms`."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that happens when speech reaches character `at` of the segment's text."""

    kind: str
    """`PAUSE`, or the kind of a layer (layers.toml): its fields, pictures as absolute paths; all empty: taken away."""
    at: int
    fields: tuple[tuple[str, str], ...]
    place: Place

    def field(self, name: str, default: str = "") -> str:
        """The value of one field."""
        return dict(self.fields).get(name, default)


@dataclass(frozen=True, slots=True)
class TextRun:
    """Ties a stretch of a segment's text to the file it came from."""

    at: int
    """Offset in the segment's text where the run begins."""
    line: int
    """From 1."""
    column: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class Presenter:
    """Who may speak in this script."""

    key: str
    """How the script's marks call the presenter."""
    avatar: str
    """Avatar pack name; empty: the look's or the command's default."""
    voice: str
    """Voice pack name; empty: the avatar's own."""
    name: str = ""
    """As shown in lower thirds."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One paragraph by one presenter: the unit that is spoken, synced and cached."""

    id: str
    """Unique in the script and stable under edits elsewhere: `s1.2` = story 1, paragraph 2."""
    story: int
    """Index into `Script.stories`."""
    kind: SegmentKind
    presenter: str
    """`Presenter.key`."""
    text: str
    """What is read, marks removed, paragraphs' line breaks joined."""
    cues: tuple[Cue, ...] = ()
    runs: tuple[TextRun, ...] = ()
    """Ascending `at`, the first at 0."""
    file: str | None = None
    pace: int = 0
    """Characters a minute, pauses included; 0: the voice's own pace."""
    voice: str = ""
    """Voice pack that is heard instead of the presenter's (a quotation); empty: the presenter's own."""

    def place(self, span: Span) -> Place:
        """Where characters `span` of the text stand in the file."""
        line, column = None, None
        for run in self.runs:
            if run.at <= span.start:
                line, column = run.line, run.column + span.start - run.at
        return Place(file=self.file, line=line, column=column, segment=self.id, span=span)


@dataclass(frozen=True, slots=True)
class Story:
    """One item of the rundown."""

    slug: str
    headline: str
    """The heading, shown in the headline bar; may be empty."""


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script, ready for the prepare stage."""

    slug: str
    title: str
    date: str
    """ISO 8601 date or empty."""
    language: str
    """BCP 47, `zh-Hant-TW`."""
    look: str
    """Look pack name or empty."""
    presenters: tuple[Presenter, ...]
    stories: tuple[Story, ...]
    segments: tuple[Segment, ...]
    subtitle: str = ""
    """Second line of the opening title."""
    embargo: str = ""
    """ISO 8601 instant with offset before which the clip does not go out; empty: none."""
    use: str = "news"
    """What the clip is for, as consent records name it: `news`, `events` …"""
    programme: str = ""
    """As consent records name it; empty: none named."""
    territory: str = ""
    """Where it is shown, as consent records name it; empty: not said."""
    together: tuple[str, ...] = ()
    """Keys of the two or three presenters who share the picture, left to right; empty: whoever speaks, alone."""
    notices: tuple[Notice, ...] = ()
    """What its author should look at."""

    def presenter(self, key: str) -> Presenter:
        """The presenter that the script calls `key`."""
        return next(p for p in self.presenters if p.key == key)
