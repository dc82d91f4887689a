"""A talking clip of a house anchor made into a presenter: its own mouths, its own movements, its own blinks."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.face import Avatar
from anchor.face.avatar import resolve_avatar
from anchor.face.mesh import inner_gap_px as mesh_gap
from anchor.face.mesh import lip_width
from anchor.face.mouthbank import MouthBank, load_bank
from anchor.face.track import load_track
from anchor.media.decode import read_frames
from anchor.media.tool import find_ffmpeg
from anchor.packs import Shelf, find_pack
from anchor.workshop.presenters.build_report import BuildOptions, BuildReport
from anchor.workshop.presenters.face_detection import FaceFinder
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.face_tracking import Footage, open_footage, track_footage
from anchor.workshop.presenters.landmarks import EYE_CORNERS, Landmarker, lid_ratio, mouth_opening, mouth_width
from anchor.workshop.presenters.video.build import build_pack, observed, reading_rate
from anchor.workshop.presenters.video.face_cache import FaceCache
from anchor.workshop.presenters.video.face_observations import FaceObservations
from tests.face.face_samples import spoken
from tests.workshop.presenters.video.clips import TALK, room, talking, write_clip

pytestmark = [pytest.mark.slow, pytest.mark.media]
U8 = NDArray[np.uint8]
SIZE = (640, 360)


@dataclass(frozen=True)
class Followed:
    """A clip whose face is known, and the pack made of it."""

    footage: Footage
    seen: FaceObservations
    faces: FaceCache
    models: FaceModels
    pack: Path
    report: BuildReport

    def built(self, pack: Path, transcript: bool) -> BuildReport:
        """The pack made once more."""
        pack.mkdir()
        said = spoken(TALK) if transcript else None
        options = BuildOptions("clip", background="keep", canvas=SIZE)
        tell, stop = (lambda *_: None), (lambda: False)
        return build_pack(
            self.footage, self.seen, self.faces, pack, self.models, options, tell, stop, said, find_ffmpeg()
        )


@pytest.fixture(scope="module")
def hao() -> Avatar:
    return resolve_avatar(find_pack(Shelf.AVATARS, "hao", (Path(__file__).resolve().parents[4],)))


@pytest.fixture(scope="module")
def made(hao: Avatar, face_models: FaceModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    """Sixteen seconds of hao over a room, with what he says."""
    folder, ffmpeg = tmp_path_factory.mktemp("talking"), find_ffmpeg()
    clip = write_clip(ffmpeg, talking(hao, room(*SIZE), folder), SIZE, folder / "talking.mp4")
    footage = open_footage(ffmpeg, clip, reading_rate(ffmpeg, clip))
    with FaceCache(folder, footage.frames) as faces:
        seen = observed(track_footage(footage, face_models, watch=faces.see), faces)
        first = Followed(footage, seen, faces, face_models, folder / "pack", BuildReport("video"))
        report = first.built(first.pack, True)
        yield Followed(footage, seen, faces, face_models, first.pack, report)


@pytest.fixture(scope="module")
def bank(made: Followed) -> MouthBank:
    return load_bank(made.pack / "bank" / "bank.json")


def mouth_facts(pack: Path) -> dict[str, dict[str, str]]:
    """Shape → where it comes from and how near it was."""
    shapes = json.loads((pack / "bank" / "bank.json").read_text(encoding="utf-8"))["shapes"]
    return {name: shape["facts"] for name, shape in shapes.items()}


def plate_of(pack: Path, kind: str = "gray") -> list[U8]:
    return [np.asarray(frame, np.uint8) for frame in read_frames(find_ffmpeg(), pack / "plate.mp4", kind)]


def test_most_mouths_are_the_persons_own(made: Followed) -> None:
    assert "silent-footage" not in {weak.code for weak in made.report.weak}
    assert made.report.facts["mouths_found"] >= 20  # type: ignore[operator]
    facts = mouth_facts(made.pack)
    del facts["j0_neutral"]
    frames = {str(fact["from"]) for fact in facts.values()}
    assert len(frames) >= 15
    assert all(words.startswith("footage frame ") for words in frames)
    assert all(float(fact["sharpness"]) > 0.8 for fact in facts.values())


def test_rows_open_and_columns_round(bank: MouthBank) -> None:
    for column in ("wide", "neutral", "round", "purse"):
        gaps = [mesh_gap(bank.exemplars[f"j{row}_{column}"].vertices) for row in range(5)]
        assert all(b > a - 0.5 for a, b in itertools.pairwise(gaps)), (column, gaps)
        assert gaps[4] > 2 * gaps[1]
    for row in range(1, 4):
        wide, neutral, purse = (
            lip_width(bank.exemplars[f"j{row}_{column}"].vertices) for column in ("wide", "neutral", "purse")
        )
        assert purse < 0.92 * neutral < neutral < wide


def test_mouths_are_what_a_stranger_sees_in_the_pictures(made: Followed) -> None:
    """The landmarks of every picture, laid into the still: closed, round, open."""
    still = np.asarray(cv2.imread(str(made.pack / "still.png"), cv2.IMREAD_COLOR), np.uint8)[..., ::-1].copy()
    document = json.loads((made.pack / "bank" / "bank.json").read_text(encoding="utf-8"))
    x0, y0, x1, y1 = document["crop"]
    marks = Landmarker(made.models)
    home = marks.of_face(still, FaceFinder(made.models).find(still)[0])

    def seen(name: str) -> tuple[float, float]:
        picture = still.copy()
        mouth = cv2.imread(str(made.pack / "bank" / document["shapes"][name]["file"]))
        picture[y0:y1, x0:x1] = mouth[..., ::-1]
        points = marks.follow(picture, home).points
        return mouth_opening(points), mouth_width(points)

    rest, width = seen("j0_neutral")
    assert seen("M")[0] < rest + 0.012
    assert seen("j0_purse")[0] < rest + 0.02
    assert seen("j4_neutral")[0] > rest + 0.1
    assert seen("j1_purse")[1] < 0.9 * width
    assert seen("j2_round")[1] < 0.95 * width
    assert seen("j1_wide")[1] > 1.02 * width


def test_the_loop_runs_forward_through_the_footage_and_closes(made: Followed) -> None:
    facts = made.report.facts
    fade = int(facts["dissolve_frames"])  # type: ignore[call-overload]
    way = np.array([np.mean(frame.points.eye_corners, axis=0) for frame in load_track(made.pack / "track.json").data])
    start = round(float(facts["loop_from_s"]) * float(made.footage.rate))  # type: ignore[arg-type]
    source = made.seen.points[start : start + len(way), list(EYE_CORNERS)].mean(axis=1)
    # Turned by some frames, it is the footage's own way, but for the dissolve.
    apart = [np.linalg.norm(way - np.roll(source, -turn, axis=0), axis=1) for turn in range(len(way))]
    nearest = min(apart, key=np.median)
    assert (nearest < 1.5).sum() >= len(way) - fade
    plate = [frame.astype(int) for frame in plate_of(made.pack)]
    steps = [float(np.abs(a - b).mean()) for a, b in zip(plate, [*plate[1:], plate[0]], strict=True)]
    assert max(steps) < 4 * float(np.median(steps)) + 0.1


def test_blinks_of_the_loop_are_kept_and_known(made: Followed) -> None:
    track = load_track(made.pack / "track.json")
    told = np.array([frame.blink for frame in track.data]) > 0
    marks = Landmarker(made.models)
    frames = [np.ascontiguousarray(frame) for frame in plate_of(made.pack, "rgb24")]
    last = marks.of_face(frames[0], FaceFinder(made.models).find(frames[0])[0])
    lids = []
    for frame in frames:
        last = marks.follow(frame, last)
        lids.append(lid_ratio(last.points))
    shut = np.array(lids) < 0.8 * np.median(lids)
    assert shut.sum() >= 4
    assert told[shut].all()
    assert told.mean() < 0.3


def test_the_mouth_rests_on_every_frame_of_the_plate(made: Followed) -> None:
    marks = Landmarker(made.models)
    frames = [np.ascontiguousarray(frame) for frame in plate_of(made.pack, "rgb24")[::3]]
    last = marks.of_face(frames[0], FaceFinder(made.models).find(frames[0])[0])
    gaps = []
    for frame in frames:
        last = marks.follow(frame, last)
        gaps.append(mouth_opening(last.points))
    assert max(gaps) < gaps[0] + 0.03


def test_a_transcript_finds_mouths_by_their_sound(made: Followed, tmp_path: Path) -> None:
    report = made.built(tmp_path / "deaf", False)
    assert "no-transcript" not in {weak.code for weak in made.report.weak}
    assert right(made, made.pack) >= right(made, tmp_path / "deaf") + 3
    assert report.facts["loop_from_s"] == made.report.facts["loop_from_s"]


def right(made: Followed, pack: Path) -> int:
    """Mouths taken from a frame in which their own sound is said."""
    sounds = {
        "M": {"b", "p", "m"},
        "F": {"f"},
        "L": {"l", "n", "d", "t"},
        "S": {"z", "c", "s", "j", "q", "x"},
        "round": {"u", "v", "o"},
        "purse": {"u", "v"},
        "wide": {"i", "eh"},
    }
    facts = mouth_facts(pack)
    del facts["j0_neutral"]
    return sum(
        _sound_at(fact["from"], made.footage) in sounds.get(name.rpartition("_")[2], ()) for name, fact in facts.items()
    )


def _sound_at(where: str, footage: Footage) -> str:
    """The sound in "footage frame 12"."""
    timeline = spoken(TALK)
    at = (int(where.split()[-1]) + 0.5) / float(footage.rate) * timeline.rate
    return next(phoneme.symbol for phoneme in timeline.phonemes if phoneme.span.start <= at < phoneme.span.end)
