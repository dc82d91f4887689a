"""How well voices are understood, written into the table of docs/voices.md.

    python tests/bench/hearing.py lan=300 hao=300 lan-espeak hao-espeak [--shelf DIR]

A name without a number reads 60 sentences. Rows of voices that are not named stay as they are. Needs the extra
`evaluate` and the models of `anchor models pull whisper`. What was heard is kept in the cache: broken off, the same
goes on. Some three CPU seconds a sentence with a neural voice.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from anchor.pipeline.services import Services  # noqa: E402
from anchor.settings import settings_from  # noqa: E402
from anchor.workshop.voices.evaluation.recognition import Heard, Understanding, understanding_of, worst  # noqa: E402
from anchor.workshop.voices.evaluation.sentences import first_sentences  # noqa: E402
from anchor.workshop.voices.intelligibility import hear_voice  # noqa: E402

PAGE = ROOT / "docs" / "voices.md"
BEGIN, END = "<!-- heard: begin, tests/bench/hearing.py -->", "<!-- heard: end -->"
HEAD = (
    "| voice | engine | sentences, syllables | misheard | if tones do not count | characters | pace, without pauses "
    "| at ， and 、 | clipped | DNSMOS overall, speech, background |"
)
DEFAULT = 60


def row_of(name: str, found: Understanding) -> str:
    """One line of the table."""
    errors, opinion = found.errors, found.opinion
    pauses = {kind.value: ms for kind, ms in found.pauses}
    cells = (
        f"`{name}`",
        ", ".join(engine for _, engine in found.spoken_by),
        f"{found.sentences}, {errors.syllables:,}",
        f"{errors.toned_rate:.1%}",
        f"{errors.toneless_rate:.1%}",
        f"{errors.character_rate:.1%}",
        f"{found.pace:.0f}, {found.sounding_pace:.0f}",
        ", ".join(f"{pauses[kind]:.0f} ms" if kind in pauses else "–" for kind in ("comma", "minor")),
        str(found.clipped),
        f"{opinion.overall:.2f}, {opinion.speech:.2f}, {opinion.background:.2f}",
    )
    return "| " + " | ".join(cells) + " |"


def write_rows(rows: dict[str, str]) -> None:
    """Put rows into the page, over those of the same voices."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    known = {line.split("|")[1].strip(): line for line in table.splitlines() if line.startswith("| `")}
    known |= rows
    lines = [HEAD, "|" + "---|" * (HEAD.count("|") - 1), *known.values()]
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after, encoding="utf-8")


def tell(text: str) -> None:
    """To who watches."""
    sys.stderr.write(text)
    sys.stderr.flush()


def show(name: str, heard: tuple[Heard, ...]) -> None:
    """What was understood worst, for who watches."""
    for h in worst(heard, 12):
        tell(f"{name} {h.sentence.id} {h.errors.toned}/{h.errors.syllables}\n  {h.sentence.text}\n  {h.text}\n")


def main() -> None:
    """Measure the voices that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voices", nargs="+", metavar="NAME[=N]")
    parser.add_argument("--shelf", type=Path, help="a root with voices/ beside those of the settings")
    asked = parser.parse_args()
    settings = settings_from(os.environ)
    if asked.shelf:
        settings = dataclasses.replace(settings, shelves=(asked.shelf.absolute(), *settings.shelves))
    with Services(settings) as services:
        for name, _, count in (voice.partition("=") for voice in asked.voices):
            sentences = first_sentences(int(count or DEFAULT))
            heard = hear_voice(name, sentences, services, lambda _, done, all_: tell(f"\r{done} of {all_}"))
            tell("\n")
            show(name, heard)
            row = row_of(name, understanding_of(heard))
            write_rows({f"`{name}`": row})
            tell(row + "\n")


if __name__ == "__main__":
    main()
