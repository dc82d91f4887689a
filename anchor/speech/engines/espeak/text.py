"""Utterance → clauses for eSpeak NG: word-joined pinyin, prosody, and the silences between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from anchor.core.errors import EngineError
from anchor.core.speech import Break, BreakKind, Utterance, Word
from anchor.mandarin.phonemes import is_syllable
from anchor.mandarin.tables import load_rows
from anchor.messages import message
from anchor.speech.engines.espeak.latin import english_words
from anchor.speech.engines.prosody import EVEN, BoundaryTone, Tune, Weight, WordProsody
from anchor.speech.pauses import silence_ms
from anchor.speech.quotations import quotations

LONGEST_CLAUSE = 60
"""Syllables given to the library at once: beyond about 144 it drops some without a word."""

LONGEST_WORD = 16
"""Syllables joined as one word: its buffer for a word ends near 160 characters."""

COMMANDS = "PSRA"
"""Letters of the library's commands for pitch, speed, range and amplitude."""

ENGLISH_SENTENCE = 4
"""So many English words in a row are a sentence of their own."""

FULL_STOPS = (BoundaryTone.TOLD, BoundaryTone.QUESTION)

TONES = {"1": "55", "2": "35", "3": "214", "4": "51", "5": "11"}
"""Tone digit → the library's tone mnemonic."""


@dataclass(frozen=True, slots=True)
class EspeakWord:
    """One word as the library gets it."""

    text: str
    """Pinyin with tone digits, mnemonics in [[ ]], or an English word."""
    first: int
    """Index of its first syllable in the utterance."""
    pinyin: tuple[str, ...]
    """Its syllables; empty: (a part of) the Latin word that is syllable `first`."""
    stress: bool = False
    quoted: bool = False
    """Stands in quotation marks."""

    @property
    def size(self) -> int:
        """Syllables, about."""
        return len(self.pinyin) or 1 + len(self.text) // 4


@dataclass(frozen=True, slots=True)
class Clause:
    """Words said in one breath, then silence."""

    words: tuple[EspeakWord, ...]
    """May be empty: silence alone."""
    silence_ms: int
    """After the words, exact."""
    tune: Tune
    closed: bool = True
    """False: cut for the library's sake alone; the run goes on in the next clause."""


@cache
def _overrides() -> dict[str, str]:
    rows = load_rows(Path(__file__).with_name("syllables.tsv"))
    return {pinyin + tone: mnemonics for pinyin, tones, mnemonics in rows for tone in tones}


def _syllable_text(pinyin: str, last: bool) -> str:
    mnemonics = _overrides().get(pinyin)
    if mnemonics is None:
        return pinyin
    # A third tone that is not final stays low (Chao 1968, "A Grammar of Spoken Chinese": the half third).
    tone = "21" if pinyin[-1] == "3" and not last else TONES[pinyin[-1]]
    return f"[[{mnemonics.replace('*', tone)}]]"


def said_words(word: Word, first: int, quoted: bool = False) -> Iterator[EspeakWord]:
    """A word of the utterance as one or more words for the library; `quoted`: it stands in quotation marks.

    Raises:
        EngineError: a reading is no syllable of Mandarin.
    """
    pinyin: list[str] = []
    for index, syllable in enumerate(word.syllables):
        if syllable.pinyin is None:
            yield from (
                EspeakWord(text, first + index, (), word.stress, quoted) for text in english_words(syllable.char)
            )
        elif not is_syllable(syllable.pinyin):
            raise EngineError(message("speech.no-syllable-for", pinyin=syllable.pinyin, char=syllable.char))
        else:
            pinyin.append(syllable.pinyin)
            following = word.syllables[index + 1] if index + 1 < len(word.syllables) else None
            if following is None or following.pinyin is None or len(pinyin) == LONGEST_WORD:
                texts = [_syllable_text(p, i + 1 == len(pinyin)) for i, p in enumerate(pinyin)]
                yield EspeakWord("".join(texts), first + index + 1 - len(pinyin), tuple(pinyin), word.stress, quoted)
                pinyin = []


def _batches(words: list[EspeakWord]) -> Iterator[tuple[EspeakWord, ...]]:
    batch: list[EspeakWord] = []
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
    runs: list[tuple[list[EspeakWord], list[Break]]] = [([], [])]
    quotes = quotations(utterance.written)
    syllable = 0
    for item in utterance.items:
        if isinstance(item, Break):
            runs[-1][1].append(item)
            continue
        if runs[-1][1]:
            runs.append(([], []))
        runs[-1][0].extend(said_words(item, syllable, any(item.span.start in span for span in quotes)))
        syllable += len(item.syllables)
    tunes = _tunes(runs)
    clauses: list[Clause] = []
    for index, ((words, breaks), tune) in enumerate(zip(runs, tunes, strict=True)):
        edge = index == len(runs) - 1 or (index == 0 and not words)
        silence = silence_ms(breaks, {} if edge else lengths)
        batches = list(_batches(words)) or [()]
        clauses += [Clause(batch, 0, tune, closed=False) for batch in batches[:-1]]
        clauses.append(Clause(batches[-1], silence, tune))
    return tuple(clauses)


def _tunes(runs: list[tuple[list[EspeakWord], list[Break]]]) -> list[Tune]:
    """Where each run lies in its sentence and phrase, by syllables."""
    sizes = [sum(w.size for w in words) for words, _ in runs]
    endings = [_ending(breaks, index == len(runs) - 1) for index, (_, breaks) in enumerate(runs)]
    sentences = _shares(sizes, [e in FULL_STOPS for e in endings])
    phrases = _shares(sizes, [e in FULL_STOPS or e is BoundaryTone.PHRASE for e in endings])
    tunes: list[Tune] = []
    asked = False
    for index in range(len(runs) - 1, -1, -1):
        if endings[index] in FULL_STOPS or endings[index] is BoundaryTone.PHRASE:
            asked = endings[index] is BoundaryTone.QUESTION
        tunes.append(Tune(sentences[index], phrases[index], endings[index], asked))
    return tunes[::-1]


def _ending(breaks: list[Break], last: bool) -> BoundaryTone:
    kinds = {b.kind for b in breaks}
    if any(b.mark.strip() in {"？", "?"} for b in breaks):
        return BoundaryTone.QUESTION
    if BreakKind.SENTENCE in kinds or last:
        return BoundaryTone.TOLD
    if kinds & {BreakKind.CLAUSE, BreakKind.COMMA, BreakKind.PAUSE}:
        return BoundaryTone.PHRASE
    if any(b.mark for b in breaks):
        return BoundaryTone.LIST
    return BoundaryTone.SEAM if breaks else BoundaryTone.OPEN


def _shares(sizes: list[int], ends: list[bool]) -> list[tuple[float, float]]:
    """Each run's stretch as shares of the group it belongs to; a group ends where `ends` says."""
    shares: list[tuple[float, float]] = []
    start = 0
    for index, end in enumerate(ends):
        if not end and index + 1 < len(ends):
            continue
        total, done = max(1, sum(sizes[start : index + 1])), 0
        for size in sizes[start : index + 1]:
            shares.append((done / total, (done + size) / total))
            done += size
        start = index + 1
    return shares


def reading_clause(pinyin: str) -> Clause:
    """One syllable alone, evenly."""
    return Clause((EspeakWord(_syllable_text(pinyin, True), 0, (pinyin,)),), 0, EVEN)


def clause_text(clause: Clause, base: WordProsody) -> tuple[str, tuple[int, ...]]:
    """The text for the library, and where in it each word's stretch begins (characters).

    What changes from word to word goes before it as the library's embedded commands: Ctrl-A, number, letter.
    """
    text, starts = "", []
    sizes = [word.size for word in clause.words]
    total, done = sum(sizes), 0
    was: tuple[int, ...] = (-1,) * len(COMMANDS)
    stressed = False
    english = _english_sentences(clause.words)
    parts = Counter(word.first for word in clause.words)
    for index, word in enumerate(clause.words):
        starts.append(len(text))
        last = clause.closed and index == len(clause.words) - 1
        weight = Weight(word.stress, stressed, word.quoted, not word.pinyin, index in english, parts[word.first] > 1)
        manner = clause.tune.manner(base, (done + sizes[index] / 2) / total, last, weight)
        now = (manner.pitch, manner.rate, manner.width, manner.volume)
        text += "".join(
            f"\x01{value}{letter}" for value, old, letter in zip(now, was, COMMANDS, strict=True) if value != old
        )
        text += word.text + " "
        stressed |= word.stress
        done, was = done + sizes[index], now
    return text.rstrip(), tuple(starts)


def _english_sentences(words: tuple[EspeakWord, ...]) -> frozenset[int]:
    """Indices of words that stand in a row of English ones, not alone among Mandarin."""
    found: set[int] = set()
    for latin, run in groupby(enumerate(words), lambda item: not item[1].pinyin):
        row = list(run)
        if latin and len({word.first for _, word in row}) >= ENGLISH_SENTENCE:
            found.update(index for index, _ in row)
    return frozenset(found)
