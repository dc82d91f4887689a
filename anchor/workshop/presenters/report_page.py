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
from anchor.messages import Language, message, named, text_in
from anchor.packs import Pack
from anchor.workshop.presenters.build_report import BuildReport, Weakness
from anchor.workshop.presenters.check import PresenterCheck
from anchor.workshop.presenters.facts import REPORT
from anchor.workshop.presenters.report_pictures import (
    Say,
    bank_pictures,
    head_plot,
    joint_pictures,
    matte_pictures,
    step_plot,
    still_picture,
)

PAGE = f"{REPORT}/report.html"
_SHAPES = {
    "M": "presenters.shape-m",
    "F": "presenters.shape-f",
    "L": "presenters.shape-l",
    "S": "presenters.shape-s",
}
"""Special shape → id of its caption."""


def write_page(
    pack: Pack,
    checked: PresenterCheck,
    built: BuildReport,
    clip: Path | None,
    no_clip: str,
    text: str,
    ffmpeg: FFmpeg,
    language: Language = Language.ENGLISH,
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
        language: of the page.

    Raises:
        StorageError: the page cannot be written.
    """
    avatar, measured = checked.avatar, checked.measured
    track = load_track(pack.path / "track.json")
    blinks = tuple(tuple(span) for span in pack.manifest["plate"].get("blinks", ()))
    passed = checked.report.passed

    def say(said: str) -> str:
        return escape(text_in(said, language))

    page = Template((files("anchor.workshop.presenters") / "report_page.html").read_text(encoding="utf-8")).substitute(
        title=escape(f"{pack.label} · Anchor"),
        label=escape(pack.label),
        name=escape(f"{pack.name} · {built.kind}, {avatar.kind}"),
        language=language.value,
        verdict=say(message("presenters.passed" if passed else "presenters.not-passed")),
        verdict_class="" if passed else "bad",
        still=_jpeg(still_picture(pack.path)),
        still_of=say(message("presenters.still-of", label=pack.label)),
        facts=_facts(pack, built, checked, say),
        weak=_weak(checked.weak, say),
        read_heading=say(message("presenters.test-read")),
        read_note=say(message("presenters.spoken-by", voice=avatar.voice, text=text) if clip else no_clip),
        read=_video(clip) if clip else "",
        measured_heading=say(message("presenters.measured")),
        measured_note=say(message("presenters.measured-note")),
        checks=_checks(checked.report.items, say),
        bank_heading=say(message("presenters.mouth-shapes")),
        bank_note=say(message("presenters.mouth-shapes-note")),
        bank="".join(
            _row([(_shape_name(name), picture) for name, picture in row], 4, say) for row in bank_pictures(pack.path)
        ),
        matte_heading=say(message("presenters.cut-out")),
        matte_note=say(message("presenters.cut-out-note" if avatar.matte else "presenters.no-cut-out-note")),
        matte=_row(matte_pictures(avatar, ffmpeg), 3, say),
        loop_heading=say(message("presenters.head-and-loop")),
        loop_note=say(message("presenters.head-and-loop-note")),
        head=head_plot(track, blinks, say),
        steps=step_plot(measured.changes, say),
        joint="".join(_figure(name, picture, say) for name, picture in joint_pictures(avatar, track, ffmpeg)),
        more=_more(built.pictures, say),
        footer=say(
            message("presenters.page-footer", version=str(__version__), digest=pack.digest[:12], name=pack.name)
        ),
    )
    write_text_whole(pack.path / PAGE, page, folders=True)
    return pack.path / PAGE


def _shape_name(name: str) -> str:
    return message(_SHAPES[name]) if name in _SHAPES else name.replace("_", " ")


def _facts(pack: Pack, built: BuildReport, checked: PresenterCheck, say: Say) -> str:
    source = pack.manifest["source"]
    rows: list[tuple[str, str]] = [
        (message("presenters.made-from"), str(source["what"])),
        (message("presenters.made-by"), f"{source['by']}, {source['date']}"),
        (message("presenters.licence"), pack.licence),
        (message("presenters.voice"), checked.avatar.voice),
        (message("presenters.consent"), checked.consent),
        *((_fact_name(key), _value(value, key)) for key, value in built.facts.items()),
    ]
    return "".join(f"<tr><th>{say(key)}</th><td>{say(value)}</td></tr>" for key, value in rows)


def _fact_name(key: str) -> str:
    name = named("presenter-fact", key)
    return name if name != key else key.replace("_", " ")


def _value(value: object, key: str = "") -> str:
    """A fact for a person: sizes as 1920 × 1080, stretches of frames as 57–64."""
    if isinstance(value, bool):
        return message("presenters.yes" if value else "presenters.no")
    if isinstance(value, list | tuple):
        size = key.endswith("_px") and len(value) == 2
        pair = not key and len(value) == 2
        return (" × " if size else "–" if pair else ", ").join(_value(v) for v in value) or message("presenters.none")
    if isinstance(value, dict):
        return ", ".join(f"{k} {_value(v)}" for k, v in value.items())
    return str(round(value, 3) if isinstance(value, float) else value)


def _weak(weak: Sequence[Weakness], say: Say) -> str:
    if not weak:
        return ""
    stop = say(message("presenters.full-stop"))
    items = "".join(f"<li>{_sentence(say(w.text), stop)}</li>" for w in weak)
    return f'<section class="weak"><h2>{say(message("presenters.weak-points"))}</h2><ul>{items}</ul></section>'


def _sentence(text: str, stop: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "。")) else stop)


def _checks(items: Iterable[CheckItem], say: Say) -> str:
    return "".join(
        f'<tr class="{"" if i.passed else "bad"}"><td class="sign">{"✓" if i.passed else "✗"}</td>'
        f'<th>{escape(i.name)}</th><td class="value">{say(i.measured)}</td><td>{say(i.allowed)}</td></tr>'
        for i in items
    )


def _more(pictures: Sequence[tuple[str, Path]], say: Say) -> str:
    if not pictures:
        return ""
    shown = "".join(_figure(caption, np.asarray(Image.open(path).convert("RGB")), say) for caption, path in pictures)
    return f"<section><h2>{say(message('presenters.from-the-making'))}</h2>{shown}</section>"


def _row(pictures: Sequence[tuple[str, NDArray[np.uint8]]], columns: int, say: Say) -> str:
    if not pictures:
        return ""
    return f'<div class="row c{columns}">{"".join(_figure(name, picture, say) for name, picture in pictures)}</div>'


def _figure(caption: str, picture: NDArray[np.uint8], say: Say) -> str:
    said = say(caption)
    return f'<figure><img src="{_jpeg(picture)}" alt="{said}"><figcaption>{said}</figcaption></figure>'


def _jpeg(rgb: NDArray[np.uint8]) -> str:
    made = io.BytesIO()
    Image.fromarray(rgb).save(made, "JPEG", quality=90, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(made.getvalue()).decode()}"


def _video(clip: Path) -> str:
    content = base64.b64encode(clip.read_bytes()).decode()
    poster = _jpeg(np.asarray(Image.open(clip.with_suffix(".jpg")).convert("RGB")))
    return f'<video controls preload="auto" poster="{poster}" src="data:video/mp4;base64,{content}"></video>'
