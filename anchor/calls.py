"""The front door for Python: `import anchor; anchor.render("script.md", "out.mp4")`.

The package offers what stands here under its own name and imports nothing of it before it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.cli.paths import check_output
from anchor.core.events import Emit, Event
from anchor.settings import Settings, settings_from

if TYPE_CHECKING:
    from anchor.pipeline.run import RenderResult


def _silent(event: Event) -> None:
    """Hear nothing."""


def _never() -> bool:
    return False


def render(
    script: str | Path,
    out: str | Path,
    *,
    avatar: str | None = None,
    voice: str | None = None,
    look: str | None = None,
    rendition: str | None = None,
    narration: str | Path | Mapping[str, str | Path] | None = None,
    emit: Emit = _silent,
    cancelled: Callable[[], bool] = _never,
    settings: Settings | None = None,
) -> RenderResult:
    """Make a finished clip of a script file; captions, poster and manifest come beside it.

    Args:
        script: path of the script; docs/script.md has its grammar.
        out: path of the clip, ending in `.mp4`; nothing is there until the clip is whole.
        avatar: presenter, over the script's; `anchor avatars list`.
        voice: voice, over the script's; `anchor voices list`.
        look: look, over the script's; `anchor looks list`.
        rendition: kind of file: `web-1080p`, `web-720p`, `air-1080p`.
        narration: a recording that reads the script instead of a voice, or one for each of some segments by id
            (`{"s1.2": "b.wav"}`).
        emit: hears of every stage, of progress and of notices, from any thread.
        cancelled: asked often; true stops the work.
        settings: where things are; None: as the `ANCHOR_` variables of this process's environment say.

    Returns:
        The files, how long the clip is, and the quality report: `check.passed` is false when the clip misses a limit.

    Raises:
        AnchorError: any of the tree in `anchor.core.errors`, with the place and what to do.
    """
    from anchor.intake.script import load_script

    source, target = Path(script), Path(out)
    read = load_script(source)
    recited = _recited(narration)
    shown = {cue.field("picture") for segment in read.segments for cue in segment.cues} - {""}
    used = (source, *map(Path, sorted(shown)), *(Path(path) for _, path in recited))
    check_output(target, (".mp4",), used, beside=True)

    from anchor.pipeline.run import Choices, render_script
    from anchor.pipeline.services import Services

    choices = Choices(avatar, voice, look, rendition, recited)
    with Services(settings or settings_from(os.environ)) as services:
        return render_script(read, choices, target, services, emit, cancelled)


def _recited(given: str | Path | Mapping[str, str | Path] | None) -> tuple[tuple[str, str], ...]:
    """(segment id, path) of each recording; the id is empty where one reads the whole script."""
    if given is None:
        return ()
    if isinstance(given, Mapping):
        return tuple((segment, str(path)) for segment, path in given.items())
    return (("", str(given)),)
