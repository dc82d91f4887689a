"""The voices' tones, judged by a tracker and a classifier that know nothing of how they were made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anchor.core.ports import Spoken, Voice
from anchor.core.speech import Utterance
from anchor.core.time import Span
from anchor.mandarin.reader import Reader
from anchor.speech.engines.espeak.engine import EspeakEngine
from tests.speech.pitch import Contours, classify, contours_of, surface_tones, track_pitch

LEAST = 0.88
"""Share of syllables whose contour must tell their tone."""
NEWS = Path(__file__).with_name("news.txt")


@pytest.fixture(scope="module")
def news() -> Utterance:
    return Reader().read(NEWS.read_text(encoding="utf-8").replace("\n", ""))


@pytest.fixture(scope="module", params=["lan", "hao"])
def spoken(request: pytest.FixtureRequest, espeak: EspeakEngine, news: Utterance) -> Spoken:
    voice: Voice = request.getfixturevalue(request.param)
    return espeak.speak(news, voice)


@pytest.fixture(scope="module")
def contours(spoken: Spoken, news: Utterance) -> Contours:
    return contours_of(news, spoken)


def test_the_tracker_follows_a_glide() -> None:
    rate, seconds = 22050, np.arange(22050) / 22050
    hz = 120 * 2**seconds  # an octave in a second
    phase = 2 * np.pi * np.cumsum(hz) / rate
    tone = sum(np.sin(k * phase) / k for k in range(1, 8)).astype(np.float32) * 0.1
    track = track_pitch(np.concatenate([np.zeros(2205, np.float32), tone]), rate)
    found = track.inside(0.2, 1.0, 9)
    assert found == pytest.approx(120 * 2 ** np.linspace(0.1, 0.9, 9), rel=0.02)
    assert np.isnan(track.hz[:15]).all()


def test_surface_tones() -> None:
    said = Reader().read("總統府很好，你也好。")
    assert "".join(surface_tones(said)) == "22223223"


def test_the_classifier_guesses_where_there_is_nothing_to_learn() -> None:
    noise = np.random.default_rng(1).normal(size=(400, 7))
    labels = tuple("1234"[i % 4] for i in range(400))
    assert np.mean([a == b for a, b in zip(classify(noise, labels), labels, strict=True)]) < 0.4
    noise[:, 0] += 10 * np.array([int(t) for t in labels])
    assert classify(noise, labels) == list(labels)


def test_tones_are_told_by_their_contours(contours: Contours) -> None:
    assert len(contours.tones) >= 390
    answers = classify(contours.features, contours.tones)
    right = [a == b for a, b in zip(answers, contours.tones, strict=True)]
    assert np.mean(right) >= LEAST
    for tone in "124":
        assert np.mean([ok for ok, t in zip(right, contours.tones, strict=True) if t == tone]) >= 0.85, tone


def test_mean_contours_have_their_shapes(contours: Contours) -> None:
    means = {t: contours.semitones[[x == t for x in contours.tones]].mean(axis=0) for t in "1234"}
    assert means["1"].min() > 1 and np.ptp(means["1"]) < 2
    assert means["2"][-1] - means["2"][1] > 2
    assert means["3"][1:5].mean() < -3
    assert means["4"][0] - means["4"][4] > 3


def test_pace_and_range_are_those_of_a_newsreader(spoken: Spoken, news: Utterance) -> None:
    assert 260 <= len(news.syllables) / (len(spoken.pcm) / spoken.rate) * 60 <= 300
    hz = track_pitch(spoken.pcm, spoken.rate).hz
    low, high = np.nanpercentile(hz, [5, 95])
    assert 6 < 12 * np.log2(high / low) < 12


def test_boundaries_lie_where_the_sound_changes(spoken: Spoken) -> None:
    """Hiss gives way to voice within some milliseconds of the boundary that says so."""
    pairs = [
        (a, b)
        for a, b in zip(spoken.phonemes, spoken.phonemes[1:], strict=False)
        if a.symbol in {"s", "sh", "x"} and a.syllable == b.syllable and len(b.span) > 0.04 * spoken.rate
    ]
    assert len(pairs) > 40
    off = np.abs([_change(spoken, hiss.span, vowel.span) for hiss, vowel in pairs])
    assert np.median(off) < 0.002
    assert np.percentile(off, 95) < 0.005


def _change(spoken: Spoken, hiss: Span, vowel: Span) -> float:
    """Seconds from the boundary to where the share of high frequencies crosses the middle of both sounds' own."""
    step, size = spoken.rate // 2000, spoken.rate // 200
    starts = np.arange(hiss.start, vowel.end - size, step)
    frames = [spoken.pcm[at : at + size] for at in starts]
    share = np.array([np.log((np.mean(np.diff(x) ** 2) + 1e-9) / (np.mean(x**2) + 1e-9)) for x in frames])
    centres = starts + size // 2
    before, after = (np.median(share[(centres >= s.start) & (centres < s.end)]) for s in (hiss, vowel))
    middle = (before + after) / 2
    crossing = next(
        int(at) for at, value in zip(centres, share, strict=True) if at > hiss.start + size and value < middle
    )
    return (crossing - vowel.start) / spoken.rate
