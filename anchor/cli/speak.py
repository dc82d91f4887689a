"""`anchor speak`: a text becomes sound, with its exact timeline; or is heard while it is made."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption, QuietOption, TextArgument, VoiceOption
from anchor.messages import Field as MessageField
from anchor.messages import message

if TYPE_CHECKING:
    from anchor.cli.script_input import Given
    from anchor.cli.stop import Stop

STDOUT = Path("-")


def speak(
    text: TextArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="A.wav|-", help="The sound: WAV, mono, 48 kHz; -: to stdout while it is made."
        ),
    ] = None,
    timeline: Annotated[
        Path | None, typer.Option("--timeline", metavar="T.json", help="Phonemes and captions in samples.")
    ] = None,
    voice: VoiceOption = None,
    play: Annotated[bool, typer.Option("--play", help="Let it be heard here while it is made.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Speak a text to a WAV file, or aloud.

    `-o A.wav` makes the finished sound: levelled, with its timeline. `-o -` and `--play` begin with the first words
    while the rest is still made, at the voice's own rate and level.
    """
    with guarded(as_json=json, text=text if text != "-" else None) as stop:
        from anchor.cli.script_input import read_given

        if play and out is not None and out != STDOUT:
            raise typer.BadParameter(shown(message("cli.play-file-later")), param_hint="--play")
        if out is None and not play:
            raise typer.BadParameter(shown(message("cli.name-output")), param_hint="-o")
        given = read_given(text)
        if play or out is None or out == STDOUT:
            if timeline is not None or json:
                raise typer.BadParameter(shown(message("cli.needs-file")), param_hint="-o")
            _listen(given, voice, stop, to_stdout=out == STDOUT, play=play)
        else:
            _write(given, out, timeline, voice, stop, json=json, quiet=quiet)


def _listen(given: Given, voice: str | None, stop: Stop, *, to_stdout: bool, play: bool) -> None:
    """The sound while it is made."""
    from contextlib import ExitStack

    from anchor.cli.environment import settings
    from anchor.cli.progress import Bars
    from anchor.media.player import Player
    from anchor.pipeline.services import Services
    from anchor.pipeline.text_stream import stream_text
    from anchor.speech.stream import pcm16, wav_head

    pace = given.script.segments[0].pace if given.script else 0
    with ExitStack() as stack:
        bars = stack.enter_context(Bars(quiet=False))
        services = stack.enter_context(Services(settings()))
        stack.enter_context(given.places())
        rate, pieces = stream_text(given.text, voice, services, bars.emit, stop.asked, pauses=given.pauses, pace=pace)
        player = stack.enter_context(Player(rate)) if play else None
        if to_stdout:
            sys.stdout.buffer.write(wav_head(rate))
        for piece in pieces:
            octets = pcm16(piece)
            if to_stdout:
                sys.stdout.buffer.write(octets)
                sys.stdout.buffer.flush()
            if player is not None:
                player.hear(octets)


def _write(
    given: Given, out: Path, timeline: Path | None, voice: str | None, stop: Stop, *, json: bool, quiet: bool
) -> None:
    """The finished sound in a file."""
    from anchor.cli.environment import settings
    from anchor.cli.paths import check_output
    from anchor.cli.progress import Bars
    from anchor.cli.read import with_spans_of
    from anchor.core.files import storage_errors
    from anchor.pipeline.run import speak_text
    from anchor.pipeline.services import Services
    from anchor.speech.timeline import timeline_document

    sources = (Path(given.file),) if given.file else ()
    check_output(out, (".wav",), sources)
    if timeline is not None:
        check_output(timeline, (".json",), sources)
    with Bars(quiet=quiet or json) as bars, Services(settings()) as services, given.places():
        # One text, one pace: that of the script's first paragraph.
        pace = given.script.segments[0].pace if given.script else 0
        utterance, track, captions = speak_text(
            given.text, voice, out, services, bars.emit, stop.asked, pauses=given.pauses, pace=pace
        )
    if timeline is not None:
        document = with_spans_of(timeline_document(utterance, track.timeline, captions), given)
        with storage_errors(timeline):
            timeline.write_text(json_format.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")
    seconds = track.timeline.samples / track.timeline.rate
    if json:
        files = [{"kind": "audio", "path": str(out)}]
        files += [{"kind": "timeline", "path": str(timeline)}] if timeline is not None else []
        say({"files": files, "duration_s": seconds, "lufs": track.lufs, "dbtp": track.dbtp, "voice": track.voice})
    elif not quiet:
        made: dict[str, MessageField] = {"path": str(out), "seconds": seconds, "lufs": track.lufs, "dbtp": track.dbtp}
        stdout().print(shown(message("cli.sound-made", voice=track.voice, **made)), markup=False)
