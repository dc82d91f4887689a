"""The idle loop's frames: cut out, dissolved where the loop closes, mouths at rest, each frame with its pose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anchor.core.face import Affine
from anchor.face.pose import F64, inverted, moved
from anchor.workshop.presenters.landmarks import CHIN, FACE_OVAL, JAW_LINE, NOSE_BRIDGE, NOSE_TIP, OUTER_LIP
from anchor.workshop.presenters.pack_writer import PointsByName
from anchor.workshop.presenters.video.face_observations import F32, FrameSource
from anchor.workshop.presenters.video.frame_spool import FrameSpool
from anchor.workshop.presenters.video.harvest import Canonical
from anchor.workshop.presenters.video.loop import Loop
from anchor.workshop.presenters.video.mattes import Cutter, MattedFrame
from anchor.workshop.presenters.video.morph import between, flow_between
from anchor.workshop.presenters.video.resting_mouth import MouthCloser
from anchor.workshop.presenters.video.stabilisation import SteadyRegion

_WARM_FRAMES = 6
"""Read ahead of where a stretch begins, so that mattes have settled."""


@dataclass(frozen=True)
class PlateImage:
    """One frame of the plate."""

    cut: MattedFrame
    points: PointsByName
    mouth: Affine
    """Canonical pose → this frame, at the mouth."""


def head_region(rest: F64) -> tuple[list[F64], list[F64]]:
    """Polygons of skin that shows the head's pose (nose, cheeks, forehead), and of what speaks or blinks.

    Args:
        rest: [468, 2] landmarks of the canonical frame, plate pixels.
    """
    lips = rest[list(OUTER_LIP)]
    middle = lips.mean(axis=0)
    eyes = [rest[[33, 133, 159, 145, 52, 66]], rest[[362, 263, 386, 374, 282, 296]]]
    chin = rest[[CHIN, 149, 378]]
    below = np.vstack([middle + (lips - middle) * (1.35, 1.3), middle + (chin - middle) * 1.3])
    wide = [e.mean(axis=0) + (e - e.mean(axis=0)) * (1.3, 1.5) for e in eyes]
    return [rest[list(FACE_OVAL)]], [below, *wide]


def lower_region(rest: F64) -> tuple[list[F64], list[F64]]:
    """Polygons of the lower face, which moves as one while the mouth rests."""
    return [np.vstack([rest[list(JAW_LINE)], rest[[NOSE_TIP, 205, 425]]])], []


def canonical_points(rest: F64) -> PointsByName:
    """What a track keeps of the landmarks."""
    from anchor.workshop.presenters.landmarks import CHEEKS, EYE_CORNERS, INNER_LIP

    return {
        "eye_corners": rest[list(EYE_CORNERS)],
        "nose_tip": rest[[NOSE_TIP]],
        "nose_bridge": rest[[NOSE_BRIDGE[0]]],
        "cheeks": rest[list(CHEEKS)],
        "chin_tip": rest[[CHIN]],
        "jaw_line": rest[list(JAW_LINE)],
        "outer_lip": rest[list(OUTER_LIP)],
        "inner_lip": rest[list(INNER_LIP)],
    }


class PlateMaker:
    """Makes the loop frame by frame."""

    def __init__(
        self,
        loop: Loop,
        frames: FrameSource,
        cutter: Cutter,
        canonical: Canonical,
        landmarks: F32,
        closer: MouthCloser | None,
        folder: Path,
    ) -> None:
        """Prepare.

        Args:
            loop: which frames.
            frames: the footage.
            cutter: brings them onto the canvas.
            canonical: frame 0.
            landmarks: [n, 468, 2] of the loop's frames and, before them, those of its dissolve; plate pixels, smoothed.
            closer: closes speaking mouths; None: the loop rests.
            folder: where the frames of the dissolve lie meanwhile, in a file without a name.
        """
        self._loop, self._frames, self._cutter, self._folder = loop, frames, cutter, folder
        self._canonical, self._landmarks, self._closer = canonical, landmarks, closer
        rest = landmarks[loop.fade + loop.turn].astype(np.float64)
        self._head = SteadyRegion(canonical.rgb, *head_region(rest), affine=False)
        resting = closer is None
        self._lower = SteadyRegion(canonical.rgb, *lower_region(rest), affine=True) if resting else self._head

    def images(self) -> Iterator[PlateImage]:
        """All frames of the loop, frame 0 first."""
        loop = self._loop
        first = loop.start + loop.turn
        with FrameSpool(self._folder) as before:
            for cut in self._cuts(loop.start - loop.fade, loop.start):
                before.add(cut)
            for number, cut in enumerate(self._cuts(first, loop.end), loop.turn):
                yield self._image(number, cut, before)
            for number, cut in enumerate(self._cuts(loop.start, first)):
                yield self._image(number, cut, before)

    def _cuts(self, start: int, end: int) -> Iterator[MattedFrame]:
        early = max(0, start - _WARM_FRAMES)
        with closing(self._cutter.cut(self._frames.read(early, end - early))) as cuts:
            for number, cut in enumerate(cuts, early):
                if number >= start:
                    yield cut

    def _image(self, number: int, cut: MattedFrame, before: FrameSpool) -> PlateImage:
        """`number`: counted from the loop's start, not from frame 0."""
        loop = self._loop
        points = self._landmarks[loop.fade + number].astype(np.float64)
        into = number - (len(loop) - loop.fade)
        if into >= 0:
            share = loop.pair(number - loop.turn)[2]
            cut = _dissolved(cut, before.cut(into), share)
            points = points + share * (self._landmarks[into] - points)
        rest = self._landmarks[loop.fade + loop.turn].astype(np.float64)
        pose = self._head.refine(cut.rgb, _by_landmarks(rest, points))
        mouth = pose
        if self._closer is not None:
            jaw = moved(inverted(pose), points[list(JAW_LINE)])
            cut = MattedFrame(self._closer.close(cut.rgb, pose, jaw), cut.matte)
        else:
            mouth = self._lower.refine(cut.rgb, pose)
        upper = {"eye_corners", "nose_bridge", "cheeks"}
        placed = {k: moved(pose if k in upper else mouth, v) for k, v in self._canonical.rest.items()}
        return PlateImage(cut, placed, mouth)


def _by_landmarks(rest: F64, points: F64) -> Affine:
    from anchor.face.pose import fit_similarity
    from anchor.workshop.presenters.landmarks import STABLE

    return fit_similarity(rest[list(STABLE)], points[list(STABLE)])


def _dissolved(cut: MattedFrame, partner: MattedFrame, share: float) -> MattedFrame:
    flow = flow_between(cut.rgb, partner.rgb)
    matte = None
    if cut.matte is not None and partner.matte is not None:
        matte = between(cut.matte, partner.matte, flow, share)
    return MattedFrame(between(cut.rgb, partner.rgb, flow, share), matte)
