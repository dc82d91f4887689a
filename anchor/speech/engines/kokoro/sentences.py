"""Utterance → sentences that the model says in one go, in its own symbols, with everything that is to be heard between.

A sentence ends where the text has a full stop, or at a break before it would grow beyond what the network takes. Very
short ones join a neighbour: a lone word is said badly. Inside, each break is a mark of the model's, which shapes the
melody before it; how long it is silent is decided afterwards, to the sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from anchor.core.errors import EngineError
from anchor.core.speech import Break, BreakKind, Utterance, Word
from anchor.mandarin.phonemes import is_syllable
from anchor.messages import message
from anchor.speech.engines.kokoro.latin import Phonemise, latin_pieces, letter_symbols
from anchor.speech.engines.kokoro.tokens import KokoroPhoneme, Symbol, spell, syllable_pieces
from anchor.speech.pauses import silence_ms
from anchor.speech.quotations import quotations

LONGEST = 150
"""Symbols of one sentence, some 32 syllables; the network takes 510, its memory grows with the length."""
AT_FIRST = (20, 44, 90, 130)
"""Symbols of the first sentences where somebody waits for the sound: some 4, 9, 19 and 28 syllables, so that each is
made while those before it are heard, at half of real time."""
SHORTEST = 6
"""Syllables: what is shorter joins a neighbour."""
LONGEST_WORD = 16
"""Syllables said without a seam."""

Spelt = tuple[list[KokoroPhoneme], list[Symbol]]
"""A stretch without a seam, sounds counted from 0."""


class Ending(StrEnum):
    """Why a phrase ends; the value is the mark that the model is given."""

    TOLD = "."
    QUESTION = "?"
    EXCLAIMED = "!"
    PHRASE = ","
    CLAUSE = ";"
    LIST = "、"
    SEAM = " "


FULL_STOPS = (Ending.TOLD, Ending.QUESTION, Ending.EXCLAIMED)
MARKS = {Ending.LIST: ",", Ending.SEAM: ","}
"""Marks that the model knows by another name."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words up to a break."""

    words: tuple[tuple[Word, int], ...]
    """Each with the index of its first syllable."""
    ending: Ending
    silence_ms: int
    """After the words, exact."""

    @property
    def syllables(self) -> int:
        """How many."""
        return sum(len(word.syllables) for word, _ in self.words)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Symbols `[start, end)` of a sentence."""

    start: int
    end: int


@dataclass(slots=True)
class Sentence:
    """What the model is given at once."""

    symbols: list[Symbol] = field(default_factory=list)
    sounds: list[KokoroPhoneme] = field(default_factory=list)
    phrases: list[tuple[Stretch, Ending, int]] = field(default_factory=list)
    """Words of each phrase, how it ends, and its silence in ms."""
    last_words: list[Stretch] = field(default_factory=list)
    """The last word of each phrase."""
    stressed: list[Stretch] = field(default_factory=list)
    quoted: list[Stretch] = field(default_factory=list)
    letters: list[Stretch] = field(default_factory=list)
    """Letters that are said one by one."""


def plan_phrases(utterance: Utterance, lengths: Mapping[BreakKind, int]) -> tuple[int, list[Phrase]]:
    """Silence before the first word in ms, and the phrases.

    Punctuation at the very start and end adds no silence, a PAUSE does.
    """
    runs: list[tuple[list[tuple[Word, int]], list[Break]]] = [([], [])]
    at = 0
    for item in utterance.items:
        if isinstance(item, Break):
            runs[-1][1].append(item)
            continue
        if runs[-1][1]:
            runs.append(([], []))
        runs[-1][0].append((item, at))
        at += len(item.syllables)
    lead = silence_ms(runs[0][1], {}) if not runs[0][0] else 0
    spoken = [run for run in runs if run[0]]
    phrases = [
        Phrase(tuple(words), _ending(breaks, last), silence_ms(breaks, {} if last else lengths))
        for last, (words, breaks) in ((index == len(spoken) - 1, run) for index, run in enumerate(spoken))
    ]
    return lead, phrases


def _ending(breaks: Sequence[Break], last: bool) -> Ending:
    kinds = {b.kind for b in breaks}
    marks = {b.mark.strip() for b in breaks}
    if marks & {"？", "?"}:
        return Ending.QUESTION
    if BreakKind.SENTENCE in kinds or last:
        return Ending.EXCLAIMED if marks & {"！", "!"} else Ending.TOLD
    if BreakKind.CLAUSE in kinds:
        return Ending.CLAUSE
    if kinds & {BreakKind.COMMA, BreakKind.PAUSE}:
        return Ending.PHRASE
    return Ending.LIST if marks - {""} else Ending.SEAM


def group_phrases(phrases: Sequence[Phrase]) -> list[list[Phrase]]:
    """Phrases of each sentence: cut at full stops, short ones joined to what follows, else to what precedes."""
    groups: list[list[Phrase]] = [[]]
    for phrase in phrases:
        groups[-1].append(phrase)
        if phrase.ending in FULL_STOPS and sum(p.syllables for p in groups[-1]) >= SHORTEST:
            groups.append([])
    tail = groups.pop()
    if tail and groups and sum(p.syllables for p in tail) < SHORTEST:
        groups[-1] += tail
    elif tail:
        groups.append(tail)
    return groups


def plan_sentences(
    utterance: Utterance, lengths: Mapping[BreakKind, int], phonemise: Phonemise, at_first: Sequence[int] = ()
) -> tuple[int, list[Sentence]]:
    """Silence before the first word in ms, and the sentences in order.

    Args:
        utterance: what to say.
        lengths: silence by kind of break, in ms.
        phonemise: sounds of English words.
        at_first: how many symbols the first sentences may have; then `LONGEST`.

    Raises:
        EngineError: a reading is no syllable of Mandarin.
    """
    lead, phrases = plan_phrases(utterance, lengths)
    quotes = quotations(utterance.written)
    sentences: list[Sentence] = []
    for group in group_phrases(phrases):
        sentences.append(Sentence())
        for phrase in group:
            spelt = [_spelt(word, first, phonemise) for word, first in phrase.words]
            size = sum(len(symbols) + 1 for pieces in spelt for _, symbols in pieces)
            if sentences[-1].symbols and len(sentences[-1].symbols) + size > _limit(sentences, at_first):
                sentences.append(Sentence())
            _add_phrase(sentences, phrase, spelt, quotes, at_first)
    return lead, sentences


def _limit(sentences: Sequence[Sentence], at_first: Sequence[int]) -> int:
    """Symbols that the last of the sentences may have."""
    return at_first[len(sentences) - 1] if len(sentences) <= len(at_first) else LONGEST


def _spelt(word: Word, first: int, phonemise: Phonemise) -> list[Spelt]:
    """A word in pieces that a sentence may be cut between, each with sounds counted from 0."""
    pieces: list[Spelt] = []
    joined = 0
    for number, syllable in enumerate(word.syllables):
        if syllable.pinyin is None:
            for at, stretch in enumerate(latin_pieces(syllable.char, phonemise)):
                pieces.append(spell(stretch, first + number, 0, at == 0))
            joined = 0
        elif is_syllable(syllable.pinyin):
            if not joined:
                pieces.append(([], []))
            sounds, symbols = pieces[-1]
            heard, written = spell(syllable_pieces(syllable.pinyin), first + number, len(sounds), True)
            sounds += heard
            symbols += written
            joined = (joined + 1) % LONGEST_WORD
        else:
            raise EngineError(message("speech.no-syllable-for", pinyin=syllable.pinyin, char=syllable.char))
    return pieces


def _add_phrase(
    sentences: list[Sentence],
    phrase: Phrase,
    spelt: Sequence[list[Spelt]],
    quotes: Sequence[range],
    at_first: Sequence[int],
) -> None:
    """Put a phrase behind what is there; one that is too long for any sentence goes on in another."""
    sentence = sentences[-1]
    if sentence.symbols:
        sentence.symbols.append(Symbol(" ", None))
    start = len(sentence.symbols)
    last = Stretch(start, start)
    for (word, _), pieces in zip(phrase.words, spelt, strict=True):
        for sounds, symbols in pieces:
            room = _limit(sentences, at_first) - len(sentence.symbols)
            if start < len(sentence.symbols) and len(symbols) > room:
                _close(sentence, start, Ending.SEAM, 0, last)
                sentences.append(sentence := Sentence())
                start = 0
            if len(sentence.symbols) > start:
                sentence.symbols.append(Symbol(" ", None))
            base, at = len(sentence.sounds), len(sentence.symbols)
            sentence.sounds += sounds
            sentence.symbols += [Symbol(s.char, None if s.sound is None else base + s.sound) for s in symbols]
            last = Stretch(at, len(sentence.symbols))
            if word.stress:
                sentence.stressed.append(last)
            if word.latin and "".join(symbol.char for symbol in symbols) in letter_symbols():
                sentence.letters.append(last)
            if any(word.span.start in quote for quote in quotes):
                sentence.quoted.append(last)
    _close(sentence, start, phrase.ending, phrase.silence_ms, last)


def _close(sentence: Sentence, start: int, ending: Ending, silence: int, last: Stretch) -> None:
    sentence.phrases.append((Stretch(start, len(sentence.symbols)), ending, silence))
    sentence.last_words.append(last)
    sentence.symbols.append(Symbol(MARKS.get(ending, ending.value), None))
