"""A program of this machine that lets sound be heard: while it comes through a pipe, or from a file."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from anchor.core.errors import EngineUnavailable
from anchor.media.process import Cancelled, Process
from anchor.messages import message

_FILE_PLAYERS = (
    ("ffplay", "-v", "error", "-nodisp", "-autoexit"),
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("afplay",),
    ("play", "-q"),
)
"""argv but for the file; macOS's own afplay takes nothing else."""


def file_player() -> tuple[str, ...] | None:
    """argv, but for the file, of the first player there is; None: there is none."""
    return next((argv for argv in _FILE_PLAYERS if shutil.which(argv[0])), None)


def play_file(argv: tuple[str, ...], path: Path, cancelled: Cancelled | None = None) -> None:
    """Play a sound to its end.

    Raises:
        MediaError: the player failed.
        JobCancelled: `cancelled` said so.
    """
    with Process((*argv, str(path))) as process:
        process.wait(cancelled)


def player_args(rate: int) -> list[str] | None:
    """argv of the first player there is, reading raw 16-bit mono from stdin; None: there is none."""
    players = (
        ("ffplay", ["-v", "error", "-nodisp", "-autoexit", "-f", "s16le", "-ar", str(rate), "-ch_layout", "mono", "-"]),
        ("pw-play", ["--format", "s16", "--rate", str(rate), "--channels", "1", "-"]),
        ("paplay", ["--raw", "--format=s16le", f"--rate={rate}", "--channels=1"]),
        ("aplay", ["-q", "-t", "raw", "-f", "S16_LE", "-r", str(rate), "-c", "1"]),
        ("play", ["-q", "-t", "raw", "-e", "signed", "-b", "16", "-r", str(rate), "-c", "1", "-"]),
    )
    return next(([program, *args] for name, args in players if (program := shutil.which(name))), None)


class Player:
    """A running player; as a context manager it plays to the end, or stops at once on an error."""

    def __init__(self, rate: int) -> None:
        args = player_args(rate)
        if args is None:
            raise EngineUnavailable(message("media.no-player"), hint=message("media.install-player"))
        self._process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._process.kill()
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def hear(self, octets: bytes) -> None:
        """Sound that follows.

        Raises:
            EngineUnavailable: the player has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(octets)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise EngineUnavailable(message("media.player-ended"), hint=message("media.sound-card")) from error
