"""Every error that Anchor raises on purpose.

AnchorError
├── ScriptError        422, exit 2   the script or text cannot be read as given
├── PackError          409, exit 3   a voice, avatar or look is missing or broken
├── EngineError        502, exit 4   an engine failed on this input
│   └── EngineUnavailable 503, exit 4, retryable   the engine cannot run here or now
├── MediaError         500, exit 5   ffmpeg or a media file
│   └── MediaKilled    503, exit 5, retryable   the system or somebody ended ffmpeg
├── StorageError       503, exit 6, retryable      disk full, cache not writable
├── QualityError       500, exit 7   the finished file misses a limit
├── JobError           404, exit 8
│   ├── JobCancelled   409, exit 8
│   ├── JobConflict    409, exit 8
│   └── QueueFull      429, exit 8, retryable      too many jobs wait
├── ConsentError       403, exit 9   no right to use this face or voice
└── SettingsError      500, exit 10  a setting has a value that is not allowed

Each says what is wrong, where, and what to do (`hint`), as messages that a door shows in its reader's language. The
edges read `code`, `http_status`, `exit_status` and `retryable` from the class and keep no table of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from anchor.core.time import Span
from anchor.messages import Message, message

Hint: TypeAlias = Message | Literal[""]
"""What to do; empty: nothing can be advised."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a person's text something is."""

    file: str | None = None
    line: int | None = None
    """From 1."""
    column: int | None = None
    """From 1, in characters."""
    segment: str | None = None
    """Segment id."""
    span: Span | None = None
    """Characters of the segment's text, or of the text given."""
    field: str | None = None
    """Key in a manifest or front matter."""

    def __str__(self) -> str:
        return self.message

    @property
    def message(self) -> str:
        """The place for a person; empty: it names nothing."""
        parts: list[str] = []
        if self.file:
            where = self.file
            if self.line is not None:
                where += f":{self.line}" + (f":{self.column}" if self.column is not None else "")
            parts.append(where)
        elif self.line is not None and self.column is not None:
            parts.append(message("place.column", line=self.line, column=self.column))
        elif self.line is not None:
            parts.append(message("place.line", line=self.line))
        if self.segment:
            parts.append(message("place.segment", segment=self.segment))
        if self.span is not None and self.line is None:
            parts.append(message("place.characters", start=self.span.start, end=self.span.end))
        if self.field:
            parts.append(message("place.field", field=self.field))
        return parts[0] if len(parts) == 1 else message("place.all", parts=tuple(parts)) if parts else ""


class AnchorError(Exception):
    """Root of the tree; never raised itself."""

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    exit_status: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: Message, *, hint: Hint = "", place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint: Hint = hint
        self.place = place

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place is not None and str(self.place) else ""
        return f"{where}{self.message}" + (f" ({self.hint})" if self.hint else "")


class ScriptError(AnchorError):
    """The script or text cannot be read as given; `place` carries line, column, segment and characters."""

    code = "script"
    http_status = 422
    exit_status = 2


class PackError(AnchorError):
    """A pack is missing, broken or of another kind; the message names its path or the names there are."""

    code = "pack"
    http_status = 409
    exit_status = 3


class EngineError(AnchorError):
    """An engine failed on this input."""

    code = "engine"
    http_status = 502
    exit_status = 4


class EngineUnavailable(EngineError):
    """The engine cannot run here or now (library missing, process died); trying again may help."""

    code = "engine-unavailable"
    http_status = 503
    retryable = True


class MediaError(AnchorError):
    """ffmpeg failed or a media file cannot be used."""

    code = "media"
    http_status = 500
    exit_status = 5

    def __init__(
        self,
        message: Message,
        *,
        hint: Hint = "",
        place: Place | None = None,
        argv: tuple[str, ...] = (),
        stderr: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, place=place)
        self.argv = argv
        self.stderr = stderr[-20:]
        """The last 20 lines that the process wrote to stderr."""


class MediaKilled(MediaError):
    """ffmpeg was ended from outside, most often because memory ran out; trying again may help."""

    code = "media-killed"
    http_status = 503
    retryable = True


class StorageError(AnchorError):
    """A file could not be written or read back: disk full, quota, permission."""

    code = "storage"
    http_status = 503
    exit_status = 6
    retryable = True


class QualityError(AnchorError):
    """The finished file misses a limit; the message names what was measured and what is allowed."""

    code = "quality"
    exit_status = 7


class JobError(AnchorError):
    """No such job, or the job cannot be read."""

    code = "job"
    http_status = 404
    exit_status = 8


class JobCancelled(JobError):
    """Somebody asked for the job to stop."""

    code = "cancelled"
    http_status = 409


class JobConflict(JobError):
    """The job is not in a state that allows this."""

    code = "conflict"
    http_status = 409


class QueueFull(JobError):
    """As many jobs wait as may wait; trying again later helps."""

    code = "queue-full"
    http_status = 429
    retryable = True


class ConsentError(AnchorError):
    """No valid consent for this face or voice; nothing was rendered."""

    code = "consent"
    http_status = 403
    exit_status = 9


class SettingsError(AnchorError):
    """A setting has a value that is not allowed; the message names the key, the value and what is allowed.

    Whoever asks over HTTP cannot mend it: 500. Trying again does not help.
    """

    code = "settings"
    http_status = 500
    exit_status = 10
