"""A rendered figure: a folder of plate, matte, track and mouth bank becomes a presenter."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from anchor.core.errors import MediaError, PackError, Place
from anchor.core.events import ProgressCallback
from anchor.face.mouthbank import MouthBank, load_bank
from anchor.face.track import HeadTrack, load_track
from anchor.media.decode import read_frames
from anchor.media.probe import VideoFacts, probe_media
from anchor.media.process import raise_if
from anchor.media.tool import FFmpeg
from anchor.workshop.presenters.build_report import BuildOptions, BuildReport, Weakness
from anchor.workshop.presenters.pack_writer import MATTE, PLATE, STILL, TRACK

BANK = "bank/bank.json"
NEEDED = (PLATE, TRACK, BANK)
_SAME_PX = 2.0
"""The bank's rest mouth and the track's mouth of frame 0 are one, to this many pixels."""
_KEPT = ("LICENSE", "README.md")


def is_figure(source: Path) -> bool:
    """Whether a folder holds a rendered figure."""
    return all((source / name).is_file() for name in NEEDED)


def build_figure(
    source: Path,
    pack: Path,
    options: BuildOptions,
    ffmpeg: FFmpeg,
    progress: ProgressCallback,
    cancelled: Callable[[], bool],
) -> BuildReport:
    """Copy a figure's parts into `pack`, once they fit together.

    Raises:
        PackError: a part is missing, leads out of the folder, or does not fit the others.
        MediaError: plate or matte cannot be decoded.
        JobCancelled: `cancelled` said so.
    """
    if options.background not in ("auto", "remove") or options.face is not None:
        raise PackError(
            "a rendered figure brings its own matte and has one face",
            hint="leave --background and --face out",
            place=Place(file=str(source)),
        )
    missing = [name for name in NEEDED if not (source / name).is_file()]
    if missing:
        raise PackError(f"no {', '.join(missing)} in {source}", hint="docs/presenters.md says what a figure is")
    names = _parts(source)
    for done, name in enumerate(names):
        raise_if(cancelled)
        progress("copy", done, len(names))
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, pack / name)
    progress("copy", len(names), len(names))
    track, bank = load_track(pack / TRACK), load_bank(pack / BANK)
    plate = _fitting(pack, track, bank, ffmpeg)
    if not (pack / STILL).is_file():
        _write_still(pack, ffmpeg)
    return BuildReport(kind="figure", facts=_facts(plate, track, bank, pack), weak=_weak(track, plate))


def _parts(source: Path) -> tuple[str, ...]:
    """Every file that goes into the pack.

    Raises:
        PackError: the bank names a file that is missing or lies elsewhere.
    """
    place = Place(file=str(source / BANK))
    try:
        shapes = json.loads((source / BANK).read_text(encoding="utf-8"))["shapes"]
        pictures = sorted({f"bank/{shape['file']}" for shape in shapes.values()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PackError(f"cannot read the mouth bank: {error}", place=place) from error
    there = [n for n in (MATTE, STILL, *_KEPT) if (source / n).is_file()]
    names = (*NEEDED, *pictures, *there)
    for name in names:
        path = source / name
        if not path.is_file():
            raise PackError(f"{name} is missing", hint="restore it", place=place)
        if not path.resolve().is_relative_to(source.resolve()):
            raise PackError(f"{name} leads out of the folder", hint="keep every file inside it", place=place)
    return names


def _fitting(pack: Path, track: HeadTrack, bank: MouthBank, ffmpeg: FFmpeg) -> VideoFacts:
    """What the plate is, if matte, track and bank belong to it.

    Raises:
        PackError: they do not.
    """
    plate = _picture(pack / PLATE, ffmpeg)
    if len(track.data) != plate.frames:
        raise PackError(f"{TRACK} has {len(track.data)} frames, {PLATE} {plate.frames}", hint="track every frame")
    if (pack / MATTE).is_file():
        matte = _picture(pack / MATTE, ffmpeg)
        if (matte.width, matte.height, matte.frames) != (plate.width, plate.height, plate.frames):
            raise PackError(f"{MATTE} is not of the size and length of {PLATE}", hint="render both from one scene")
    x0, y0, x1, y1 = bank.crop
    if not (0 <= x0 < x1 <= plate.width and 0 <= y0 < y1 <= plate.height):
        raise PackError(f"the bank's crop {bank.crop} leaves the plate", place=Place(file=str(pack / BANK)))
    nose = np.array(track.data[0].points.nose_tip[0])
    off = float(np.linalg.norm(nose - np.array(bank.nose_tip)))
    if off > _SAME_PX:
        raise PackError(
            f"the bank's nose is {off:.1f} px from where the track has it in frame 0",
            hint="render the bank at the head pose of frame 0",
            place=Place(file=str(pack / BANK)),
        )
    return plate


def _picture(path: Path, ffmpeg: FFmpeg) -> VideoFacts:
    facts = probe_media(ffmpeg, path).video
    if facts is None or facts.rate is None or facts.frames is None:
        raise MediaError(f"{path.name} is no MP4 with a picture", hint="encode it as MP4 of one constant rate")
    if facts.width % 2 or facts.height % 2:
        raise MediaError(f"{path.name} has odd sides: {facts.width}x{facts.height}", hint="render 1920x1080")
    return facts


def _write_still(pack: Path, ffmpeg: FFmpeg) -> None:
    rgb = next(read_frames(ffmpeg, pack / PLATE, "rgb24", 0, 1))
    layers = [rgb[..., ::-1]]
    if (pack / MATTE).is_file():
        layers.append(next(read_frames(ffmpeg, pack / MATTE, "gray", 0, 1))[..., None])
    cv2.imwrite(str(pack / STILL), np.dstack(layers), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _facts(plate: VideoFacts, track: HeadTrack, bank: MouthBank, pack: Path) -> dict[str, object]:
    corners = np.array(track.data[0].points.eye_corners)
    distance = float(np.linalg.norm(corners[2:].mean(axis=0) - corners[:2].mean(axis=0)))
    return {
        "plate_px": [plate.width, plate.height],
        "rate": str(plate.rate),
        "frames": plate.frames,
        "seconds": round(float(plate.duration), 2),
        "matte": (pack / MATTE).is_file(),
        "mouth_shapes": len(bank.exemplars),
        "eye_distance_px": round(distance, 1),
        "blinks": len(blink_spans(track)),
    }


def _weak(track: HeadTrack, plate: VideoFacts) -> tuple[Weakness, ...]:
    found = []
    if not blink_spans(track):
        found.append(
            Weakness("no-blink", "nobody blinks in the plate, so the eyes stay open: render one blink and track it")
        )
    if plate.duration < 4:
        found.append(
            Weakness(
                "short-plate",
                f"the idle loop lasts {float(plate.duration):.1f} s and will be noticed: render eight seconds or more",
            )
        )
    return tuple(found)


def blink_spans(track: HeadTrack) -> tuple[tuple[int, int], ...]:
    """Stretches of plate frames with a blink baked in, ends exclusive."""
    spans: list[tuple[int, int]] = []
    for index, frame in enumerate(track.data):
        if frame.blink <= 0:
            continue
        if spans and spans[-1][1] == index:
            spans[-1] = (spans[-1][0], index + 1)
        else:
            spans.append((index, index + 1))
    return tuple(spans)
