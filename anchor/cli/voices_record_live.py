"""A session at work: watching the folder for recordings, and recording sentence by sentence."""

from __future__ import annotations

import select
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.cli.guard import stdout
from anchor.cli.language import shown
from anchor.cli.voices_record_show import TRAIN, show_prompt, show_take
from anchor.messages import Message, message

if TYPE_CHECKING:
    from anchor.cli.stop import Stop
    from anchor.media.microphone import Microphone
    from anchor.media.tool import FFmpeg
    from anchor.workshop.voices.session.folder import Session, Take
    from anchor.workshop.voices.session.prompts import Prompt
    from anchor.workshop.voices.session.recording_check import Checker

POLL_S = 0.5
SETTLED_S = 1.0
"""A file that has not grown for so long is whole."""
COUNTDOWN = (3, 2, 1)
BEAT_S = 0.6


def watch_folder(session: Session, checker: Checker, stop: Stop) -> None:
    """Check what comes into the folder until every sentence is good or somebody stops it."""
    from anchor.core.errors import JobCancelled

    console = stdout()
    asked: int | None = None
    while True:
        ready = [(p, path) for p, path in session.unchecked(checker.listener_name) if _settled(path)]
        for prompt, path in ready:
            take = checker.check(prompt, path, stop.asked)
            session.keep(take)
            show_take(console, take, session.usual_db)
            asked = None
        left = session.to_do()
        if not left:
            command = f"{TRAIN} {session.folder} --name …"
            console.print(shown(message("cli.all-done", command=command)), markup=False)
            return
        if asked != left[0].number:
            asked = left[0].number
            show_prompt(console, left[0])
            console.print(f"→ {session.folder / left[0].name}.wav", markup=False)
        if stop.asked():
            raise JobCancelled(message("cli.stopped-by-you"))
        time.sleep(POLL_S)


def _settled(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime >= SETTLED_S
    except FileNotFoundError:
        return False


def record_here(session: Session, checker: Checker, stop: Stop, wanted: str, sentence: int | None) -> None:
    """Record what is to be done, or one sentence; everything is kept as it is made.

    Raises:
        MediaError: no microphone, or it gives nothing.
        ScriptError: nobody sits at the terminal.
    """
    from anchor.cli.environment import settings
    from anchor.core.errors import ScriptError
    from anchor.media.microphone import find_microphone
    from anchor.media.tool import find_ffmpeg
    from anchor.workshop.voices.session.prompts import prompt_of

    if not sys.stdin.isatty():
        raise ScriptError(message("cli.needs-terminal"), hint=message("cli.watch-or-terminal"))
    ffmpeg = find_ffmpeg(settings().ffmpeg)
    microphone = find_microphone(ffmpeg, wanted)
    console = stdout()
    line = message("cli.microphone", label=microphone.label, name=str(microphone))
    console.print(shown(line), markup=False)
    for prompt in (prompt_of(sentence),) if sentence is not None else session.to_do():
        while True:
            show_prompt(console, prompt)
            if _key(message("cli.ask-start"), stop) == "q":
                return
            take = _one(session, checker, stop, ffmpeg, microphone, prompt)
            show_take(console, take, session.usual_db)
            if not _again(session, stop, take):
                break


def _one(
    session: Session, checker: Checker, stop: Stop, ffmpeg: FFmpeg, microphone: Microphone, prompt: Prompt
) -> Take:
    """Count down, record until Enter, check."""
    from anchor.media.microphone import record

    console = stdout()
    path = session.folder / f"{prompt.name}.wav"
    for number in COUNTDOWN:
        console.print(f"{number}… ", end="", markup=False)
        time.sleep(BEAT_S)
    console.print(shown(message("cli.recording")), style="bold red", markup=False)
    record(ffmpeg, microphone, path, lambda: stop.asked() or _pressed())
    take = checker.check(prompt, path, stop.asked)
    session.keep(take)
    return take


def _again(session: Session, stop: Stop, take: Take) -> bool:
    """Let it be heard; whether to record it once more."""
    from anchor.media.player import file_player, play_file

    program = file_player()
    ask = message("cli.ask-next-or-play" if program else "cli.ask-next")
    while True:
        key = _key(ask, stop)
        if key == "p" and program:
            play_file(program, session.folder / take.file, stop.asked)
            continue
        return key == "r"


def _pressed() -> bool:
    """Whether a line came from the terminal; it is read away."""
    if select.select([sys.stdin], [], [], 0)[0]:
        sys.stdin.readline()
        return True
    return False


def _key(question: Message, stop: Stop) -> str:
    """The first letter of an answer; empty for Enter.

    Raises:
        JobCancelled: somebody stopped the program, or closed the terminal.
    """
    from anchor.core.errors import JobCancelled

    stdout().print(shown(question), end="", markup=False)
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        if stop.asked():
            raise JobCancelled(message("cli.stopped-by-you"))
    line = sys.stdin.readline()
    if not line:
        raise JobCancelled(message("cli.stopped-by-you"))
    return line.strip().lower()[:1]
