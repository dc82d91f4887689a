"""Footage of a person → the parts of an avatar pack."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from anchor.core.events import ProgressCallback
from anchor.core.face import Affine
from anchor.core.speech import PhonemeTimeline
from anchor.core.time import VIDEO, Timebase
from anchor.face.mouthbank import load_bank
from anchor.face.pose import fit_similarity, moved
from anchor.media.tool import FFmpeg, find_ffmpeg
from anchor.messages import message
from anchor.workshop.presenters.build_report import BuildOptions, BuildReport, Weakness
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.face_tracking import Tracked, open_footage, track_footage
from anchor.workshop.presenters.footage_frames import probe_footage
from anchor.workshop.presenters.framing import judge_framing, on_pixels, plan_framing
from anchor.workshop.presenters.landmarks import EYE_CORNERS, STABLE
from anchor.workshop.presenters.pack_writer import plan_crop, write_bank, write_pack_still, write_plate, write_track
from anchor.workshop.presenters.video.face_cache import FaceCache
from anchor.workshop.presenters.video.face_observations import (
    F32,
    U8,
    FaceObservations,
    FrameSource,
    smoothed,
    without_resting_gap,
)
from anchor.workshop.presenters.video.harvest import Canonical, Harvest, harvest_bank, is_silent
from anchor.workshop.presenters.video.loop import Loop, choose_loop
from anchor.workshop.presenters.video.mattes import Cutter, choose_background
from anchor.workshop.presenters.video.plates import PlateMaker, canonical_points, head_region
from anchor.workshop.presenters.video.resting_mouth import MouthCloser
from anchor.workshop.presenters.video.stabilisation import SteadyRegion
from anchor.workshop.presenters.video.synthetic_mouthbank import painted_bank

STAGES = ("follow", "choose", "mouths", "plate")
"""What progress is told of, in order."""
_SHORT_S = 6.0
"""A loop shorter than this is noticed."""
_POINTS_SMOOTH_FRAMES = 1.0


def build_video(
    source: Path,
    pack: Path,
    models: FaceModels,
    options: BuildOptions,
    progress: ProgressCallback,
    cancelled: Callable[[], bool],
    *,
    said: PhonemeTimeline | None = None,
    ffmpeg: FFmpeg | None = None,
) -> BuildReport:
    """Write plate, matte, track, bank and still of a person in footage into an empty folder.

    Args:
        source: the footage.
        pack: an empty folder.
        models: of the face.
        options: what is wanted.
        progress: told of stages, done, total.
        cancelled: asked for before every frame.
        said: the footage's sound, aligned with what is said in it.
        ffmpeg: decodes and encodes; None: the system's.

    Raises:
        MediaError: the footage does not make a presenter; says why, and what to film.
        JobCancelled: somebody asked for it.
    """
    tool = ffmpeg or find_ffmpeg()
    footage = open_footage(tool, source, reading_rate(tool, source))
    with FaceCache(pack, footage.frames) as faces:
        tracked = track_footage(footage, models, options.face, progress, cancelled, faces.see)
        seen, weak = observed(tracked, faces), tracked.weak
        del tracked  # as large as what was taken from it
        return build_pack(footage, seen, faces, pack, models, options, progress, cancelled, said, tool, weak)


def reading_rate(ffmpeg: FFmpeg, source: Path) -> Fraction:
    """Frames a second to read the footage at: its own or half of it, so that no frame is shown twice.

    Raises:
        MediaError: it is no media file.
    """
    video = probe_footage(ffmpeg, source).video
    own = None if video is None else video.rate
    if own is None or video is None or not video.constant:
        return VIDEO.rate
    return next((own / n for n in (1, 2, 4) if 22 <= own / n <= 31), VIDEO.rate)


def observed(tracked: Tracked, faces: FaceCache) -> FaceObservations:
    """The followed face as arrays over time."""
    turn = [0.0 if f.face is None else abs(f.face.yaw_deg) for f in tracked.frames]
    return FaceObservations(
        points=np.ascontiguousarray(tracked.points()[..., :2], np.float32),
        usable=np.array([f.usable for f in tracked.frames]),
        cut=np.array([f.cut for f in tracked.frames]),
        sharpness=np.array([f.sharpness for f in tracked.frames], np.float32),
        turn_deg=np.array(turn, np.float32),
        thumbs=faces.thumbs(),
    )


def build_pack(
    footage: FrameSource,
    seen: FaceObservations,
    faces: FaceCache,
    pack: Path,
    models: FaceModels,
    options: BuildOptions,
    progress: ProgressCallback,
    cancelled: Callable[[], bool],
    said: PhonemeTimeline | None,
    ffmpeg: FFmpeg,
    weak: tuple[Weakness, ...] = (),
) -> BuildReport:
    """The same from footage whose face is known."""
    progress("choose", 0, 1)
    loop = choose_loop(seen, footage.rate)
    progress("choose", 1, 1)
    scene = _scene(footage, seen, loop, models, options)
    first = loop.start + loop.turn
    rest = seen.points[first]
    lips = moved(
        scene.framing, without_resting_gap(rest, max(seen.rest_gap, float(seen.gap[first]))).astype(np.float64)
    )
    canonical = _canonical(scene, seen, first, lips, options)
    if is_silent(seen):
        sample = next(footage.read(first, 1))
        shapes, points = painted_bank(canonical, sample, scene.framing, lips)
        canonical = replace(canonical, rest=points)
        harvest = Harvest(shapes, tuple(name for name in shapes if name != "j0_neutral"), 0)
        progress("mouths", len(shapes), len(shapes))
    else:
        canonical = canonical.seamed
        head = SteadyRegion(canonical.rgb, *head_region(moved(scene.framing, rest.astype(np.float64))), affine=False)
        words = {} if said is None else _said_frames(said, footage, len(seen))
        told = partial(progress, "mouths")
        harvest = harvest_bank(seen, faces, canonical, words, head, told, cancelled)
    write_bank(harvest.shapes, pack, rest=canonical.rest, crop=canonical.crop)
    closer = None if loop.resting else MouthCloser(load_bank(pack / "bank" / "bank.json"), canonical.rgb)
    moving = _plate_points(seen, loop, scene.framing)
    maker = PlateMaker(loop, footage, scene.cutter, canonical, moving, closer, pack)
    images = _written(maker, loop, seen, pack, footage, ffmpeg, scene.way, progress, cancelled)
    blink = [float(seen.blinking[loop.pair(k)[0]]) for k in range(len(loop))]
    write_track([i[0] for i in images], pack, mouth=[i[1] for i in images], blink=blink)
    facts = _facts(footage, seen, loop, scene, harvest, blink)
    return BuildReport("video", facts, (*weak, *scene.weak, *_weak(loop, footage, harvest, said)))


@dataclass(frozen=True)
class _Scene:
    """Where and how the person stands on the plate."""

    framing: Affine
    way: str
    cutter: Cutter
    canonical: U8
    weak: tuple[Weakness, ...]


def _scene(
    footage: FrameSource, seen: FaceObservations, loop: Loop, models: FaceModels, options: BuildOptions
) -> _Scene:
    first = loop.start + loop.turn
    sample = next(footage.read(first, 1))
    way = choose_background(options.background, sample)
    corners = np.median(seen.points[loop.start : loop.end][:, list(EYE_CORNERS)], axis=0).astype(float)
    left, right = corners[:2].mean(axis=0), corners[2:].mean(axis=0)
    eyes = ((float(left[0]), float(left[1])), (float(right[0]), float(right[1])))
    framing = on_pixels(plan_framing(eyes, footage.size, way != "keep", options.canvas), footage.size)
    weak = judge_framing(framing, eyes, footage.size, way != "keep", options.canvas)
    cutter = Cutter(way, framing, options.canvas, models, [sample])
    canonical = next(cutter.cut([sample])).rgb
    return _Scene(framing, way, cutter, canonical, weak)


def _canonical(
    scene: _Scene,
    seen: FaceObservations,
    first: int,
    lips: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    o: BuildOptions,
) -> Canonical:
    rest = canonical_points(lips)
    stable = list(STABLE)
    home = moved(scene.framing, seen.points[first][stable].astype(np.float64))
    poses = np.array([fit_similarity(home, p[stable].astype(np.float64)) for p in seen.points])
    return Canonical(scene.canonical, rest, plan_crop(rest, o.canvas), poses)


def _plate_points(seen: FaceObservations, loop: Loop, framing: Affine) -> F32:
    """Of the loop's frames and those of its dissolve, [n, 468, 2]."""
    points = seen.points[loop.start - loop.fade : loop.end]
    flat = moved(framing, points.reshape(-1, 2).astype(np.float64)).reshape(points.shape)
    return smoothed(np.asarray(flat, np.float32), _POINTS_SMOOTH_FRAMES)


def _written(
    maker: PlateMaker,
    loop: Loop,
    seen: FaceObservations,
    pack: Path,
    footage: FrameSource,
    ffmpeg: FFmpeg,
    way: str,
    progress: ProgressCallback,
    cancelled: Callable[[], bool],
) -> list[tuple[dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]], Affine]]:
    """Encode the loop; gives points and mouth map of every frame."""
    kept = []
    # Not itertools.tee: it lets go of what it has given in blocks of 57 only.
    alphas: deque[U8] = deque()

    def frames() -> Iterator[U8]:
        for number, image in enumerate(maker.images()):
            if number == 0:
                write_pack_still(image.cut.rgb, image.cut.matte, pack)
            kept.append((dict(image.points), image.mouth))
            if image.cut.matte is not None:
                alphas.append(image.cut.matte)
            yield image.cut.rgb

    def mattes() -> Iterator[U8]:
        while alphas:
            yield alphas.popleft()

    write_plate(
        frames(),
        None if way == "keep" else mattes(),
        pack,
        plate_clock(footage.rate),
        ffmpeg=ffmpeg,
        progress=lambda done: progress("plate", done, len(loop)),
        cancelled=cancelled,
    )
    return kept


def plate_clock(rate: Fraction) -> Timebase:
    """The plate's clock: every frame of the footage is shown once, a little faster or slower than it was filmed."""
    return VIDEO if 15 <= rate <= 36 else Timebase(rate)


def _said_frames(said: PhonemeTimeline, footage: FrameSource, count: int) -> dict[int, str]:
    """Footage frame → the sound in whose middle it lies."""
    rate = float(footage.rate)
    found = {}
    for phoneme in said.phonemes:
        span = phoneme.span
        quarter = (span.end - span.start) / 4
        low, high = (span.start + quarter) / said.rate * rate, (span.end - quarter) / said.rate * rate
        for frame in {round((low + high) / 2 - 0.5), *range(int(np.ceil(low)), int(high) + 1)}:
            if 0 <= frame < count:
                found[frame] = phoneme.symbol
    return found


def _facts(
    footage: FrameSource, seen: FaceObservations, loop: Loop, scene: _Scene, harvest: Harvest, blink: list[float]
) -> dict[str, object]:
    rate = float(footage.rate)
    return {
        "source_size_px": list(footage.size),
        "source_rate_fps": round(rate, 3),
        "source_s": round(len(seen) / rate, 2),
        "usable_share": round(float(seen.usable.mean()), 3),
        "loop_from_s": round(loop.start / rate, 2),
        "loop_s": round(len(loop) / rate, 2),
        "loop_at_rest": loop.resting,
        "dissolve_frames": loop.fade,
        "blinking_frames": int(sum(blink)),
        "background": scene.way,
        "enlarged": round(scene.framing[0], 3),
        "mouths_found": len(harvest.shapes) - len(harvest.made),
        "mouths_made": list(harvest.made),
        "frames_compared": harvest.looked_at,
    }


def _weak(loop: Loop, footage: FrameSource, harvest: Harvest, said: PhonemeTimeline | None) -> tuple[Weakness, ...]:
    found = []
    length = len(loop) / float(footage.rate)
    if length < _SHORT_S:
        found.append(Weakness("short-loop", message("presenters.short-loop", seconds=length)))
    if not loop.resting:
        found.append(Weakness("no-rest", message("presenters.no-rest")))
    if not harvest.looked_at:
        return (*found, Weakness("silent-footage", message("presenters.silent-footage")))
    for kind, words in _KINDS.items():
        gone = [name for name in harvest.made if name.endswith(kind) and name[:2] not in ("j4",)]
        if len(gone) >= (2 if kind.startswith("_") else 1):
            found.append(
                Weakness(f"no-{kind.strip('_').lower()}", message("presenters.no-mouth", mouth=message(words)))
            )
    if said is None and harvest.made:
        found.append(Weakness("no-transcript", message("presenters.no-transcript")))
    return tuple(found)


_KINDS = {
    "_round": "presenters.mouth-round",
    "_purse": "presenters.mouth-purse",
    "_wide": "presenters.mouth-wide",
    "_neutral": "presenters.mouth-open",
    "F": "presenters.mouth-f",
    "L": "presenters.mouth-l",
    "S": "presenters.mouth-s",
    "M": "presenters.mouth-m",
}
"""Shapes' ending or name → id of what people call them."""
