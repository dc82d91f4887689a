"""MuseTalk on each device that is there: on CUDA as on the CPU, and what happens when it has no room or is stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import EngineError, EngineUnavailable
from anchor.core.face import Avatar, Patch
from anchor.core.plan import Placement
from anchor.core.ports import LipSyncEngine
from anchor.core.speech import PhonemeTimeline
from anchor.core.time import VIDEO
from anchor.face.avatar import resolve_avatar
from anchor.face.engines.musetalk.check import preflight
from anchor.face.engines.musetalk.load import forget
from anchor.face.paste import lay_patch, placement_screen
from anchor.media.planes import Planes
from anchor.packs import Shelf, find_pack
from anchor.registry import lip_sync_engine
from tests.face.face_samples import frames_of, hum, middle_sample, spoken
from tests.face.musetalk_models import build_model, musetalk_presenter

torch = pytest.importorskip("torch")
for library in ("diffusers", "transformers"):
    pytest.importorskip(library)

ROOT = Path(__file__).resolve().parents[2]
LINE = "da4 jia1 hao3 _0.5 wo3"
CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, CUDA])]
MOST, MEAN = 64, 0.8
"""Code values by which sums in another order and 16-bit numbers may move one pixel, and all of them on average: random
weights make much of little. Frames of one line differ by more than 100 and 5."""


@pytest.fixture(scope="module")
def lan() -> Avatar:
    return resolve_avatar(find_pack(Shelf.AVATARS, "lan", (ROOT,)))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("musetalk") / "model")


@pytest.fixture(scope="module")
def timeline() -> PhonemeTimeline:
    return spoken(LINE)


@pytest.fixture(scope="module")
def wav(timeline: PhonemeTimeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Syllables of different loudness, so that frames differ."""
    gains = {index: 1.0 + index % 5 for index in range(len(timeline.phonemes))}
    return hum(timeline, tmp_path_factory.mktemp("hum"), gains)


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _asked(engine: LipSyncEngine, avatar: Avatar, timeline: PhonemeTimeline, wav: Path) -> Iterator[Patch | None]:
    return engine.sync(avatar, timeline, wav, frames_of(timeline), VIDEO)


def _synced(avatar: Avatar, timeline: PhonemeTimeline, wav: Path) -> list[Patch | None]:
    with lip_sync_engine("musetalk") as engine:
        return list(_asked(engine, avatar, timeline, wav))


def _shown(patches: list[Patch | None]) -> list[Patch]:
    return [p for p in patches if p is not None]


def _farthest(one: list[Patch | None], other: list[Patch | None]) -> tuple[int, float]:
    """Greatest and mean difference of pixels where the masks show them; frames and masks must be the same."""
    assert [p is None for p in one] == [p is None for p in other] and len(_shown(one)) > 10
    found = []
    for a, b in zip(_shown(one), _shown(other), strict=True):
        assert (a.x, a.y) == (b.x, b.y) and np.array_equal(a.mask, b.mask)
        found.append(np.abs(a.pixels.astype(int) - b.pixels)[a.mask > 0])
    differences = np.concatenate(found)
    return int(differences.max()), float(differences.mean())


@pytest.mark.gpu
@CUDA
def test_cuda_paints_what_the_cpu_paints(
    lan: Avatar, model: Path, timeline: PhonemeTimeline, wav: Path, tmp_path: Path
) -> None:
    slow, fast = (
        _synced(musetalk_presenter(lan, model, tmp_path / f"lan-{device}", device=device), timeline, wav)
        for device in ("cpu", "cuda")
    )
    most, mean = _farthest(slow, fast)
    assert most <= MOST and mean < MEAN, (most, mean)
    shown = [p for p in _shown(fast) if p.pixels.shape == _shown(fast)[0].pixels.shape]
    apart = [np.abs(p.pixels.astype(int) - shown[0].pixels)[p.mask > 0] for p in shown]
    assert max(a.max() for a in apart) > 100 and max(a.mean() for a in apart) > 5


def test_batches_and_runs_give_the_same(
    lan: Avatar, model: Path, timeline: PhonemeTimeline, wav: Path, device: str, tmp_path: Path
) -> None:
    one, eight, again = (
        _synced(musetalk_presenter(lan, model, tmp_path / name, f"batch = {n}", device=device), timeline, wav)
        for name, n in (("lan-1", 1), ("lan-8", 8), ("lan-8-again", 8))
    )
    most, mean = _farthest(one, eight)
    assert (most <= 1 if device == "cpu" else most <= MOST) and mean < MEAN, (most, mean)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(_shown(eight), _shown(again), strict=True))


def test_pauses_and_pixels_outside_the_mask_are_the_plates(
    lan: Avatar, model: Path, timeline: PhonemeTimeline, wav: Path, device: str, tmp_path: Path
) -> None:
    patches = _synced(musetalk_presenter(lan, model, tmp_path / "lan-m", device=device), timeline, wav)
    pause = next(p.span for p in timeline.phonemes if len(p.span) >= 0.5 * 48000)
    inside = [k for k in range(len(patches)) if pause.start + 6000 < middle_sample(k) < pause.end - 6000]
    assert len(inside) > 5 and all(patches[k] is None for k in inside)
    frame = Planes(1920, 1080)
    frame.buffer[:] = np.random.default_rng(1).integers(16, 236, len(frame.buffer), np.uint8)
    before = frame.y.copy()
    patch = _shown(patches)[4]
    lay_patch(frame, patch, (1, 0, 0, 0, 1, 0), placement_screen(Placement(1.0, 0, 0), 1920, 1080))
    height, width = patch.mask.shape
    outside = np.ones_like(before, bool)
    outside[patch.y : patch.y + height, patch.x : patch.x + width] = patch.mask == 0
    assert np.array_equal(frame.y[outside], before[outside]) and not np.array_equal(frame.y, before)


def test_stopping_in_the_middle_leaves_nothing_behind(
    lan: Avatar, model: Path, timeline: PhonemeTimeline, wav: Path, device: str, tmp_path: Path
) -> None:
    avatar = musetalk_presenter(lan, model, tmp_path / "lan-m", "batch = 4", device=device)
    whole = _synced(avatar, timeline, wav)
    with lip_sync_engine("musetalk") as engine:
        for count in (1, 6, 9):
            begun = _asked(engine, avatar, timeline, wav)
            for _ in range(count):
                next(begun)
            begun.close()  # type: ignore[attr-defined]
        again = list(_asked(engine, avatar, timeline, wav))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(_shown(whole), _shown(again), strict=True))


def test_segments_side_by_side_do_not_disturb_each_other(
    lan: Avatar, model: Path, timeline: PhonemeTimeline, wav: Path, device: str, tmp_path: Path
) -> None:
    other = hum(timeline, tmp_path)
    avatar = musetalk_presenter(lan, model, tmp_path / "lan-m", "batch = 3", device=device)
    alone = [_synced(avatar, timeline, sound) for sound in (wav, other)]
    with lip_sync_engine("musetalk") as engine, ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda sound: list(_asked(engine, avatar, timeline, sound)), (wav, other)))
    for found, wanted in zip(both, alone, strict=True):
        assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(_shown(found), _shown(wanted), strict=True))
    assert _farthest(*alone)[0] > 0


def test_weights_that_are_no_numbers_stop_the_engine(
    lan: Avatar, model: Path, timeline: PhonemeTimeline, wav: Path, device: str, tmp_path: Path
) -> None:
    broken = Path(shutil.copytree(model, tmp_path / "broken"))
    unet = broken / "musetalkV15" / "unet.pth"
    state = torch.load(unet, weights_only=True)
    state["conv_out.bias"][:] = float("nan")
    torch.save(state, unet)
    with pytest.raises(EngineError, match=r"no picture.*sha256"):
        _synced(musetalk_presenter(lan, broken, tmp_path / "lan-m", device=device), timeline, wav)


@pytest.mark.gpu
@CUDA
def test_full_memory_is_told_and_a_smaller_batch_goes_on(
    lan: Avatar, model: Path, timeline: PhonemeTimeline, wav: Path, tmp_path: Path
) -> None:
    wide, narrow = (
        musetalk_presenter(lan, model, tmp_path / f"lan-{n}", f"batch = {n}", device="cuda") for n in (1000, 1)
    )
    wanted = _synced(narrow, timeline, wav)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + (16 << 20)) / total)
    try:
        with pytest.raises(EngineUnavailable, match=r"memory is full.*lower batch"):
            _synced(wide, timeline, wav)
        found = _synced(narrow, timeline, wav)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(_shown(found), _shown(wanted), strict=True))


@pytest.mark.gpu
@CUDA
def test_auto_takes_the_gpu_and_the_check_passes(
    lan: Avatar, model: Path, timeline: PhonemeTimeline, wav: Path, tmp_path: Path
) -> None:
    assert preflight(model) == ()
    forget()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    _synced(musetalk_presenter(lan, model, tmp_path / "lan-m", device="auto"), timeline, wav)
    assert torch.cuda.memory_allocated() > before
    (kept,) = (tmp_path / "cache").rglob("musetalk-*.npz")
    assert kept.stem.endswith("-cuda"), "latents of one device are not taken for those of another"
