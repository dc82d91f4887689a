"""Who speaks and how it looks: the names of a script and the choices over it, resolved before any work starts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from anchor.core.errors import PackError, ScriptError
from anchor.core.face import Avatar
from anchor.core.plan import Rendition
from anchor.core.ports import Voice
from anchor.core.script import Presenter, Script, Segment
from anchor.core.time import Span
from anchor.graphics.fonts import find_font
from anchor.graphics.style import Look
from anchor.messages import message
from anchor.pipeline.plan.renditions import find_rendition
from anchor.pipeline.plan.rights import check_rights, purpose_of
from anchor.pipeline.segments import Cast
from anchor.pipeline.services import DEFAULT_AVATAR, Services
from anchor.registry import check_graphics_engine

DEFAULT_LOOK = "forum"


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


def resolve(script: Script, choices: Choices, services: Services) -> Resolved:
    """Look up every name, and ask for the right to every face and voice, before any work starts.

    Raises:
        ConsentError: a person's face or voice may not be used for this, or not today.
        EngineError, PackError, ScriptError: an unknown name.
        EngineUnavailable: the look's font is not installed.
    """
    rendition = find_rendition(choices.rendition)
    look = services.look(choices.look or script.look or DEFAULT_LOOK, rendition)
    check_graphics_engine(look.engine)
    for style in look.type.styles.values():
        find_font(look.type.family, style.weight)
    spoken = {s.presenter for s in script.segments} | set(script.together)
    cast = {p.key: _cast(p, choices, services) for p in script.presenters if p.key in spoken}
    quoted: dict[str, Voice] = {}
    for segment in script.segments:
        if segment.voice and segment.voice not in quoted:
            try:
                quoted[segment.voice] = services.voice(segment.voice)
            except PackError as error:
                raise PackError(error.message, hint=error.hint, place=segment.place(Span(0, 0))) from error
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


def _cast(presenter: Presenter, choices: Choices, services: Services) -> Cast:
    avatar = services.avatar(choices.avatar or presenter.avatar or DEFAULT_AVATAR)
    # A voice that belongs to the script's avatar does not follow when the command chooses another one.
    own = presenter.voice if not choices.avatar else ""
    return Cast(avatar=avatar, voice=services.voice(choices.voice or own or avatar.voice))
