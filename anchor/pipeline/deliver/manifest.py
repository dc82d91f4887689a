"""A clip put where it is wanted, and the manifest beside it: what was made, of what, how well."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from anchor import __version__
from anchor.core.artifact import Artifact, canonical, digest_of
from anchor.core.events import Notice
from anchor.core.files import storage_errors, sweep_partials, write_whole
from anchor.core.plan import RenderPlan
from anchor.core.quality import CheckItem, CheckReport
from anchor.core.speech import Caption
from anchor.core.time import AUDIO
from anchor.messages import texts_of
from anchor.packs import Shelf
from anchor.pipeline.deliver.expectation import expectation
from anchor.pipeline.deliver.files import write_document
from anchor.pipeline.graph import STAGES
from anchor.pipeline.plan.rights import consent_document
from anchor.pipeline.plan.spoken_segment import SpokenSegment
from anchor.pipeline.services import Services
from anchor.pipeline.stage_record import StageRecord


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One file that a render made."""

    kind: str
    """`video`, `captions-srt`, `captions-vtt`, `poster`, `manifest`."""
    path: Path


def check_folder(out: Path) -> None:
    """See to it that a clip can be written where it is wanted, before there is any work in it.

    Raises:
        StorageError: it cannot.
    """
    with storage_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out.parent):
            pass


def put_clip(
    out: Path,
    made: Sequence[tuple[str, Artifact]],
    plan: RenderPlan,
    spoken: Sequence[SpokenSegment],
    stages: Sequence[StageRecord],
    notices: Sequence[Notice],
    report: CheckReport,
    services: Services,
    embargo: str = "",
) -> tuple[MadeFile, ...]:
    """Copy a clip out of the store, all of its files or none; its manifest tells of this run.

    The clip itself takes its name last. Of two runs with the same output one waits: the files are of one run.
    """
    targets = {kind: out if kind == "video" else out.with_suffix(Path(file.path).suffix) for kind, file in made}
    document = manifest(plan, spoken, stages, notices, report, services, embargo)
    document["files"] = {
        kind: {"name": targets[kind].name, "sha256": file.digest} for kind, file in made if kind != "manifest"
    }
    with ExitStack() as stack:
        stack.enter_context(_alone(out, services))
        for target in targets.values():
            sweep_partials(target)
        for kind, file in sorted(made, key=lambda one: one[0] != "video"):
            partial = stack.enter_context(write_whole(targets[kind]))
            if kind == "manifest":
                write_document(document, partial)
            else:
                shutil.copyfile(services.store.path(file), partial)
    return tuple(MadeFile(kind, targets[kind]) for kind, _ in made)


def _alone(out: Path, services: Services) -> FileLock:
    """A lock of this output on this machine."""
    folder = services.settings.cache / "locks"
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / digest_of(str(out.absolute()))[:24])


def manifest(
    plan: RenderPlan,
    spoken: Sequence[SpokenSegment],
    stages: Sequence[StageRecord],
    notices: Sequence[Notice],
    report: CheckReport,
    services: Services,
    embargo: str = "",
) -> dict[str, object]:
    """What was made, from which digests, how long each stage took, and what was measured.

    `embargo`: of the script.
    """
    # Passages in another voice are told segment by segment; a presenter's row holds the presenter's own voice.
    cast = {item.cast.avatar.name: item.cast for item in sorted(spoken, key=lambda i: not i.segment.voice)}
    return {
        "schema": "Manifest.1",
        "anchor": __version__,
        "render_version": STAGES["render"].version,
        "ffmpeg": services.ffmpeg.version,
        "reading_layers": dict(services.reader.layers),
        "slug": plan.slug,
        "title": plan.title,
        "language": plan.language,
        "embargo": embargo or None,
        "ai_generated": True,
        "rendition": canonical(plan.rendition),
        "frames": plan.frames,
        "duration_s": round(plan.rendition.timebase.seconds(plan.frames), 3),
        "plan": digest_of(plan),
        "look": {"name": plan.look, "digest": plan.look_digest},
        "presenters": {
            name: {
                "avatar": c.avatar.digest,
                "avatar_kind": c.avatar.kind,
                "avatar_consent": consent_document(c.avatar.path, Shelf.AVATARS),
                "lip_sync": c.avatar.engine,
                "voice": c.voice.name,
                "voice_digest": c.voice.digest,
                "voice_consent": consent_document(c.voice.path, Shelf.VOICES),
                "speech": ", ".join(dict.fromkeys(i.track.engine for i in spoken if i.cast.avatar.name == name)),
            }
            for name, c in cast.items()
        },
        "segments": [
            {
                "id": item.segment.id,
                "presenter": item.cast.avatar.name,
                "start_s": round(cut.start / int(AUDIO.rate), 3),
                "audio": item.track.audio.digest,
                "speech": item.track.engine,
                "voice": item.track.voice,
                "mouth": item.clip.reel.digest if item.clip else None,
                "lufs": round(item.track.lufs, 2),
                "dbtp": round(item.track.dbtp, 2),
            }
            for item, cut in zip(spoken, plan.audio, strict=True)
        ],
        "captions": [_caption_document(c) for c in plan.captions],
        "expectation": canonical(expectation(plan, spoken)),
        "stages": {s.name: {"seconds": round(s.seconds, 3), "cached": s.cached} for s in stages},
        "notices": [
            {"code": n.code, "text": n.text, "texts": texts_of(n.text), "place": str(n.place or "")} for n in notices
        ],
        "check": {"passed": report.passed, "items": [_item_document(i) for i in report.items]},
    }


def _item_document(item: CheckItem) -> dict[str, object]:
    measured, allowed = str(item.measured), str(item.allowed)
    return {"name": item.name, "measured": measured, "allowed": allowed, "passed": item.passed}


def _caption_document(caption: Caption) -> dict[str, object]:
    rate = int(AUDIO.rate)
    return {
        "lines": list(caption.lines),
        "start_s": round(caption.span.start / rate, 3),
        "end_s": round(caption.span.end / rate, 3),
    }
