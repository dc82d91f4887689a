"""What each unit of a job does. Every function finds its inputs in the store, or makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from anchor import __version__
from anchor.core.artifact import Artifact, digest_of, file_digest
from anchor.core.errors import JobError, QualityError
from anchor.core.events import Notice, StageProgress
from anchor.core.plan import RenderPlan
from anchor.core.quality import CheckReport
from anchor.core.time import Span
from anchor.media.check import check_joined
from anchor.media.seen import Seen, look_at
from anchor.pipeline.deliver.expected import expectation
from anchor.pipeline.deliver.files import write_captions, write_document, write_still
from anchor.pipeline.deliver.manifest import RENDER_VERSION, manifest
from anchor.pipeline.draw.chunks import JOIN_VERSION, SOUND_VERSION, join_chunks, part_of, render_chunk, render_sound
from anchor.pipeline.draw.picture import PictureMaker, in_picture
from anchor.pipeline.plan.spoken import SpokenSegment
from anchor.pipeline.services import Context, Services
from anchor.pipeline.spec import JobSpec
from anchor.pipeline.story import Composed, Prepared, Story

DELIVER_VERSION = 2
CHECK_VERSION = 3
LOOK_VERSION = 1
"""Bump a stage's version when its output would change."""

Done = tuple[str, bool]
"""Key of a unit's result, and whether it was there before."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file."""

    file: Artifact


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of the picture, and what a look at it found."""

    file: Artifact
    seen: Seen
    seal: str
    """Digest of both: what was damaged in the store is looked at again."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes with the picture: its sound, and the files beside the clip."""

    sound: Artifact
    srt: Artifact
    vtt: Artifact
    poster: Artifact


@dataclass(frozen=True, slots=True)
class Checked:
    """The end of a job: what was measured, and every file."""

    report: CheckReport
    files: tuple[tuple[str, Artifact], ...]


def _prepare(story: Story, index: int) -> Done:
    prepared, cached = story.prepared()
    for notice in _notices(story, prepared):
        story.context.emit(notice)
    return story.prepare_key(), cached


def _notices(story: Story, prepared: Prepared) -> list[Notice]:
    """What somebody should look at: in the script, and in what will be said."""
    found = [*story.spec.script.notices, *(n for u in prepared.utterances for n in u.notices)]
    return list(dict.fromkeys(found))


def _speak(story: Story, index: int) -> Done:
    return story.spoken(index, story.context)[1:]


def _sync(story: Story, index: int) -> Done:
    return story.synced(index)[1:]


def _compose(story: Story, index: int) -> Done:
    composed, cached = story.composed()
    for notice in composed.plan.notices:
        story.context.emit(notice)
    return story.compose_key(), cached


def _render(story: Story, index: int) -> Done:
    composed = story.composed()[0]
    if index >= len(composed.chunks):
        raise JobError(f"the picture has {len(composed.chunks)} chunks, not {index + 1}", hint="submit the job again")
    return _chunk(story, composed, composed.chunks[index])[1:]


def _join(story: Story, index: int) -> Done:
    return _joined(story)[1:]


def _deliver(story: Story, index: int) -> Done:
    return _beside(story)[1:]


def _check(story: Story, index: int) -> Done:
    checked, key, cached = _checked(story)
    failed = [i for i in checked.report.items if not i.passed]
    if failed:
        said = "; ".join(f"{i.name} is {i.measured}, allowed {i.allowed}" for i in failed)
        hint = "the report is in the manifest; retry the job if the machine was at fault"
        raise QualityError(f"the finished clip misses a limit: {said}", hint=hint)
    return key, cached


_WORK: Mapping[str, Callable[[Story, int], Done]] = {
    "prepare": _prepare,
    "speak": _speak,
    "sync": _sync,
    "compose": _compose,
    "deliver": _deliver,
    "render": _render,
    "join": _join,
    "check": _check,
}
STAGES = tuple(_WORK)
"""In order; `speak` and `sync` have one unit a segment, `render` one a chunk, the others one."""


def work_on(spec: JobSpec, stage: str, index: int, services: Services, context: Context) -> tuple[str, bool, float]:
    """Make one unit's result, or find it; gives its key, whether it was found, and how many seconds of clip it made."""
    story = Story(spec, services, context)
    key, cached = _WORK[stage](story, index)
    return key, cached, 0.0 if cached else _clip_s(story, stage, index)


def _clip_s(story: Story, stage: str, index: int) -> float:
    """How much of the clip a unit is about, seconds; 0 where nobody can know it yet."""
    if stage == "prepare":
        return 0.0
    if stage in ("speak", "sync"):
        track = story.spoken(index)[0]
        return track.timeline.samples / track.timeline.rate
    composed = story.composed()[0]
    frames = len(composed.chunks[index]) if stage == "render" else composed.plan.frames
    return float(composed.plan.rendition.timebase.seconds(frames))


def chunks_of(spec: JobSpec, services: Services) -> tuple[Span, ...]:
    """Where the picture of a job is cut."""
    return Story(spec, services, Context()).composed()[0].chunks


def finished(spec: JobSpec, services: Services, key: str = "") -> tuple[tuple[str, Artifact], ...]:
    """(kind, file) of everything that a finished job made.

    Raises:
        JobError: it is not finished, or its files are gone.
    """
    found = services.store.result("check", key or _check_key(Story(spec, services, Context())), Checked)
    if found is None:
        raise JobError("the job has no result in the store", hint="wait for it to finish, or retry it")
    return found.files


def _picture_key(story: Story, plan: RenderPlan) -> str:
    """Of what the frames show: the plan and everything that it only names."""
    services = story.services
    pictures = {o.field("picture") for o in plan.overlays} | {s.background for s in plan.scenes}
    avatars = sorted({who.avatar for s in plan.scenes for who in in_picture(s)})
    return digest_of(
        (RENDER_VERSION, __version__, services.ffmpeg.version),
        plan,
        [file_digest(Path(path)) for path in sorted(pictures - {""})],
        [services.avatar(name).digest for name in avatars],
    )


def _join_key(picture: str, composed: Composed) -> str:
    return digest_of("join", JOIN_VERSION, picture, composed.chunks)


def _beside_key(picture: str) -> str:
    return digest_of("deliver", DELIVER_VERSION, picture)


def _check_key(story: Story) -> str:
    composed = story.composed()[0]
    picture = _picture_key(story, composed.plan)
    told = (story.spec.script.notices, story.spec.script.embargo)
    return digest_of("check", CHECK_VERSION, _join_key(picture, composed), _beside_key(picture), told)


def _file(
    story: Story, stage: str, key: str, name: str, make: Callable[[Path, Context], None]
) -> tuple[Artifact, str, bool]:
    """A result that is one file, made in a folder of its own."""
    found = story.services.store.result(stage, key, Part)
    if found is not None:
        return found.file, key, True
    with story.services.store.workdir() as work:
        make(work / name, replace(story.context, workdir=work))
        made = Part(story.services.store.put(work / name))
    story.services.store.keep(stage, key, made)
    return made.file, key, False


def _chunk_key(story: Story, composed: Composed, span: Span) -> str:
    part, within = part_of(composed.plan, span)
    return digest_of("render", _picture_key(story, part), within)


def _chunk(story: Story, composed: Composed, span: Span) -> tuple[Chunk, str, bool]:
    services, key = story.services, _chunk_key(story, composed, span)
    found = services.store.result("render", key, Chunk)
    if found is not None and _is_sealed(found):
        return found, key, True
    if found is not None:
        return _looked(story, key, found.file), key, False
    part, within = part_of(composed.plan, span)

    def progress(done: int, total: int) -> None:
        story.context.emit(StageProgress("render", done, total, "frame"))

    with services.store.workdir() as work:
        render_chunk(part, within, services, replace(story.context, workdir=work), work / "chunk.mp4", progress)
        file = services.store.put(work / "chunk.mp4")
    return _looked(story, key, file), key, False


def _looked(story: Story, key: str, file: Artifact) -> Chunk:
    """Look at a chunk, and keep both."""
    services, rate = story.services, story.resolved.rendition.timebase.rate
    seen = look_at(services.ffmpeg, services.store.path(file), rate, story.context.is_cancelled)
    made = Chunk(file, seen, _seal(file, seen))
    services.store.keep("render", key, made)
    return made


def _seal(file: Artifact, seen: Seen) -> str:
    return digest_of("look", LOOK_VERSION, file, seen)


def _is_sealed(chunk: Chunk) -> bool:
    return _seal(chunk.file, chunk.seen) == chunk.seal


def _sound(story: Story, plan: RenderPlan) -> Artifact:
    rendition, services = plan.rendition, story.services
    level = (rendition.lufs, rendition.dbtp, rendition.audio_kbps)
    key = digest_of("sound", SOUND_VERSION, __version__, services.ffmpeg.version, plan.audio, plan.samples, level)
    return _file(story, "deliver", key, "sound.mp4", lambda out, c: render_sound(plan, services, c, out))[0]


def _joined(story: Story) -> tuple[Artifact, str, bool]:
    composed = story.composed()[0]
    picture = _picture_key(story, composed.plan)

    def join(out: Path, context: Context) -> None:
        path = story.services.store.path
        files = [(path(_chunk(story, composed, span)[0].file), len(span)) for span in composed.chunks]
        join_chunks(composed.plan, files, path(_beside(story)[0].sound), story.services, context, out)

    return _file(story, "join", _join_key(picture, composed), "clip.mp4", join)


def _beside(story: Story) -> tuple[Beside, str, bool]:
    composed, services = story.composed()[0], story.services
    key = _beside_key(_picture_key(story, composed.plan))
    found = services.store.result("deliver", key, Beside)
    if found is not None:
        return found, key, True
    plan, put = composed.plan, services.store.put
    sound = _sound(story, plan)
    part, span = part_of(plan, Span(plan.poster_frame, plan.poster_frame + 1))
    with services.store.workdir() as work, PictureMaker(part, services, story.context) as pictures:
        srt, vtt, poster = (work / f"clip.{ending}" for ending in ("srt", "vtt", "jpg"))
        write_captions(plan, srt, vtt)
        pictures.prepare(span)
        write_still(next(pictures.frames(span)), poster)
        made = Beside(sound, put(srt), put(vtt), put(poster))
    services.store.keep("deliver", key, made)
    return made, key, False


def _measured(story: Story, composed: Composed, spoken: tuple[SpokenSegment, ...], video: Artifact) -> CheckReport:
    """The finished clip against its plan; of the picture only what nobody has looked at yet is decoded."""
    services, path = story.services, story.services.store.path(video)
    found = [services.store.result("render", _chunk_key(story, composed, span), Chunk) for span in composed.chunks]
    parts = [chunk.seen for chunk in found if chunk is not None and _is_sealed(chunk)]
    # Parts that are gone are not made again for this: a file that does not hold just these is measured as a whole.
    wanted = expectation(composed.plan, spoken)
    return check_joined(services.ffmpeg, path, parts, wanted, cancelled=story.context.is_cancelled)


def _checked(story: Story) -> tuple[Checked, str, bool]:
    services, key = story.services, _check_key(story)
    found = services.store.result("check", key, Checked)
    if found is not None:
        return found, key, True
    composed, spoken = story.composed()[0], story.segments()
    video, beside = _joined(story)[0], _beside(story)[0]
    report = _measured(story, composed, spoken, video)
    files = (("video", video), ("captions-srt", beside.srt), ("captions-vtt", beside.vtt), ("poster", beside.poster))
    notices = [*_notices(story, story.prepared()[0]), *composed.plan.notices]
    document = manifest(composed.plan, spoken, (), notices, report, services, story.spec.script.embargo)
    document["files"] = {kind: {"name": Path(f.path).name, "sha256": f.digest} for kind, f in files}
    with services.store.workdir() as work:
        write_document(document, work / "clip.json")
        made = Checked(report, (*files, ("manifest", services.store.put(work / "clip.json"))))
    services.store.keep("check", key, made)
    return made, key, False
