"""`anchor voices record`: a hundred sentences to read for a voice, each recording checked as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.messages import message

if TYPE_CHECKING:
    from anchor.cli.stop import Stop
    from anchor.workshop.voices.session.folder import Session
    from anchor.workshop.voices.session.recording_check import Checker

SHEET = "sheet.html"
"""The page to print, in the session's folder."""


def record(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The session's folder; made if it is not there.")],
    check: Annotated[
        bool, typer.Option("--check", help="Check what lies in the folder; exit 7 when something is to be repeated.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check each recording the moment it lies in the folder; Ctrl-C ends.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--record", help="Record here, sentence by sentence: countdown, check, playback, repeat.")
    ] = False,
    microphone: Annotated[
        str, typer.Option("--microphone", metavar="NAME", help="With --record: part of its name; else the default one.")
    ] = "",
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="OUT.html", help="Write the page to print and stop.")
    ] = None,
    sentence: Annotated[
        int | None, typer.Option("--sentence", min=1, metavar="N", help="Show or record this one alone.")
    ] = None,
    listen: Annotated[
        bool, typer.Option("--listen/--no-listen", help="Let Whisper compare what is said with the sentence.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Read a hundred sentences for a voice of your own.

    \b
    anchor voices record DIR           make the folder, show the next sentence
    anchor voices record DIR --record  record here with a microphone
    anchor voices record DIR --watch   record elsewhere, save NNN.wav in DIR
    anchor voices record DIR --check   what is good, what to repeat and why

    The sentences hold nearly every syllable of running news. Each recording
    is measured (level, clipping, noise, hum, reverberation, silence at the
    ends, bandwidth, pace), and a recogniser hears whether it says the
    sentence. Stop when you like: the same command goes on where you were.
    Then: anchor voices train DIR. More: docs/own-voice.md.
    """
    with guarded(as_json=json) as stop:
        if sheet is not None:
            _write_sheet(sheet, json)
            return
        from anchor.cli.voices_record_live import record_here, watch_folder
        from anchor.cli.voices_record_show import show_status, status_document

        session = _session(folder)
        if check or watch or live:
            with _checker(listen) as checker:
                if live:
                    record_here(session, checker, stop, microphone, sentence)
                elif watch:
                    watch_folder(session, checker, stop)
                else:
                    _check(session, checker, stop, json)
            return
        say(status_document(session, sentence)) if json else show_status(session, sentence)


def _check(session: Session, checker: Checker, stop: Stop, as_json: bool) -> None:
    """Check what is new, show everything.

    Raises:
        Exit: status 7, when something is to be repeated.
    """
    from anchor.cli.voices_progress import checking_teller
    from anchor.cli.voices_record_show import checked_document, show_checked
    from anchor.core.errors import QualityError

    fresh = session.unchecked(checker.listener_name)
    with checking_teller() as tell:
        for done, (prompt, path) in enumerate(fresh, 1):
            session.keep(checker.check(prompt, path, stop.asked))
            tell(done, len(fresh))
    say(checked_document(session)) if as_json else show_checked(session)
    if any(not take.good(session.usual_db) for take in session.takes):
        raise typer.Exit(QualityError.exit_status)


def _session(folder: Path) -> Session:
    """The folder with its texts and its sheet."""
    from anchor.workshop.voices.session.folder import Session, prepare_folder

    prepare_folder(folder)
    if not (folder / SHEET).exists():
        _write_page(folder / SHEET)
    return Session(folder)


def _write_sheet(path: Path, as_json: bool) -> None:
    from anchor.cli.guard import stdout
    from anchor.cli.paths import check_output

    check_output(path, (".html", ".htm"))
    _write_page(path)
    if as_json:
        say({"files": [{"kind": "page", "path": str(path)}]})
    else:
        stdout().print(shown(message("cli.print-page", path=str(path))), markup=False)


def _write_page(path: Path) -> None:
    from anchor.core.files import storage_errors
    from anchor.mandarin.reader import Reader
    from anchor.workshop.voices.session.prompts import prompts
    from anchor.workshop.voices.session.reading_sheet import sheet_page

    with storage_errors(path):
        path.write_text(sheet_page(prompts(), Reader()), encoding="utf-8")


@contextmanager
def _checker(listen: bool) -> Iterator[Checker]:
    """A checker with all that is here."""
    from anchor.cli.environment import settings
    from anchor.cli.voices_listening import open_recogniser
    from anchor.mandarin.reader import Reader
    from anchor.media.tool import find_ffmpeg
    from anchor.speech.recogniser import SET
    from anchor.workshop.voices.session.recording_check import Checker

    here = settings()
    with open_recogniser(here.models, wanted=listen) as recogniser:
        yield Checker(find_ffmpeg(here.ffmpeg), Reader(), recogniser, SET)
