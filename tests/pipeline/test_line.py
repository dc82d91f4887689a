"""The whole line on the tiny engines: everything but the voice and the face is the real thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.errors import AnchorError, EngineError, JobCancelled, PackError, ScriptError
from anchor.core.events import Event, StageFinished, StageProgress
from anchor.core.script import Script
from anchor.core.time import AUDIO, VIDEO
from anchor.intake.script import parse_script
from anchor.media.probe import probe_media
from anchor.pipeline.graph import STAGES
from anchor.pipeline.run import Choices, RenderResult, plan_script, preview_script, render_script, speak_text
from anchor.pipeline.services import Services
from tests.pipeline.toys import SHORT, open_files, settings_for

TOYS = Choices(avatar="doll", voice="hum", rendition="web-720p")
pytestmark = pytest.mark.media


def _render(script: Script, out: Path, services: Services, **more: object) -> tuple[RenderResult, list[Event]]:
    events: list[Event] = []
    result = render_script(script, TOYS, out, services, events.append, **more)  # type: ignore[arg-type]
    return result, events


def _cached(result: RenderResult) -> dict[str, bool]:
    return {s.name: s.cached for s in result.stages}


@pytest.fixture(scope="module")
def rendered(toy_shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RenderResult, list[Event], Path]:
    folder = tmp_path_factory.mktemp("rendered")
    script = parse_script(SHORT, None, folder)
    with Services(settings_for(folder / "cache", toy_shelf, production=False)) as services:
        result, events = _render(script, folder / "out" / "clip.mp4", services)
    return result, events, folder


def test_five_files_and_nothing_else(rendered: tuple[RenderResult, list[Event], Path]) -> None:
    result, _, folder = rendered
    kinds = {f.kind: f.path.name for f in result.files}
    assert kinds == {
        "video": "clip.mp4",
        "captions-srt": "clip.srt",
        "captions-vtt": "clip.vtt",
        "poster": "clip.jpg",
        "manifest": "clip.json",
    }
    assert sorted(p.name for p in (folder / "out").iterdir()) == sorted(kinds.values())
    assert not list((folder / "cache" / "work").iterdir())


def test_picture_and_sound_are_as_long_as_planned(rendered: tuple[RenderResult, list[Event], Path]) -> None:
    result, _, folder = rendered
    with Services(settings_for(folder / "cache", production=False)) as services:
        facts = probe_media(services.ffmpeg, folder / "out" / "clip.mp4")
    assert facts.video is not None and facts.audio is not None
    assert facts.video.frames == result.frames
    assert abs(VIDEO.seconds(result.frames) - float(facts.audio.duration)) <= VIDEO.seconds(1)
    assert result.check.passed, [i for i in result.check.items if not i.passed]


def test_progress_is_told_stage_by_stage_and_never_goes_back(rendered: tuple[RenderResult, list[Event], Path]) -> None:
    _, events, _ = rendered
    finished = [e.stage for e in events if isinstance(e, StageFinished)]
    assert set(finished) == set(STAGES) and len(finished) == len(STAGES)
    assert all(finished.index(before) < finished.index(row.name) for row in STAGES.values() for before in row.after)
    for stage in finished:
        done = [e.done for e in events if isinstance(e, StageProgress) and e.stage == stage]
        assert done == sorted(done) and done
    frames = [e for e in events if isinstance(e, StageProgress) and e.stage == "render"]
    assert frames[-1].done == frames[-1].total


def test_manifest_says_what_was_made(rendered: tuple[RenderResult, list[Event], Path]) -> None:
    result, _, folder = rendered
    manifest = json.loads((folder / "out" / "clip.json").read_text(encoding="utf-8"))
    assert manifest["schema"] == "Manifest.1"
    assert manifest["ai_generated"] is True
    assert manifest["frames"] == result.frames
    assert manifest["presenters"]["doll"]["speech"] == "tone"
    assert manifest["check"]["passed"] is True
    assert set(manifest["files"]) == {"video", "captions-srt", "captions-vtt", "poster"}
    assert [s["id"] for s in manifest["segments"]] == ["s1.1", "s1.2"]


def test_stored_results_keep_their_names(rendered: tuple[RenderResult, list[Event], Path]) -> None:
    """A document's schema is the name of its class: another name, and all that is stored is made anew."""
    results = rendered[2] / "cache" / "results"
    found = {path.parts[-3]: json.loads(path.read_text("utf-8"))["schema"] for path in results.rglob("*.json")}
    assert found == {
        "prepare": "Prepared.1",
        "speak": "SpeechTrack.1",
        "sync": "AnchorClip.1",
        "compose": "Composed.1",
        "sound": "Part.1",
        "render": "Chunk.1",
        "look": "Looked.1",
        "deliver": "Beside.1",
        "join": "Part.1",
        "check": "Checked.1",
    }


def test_edited_sentence_re_makes_its_own_segment_alone(toys: Services, short: Script, tmp_path: Path) -> None:
    spoken: list[str] = []

    def run(script: Script) -> list[int]:
        spoken.clear()
        before = {p for stage in ("speak", "sync") for p in (toys.store.root / "results" / stage).rglob("*.json")}
        plan_script(script, TOYS, toys)
        after = {p for stage in ("speak", "sync") for p in (toys.store.root / "results" / stage).rglob("*.json")}
        new = after - before
        return [sum(p.parts[-3] == stage for p in new) for stage in ("speak", "sync")]

    assert run(short) == [2, 2]
    assert run(short) == [0, 0]
    edited = replace(short, segments=(short.segments[0], replace(short.segments[1], text="爸爸買麵包，媽媽跑步。")))
    assert run(edited) == [1, 1]
    # A first sentence that becomes longer moves the second one; it is neither spoken nor synced again.
    moved = replace(
        short, segments=(replace(short.segments[0], text="大家好，歡迎收看，這裡是測試。"), short.segments[1])
    )
    assert run(moved) == [1, 1]


def test_caption_style_needs_no_new_speech(toys: Services, short: Script) -> None:
    plan_script(short, TOYS, toys)
    events: list[Event] = []
    plan_script(replace(short, title="別的標題"), TOYS, toys, events.append)
    cached = {e.stage: e.cached for e in events if isinstance(e, StageFinished)}
    assert cached["speak"] and cached["sync"]


def test_cancel_leaves_nothing_behind(toys: Services, short: Script, tmp_path: Path) -> None:
    seen: list[Event] = []

    def cancelled() -> bool:
        return any(isinstance(e, StageProgress) and e.stage == "render" and e.done > 20 for e in seen)

    before = open_files()
    with pytest.raises(JobCancelled):
        render_script(short, TOYS, tmp_path / "out" / "clip.mp4", toys, seen.append, cancelled)
    assert not list((tmp_path / "out").iterdir())
    assert not list((tmp_path / "cache" / "work").iterdir())
    assert open_files() <= before + 2


def _fault(change: Callable[[Script], Script], choices: Choices = TOYS) -> tuple[Callable[[Script], Script], Choices]:
    return change, choices


@pytest.mark.parametrize(
    ("change", "choices", "error", "says"),
    [
        (*_fault(lambda s: s, replace(TOYS, look="nope")), PackError, "no look 'nope'.*evening-news.*forum"),
        (*_fault(lambda s: s, replace(TOYS, voice="nope")), PackError, "no voice 'nope'.*hum.*lan"),
        (*_fault(lambda s: s, replace(TOYS, avatar="nope")), PackError, "no avatar 'nope'.*doll.*lan"),
        (*_fault(lambda s: s, replace(TOYS, rendition="8k")), ScriptError, "no rendition '8k'.*web-1080p"),
        (*_fault(lambda s: replace(s, segments=())), ScriptError, "nothing to read"),
    ],
)
def test_unknown_names_stop_before_any_work(
    toys: Services,
    short: Script,
    tmp_path: Path,
    change: Callable[[Script], Script],
    choices: Choices,
    error: type[AnchorError],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        render_script(change(short), choices, tmp_path / "clip.mp4", toys)
    assert not (tmp_path / "cache" / "results").exists()


def test_error_in_a_segment_names_it(toys: Services, short: Script, tmp_path: Path) -> None:
    broken = replace(short, segments=(short.segments[0], replace(short.segments[1], text="壞\x07字")))
    with pytest.raises(ScriptError) as caught:
        render_script(broken, TOYS, tmp_path / "clip.mp4", toys)
    assert caught.value.place is not None and caught.value.place.segment == "s1.2"


def test_a_quotation_is_heard_in_another_voice(toys: Services, tmp_path: Path) -> None:
    text = "# 引述\n\n[主播: 甲]市長說：[聲音: lan-espeak]「大家晚安。」[聲音]以上是市長的話。\n"
    front = "---\npresenters:\n  甲: {avatar: doll}\n---\n"
    script = parse_script(front + text, None, tmp_path)
    plan = plan_script(script, Choices(rendition="web-720p"), toys)
    assert [s.voice for s in script.segments] == ["", "lan-espeak", ""]
    assert [(s.segment, s.avatar) for s in plan.scenes if s.avatar] == [(f"s1.{n}", "doll") for n in (1, 2, 3)]
    stored = (toys.store.root / "results" / "speak").rglob("*.json")
    assert sorted(json.loads(p.read_text())["value"]["voice"] for p in stored) == ["hum", "hum", "lan-espeak"]
    broken = parse_script(front + text.replace("lan-espeak", "nobody"), "a.md", tmp_path)
    with pytest.raises(PackError, match=r"a\.md:7:24.*no voice 'nobody'.*lan"):
        plan_script(broken, Choices(), toys)


def test_tiny_engines_never_go_on_air(toy_shelf: Path, short: Script, tmp_path: Path) -> None:
    with (
        Services(settings_for(tmp_path / "cache", toy_shelf, production=True)) as services,
        pytest.raises(EngineError, match="never goes on air"),
    ):
        render_script(short, TOYS, tmp_path / "clip.mp4", services)


def test_preview_is_the_frame_of_the_clip(toys: Services, short: Script, tmp_path: Path) -> None:
    from PIL import Image

    preview_script(short, TOYS, 4.2, tmp_path / "f.png", toys)
    with Image.open(tmp_path / "f.png") as image:
        assert image.size == (1280, 720)
    with pytest.raises(ScriptError, match="outside the clip"):
        preview_script(short, TOYS, 999, tmp_path / "f.png", toys)


def test_speak_writes_the_timeline_of_its_samples(toys: Services, tmp_path: Path) -> None:
    import wave

    utterance, track, captions = speak_text("大家好。", "hum", tmp_path / "a.wav", toys)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() == track.timeline.samples
        assert file.getframerate() == AUDIO.rate
    assert [s.pinyin for s in utterance.syllables] == ["da4", "jia1", "hao3"]
    assert captions[0].lines == ("大家好",)
