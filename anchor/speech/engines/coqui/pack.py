"""What a voice pack says to the `coqui` engine, and whether its terms were accepted."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anchor.core.artifact import file_digest
from anchor.core.errors import ConsentError, PackError, Place
from anchor.core.ports import Voice

MANIFEST = "voice.toml"
GATED = ("LicenseRef-CPML",)
"""Licences that somebody must have accepted before a voice under them speaks."""


@dataclass(frozen=True, slots=True)
class CoquiPack:
    """A voice for this engine, its manifest read."""

    voice: Voice
    checkpoint: Path
    config: Path
    kind: str
    """`vits` or `xtts`, as the model's own configuration says."""
    symbols: dict[str, str]
    """`[symbols]`: our syllable, sound, tone digit, `word` or mark → the model's characters."""
    phonemes: bool
    """The model is given sounds and tones, not letters of pinyin."""

    def text(self, name: str, default: str = "") -> str:
        """A text option."""
        return str(self.voice.option(name, default))

    def number(self, name: str, default: float) -> float:
        """A number option.

        Raises:
            PackError: it is text.
        """
        value = self.voice.option(name, default)
        if isinstance(value, str):
            raise PackError(f"{value!r} is no number", place=at(self.voice, f"engine_options.{name}"))
        return float(value)

    def listed(self, name: str) -> Path:
        """A file that an option names, which `[files]` must list so that a change of it is noticed.

        Raises:
            PackError: it is not listed or not there.
        """
        return _listed(self.voice, name, _manifest(self.voice))


def at(voice: Voice, field: str = "") -> Place:
    """A place in the voice's manifest."""
    return Place(file=str(voice.path / MANIFEST), field=field or None)


def read_pack(voice: Voice) -> CoquiPack:
    """The voice's manifest as this engine needs it.

    Raises:
        PackError: an option or table is of the wrong form, or a file is missing or not listed.
        ConsentError: the terms of its licence were not accepted.
    """
    manifest = _manifest(voice)
    check_terms(voice, manifest)
    config = _listed(voice, str(voice.option("config", "config.json")), manifest)
    symbols = manifest.get("symbols", {})
    if not isinstance(symbols, dict) or not all(isinstance(value, str) for value in symbols.values()):
        raise PackError(
            "[symbols] maps our sounds to text", hint='write zh = "ʈ" and so on', place=at(voice, "symbols")
        )
    units = str(voice.option("units", "pinyin"))
    if units not in ("pinyin", "phonemes"):
        raise PackError(f"units is {units!r}", hint="pinyin or phonemes", place=at(voice, "engine_options.units"))
    return CoquiPack(
        voice=voice,
        checkpoint=_listed(voice, str(voice.option("checkpoint", "model.pth")), manifest),
        config=config,
        kind=_kind(config),
        symbols=symbols,
        phonemes=units == "phonemes",
    )


def check_terms(voice: Voice, manifest: dict[str, Any]) -> None:
    """Whether a licence that asks for it was accepted, and the text that was accepted lies in the pack unchanged.

    Raises:
        ConsentError: it was not.
    """
    if voice.licence not in GATED:
        return
    accepted = manifest.get("acceptance", {})
    hint = "read its licence and accept it: anchor voices pull xtts-v2 --accept-licence"
    if not isinstance(accepted, dict) or not accepted.get("by") or not accepted.get("date"):
        raise ConsentError(
            f"nobody has accepted the licence of voice {voice.name!r} ({voice.licence}, non-commercial use only)",
            hint=hint,
            place=at(voice, "acceptance"),
        )
    text = voice.path / "LICENSE"
    if not text.is_file() or file_digest(text) != accepted.get("licence_sha256"):
        raise ConsentError(
            f"the licence text of voice {voice.name!r} is not the one that {accepted['by']} accepted",
            hint=hint,
            place=at(voice, "acceptance.licence_sha256"),
        )


def _manifest(voice: Voice) -> dict[str, Any]:
    try:
        return tomllib.loads((voice.path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackError(f"cannot read the manifest: {error}", place=at(voice)) from error


def _listed(voice: Voice, name: str, manifest: dict[str, Any]) -> Path:
    if name not in manifest.get("files", {}):
        hint = "anchor packs seal DIR --add writes it with its sha256"
        raise PackError(f"{name} is not listed in [files]", hint=hint, place=at(voice, "files"))
    path = voice.path / name
    if not path.is_file():
        raise PackError(f"{name} is missing", hint="restore the file", place=at(voice, f"files.{name}"))
    return path


def _kind(config: Path) -> str:
    """Which model a Coqui configuration describes."""
    try:
        kind = json.loads(config.read_text(encoding="utf-8")).get("model")
    except (ValueError, AttributeError, OSError) as error:
        raise PackError(f"no configuration of a Coqui model: {error}", place=Place(file=str(config))) from error
    if kind not in ("vits", "xtts"):
        raise PackError(
            f"a Coqui model of kind {kind!r}", hint="vits and xtts can speak here", place=Place(file=str(config))
        )
    return str(kind)
