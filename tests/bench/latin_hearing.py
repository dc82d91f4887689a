"""Sentences with one term each, heard half a minute at a time; what was heard of each is found by aligning syllables.

Windows are made from the sentences alone, in an order that mixes their subjects and never puts two of the same
wording together: the same sentences always stand beside the same neighbours. Sounds and texts are kept in a folder by
what was said, in symbols.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import ScriptError
from anchor.core.ports import Voice
from anchor.core.speech import Syllable, Utterance
from anchor.mandarin.reader import Reader
from anchor.speech.engines.kokoro import latin
from anchor.speech.engines.kokoro.engine import KokoroEngine
from anchor.speech.engines.kokoro.english import EnglishSounds
from anchor.speech.engines.kokoro.model import RATE_HZ
from anchor.speech.recogniser import Recogniser

WINDOW_SYLLABLES = 92
"""Of one window: at 270 a minute, gaps counted, some 23 of the recogniser's 30 seconds."""
GAP_S = 0.5
SAFE = 0.5
"""Share of a sentence's Mandarin syllables that must be found in the text of its window."""
GAP_SYLLABLES = 2
LATIN_SYLLABLES = 5
"""At most, of one Latin word, when a window is filled; else its signs are counted."""

PCM = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Trial:
    """One sentence with a term in it."""

    term: str
    ways: tuple[str, ...]
    """Spellings that count."""
    carrier: str
    """The sentence with `{}` for the term."""
    cells: tuple[tuple[str, str], ...] = ()
    """Words said otherwise than by the table."""

    @property
    def sentence(self) -> str:
        """As it is said."""
        return self.carrier.replace("{}", self.term)


def pattern_of(way: str) -> re.Pattern[str]:
    """Finds a term whatever stands between its signs, not as a part of another word or number."""
    signs = re.sub(r"[\W_]", "", _folded(way))
    before = "[a-z0-9]" if signs[0].isascii() else "(?!)"
    after = "[0-9]" if signs[-1].isdigit() else "[a-z]"
    return re.compile(rf"(?<!{before})" + r"[\W_]*".join(map(re.escape, signs)) + rf"(?!{after})")


def understood(trial: Trial, text: str) -> bool:
    """Whether the term stands in what was heard."""
    return any(pattern_of(way).search(_folded(text)) for way in trial.ways)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


@dataclass(frozen=True, slots=True)
class Said:
    """A trial as it is said."""

    trial: Trial
    utterance: Utterance
    key: str
    """Of the voice and what is said, in symbols."""

    @property
    def size(self) -> float:
        """Syllables, about, with the gap behind it."""
        syllables = self.utterance.syllables
        return GAP_SYLLABLES + sum(1 if s.pinyin else min(LATIN_SYLLABLES, len(s.char)) for s in syllables)


def windows(said: Sequence[Said]) -> Iterator[list[Said]]:
    """Which sentences are heard together."""
    waiting = sorted(said, key=lambda s: hashlib.sha256(s.trial.sentence.encode() + s.key.encode()).digest())
    while waiting:
        window: list[Said] = []
        for one in waiting:
            alike = any(o.trial.carrier == one.trial.carrier or o.trial.term == one.trial.term for o in window)
            if not alike and sum(o.size for o in window) + one.size <= WINDOW_SYLLABLES:
                window.append(one)
        yield window or waiting[:1]
        waiting = [one for one in waiting if one not in (window or waiting[:1])]


def parts_of(said: Sequence[Utterance], text: str, reader: Reader) -> list[str | None]:
    """What was heard of each utterance of a window; None where too little of it can be found to be sure.

    A part reaches from what was certainly heard of the utterances before to what was certainly heard of those after.
    """
    try:
        heard = [s for s in reader.read(text).syllables if s.pinyin]
    except ScriptError:
        return [None] * len(said)
    wanted = [(at, _toneless(s)) for at, utterance in enumerate(said) for s in utterance.syllables if s.pinyin]
    pairs = _aligned([sound for _, sound in wanted], [_toneless(s) for s in heard])
    parts: list[str | None] = []
    for at, utterance in enumerate(said):
        own = [h for w, h in pairs if wanted[w][0] == at]
        before = [heard[h].span.end for w, h in pairs if wanted[w][0] < at]
        after = [heard[h].span.start for w, h in pairs if wanted[w][0] > at]
        safe = len(own) >= SAFE * sum(1 for s in utterance.syllables if s.pinyin)
        parts.append(text[max(before, default=0) : min(after, default=len(text))] if safe else None)
    return parts


def _toneless(syllable: Syllable) -> str:
    return (syllable.pinyin or "").rstrip("12345")


def _aligned(wanted: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """Indices of equal syllables on the cheapest way from one to the other (Levenshtein 1966)."""
    costs = np.zeros((len(wanted) + 1, len(heard) + 1), np.int64)
    costs[:, 0], costs[0, :] = np.arange(len(wanted) + 1), np.arange(len(heard) + 1)
    for w, one in enumerate(wanted, 1):
        for h, other in enumerate(heard, 1):
            change = costs[w - 1, h - 1] + (one != other)
            costs[w, h] = min(change, costs[w - 1, h] + 1, costs[w, h - 1] + 1)
    pairs: list[tuple[int, int]] = []
    w, h = len(wanted), len(heard)
    while w and h:
        if costs[w, h] == costs[w - 1, h - 1] + (wanted[w - 1] != heard[h - 1]):
            w, h = w - 1, h - 1
            if wanted[w] == heard[h]:
                pairs.append((w, h))
        elif costs[w, h] == costs[w - 1, h] + 1:
            w -= 1
        else:
            h -= 1
    return pairs[::-1]


@contextmanager
def said_so(cells: Sequence[tuple[str, str]]) -> Iterator[None]:
    """The table of Latin words with some cells changed."""
    table = latin._table("latin")
    kept = dict(table)
    table.update(cells)
    try:
        yield
    finally:
        table.clear()
        table.update(kept)


class Listener:
    """Says and hears sentences, and remembers both.

    Args:
        engine: speaks.
        ears: write down.
        cache: folder of what was said and heard.
        reader: of what is said and of what is heard.
    """

    def __init__(self, engine: KokoroEngine, ears: Recogniser, cache: Path, reader: Reader) -> None:
        self._engine, self._ears, self._cache, self._reader = engine, ears, cache, reader
        cache.mkdir(parents=True, exist_ok=True)

    def hear(self, voice: Voice, name: str, trials: Sequence[Trial]) -> Iterator[tuple[Trial, str]]:
        """What was heard of each trial, window by window; alone where it is not surely found in its window."""
        with EnglishSounds() as english:
            said = [self._prepared(name, trial, english) for trial in trials]
        for window in windows(said):
            parts = parts_of([one.utterance for one in window], self._text(voice, window), self._reader)
            for one, part in zip(window, parts, strict=True):
                yield one.trial, self._text(voice, [one]) if part is None else part

    def _prepared(self, name: str, trial: Trial, english: EnglishSounds) -> Said:
        utterance = self._reader.read(trial.sentence)
        with said_so(trial.cells):
            symbols = [
                latin.latin_pieces(s.char, english) if s.pinyin is None else s.pinyin for s in utterance.syllables
            ]
        return Said(trial, utterance, hashlib.sha256(repr((name, symbols)).encode()).hexdigest()[:20])

    def _text(self, voice: Voice, window: Sequence[Said]) -> str:
        key = hashlib.sha256("".join(one.key for one in window).encode()).hexdigest()[:20]
        path = self._cache / f"{key}.json"
        if path.exists():
            return str(json.loads(path.read_text(encoding="utf-8")))
        gap = np.zeros(round(GAP_S * RATE_HZ), np.float32)
        text = self._ears.hear(
            np.concatenate([part for one in window for part in (gap, self._sound(voice, one))]), RATE_HZ
        )
        path.write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")
        return text

    def _sound(self, voice: Voice, said: Said) -> PCM:
        path = self._cache / f"{said.key}.npy"
        if not path.exists():
            with said_so(said.trial.cells):
                np.save(path, (self._engine.speak(said.utterance, voice).pcm * 32767).astype(np.int16))
        return np.load(path).astype(np.float32) / 32767
