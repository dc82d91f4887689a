"""`anchor voices check`: whether a voice can go on air, and how well it is understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption, QuietOption
from anchor.core.errors import PackError, QualityError
from anchor.core.quality import CheckReport
from anchor.messages import message

if TYPE_CHECKING:
    from anchor.cli.stop import Stop
    from anchor.pipeline.services import Services
    from anchor.workshop.voices.evaluation.recognition import Heard
    from anchor.workshop.voices.evaluation.sentences import EvaluationSentence

DEFAULT = 60
WORST = 5


def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the voice.")],
    listen: Annotated[
        bool, typer.Option("--listen", help=f"Have a recogniser listen to {DEFAULT} sentences; some minutes.")
    ] = False,
    sentences: Annotated[
        int | None, typer.Option("--sentences", metavar="N", min=1, help="Listen to the first N of 300 sentences.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Listen to all 300 sentences.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check a voice: hashes, licence, a spoken sentence measured, how well it is understood; exit 7 if it fails.

    To listen it needs the extra `evaluate` and the models `whisper`. Sentences that were heard are remembered: broken
    off, the same goes on.
    """
    with guarded(as_json=json) as stop:
        from anchor.cli.check import report_document, show_report
        from anchor.cli.environment import settings
        from anchor.pipeline.services import Services
        from anchor.workshop.voices.check import check_voice
        from anchor.workshop.voices.evaluation.recognition import items_of, understanding_of

        wanted = _wanted(listen, sentences or 0, everything)
        with Services(settings()) as services:
            report = check_voice(name, services, stop.asked)
            heard = _heard(name, wanted, services, stop, quiet or json) if wanted else ()
        if heard:
            report = CheckReport((*report.items, *items_of(understanding_of(heard))))
        if json:
            say(report_document(report) | ({"understanding": understanding_document(heard)} if heard else {}))
        else:
            show_report(report)
            _show_heard(heard) if heard else _point(name)
        if not report.passed:
            raise typer.Exit(QualityError.exit_status)


def _wanted(listen: bool, count: int, everything: bool) -> tuple[EvaluationSentence, ...]:
    """The sentences to be heard; none: nobody listens."""
    from anchor.workshop.voices.evaluation.sentences import all_sentences, first_sentences

    if everything and count:
        raise PackError(message("cli.all-or-some"), hint=message("cli.give-one"))
    if everything:
        return all_sentences()
    return first_sentences(count or DEFAULT) if count or listen else ()


def _heard(
    name: str, sentences: tuple[EvaluationSentence, ...], services: Services, stop: Stop, quiet: bool
) -> tuple[Heard, ...]:
    from anchor.cli.progress import Bars, stage_teller
    from anchor.workshop.voices.intelligibility import hear_voice

    stop.left = message("cli.left-heard")
    with Bars(quiet=quiet) as bars:
        return hear_voice(name, sentences, services, stage_teller(bars), stop.asked)


def _show_heard(heard: tuple[Heard, ...]) -> None:
    """What is not judged, and the sentences that were understood worst, with what was heard."""
    from anchor.workshop.voices.evaluation.recognition import notes_of, understanding_of, worst

    console = stdout()
    for note in notes_of(understanding_of(heard)):
        console.print(f"  {shown(note)}", markup=False)
    misheard = worst(heard, WORST)
    if misheard:
        console.print(f"\n{shown(message('cli.understood-worst'))}", markup=False)
    for h in misheard:
        wrong, text = h.errors.toned, h.text or message("cli.heard-nothing")
        line = message("cli.misheard", id=h.sentence.id, wrong=wrong, syllables=h.errors.syllables)
        console.print(shown(line), markup=False)
        console.print(shown(message("cli.said", text=h.sentence.text)), markup=False)
        console.print(shown(message("cli.heard", text=text)), markup=False)


def _point(name: str) -> None:
    stderr().print(shown(message("cli.how-understood", name=name)), markup=False)


def understanding_document(heard: tuple[Heard, ...]) -> dict[str, object]:
    """What was heard as JSON types."""
    from anchor.workshop.voices.evaluation.recognition import understanding_of

    found = understanding_of(heard)
    errors = found.errors
    return {
        "spoken_by": [{"voice": voice, "engine": engine} for voice, engine in found.spoken_by],
        "syllables": errors.syllables,
        "misheard": round(errors.toned_rate, 4),
        "misheard_without_tones": round(errors.toneless_rate, 4),
        "wrong_characters": round(errors.character_rate, 4),
        "pace": round(found.pace, 1),
        "pace_without_pauses": round(found.sounding_pace, 1),
        "pauses_ms": {kind.value: ms for kind, ms in found.pauses},
        "lufs": [round(level, 1) for level in found.lufs],
        "dbtp": round(found.dbtp, 1),
        "clipped_samples": found.clipped,
        "dnsmos": {
            "overall": round(found.opinion.overall, 2),
            "speech": round(found.opinion.speech, 2),
            "background": round(found.opinion.background, 2),
        },
        "sentences": [_sentence(h) for h in heard],
    }


def _sentence(h: Heard) -> dict[str, object]:
    return {
        "id": h.sentence.id,
        "section": h.sentence.section,
        "text": h.sentence.text,
        "heard": h.text,
        "syllables": h.errors.syllables,
        "misheard": h.errors.toned,
        "misheard_without_tones": h.errors.toneless,
        "pace": round(h.pace, 1),
        "dnsmos": round(h.opinion.overall, 2),
    }
