"""MuseTalk from sound to patch, through the libraries, with weights that are tiny and random."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from anchor.cli.app import app
from anchor.core.errors import ConsentError, EngineUnavailable, PackError
from anchor.core.face import Avatar, Patch
from anchor.core.plan import Placement
from anchor.core.speech import PhonemeTimeline
from anchor.core.time import VIDEO
from anchor.face.avatar import resolve_avatar
from anchor.face.engines.musetalk.audio_windows import frame_windows, resample_16k
from anchor.face.engines.musetalk.check import memory_problem, preflight
from anchor.face.engines.musetalk.crop import FaceCrop, face_box, grain_of
from anchor.face.engines.musetalk.files import find_model
from anchor.face.engines.musetalk.finish import Finisher
from anchor.face.engines.musetalk.load import forget
from anchor.face.engines.musetalk.networks import Networks
from anchor.face.engines.musetalk.pack import acceptance_lines
from anchor.face.mouth_shape import MouthShape
from anchor.face.mouthbank import load_bank
from anchor.face.paste import lay_patch, placement_screen
from anchor.face.track import load_track
from anchor.intake.script import parse_script
from anchor.media.planes import Planes
from anchor.packs import Shelf, find_pack
from anchor.pipeline.plan.casting import Choices
from anchor.pipeline.run import render_script
from anchor.pipeline.services import Services
from anchor.registry import lip_sync_engine
from anchor.settings import Settings
from tests.face.face_samples import frames_of, hum, middle_sample, spoken
from tests.face.musetalk_models import PIECE_S, WIDTH, build_model, musetalk_presenter

for library in ("torch", "diffusers", "transformers"):
    pytest.importorskip(library)

ROOT = Path(__file__).resolve().parents[2]
LINE = "da4 jia1 hao3 _0.5 wo3"


@pytest.fixture(scope="module")
def lan() -> Avatar:
    return resolve_avatar(find_pack(Shelf.AVATARS, "lan", (ROOT,)))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("musetalk") / "model")


@pytest.fixture
def broken(model: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(model, tmp_path / "broken"))


@pytest.fixture(scope="module")
def networks(model: Path) -> Networks:
    return Networks(find_model(model), "cpu")


def _synced(avatar: Avatar, timeline: PhonemeTimeline, wav: Path) -> list[Patch | None]:
    with lip_sync_engine("musetalk") as engine:
        return list(engine.sync(avatar, timeline, wav, frames_of(timeline), VIDEO))


def _shown(patches: list[Patch | None]) -> list[Patch]:
    return [p for p in patches if p is not None]


def test_batches_change_nothing(lan: Avatar, model: Path, tmp_path: Path) -> None:
    timeline = spoken(LINE)
    wav = hum(timeline, tmp_path)
    one, four = (
        _synced(musetalk_presenter(lan, model, tmp_path / f"lan-{n}", f"batch = {n}"), timeline, wav) for n in (1, 4)
    )
    assert [p is None for p in one] == [p is None for p in four] and len(_shown(one)) > 20
    for a, b in zip(_shown(one), _shown(four), strict=True):
        # The libraries add up in another order; grain is off where the weights give noise themselves.
        assert np.array_equal(a.mask, b.mask) and np.abs(a.pixels.astype(int) - b.pixels).max() <= 1


def test_what_is_heard_changes_the_mouth_and_pauses_cost_nothing(lan: Avatar, model: Path, tmp_path: Path) -> None:
    timeline = spoken(LINE)
    avatar = musetalk_presenter(lan, model, tmp_path / "lan-m")
    quiet = _synced(avatar, timeline, hum(timeline, tmp_path))
    other = dict.fromkeys(range(0, len(timeline.phonemes), 2), 8.0)
    loud = _synced(avatar, timeline, hum(timeline, tmp_path, other))
    assert any(not np.array_equal(a.pixels, b.pixels) for a, b in zip(_shown(quiet), _shown(loud), strict=True))
    pause = next(p.span for p in timeline.phonemes if len(p.span) >= 0.5 * 48000)
    inside = [k for k in range(len(quiet)) if pause.start + 6000 < middle_sample(k) < pause.end - 6000]
    assert len(inside) > 5 and all(quiet[k] is None for k in inside)
    ramp = [int(p.mask.max()) for p in _shown(quiet)]
    assert ramp[0] < 200 and max(ramp) == 255, "the picture dissolves from the plate's own mouth"


def test_pixels_outside_the_mask_stay(lan: Avatar, model: Path, tmp_path: Path) -> None:
    timeline = spoken("da4")
    avatar = musetalk_presenter(lan, model, tmp_path / "lan-m")
    patch = _shown(_synced(avatar, timeline, hum(timeline, tmp_path)))[4]
    frame = Planes(1920, 1080)
    frame.buffer[:] = np.random.default_rng(1).integers(16, 236, len(frame.buffer), np.uint8)
    before = frame.y.copy()
    lay_patch(frame, patch, (1, 0, 0, 0, 1, 0), placement_screen(Placement(1.0, 0, 0), 1920, 1080))
    height, width = patch.mask.shape
    outside = np.ones_like(before, bool)
    outside[patch.y : patch.y + height, patch.x : patch.x + width] = patch.mask == 0
    assert np.array_equal(frame.y[outside], before[outside]) and not np.array_equal(frame.y, before)


def test_latents_are_made_once_and_kept(lan: Avatar, model: Path, tmp_path: Path) -> None:
    timeline = spoken("da4 jia1")
    wav = hum(timeline, tmp_path)
    avatar = musetalk_presenter(lan, model, tmp_path / "lan-m")
    first = _synced(avatar, timeline, wav)
    assert avatar.cache is not None
    (kept,) = avatar.cache.iterdir()
    stamp = kept.stat().st_mtime_ns
    again = _synced(avatar, timeline, wav)
    assert kept.stat().st_mtime_ns == stamp
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(_shown(first), _shown(again), strict=True))
    with np.load(kept) as found:
        values = dict(found)
    np.savez(kept, **{**values, "latents": -values["latents"]})
    swapped = _synced(avatar, timeline, wav)
    assert any(not np.array_equal(a.pixels, b.pixels) for a, b in zip(_shown(first), _shown(swapped), strict=True))
    kept.write_bytes(b"half")
    mended = _synced(avatar, timeline, wav)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(_shown(first), _shown(mended), strict=True))
    assert all(len(list(d.iterdir())) == 1 for d in avatar.cache.parent.iterdir())
    uncached = _synced(replace(avatar, cache=None), timeline, wav)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(_shown(first), _shown(uncached), strict=True))


def test_the_face_is_laid_as_the_network_was_taught(lan: Avatar) -> None:
    bank = load_bank(lan.path / "bank" / "bank.json")
    points = load_track(lan.path / "track.json").data[0].points
    x0, y0, x1, y1 = face_box(bank, points)
    eyes = np.array(points.eye_corners)
    middle = (y0 + points.chin_tip[0][1]) / 2
    assert eyes[:, 1].max() < middle < points.nose_tip[0][1], "the middle is on the bridge of the nose"
    assert y0 < eyes[:, 1].min() and points.chin_tip[0][1] < y1
    assert x0 < eyes[0, 0] and eyes[3, 0] < x1 and abs((x0 + x1) / 2 - points.nose_tip[0][0]) < 5


def test_lower_half_is_black_to_the_network(lan: Avatar, model: Path, networks: Networks, tmp_path: Path) -> None:
    """The first four latents do not know what the mouth looks like; the others do."""
    from anchor.face.engines.musetalk.crop import _measured

    face = np.random.default_rng(2).integers(60, 190, (300, 240, 3), np.uint8)
    other = face.copy()
    other[160:] = 255 - other[160:]
    a, b = (_measured(picture, networks)[0] for picture in (face, other))
    assert a.shape == (8, 32, 32)
    # Around the middle the enlarged rows mix, so the change lies well below it.
    assert np.array_equal(a[:4], b[:4]) and np.abs(a[4:] - b[4:]).max() > 0


def test_decimation_keeps_speech_and_drops_what_would_fold() -> None:
    at = np.arange(48000) / 48000
    low, high = (resample_16k(np.sin(2 * np.pi * hz * at).astype(np.float32)) for hz in (3000, 11000))
    wanted = np.sin(2 * np.pi * 3000 * np.arange(16000) / 16000)
    inner = slice(200, -200)
    assert len(low) == 16000 and np.abs(low[inner] - wanted[inner]).max() < 0.01
    assert np.abs(high[inner]).max() < 0.01
    assert len(resample_16k(np.zeros(0, np.float32))) == 0 and len(resample_16k(np.zeros(4, np.float32))) == 2


def test_windows_lie_around_the_middle_of_each_frame() -> None:
    features = np.arange(1, 21, dtype=np.float32).reshape(20, 1, 1)
    heard = frame_windows(features, [0.02, 0.1, 0.38])[..., 0]
    # Frame 0 of 25 a second shows until 0.04 s: its own features are 0 and 1, four more lie on each side.
    assert heard[0].tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6]
    assert heard[1].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert heard[2].tolist() == [15, 16, 17, 18, 19, 20, 0, 0, 0, 0]


def test_long_sound_is_heard_in_pieces_that_join(networks: Networks) -> None:
    pcm = np.random.default_rng(4).standard_normal(16000 * 9).astype(np.float32) * 0.1
    heard = networks.hear(pcm)
    assert heard.shape == (450, 3, WIDTH)
    hop = (PIECE_S - 2) * 16000
    second = networks.hear(pcm[hop : hop + PIECE_S * 16000])
    assert np.allclose(heard[150:250], second[50:150], atol=1e-5), "piece 2 begins a second after piece 1 ends"
    assert networks.hear(pcm[:8000]).shape == (25, 3, WIDTH)
    assert networks.hear(pcm[:0]).shape == (0, 3, WIDTH)


def test_every_piece_length_gives_every_feature(networks: Networks) -> None:
    for seconds in (1.0, 3.99, 4.0, 4.01, 5.0, 6.0, 6.01, 8.0):
        assert len(networks.hear(np.zeros(round(16000 * seconds), np.float32))) == np.ceil(50 * seconds)


def test_colour_detail_and_grain_come_from_the_plate(lan: Avatar) -> None:
    """A picture that is soft, too dark and without grain becomes as the plate at the mask's edge."""
    bank = load_bank(lan.path / "bank" / "bank.json")
    box = face_box(bank, load_track(lan.path / "track.json").data[0].points)
    size = box[3] - box[1], box[2] - box[0]
    target = np.full((*size, 3), (150, 110, 150), np.float32)
    face = FaceCrop(box, target, np.zeros((8, 32, 32), np.float32), 1.0, 3.0)
    picture = np.full((256, 256, 3), 120, np.uint8)
    shape = MouthShape(0.5)
    patch = Finisher(bank, face, 1).patch(picture, shape, 1.0, 7)
    solid = patch.mask > 200
    for channel, (found, wanted) in enumerate(zip(patch.pixels[solid].mean(axis=0), (150, 110, 150), strict=True)):
        # A grey of 120 is farther away than any mismatch of colour may be.
        assert abs(found - wanted) < 1.0 or channel == 0
    assert 2.4 < grain_of(patch.pixels[..., 0].astype(np.float32)) < 3.6
    again, next_one = (Finisher(bank, face, 1).patch(picture, shape, 1.0, k) for k in (7, 8))
    assert np.array_equal(again.pixels, patch.pixels) and not np.array_equal(next_one.pixels, patch.pixels)
    faint = Finisher(bank, face, 1).patch(picture, shape, 0.25, 7)
    assert 60 <= faint.mask.max() <= 65


def test_nothing_runs_before_the_terms_are_accepted(lan: Avatar, model: Path, tmp_path: Path) -> None:
    timeline = spoken("da4")
    for number, table in enumerate(("", '[acceptance]\nby = "me"\ndate = "2026-11-24"\nmodel = ""\n')):
        avatar = musetalk_presenter(lan, model, tmp_path / f"lan-{number}", acceptance=table)
        with pytest.raises(ConsentError, match=r"nobody has accepted.*Open RAIL-M.*musetalk\.md"):
            _synced(avatar, timeline, tmp_path / "none.wav")
    table = f'[acceptance]\nby = "me"\ndate = "2026-11-24"\nmodel = "{"0" * 64}"\n'
    avatar = musetalk_presenter(lan, model, tmp_path / "lan-other", acceptance=table)
    with pytest.raises(ConsentError, match="not those whose terms were accepted"):
        _synced(avatar, timeline, tmp_path / "none.wav")
    assert find_model(model).digest in acceptance_lines(model, find_model(model).digest)


@pytest.mark.parametrize(
    ("options", "words"),
    [("batch = 0", "batch is 0"), ('batch = "many"', "batch is 'many'"), ("batch = 2.5", "batch is 2.5")],
)
def test_options_of_the_wrong_form(lan: Avatar, model: Path, tmp_path: Path, options: str, words: str) -> None:
    avatar = musetalk_presenter(lan, model, tmp_path / "lan-m", options)
    with pytest.raises(PackError, match=words) as caught:
        _synced(avatar, spoken("da4"), tmp_path / "none.wav")
    assert caught.value.place is not None and caught.value.place.field == "engine_options.batch"


def test_device_and_model_must_be_there(lan: Avatar, model: Path, tmp_path: Path) -> None:
    import torch

    avatar = musetalk_presenter(lan, model, tmp_path / "lan-m")
    options = dict(avatar.options)
    for change, error, words in (
        ({"device": "tpu"}, PackError, "device is 'tpu'"),
        ({"model": ""}, PackError, r"no model is named.*musetalk\.md"),
        ({"model": "nowhere"}, PackError, "no folder .*nowhere"),
    ):
        with pytest.raises(error, match=words):
            _synced(replace(avatar, options=tuple({**options, **change}.items())), spoken("da4"), tmp_path / "no.wav")
    if not torch.cuda.is_available():
        with pytest.raises(EngineUnavailable, match="no CUDA device"):
            _synced(replace(avatar, options=(*options.items(), ("device", "cuda"))), spoken("da4"), tmp_path / "no.wav")


def test_preflight_passes_a_whole_model(model: Path) -> None:
    assert preflight(model) == ()
    assert preflight(model, find_model(model).digest) == ()


def _drop(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _set(name: str, key: str, value: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps({**json.loads(path.read_text()), key: value}), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_drop("musetalkV15/unet.pth"), r"musetalkV15/unet\.pth is missing"),
        (_drop("sd-vae/config.json"), r"sd-vae/config\.json or sd-vae-ft-mse/config\.json is missing"),
        (_drop("whisper/pytorch_model.bin"), r"whisper/model\.safetensors or .* is missing"),
        (_drop("whisper/preprocessor_config.json"), r"preprocessor_config\.json is missing"),
        (_set("musetalkV15/musetalk.json", "in_channels", 9), "in_channels is 9, not 8"),
        (_set("musetalkV15/musetalk.json", "cross_attention_dim", 384), "cross_attention_dim is 384, not 16"),
        (_set("musetalkV15/musetalk.json", "layers_per_block", 2), "does not fit musetalk.json: .* tensors differ"),
        (_set("whisper/preprocessor_config.json", "chunk_length", 30), "max_source_positions is 200, not 1500"),
        (lambda f: (f / "whisper/config.json").write_text("[]"), "no JSON object"),
        (lambda f: (f / "musetalkV15/unet.pth").write_bytes(b"no weights"), "cannot be read"),
    ],
)
def test_preflight_says_what_is_wrong_and_what_to_do(broken: Path, spoil: Callable[[Path], object], words: str) -> None:
    spoil(broken)
    problems = preflight(broken)
    assert len(problems) == 1
    with pytest.raises(PackError, match=words):
        raise PackError(problems[0])
    assert "docs/musetalk.md" in problems[0]


def test_preflight_tells_other_weights(broken: Path, model: Path) -> None:
    before = find_model(model).digest
    other = build_model(broken.parent / "other", seed=5)
    assert find_model(other).digest != before
    assert [p.startswith("the sha256 of the weights is") for p in preflight(other, before)] == [True]
    assert len(preflight(broken.parent / "nowhere")) == 1
    assert memory_problem(8 << 30, 4 << 30) == "" and "GiB are wanted" in memory_problem(3 << 30, 4 << 30)


def test_weights_that_do_not_fit_stop_the_engine(lan: Avatar, broken: Path, tmp_path: Path) -> None:
    _set("musetalkV15/musetalk.json", "layers_per_block", 2)(broken)
    forget()
    avatar = musetalk_presenter(lan, broken, tmp_path / "lan-m")
    with pytest.raises(PackError, match=r"cannot be loaded.*belong together"):
        _synced(avatar, spoken("da4"), tmp_path / "none.wav")


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    from anchor.face.engines.musetalk import libraries

    monkeypatch.setitem(libraries.NEEDED, "a_library_nobody_has", libraries.PIP)
    assert any("a_library_nobody_has is not installed: pip install" in p for p in preflight(model))
    with pytest.raises(EngineUnavailable, match="a_library_nobody_has"), lip_sync_engine("musetalk"):
        pass


def test_the_command_names_what_is_missing_and_what_a_manifest_needs(model: Path, broken: Path) -> None:
    whole = CliRunner().invoke(app, ["models", "check", "musetalk", str(model), "--json"])
    said = json.loads(whole.stdout)
    assert whole.exit_code == 0 and said["ready"] and said["problems"] == []
    assert find_model(model).digest in said["manifest"] and "[acceptance]" in said["manifest"]
    (broken / "musetalkV15" / "unet.pth").unlink()
    (broken / "whisper" / "config.json").unlink()
    lacking = CliRunner().invoke(app, ["models", "check", "musetalk", str(broken)])
    assert lacking.exit_code == PackError.exit_status
    assert "unet.pth is missing" in lacking.output and "config.json is missing" in lacking.output
    assert CliRunner().invoke(app, ["models", "check", "musetalk"]).exit_code == PackError.exit_status


@pytest.mark.media
def test_a_clip_is_made_with_it(lan: Avatar, model: Path, tmp_path: Path) -> None:
    """The whole line: the shelf's presenter under the engine, a script, a checked clip."""
    musetalk_presenter(lan, model, tmp_path / "avatars" / "mei")
    settings = Settings(shelves=(tmp_path, ROOT), cache=tmp_path / "kept", models=tmp_path, production=False)
    script = parse_script("大家好。[停 1秒]爸爸買饅頭。", None, ROOT)
    with Services(settings) as services:
        choices = Choices(avatar="mei", voice="lan", rendition="web-720p")
        made = render_script(script, choices, tmp_path / "a.mp4", services)
    assert made.check.passed and (tmp_path / "a.mp4").stat().st_size > 10_000
    assert list((tmp_path / "kept").rglob("musetalk-*.npz")), "latents are kept in the cache"
