"""What a recording session shows: the next sentence, one recording's faults, the whole folder; as text and as JSON."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from anchor.cli.guard import stdout
from anchor.cli.language import shown
from anchor.messages import message

if TYPE_CHECKING:
    from rich.console import Console

    from anchor.mandarin.reader import Reader
    from anchor.workshop.voices.session.folder import Session, Take
    from anchor.workshop.voices.session.prompts import Prompt


TRAIN = "anchor voices train"


@cache
def _reader() -> Reader:
    """The house's readings, without a station's."""
    from anchor.mandarin.reader import Reader

    return Reader()


def show_prompt(console: Console, prompt: Prompt) -> None:
    """A sentence to be read: number, text, readings that are not obvious, what to mind."""
    from rich.text import Text

    from anchor.workshop.voices.session.prompts import minds_of, prompts, spoken_hint

    reader = _reader()
    utterance = reader.read(prompt.text)
    hint = spoken_hint(utterance, reader)
    console.print()
    console.print(Text.assemble((f"{prompt.number}/{len(prompts())}  ", "dim"), (prompt.text, "bold")))
    if hint != prompt.text:
        console.print(Text(shown(message("cli.read-as", hint=hint)), "yellow"))
    for mind in minds_of(utterance):
        console.print(Text(f"·  {mind.zh} {mind.en}", "dim"))


def show_status(session: Session, sentence: int | None) -> None:
    """How far the session is, and what to read next."""
    from anchor.workshop.voices.session.folder import checked_count
    from anchor.workshop.voices.session.prompts import prompt_of, prompts

    console = stdout()
    recorded, good, bad = checked_count(session)
    counts = {"sentences": len(prompts()), "recorded": recorded, "good": good, "bad": bad}
    console.print(shown(message("cli.session-status", folder=str(session.folder), **counts)), markup=False)
    left = session.to_do()
    if sentence is None and not left:
        command = f"{TRAIN} {session.folder} --name … --licence … --by …"
        console.print(shown(message("cli.all-done", command=command)), markup=False)
        return
    chosen = prompt_of(sentence) if sentence is not None else left[0]
    show_prompt(console, chosen)
    console.print()
    console.print(shown(message("cli.save-it-so", path=f"{session.folder / chosen.name}.wav")), markup=False)


def show_take(console: Console, take: Take, usual_db: float | None) -> None:
    """One recording: a line if it is good, else each fault with figures and what to do."""
    from rich.text import Text

    good = take.good(usual_db)
    sign = Text("✓ ", "green") if good else Text("✗ ", "bold red")
    figures = ""
    if take.measured is not None:
        m = take.measured
        figures = shown(message("cli.take-figures", seconds=m.seconds, speech=m.speech_db, over=m.over_noise_db))
    console.print(Text.assemble(sign, f"{take.prompt.name}  {take.file}", (figures, "dim")))
    if take.fault:
        console.print(f"    {shown(take.fault)}", markup=False)
    for verdict in take.verdicts(usual_db):
        if not verdict.passed:
            zh, en = verdict.advice
            console.print(
                f"    {verdict.limit.zh} {verdict.limit.en}: {verdict.measured} ({verdict.allowed})\n"
                f"      {zh}\n      {en}",
                markup=False,
            )
            if verdict.limit.code == "text":
                console.print(shown(message("cli.take-text", text=take.prompt.text)), markup=False)
                console.print(shown(message("cli.take-heard", text=take.heard or "—")), markup=False)


def show_checked(session: Session) -> None:
    """Every recording that is to be repeated, and the sum."""
    from anchor.workshop.voices.session.folder import checked_count
    from anchor.workshop.voices.session.prompts import prompts

    console = stdout()
    usual = session.usual_db
    for take in session.takes:
        if not take.good(usual):
            show_take(console, take, usual)
    recorded, good, bad = checked_count(session)
    left = len(prompts()) - recorded
    console.print(shown(message("cli.session-checked", good=good, bad=bad, left=left)), markup=False)


def prompt_document(prompt: Prompt) -> dict[str, Any]:
    """A sentence as JSON types."""
    from anchor.workshop.voices.session.prompts import minds_of, spoken_hint

    reader = _reader()
    utterance = reader.read(prompt.text)
    return {
        "number": prompt.number,
        "text": prompt.text,
        "spoken": spoken_hint(utterance, reader),
        "minds": [{"code": mind.code, "zh": mind.zh, "en": mind.en} for mind in minds_of(utterance)],
    }


def status_document(session: Session, sentence: int | None = None) -> dict[str, object]:
    """How far the session is, as JSON types."""
    from anchor.workshop.voices.session.folder import checked_count
    from anchor.workshop.voices.session.prompts import prompt_of, prompts

    recorded, good, bad = checked_count(session)
    left = session.to_do()
    chosen = prompt_of(sentence) if sentence is not None else next(iter(left), None)
    return {
        "folder": str(session.folder),
        "sentences": len(prompts()),
        "recorded": recorded,
        "good": good,
        "repeat": bad,
        "to_do": [prompt.number for prompt in left],
        "next": prompt_document(chosen) if chosen is not None else None,
    }


def checked_document(session: Session) -> dict[str, object]:
    """The session with every recording's figures."""
    usual = session.usual_db
    return {**status_document(session), "takes": [_take_document(take, usual) for take in session.takes]}


def _take_document(take: Take, usual_db: float | None) -> dict[str, object]:
    return {
        "number": take.prompt.number,
        "file": take.file,
        "passed": take.good(usual_db),
        "fault": take.fault,
        "heard": take.heard,
        "listener": take.listener,
        "items": [
            {
                "name": verdict.limit.code,
                "measured": verdict.measured,
                "allowed": verdict.allowed,
                "passed": verdict.passed,
                "zh": verdict.advice[0],
                "en": verdict.advice[1],
            }
            for verdict in take.verdicts(usual_db)
        ],
    }
