"""The recogniser where this machine has one, and what to say where it has none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.cli.guard import stderr

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
        cure = f"anchor models pull {SET}" if library else f"{INSTALL}; anchor models pull {SET}"
        stderr().print(
            f"沒有辨識器，不核對唸的內容。Nobody compares words and text; for that: {cure}",
            markup=False,
        )
    yield None
