"""Pictures of a presenter's pack for its report: still, mouth bank, matte over three backgrounds, loop joint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import PackError, Place
from anchor.core.face import Avatar
from anchor.face.mouthbank import SPECIALS, WIDTHS
from anchor.face.track import HeadTrack
from anchor.media.decode import read_frames
from anchor.media.tool import FFmpeg
from anchor.messages import message

RGB = NDArray[np.uint8]
Say = Callable[[str], str]
"""A text in the page's language, escaped."""

BACKDROPS = (
    ("presenters.white", (255, 255, 255)),
    ("presenters.studio-blue", (18, 52, 104)),
    ("presenters.black", (0, 0, 0)),
)
"""(id of its name, colour): fringes of another colour show on one of them."""
_PAPER = (214, 219, 226)
_GAIN = 8
"""By which differences are made visible."""


def still_picture(pack: Path, width: int = 960) -> RGB:
    """The still on a light ground, [h, w, 3]."""
    return fitted(_read(pack / "still.png"), width)


def bank_pictures(pack: Path) -> tuple[tuple[tuple[str, RGB], ...], ...]:
    """The mouth bank row by row, (name, picture at 100 %): the grid from closed to open, then the special shapes."""
    names = {path.stem: path for path in sorted((pack / "bank").glob("*.png"))}
    rows = sorted({name.partition("_")[0] for name in names if name[0] == "j" and name[1:2].isdigit()})
    wanted = [[f"{row}_{column}" for column in WIDTHS] for row in rows]
    wanted.append([name for name in SPECIALS if name in names])
    return tuple(tuple((name, _read(names[name])) for name in row if name in names) for row in wanted)


def _read(path: Path) -> RGB:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        what = message("face.cannot-read", file=path.name)
        raise PackError(what, hint=message("face.restore"), place=Place(file=str(path)))
    rgb = np.ascontiguousarray(picture[..., 2::-1], np.uint8)
    return over(rgb, np.asarray(picture[..., 3], np.uint8), _PAPER) if picture.shape[2] == 4 else rgb


def matte_pictures(avatar: Avatar, ffmpeg: FFmpeg, width: int = 620) -> tuple[tuple[str, RGB], ...]:
    """Frame 0 over three backgrounds, (name, picture); nothing for an opaque plate."""
    if avatar.matte is None:
        return ()
    rgb = next(read_frames(ffmpeg, avatar.plate, "rgb24", 0, 1))
    luma = next(read_frames(ffmpeg, avatar.matte, "yuv420p", 0, 1))[: avatar.height]
    alpha = np.clip((luma.astype(np.float32) - 16) * 255 / 219, 0, 255).astype(np.uint8)
    x0, y0, x1, y1 = avatar.figure
    part = np.s_[max(0, y0 - 40) : y1, max(0, x0 - 40) : min(avatar.width, x1 + 40)]
    return tuple((message(name), fitted(over(rgb[part], alpha[part], colour), width)) for name, colour in BACKDROPS)


def joint_pictures(avatar: Avatar, track: HeadTrack, ffmpeg: FFmpeg) -> tuple[tuple[str, RGB], ...]:
    """The loop's last frame, its first, and their difference made visible: the upper part of the figure."""
    last = len(avatar.frames) - 1
    box = _head_box(avatar, track)
    frames = [next(read_frames(ffmpeg, avatar.plate, "rgb24", at, 1))[box] for at in (last, 0)]
    alpha = [255 * np.ones(f.shape[:2], np.uint8) for f in frames]
    if avatar.matte is not None:
        alpha = [next(read_frames(ffmpeg, avatar.matte, "gray", at, 1))[box] for at in (last, 0)]
    shown = [over(f, a, _PAPER) for f, a in zip(frames, alpha, strict=True)]
    difference = np.abs(shown[1].astype(np.int16) - shown[0].astype(np.int16)) * _GAIN
    apart = np.asarray(255 - np.clip(difference, 0, 255), np.uint8)
    ends = message("presenters.last-frame", number=last), message("presenters.first-frame")
    names = (*ends, message("presenters.difference", gain=_GAIN))
    return tuple((name, fitted(p, 460)) for name, p in zip(names, (*shown, apart), strict=True))


def _head_box(avatar: Avatar, track: HeadTrack) -> tuple[slice, slice]:
    points = np.array(track.data[0].points.stable)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    reach = right - left
    return (
        slice(max(0, int(top - 1.1 * reach)), min(avatar.height, int(bottom + 0.7 * reach))),
        slice(max(0, int(left - 0.9 * reach)), min(avatar.width, int(right + 0.9 * reach))),
    )


def over(rgb: RGB, alpha: RGB, colour: tuple[int, int, int]) -> RGB:
    """A straight-colour picture over one colour."""
    weight = alpha[..., None].astype(np.float32) / 255
    return np.asarray(rgb * weight + np.array(colour, np.float32) * (1 - weight) + 0.5, np.uint8)


def fitted(rgb: RGB, width: int) -> RGB:
    """A picture made smaller to a width; a narrower one stays."""
    if rgb.shape[1] <= width:
        return np.ascontiguousarray(rgb)
    height = round(rgb.shape[0] * width / rgb.shape[1])
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def line_plot(
    curves: tuple[tuple[str, str, tuple[float, ...]], ...], marks: tuple[tuple[int, int], ...] = (), unit: str = ""
) -> str:
    """Curves over the plate's frames as an SVG picture.

    Args:
        curves: (name, colour, one value a frame).
        marks: stretches of frames to shade.
        unit: of the values.
    """
    width, height, left, bottom, top = 940, 210, 52, 24, 26
    values = [v for _, _, curve in curves for v in curve]
    low, high = min(values), max(values)
    if high - low < 1e-6:
        low, high = low - 1, high + 1
    count = max(2, len(curves[0][2]))

    def x(frame: float) -> float:
        return left + (width - left - 10) * frame / (count - 1)

    def y(value: float) -> float:
        return top + (height - top - bottom) * (high - value) / (high - low)

    parts = [f'<svg viewBox="0 0 {width} {height}" role="img" class="plot">']
    for start, end in marks:
        parts.append(
            f'<rect x="{x(start):.1f}" y="{top}" width="{max(2.0, x(end) - x(start)):.1f}" '
            f'height="{height - top - bottom}" class="mark"/>'
        )
    for value in (low, (low + high) / 2, high):
        parts.append(f'<line x1="{left}" x2="{width - 10}" y1="{y(value):.1f}" y2="{y(value):.1f}" class="rule"/>')
        parts.append(f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    for frame in range(0, count, max(1, round(count / 8 / 10) * 10 or 1)):
        parts.append(f'<text x="{x(frame):.1f}" y="{height - 6}" text-anchor="middle">{frame}</text>')
    for index, (name, colour, curve) in enumerate(curves):
        line = " ".join(f"{x(i):.1f},{y(v):.1f}" for i, v in enumerate(curve))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        parts.append(f'<text x="{left + 4 + 190 * index}" y="15" style="fill:{colour}">{name}</text>')
    parts.append(f'<text x="{width - 10}" y="15" text-anchor="end">{unit}</text></svg>')
    return "".join(parts)


def head_plot(track: HeadTrack, blinks: tuple[tuple[int, int], ...], say: Say) -> str:
    """Where the nose is against frame 0, frame by frame, with the baked-in blinks shaded."""
    nose = np.array([frame.points.nose_tip[0] for frame in track.data])
    moved = nose - nose[0]
    across, down = (tuple(float(v) for v in moved[:, axis]) for axis in (0, 1))
    names = [say(message(id)) for id in ("presenters.across", "presenters.down", "presenters.nose-px")]
    return line_plot(((names[0], "#1257b8", across), (names[1], "#c2410c", down)), blinks, names[2])


def step_plot(changes: tuple[float, ...], say: Say) -> str:
    """Change of the picture from frame to frame; the last one closes the loop."""
    closing = len(changes) - 1
    name, unit = say(message("presenters.change-to-next")), say(message("presenters.luma-values"))
    return line_plot(((name, "#0f766e", changes),), ((closing - 1, closing),), unit)
