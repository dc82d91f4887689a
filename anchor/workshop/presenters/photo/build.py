"""One photograph → plate, matte, track, bank and still of a presenter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from anchor.core.errors import Place
from anchor.core.events import ProgressCallback
from anchor.core.face import Affine
from anchor.core.time import VIDEO
from anchor.face.mesh import F32, F64
from anchor.media.process import raise_if
from anchor.media.tool import FFmpeg, find_ffmpeg
from anchor.messages import message
from anchor.workshop.presenters.build_report import BuildOptions, BuildReport, Weakness
from anchor.workshop.presenters.chroma_key import find_screen_colour, green_matte
from anchor.workshop.presenters.face_detection import FaceFinder
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.face_selection import check_photo_face, choose_face
from anchor.workshop.presenters.framing import judge_framing, plan_framing
from anchor.workshop.presenters.landmarks import CHEEKS, CHIN, EYE_CORNERS, NOSE_BRIDGE, NOSE_TIP, Landmarker, Landmarks
from anchor.workshop.presenters.occlusion import Suspicions
from anchor.workshop.presenters.pack_writer import (
    BankShape,
    PointsByName,
    bled,
    plan_crop,
    write_bank,
    write_pack_still,
    write_plate,
    write_track,
)
from anchor.workshop.presenters.photo.depth import portrait_relief
from anchor.workshop.presenters.photo.eyes import Eye, finer_around, portrait_eyes, with_eyes
from anchor.workshop.presenters.photo.head_turn import Turning
from anchor.workshop.presenters.photo.lip_seam import PARTED_GAP, found_seam, lip_gap
from anchor.workshop.presenters.photo.lips import Lips, LipShape, lip_shapes, resting_lips, widened_opening
from anchor.workshop.presenters.photo.lower_face import LowerFace, still_points
from anchor.workshop.presenters.photo.motion import BLINKS, FRAMES, Moment, moment
from anchor.workshop.presenters.photo.mouth import Mouth, eye_whites, redness, skin_and_lips
from anchor.workshop.presenters.photo.mouth_interior import measured_light
from anchor.workshop.presenters.photo.portrait import DENSITY, U8, Portrait, placed_matte, placed_picture, placed_points
from anchor.workshop.presenters.photo_file import read_photo
from anchor.workshop.presenters.segmentation import Segmenter, opened_colour

_GREEN_SHARE = 0.5
"""Of the picture's border, from which a green or blue screen is taken for one."""
_LID_DENSITY = 4
"""Samples a pixel at which moving lids are drawn."""
_MOVED_PX = 0.4
_CRISPER = 0.04
"""Share of each neighbour, across and down, that is taken from the mouths' pictures, against what is lost to two
interpolations, to the wanted lips and to the head's pose."""
_REST = "j0_neutral"


@dataclass(frozen=True)
class Sitter:
    """A portrait made ready: its mouth closed, its eyes and depth known."""

    portrait: Portrait
    """With the closed mouth."""
    mouth: Mouth
    turning: Turning
    eyes: tuple[Eye, ...]
    lids: tuple[Eye, ...]
    """The same, finer, for frames in which lids move."""
    ground: U8 | None
    """[h, w, 3] what stands behind the figure of an opaque plate; None: the figure is cut out."""


def build_photo(
    picture: Path,
    pack: Path,
    models: FaceModels,
    options: BuildOptions,
    progress: ProgressCallback,
    cancelled: Callable[[], bool],
    *,
    ffmpeg: FFmpeg | None = None,
) -> BuildReport:
    """Write plate, matte, track, bank and still of the person in a photograph into an empty folder.

    Args:
        picture: the photograph.
        pack: the folder.
        models: face models.
        options: how.
        progress: told of each stage.
        cancelled: asked between frames.
        ffmpeg: encodes; None: the one that is found.

    Raises:
        MediaError: no picture, no face in it, several and none chosen, too small, turned away, covered or drawn.
        JobCancelled: `cancelled` said so.
    """
    progress("look", 0, 1)
    rgb = read_photo(picture)
    place = Place(file=str(picture))
    face = choose_face(FaceFinder(models).find(rgb), options.face, place)
    points = Landmarker(models).of_face(rgb, face)
    size = (rgb.shape[1], rgb.shape[0])
    check_photo_face(points, size, place)
    odd = Suspicions()
    odd.see(rgb, points)
    odd.refuse(place)
    matte, colour = _cut_out(rgb, models, options)
    raise_if(cancelled)
    progress("look", 1, 1)
    eyes = _eye_middles(points)
    framing = plan_framing(eyes, size, options.background != "keep", options.canvas)
    portrait = placed_portrait(colour, matte, points, framing, options.canvas)
    sitter = prepared_sitter(
        portrait, rgb_behind(rgb, matte, framing, options) if options.background == "keep" else None
    )
    _write_mouths(sitter, pack, progress, cancelled)
    _write_loop(sitter, pack, ffmpeg or find_ffmpeg(), progress, cancelled)
    weak = (*judge_framing(framing, eyes, size, options.background != "keep", options.canvas), *odd.weaknesses())
    if sitter.mouth.was_open:
        weak = (
            *weak,
            Weakness("open-mouth", message("presenters.open-mouth")),
        )
    return BuildReport(kind="photo", facts=_facts(points, framing, sitter), weak=weak)


def _facts(points: Landmarks, framing: Affine, sitter: Sitter) -> dict[str, object]:
    return {
        "frames": FRAMES,
        "blinks": [list(blink) for blink in BLINKS],
        "face_yaw_deg": round(points.yaw_deg, 1),
        "face_pitch_deg": round(points.pitch_deg, 1),
        "enlarged": round(framing[0], 3),
        "mouth_open_in_photo": sitter.mouth.was_open,
    }


def _eye_middles(points: Landmarks) -> tuple[tuple[float, float], tuple[float, float]]:
    a, b, c, d = points.xy[list(EYE_CORNERS)].astype(float)
    left, right = (a + b) / 2, (c + d) / 2
    return (float(left[0]), float(left[1])), (float(right[0]), float(right[1]))


def _cut_out(rgb: U8, models: FaceModels, options: BuildOptions) -> tuple[F32, U8]:
    """The figure's matte, and its straight colour."""
    if options.background == "green" or (options.background == "auto" and find_screen_colour(rgb)[1] >= _GREEN_SHARE):
        return green_matte(rgb)
    matte = Segmenter(models).matte(rgb)
    if options.background == "keep":
        return matte, rgb
    inside = opened_colour(rgb, matte)
    share = np.clip((matte - 0.9) / 0.1, 0, 1)[..., None]
    return matte, np.asarray(rgb * share + inside * (1 - share) + 0.5, np.uint8)


def placed_portrait(colour: U8, matte: F32, points: Landmarks, framing: Affine, canvas: tuple[int, int]) -> Portrait:
    """The figure of a photograph on the canvas."""
    return Portrait(
        placed_picture(colour, framing, canvas),
        placed_matte(matte, framing, canvas),
        placed_points(points.points, framing),
    )


def rgb_behind(rgb: U8, matte: F32, framing: Affine, options: BuildOptions) -> U8:
    """What stands behind the figure, on the canvas: its edge filled from around it."""
    reach = max(3, round(0.012 * max(rgb.shape)))
    figure = cv2.dilate((matte > 0.02).astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    soft = 1 - cv2.GaussianBlur(figure.astype(np.float32), (0, 0), 2)
    ground = opened_colour(rgb, np.asarray(soft, np.float32))
    mixed = rgb * soft[..., None] + ground * (1 - soft[..., None])
    placed = placed_picture(np.asarray(mixed + 0.5, np.uint8), framing, options.canvas)
    return np.asarray(cv2.resize(placed, options.canvas, interpolation=cv2.INTER_AREA), np.uint8)


def prepared_sitter(portrait: Portrait, ground: U8 | None = None) -> Sitter:
    """Close the mouth and find eyes and depth.

    Args:
        portrait: the photograph on the canvas.
        ground: what stands behind an opaque plate's figure, [h, w, 3].
    """
    mouth = _mouth(portrait)
    if mouth.was_open:
        x0, y0, x1, y1 = (DENSITY * edge for edge in mouth.box)
        closed = portrait.picture.copy()
        closed[y0:y1, x0:x1] = np.clip(mouth.draw(_shape(_REST)) + 0.5, 0, 255).astype(np.uint8)
        portrait = replace(portrait, picture=closed)
    if portrait.matte is not None and ground is None:
        portrait = replace(portrait, picture=_bled(portrait))
    turning = Turning(portrait, portrait_relief(portrait))
    return Sitter(portrait, mouth, turning, portrait_eyes(portrait), portrait_eyes(portrait, _LID_DENSITY), ground)


def _bled(portrait: Portrait) -> U8:
    """The picture, the figure's edge colours running on outside of it; those at plate pixels, they hold no detail."""
    assert portrait.matte is not None
    full = (portrait.picture.shape[1], portrait.picture.shape[0])
    outside = bled(halved(portrait.picture), np.asarray(portrait.matte * 255 + 0.5, np.uint8))
    share = np.clip(cv2.resize(portrait.matte, full, interpolation=cv2.INTER_LINEAR) * 10 - 9, 0, 1)
    solid = cv2.dilate((share < 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    picture = portrait.picture.copy()
    finer = cv2.resize(outside, full, interpolation=cv2.INTER_LINEAR)[solid].astype(np.float32)
    weight = share[solid][..., None]
    picture[solid] = finer + (picture[solid] - finer) * weight + np.float32(0.5)
    return picture


def _shape(name: str) -> LipShape:
    return next(shape for shape in lip_shapes() if shape.name == name)


def _mouth(portrait: Portrait) -> Mouth:
    axes, lips = portrait.axes, portrait.lips
    was_open = lip_gap(lips, axes) > PARTED_GAP
    lips = widened_opening(lips, axes) if was_open else found_seam(halved(portrait.picture), lips, axes)
    closed = resting_lips(lips, axes)
    box = plan_crop(_points(portrait, lips), portrait.size)
    face = LowerFace(lips, still_points(axes, portrait.nose, lips.jaw, box), axes)
    skin, red = skin_and_lips(portrait.picture, face)
    light = measured_light(skin, red, eye_whites(portrait))
    return Mouth(portrait.picture, face, closed, light, box, redness(red), was_open)


def _points(portrait: Portrait, lips: Lips) -> dict[str, F64]:
    return {
        "eye_corners": portrait.xy(EYE_CORNERS),
        "nose_tip": portrait.xy((NOSE_TIP,)),
        "nose_bridge": portrait.xy(NOSE_BRIDGE[:1]),
        "cheeks": portrait.xy(CHEEKS),
        "chin_tip": portrait.xy((CHIN,)),
        "jaw_line": lips.jaw,
        "outer_lip": lips.outer,
        "inner_lip": lips.inner,
    }


def halved(picture: U8 | F32) -> U8:
    """A picture at DENSITY → plate pixels, taken from the finer grid as `drawn_frame` takes the plate's: as sharp."""
    size = (picture.shape[1] // DENSITY, picture.shape[0] // DENSITY)
    return np.asarray(np.clip(np.rint(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)), 0, 255), np.uint8)


def mouth_pictures(sitter: Sitter) -> Iterator[tuple[LipShape, BankShape]]:
    """Every shape of the bank, drawn; the resting one is the plate's own first frame."""
    mouth = sitter.mouth
    x0, y0, x1, y1 = mouth.box
    still, _ = next(loop_frames(sitter, range(1)))
    for shape in lip_shapes():
        lips = mouth.lips(shape)
        resting = shape.name == _REST
        pixels = np.ascontiguousarray(still[y0:y1, x0:x1]) if resting else _crisp(halved(mouth.draw(shape)))
        yield shape, BankShape(pixels, lips.outer, lips.inner, lips.jaw, shape.jaw)


def _crisp(picture: U8) -> U8:
    """A mouth's picture, prepared for being interpolated twice when it is laid; see _CRISPER."""
    kernel = np.array([-_CRISPER, 1 + 2 * _CRISPER, -_CRISPER], np.float32)
    return np.asarray(np.clip(np.rint(cv2.sepFilter2D(picture, cv2.CV_32F, kernel, kernel)), 0, 255), np.uint8)


def _write_mouths(sitter: Sitter, pack: Path, progress: ProgressCallback, cancelled: Callable[[], bool]) -> None:
    shapes = {}
    for number, (shape, drawn) in enumerate(mouth_pictures(sitter), 1):
        raise_if(cancelled)
        shapes[shape.name] = drawn
        progress("mouths", number, len(lip_shapes()))
    write_bank(shapes, pack, rest=_points(sitter.portrait, sitter.mouth.closed), crop=sitter.mouth.box)


def _write_loop(
    sitter: Sitter, pack: Path, ffmpeg: FFmpeg, progress: ProgressCallback, cancelled: Callable[[], bool]
) -> None:
    mattes: list[U8] = []

    def frames() -> Iterator[U8]:
        for frame, matte in loop_frames(sitter, range(FRAMES)):
            if matte is not None:
                mattes.append(matte)
            yield frame

    def next_matte() -> Iterator[U8]:
        while True:
            yield mattes.pop(0)

    cut = sitter.ground is None and sitter.portrait.matte is not None
    write_plate(
        frames(),
        next_matte() if cut else None,
        pack,
        VIDEO,
        ffmpeg=ffmpeg,
        progress=lambda done: progress("loop", done, FRAMES),
        cancelled=cancelled,
    )
    still, matte = next(loop_frames(sitter, range(1)))
    write_pack_still(still, matte, pack)
    moments = [moment(frame) for frame in range(FRAMES)]
    write_track([frame_points(sitter, now) for now in moments], pack, blink=[now.lids for now in moments])


def frame_points(sitter: Sitter, now: Moment) -> PointsByName:
    """Where the landmarks lie in a frame."""
    return {
        name: sitter.turning.moved(points, now)
        for name, points in _points(sitter.portrait, sitter.mouth.closed).items()
    }


def loop_frames(sitter: Sitter, numbers: range) -> Iterator[tuple[U8, U8 | None]]:
    """Frames of the loop and their mattes.

    Shapes:
        → [h, w, 3] RGB, [h, w] or None for an opaque plate
    """
    for number in numbers:
        yield drawn_frame(sitter, moment(number))


def drawn_frame(sitter: Sitter, now: Moment) -> tuple[U8, U8 | None]:
    """One frame and its matte."""
    portrait = sitter.portrait
    width, height = portrait.size
    head = sitter.turning.map_back(now)
    back = with_eyes(head.copy(), sitter.eyes, now)
    x = back[..., 0] + np.arange(width, dtype=np.float32)[None]
    y = back[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    finer = DENSITY * (x + 0.5) - 0.5, DENSITY * (y + 0.5) - 0.5
    picture = _soft_cubic(portrait.picture, *finer)
    if now.lids > 0:
        _lay_lids(picture, portrait.picture, head, sitter.lids, now)
    if portrait.matte is None:
        return picture, None
    alpha = cv2.remap(portrait.matte, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if sitter.ground is None:
        return picture, np.asarray(np.clip(alpha * 255 + 0.5, 0, 255), np.uint8)
    mixed = sitter.ground + (picture - sitter.ground.astype(np.float32)) * alpha[..., None]
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8), None


def _lay_lids(picture: U8, source: U8, head: F32, lids: tuple[Eye, ...], now: Moment) -> None:
    """Eyes drawn at more samples than pixels, where lids move: their edges are steps, and steps are jagged."""
    for eye in lids:
        (x0, y0, x1, y1), back = finer_around(head, eye, now)
        many = eye.density
        x = back[..., 0] + ((np.arange(back.shape[1]) + 0.5) / many + x0).astype(np.float32)[None]
        y = back[..., 1] + ((np.arange(back.shape[0]) + 0.5) / many + y0).astype(np.float32)[:, None]
        fine = _soft_cubic(source, DENSITY * x - np.float32(0.5), DENSITY * y - np.float32(0.5))
        size = (x1 - x0, y1 - y0)
        drawn = cv2.resize(fine, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        own = np.abs(cv2.resize(back, size, interpolation=cv2.INTER_AREA) - head[y0:y1, x0:x1]).max(axis=2)
        weight = cv2.GaussianBlur((cv2.dilate(own, np.ones((3, 3))) > _MOVED_PX).astype(np.float32), (0, 0), 1)
        part = picture[y0:y1, x0:x1]
        part[:] = part + (drawn - part) * weight[..., None] + 0.5


def _soft_cubic(picture: U8, x: F32, y: F32) -> U8:
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)
