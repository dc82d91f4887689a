"""Utterance → clauses for eSpeak NG: word-joined pinyin, prosody, and the silences between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from anchor.core.errors import EngineError
from anchor.core.speech import Break, BreakKind, Utterance, Word
from anchor.mandarin.phonemes import is_syllable
from anchor.speech.engines.espeak_latin import english_words
from anchor.speech.engines.prosody import Tune
from anchor.speech.pauses import silence_ms
from anchor.speech.tables import load_rows

LONGEST_CLAUSE = 60
"""Syllables given to the library at once: beyond about 144 it drops some without a word."""

LATIN_RISE = 12
"""Pitch units more for English words, which the library says some two semitones under the Mandarin around them."""
LATIN_PACE = 0.9
"""English words are said a little slower: a listener does not expect them."""

LONGEST_WORD = 16
"""Syllables joined as one word: its buffer for a word ends near 160 characters."""

TONES = {"1": "55", "2": "35", "3": "214", "4": "51", "5": "11"}
"""Tone digit → the library's tone mnemonic."""


@dataclass(frozen=True, slots=True)
class Said:
    """One word as the library gets it."""

    text: str
    """Pinyin with tone digits, mnemonics in [[ ]], or an English word."""
    first: int
    """Index of its first syllable in the utterance."""
    pinyin: tuple[str, ...]
    """Its syllables; empty: (a part of) the Latin word that is syllable `first`."""

    @property
    def size(self) -> int:
        """Syllables, about."""
        return len(self.pinyin) or 1 + len(self.text) // 4


@dataclass(frozen=True, slots=True)
class Clause:
    """Words said in one breath, then silence."""

    words: tuple[Said, ...]
    """May be empty: silence alone."""
    silence_ms: int
    """After the words, exact."""
    tune: Tune


@cache
def _overrides() -> dict[str, str]:
    rows = load_rows(Path(__file__).with_name("espeak_syllables.tsv"))
    return {pinyin + tone: mnemonics for pinyin, tones, mnemonics in rows for tone in tones}


def _syllable_text(pinyin: str, last: bool) -> str:
    mnemonics = _overrides().get(pinyin)
    if mnemonics is None:
        return pinyin
    # A third tone that is not final stays low (Chao 1968, "A Grammar of Spoken Chinese": the half third).
    tone = "21" if pinyin[-1] == "3" and not last else TONES[pinyin[-1]]
    return f"[[{mnemonics.replace('*', tone)}]]"


def said_words(word: Word, first: int) -> Iterator[Said]:
    """A word of the utterance as one or more words for the library.

    Raises:
        EngineError: a reading is no syllable of Mandarin.
    """
    pinyin: list[str] = []
    for index, syllable in enumerate(word.syllables):
        if syllable.pinyin is None:
            yield from (Said(text, first + index, ()) for text in english_words(syllable.char))
        elif not is_syllable(syllable.pinyin):
            raise EngineError(f"{syllable.pinyin!r} for {syllable.char!r} is no Mandarin syllable")
        else:
            pinyin.append(syllable.pinyin)
            following = word.syllables[index + 1] if index + 1 < len(word.syllables) else None
            if following is None or following.pinyin is None or len(pinyin) == LONGEST_WORD:
                texts = [_syllable_text(p, i + 1 == len(pinyin)) for i, p in enumerate(pinyin)]
                yield Said("".join(texts), first + index + 1 - len(pinyin), tuple(pinyin))
                pinyin = []


def _batches(words: list[Said]) -> Iterator[tuple[Said, ...]]:
    batch: list[Said] = []
    for word in words:
        if batch and sum(w.size for w in batch) + word.size > LONGEST_CLAUSE:
            yield tuple(batch)
            batch = []
        batch.append(word)
    if batch:
        yield tuple(batch)


def plan_clauses(utterance: Utterance, lengths: dict[BreakKind, int]) -> tuple[Clause, ...]:
    """The utterance cut at its breaks; punctuation at the very start and end adds no silence, a PAUSE does.

    Raises:
        EngineError: a reading is no syllable of Mandarin.
    """
    runs: list[tuple[list[Said], list[Break]]] = [([], [])]
    syllable = 0
    for item in utterance.items:
        if isinstance(item, Break):
            runs[-1][1].append(item)
            continue
        if runs[-1][1]:
            runs.append(([], []))
        runs[-1][0].extend(said_words(item, syllable))
        syllable += len(item.syllables)
    tunes = _tunes(runs)
    clauses: list[Clause] = []
    for index, ((words, breaks), tune) in enumerate(zip(runs, tunes, strict=True)):
        edge = index == len(runs) - 1 or (index == 0 and not words)
        silence = silence_ms(breaks, {} if edge else lengths)
        batches = list(_batches(words)) or [()]
        clauses += [Clause(batch, 0, tune) for batch in batches[:-1]]
        clauses.append(Clause(batches[-1], silence, tune))
    return tuple(clauses)


def _tunes(runs: list[tuple[list[Said], list[Break]]]) -> list[Tune]:
    """Where each run lies in its sentence, by syllables."""
    tunes: list[Tune] = []
    start = 0
    while start < len(runs):
        end = start
        while end < len(runs) - 1 and not any(b.kind is BreakKind.SENTENCE for b in runs[end][1]):
            end += 1
        sizes = [sum(w.size for w in words) for words, _ in runs[start : end + 1]]
        total, done = max(1, sum(sizes)), 0
        question = any(b.mark.strip() in {"？", "?"} for b in runs[end][1])
        for index, size in enumerate(sizes):
            final = index == len(sizes) - 1
            tunes.append(Tune(done / total, (done + size) / total, final, question and final))
            done += size
        start = end + 1
    return tunes


def reading_clause(pinyin: str) -> Clause:
    """One syllable alone, evenly."""
    return Clause((Said(_syllable_text(pinyin, True), 0, (pinyin,)),), 0, Tune(0.0, 1.0, False))


def clause_text(clause: Clause, rate: int, pitch: int) -> tuple[str, tuple[int, ...]]:
    """The text for the library, and where in it each word's stretch begins (characters).

    Pitch and rate go before each word whose values differ, as the library's embedded commands (Ctrl-A, number, letter).
    """
    text, starts = "", []
    sizes = [word.size for word in clause.words]
    total, done, was = sum(sizes), 0, (-1, -1)
    for index, word in enumerate(clause.words):
        starts.append(len(text))
        middle = (done + sizes[index] / 2) / total
        last = index == len(clause.words) - 1
        latin = not word.pinyin
        now = (
            clause.tune.pitch(pitch + (LATIN_RISE if latin else 0), middle, last),
            clause.tune.rate(round(rate * LATIN_PACE) if latin else rate, last and clause.silence_ms > 0),
        )
        if now[0] != was[0]:
            text += f"\x01{now[0]}P"
        if now[1] != was[1]:
            text += f"\x01{now[1]}S"
        text += word.text + " "
        done, was = done + sizes[index], now
    return text.rstrip(), tuple(starts)
