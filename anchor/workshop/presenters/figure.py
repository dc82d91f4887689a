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
from anchor.messages import message
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
            message("presenters.figure-options"),
            hint=message("presenters.figure-options-hint"),
            place=Place(file=str(source)),
        )
    missing = [name for name in NEEDED if not (source / name).is_file()]
    if missing:
        what = message("presenters.figure-lacks", missing=tuple(missing), folder=str(source))
        raise PackError(what, hint=message("presenters.figure-lacks-hint"))
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
        raise PackError(message("face.mouth-bank", reason=str(error)), place=place) from error
    there = [n for n in (MATTE, STILL, *_KEPT) if (source / n).is_file()]
    names = (*NEEDED, *pictures, *there)
    for name in names:
        path = source / name
        if not path.is_file():
            raise PackError(
                message("presenters.file-missing", file=name), hint=message("presenters.restore-it"), place=place
            )
        if not path.resolve().is_relative_to(source.resolve()):
            what = message("presenters.leads-out", file=name)
            raise PackError(what, hint=message("presenters.leads-out-hint"), place=place)
    return names


def _fitting(pack: Path, track: HeadTrack, bank: MouthBank, ffmpeg: FFmpeg) -> VideoFacts:
    """What the plate is, if matte, track and bank belong to it.

    Raises:
        PackError: they do not.
    """
    plate = _picture(pack / PLATE, ffmpeg)
    if len(track.data) != plate.frames:
        what = message(
            "presenters.frames-differ", track=TRACK, tracked=len(track.data), plate=PLATE, frames=int(plate.frames or 0)
        )
        raise PackError(what, hint=message("presenters.frames-differ-hint"))
    if (pack / MATTE).is_file():
        matte = _picture(pack / MATTE, ffmpeg)
        if (matte.width, matte.height, matte.frames) != (plate.width, plate.height, plate.frames):
            what = message("presenters.matte-differs", matte=MATTE, plate=PLATE)
            raise PackError(what, hint=message("presenters.matte-differs-hint"))
    x0, y0, x1, y1 = bank.crop
    if not (0 <= x0 < x1 <= plate.width and 0 <= y0 < y1 <= plate.height):
        what = message("presenters.crop-leaves", crop=str(bank.crop))
        raise PackError(what, place=Place(file=str(pack / BANK)))
    nose = np.array(track.data[0].points.nose_tip[0])
    off = float(np.linalg.norm(nose - np.array(bank.nose_tip)))
    if off > _SAME_PX:
        raise PackError(
            message("presenters.nose-off", off=off),
            hint=message("presenters.nose-off-hint"),
            place=Place(file=str(pack / BANK)),
        )
    return plate


def _picture(path: Path, ffmpeg: FFmpeg) -> VideoFacts:
    facts = probe_media(ffmpeg, path).video
    if facts is None or facts.rate is None or facts.frames is None:
        what = message("presenters.no-mp4", file=path.name)
        raise MediaError(what, hint=message("presenters.no-mp4-hint"))
    if facts.width % 2 or facts.height % 2:
        what = message("presenters.odd-sides", file=path.name, width=facts.width, height=facts.height)
        raise MediaError(what, hint=message("presenters.odd-sides-hint"))
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
        found.append(Weakness("no-blink", message("presenters.no-blink")))
    if plate.duration < 4:
        found.append(Weakness("short-plate", message("presenters.short-plate", seconds=float(plate.duration))))
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
