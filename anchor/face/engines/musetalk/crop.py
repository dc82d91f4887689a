"""The square that MuseTalk sees: where it lies on the plate, and its latents, made once for each presenter."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import StorageError
from anchor.core.face import Avatar
from anchor.core.files import write_whole
from anchor.face.engines.musetalk.files import SIDE
from anchor.face.engines.musetalk.networks import Networks
from anchor.face.mouthbank import MouthBank
from anchor.face.track import TrackPoints, load_track
from anchor.media.decode import read_frames
from anchor.media.planes import ycbcr_from_rgb
from anchor.media.tool import find_ffmpeg

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Box = tuple[int, int, int, int]

VERSION = 1
"""Of what is cached."""
_NOSE = 1 / 3
"""The square's middle lies this far up from the tip of the nose towards the eyes."""
_FACE = 1.5
"""Width of a face over the distance of its outer eye corners."""
_MARGIN = 0.03
"""The square reaches this share of its height below the chin."""
_MOST_GAIN = 1.8
_DETAIL_PX = 1.5
"""Detail is what a blur of this sigma takes away, in pixels of the network's picture."""


@dataclass(frozen=True)
class FaceCrop:
    """A presenter's face in the canonical pose, as the network is given it."""

    box: Box
    """x0, y0, x1, y1 in plate pixels, ends exclusive; may reach beyond the plate."""
    target: F32
    """[h, w, 3] Y'CbCr of the plate in this box, in the colours of the mouth bank, unrounded."""
    latents: F32
    """[8, 32, 32]: of the face whose lower half is black, then of the whole face."""
    gain: float
    """By how much detail must be raised to make up for what the image coder takes away."""
    grain: float
    """Sigma of the noise that the coder takes away, code values of Y'."""


def face_box(bank: MouthBank, points: TrackPoints) -> Box:
    """The face from above the brows to below the chin, its middle on the bridge of the nose.

    What lies under the middle is painted anew; the network was trained on squares laid like this one.
    """
    eyes, (_, nose), (_, chin) = np.array(points.eye_corners), points.nose_tip[0], points.chin_tip[0]
    jaw = bank.rest[bank.topology.jaw]
    middle_y = nose - _NOSE * (nose - eyes[:, 1].mean())
    height = 2 * (chin - middle_y)
    middle_x = (jaw[:, 0].min() + jaw[:, 0].max()) / 2
    reach = max(float(np.ptp(jaw[:, 0])), _FACE * float(np.ptp(eyes[:, 0]))) / 2
    return (
        math.floor(middle_x - reach),
        math.floor(middle_y - height / 2),
        math.ceil(middle_x + reach),
        math.ceil(chin + _MARGIN * height),
    )


def prepare_face(avatar: Avatar, bank: MouthBank, networks: Networks, model: str) -> FaceCrop:
    """The face with its latents: read from the presenter's cache, or made and put there.

    Args:
        avatar: whose face.
        bank: the presenter's mouth bank.
        networks: the model in memory.
        model: digest of its weights.
    """
    box = face_box(bank, load_track(avatar.path / "track.json").data[0].points)
    picture = _cut(next(read_frames(find_ffmpeg(), avatar.plate, "rgb24", 0, 1)), box)
    target = ycbcr_from_rgb(picture) - np.array(avatar.frames[0].colour, np.float32)
    kept = avatar.cache / f"musetalk-{VERSION}-{model[:16]}-{networks.device}.npz" if avatar.cache else None
    found = _read(kept) if kept else None
    if found is None:
        found = _measured(picture, networks)
        if kept:
            _write(kept, *found)
    latents, gain, grain = found
    return FaceCrop(box, target, latents, gain, grain)


def detail(luma: F32, height: int) -> F32:
    """The fine part of a picture of a face `height` pixels high.

    Shapes:
        [h, w] → [h, w]
    """
    sigma = _DETAIL_PX * max(1.0, height / SIDE)
    return np.asarray(luma - cv2.GaussianBlur(luma, (0, 0), sigma), np.float32)


def grain_of(luma: F32) -> float:
    """Sigma of a picture's noise, code values.

    Source: Immerkær 1996, Fast noise variance estimation; by the median, which edges do not move.
    """
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(np.median(np.abs(cv2.filter2D(luma, -1, mask))) / (6 * 0.6745))


def enlarged(picture: NDArray[np.generic], size: tuple[int, int]) -> F32:
    """The network's picture at the plate's scale; `size` is width, height."""
    return np.asarray(cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_CUBIC), np.float32)


def _cut(frame: U8, box: Box) -> U8:
    x0, y0, x1, y1 = box
    height, width = frame.shape[:2]
    rows, columns = np.clip(np.arange(y0, y1), 0, height - 1), np.clip(np.arange(x0, x1), 0, width - 1)
    return np.ascontiguousarray(frame[np.ix_(rows, columns)])


def _measured(picture: U8, networks: Networks) -> tuple[F32, float, float]:
    """Latents, and what of detail and grain the coder does not give back of the plate's own lower face."""
    height, width = picture.shape[:2]
    shrinks = height > 2 * SIDE
    seen = np.asarray(
        cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4), np.uint8
    )
    masked = seen.copy()
    masked[SIDE // 2 :] = 0
    latents = networks.encode(np.stack([masked, seen]))
    coded = enlarged(ycbcr_from_rgb(networks.decode(latents[1:])[0]), (width, height))[height // 2 :, :, 0]
    plate = ycbcr_from_rgb(picture)[height // 2 :, :, 0]
    wanted, given = (float(np.square(detail(luma, height)).mean()) for luma in (plate, coded))
    gain = min(_MOST_GAIN, max(1.0, math.sqrt(wanted / max(given, 1e-3))))
    grain = math.sqrt(max(0.0, grain_of(plate) ** 2 - (gain * grain_of(coded)) ** 2))
    return latents.reshape(-1, *latents.shape[2:]), gain, grain


def _read(path: Path) -> tuple[F32, float, float] | None:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return np.asarray(kept["latents"], np.float32), float(kept["gain"]), float(kept["grain"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _write(path: Path, latents: F32, gain: float, grain: float) -> None:
    """Keep what was made; a full or read-only disk costs only the time to make it again."""
    with contextlib.suppress(StorageError), write_whole(path, folders=True) as partial, partial.open("wb") as file:
        np.savez(file, latents=latents, gain=gain, grain=grain)
