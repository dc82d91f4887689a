"""Avatar packs resolved: manifest, track and prepared colours → `Avatar`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from anchor.core.errors import PackError, Place
from anchor.core.face import Avatar, PlateFrame
from anchor.core.time import Timebase
from anchor.core.validation import first_fault
from anchor.face.prepared_file import FILE as PREPARED
from anchor.face.prepared_file import load_prepared
from anchor.face.track import HeadTrack, load_track
from anchor.messages import message
from anchor.packs import Pack


class PlateTable(BaseModel):
    """`[plate]` of avatar.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: str
    matte: str = ""
    """Empty: the plate is opaque."""
    track: str = "track.json"
    size: tuple[int, int]
    rate: Fraction
    """Frames a second, `30000/1001`."""
    frames: int = Field(gt=0)
    blinks: tuple[tuple[int, int], ...] = ()
    """Stretches of frames with a blink baked in, ends exclusive."""


def _option(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("an engine option is a string or a number")
    return value


class AvatarManifest(BaseModel):
    """What avatar.toml says beside the keys of every manifest."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    kind: str = Field(pattern="^(synthetic|person)$")
    voice: str
    plate: PlateTable
    engine_options: dict[str, Annotated[str | int | float, BeforeValidator(_option)]] = {}
    """Read by the lip-sync engine alone."""


def read_manifest(pack: Pack) -> AvatarManifest:
    """The avatar's own keys.

    Raises:
        PackError: a key is missing or of another form.
    """
    try:
        return AvatarManifest.model_validate(pack.manifest)
    except ValidationError as error:
        what, field = first_fault(error)
        place = Place(file=str(pack.path / pack.shelf.manifest), field=field)
        raise PackError(message("face.manifest", what=what), hint=message("face.manifest-hint"), place=place) from error


def resolve_avatar(pack: Pack, cache: Path | None = None) -> Avatar:
    """Everything that sync and render need of a presenter.

    Args:
        pack: of the shelf of avatars.
        cache: root under which engines may keep what they measured of a presenter; None: nowhere.

    Raises:
        PackError: a file is missing, or track, colours and plate do not have the same number of frames.
    """
    manifest = read_manifest(pack)
    plate = manifest.plate
    track = load_track(pack.file(plate.track))
    prepared = load_prepared(pack.file(PREPARED).parent)
    counts = {len(track.data), len(prepared.colour), len(prepared.twins), plate.frames}
    if len(counts) > 1:
        raise PackError(
            message("face.frames-differ", counts=str(sorted(counts))),
            hint=message("face.prepare", folder=str(pack.path)),
            place=Place(file=str(pack.path / pack.shelf.manifest), field="plate.frames"),
        )
    return Avatar(
        name=pack.name,
        label=pack.label,
        path=pack.path,
        digest=pack.digest,
        engine=pack.engine,
        voice=manifest.voice,
        plate=pack.file(plate.file),
        matte=pack.file(plate.matte) if plate.matte else None,
        width=plate.size[0],
        height=plate.size[1],
        timebase=Timebase(plate.rate),
        frames=tuple(
            PlateFrame(mouth=frame.mouth, face=frame.similarity.affine, colour=colour)
            for frame, colour in zip(track.data, prepared.colour, strict=True)
        ),
        figure=prepared.figure,
        eyes=_eyes(track),
        kind=manifest.kind,
        licence=pack.licence,
        options=tuple(sorted(manifest.engine_options.items())),
        cache=cache / "presenters" / pack.digest if cache is not None else None,
    )


def _eyes(track: HeadTrack) -> tuple[float, float]:
    corners = track.data[0].points.eye_corners
    return sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)
