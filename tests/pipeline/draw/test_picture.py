"""Finished frames before the encoder: the mouth alone is touched, pauses are the plate's own, runs repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest

from anchor.core.face import AnchorClip
from anchor.core.plan import RenderPlan
from anchor.core.script import Script
from anchor.core.speech import SILENCE
from anchor.core.time import AUDIO, Span
from anchor.face.paste import placement_screen
from anchor.face.reel import Reel
from anchor.pipeline.draw.picture import PictureMaker
from anchor.pipeline.programme import Programme
from anchor.pipeline.run import Choices, plan_script
from anchor.pipeline.services import Context, Services
from anchor.pipeline.spec import JobSpec
from anchor.pipeline.stages.plan import spoken_segments

HOUSE = Choices(avatar="lan", rendition="web-720p")
pytestmark = pytest.mark.media


@pytest.fixture
def plan(house: Services, short: Script) -> RenderPlan:
    return plan_script(short, HOUSE, house)


def _frames(plan: RenderPlan, services: Services) -> Iterator[np.ndarray]:
    with PictureMaker(plan, services, Context()) as pictures:
        for picture in pictures.frames():
            yield picture.buffer


def _without(plan: RenderPlan, *, speech: bool = False, overlays: bool = False) -> RenderPlan:
    if speech:
        # A clip without a frame: idle motion is drawn from what is said, and has to stay the same.
        plan = replace(plan, scenes=tuple(replace(s, clip=s.clip and replace(s.clip, frames=0)) for s in plan.scenes))
    return replace(plan, overlays=()) if overlays else plan


def test_only_the_mouth_changes_and_nothing_in_pauses(house: Services, plan: RenderPlan) -> None:
    with ExitStack() as stack:

        def reel_of(clip: AnchorClip) -> Reel:
            return stack.enter_context(Reel(house.store.path(clip.reel)))

        _only_the_mouth_changes(house, plan, {s.clip_start: reel_of(s.clip) for s in plan.scenes if s.clip})


def _only_the_mouth_changes(house: Services, plan: RenderPlan, reels: dict[int, Reel]) -> None:
    bare = _without(plan, overlays=True)
    width, height = plan.rendition.width, plan.rendition.height
    changed_frames, quiet_frames = 0, 0
    for index, (spoken, idle) in enumerate(
        zip(_frames(bare, house), _frames(_without(bare, speech=True), house), strict=True)
    ):
        scene = next(s for s in plan.scenes if index in s.span)
        patch = None
        if scene.clip is not None and 0 <= index - scene.clip_start < scene.clip.frames:
            patch = reels[scene.clip_start].patch(index - scene.clip_start)
        differs = (spoken != idle)[: width * height].reshape(height, width)
        if patch is None:
            quiet_frames += 1
            assert not (spoken != idle).any(), f"frame {index} is in a pause"
            continue
        changed_frames += 1
        assert scene.placement is not None
        screen = placement_screen(scene.placement, 1920, 1080)
        x0, y0 = screen.x + patch.x * screen.sx - 24, screen.y + patch.y * screen.sy - 24
        x1 = screen.x + (patch.x + patch.mask.shape[1]) * screen.sx + 24
        y1 = screen.y + (patch.y + patch.mask.shape[0]) * screen.sy + 24
        rows, columns = np.nonzero(differs)
        if len(rows):
            assert y0 <= rows.min() and rows.max() <= y1, f"frame {index}"
            assert x0 <= columns.min() and columns.max() <= x1, f"frame {index}"
    assert changed_frames > 60 and quiet_frames > 90


def test_mouth_rests_in_long_silences(house: Services, short: Script) -> None:
    programme = Programme(JobSpec(short, HOUSE), house, Context())
    spoken = spoken_segments(programme)
    timebase = programme.resolved.rendition.timebase
    checked = 0
    for item in spoken:
        assert item.clip is not None
        with Reel(house.store.path(item.clip.reel)) as reel:
            for phoneme in item.track.timeline.phonemes:
                if phoneme.symbol != SILENCE or len(phoneme.span) < 0.3 * 48000:
                    continue
                ramp = 8000  # 1/6 s: the ramps of 80–160 ms at each end
                inner = Span(phoneme.span.start + ramp, max(phoneme.span.start + ramp, phoneme.span.end - ramp))
                first, last = timebase.ticks_at(inner.start, AUDIO), timebase.ticks_at(inner.end, AUDIO)
                for frame in range(first, min(last, reel.frames)):
                    assert reel.patch(frame) is None, f"{item.segment.id} frame {frame}"
                    checked += 1
            assert reel.patch(0) is None and reel.patch(reel.frames - 1) is None
    assert checked > 0


def test_two_runs_give_the_same_samples_and_pictures(
    short: Script, house: Services, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.pipeline.toys import settings_for

    def digests(services: Services) -> tuple[list[str], str]:
        plan = plan_script(short, HOUSE, services)
        total = hashlib.sha256()
        for index, frame in enumerate(_frames(plan, services)):
            if index % 3 == 0:
                total.update(frame)
        return [c.audio.digest for c in plan.audio], total.hexdigest()

    with Services(settings_for(tmp_path_factory.mktemp("cold"), production=True)) as cold:
        assert digests(cold) == digests(house)


def test_a_frame_alone_is_the_frame_of_the_run(house: Services, plan: RenderPlan) -> None:
    after_dissolve = plan.scenes[1].span.start + plan.scenes[1].dissolve
    wanted = {40, after_dissolve + 5, after_dissolve + 60, plan.frames - 1}
    found = {i: f.copy() for i, f in enumerate(_frames(plan, house)) if i in wanted}
    for index, frame in found.items():
        with PictureMaker(plan, house, Context()) as pictures:
            assert (pictures.frame(index).buffer == frame).all(), f"frame {index}"


def test_label_is_on_every_frame(house: Services, plan: RenderPlan) -> None:
    """The label's own pixels, found by drawing one frame with and one without it, are on every frame."""
    label = next(o for o in plan.overlays if o.kind == "label")
    without = replace(plan, overlays=tuple(o for o in plan.overlays if o is not label))
    width, height = plan.rendition.width, plan.rendition.height
    with PictureMaker(plan, house, Context()) as a, PictureMaker(without, house, Context()) as b:
        shown = a.frame(200).y.astype(int)
        ink = (shown - b.frame(200).y) > 100
    assert ink.sum() > 1500
    for index, frame in enumerate(_frames(plan, house)):
        luma = frame[: width * height].reshape(height, width)
        if index > 20:
            assert np.abs(luma[ink].astype(int) - shown[ink]).mean() < 6, f"frame {index}"
