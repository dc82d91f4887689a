"""What every lip-sync engine of the registry must keep; measured on the pixels where pixels can tell."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from anchor.core.face import Avatar, Patch
from anchor.core.speech import SILENCE, PhonemeTimeline
from anchor.core.time import VIDEO
from anchor.registry import LIP_SYNC, lip_sync_engine
from tests.face.face_samples import FLAP_COLOURS, drawn_gap, frames_of, hum, middle_sample, spoken

pytestmark = pytest.mark.parametrize("name", sorted(LIP_SYNC))
ReadOut = Callable[[str, Avatar], list[Patch | None]]


HEARS_ONLY = ("musetalk",)
"""What these draw is decided by weights, and those of the tests are random."""


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Avatar], Avatar]:
    """A presenter as MuseTalk wants it, with a model of the tests."""
    folder = tmp_path_factory.mktemp("musetalk")

    @cache
    def once(avatar: Avatar) -> Avatar:
        for library in ("torch", "diffusers", "transformers"):
            pytest.importorskip(library)
        from tests.face.musetalk_models import build_model, musetalk_presenter

        model = folder / "model" if (folder / "model").exists() else build_model(folder / "model")
        return musetalk_presenter(avatar, model, folder / f"{avatar.name}-musetalk")

    return once


@pytest.fixture
def presenter(name: str, avatar: Avatar, taught: Callable[[Avatar], Avatar]) -> Avatar:
    """Each presenter of the shelf, fit for the engine."""
    return taught(avatar) if name == "musetalk" else avatar


def _synced(name: str, avatar: Avatar, timeline: PhonemeTimeline, folder: Path) -> list[Patch | None]:
    with lip_sync_engine(name) as engine:
        return list(engine.sync(avatar, timeline, hum(timeline, folder), frames_of(timeline), VIDEO))


@pytest.fixture(scope="module")
def read_out(bulletin: PhonemeTimeline, tmp_path_factory: pytest.TempPathFactory) -> ReadOut:
    """The bulletin synced by an engine, once for all tests."""

    @cache
    def once(name: str, avatar: Avatar) -> list[Patch | None]:
        return _synced(name, avatar, bulletin, tmp_path_factory.mktemp("hum"))

    return once


def _equal(a: Patch | None, b: Patch | None) -> bool:
    if a is None or b is None:
        return a is b
    return (a.x, a.y) == (b.x, b.y) and np.array_equal(a.pixels, b.pixels) and np.array_equal(a.mask, b.mask)


def test_one_patch_per_frame_inside_the_plate(
    name: str, presenter: Avatar, bulletin: PhonemeTimeline, read_out: ReadOut
) -> None:
    patches = read_out(name, presenter)
    assert len(patches) == frames_of(bulletin)
    shown = [p for p in patches if p is not None]
    assert len(shown) > 100
    for patch in shown:
        height, width = patch.mask.shape
        assert patch.pixels.shape == (height, width, 3)
        assert patch.pixels.dtype == patch.mask.dtype == np.uint8
        assert patch.x >= 0 and patch.x + width <= presenter.width
        assert patch.y >= 0 and patch.y + height <= presenter.height
        assert patch.mask.any()
        # The mask ends softly: nothing is cut at the box.
        assert max(patch.mask[0].max(), patch.mask[-1].max(), patch.mask[:, 0].max(), patch.mask[:, -1].max()) <= 12


def test_plate_shows_in_long_silence_and_at_both_ends(
    name: str, presenter: Avatar, bulletin: PhonemeTimeline, read_out: ReadOut
) -> None:
    patches = read_out(name, presenter)
    assert patches[0] is None and patches[-1] is None
    for phoneme in bulletin.phonemes:
        if phoneme.symbol == SILENCE and len(phoneme.span) > 0.3 * 48000:
            margin = 0.17 * 48000
            quiet = [
                k
                for k in range(len(patches))
                if phoneme.span.start + margin < middle_sample(k) < phoneme.span.end - margin
            ]
            assert len(quiet) > 5 and all(patches[k] is None for k in quiet)


def test_same_in_same_out_and_usable_twice(name: str, presenter: Avatar, tmp_path: Path) -> None:
    timeline = spoken("da4 jia1 hao3 _0.4 wo3 men5")
    with lip_sync_engine(name) as engine:
        wav = hum(timeline, tmp_path)
        runs = [list(engine.sync(presenter, timeline, wav, frames_of(timeline), VIDEO)) for _ in range(2)]
    runs.append(_synced(name, presenter, timeline, tmp_path))
    assert all(_equal(a, b) and _equal(a, c) for a, b, c in zip(*runs, strict=True))


def test_mouth_opens_for_a_and_shuts_for_every_bilabial(name: str, presenter: Avatar, tmp_path: Path) -> None:
    if name in HEARS_ONLY:
        pytest.skip("random weights know no sounds")
    timeline = spoken("ba1 pa1 ma1 mao1 bu4 pi2 biao3 ming2", 0.18)
    patches = _synced(name, presenter, timeline, tmp_path)
    colours = FLAP_COLOURS if name == "flap" else None
    gaps = [0 if p is None else drawn_gap(p, presenter, colours) for p in patches]
    closures = [p.span for p in timeline.phonemes if p.symbol in "bpm"]
    assert len(closures) == 8
    for span in closures:
        near = [k for k in range(len(gaps)) if span.start - 801 <= middle_sample(k) <= span.end + 801]
        assert min(gaps[k] for k in near) <= 2, span
    vowels = [p.span for p in timeline.phonemes if p.symbol == "a"]
    for span in vowels:
        near = [k for k in range(len(gaps)) if int(middle_sample(k)) in span]
        assert max(gaps[k] for k in near) >= 8, span
