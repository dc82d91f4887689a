"""Writes the parts of an avatar pack: plate and matte, still, track, mouth bank; all as `avatars/lan` has them."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import ffmpeg as graph
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError, StorageError
from anchor.core.face import Affine
from anchor.core.files import keep
from anchor.core.time import Timebase
from anchor.face.pose import fit_affine, fit_similarity
from anchor.media.encode import COLOUR
from anchor.media.process import Cancelled, Process, raise_if
from anchor.media.tool import FFmpeg, file_url
from anchor.messages import message, os_reason

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]
PointsByName = Mapping[str, F64]
"""Name → [n, 2] plate pixels: eye_corners 4, nose_tip 1, nose_bridge 1, cheeks n, chin_tip 1, jaw_line 15,
outer_lip 20, inner_lip 20."""

PLATE, MATTE, TRACK, STILL = "plate.mp4", "matte.mp4", "track.json", "still.png"
PLATE_CRF, MATTE_CRF = 10, 10
_PRESET = "veryfast"
_SLIM: dict[str, str | int] = {"threads": 2, "x264-params": "rc-lookahead=5:sync-lookahead=0"}
"""The encoder holds fewer frames: plate and matte together 0.25 GB less at 1080 lines."""
_BLEED = (3, 9, 27, 81)
"""Widths of the steps by which edge colours are carried outwards, pixels of 1080 lines."""
_UPPER = ("eye_corners", "nose_bridge", "nose_tip", "cheeks")
_LOWER = ("outer_lip", "chin_tip", "jaw", "nose_tip")
_JAW = slice(3, 12)
"""The lower part of the jaw line."""
_CHEEK_ROOM = 0.155
"""Beside the jaw, a share of its width: as much as the banks of the house anchors have (0.13 to 0.19), three times what
mask and rim take. Eyes say nothing about it: larger ones sit in a jaw of the same width."""


@dataclass(frozen=True)
class BankShape:
    """One picture of a mouth bank, in the canonical pose.

    Shapes:
        pixels: [crop height, crop width, 3] uint8 RGB
        outer_lip, inner_lip: [20, 2]; jaw_line: [15, 2], plate pixels
    """

    pixels: U8
    outer_lip: F64
    inner_lip: F64
    jaw_line: F64
    jaw_open: float = 0.0
    """Opening, 0–1; the rows j0, j1 … of a bank ascend in it."""
    facts: dict[str, object] = field(default_factory=dict)
    """Where it comes from, as JSON types; kept for the report."""


def write_plate(
    frames: Iterator[U8],
    matte: Iterator[U8] | None,
    pack: Path,
    timebase: Timebase,
    *,
    ffmpeg: FFmpeg,
    progress: Callable[[int], None] | None = None,
    cancelled: Cancelled | None = None,
) -> int:
    """Encode plate.mp4, and matte.mp4 with its alpha; gives the number of frames.

    Args:
        frames: straight colour, see `bled`.
        matte: alpha, one for each frame.
        pack: folder of the pack.
        timebase: frames a second.
        ffmpeg: encodes.
        progress: told how many frames are written.
        cancelled: asked before each frame.

    Shapes:
        frames: [h, w, 3] uint8 RGB, even sides; matte: [h, w] uint8

    Raises:
        MediaError: no frame came, or ffmpeg failed.
        StorageError: the disk is full.
        JobCancelled: `cancelled` said so.
    """
    first = next(frames, None)
    if first is None:
        raise MediaError(message("presenters.no-frame"), hint=message("presenters.no-frame-hint"))
    size = (first.shape[1], first.shape[0])
    count = 0
    with ExitStack() as stack:
        plate = stack.enter_context(_Writer(ffmpeg, pack / PLATE, size, timebase, colour=True))
        alpha = stack.enter_context(_Writer(ffmpeg, pack / MATTE, size, timebase, colour=False)) if matte else None
        for frame in itertools.chain([first], frames):
            raise_if(cancelled)
            plate.write(frame)
            if alpha is not None and matte is not None:
                alpha.write(_limited(next(matte)))
            count += 1
            if progress is not None:
                progress(count)
        for writer in (plate, alpha):
            if writer is not None:
                writer.finish(cancelled)
    return count


def plate_args(ffmpeg: str, size: tuple[int, int], timebase: Timebase, target: Path, colour: bool) -> list[str]:
    """argv that encodes raw frames from stdin: rgb24 to 4:4:4 (`colour`), or yuv420p whose luma is a matte."""
    rate = f"{timebase.rate.numerator}/{timebase.rate.denominator}"
    source = graph.input(
        "pipe:0", format="rawvideo", pix_fmt="rgb24" if colour else "yuv420p", video_size=size, framerate=rate
    ).video
    if colour:
        source = source.filter("scale", out_color_matrix="bt709", out_range="tv", flags="accurate_rnd+full_chroma_int")
        source = source.filter("format", "yuv444p")
    source = source.filter("setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="tv")
    options: dict[str, str | int] = {
        "c:v": "libx264",
        "preset": _PRESET,
        "crf": PLATE_CRF if colour else MATTE_CRF,
        **_SLIM,
        "flags:v": "+bitexact",
        "fflags": "+bitexact",
        "map_metadata": -1,
        "video_track_timescale": timebase.rate.numerator,
        "movflags": "+faststart",
        "format": "mp4",
        **COLOUR,
    }
    head, *tail = graph.output(source, file_url(target), **options).overwrite_output().compile(cmd=ffmpeg)
    return [head, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", *tail]


class _Writer:
    """One encode under a name of its own until it is whole."""

    def __init__(self, ffmpeg: FFmpeg, target: Path, size: tuple[int, int], timebase: Timebase, colour: bool) -> None:
        self._target = target
        self._partial = target.with_name(f".{target.name}.partial")
        self._process = Process(plate_args(ffmpeg.path, size, timebase, self._partial, colour), feed=True)

    def __enter__(self) -> _Writer:
        self._process.__enter__()
        return self

    def write(self, frame: U8) -> None:
        view = memoryview(np.ascontiguousarray(frame).data).cast("B")
        pipe = self._process.stdin.fileno()
        try:
            while view:
                view = view[os.write(pipe, view) :]
        except BrokenPipeError:
            raise self._process.failure() from None

    def finish(self, cancelled: Cancelled | None) -> None:
        self._process.stdin.close()
        self._process.wait(cancelled)
        try:
            keep(self._partial, self._target)
        except OSError as error:
            what = message("core.cannot-write", path=str(self._target), reason=os_reason(error))
            raise StorageError(what, hint=message("presenters.free-space")) from error

    def __exit__(self, *failure: object) -> None:
        self._process.__exit__(None, None, None)
        self._partial.unlink(missing_ok=True)


def _limited(matte: U8) -> U8:
    """Alpha as the luma of a yuv420p frame: 16 clear … 235 opaque."""
    height, width = matte.shape
    luma = cv2.convertScaleAbs(matte, alpha=219 / 255, beta=16)
    return np.vstack([luma, np.full((height // 2, width), 128, np.uint8)])


def bled(rgb: U8, matte: U8) -> U8:
    """Straight colour whose edge colours run on outside the figure, so that resizing drags in no background.

    Shapes:
        rgb: [h, w, 3] uint8, straight; matte: [h, w] uint8
    """
    solid = (matte >= 250).astype(np.float32)
    keep = (np.clip((matte.astype(np.float32) - 128) / 122, 0, 1))[..., None]
    colour = rgb.astype(np.float32)
    filled = np.zeros_like(colour)
    weight = np.zeros_like(solid)
    full = (rgb.shape[1], rgb.shape[0])
    for sigma in _BLEED:
        step = max(1, sigma // 3)
        size = (rgb.shape[1] // step, rgb.shape[0] // step)
        small = cv2.resize(solid, size, interpolation=cv2.INTER_AREA)
        light = cv2.resize(colour * solid[..., None], size, interpolation=cv2.INTER_AREA)
        near = cv2.GaussianBlur(small, (0, 0), sigma / step)
        light = cv2.GaussianBlur(light, (0, 0), sigma / step) / np.maximum(near, 1e-4)[..., None]
        near, light = (cv2.resize(p, full, interpolation=cv2.INTER_LINEAR) for p in (near, light))
        share = np.clip(near * 20, 0, 1) * (1 - weight)
        filled += light * share[..., None]
        weight += share
    mean = colour[solid > 0].mean(axis=0) if solid.any() else np.float32(90)
    filled += mean * (1 - weight)[..., None]
    return np.asarray(np.clip(colour * keep + filled * (1 - keep) + 0.5, 0, 255), np.uint8)


def write_pack_still(rgb: U8, matte: U8 | None, pack: Path) -> None:
    """Frame 0 as still.png, straight alpha.

    Shapes:
        rgb: [h, w, 3] uint8; matte: [h, w] uint8
    """
    alpha = np.full(rgb.shape[:2], 255, np.uint8) if matte is None else matte
    _write_png(pack / STILL, np.dstack([rgb[..., ::-1], alpha]))


def write_track(
    points: Sequence[PointsByName],
    pack: Path,
    *,
    mouth: Sequence[Affine] | None = None,
    blink: Sequence[float] | None = None,
) -> None:
    """Write track.json: points and maps from frame 0.

    Args:
        points: of each plate frame.
        pack: folder of the pack.
        mouth: canonical pose → each frame at the mouth; None: fitted to lips, chin, jaw and nose tip, which is right
            where the mouth rests.
        blink: how far the lids are closed, 0–1.
    """
    rows = []
    for index, frame in enumerate(points):
        upper = fit_similarity(_stack(points[0], _UPPER), _stack(frame, _UPPER))
        lower = mouth[index] if mouth else fit_affine(_stack(points[0], _LOWER), _stack(frame, _LOWER))
        rows.append(
            {
                "frame": index,
                "points": {name: _rows(value) for name, value in frame.items()},
                "similarity": {
                    "scale": round(math.hypot(upper[0], upper[3]), 7),
                    "rotation_deg": round(math.degrees(math.atan2(upper[3], upper[0])), 6),
                    "tx": round(upper[2], 4),
                    "ty": round(upper[5], 4),
                },
                "affine_mouth": [[round(v, 7) for v in lower[i : i + 3]] for i in (0, 3)],
                "blink": round(blink[index], 3) if blink else 0.0,
            }
        )
    document = {"frames": len(rows), "data": rows}
    _write_text(pack / TRACK, json.dumps(document, separators=(",", ":")) + "\n")


def plan_crop(rest: PointsByName, canvas: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box of a bank's pictures, plate pixels, ends exclusive: jaw and an open chin with room for the feather."""
    corners, jaw = rest["eye_corners"], rest["jaw_line"]
    unit = float(np.linalg.norm(corners[3] - corners[0]))
    left, right = float(jaw[:, 0].min()), float(jaw[:, 0].max())
    room = _CHEEK_ROOM * (right - left)
    x0, x1 = left - room, right + room
    y0 = min(rest["nose_tip"][0, 1] - 0.06 * unit, rest["outer_lip"][:, 1].min() - 0.12 * unit)
    y1 = max(rest["chin_tip"][0, 1], jaw[:, 1].max()) + 0.42 * unit
    return max(0, int(x0)), max(0, int(y0)), min(canvas[0], math.ceil(x1)), min(canvas[1], math.ceil(y1))


def write_bank(
    shapes: Mapping[str, BankShape],
    pack: Path,
    *,
    rest: PointsByName,
    crop: tuple[int, int, int, int],
    interior_gain: float = 1.0,
) -> None:
    """Write bank/bank.json and its pictures.

    Args:
        shapes: j0_wide … jN_purse, M, F, L, S.
        pack: folder of the pack.
        rest: points of plate frame 0, the canonical pose.
        crop: x0, y0, x1, y1 in plate pixels, ends exclusive: the pictures' box.
        interior_gain: light on the teeth, see `MouthBank.interior_gain`.
    """
    folder = pack / "bank"
    folder.mkdir(exist_ok=True)
    table = {}
    for name, shape in shapes.items():
        _write_png(folder / f"{name}.png", np.ascontiguousarray(shape.pixels[..., ::-1]))
        table[name] = {
            "file": f"{name}.png",
            "weights": {"jawOpen": round(shape.jaw_open, 4)},
            **{key: _rows(getattr(shape, key)) for key in ("outer_lip", "inner_lip", "jaw_line")},
            "facts": shape.facts,
        }
    document = {
        "interior_gain": interior_gain,
        "head_pose_frame": 0,
        "crop": list(crop),
        "shapes": table,
        "rest": {name: _rows(value) for name, value in rest.items()},
    }
    _write_text(folder / "bank.json", json.dumps(document, indent=1) + "\n")


def _stack(points: PointsByName, names: tuple[str, ...]) -> F64:
    parts = {**points, "jaw": points["jaw_line"][_JAW]}
    return np.vstack([parts[name] for name in names if name in parts])


def _rows(points: F64) -> list[list[float]]:
    return [[round(float(x), 3), round(float(y), 3)] for x, y in points]


def _write_png(path: Path, picture: U8) -> None:
    if not cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 6]):
        what = message("presenters.cannot-write", path=str(path))
        raise StorageError(what, hint=message("presenters.free-space-again"))


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        what = message("core.cannot-write", path=str(path), reason=os_reason(error))
        raise StorageError(what, hint=message("presenters.free-space")) from error
