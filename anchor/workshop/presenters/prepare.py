"""Measure an avatar pack once and seal it: `python -m anchor.workshop.presenters.prepare DIR`.

Writes prepared.json and blinks/*.png into the pack and the sha256 of every file into avatar.toml.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.artifact import file_digest
from anchor.core.errors import PackError, Place
from anchor.core.face import Affine
from anchor.face.avatar import PlateTable, read_manifest
from anchor.face.mouth_mask import JawMask
from anchor.face.mouthbank import MouthBank, load_bank
from anchor.face.prepared_file import FILE, AvatarPrepared, BlinkPicture
from anchor.face.track import HeadTrack, TrackFrame, load_track
from anchor.media.decode import read_frames
from anchor.media.tool import FFmpeg, find_ffmpeg
from anchor.messages import message
from anchor.packs import Shelf, load_pack

F32 = NDArray[np.float32]

TWIN_PX = 0.5
"""Two frames have the same pose when no landmark differs more."""
SAME_PX = 0.02
"""Below this they are one pose, to the track's last digit."""
_SEALED = ("*.mp4", "*.json", "*.png", "bank/*", "blinks/*", "consent.toml", "evidence/*")
_RING = (24, 200)
"""Mask values of the feather ring over which colours are matched."""
_LID_STEP = 6.0
"""Code values of Y' by which a blink differs from the open eye; the codec's noise stays under it."""
_LID_SIGMA_PX = 3.0


def prepare_pack(directory: Path, ffmpeg: FFmpeg) -> None:
    """Measure colours, twins and blinks, write them into the pack, and renew its hashes.

    Raises:
        PackError: the pack cannot be read.
        MediaError: the plate cannot be decoded.
    """
    pack = load_pack(directory, Shelf.AVATARS)
    plate = read_manifest(pack).plate
    track = load_track(directory / plate.track)
    if len(track.data) != plate.frames:
        raise PackError(message("presenters.track-differs", tracked=len(track.data), frames=plate.frames))
    bank = load_bank(directory / "bank" / "bank.json")
    blinking = tuple(frame for start, end in plate.blinks for frame in range(start, end))
    lids = _central_blink(track, plate)
    eyes = _eye_box(track)
    twins = _twins(track, frozenset(blinking))
    # Frame 0 stands in where no frame of the same pose has open eyes.
    opened = tuple(twins[frame] or 0 for frame in lids)
    wanted = {0, *lids, *opened}
    colour: list[tuple[float, float, float]] = []
    pictures: dict[int, F32] = {}
    ring = _Ring(bank)
    for index, frame in enumerate(read_frames(ffmpeg, directory / plate.file, "yuv444p")):
        colour.append(ring.offset(frame, track.data[index].mouth))
        if index in wanted:
            pictures[index] = _canonical(frame, track.data[index].similarity.affine, eyes)
    prepared = AvatarPrepared(
        figure=_figure(directory, plate, ffmpeg),
        colour=tuple(colour),
        twins=twins,
        blinking=blinking,
        blinks=_write_blinks(directory, [pictures[i] for i in lids], [pictures[i] for i in opened], pictures[0], eyes),
    )
    document = {"schema": "AvatarPrepared.1", "value": prepared.model_dump(mode="json")}
    (directory / FILE).write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
    write_hashes(directory)


def write_hashes(directory: Path) -> None:
    """Write the sha256 of every data file into the manifest's `[files]`, which is its last table."""
    path = directory / Shelf.AVATARS.manifest
    head = path.read_text(encoding="utf-8").partition("\n[files]\n")[0]
    names = sorted({f.relative_to(directory).as_posix() for pattern in _SEALED for f in directory.glob(pattern)})
    rows = "".join(f'"{name}" = "{file_digest(directory / name)}"\n' for name in names)
    path.write_text(f"{head}\n[files]\n{rows}", encoding="utf-8")


def _figure(directory: Path, plate: PlateTable, ffmpeg: FFmpeg) -> tuple[int, int, int, int]:
    """The box of all pixels that the matte does not clear (code values above 16), over all frames."""
    width, height = plate.size
    if not plate.matte:
        return 0, 0, width, height
    seen = np.zeros((height, width), np.uint8)
    for frame in read_frames(ffmpeg, directory / plate.matte, "yuv420p"):
        np.maximum(seen, frame.reshape(-1)[: width * height].reshape(height, width), out=seen)
    rows, columns = np.flatnonzero((seen > 16).any(axis=1)), np.flatnonzero((seen > 16).any(axis=0))
    if not len(rows):
        raise PackError(message("presenters.empty-matte"), place=Place(file=str(directory / plate.matte)))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


class _Ring:
    """The feather ring of the resting mouth's mask, where patch and plate meet."""

    def __init__(self, bank: MouthBank) -> None:
        masks = JawMask(bank)
        self.box = masks.box(bank.rest)
        mask = masks.draw(bank.rest, self.box)
        x0, y0, x1, y1 = self.box
        cx, cy = bank.crop[:2]
        self._ring = (mask >= _RING[0]) & (mask <= _RING[1])
        self._rest = bank.exemplars["j0_neutral"].pixels[y0 - cy : y1 - cy, x0 - cx : x1 - cx].astype(np.float32)

    def offset(self, frame: NDArray[np.uint8], mouth: Affine) -> tuple[float, float, float]:
        """Mean of plate minus patch over the ring, without the tenth at each end (edges that parallax moves)."""
        difference = (_canonical(frame, mouth, self.box) - self._rest)[self._ring]
        ordered = np.sort(difference, axis=0)
        cut = len(ordered) // 10
        y, cb, cr = ordered[cut:-cut].mean(axis=0)
        return round(float(y), 2), round(float(cb), 2), round(float(cr), 2)


def _canonical(frame: NDArray[np.uint8], pose: Affine, box: tuple[int, int, int, int]) -> F32:
    """A plate frame taken back to the canonical pose within a box of plate pixels.

    Shapes:
        frame: [3, h, w] uint8 → [box height, box width, 3] float32
    """
    x0, y0, x1, y1 = box
    a, b, c, d, e, f = pose
    x, y = x0 + 0.5, y0 + 0.5
    matrix = np.array([[a, b, a * x + b * y + c - 0.5], [d, e, d * x + e * y + f - 0.5]])
    size = (x1 - x0, y1 - y0)
    # Only what the box shows is turned to float32.
    corners = matrix @ np.array([[0, size[0], 0, size[0]], [0, 0, size[1], size[1]], [1, 1, 1, 1]], np.float64)
    left, top = (max(0, int(v) - 4) for v in corners.min(axis=1))
    right, low = (max(0, int(v) + 5) for v in corners.max(axis=1))
    matrix[:, 2] -= (left, top)
    parts = [np.ascontiguousarray(plane[top:low, left:right], np.float32) for plane in frame]
    if not parts[0].size:
        return np.zeros((*size[::-1], 3), np.float32)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.dstack([cv2.warpAffine(part, matrix, size, flags=flags) for part in parts])


def _twins(track: HeadTrack, blinking: frozenset[int]) -> tuple[int | None, ...]:
    points = np.array([frame.points.stable for frame in track.data])
    twins: list[int | None] = []
    for index in range(len(points)):
        distance = np.linalg.norm(points - points[index], axis=2).max(axis=1)
        distance[[index, *blinking]] = np.inf
        # A neighbour in time with nearly this pose is no twin: the head was slow there, nothing more.
        near = [(index + step) % len(points) for step in range(-8, 9)]
        distance[near] = np.where(distance[near] <= SAME_PX, distance[near], np.inf)
        nearest = int(distance.argmin())
        twins.append(nearest if distance[nearest] <= TWIN_PX else None)
    return tuple(twins)


def _central_blink(track: HeadTrack, plate: PlateTable) -> tuple[int, ...]:
    """Frames of the baked-in blink whose head is nearest to the middle of all poses."""
    if not plate.blinks:
        return ()

    def nose(frame: TrackFrame) -> tuple[float, float]:
        return frame.points.nose_tip[0]

    noses = np.array([nose(frame) for frame in track.data])
    middle = (noses.min(axis=0) + noses.max(axis=0)) / 2
    start, end = min(plate.blinks, key=lambda b: float(np.linalg.norm(noses[b[0] : b[1]].mean(axis=0) - middle)))
    return tuple(range(start, end))


def _eye_box(track: HeadTrack) -> tuple[int, int, int, int]:
    corners = np.array(track.data[0].points.eye_corners)
    reach = float(corners[1, 0] - corners[0, 0])
    low, high = corners.min(axis=0) - reach, corners.max(axis=0) + reach
    return int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1


def _write_blinks(
    directory: Path, phases: list[F32], opened: list[F32], canonical: F32, eyes: tuple[int, int, int, int]
) -> tuple[BlinkPicture, ...]:
    """Cut the lids out of the blink frames, with one mask for all phases.

    Args:
        directory: the pack.
        phases: the eyes in the frames of a blink, taken to the canonical pose.
        opened: the same for frames of the same pose with open eyes.
        canonical: the eyes in frame 0.
        eyes: box of these pictures, plate pixels.
    """
    if not phases:
        return ()
    changes = [np.abs(p[..., 0] - o[..., 0]) for p, o in zip(phases, opened, strict=True)]
    moved = np.max([cv2.GaussianBlur(change, (0, 0), 1.5) for change in changes], axis=0)
    area = (moved > _LID_STEP).astype(np.uint8)
    area = cv2.morphologyEx(area, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    area = cv2.morphologyEx(area, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15)))
    area = cv2.dilate(area, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13)))
    mask = cv2.GaussianBlur(area * np.uint8(255), (0, 0), _LID_SIGMA_PX)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    mask = mask[part]
    rim = (mask > 8) & (mask < 96)
    folder = directory / "blinks"
    folder.mkdir(exist_ok=True)
    found = []
    for number, (phase, open_eyes) in enumerate(zip(phases, opened, strict=True)):
        shift = (canonical[part] - open_eyes[part])[rim].mean(axis=0)
        pixels = np.clip(phase[part] + shift + 0.5, 0, 255).astype(np.uint8)
        name = f"blinks/{number}.png"
        cv2.imwrite(str(directory / name), np.dstack([pixels, mask]), [cv2.IMWRITE_PNG_COMPRESSION, 9])
        found.append(BlinkPicture(file=name, x=eyes[0] + int(columns[0]), y=eyes[1] + int(rows[0])))
    return tuple(found)


if __name__ == "__main__":
    prepare_pack(Path(sys.argv[1]), find_ffmpeg())
