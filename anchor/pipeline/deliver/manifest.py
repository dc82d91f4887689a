"""The last steps: sound and frames into one encode, captions, poster and manifest beside it, and the check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from anchor import __version__
from anchor.core.artifact import canonical, digest_of, file_digest
from anchor.core.events import Notice
from anchor.core.plan import RenderPlan
from anchor.core.quality import CheckReport
from anchor.core.speech import Caption
from anchor.core.time import AUDIO, Span
from anchor.media.encode import FrameEncoder
from anchor.media.planes import Planes
from anchor.packs import Shelf
from anchor.pipeline.deliver.expected import expectation
from anchor.pipeline.deliver.files import write_captions, write_document, write_still
from anchor.pipeline.draw.chunks import container_language, encode_pictures
from anchor.pipeline.draw.picture import PictureMaker
from anchor.pipeline.draw.sound import write_programme
from anchor.pipeline.plan.rights import consent_document
from anchor.pipeline.plan.spoken import SpokenSegment
from anchor.pipeline.record import StageRecord
from anchor.pipeline.services import Context, Services

RENDER_VERSION = 3


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One file that a render made."""

    kind: str
    """`video`, `captions-srt`, `captions-vtt`, `poster`, `manifest`."""
    path: Path


@dataclass(frozen=True, slots=True)
class Delivery:
    """The encoded clip; `finish` writes what goes beside it."""

    services: Services
    out: Path
    poster: Planes

    def finish(
        self,
        plan: RenderPlan,
        spoken: Sequence[SpokenSegment],
        stages: Sequence[StageRecord],
        notices: Sequence[Notice],
        report: CheckReport,
        embargo: str = "",
    ) -> tuple[MadeFile, ...]:
        """Write captions, poster and manifest; gives every file of the clip."""
        files = (
            MadeFile("video", self.out),
            MadeFile("captions-srt", self.out.with_suffix(".srt")),
            MadeFile("captions-vtt", self.out.with_suffix(".vtt")),
            MadeFile("poster", self.out.with_suffix(".jpg")),
            MadeFile("manifest", self.out.with_suffix(".json")),
        )
        write_captions(plan, files[1].path, files[2].path)
        write_still(self.poster, files[3].path)
        document = manifest(plan, spoken, stages, notices, report, self.services, embargo)
        document["files"] = {f.kind: {"name": f.path.name, "sha256": file_digest(f.path)} for f in files[:-1]}
        write_document(document, files[4].path)
        return files


def deliver(
    plan: RenderPlan, services: Services, context: Context, out: Path, progress: Callable[[int, int], None]
) -> Delivery:
    """Draw and encode the whole programme in one pass."""
    sound = context.workdir / "programme.wav"
    writing = services.pool.submit(write_programme, plan, services, context, sound)
    poster = Planes(plan.rendition.width, plan.rendition.height)

    def keep_poster(frame: int, picture: Planes) -> None:
        if frame == plan.poster_frame:
            np.copyto(poster.buffer, picture.buffer)

    # One thread a picture: the encoder wants the other cores.
    cv2.setNumThreads(1)
    with PictureMaker(plan, services, context) as pictures:
        try:
            pictures.prepare()
        except BaseException:
            context.stopped.set()
            raise
        finally:
            wait((writing,))
        writing.result()
        with FrameEncoder(
            services.ffmpeg,
            plan.rendition,
            sound,
            out,
            title=plan.title,
            language=container_language(plan),
            progress=lambda done: progress(done, plan.frames),
            cancelled=context.is_cancelled,
        ) as encoder:
            encode_pictures(pictures, Span(0, plan.frames), encoder, keep_poster)
    return Delivery(services=services, out=out, poster=poster)


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
        "render_version": RENDER_VERSION,
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
        "notices": [{"code": n.code, "text": n.text, "place": str(n.place or "")} for n in notices],
        "check": {"passed": report.passed, "items": [canonical(i) for i in report.items]},
    }


def _caption_document(caption: Caption) -> dict[str, object]:
    rate = int(AUDIO.rate)
    return {
        "lines": list(caption.lines),
        "start_s": round(caption.span.start / rate, 3),
        "end_s": round(caption.span.end / rate, 3),
    }
