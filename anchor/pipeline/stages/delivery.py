"""sound, deliver, join, check: the finished clip, what goes beside it, and whether it is what it should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from anchor import __version__
from anchor.core.artifact import Artifact, digest_of
from anchor.core.errors import QualityError
from anchor.core.quality import CheckReport
from anchor.media.check import check_joined
from anchor.messages import message
from anchor.pipeline.deliver.expectation import expectation
from anchor.pipeline.deliver.files import write_captions, write_document
from anchor.pipeline.deliver.label import label_item
from anchor.pipeline.deliver.manifest import manifest
from anchor.pipeline.draw.chunks import join_chunks, render_sound
from anchor.pipeline.graph import version_of
from anchor.pipeline.plan.spoken_segment import SpokenSegment
from anchor.pipeline.programme import Made, Prepared, Programme
from anchor.pipeline.services import Context
from anchor.pipeline.stages.picture import Chunk, find_look, picture_key
from anchor.pipeline.stages.plan import spoken_segments
from anchor.pipeline.stages.speech import notices_of


@dataclass(frozen=True, slots=True)
class Part:
    """One file."""

    file: Artifact


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes beside the clip."""

    srt: Artifact
    vtt: Artifact
    poster: Artifact


@dataclass(frozen=True, slots=True)
class Checked:
    """The end of a job: what was measured, and every file."""

    report: CheckReport
    files: tuple[tuple[str, Artifact], ...]


def sound(programme: Programme, index: int, context: Context) -> Made[Part]:
    """The programme's sound, encoded."""
    plan, services = programme.plan, programme.services
    level = (plan.rendition.lufs, plan.rendition.dbtp, plan.rendition.audio_kbps)
    basis = (version_of("sound"), __version__, services.ffmpeg.version, plan.audio, plan.samples, level)
    return _file(
        programme, "sound", digest_of(*basis), "sound.mp4", context, lambda out, c: render_sound(plan, services, c, out)
    )


def deliver(programme: Programme, index: int, context: Context) -> Made[Beside]:
    """Captions and poster."""
    plan, put = programme.plan, programme.services.store.put

    def make() -> Beside:
        posters = (programme.value(Chunk, "render", k).poster for k in range(len(programme.chunks)))
        poster = next(p for p in posters if p is not None)
        with programme.services.store.workdir() as work:
            srt, vtt = work / "clip.srt", work / "clip.vtt"
            write_captions(plan, srt, vtt)
            return Beside(put(srt), put(vtt), poster)

    key = digest_of(version_of("deliver"), picture_key(programme, plan))
    return programme.kept("deliver", key, Beside, make)


def join_key(programme: Programme) -> str:
    """Of the clip."""
    return digest_of(version_of("join"), picture_key(programme, programme.plan), programme.chunks)


def join(programme: Programme, index: int, context: Context) -> Made[Part]:
    """The clip of its chunks and its sound, nothing encoded again."""
    path, plan, chunks = programme.services.store.path, programme.plan, programme.chunks

    def make(out: Path, context: Context) -> None:
        files = [(path(programme.value(Chunk, "render", k).file), len(span)) for k, span in enumerate(chunks)]
        heard = path(programme.value(Part, "sound").file)
        join_chunks(plan, files, heard, programme.services, context, out)

    return _file(programme, "join", join_key(programme), "clip.mp4", context, make)


def check_key(programme: Programme) -> str:
    """Of `Checked`."""
    script = programme.spec.script
    return digest_of(version_of("check"), join_key(programme), version_of("deliver"), script.notices, script.embargo)


def check(programme: Programme, index: int, context: Context) -> Made[Checked]:
    """The finished clip against its plan, and the manifest."""

    def make() -> Checked:
        spoken = spoken_segments(programme)
        video, beside = programme.value(Part, "join").file, programme.value(Beside, "deliver")
        report = _measured(programme, spoken, video, context)
        files = (
            ("video", video),
            ("captions-srt", beside.srt),
            ("captions-vtt", beside.vtt),
            ("poster", beside.poster),
        )
        return Checked(report, (*files, ("manifest", _manifest(programme, spoken, report, files))))

    found = programme.services.store.result("check", key := check_key(programme), Checked)
    if found is None or not found.report.passed:  # the machine may have been at fault
        programme.services.store.keep("check", key, found := make())
        return Made(found, key, False, found.files, _fault(found.report))
    return Made(found, key, True, found.files)


def _fault(report: CheckReport) -> QualityError | None:
    failed = [i for i in report.items if not i.passed]
    if not failed:
        return None
    said = [message("pipeline.measured", name=i.name, measured=i.measured, allowed=i.allowed) for i in failed]
    every = reduce(lambda first, rest: message("pipeline.and-also", first=first, rest=rest), said)
    return QualityError(message("pipeline.misses-limit", limits=every), hint=message("pipeline.misses-limit-hint"))


def _measured(
    programme: Programme, spoken: tuple[SpokenSegment, ...], video: Artifact, context: Context
) -> CheckReport:
    """The clip against its plan; of the picture only what nobody has looked at yet is decoded."""
    services = programme.services
    looked = [find_look(programme, k) for k in range(len(programme.chunks))]
    # Chunks that are gone are not drawn again for this: a file that does not hold just these is measured as a whole.
    parts = [found.seen for found in looked if found is not None]
    path, wanted = services.store.path(video), expectation(programme.plan, spoken)
    report = check_joined(services.ffmpeg, path, parts, wanted, cancelled=context.is_cancelled)
    if not all(item.passed for item in report.items if item.name == "readable"):
        return report
    return CheckReport((*report.items, label_item(programme.plan, services, context, path)))


def _manifest(
    programme: Programme,
    spoken: tuple[SpokenSegment, ...],
    report: CheckReport,
    files: tuple[tuple[str, Artifact], ...],
) -> Artifact:
    store = programme.services.store
    script, prepared = programme.spec.script, programme.value(Prepared, "prepare")
    notices = [*notices_of(script, prepared), *programme.plan.notices]
    document = manifest(programme.plan, spoken, (), notices, report, programme.services, script.embargo)
    document["files"] = {kind: {"name": Path(f.path).name, "sha256": f.digest} for kind, f in files}
    with store.workdir() as work:
        write_document(document, work / "clip.json")
        return store.put(work / "clip.json")


def _file(
    programme: Programme, stage: str, key: str, name: str, context: Context, make: Callable[[Path, Context], None]
) -> Made[Part]:
    """A result that is one file, made in a folder of its own."""
    store = programme.services.store

    def made() -> Part:
        with store.workdir() as work:
            make(work / name, replace(context, workdir=work))
            return Part(store.put(work / name))

    return programme.kept(stage, key, Part, made)
