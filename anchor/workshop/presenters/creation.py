"""A presenter made from a source: what the source is, the pack built from it, its manifest, and its seal."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import tomlkit

from anchor.core.errors import PackError, Place, StorageError
from anchor.core.events import ProgressCallback
from anchor.core.speech import PhonemeTimeline
from anchor.face.mouthbank import load_bank
from anchor.face.track import load_track
from anchor.media.probe import probe_media
from anchor.media.tool import FFmpeg
from anchor.messages import message, os_reason
from anchor.packs import Pack, Shelf, load_pack
from anchor.workshop.presenters.build_report import BuildOptions, BuildReport
from anchor.workshop.presenters.face_models import face_models
from anchor.workshop.presenters.facts import write_facts
from anchor.workshop.presenters.figure import BANK, NEEDED, blink_spans, build_figure, is_figure
from anchor.workshop.presenters.pack_writer import MATTE, PLATE, TRACK
from anchor.workshop.presenters.prepare import prepare_pack

ENGINE = "bank"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_PLACE = re.compile(r"\.adding-(\d+)-.*")
_PICTURES = (
    (0, b"\xff\xd8\xff"),
    (0, b"\x89PNG"),
    (8, b"WEBP"),
    (0, b"BM"),
    (0, b"II*\0"),
    (0, b"MM\0*"),
    (0, b"GIF8"),
)
"""Where still pictures have their signs; anything else that is a file goes to ffmpeg as a video."""
_HEIF = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftypavif")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MODELS_3D = (".glb", ".gltf", ".vrm", ".blend", ".fbx", ".obj", ".usdz")


@dataclass(frozen=True, slots=True)
class Rights:
    """Whose the presenter is."""

    kind: str
    """`synthetic` or `person`."""
    by: str
    """Who made the pack."""
    what: str
    """From what, how."""
    made_on: date
    licence: str
    """SPDX."""
    licence_text: str
    consent: str = ""
    """Path of the consent record in the pack; empty: none is needed."""


def source_kind(source: Path) -> str:
    """`figure`, `photo` or `video`, by looking into the source.

    Raises:
        PackError: there is nothing, or nothing that a presenter can be made from.
    """
    place = Place(file=str(source))
    if source.is_dir():
        if is_figure(source):
            return "figure"
        missing = tuple(name for name in NEEDED if not (source / name).is_file())
        raise PackError(
            message("presenters.no-figure", missing=missing),
            hint=message("presenters.no-figure-hint"),
            place=place,
        )
    if not source.is_file():
        raise PackError(message("presenters.nothing-there"), hint=message("presenters.check-path"), place=place)
    if source.suffix.lower() in _MODELS_3D:
        raise PackError(
            message("presenters.model-3d"),
            hint=message("presenters.model-3d-hint"),
            place=place,
        )
    with source.open("rb") as file:
        head = file.read(32)
    if not head:
        raise PackError(message("presenters.empty-file"), hint=message("presenters.copy-again"), place=place)
    if head.startswith(_ZIP):
        raise PackError(
            message("presenters.zip"),
            hint=message("presenters.zip-hint"),
            place=place,
        )
    still = any(head[at:].startswith(sign) for at, sign in _PICTURES) or any(head[4:].startswith(s) for s in _HEIF)
    return "photo" if still else "video"


def check_name(name: str) -> None:
    """Refuse what cannot be a pack's name.

    Raises:
        PackError: so it is.
    """
    if not _NAME.fullmatch(name):
        raise PackError(message("presenters.no-name", name=name), hint=message("presenters.no-name-hint"))


@contextmanager
def building_place(root: Path, name: str) -> Iterator[Path]:
    """A folder to build a pack in, beside the own shelf, itself a root of shelves; gone afterwards whatever happens.

    Raises:
        StorageError: it cannot be made.
    """
    place = root / f".adding-{os.getpid()}-{name}"
    pack = place / Shelf.AVATARS.value / name
    try:
        _clear_leftovers(root)
        pack.mkdir(parents=True)
    except OSError as error:
        what = message("presenters.cannot-write-in", folder=str(root), reason=os_reason(error))
        raise StorageError(what, hint=message("presenters.check-permissions")) from error
    try:
        yield pack
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _clear_leftovers(root: Path) -> None:
    """Remove what a killed process left behind."""
    for path in root.glob(".adding-*"):
        found = _PLACE.fullmatch(path.name)
        if found is None:
            continue
        try:
            os.kill(int(found[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue


def build_presenter(
    source: Path,
    pack: Path,
    options: BuildOptions,
    rights: Rights,
    ffmpeg: FFmpeg,
    models: Path,
    progress: ProgressCallback,
    cancelled: Callable[[], bool],
    said: PhonemeTimeline | None = None,
) -> tuple[Pack, BuildReport]:
    """Make the pack of a presenter in the empty folder `pack`, prepared and sealed.

    Args:
        source: a video, a photo, or the folder of a rendered figure.
        pack: its name is the presenter's.
        options: how.
        rights: whose it is; a consent record stands in `pack` already.
        ffmpeg: decodes and encodes.
        models: folder of downloaded models.
        progress: told of each stage.
        cancelled: asked between units of work.
        said: what is said in the footage, where that is known.

    Raises:
        AnchorError: the source cannot become a presenter; says why and what to do.
    """
    report = _built(source, pack, options, ffmpeg, models, progress, cancelled, said)
    _write_manifest(pack, options, rights, ffmpeg)
    if not (pack / "LICENSE").is_file():
        (pack / "LICENSE").write_text(rights.licence_text, encoding="utf-8")
    write_facts(report, pack)
    progress("prepare", 0, 1)
    prepare_pack(pack, ffmpeg)
    progress("prepare", 1, 1)
    load_bank(pack / BANK)
    return load_pack(pack, Shelf.AVATARS), report


def _built(
    source: Path,
    pack: Path,
    options: BuildOptions,
    ffmpeg: FFmpeg,
    models: Path,
    progress: ProgressCallback,
    cancelled: Callable[[], bool],
    said: PhonemeTimeline | None,
) -> BuildReport:
    kind = source_kind(source)
    if kind == "figure":
        return build_figure(source, pack, options, ffmpeg, progress, cancelled)
    known = face_models(models)
    if kind == "photo":
        from anchor.workshop.presenters.photo.build import build_photo

        return build_photo(source, pack, known, options, progress, cancelled, ffmpeg=ffmpeg)
    from anchor.workshop.presenters.video.build import build_video

    return build_video(source, pack, known, options, progress, cancelled, said=said, ffmpeg=ffmpeg)


def _write_manifest(pack: Path, options: BuildOptions, rights: Rights, ffmpeg: FFmpeg) -> None:
    plate = probe_media(ffmpeg, pack / PLATE).video
    assert plate is not None and plate.rate is not None and plate.frames is not None
    document = tomlkit.document()
    head = {
        "schema": 1,
        "name": options.name,
        "label": options.label or options.name,
        "engine": ENGINE,
        "licence": rights.licence,
        "kind": rights.kind,
        "voice": options.voice,
        **({"consent": rights.consent} if rights.consent else {}),
    }
    for key, value in head.items():
        document[key] = value
    document["source"] = {"by": rights.by, "what": rights.what, "date": rights.made_on.isoformat()}
    document["plate"] = {
        "file": PLATE,
        **({"matte": MATTE} if (pack / MATTE).is_file() else {}),
        "track": TRACK,
        "size": [plate.width, plate.height],
        "rate": f"{plate.rate.numerator}/{plate.rate.denominator}",
        "frames": plate.frames,
        "blinks": [list(span) for span in blink_spans(load_track(pack / TRACK))],
    }
    (pack / Shelf.AVATARS.manifest).write_text(tomlkit.dumps(document) + "\n[files]\n", encoding="utf-8")
