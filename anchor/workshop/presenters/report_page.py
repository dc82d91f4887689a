"""The report on a presenter as one self-contained page: what it looks like, what was measured, what is weak."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anchor import __version__
from anchor.core.files import write_text_whole
from anchor.core.quality import CheckItem
from anchor.face.track import load_track
from anchor.media.tool import FFmpeg
from anchor.packs import Pack
from anchor.workshop.presenters.build_report import BuildReport, Weakness
from anchor.workshop.presenters.check import PresenterCheck
from anchor.workshop.presenters.facts import REPORT
from anchor.workshop.presenters.report_pictures import (
    bank_pictures,
    head_plot,
    joint_pictures,
    matte_pictures,
    step_plot,
    still_picture,
)

PAGE = f"{REPORT}/report.html"
_SHAPES = {"M": "M closed", "F": "F lip on teeth", "L": "L tongue up", "S": "S teeth together"}


def write_page(
    pack: Pack, checked: PresenterCheck, built: BuildReport, clip: Path | None, no_clip: str, text: str, ffmpeg: FFmpeg
) -> Path:
    """Write the page into the pack's report folder; gives its path.

    Args:
        pack: the presenter's.
        checked: what was measured on it.
        built: what its making found.
        clip: the test read; None: there is none.
        no_clip: why there is none.
        text: what is read.
        ffmpeg: decodes.

    Raises:
        StorageError: the page cannot be written.
    """
    avatar, measured = checked.avatar, checked.measured
    track = load_track(pack.path / "track.json")
    blinks = tuple(tuple(span) for span in pack.manifest["plate"].get("blinks", ()))
    passed = checked.report.passed
    page = Template((files("anchor.workshop.presenters") / "report_page.html").read_text(encoding="utf-8")).substitute(
        title=escape(f"{pack.label} · Anchor"),
        label=escape(pack.label),
        name=escape(f"{pack.name} · {built.kind}, {avatar.kind}"),
        verdict="passed" if passed else "does not pass",
        verdict_class="" if passed else "bad",
        still=_jpeg(still_picture(pack.path)),
        facts=_facts(pack, built, checked),
        weak=_weak(checked.weak),
        read_note=escape(f"Spoken by {avatar.voice}: {text}" if clip else no_clip),
        read=_video(clip) if clip else "",
        measured_note="What anchor avatars check measures; a line that does not pass wants mending before air.",
        checks=_checks(checked.report.items),
        bank="".join(
            _row([(_SHAPES.get(name, name.replace("_", " ")), picture) for name, picture in row], 4)
            for row in bank_pictures(pack.path)
        ),
        matte_note=(
            "The same frame over white, blue and black. Look at hair and shoulders: a fringe shows on one of them."
            if avatar.matte
            else "None: the plate is opaque and fills the picture in place of the look's studio."
        ),
        matte=_row(matte_pictures(avatar, ffmpeg), 3),
        head=head_plot(track, blinks),
        steps=step_plot(measured.changes),
        joint="".join(_figure(name, picture) for name, picture in joint_pictures(avatar, track, ffmpeg)),
        more=_more(built.pictures),
        footer=escape(
            f"Anchor {__version__} · pack {pack.digest[:12]} · to make it again: anchor avatars report {pack.name}"
        ),
    )
    write_text_whole(pack.path / PAGE, page, folders=True)
    return pack.path / PAGE


def _facts(pack: Pack, built: BuildReport, checked: PresenterCheck) -> str:
    source = pack.manifest["source"]
    rows: list[tuple[str, object]] = [
        ("made from", source["what"]),
        ("by", f"{source['by']}, {source['date']}"),
        ("licence", pack.licence),
        ("voice", checked.avatar.voice),
        ("consent", checked.consent),
        *((key.replace("_", " "), _value(value, key)) for key, value in built.facts.items()),
    ]
    return "".join(f"<tr><th>{escape(key)}</th><td>{escape(str(value))}</td></tr>" for key, value in rows)


def _value(value: object, key: str = "") -> object:
    """A fact for a person: sizes as 1920 × 1080, stretches of frames as 57–64."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        size = key.endswith("_px") and len(value) == 2
        pair = not key and len(value) == 2
        return (" × " if size else "–" if pair else ", ").join(str(_value(v)) for v in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{k} {_value(v)}" for k, v in value.items())
    return round(value, 3) if isinstance(value, float) else value


def _weak(weak: Sequence[Weakness]) -> str:
    if not weak:
        return ""
    items = "".join(f"<li>{escape(_sentence(w.text))}</li>" for w in weak)
    return f'<section class="weak"><h2>Weak points</h2><ul>{items}</ul></section>'


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _checks(items: Iterable[CheckItem]) -> str:
    return "".join(
        f'<tr class="{"" if i.passed else "bad"}"><td class="sign">{"✓" if i.passed else "✗"}</td>'
        f'<th>{escape(i.name)}</th><td class="value">{escape(i.measured)}</td><td>{escape(i.allowed)}</td></tr>'
        for i in items
    )


def _more(pictures: Sequence[tuple[str, Path]]) -> str:
    if not pictures:
        return ""
    shown = "".join(_figure(caption, np.asarray(Image.open(path).convert("RGB"))) for caption, path in pictures)
    return f"<section><h2>From the making</h2>{shown}</section>"


def _row(pictures: Sequence[tuple[str, NDArray[np.uint8]]], columns: int) -> str:
    if not pictures:
        return ""
    return f'<div class="row c{columns}">{"".join(_figure(name, picture) for name, picture in pictures)}</div>'


def _figure(caption: str, picture: NDArray[np.uint8]) -> str:
    said = escape(caption)
    return f'<figure><img src="{_jpeg(picture)}" alt="{said}"><figcaption>{said}</figcaption></figure>'


def _jpeg(rgb: NDArray[np.uint8]) -> str:
    made = io.BytesIO()
    Image.fromarray(rgb).save(made, "JPEG", quality=90, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(made.getvalue()).decode()}"


def _video(clip: Path) -> str:
    content = base64.b64encode(clip.read_bytes()).decode()
    poster = _jpeg(np.asarray(Image.open(clip.with_suffix(".jpg")).convert("RGB")))
    return f'<video controls preload="auto" poster="{poster}" src="data:video/mp4;base64,{content}"></video>'
