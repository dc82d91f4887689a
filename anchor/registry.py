"""Which engines there are: name → `module:class`, imported on use; then entry points of installed packages."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from anchor.core.errors import EngineError
from anchor.core.ports import GraphicsEngine, LipSyncEngine, SpeechEngine
from anchor.messages import message

SPEECH = {
    "coqui": "anchor.speech.engines.coqui.engine:CoquiEngine",
    "espeak": "anchor.speech.engines.espeak.engine:EspeakEngine",
    "kokoro": "anchor.speech.engines.kokoro.engine:KokoroEngine",
    "tone": "anchor.speech.engines.tone:ToneEngine",
}
LIP_SYNC = {
    "bank": "anchor.face.engines.bank:BankEngine",
    "flap": "anchor.face.engines.flap:FlapEngine",
    "musetalk": "anchor.face.engines.musetalk.engine:MuseTalkEngine",
}
GRAPHICS = {
    "layers": "anchor.graphics.engines.layers:LayersEngine",
}


_NONE = {
    "speech": "registry.no-speech-engine",
    "lip_sync": "registry.no-lip-sync-engine",
    "graphics": "registry.no-graphics-engine",
}


def _load(kind: str, table: dict[str, str], name: str) -> object:
    target = table.get(name)
    if target is None:
        found = {e.name: e for e in entry_points(group=f"anchor.{kind}")}
        if name not in found:
            raise _unknown(kind, name, {*table, *found})
        return found[name].load()()
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)()


def _unknown(kind: str, name: str, known: set[str]) -> EngineError:
    hint = message("registry.there-are", names=tuple(sorted(known)))
    return EngineError(message(_NONE[kind], name=name), hint=hint)


def speech_engine(name: str) -> SpeechEngine:
    """A new speech engine, not yet entered."""
    return cast(SpeechEngine, _load("speech", SPEECH, name))


def lip_sync_engine(name: str) -> LipSyncEngine:
    """A new lip-sync engine, not yet entered."""
    return cast(LipSyncEngine, _load("lip_sync", LIP_SYNC, name))


def check_graphics_engine(name: str) -> None:
    """Without loading it: whether there is a graphics engine of that name.

    Raises:
        EngineError: there is none; lists those there are.
    """
    known = {*GRAPHICS, *(e.name for e in entry_points(group="anchor.graphics"))}
    if name not in known:
        raise _unknown("graphics", name, known)


def graphics_engine(name: str) -> GraphicsEngine:
    """A new graphics engine, not yet entered."""
    return cast(GraphicsEngine, _load("graphics", GRAPHICS, name))
