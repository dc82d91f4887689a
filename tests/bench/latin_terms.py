"""How many terms of the news in Latin letters are understood, written into latin_heard.tsv beside this file.

    python tests/bench/latin_terms.py [--voices lan,hao] [--minutes N] [--plain] [--terms 'AI,QR Code'] [--sentences N]

Each term of latin_terms.tsv is said in two short sentences; Whisper base writes down what it hears. It is understood
where the text has the term or what the table says may stand for it, case and spaces aside. `--plain` leaves the terms'
table out (letters by name and English rules alone) and writes nothing. Sentences are heard five at a time, and alone
where their terms were not found. What was heard is kept in the cache by the symbols that were said: a changed cell of
the tables is heard anew, nothing else; after a change of the engine empty the cache's folder `latin-terms`. Needs the
extra `evaluate` and the models of `anchor models pull kokoro whisper`. Some 1,200 CPU seconds a voice.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from anchor.core.ports import Voice  # noqa: E402
from anchor.core.speech import Utterance, Word  # noqa: E402
from anchor.mandarin.reader import Reader, open_reader  # noqa: E402
from anchor.mandarin.tables import load_rows  # noqa: E402
from anchor.packs import Shelf, find_pack  # noqa: E402
from anchor.settings import default_shelves, settings_from  # noqa: E402
from anchor.speech.engines.kokoro import latin  # noqa: E402
from anchor.speech.engines.kokoro.engine import KokoroEngine  # noqa: E402
from anchor.speech.engines.kokoro.english import EnglishSounds  # noqa: E402
from anchor.speech.recogniser import Recogniser  # noqa: E402
from anchor.speech.voice import resolve_voice  # noqa: E402

TERMS = Path(__file__).with_name("latin_terms.tsv")
CARRIERS = Path(__file__).with_name("latin_sentences.tsv")
HEARD = Path(__file__).with_name("latin_heard.tsv")
SENTENCES = 2
"""For each kind of term."""
TOGETHER = 5
"""Sentences heard at once: the recogniser always works on half a minute."""
GAP_S = 0.7
MADE = "# Made by latin_terms.py: in how many sentences a term was understood, and what was heard instead."


@dataclass(frozen=True, slots=True)
class Trial:
    """One sentence with a term in it."""

    term: str
    accepted: tuple[re.Pattern[str], ...]
    sentence: str


def pattern_of(way: str) -> re.Pattern[str]:
    """Finds a term whatever stands between its letters, not inside another word."""
    signs = re.sub(r"[\W_]", "", way.lower())
    return re.compile(r"(?<![a-z])" + r"[\W_]*".join(map(re.escape, signs)) + r"(?![a-z])")


def trials(only: Sequence[str], sentences: int) -> list[Trial]:
    """The table's terms in their sentences, all terms' first sentences first."""
    rows = [row for row in load_rows(TERMS) if not only or row[0] in only]
    carriers = {kind: said for kind, *said in load_rows(CARRIERS)}
    found: list[Trial] = []
    for at in range(sentences):
        for term, accepted, kind in rows:
            ways = tuple(pattern_of(way) for way in (term, *filter(None, accepted.split("/"))))
            found.append(Trial(term, ways, carriers[kind][at].replace("{}", term)))
    return found


class Listener:
    """Says and hears sentences, and remembers both."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self._ears = Recogniser(folder, threads=1)
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)

    def key(self, voice: str, utterance: Utterance, english: EnglishSounds) -> str:
        """Of what is said, in symbols."""
        said = [
            latin.latin_pieces(s.char, english) if s.pinyin is None else s.pinyin
            for word in utterance.items
            if isinstance(word, Word)
            for s in word.syllables
        ]
        return hashlib.sha256(repr((voice, said)).encode()).hexdigest()[:20]

    def known(self, key: str) -> str | None:
        """What was heard earlier."""
        path = self._cache / f"{key}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def keep(self, key: str, text: str) -> None:
        """Remember."""
        (self._cache / f"{key}.json").write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")

    def hear(self, sounds: Sequence[np.ndarray], rate: int) -> str:
        """Sounds one behind the other, as text."""
        gap = np.zeros(round(GAP_S * rate), np.float32)
        return self._ears.hear(np.concatenate([part for sound in sounds for part in (gap, sound)] + [gap]), rate)


def understood(trial: Trial, text: str) -> bool:
    """Whether the term is in what was heard."""
    return any(way.search(text.lower()) for way in trial.accepted)


def batches(todo: Sequence[tuple[Trial, Utterance, str]]) -> Iterator[list[tuple[Trial, Utterance, str]]]:
    """So many at a time, no term twice."""
    for at in range(0, len(todo), TOGETHER):
        yield list(todo[at : at + TOGETHER])


def listen_all(
    listener: Listener, engine: KokoroEngine, voice: Voice, name: str, asked: list[Trial], until: float
) -> dict[Trial, str]:
    """What was heard of each trial; those that there was no time for are missing."""
    reader: Reader = open_reader(settings_from(os.environ))
    heard: dict[Trial, str] = {}
    todo = []
    with EnglishSounds() as english:
        for trial in asked:
            utterance = reader.read(trial.sentence)
            key = listener.key(name, utterance, english)
            text = listener.known(key)
            if text is None:
                todo.append((trial, utterance, key))
            else:
                heard[trial] = text
    for batch in batches(todo):
        if time.monotonic() > until:
            break
        spoken = [engine.speak(utterance, voice) for _, utterance, _ in batch]
        together = listener.hear([s.pcm for s in spoken], spoken[0].rate)
        for (trial, _, key), sound in zip(batch, spoken, strict=True):
            found = understood(trial, together)
            heard[trial] = together if found else listener.hear([sound.pcm], sound.rate)
            listener.keep(key, heard[trial])
            sys.stderr.write(f"{name} {'+' if understood(trial, heard[trial]) else '-'} {trial.term}: {heard[trial]}\n")
    return heard


def said_of(term: str) -> str:
    """What the tables say for it; `–` for a part that is spelt or left to English rules."""
    table = latin._table("latin")
    return " + ".join(table.get(part, "–") for part in ([term] if term in table else re.split(r"[ -]", term)))


def cell_of(term: str, heard: dict[Trial, str]) -> str:
    """How often it was understood, and what else was heard."""
    own = {trial: text for trial, text in heard.items() if trial.term == term}
    missed = [text for trial, text in own.items() if not understood(trial, text)]
    return " ".join([f"{len(own) - len(missed)}/{len(own)}", *missed]) if own else ""


def write_table(results: dict[str, dict[Trial, str]]) -> None:
    """Rows of terms that were heard, over those of earlier."""
    head = ["term", "said", *results]
    terms = list(dict.fromkeys(trial.term for heard in results.values() for trial in heard))
    rows = [[term, said_of(term), *(cell_of(term, heard) for heard in results.values())] for term in terms]
    lines = [MADE, *map("\t".join, [head, *rows])]
    HEARD.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Say, hear, count, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", default="lan,hao")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--terms", default="", help="parted by commas; all")
    parser.add_argument("--sentences", type=int, default=SENTENCES, choices=(1, 2))
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    models = Path(os.environ.get("ANCHOR_MODELS") or ROOT / ".venv" / "models")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "anchor" / "latin-terms"
    asked = trials([term for term in options.terms.split(",") if term], options.sentences)
    if options.plain:
        latin._table("latin").clear()
    listener = Listener(models, cache)
    results: dict[str, dict[Trial, str]] = {}
    with KokoroEngine() as engine:
        for name in options.voices.split(","):
            voice = resolve_voice(find_pack(Shelf.VOICES, name, default_shelves()), models=models)
            results[name] = heard = listen_all(listener, engine, voice, name, asked, until)
            good = sum(understood(trial, text) for trial, text in heard.items())
            sys.stderr.write(f"{name}: {good} of {len(heard)} sentences, {len(asked)} asked\n")
    if not options.plain and not options.terms:
        write_table(results)


if __name__ == "__main__":
    main()
