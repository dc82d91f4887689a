"""`anchor speak`: a text becomes sound, with its exact timeline."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.options import Json, Quiet, TextArgument, Voice


def speak(
    text: TextArgument,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="A.wav", help="The sound: WAV, mono, 48 kHz.")],
    timeline: Annotated[
        Path | None, typer.Option("--timeline", metavar="T.json", help="Phonemes and captions in samples.")
    ] = None,
    voice: Voice = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Speak a text to a WAV file."""
    with guarded(as_json=json, text=text if text != "-" else None) as stop:
        from anchor.cli.given import read_given
        from anchor.cli.paths import check_output
        from anchor.cli.read import with_spans_of
        from anchor.cli.surroundings import settings

        given = read_given(text)
        sources = (Path(given.file),) if given.file else ()
        check_output(out, (".wav",), sources)
        if timeline is not None:
            check_output(timeline, (".json",), sources)

        from anchor.cli.progress import Bars
        from anchor.pipeline.run import speak_text
        from anchor.pipeline.services import Services
        from anchor.pipeline.store import storage_errors
        from anchor.speech.timeline import timeline_document

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
            stdout().print(
                f"{out}: {seconds:.2f} s, {track.lufs:.1f} LUFS, {track.dbtp:.1f} dBTP, voice {track.voice}",
                markup=False,
            )
