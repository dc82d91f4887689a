"""`anchor plan`: everything that drawing and encoding need, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchor.cli.guard import guarded, say
from anchor.cli.options import AvatarOption, LookOption, NarrationOption, RenditionOption, ScriptArgument, VoiceOption

if TYPE_CHECKING:
    from anchor.core.plan import RenderPlan


def plan(
    script: ScriptArgument,
    avatar: AvatarOption = None,
    voice: VoiceOption = None,
    look: LookOption = None,
    rendition: RenditionOption = None,
    narration: NarrationOption = None,
) -> None:
    """Print the resolved plan of the picture as JSON."""
    with guarded(as_json=True):
        from anchor.cli.environment import settings
        from anchor.cli.script_input import narration_pairs, read_script

        read = read_script(script)

        from anchor.pipeline.run import Choices, plan_script
        from anchor.pipeline.services import Services

        with Services(settings()) as services:
            planned = plan_script(read, Choices(avatar, voice, look, rendition, narration_pairs(narration)), services)
        say(plan_document(planned))


def plan_document(planned: RenderPlan) -> dict[str, object]:
    """A plan as a stored document: schema and value."""
    from anchor.core.artifact import canonical

    return {"schema": "RenderPlan.2", "value": canonical(planned)}
