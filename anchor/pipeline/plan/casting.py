"""Who speaks and how it looks: the names of a script and the choices over it, resolved before any work starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from anchor.core.errors import PackError, ScriptError
from anchor.core.face import Avatar
from anchor.core.plan import Rendition
from anchor.core.ports import Voice
from anchor.core.script import Presenter, Script, Segment
from anchor.core.time import Span
from anchor.graphics.fonts import find_font
from anchor.graphics.style import Look
from anchor.messages import message
from anchor.packs import Pack, Shelf, find_pack
from anchor.pipeline.plan.renditions import find_rendition
from anchor.pipeline.plan.rights import check_rights, purpose_of
from anchor.pipeline.segments import Cast
from anchor.pipeline.services import DEFAULT_AVATAR, Services
from anchor.registry import check_graphics_engine
from anchor.speech.voice import other_packs

DEFAULT_LOOK = "forum"
LISTENER = "lan-espeak"
"""The formant voice whose phonemes are looked for in a recording."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line or a form says over the script; None: as the script says."""

    avatar: str | None = None
    voice: str | None = None
    look: str | None = None
    rendition: str | None = None
    narration: tuple[tuple[str, str], ...] = ()
    """(segment id, path of a recording that reads it); the id "" is for all segments that have none of their own."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Every name of a script looked up."""

    look: Look
    rendition: Rendition
    cast: dict[str, Cast]
    """By `Presenter.key`."""
    quoted: dict[str, Voice]
    """Voices of marked passages, by name."""
    together: tuple[Avatar, ...] = ()
    """Those who are in the picture together, left to right; empty: whoever speaks, alone."""

    def cast_of(self, segment: Segment) -> Cast:
        """Who is seen and heard in a segment."""
        cast = self.cast[segment.presenter]
        return replace(cast, voice=self.quoted[segment.voice]) if segment.voice else cast


def packs_used(script: Script, choices: Choices, shelves: tuple[Path, ...]) -> tuple[Pack, ...]:
    """Every pack that a script is made with: look, presenters, voices, and whom the chains of these name.

    Nothing of an engine is asked for, so a front door can look them up.

    Raises:
        PackError: there is none of a name, or its manifest cannot be read.
    """
    found = [find_pack(Shelf.LOOKS, choices.look or script.look or DEFAULT_LOOK, shelves)]
    voices: list[Pack] = []
    for presenter in _performing(script):
        avatar = find_pack(Shelf.AVATARS, _avatar_name(presenter, choices), shelves)
        found.append(avatar)
        own = str(avatar.manifest.get("voice", ""))
        voices.append(find_pack(Shelf.VOICES, _voice_name(presenter, choices, own), shelves))
    for segment in script.segments:
        if segment.voice:
            with _at(segment):
                voices.append(find_pack(Shelf.VOICES, segment.voice, shelves))
    if choices.narration:
        voices.append(find_pack(Shelf.VOICES, LISTENER, shelves))
    for voice in voices:
        found += [voice, *other_packs(voice, shelves)]
    return tuple({(pack.shelf, pack.name): pack for pack in found}.values())


def resolve(script: Script, choices: Choices, services: Services, shelves: tuple[Path, ...] = ()) -> Resolved:
    """Look up every name, and ask for the right to every face and voice, before any work starts.

    `shelves` as of `Services.pack`.

    Raises:
        ConsentError: a person's face or voice may not be used for this, or not today.
        EngineError, PackError, ScriptError: an unknown name.
        EngineUnavailable: the look's font is not installed.
    """
    rendition = find_rendition(choices.rendition)
    look = services.look(choices.look or script.look or DEFAULT_LOOK, rendition, shelves)
    check_graphics_engine(look.engine)
    for style in look.type.styles.values():
        find_font(look.type.family, style.weight)
    cast = {p.key: _cast(p, choices, services, shelves) for p in _performing(script)}
    quoted: dict[str, Voice] = {}
    for segment in script.segments:
        if segment.voice and segment.voice not in quoted:
            with _at(segment):
                quoted[segment.voice] = services.voice(segment.voice, shelves)
    voices = (*(c.voice for c in cast.values()), *quoted.values())
    check_rights([c.avatar for c in cast.values()], voices, purpose_of(script), services)
    return Resolved(look, rendition, cast, quoted, _together(script, cast))


def _together(script: Script, cast: dict[str, Cast]) -> tuple[Avatar, ...]:
    """Who shares the picture; nobody when the choices give two of them the same face.

    Raises:
        ScriptError: a plate without a matte cannot stand beside another.
    """
    avatars = tuple(cast[key].avatar for key in script.together)
    if len(avatars) < 2 or len({avatar.name for avatar in avatars}) < len(avatars):
        return ()
    for avatar in avatars:
        if avatar.matte is None:
            raise ScriptError(
                message("plan.no-matte", avatar=avatar.name),
                hint=message("plan.no-matte-hint"),
            )
    return avatars


def _performing(script: Script) -> tuple[Presenter, ...]:
    """Those presenters of a script who are seen."""
    seen = {s.presenter for s in script.segments} | set(script.together)
    return tuple(p for p in script.presenters if p.key in seen)


def _cast(presenter: Presenter, choices: Choices, services: Services, shelves: tuple[Path, ...]) -> Cast:
    avatar = services.avatar(_avatar_name(presenter, choices), shelves)
    return Cast(avatar, services.voice(_voice_name(presenter, choices, avatar.voice), shelves))


def _avatar_name(presenter: Presenter, choices: Choices) -> str:
    return choices.avatar or presenter.avatar or DEFAULT_AVATAR


def _voice_name(presenter: Presenter, choices: Choices, avatars_own: str) -> str:
    # A voice that belongs to the script's avatar does not follow when the command chooses another one.
    own = presenter.voice if not choices.avatar else ""
    return choices.voice or own or avatars_own


@contextmanager
def _at(segment: Segment) -> Iterator[None]:
    """Tells where in the script a voice is named that there is not."""
    try:
        yield
    except PackError as error:
        raise PackError(error.message, hint=error.hint, place=segment.place(Span(0, 0))) from error
