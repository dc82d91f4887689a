"""render, look: the picture in chunks, and what each of them shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from anchor import __version__
from anchor.core.artifact import Artifact, digest_of, file_digest
from anchor.core.errors import JobError
from anchor.core.events import StageProgress
from anchor.core.plan import RenderPlan
from anchor.core.time import Span
from anchor.media.inspection import Seen, look_at
from anchor.messages import message
from anchor.pipeline.assets import asset_of, picture_fields
from anchor.pipeline.draw.chunks import part_of, render_chunk
from anchor.pipeline.draw.picture import in_picture
from anchor.pipeline.graph import version_of
from anchor.pipeline.programme import Made, Programme
from anchor.pipeline.services import Context


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of the picture."""

    file: Artifact
    poster: Artifact | None
    """The still that stands for the clip, where it is one of these frames."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at one chunk found."""

    seen: Seen
    seal: str
    """Digest of the chunk and of this: what was damaged in the store is looked at again."""

    def is_sealed(self, file: Artifact) -> bool:
        """Whether this was found, just so, in that chunk."""
        return seal_of(file, self.seen) == self.seal


def seal_of(file: Artifact, seen: Seen) -> str:
    """What `Looked` must hold of a chunk."""
    return digest_of(version_of("look"), file, seen)


def picture_key(programme: Programme, plan: RenderPlan) -> str:
    """Of what the frames show: the plan and everything that it only names."""
    resolved = programme.resolved
    pictures = {v for o in plan.overlays for n, v in o.fields if n in picture_fields(o.kind)}
    files = [Path(path) for path in sorted(pictures - {""}) if asset_of(path) is None]
    files += [resolved.look.path / name for name in sorted({s.background for s in plan.scenes})]
    avatars = {cast.avatar.name: cast.avatar for cast in resolved.cast.values()}
    shown = sorted({who.avatar for s in plan.scenes for who in in_picture(s)})
    return digest_of(
        (version_of("render"), __version__, programme.services.ffmpeg.version),
        plan,
        [file_digest(path) for path in files],
        [avatars[name].digest for name in shown],
    )


def _part(programme: Programme, index: int) -> tuple[RenderPlan, Span, int | None]:
    """A chunk's own plan, where its frames are in it, and which of these is the poster, if one is."""
    chunks, plan = programme.chunks, programme.plan
    if index >= len(chunks):
        what = message("pipeline.no-chunk", chunks=len(chunks), asked=index + 1)
        raise JobError(what, hint=message("pipeline.no-chunk-hint"))
    part, within = part_of(plan, chunks[index])
    poster = plan.poster_frame - chunks[index].start if plan.poster_frame in chunks[index] else None
    return part, within, poster


def chunk_key(programme: Programme, index: int) -> str:
    """Of `Chunk`: the same part of two programmes is the same chunk."""
    part, within, poster = _part(programme, index)
    return digest_of("render", picture_key(programme, part), within, poster)


def render(programme: Programme, index: int, context: Context) -> Made[Chunk]:
    """A chunk, drawn and encoded."""
    part, within, poster = _part(programme, index)
    services = programme.services

    def progress(done: int, total: int) -> None:
        context.emit(StageProgress("render", done, total, "frame"))

    def make() -> Chunk:
        with services.store.workdir() as work:
            still = work / "clip.jpg" if poster is not None else None
            out = work / "chunk.mp4"
            stands = (within.start + poster, still) if poster is not None and still is not None else None
            render_chunk(part, within, services, replace(context, workdir=work), out, progress, stands)
            return Chunk(services.store.put(out), services.store.put(still) if still is not None else None)

    return programme.kept("render", chunk_key(programme, index), Chunk, make)


def find_look(programme: Programme, index: int) -> Looked | None:
    """What a look at a chunk has found, if there is a chunk and somebody has looked; nothing is made for this."""
    store = programme.services.store
    if programme.is_made("look", index):
        return programme.value(Looked, "look", index)
    chunk = store.result("render", chunk_key(programme, index), Chunk)
    found = store.result("look", _look_key(programme, chunk.file), Looked) if chunk is not None else None
    return found if chunk is not None and found is not None and found.is_sealed(chunk.file) else None


def _look_key(programme: Programme, file: Artifact) -> str:
    rate = programme.resolved.rendition.timebase.rate
    return digest_of(version_of("look"), programme.services.ffmpeg.version, rate, file)


def look(programme: Programme, index: int, context: Context) -> Made[Looked]:
    """What a chunk shows, decoded once."""
    file = programme.value(Chunk, "render", index).file
    services, rate = programme.services, programme.resolved.rendition.timebase.rate
    found = services.store.result("look", key := _look_key(programme, file), Looked)
    if found is not None and found.is_sealed(file):
        return Made(found, key, True)
    seen = look_at(services.ffmpeg, services.store.path(file), rate, context.is_cancelled)
    made = Looked(seen, seal_of(file, seen))
    services.store.keep("look", key, made)
    return Made(made, key, False)
