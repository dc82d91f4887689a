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
from anchor.messages import message, os_reason

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
            raise PackError(message("coqui.no-number", value=value), place=at(self.voice, f"engine_options.{name}"))
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
        raise PackError(message("coqui.symbols"), hint=message("coqui.symbols-hint"), place=at(voice, "symbols"))
    units = str(voice.option("units", "pinyin"))
    if units not in ("pinyin", "phonemes"):
        what, hint = message("coqui.units", units=units), message("coqui.units-hint")
        raise PackError(what, hint=hint, place=at(voice, "engine_options.units"))
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
    hint = message("coqui.accept-licence")
    if not isinstance(accepted, dict) or not accepted.get("by") or not accepted.get("date"):
        raise ConsentError(
            message("coqui.licence-not-accepted", name=voice.name, licence=voice.licence),
            hint=hint,
            place=at(voice, "acceptance"),
        )
    text = voice.path / "LICENSE"
    if not text.is_file() or file_digest(text) != accepted.get("licence_sha256"):
        raise ConsentError(
            message("coqui.other-licence", name=voice.name, by=str(accepted["by"])),
            hint=hint,
            place=at(voice, "acceptance.licence_sha256"),
        )


def _manifest(voice: Voice) -> dict[str, Any]:
    try:
        return tomllib.loads((voice.path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        raise PackError(message("coqui.manifest", reason=reason), place=at(voice)) from error


def _listed(voice: Voice, name: str, manifest: dict[str, Any]) -> Path:
    if name not in manifest.get("files", {}):
        what, hint = message("coqui.not-listed", name=name), message("coqui.not-listed-hint")
        raise PackError(what, hint=hint, place=at(voice, "files"))
    path = voice.path / name
    if not path.is_file():
        what, hint = message("coqui.missing", name=name), message("speech.restore-the-file")
        raise PackError(what, hint=hint, place=at(voice, f"files.{name}"))
    return path


def _kind(config: Path) -> str:
    """Which model a Coqui configuration describes."""
    try:
        kind = json.loads(config.read_text(encoding="utf-8")).get("model")
    except (ValueError, AttributeError, OSError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        what = message("coqui.no-configuration", reason=reason)
        raise PackError(what, place=Place(file=str(config))) from error
    if kind not in ("vits", "xtts"):
        what, hint = message("coqui.other-kind", kind=repr(kind)), message("coqui.other-kind-hint")
        raise PackError(what, hint=hint, place=Place(file=str(config)))
    return str(kind)
