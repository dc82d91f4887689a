"""`anchor voices train`: a studio's recordings become a voice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.language import in_a_row, shown
from anchor.cli.options import JsonOption
from anchor.cli.voices_listening import open_recogniser
from anchor.cli.voices_progress import checking_teller, training_teller
from anchor.core.errors import PackError, ScriptError
from anchor.messages import message, os_reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from anchor.cli.stop import Stop
    from anchor.media.tool import FFmpeg
    from anchor.workshop.voices.recordings import DataSet


def train(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="NAME.wav and NAME.txt, a sentence or two each.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Of the voice: a–z, 0–9 and -.")],
    licence: Annotated[str, typer.Option("--licence", metavar="SPDX", help="Under which the voice may be used.")],
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help="Whose voice it is.")],
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="As people see it; else the name.")] = "",
    licence_file: Annotated[
        Path | None, typer.Option("--licence-file", metavar="FILE", help="Text of the licence, for the pack.")
    ] = None,
    consent: Annotated[
        Path | None, typer.Option("--consent", metavar="FILE", help="The speaker's consent, for the pack.")
    ] = None,
    steps: Annotated[
        int, typer.Option("--steps", min=1, help="Batches to learn from, all runs together; a few for a trial.")
    ] = 100_000,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Recordings a step; fewer need less memory.")] = 16,
    size: Annotated[
        str, typer.Option("--size", help="full for a GPU, light for a CPU, tiny to try the way (no speech).")
    ] = "full",
    threads: Annotated[int, typer.Option("--threads", min=0, help="CPU threads; 0: as many as there are.")] = 0,
    skip_faulty: Annotated[
        bool, typer.Option("--skip-faulty", help="Leave out recordings that cannot be used.")
    ] = False,
    work: Annotated[
        Path | None, typer.Option("--work", metavar="DIR", help="For the trainer's files; else DIR/.anchor-training.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Folder that holds voices/; else your own shelf.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Train a voice on recordings, on this machine, into a voice pack.

    \b
    1. anchor voices record DIR --record       read the hundred sentences
    2. anchor voices train DIR --name mei …    learn from them (VITS)
    3. anchor voices check mei                 measure what came of it

    DIR holds NAME.wav and NAME.txt (what is said), a sentence or two each; a
    folder of `voices record` is one. Each recording is checked first; what is
    wrong is named, and --skip-faulty leaves it out.

    Ctrl-C saves and stops; the same command goes on from there, also with
    more --steps. The curve is in DIR/.anchor-training/curve.tsv: its loss_mel
    is what one hears. A good voice takes hours of recordings and days of a
    GPU; docs/own-voice.md says what was measured.
    """
    with guarded(as_json=json) as stop:
        from anchor.cli.environment import settings
        from anchor.cli.faults import text_document
        from anchor.media.tool import find_ffmpeg
        from anchor.workshop.voices.train import SIZES, VoiceCard, train_voice

        _check_name(name)
        if size not in SIZES:
            line = message("cli.no-size", size=size, sizes=tuple(SIZES))
            raise typer.BadParameter(shown(line), param_hint="--size")
        card = VoiceCard(name, label or name, licence, by, _text_of(licence_file), _there(consent))
        here = settings()
        root = into or here.own_shelf or here.models
        place = (work or folder / ".anchor-training").resolve()
        data = _prepared(folder, place, find_ffmpeg(here.ffmpeg), stop.asked)
        if data.faults and not skip_faulty:
            raise _unusable(data)
        line = message("cli.training-begins", count=len(data.clips), seconds=data.seconds, steps=steps)
        stderr().print(shown(line), markup=False)
        line = message("cli.curve-and-log", curve=str(place / "curve.tsv"), log=str(place / "train.log"))
        stderr().print(shown(line), markup=False)
        how = {"steps": steps, "size": size, "batch": batch, "threads": threads}
        with _stopping(stop, json), training_teller() as tell:
            pack = train_voice(data, card, root, place, **how, cancelled=stop.asked, tell=tell)  # type: ignore[arg-type]
        if json:
            faults = [{"file": fault.file, **text_document(fault.why, "why")} for fault in data.faults]
            say({"name": pack.name, "path": str(pack.path), "recordings": len(data.clips), "left_out": faults})
        else:
            for fault in data.faults:
                stderr().print(shown(message("cli.left-out", file=fault.file, why=fault.why)), markup=False)
            stdout().print(shown(message("cli.try-voice", path=str(pack.path), name=pack.name)), markup=False)


def _unusable(data: DataSet) -> ScriptError:
    faults = in_a_row(message("cli.fault-of-file", file=fault.file, why=fault.why) for fault in data.faults[:20])
    what = message("cli.recordings-unusable", count=len(data.faults), faults=faults)
    return ScriptError(what, hint=message("cli.mend-or-skip"))


LISTENER = "lan-espeak"
"""Voice whose exact phonemes the recordings are aligned with."""


@contextmanager
def _stopping(stop: Stop, as_json: bool) -> Iterator[None]:
    """A training that was stopped was not in vain, and says so."""
    from anchor.cli.faults import error_document
    from anchor.core.errors import JobCancelled

    try:
        yield
    except JobCancelled as error:
        if as_json:
            say({"error": error_document(error)})
        else:
            stderr().print(shown(in_a_row((error.message, error.hint))), markup=False)
        raise typer.Exit(stop.exit_status) from None


def _prepared(folder: Path, work: Path, ffmpeg: FFmpeg, asked: Callable[[], bool]) -> DataSet:
    from anchor.cli.environment import settings
    from anchor.core.errors import StorageError
    from anchor.mandarin.reader import Reader
    from anchor.packs import Shelf, find_pack
    from anchor.registry import speech_engine
    from anchor.speech.voice import resolve_voice
    from anchor.workshop.voices.recordings import prepare_recordings

    if not folder.is_dir():
        what = message("cli.not-a-folder", path=str(folder))
        raise ScriptError(what, hint=message("cli.folder-of-recordings"))
    clips = work / "clips"
    try:
        clips.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = message("cli.cannot-make", path=str(clips), reason=os_reason(error))
        raise StorageError(what, hint=message("cli.another-work")) from error
    here = settings()
    listener = resolve_voice(find_pack(Shelf.VOICES, LISTENER, here.shelves))
    heard_by = open_recogniser(here.models)
    with speech_engine(listener.engine) as engine, heard_by as recogniser, checking_teller() as tell:
        return prepare_recordings(folder, clips, Reader(), ffmpeg, asked, (engine, listener), recogniser, tell)


def _check_name(name: str) -> None:
    import re

    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise PackError(message("cli.no-voice-name", name=name), hint=message("cli.voice-name-like"))


def _there(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise PackError(message("cli.not-there", path=str(path)), hint=message("cli.name-a-file-there"))
    return path


def _text_of(path: Path | None) -> str:
    found = _there(path)
    return "" if found is None else found.read_text(encoding="utf-8")
