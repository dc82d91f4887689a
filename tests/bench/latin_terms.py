"""How many terms of the news in Latin letters are understood, written into latin_heard.tsv beside this file.

    python tests/bench/latin_terms.py [--voices lan,hao] [--minutes N] [--plain] [--terms 'AI,QR Code'] [--bland]
    python tests/bench/latin_terms.py --tries FILE [--voices lan]

Each term of latin_terms.tsv is said in a sentence of the news where one would expect it and where nothing says the
same in Chinese; Whisper base writes down half a minute at a time, some six sentences of mixed subjects
(latin_hearing.py). How it is scored:

* A term is understood where the recogniser wrote the term itself in the part of the text that belongs to its sentence.
* Case, spaces, hyphens and stops make no difference (`Wi-Fi`, `wifi`, `WI FI`); a term that is only a part of another
  Latin word or number does not count. Digits may be Chinese numerals where the table says so, and the few other
  spellings that are in use (`okay`, `7-11`) stand in its column `also`.
* A Chinese name (輝達 for NVIDIA), a homophone (`cloud` for Claude, `life` for Live) or a word that lacks a sound
  (`thread` for Threads) does not count, though a listener may have understood.
* Every sentence is heard once, in its window. It is heard again alone only where less than half of its Mandarin
  syllables are found in the window's text, whether its term was understood or not.

`--plain` leaves the terms' table out (letters by name and English rules alone) and writes nothing. `--bland` says each
term in a sentence of latin_sentences.tsv instead, which tells nothing about it. `--tries` hears other cells of the
tables in both sentences: rows `term, word of the table, cell`, where `letters` and `english` stand for what the word
would be without the table. Sounds and texts are kept in the cache's folder `latin-terms` by the symbols that were said;
after a change of the engine empty it. Needs the extra `evaluate` and the models of `anchor models pull kokoro whisper`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from anchor.mandarin.reader import open_reader  # noqa: E402
from anchor.mandarin.tables import load_rows  # noqa: E402
from anchor.packs import Shelf, find_pack  # noqa: E402
from anchor.settings import default_shelves, settings_from  # noqa: E402
from anchor.speech.engines.kokoro import latin  # noqa: E402
from anchor.speech.engines.kokoro.engine import KokoroEngine  # noqa: E402
from anchor.speech.engines.kokoro.english import EnglishSounds  # noqa: E402
from anchor.speech.recogniser import Recogniser  # noqa: E402
from anchor.speech.voice import resolve_voice  # noqa: E402
from tests.bench.latin_hearing import Listener, Trial, understood  # noqa: E402

TERMS = Path(__file__).with_name("latin_terms.tsv")
BLAND = Path(__file__).with_name("latin_sentences.tsv")
HEARD = Path(__file__).with_name("latin_heard.tsv")
UNDERSTOOD = "+"
MADE = "# Made by latin_terms.py: + where a term was understood, else what was heard of its sentence."


def trials(only: Sequence[str] = (), bland: bool = False) -> list[Trial]:
    """The table's terms in their sentences."""
    carriers = dict(row[:2] for row in load_rows(BLAND))
    return [
        Trial(term, (term, *filter(None, also.split("/"))), carriers[kind] if bland else sentence)
        for term, also, kind, sentence in load_rows(TERMS)
        if not only or term in only
    ]


def tried(path: Path) -> Iterator[Trial]:
    """The trials of a file of other cells, each in both sentences."""
    with EnglishSounds() as english:
        for term, word, said in load_rows(path):
            if said == "letters":
                said = "|".join(latin._table("letters")[letter] for letter in word.upper())
            elif said == "english":
                said = " ".join(english(word.lower()))
            for trial in (*trials([term]), *trials([term], bland=True)):
                yield Trial(trial.term, trial.ways, trial.carrier, ((word, said),))


def said_of(term: str) -> str:
    """What the tables say for it; `–` for a part that is spelt or left to English rules."""
    table = latin._table("latin")
    return " + ".join(table.get(part, "–") for part in ([term] if term in table else re.split(r"[ -]", term)))


def write_table(results: dict[str, dict[Trial, str]]) -> None:
    """The terms that were heard; voices that were not asked keep their columns."""
    cells: dict[str, dict[str, str]] = {trial.term: {} for trial in trials()}
    names: list[str] = []
    if HEARD.exists():
        head = next(line for line in HEARD.read_text(encoding="utf-8").splitlines() if line[:2] != "# ").split("\t")
        names = head[2:]
        for term, _, *known in load_rows(HEARD):
            cells.setdefault(term, {}).update(zip(names, known, strict=True))
    for name, heard in results.items():
        for trial, text in heard.items():
            cells[trial.term][name] = UNDERSTOOD if understood(trial, text) else text
    names = list(dict.fromkeys([*names, *results]))
    rows = [[term, said_of(term), *(own.get(name, "") for name in names)] for term, own in cells.items()]
    lines = [MADE, *map("\t".join, [["term", "said", *names], *rows])]
    HEARD.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Say, hear, count, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", default="lan,hao")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--terms", default="", help="parted by commas; all")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--bland", action="store_true")
    parser.add_argument("--tries", type=Path)
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    models = Path(os.environ.get("ANCHOR_MODELS") or ROOT / ".venv" / "models")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "anchor" / "latin-terms"
    only = [term for term in options.terms.split(",") if term]
    asked = list(tried(options.tries)) if options.tries else trials(only, options.bland)
    if options.plain:
        latin._table("latin").clear()
    results: dict[str, dict[Trial, str]] = {}
    with KokoroEngine() as engine, Recogniser(models, threads=1) as ears:
        listener = Listener(engine, ears, cache, open_reader(settings_from(os.environ)))
        for name in options.voices.split(","):
            voice = resolve_voice(find_pack(Shelf.VOICES, name, default_shelves()), models=models)
            results[name] = heard = {}
            for trial, text in listener.hear(voice, name, asked):
                heard[trial] = text
                sign, cells = "+" if understood(trial, text) else "-", " ".join(": ".join(c) for c in trial.cells)
                sys.stderr.write(f"{name} {sign} {trial.term}\t{cells}\t{text}\n")
                if time.monotonic() > until:
                    break
            good = sum(understood(trial, text) for trial, text in heard.items())
            sys.stderr.write(f"{name}: {good} of {len(heard)} sentences, {len(asked)} asked\n")
    if not (options.plain or options.bland or options.tries):
        write_table(results)


if __name__ == "__main__":
    main()
