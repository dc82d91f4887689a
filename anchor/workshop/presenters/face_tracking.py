"""A face followed through footage: its points in every frame, and which frames can be used."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError, Place
from anchor.core.events import ProgressCallback
from anchor.media.process import raise_if
from anchor.messages import message
from anchor.workshop.presenters.build_report import Weakness
from anchor.workshop.presenters.face_detection import DetectedFace, FaceFinder
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.face_selection import LEAST_EYES_PX, RIVAL, choose_face, face_fault, fault_texts
from anchor.workshop.presenters.footage_frames import LONGEST_S, SHORTEST_S, Footage, open_footage
from anchor.workshop.presenters.landmarks import FACE_OVAL, Landmarker, Landmarks, lid_ratio
from anchor.workshop.presenters.occlusion import Suspicions

__all__ = ["Footage", "Tracked", "TrackedFrame", "open_footage", "track_footage"]

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

STAGE = "follow"
LEAST_SCORE = 0.5
LOOK_EVERY_S = 0.5
"""While no face is followed, the whole picture is searched this often."""
COUNT_EVERY_S = 3.0
"""While one is, others are looked for this often."""
OTHERS_SHARE = 0.4
"""Of those looks in which another face as large is seen, from which one must be chosen."""
CUT = 14.0
"""Mean change of the small grey picture, of 255, that can be a cut …"""
CUT_OVER_USUAL = 5.0
"""… if it is so many times the usual change."""
THUMB = (48, 27)
BLUR = 0.3
"""Sharpness under this share of the footage's usual one is a blurred frame."""
BLINK = 0.82
"""Lids below this share of their usual opening are shut or nearly: the landmarks follow a blink but half-way, to .67
and .74 on the house anchors."""
FACE_LINES = 128
"""Sharpness is measured with the face reduced to about this size, so that footage of all sizes compares."""
JUMP = 0.35
"""Of the face's size: a move between two frames that only a cut or a lost face explains."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFrame:
    """What was seen in one frame."""

    face: Landmarks | None
    cut: bool
    """Another scene begins here."""
    sharpness: float
    """Variance of the Laplacian over the face, of its luma; comparable within the footage."""
    lids: float
    """Opening of the lids over its usual value; 1: open; 0 where no face is."""
    fault: str
    """Why the frame cannot be used: `none`, `small`, `leaving`, `turned`, `tilted`, `blurred`; empty when it can."""

    @property
    def usable(self) -> bool:
        """A whole, sharp face that looks into the camera."""
        return not self.fault

    @property
    def blinking(self) -> bool:
        """The lids are shut, or nearly."""
        return self.face is not None and self.lids < BLINK


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """One face through the whole footage."""

    footage: Footage
    frames: tuple[TrackedFrame, ...]
    weak: tuple[Weakness, ...]

    @property
    def faults(self) -> dict[str, int]:
        """Frames by what is wrong with them."""
        return dict(Counter(frame.fault for frame in self.frames if frame.fault))

    @property
    def cuts(self) -> tuple[int, ...]:
        """Frames with which another scene begins."""
        return tuple(i for i, frame in enumerate(self.frames) if frame.cut)

    def points(self) -> F32:
        """[frames, 468, 3]; where there is no face, those of the frame nearest in time."""
        known = [(i, frame.face.points) for i, frame in enumerate(self.frames) if frame.face is not None]
        at = np.array([i for i, _ in known])
        wanted = np.arange(len(self.frames))
        after = np.searchsorted(at, wanted).clip(0, len(at) - 1)
        before = (after - 1).clip(0)
        nearest = np.where(np.abs(at[before] - wanted) <= np.abs(at[after] - wanted), before, after)
        return np.stack([known[i][1] for i in nearest])


def track_footage(
    footage: Footage,
    models: FaceModels,
    wanted: int | tuple[float, float] | None = None,
    progress: ProgressCallback | None = None,
    cancelled: Callable[[], bool] | None = None,
    watch: Callable[[int, U8, Landmarks | None], None] | None = None,
) -> Tracked:
    """Follow the wanted face from the first frame that shows it to the end.

    Args:
        footage: the footage.
        models: the face models.
        wanted: number of the face from 1, largest first, a point in the footage's own pixels, or None: the only one.
        progress: told the frames done.
        cancelled: asked before every frame.
        watch: shown every frame's number, picture and face.

    Raises:
        MediaError: no face, several and none chosen, or none that can be used for long enough; it says where.
        JobCancelled: somebody asked for it.
    """
    follower = _Follower(footage, models, wanted)
    for index, rgb in enumerate(footage.read(rough=True)):
        raise_if(cancelled)
        if index >= LONGEST_S * footage.rate + footage.rate:
            raise MediaError(
                message("presenters.longer-footage", most=LONGEST_S // 60),
                hint=message("presenters.long-footage-hint"),
                place=footage.place,
            )
        face = follower.see(index, rgb)
        if watch is not None:
            watch(index, rgb, face)
        if progress is not None and index % 15 == 0:
            progress(STAGE, index, max(footage.frames, index))
    tracked = follower.result()
    if progress is not None:
        progress(STAGE, len(tracked.frames), len(tracked.frames))
    return tracked


class _Follower:
    """The face's way through the footage so far."""

    def __init__(self, footage: Footage, models: FaceModels, wanted: int | tuple[float, float] | None) -> None:
        self._footage = footage
        shrink = footage.size[0] / footage.source_size[0]
        self._wanted = (wanted[0] * shrink, wanted[1] * shrink) if isinstance(wanted, tuple) else wanted
        self._finder, self._landmarker = FaceFinder(models), Landmarker(models)
        self._frames: list[TrackedFrame] = []
        self._last: Landmarks | None = None
        self._chosen = False
        self._thumb: F32 | None = None
        self._changes: deque[float] = deque(maxlen=45)
        self._next_look = 0
        self._crowded: list[tuple[int, list[DetectedFace]]] = []
        self._counts = 0
        self._suspicions = Suspicions()

    def see(self, index: int, rgb: U8) -> Landmarks | None:
        """Take in the next frame; gives its face."""
        cut = self._is_cut(rgb)
        face = self._followed(rgb, cut)
        if face is None:
            face = self._sought(index, rgb, cut)
        elif index >= self._next_look:
            self._count(index, rgb)
        self._last = face
        if face is not None and index % 15 == 0:
            self._suspicions.see(rgb, face)
        fault = "none" if face is None else face_fault(face, self._footage.size)
        sharp = 0.0 if face is None else sharpness(rgb, face)
        self._frames.append(TrackedFrame(face, cut, sharp, 0.0 if face is None else lid_ratio(face.points), fault))
        return face

    def _is_cut(self, rgb: U8) -> bool:
        thumb = cv2.cvtColor(cv2.resize(rgb, THUMB, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        now = thumb.astype(np.float32)
        before, self._thumb = self._thumb, now
        if before is None:
            return False
        change = float(np.abs(now - before).mean())
        usual = float(np.median(self._changes)) if self._changes else 0.0
        self._changes.append(change)
        return change > max(CUT, CUT_OVER_USUAL * usual)

    def _followed(self, rgb: U8, cut: bool) -> Landmarks | None:
        """The face of the frame before, if it is still there."""
        if self._last is None or cut:
            return None
        face = self._landmarker.follow(rgb, self._last)
        if face.score < LEAST_SCORE:
            return None
        apart = float(np.linalg.norm(face.xy.mean(0) - self._last.xy.mean(0)))
        return face if apart < JUMP * _size(self._last) else None

    def _sought(self, index: int, rgb: U8, cut: bool) -> Landmarks | None:
        """The face found anew: near where it was, else anywhere."""
        if self._last is not None and not cut:
            x0, y0, x1, y1 = self._last.box
            near = self._finder.near(rgb, ((x0 + x1) / 2, (y0 + y1) / 2), _size(self._last))
            if near:
                return self._placed(rgb, near[0])
        elif index < self._next_look and not cut:
            return None
        self._next_look = index + max(1, round(LOOK_EVERY_S * self._footage.rate))
        faces = self._finder.find(rgb)
        if not faces:
            return None
        if not self._chosen:
            face = choose_face(faces, self._wanted, self._place(index))
            self._chosen = True
        else:
            face = self._same(faces)
        return self._placed(rgb, face)

    def _same(self, faces: list[DetectedFace]) -> DetectedFace:
        """After a cut or a gap: the nearest of those as large as the largest."""
        seen = next((frame.face for frame in reversed(self._frames) if frame.face is not None), None)
        large = [face for face in faces if face.size >= RIVAL * faces[0].size]
        if seen is None:
            return large[0]
        middle = seen.xy.mean(0)
        return min(large, key=lambda face: math.dist(face.centre, (float(middle[0]), float(middle[1]))))

    def _placed(self, rgb: U8, face: DetectedFace) -> Landmarks | None:
        found = self._landmarker.of_face(rgb, face)
        return found if found.score >= LEAST_SCORE else None

    def _count(self, index: int, rgb: U8) -> None:
        """Look for others beside the one that is followed."""
        self._next_look = index + round(COUNT_EVERY_S * self._footage.rate)
        self._counts += 1
        faces = self._finder.find(rgb)
        if sum(face.size >= RIVAL * faces[0].size for face in faces) > 1:
            self._crowded.append((index, faces))

    def _place(self, index: int) -> Place:
        at = message("presenters.frame-at", frame=index, seconds=float(index / self._footage.rate))
        return Place(file=str(self._footage.path), field=at)

    def result(self) -> Tracked:
        """All frames judged.

        Raises:
            MediaError: what was seen does not make a presenter.
        """
        if not any(frame.face is not None for frame in self._frames):
            choose_face([], None, self._footage.place)
        if self._wanted is None and len(self._crowded) > OTHERS_SHARE * max(1, self._counts):
            index, faces = self._crowded[0]
            choose_face(faces, None, self._place(index))
        frames = _judged(self._frames)
        _check_length(frames, self._footage)
        self._suspicions.refuse(self._footage.place)
        weak = (*_weaknesses(frames, self._footage), *self._suspicions.weaknesses())
        return Tracked(self._footage, frames, weak)


def _size(face: Landmarks) -> float:
    x0, y0, x1, y1 = face.box
    return max(x1 - x0, y1 - y0)


def sharpness(rgb: U8, face: Landmarks) -> float:
    """Variance of the Laplacian of luma over the face, taken to a common size."""
    outline = face.xy[list(FACE_OVAL)]
    height, width = rgb.shape[:2]
    x0, y0 = (max(0, int(v)) for v in outline.min(0))
    x1, y1 = (min(top, int(v) + 1) for v, top in zip(outline.max(0), (width, height), strict=True))
    if x1 - x0 < 8 or y1 - y0 < 8:
        return 0.0
    part = cv2.cvtColor(rgb[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY)
    scale = min(1.0, 2 * FACE_LINES / (y1 - y0))
    if scale < 1:
        size = (max(8, round((x1 - x0) * scale)), max(8, round((y1 - y0) * scale)))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    return float(cv2.Laplacian(part, cv2.CV_32F).var())


def _judged(frames: list[TrackedFrame]) -> tuple[TrackedFrame, ...]:
    """With lids over their usual opening, and blurred frames marked."""
    good = [frame for frame in frames if not frame.fault] or [frame for frame in frames if frame.face is not None]
    usual_lids = float(np.median([frame.lids for frame in good]))
    usual_sharp = float(np.median([frame.sharpness for frame in good]))
    return tuple(
        replace(
            frame,
            lids=frame.lids / max(usual_lids, 1e-6),
            fault=frame.fault or ("blurred" if frame.sharpness < BLUR * usual_sharp else ""),
        )
        for frame in frames
    )


def _check_length(frames: tuple[TrackedFrame, ...], footage: Footage) -> None:
    """Refuse footage with too little in it.

    Raises:
        MediaError: it has; the most frequent fault is named.
    """
    usable = sum(frame.usable for frame in frames)
    if usable >= SHORTEST_S * footage.rate:
        return
    if len(frames) < SHORTEST_S * footage.rate:
        raise MediaError(
            message("presenters.few-decoded", seconds=float(len(frames) / footage.rate), least=SHORTEST_S),
            hint=message("presenters.few-decoded-hint"),
            place=footage.place,
        )
    counts = Counter(frame.fault for frame in frames if frame.fault)
    worst = counts.most_common(1)[0][0]
    first = next(i for i, frame in enumerate(frames) if frame.fault == worst)
    what, hint = fault_texts(worst, LEAST_EYES_PX)
    said = message(
        "presenters.few-usable",
        what=what,
        share=counts[worst] / len(frames),
        first=float(first / footage.rate),
        usable=float(usable / footage.rate),
        least=SHORTEST_S,
    )
    raise MediaError(said, hint=hint, place=footage.place)


def _weaknesses(frames: tuple[TrackedFrame, ...], footage: Footage) -> tuple[Weakness, ...]:
    """What falls short and can still be used."""
    weak: list[Weakness] = []
    total = len(frames)
    for fault, count in Counter(frame.fault for frame in frames if frame.fault).items():
        if count > 0.1 * total:
            what, hint = fault_texts(fault, LEAST_EYES_PX)
            text = message("presenters.often", what=what, share=count / total, hint=hint)
            weak.append(Weakness(f"often-{fault}", text))
    if footage.frames and total < 0.9 * footage.frames:
        seconds = Fraction(total) / footage.rate
        weak.append(Weakness("cut-off", message("presenters.cut-off", seconds=float(seconds))))
    if footage.hdr:
        weak.append(Weakness("hdr", message("presenters.hdr")))
    return tuple(weak)
