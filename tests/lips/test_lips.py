"""The aims of docs/lips.md, held by FaceMesh on both house anchors; the measures, held on made-up curves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from anchor.core.speech import SILENCE, Phoneme, PhonemeTimeline
from anchor.core.time import Span
from anchor.face.mouthbank import MouthBank, load_bank
from anchor.pipeline.services import Services
from anchor.settings import Settings
from tests.lips.aims import Seen, asked_gap, closures, lag_ms, quiet_frames, roundings, share_right
from tests.lips.filming import noise, quick_rms, sharpness
from tests.lips.measuring import EYES, measure, paused

ROOT = Path(__file__).resolve().parents[2]
FPS = 30000 / 1001


def _timeline(*sounds: tuple[str, float]) -> PhonemeTimeline:
    phonemes, at = [], 0
    for symbol, seconds in sounds:
        end = at + round(seconds * 48000)
        phonemes.append(Phoneme(symbol, Span(at, end), None if symbol == SILENCE else 0))
        at = end
    return PhonemeTimeline(48000, at, tuple(phonemes))


@pytest.fixture(scope="module")
def bank() -> MouthBank:
    return load_bank(ROOT / "avatars" / "lan" / "bank" / "bank.json")


def _bumps(at: np.ndarray) -> np.ndarray:
    return sum(np.exp(-(((at - middle) / 0.08) ** 2)) for middle in (0.7, 1.3, 1.55, 2.4, 2.7))


@pytest.mark.parametrize("late_s", [-0.06, -0.011, 0.0, 0.025, 0.09])
def test_lag_is_found_to_a_fraction_of_a_frame(late_s: float) -> None:
    at = np.arange(100) / FPS
    assert lag_ms(_bumps(at), 3 * _bumps(at - late_s) + 1) == pytest.approx(1000 * late_s, abs=4)


def test_asked_gap_is_wide_in_a_and_shut_in_m(bank: MouthBank) -> None:
    timeline = _timeline((SILENCE, 0.5), ("a", 0.4), ("m", 0.2), ("a", 0.4), (SILENCE, 0.5))
    asked = asked_gap(timeline, bank, 60)
    assert asked[int(0.7 * FPS)] > 20 and asked[int(1.0 * FPS)] < 2 and asked[5] < 0.5


def _seen(gap: float, width: float, frames: int = 60) -> Seen:
    return Seen(np.full(frames, gap), np.full(frames, width), 180.0)


def test_closures_are_held_against_the_rest() -> None:
    timeline = _timeline((SILENCE, 0.5), ("a", 0.3), ("m", 0.1), ("a", 0.3), (SILENCE, 0.5))
    opened, silent = _seen(0.2, 0.5), _seen(0.01, 0.5)
    assert [ratio for *_, ratio in closures(timeline, opened, silent)] == [pytest.approx(20.0)]
    opened.gap[int(0.85 * FPS)] = 0.012
    assert closures(timeline, opened, silent)[0][2] == pytest.approx(1.2)


def test_rounding_is_judged_by_the_side_it_falls_on() -> None:
    timeline = _timeline((SILENCE, 0.4), ("u", 0.3), ("i", 0.3), ("v", 0.3), (SILENCE, 0.4))
    silent = _seen(0.0, 0.5)
    assert share_right(roundings(timeline, _seen(0.1, 0.4), silent)) == pytest.approx(2 / 3)
    assert share_right(roundings(timeline, _seen(0.1, 0.6), silent)) == pytest.approx(1 / 3)


def test_quiet_is_long_silence_alone() -> None:
    timeline = _timeline((SILENCE, 0.1), ("a", 0.4), (SILENCE, 0.2), ("a", 0.4), (SILENCE, 0.9), ("a", 0.2))
    quiet = quiet_frames(timeline, 65, 0.2)
    at = (np.arange(65) + 0.5) / FPS
    assert quiet.any() and (at[quiet] > 1.3).all() and (at[quiet] < 1.8).all()


def test_jitter_sees_what_is_quick_and_not_what_drifts() -> None:
    drift = np.stack([np.linspace(0, 3, 240), np.zeros(240)], axis=1)
    assert quick_rms(drift) < 0.03
    shaken = drift + np.where(np.arange(240) % 2, 0.5, -0.5)[:, None] * (1, 0)
    assert 0.45 < quick_rms(shaken) < 0.6


def test_sharpness_and_noise_tell_a_blurred_picture() -> None:
    random = np.random.default_rng(7)
    picture = random.integers(80, 160, (64, 64), dtype=np.uint8)
    soft = np.repeat(np.repeat(picture[::4, ::4], 4, axis=0), 4, axis=1)
    assert sharpness(soft) < 0.5 * sharpness(picture) and noise(soft) < 0.8 * noise(picture)


def test_pauses_are_taken_out_of_the_text() -> None:
    assert paused("早安。▮\n大家好。▮再見。\n") == ("早安。大家好。再見。", ((3, 800), (7, 800)))


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    cache = tmp_path_factory.mktemp("lips")
    with Services(Settings(shelves=(ROOT,), cache=cache, models=cache / "models", production=True)) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.media
@pytest.mark.skipif(not EYES.exists(), reason="make lips makes the environment of FaceMesh")
@pytest.mark.parametrize("avatar", ["lan", "hao"])
def test_every_aim_holds_by_facemesh(avatar: str, services: Services, tmp_path: Path) -> None:
    """All aims but the speed, which belongs to a machine."""
    text = (ROOT / "tests" / "lips" / "reading.txt").read_text(encoding="utf-8")
    result = measure(services, avatar, text, tmp_path)
    missed = [f"{row.what}: {row.measured}, aim {row.aim}" for row in result.rows if not row.holds]
    assert [line for line in missed if not line.startswith("sync stage")] == []
    assert len(result.rows) == 10
