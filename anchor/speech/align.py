"""Forced alignment without model weights: a recording against the same text spoken by the formant voice.

The reference knows its phonemes to the sample. Its cepstra are warped onto the recording's in two passes, blocks of
some sentences at 20 ms first, then at 5 ms in a narrow band around what was found, so that memory does not grow with
the square of the length. The reference's vocal tract is lengthened or shortened until it fits best, and it is put
through the recording's own channel and noise. Where words or phrases meet, the recording may hold more: silence, or
words that nobody wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError
from anchor.core.ports import Spoken
from anchor.core.speech import SILENCE, Break, BreakKind, Phoneme, Utterance
from anchor.core.time import Span
from anchor.messages import message
from anchor.speech.dtw import SOUND, SYLLABLE, WORD, Path, Rows, Window, plan_rows, warp_path
from anchor.speech.features import (
    HOP_S,
    WARPS,
    Cepstra,
    Energies,
    band_powers,
    energies_of,
    energy_of,
    features_of,
    mean_pooled,
    through_channel,
)

DOUBT, REFUSE = 0.8, 0.95
"""Limits of `SentenceMatch.doubt`. Measured with unlike voices of eSpeak NG: the text itself 0.2–0.8, 0.4–0.8 with
noise at 15 dB, 0.6–0.95 with noise and reverberation; another text 0.9–1.8 but for one sentence in ten."""
QUICK = 0.9
"""Who says a sentence quicker than this against the reference has probably said less."""
COARSE = 4
"""Frames to a frame of the first pass: 20 ms."""
BLOCK_S = 20.0
"""Reference aligned at once, at least; whole sentences."""
AHEAD_S = 5.0
"""Reference looked at beyond a block, so that its end is sure."""
SLOW, FAST = 0.5, 2.0
"""Pace of the recording against the reference, at the least and at the most."""
BEHIND_S, BEFORE_S = 2.0, 12.0
"""Recording looked at beyond that; words that nobody wrote may last as long."""
BAND_S = 0.15
"""Half of the second pass's band."""
SEAM_S = 0.025
"""A shorter gap between two sounds is none."""
EXTRA_S = 0.2
"""Unwritten speech shorter than this is breath."""
HELD = 20
"""Frames that no quiet sound lasts in one."""
PAUSE_S = 0.6
"""Silence is looked at no longer than this."""
SPEECH = 0.3
"""A frame less surely speech than this is silent."""


@dataclass(frozen=True, slots=True)
class SentenceMatch:
    """How well one sentence was heard."""

    syllables: Span
    """Of the utterance."""
    text: Span
    """Characters of the written text."""
    samples: Span
    """Of the recording."""
    cost: float
    """Mean distance along the path."""
    pace: float
    """Length of its sounds against the reference's; near 0 they were left out."""

    @property
    def doubt(self) -> float:
        """Confidence turned round: over `DOUBT` a person should listen, over `REFUSE` it is another sentence."""
        return self.cost + max(0.0, QUICK - self.pace)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where everything is in the recording."""

    phonemes: tuple[Phoneme, ...]
    """Tile the recording, in samples at its rate."""
    sentences: tuple[SentenceMatch, ...]
    extra: tuple[Span, ...]
    """Samples in which something is said that is not in the text."""
    warp: float
    """The vocal tract that fitted, of `WARPS`."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Some sentences of the reference and their frames."""

    bands: Cepstra
    rows: Rows
    coarse: Rows
    silent: NDArray[np.bool_]
    """Per frame of the reference."""
    samples: Span
    """Of the reference."""


def align_speech(samples: NDArray[np.float32], rate: int, utterance: Utterance, reference: Spoken) -> Alignment:
    """Find every phoneme of `reference` in a recording of the same words.

    Args:
        samples: the recording, mono; may be a file mapped into memory.
        rate: its samples a second.
        utterance: what should be said.
        reference: the same utterance with exact phonemes.

    Shapes:
        samples: [n] float32

    Raises:
        EngineError: the recording is far too short.
    """
    if len(samples) / rate < HOP_S * len(reference.phonemes):
        seconds, count = len(samples) / rate, len(reference.phonemes)
        raise EngineError(message("speech.holds-no-sounds", seconds=seconds, count=count))
    heard = band_powers(samples, rate)
    sounds = energies_of(energy_of(heard))
    kept = _without_long_silence(sounds.speech(energy_of(heard)) < SPEECH)
    search = _Search(heard[kept], sounds, reference, _words(utterance))
    sentences = _sentences(utterance, reference)
    search.run([s.samples for s in sentences])
    frame, columns, places = rate * HOP_S, np.arange(len(kept), dtype=float), kept.astype(float)

    def place(column: float) -> float:
        return float(np.interp(column, columns, places)) * frame

    said = [(p, place(start), place(end)) for p, start, end in search.said]
    return Alignment(
        phonemes=_tiled(said, len(samples), rate),
        sentences=tuple(_match(s, search, said, reference, rate) for s in sentences),
        extra=tuple(Span(round(place(a)), min(len(samples), round(place(b)))) for a, b in search.extra),
        warp=search.warp,
    )


@dataclass(frozen=True, slots=True)
class _Sentence:
    syllables: Span
    text: Span
    samples: Span
    """Of the reference, the pause after it included."""


def _words(utterance: Utterance) -> frozenset[int]:
    """Syllables that begin a word."""
    words = (item for item in utterance.items if not isinstance(item, Break))
    starts, at = set(), 0
    for word in words:
        starts.add(at)
        at += len(word.syllables)
    return frozenset(starts)


def _sentences(utterance: Utterance, reference: Spoken) -> tuple[_Sentence, ...]:
    """Where sentences begin and end; an utterance without a full stop is one."""
    cuts, at = [0], 0
    for item in utterance.items:
        if isinstance(item, Break):
            if item.kind is BreakKind.SENTENCE and at > cuts[-1]:
                cuts.append(at)
        else:
            at += len(item.syllables)
    if at > cuts[-1]:
        cuts.append(at)
    starts = {p.syllable: p.span.start for p in reversed(reference.phonemes) if p.syllable is not None}
    said = utterance.syllables
    edges = [0, *(starts[c] for c in cuts[1:-1]), len(reference.pcm)]
    return tuple(
        _Sentence(Span(a, b), Span(said[a].span.start, said[b - 1].span.end), Span(*edge))
        for (a, b), edge in zip(pairwise(cuts), pairwise(edges), strict=True)
    )


def _without_long_silence(silent: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Numbers of the frames that are looked at: all but the middles of long silences."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]])))
    keep = np.ones(len(silent), bool)
    half = round(PAUSE_S / HOP_S / 2)
    for start, end in edges.reshape(-1, 2):
        keep[start + half : max(start + half, end - half)] = False
    return np.flatnonzero(keep)


class _Search:
    """Walks through the recording block by block."""

    def __init__(self, heard: Cepstra, sounds: Energies, reference: Spoken, words: frozenset[int]) -> None:
        self._heard, self._sounds, self._reference, self._words = heard, sounds, reference, words
        speech = sounds.speech(energy_of(heard))
        self._speech = speech
        self.warp = WARPS[0]
        self.said: list[tuple[Phoneme, float, float]] = []
        """Sounds with first and last column."""
        self.extra: list[tuple[float, float]] = []
        self.costs: list[tuple[Span, float, float]] = []
        """(samples of the reference, cost, weight) of stretches of sound."""

    def run(self, sentences: Sequence[Span]) -> None:
        """Align all; `sentences` tile the samples of the reference."""
        rate, at, first = self._reference.rate, 0, 0
        while first < len(sentences):
            last = _until(sentences, first, BLOCK_S * rate)
            beyond = _until(sentences, last, AHEAD_S * rate) if last < len(sentences) else last
            inner = Span(sentences[first].start, sentences[last - 1].end)
            at = self._align(inner, Span(inner.start, sentences[beyond - 1].end), at)
            first = last

    def _align(self, inner: Span, outer: Span, at: int) -> int:
        """Align `inner`, looking on to the end of `outer`, from column `at`; gives the column after it."""
        length = len(outer) / self._reference.rate
        at = min(at, len(self._heard) - 1)
        stop = min(len(self._heard), at + round((FAST * length + BEFORE_S) / HOP_S))
        block, path = self._coarse(outer, at, stop, self.warp)
        best = min(WARPS, key=lambda warp: self._cost(self._block(outer, warp), path, at, stop))
        if best != self.warp:
            self.warp = best
            block, path = self._coarse(outer, at, stop, best)
        if len(inner) < len(outer):
            frames = len(inner) / (self._reference.rate * HOP_S)
            after = np.flatnonzero((block.coarse.frame >= frames / COARSE) & (block.coarse.kind == SOUND))
            stop = max(at + 1, min(stop, at + int(path.first[after[0]]) * COARSE))
        else:
            stop = len(self._heard)
        return self._fine(inner, block, path, at, stop)

    def _block(self, span: Span, warp: float) -> _Block:
        pcm = self._reference.pcm[span.start : span.end]
        rate = self._reference.rate
        bands = band_powers(pcm, rate, warp)
        frame = rate * HOP_S
        silent = np.zeros(len(bands), bool)
        seams: list[tuple[int, int]] = [(0, WORD)]
        for before, phoneme in pairwise((None, *self._reference.phonemes)):
            if phoneme is None or phoneme.span.end <= span.start or phoneme.span.start >= span.end:
                continue
            start, end = (round((x - span.start) / frame) for x in (phoneme.span.start, phoneme.span.end))
            if phoneme.symbol == SILENCE:
                silent[max(0, start) : end] = True
            elif phoneme.onset and before is not None and before.symbol != SILENCE and start > 0:
                seams.append((start, WORD if phoneme.syllable in self._words else SYLLABLE))
        seams.append((len(bands), WORD))
        thin = silent[::COARSE]
        return _Block(
            bands, plan_rows(silent, seams), plan_rows(thin, [(f // COARSE, k) for f, k in seams]), silent, span
        )

    def _features(self, block: _Block, at: int, stop: int) -> tuple[Cepstra, Cepstra]:
        heard = self._heard[at:stop]
        clean = through_channel(block.bands, ~block.silent, heard, self._speech[at:stop])
        return features_of(clean, energies_of(energy_of(clean))), features_of(heard, self._sounds)

    def _coarse(self, span: Span, at: int, stop: int, warp: float) -> tuple[_Block, Path]:
        block = self._block(span, warp)
        reference, heard = self._features(block, at, stop)
        silent = mean_pooled(self._speech[at:stop, None], COARSE)[:, 0] < SPEECH
        frame = block.coarse.frame
        low = np.clip(frame * SLOW - BEHIND_S / HOP_S / COARSE, 0, len(silent) - 1).astype(int)
        high = (frame * FAST + BEFORE_S / HOP_S / COARSE).astype(int)

        def window(row: int) -> Window:
            return int(low[row]), int(high[row])

        thin, long = mean_pooled(reference, COARSE), mean_pooled(heard, COARSE)
        return block, warp_path(thin, block.coarse, long, silent, window, whole=False)

    def _cost(self, block: _Block, path: Path, at: int, stop: int) -> float:
        """Mean distance of another warp along a known path."""
        reference, heard = self._features(block, at, stop)
        thin, long = mean_pooled(reference, COARSE), mean_pooled(heard, COARSE)
        sound = block.coarse.kind == SOUND
        apart = thin[block.coarse.frame[sound]] - long[(path.first + path.last)[sound] // 2]
        return float(np.sqrt(np.einsum("ij,ij->i", apart, apart)).mean())

    def _fine(self, span: Span, found: _Block, coarse: Path, at: int, stop: int) -> int:
        block = self._block(span, self.warp)
        reference, heard = self._features(block, at, stop)
        band = round(BAND_S / HOP_S)
        known = np.arange(len(found.coarse.frame))
        by_frame = np.searchsorted(found.coarse.frame, np.arange(len(found.bands) // COARSE + 1))
        by_frame = np.minimum(by_frame, len(known) - 1)
        rows = block.rows
        near = rows.frame // COARSE
        low = np.minimum.accumulate(coarse.first[::-1])[::-1][by_frame[np.maximum(near - 1, 0)]] * COARSE - band
        high = coarse.last[by_frame[np.minimum(near + 2, len(by_frame) - 1)]] * COARSE + band
        low = np.clip(low, 0, len(heard) - 1)
        high = np.maximum.accumulate(np.clip(high, 1, len(heard)))
        high[-1] = len(heard)

        def window(row: int) -> Window:
            return int(low[row]), int(high[row])

        silent = self._speech[at:stop] < SPEECH
        path = warp_path(reference, rows, heard, silent, window, whole=True)
        self._read(block, path, at, silent)
        return stop

    def _read(self, block: _Block, path: Path, at: int, silent: NDArray[np.bool_]) -> None:
        """Take phonemes, unwritten speech and costs from a path."""
        kind, frame = block.rows.kind, block.rows.frame
        sound = np.flatnonzero(kind == SOUND)
        frames, first, last = frame[sound], path.first[sound].copy(), path.last[sound].copy()
        step = self._reference.rate * HOP_S
        phonemes = [p for p in self._reference.phonemes if p.symbol != SILENCE and block.samples.overlaps(p.span)]
        spans = [tuple((x - block.samples.start) / step for x in (p.span.start, p.span.end)) for p in phonemes]
        starts = np.array([start for start, _ in spans])
        for row in np.flatnonzero(last - first >= HELD):
            if silent[first[row] : last[row] + 1].mean() > 0.8:
                # Silence that a quiet frame took: it lies before a sound that begins, after one that ends.
                start, end = spans[max(0, int(np.searchsorted(starts, frames[row] + 0.5)) - 1)]
                if frames[row] - start < end - frames[row]:
                    first[row] = last[row]
                else:
                    last[row] = first[row]
        middle = (first + last) / 2
        # A run ends where the reference pauses or the recording was interrupted.
        apart = (np.diff(frames) > 1) | (first[1:] - last[:-1] > 3)
        run = np.concatenate([[0], np.cumsum(apart)])
        for phoneme, (start, end) in zip(phonemes, spans, strict=True):
            inside = run == run[int(np.argmin(np.abs(frames - (start + end) / 2)))]
            xs, ys = frames[inside], middle[inside]
            xs = np.concatenate([[xs[0] - 1], xs, [xs[-1] + 1]])
            ys = np.concatenate([[ys[0] - 1], ys, [ys[-1] + 1]])
            a, b = np.interp([start, end], xs, ys)
            self.said.append((phoneme, at + float(a), at + float(b)))
            chosen = sound[(frames >= start) & (frames < end)]
            self.costs.append((phoneme.span, float(path.cost[chosen].sum()), float(path.weight[chosen].sum())))
        for row in np.flatnonzero(kind != SOUND):
            self._find_extra(int(path.first[row]), int(path.last[row]) + 1, at, silent)

    def _find_extra(self, first: int, last: int, at: int, silent: NDArray[np.bool_]) -> None:
        talk = np.flatnonzero(~silent[first:last])
        if len(talk) * HOP_S >= EXTRA_S:
            self.extra.append((at + first + int(talk[0]), at + first + int(talk[-1]) + 1))


def _until(sentences: Sequence[Span], first: int, samples: float) -> int:
    """The sentence after those from `first` on that last at least `samples`."""
    last = first
    while last < len(sentences) and (last == first or sentences[last - 1].end - sentences[first].start < samples):
        last += 1
    return last


def _match(
    sentence: _Sentence, search: _Search, said: list[tuple[Phoneme, float, float]], reference: Spoken, rate: int
) -> SentenceMatch:
    costs = [(c, w) for span, c, w in search.costs if span.overlaps(sentence.samples)]
    own = [(p, a, b) for p, a, b in said if p.syllable is not None and p.syllable in sentence.syllables]
    first, last = (max(0, round(x)) for x in (own[0][1], own[-1][2]))
    spoken = sum(b - a for _, a, b in own) / rate
    written = sum(len(p.span) for p, _, _ in own) / reference.rate
    cost = sum(c for c, _ in costs) / max(1.0, sum(w for _, w in costs))
    return SentenceMatch(sentence.syllables, sentence.text, Span(first, max(first, last)), cost, spoken / written)


def _tiled(said: list[tuple[Phoneme, float, float]], samples: int, rate: int) -> tuple[Phoneme, ...]:
    """Sounds and the silences between them, without gap or overlap."""
    out: list[Phoneme] = []
    at = 0
    least = 1
    for index, (phoneme, start, end) in enumerate(said):
        begin = max(at, round(start))
        if begin - at < SEAM_S * rate:
            if not out:
                begin = 0
            elif begin > at:
                middle = (begin + at) // 2
                out[-1] = replace(out[-1], span=Span(out[-1].span.start, middle))
                begin = middle
        else:
            out.append(Phoneme(SILENCE, Span(at, begin), None))
        room = samples - (len(said) - index)
        begin = min(begin, room)
        stop = min(max(begin + least, round(end)), room + 1)
        out.append(replace(phoneme, span=Span(begin, stop)))
        at = stop
    if samples > at:
        out.append(Phoneme(SILENCE, Span(at, samples), None))
    return tuple(out)
