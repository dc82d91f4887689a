"""Wanted mouth shapes: closures, silence, rounding, undershoot."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from anchor.core.errors import EngineError
from anchor.core.speech import SILENCE, PhonemeTimeline
from anchor.core.time import VIDEO
from anchor.face.mouth_shape import MouthShape
from anchor.face.visemes import plan_visemes, viseme_targets
from anchor.face.vocal_effort import BOUNDS, measure_effort
from anchor.mandarin.phonemes import phoneme_classes
from tests.face.face_samples import frames_of, hum, middle_sample, spoken, timeline_of


def _plan(timeline: PhonemeTimeline) -> tuple[MouthShape | None, ...]:
    return plan_visemes(timeline, frames_of(timeline), VIDEO).frames


def _nearest(sample: float) -> int:
    return round(sample * 30000 / 1001 / 48000 - 0.5)


def _during(timeline: PhonemeTimeline, symbol: str) -> list[MouthShape]:
    """Shapes of the frames whose middle lies in any phoneme of that symbol."""
    spans = [p.span for p in timeline.phonemes if p.symbol == symbol]
    shapes = enumerate(_plan(timeline))
    return [s for k, s in shapes if s is not None and any(int(middle_sample(k)) in span for span in spans)]


def test_every_sound_has_a_row_and_every_row_a_sound() -> None:
    assert set(viseme_targets()) == set(phoneme_classes())


def test_targets_are_in_range_and_lips_close_for_bilabials_alone() -> None:
    for symbol, target in viseme_targets().items():
        assert 0 <= target.opening <= 1 and -1 <= target.width <= 1.5 and 0 <= target.amount <= 1, symbol
        assert (target.special == "M") == (symbol in set("bpmBPM")), symbol
        assert (target.special == "F") == (symbol in set("fFV")), symbol


def test_unknown_sound_is_an_error_that_names_it() -> None:
    with pytest.raises(EngineError, match="'qq'"):
        _plan(timeline_of([("qq", 0.2)]))


@pytest.mark.parametrize("syllable_s", [0.08, 0.13, 0.21, 0.4])
def test_every_closure_has_a_closed_frame_inside_or_next_to_it(syllable_s: float) -> None:
    text = "ba1 pa1 ma1 bu4 pi2 mao1 biao3 pin2 min2 a1 mu4 ping2 fa1 ben3 ma5 ma5 ba4 bo1"
    timeline = spoken(text, syllable_s)
    shapes = _plan(timeline)
    closures = [p for p in timeline.phonemes if p.symbol in "bpm"]
    assert len(closures) == 16
    for phoneme in closures:
        inside = range(_nearest(phoneme.span.start), _nearest(phoneme.span.end) + 1)
        assert any((s := shapes[k]) is not None and s.press == 1.0 and s.presence == 1.0 for k in inside), phoneme


def test_closure_of_three_milliseconds_still_gets_its_frame() -> None:
    timeline = timeline_of([(SILENCE, 0.2), ("a", 0.3), ("b", 0.003), ("a", 0.3), (SILENCE, 0.2)])
    assert [s.press for s in _plan(timeline) if s is not None].count(1.0) == 1


def test_lips_close_before_the_burst_and_p_opens_for_its_breath() -> None:
    timeline = timeline_of([(SILENCE, 0.2), ("a", 0.3), ("p", 0.2), ("a", 0.3), (SILENCE, 0.2)])
    shapes = _plan(timeline)
    start, end = 0.5 * 48000, 0.7 * 48000
    first, last = shapes[_nearest(start + 1000)], shapes[_nearest(end - 800)]
    assert first is not None and first.press == 1.0
    assert last is not None and last.press < 0.5


def test_labiodental_bites_for_a_frame_at_least() -> None:
    timeline = spoken("fa1 a1 fei1 fu4 fang2", 0.15)
    bites = [s.bite for s in _plan(timeline) if s is not None]
    assert sum(b == 1.0 and a < 1.0 for a, b in itertools.pairwise([0.0, *bites])) == 4


def test_long_silence_and_both_ends_show_the_plate() -> None:
    timeline = spoken("ni3 hao3 _0.31 da4 jia1 _0.29 hao3 _1.5 zai4 jian4")
    shapes = _plan(timeline)
    assert shapes[0] is None and shapes[-1] is None
    assert not any(s is None for s in shapes[6:14])
    silences = [p.span for p in timeline.phonemes if p.symbol == SILENCE]
    for span in silences:
        seconds = len(span) / 48000
        inside = [k for k in range(len(shapes)) if int(middle_sample(k)) in span]
        away = [k for k in inside if middle_sample(k) - span.start > 0.17 * 48000 < span.end - middle_sample(k)]
        if seconds > 0.3:
            assert all(shapes[k] is None for k in away)
        if seconds > 1:
            assert len(away) > 30
        if 0.2 < seconds < 0.3:
            assert all(shapes[k] is not None for k in inside)


def test_patch_comes_and_goes_while_the_mouth_rests() -> None:
    shapes = _plan(spoken("_0.4 a1 ma1 wo3 _0.5 yu2 fa1 a1 _0.5"))
    fading = [s for s in shapes if s is not None and s.presence < 1]
    assert len(fading) >= 2
    assert all(s.opening < 0.02 and abs(s.width) < 0.03 and s.bite + s.tongue + s.teeth < 0.02 for s in fading)


def test_short_silence_relaxes_towards_rest() -> None:
    shapes = _plan(spoken("a1 a1 _0.2 a1 a1"))
    middle = len(shapes) // 2
    quiet = [s for s in shapes[middle - 2 : middle + 2] if s is not None]
    assert min(s.opening for s in quiet) < 0.3 * max(s.opening for s in shapes if s is not None)


def test_silence_alone_gives_no_patch() -> None:
    assert set(_plan(timeline_of([(SILENCE, 0.8)]))) == {None}


def test_rounding_starts_in_the_consonant_before() -> None:
    plain = [s.width for s in _during(spoken("a1 ta1 a1", 0.25), "t")]
    rounded = [s.width for s in _during(spoken("a1 tu1 a1", 0.25), "t")]
    assert min(rounded) < min(plain) - 0.3


def test_vowels_reach_their_sides_and_quick_ones_undershoot() -> None:
    for syllable, symbol, least, most in (
        ("yi1", "i", 1.0, 1.4), ("wu1", "u", -1.0, -0.6), ("yu1", "v", -1.0, -0.7), ("wo3", "o", -1.0, -0.4),
    ):  # fmt: skip
        widths = [s.width for s in _during(spoken(f"da4 {syllable} da4", 0.3), symbol)]
        extreme = max(widths, key=abs)
        assert least <= extreme <= most, syllable
    slow = max(s.opening for s in _during(spoken("ta1 ta1 ta1", 0.4), "a"))
    quick = max(s.opening for s in _during(spoken("ta1 ta1 ta1", 0.12), "a"))
    assert quick < 0.85 * slow


def test_frames_are_read_at_their_own_middle_an_hour_in() -> None:
    """One closure 3,000 s in lands on the frame that exact arithmetic says; nothing adds up on the way."""
    timeline = timeline_of([(SILENCE, 3000.0), ("a", 0.2), ("m", 0.02), ("a", 0.2), (SILENCE, 0.5)])
    shapes = _plan(timeline)
    closed = [k for k, s in enumerate(shapes) if s is not None and s.press == 1.0]
    middle = timeline.phonemes[2].span.start + 0.01 * 48000
    assert closed and all(abs(middle_sample(k) - middle) < 1601.6 * 0.75 for k in closed)


def _effort(loud: float, tmp_path: Path) -> tuple[list[float], list[float]]:
    """Greatest opening of each of five syllables when the third is `loud` times as loud, without and with effort."""
    timeline = spoken("ta1 ta1 ta1 ta1 ta1", 0.35)
    third = [k for k, p in enumerate(timeline.phonemes) if p.symbol != SILENCE][4:6]
    wav = hum(timeline, tmp_path, dict.fromkeys(third, loud))
    frames = frames_of(timeline)
    effort = measure_effort(wav, frames, VIDEO)
    assert effort.shape == (frames,) and BOUNDS[0] <= effort.min() and effort.max() <= BOUNDS[1]
    vowels = [p.span for p in timeline.phonemes if p.symbol == "a"]

    def widest(shapes: tuple[MouthShape | None, ...]) -> list[float]:
        return [
            max(s.opening for k, s in enumerate(shapes) if s is not None and int(middle_sample(k)) in span)
            for span in vowels
        ]

    return widest(_plan(timeline)), widest(plan_visemes(timeline, frames, VIDEO, effort).frames)


def test_louder_syllables_open_wider_and_softer_ones_less(tmp_path: Path) -> None:
    even, loud = _effort(2.0, tmp_path)
    assert loud[2] > 1.08 * even[2] and abs(loud[0] - even[0]) < 0.03
    even, soft = _effort(0.4, tmp_path)
    assert soft[2] < 0.92 * even[2] and abs(soft[4] - even[4]) < 0.03
    even, level = _effort(1.0, tmp_path)
    assert all(abs(a - b) < 0.03 for a, b in zip(even, level, strict=True))


def test_silent_recording_has_no_effort(tmp_path: Path) -> None:
    timeline = timeline_of([(SILENCE, 0.5)])
    assert (measure_effort(hum(timeline, tmp_path), frames_of(timeline), VIDEO) == 1).all()


@pytest.mark.parametrize("syllable_s", [0.1, 0.14, 0.21])
def test_lips_are_never_quicker_than_a_jaw_can_be(syllable_s: float) -> None:
    shapes = _plan(spoken("ba1 pa1 ma1 fa1 ta1 ba4 pao3 biao3 ma5 la1", syllable_s))
    parted = [0.0 if s is None else s.opening * (1 - s.press) for s in shapes]
    assert max(abs(b - a) for a, b in itertools.pairwise(parted)) <= 7.5 * 1001 / 30000 + 1e-6
