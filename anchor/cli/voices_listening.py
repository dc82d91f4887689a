"""The recogniser where this machine has one, and what to say where it has none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.cli.guard import stderr
from anchor.cli.language import in_a_row, shown
from anchor.messages import message

if TYPE_CHECKING:
    from anchor.speech.recogniser import Recogniser


@contextmanager
def open_recogniser(models: Path, *, wanted: bool = True) -> Iterator[Recogniser | None]:
    """Whisper, loaded at its first sentence; None where it is not wanted or not here, which is said on stderr."""
    from anchor.models.files import state_of
    from anchor.speech.recogniser import INSTALL, SET, Recogniser

    library = find_spec("ctranslate2") is not None
    if wanted and library and state_of(SET, models) == "whole":
        with Recogniser(models, threads=1) as recogniser:
            yield recogniser
        return
    if wanted:
        pull = f"anchor models pull {SET}"
        cure = pull if library else in_a_row((INSTALL, pull))
        stderr().print(shown(message("cli.no-recogniser", cure=cure)), markup=False)
    yield None
