"""Words and their readings: own Taiwan tables over pypinyin's phrases, word frequencies from jieba's list.

A list of Taiwan's words, where one is installed, says what the phrases do not.

jieba's and pypinyin's data are keyed by Simplified characters, so they are looked up on the text converted by OpenCC
`t2s`, which keeps every character's place.
"""

from __future__ import annotations

from copy import copy
from functools import cache, cached_property

import opencc

from anchor.mandarin.corpora import character_readings, phrase_readings, with_digit, word_frequencies
from anchor.mandarin.phonemes import is_syllable
from anchor.mandarin.station import StationLexicon
from anchor.mandarin.tables import load_rows
from anchor.mandarin.wordlist import WordList

WORD_TABLES = {
    "words-taiwan": 3000,
    "words-polyphones": 400,
    "words-heteronyms": 300,
    "words-places": 3000,
    "words-names": 3000,
}
"""Tables of own words, and what a character of such a word weighs in segmentation at least, in counts of jieba's
corpus: names beat what stands around them, ordinary words only what is rarer than they are."""
PHRASE_FREQUENCY = 3
LISTED_SIZE = 3
"""Characters of a word that the word list alone has, at least: shorter ones are often a chance meeting."""
LONGEST_WORD = 8
"""Characters."""
NEUTRAL = "5"
FIRST_PLANE = range(0xA4, 0xC7)
"""Lead bytes of Big5's common characters."""
UNWRITTEN = "○"
"""Stands for a syllable that no character has."""


@cache
def _tone_digit(pinyin: str) -> str:
    """`lǜ` → `lv4`; the syllabic nasals 嗯 and ê get the nearest syllable that zhuyin has."""
    digit = with_digit(pinyin)
    stem, tone = digit[:-1].replace("ü", "v"), digit[-1]
    return {"n": "en", "ng": "en", "ê": "ei", "m": "mu", "hm": "heng", "hng": "heng"}.get(stem, stem) + tone


class Lexicon:
    """All tables, loaded once; `with_layers` adds what belongs to a newsroom or a machine."""

    def __init__(self) -> None:
        self.station = StationLexicon()
        self.wordlist: WordList | None = None
        self._simplify = opencc.OpenCC("t2s")
        self.words: dict[str, tuple[str, ...]] = {}
        self._weights: dict[str, int] = {}
        for table, weight in WORD_TABLES.items():
            for word, reading, *_ in load_rows(table):
                self.words[word] = tuple(reading.split())
                self._weights[word] = max(self._weights.get(word, 0), weight * len(word))
        self.characters = {char: reading for char, reading, *_ in load_rows("characters")}
        self.accent: dict[tuple[str, str], str] = {}
        for chars, old, new, *_ in load_rows("accent"):
            self.accent.update(((char, old), new) for char in chars)
        self.neutral = {word for word, *_ in load_rows("neutral")}
        self._frequencies = word_frequencies()
        self._phrases = phrase_readings()
        self._characters = character_readings()

    def with_layers(self, station: StationLexicon, wordlist: WordList | None) -> Lexicon:
        """The same tables between a station's lexicon and a word list."""
        out = copy(self)
        out.station, out.wordlist = station, wordlist
        return out

    @cached_property
    def _accepted(self) -> dict[str, set[str]]:
        """Every reading that the own tables give a character anywhere."""
        out: dict[str, set[str]] = {}
        for word, readings in self.words.items():
            for char, reading in zip(word, readings, strict=True):
                out.setdefault(char, set()).add(reading)
        for char, reading in self.characters.items():
            out.setdefault(char, set()).add(reading)
        for (char, _), reading in self.accent.items():
            out.setdefault(char, set()).add(reading)
        for words, _, _, _, _, reading, *_ in load_rows("contexts"):
            for word in words.split():
                for char, pinyin in zip(word, reading.split(), strict=True):
                    out.setdefault(char, set()).add(pinyin)
        return out

    @cached_property
    def _refused(self) -> set[tuple[str, str]]:
        return {(char, reading) for char, reading, *_ in load_rows("wordlist")}

    def simplified(self, text: str) -> str:
        """`text` in Simplified characters, each at its own place."""
        converted: str = self._simplify.convert(text)
        if len(converted) == len(text):
            return converted
        return "".join((self._simplify.convert(char) + char)[:1] for char in text)

    def frequency(self, word: str, simple: str) -> int:
        """How often a word is met; 0: it is no word."""
        known = self._frequencies.get(simple)
        count = int(known.partition(" ")[0]) if known else 0
        if word in self._weights:
            return max(count, self._weights[word])
        if count:
            return count
        if self.wordlist is not None and len(word) >= LISTED_SIZE and word in self.wordlist:
            return PHRASE_FREQUENCY
        return PHRASE_FREQUENCY if len(word) > 1 and simple in self._phrases else 0

    def kind(self, simple: str) -> str:
        """Part of speech in jieba's list: `v`, `ad`, `n` …; empty when unknown."""
        return self._frequencies.get(simple).partition(" ")[2]

    def readings(self, char: str) -> tuple[str, ...]:
        """All readings that a character has anywhere, the commonest first; empty: no such character."""
        found = self._characters.get(str(ord(char)))
        if found is None:
            return ()
        return tuple(r for r in (_tone_digit(p) for p in found.split(",")) if is_syllable(r))

    def knows(self, char: str, reading: str) -> bool:
        """Whether any table gives a character this reading; the tone may be dropped."""
        return reading[-1] == NEUTRAL or reading in (
            {*self.readings(char), self.default(char)} | self._accepted.get(char, set())
        )

    def homophone(self, pinyin: str) -> str:
        """The commonest character that is read so, to stand for a syllable that has none."""
        return self._homophones.get(pinyin, UNWRITTEN)

    @cached_property
    def _homophones(self) -> dict[str, str]:
        best: dict[str, tuple[int, str]] = {}
        for lead in FIRST_PLANE:
            for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
                char = bytes((lead, trail)).decode("cp950", "ignore")
                reading = self.default(char) if char else None
                if reading is not None:
                    found = (self.frequency(char, self.simplified(char)), char)
                    best[reading] = max(best.get(reading, found), found)
        return {reading: char for reading, (_, char) in best.items()}

    def default(self, char: str) -> str | None:
        """The reading of a character that stands alone."""
        own = self.characters.get(char)
        if own is not None:
            return own
        known = self.readings(char)
        return self._taiwan(char, known[0]) if known else None

    def phrase(self, word: str, simple: str) -> tuple[str, ...] | None:
        """The reading of a whole word, or None when no table has it."""
        own = self.words.get(word)
        if own is not None:
            return own
        listed = self._phrases.get(simple)
        if listed is None or len(listed) != len(word):
            return self._with_suffix(word) if word in self.neutral and len(word) > 1 else None
        out: list[str] = []
        for char, options in zip(word, listed, strict=True):
            reading = _tone_digit(options[0])
            # Simplified merges characters (發/髮, 幹/乾): a reading that this one never has is the other one's.
            if reading[:-1] not in {known[:-1] for known in self.readings(char)}:
                reading = self.readings(char)[0] if self.readings(char) else reading
            out.append(self._taiwan(char, reading))
        if word not in self.neutral:
            out = [
                r if self._keeps_neutral(word, at) else self._full_tone(c, r)
                for at, (c, r) in enumerate(zip(word, out, strict=True))
            ]
        return tuple(out)

    def listed(self, word: str) -> tuple[str | None, ...] | None:
        """The word list's reading; None for a character where the own tables know better.

        The list settles which of a character's readings a word has. It gives no reading that the own tables never give
        a character that they know, and no neutral tone: those have tables of their own.
        """
        if self.wordlist is None or word in self.neutral or (word, "*") in self._refused:
            return None
        found = self.wordlist.reading(word)
        if found is None:
            return None
        return tuple(self._trusted(char, reading) for char, reading in zip(word, found, strict=True))

    def _trusted(self, char: str, reading: str) -> str | None:
        known = self._accepted.get(char)
        foreign = known is not None and reading not in known
        refused = (char, reading) in self._refused or (char, "*") in self._refused
        return None if foreign or refused or reading[-1] == NEUTRAL else reading

    def _with_suffix(self, word: str) -> tuple[str, ...]:
        """A word that only the neutral table has: its last character loses the tone."""
        full = [self.default(char) or "" for char in word]
        return (*full[:-1], full[-1][:-1] + NEUTRAL)

    def _taiwan(self, char: str, reading: str) -> str:
        return self.accent.get((char, reading)) or self.accent.get((char, "*")) or reading

    def _keeps_neutral(self, word: str, at: int) -> bool:
        """Whether a particle stands at `at` of a word, or the end of a shorter word that keeps its neutral tone."""
        return at > 0 and any(word[start : at + 1] in self.neutral for start in range(at + 1))

    def _full_tone(self, char: str, reading: str) -> str:
        """Taiwan keeps the tones that the mainland drops."""
        if reading[-1] != NEUTRAL:
            return reading
        full = next((r for r in self.readings(char) if r[-1] != NEUTRAL and r[:-1] == reading[:-1]), reading)
        return self._taiwan(char, full)


@cache
def load_lexicon() -> Lexicon:
    """The one lexicon of this process."""
    return Lexicon()
