"""What can be set, section by section, from `anchor.toml` and from environment variables, which go before the file.

docs/anchor.toml shows every key with what is usual.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from anchor.core.errors import Place, SettingsError
from anchor.messages import Message, message, os_reason
from anchor.settings import JobLimits

_USUAL = JobLimits()
SAMPLE = "docs/anchor.toml"
FROM_FILE = "_FILE"
"""Behind a secret's variable: names a file whose text is the value."""
SECRET_BYTES = 65536


def _short_text(path: Path) -> str:
    """A small regular file's text; a named pipe would be waited for."""
    if path.exists() and not path.is_file():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) if path.is_dir() else ValueError(path)
    with path.open("rb") as file:
        content = file.read(SECRET_BYTES + 1)
    if len(content) > SECRET_BYTES:
        raise ValueError(path)
    return content.decode("utf-8")


@dataclass(frozen=True, slots=True)
class Variable:
    """The environment variable of a key."""

    name: str
    takes: str
    """What is allowed, for people: the id of a message."""
    joined: str = ""
    """The character between several values in the variable."""
    is_json: bool = False
    is_secret: bool = False
    """The value may hold a password: it is not repeated in errors, and `NAME_FILE` may name a file that holds it."""

    def text(self, environment: Mapping[str, str]) -> str:
        """What is set, in the variable or in the file that `NAME_FILE` names; the variable goes before; empty: nothing.

        Raises:
            SettingsError: the file cannot be read.
        """
        file = environment.get(f"{self.name}{FROM_FILE}", "") if self.is_secret else ""
        if environment.get(self.name) or not file:
            return environment.get(self.name, "")
        try:
            return _short_text(Path(file)).strip()
        except (OSError, ValueError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else message("settings.secret-file-text")
            what = message("settings.secret-file", variable=f"{self.name}{FROM_FILE}", reason=reason)
            raise SettingsError(what, hint=message("settings.secret-file-hint"), place=Place(file=file)) from error

    def value(self, text: str) -> object:
        """What the variable's text stands for; what cannot be read stays text, for the checks to refuse."""
        if self.joined:
            return [part for part in text.split(self.joined) if part]
        if self.is_json:
            try:
                return json.loads(text)
            except ValueError:
                return text
        return text


class ConfigSection(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Paths(ConfigSection):
    """`[paths]`: in the file, a path that is not absolute begins at the file's folder, and `~` is one's home."""

    shelves: Annotated[list[str], Variable("ANCHOR_SHELVES", "settings.folders", joined=":")] = []
    cache: Annotated[str, Variable("ANCHOR_CACHE", "settings.folder")] = ""
    data: Annotated[str, Variable("ANCHOR_DATA", "settings.folder")] = ""
    models: Annotated[str, Variable("ANCHOR_MODELS", "settings.folder")] = ""
    lexicon: Annotated[str, Variable("ANCHOR_LEXICON", "settings.file")] = ""
    wordlist: Annotated[str, Variable("ANCHOR_WORDLIST", "settings.folder-or-off")] = ""
    ffmpeg: Annotated[str, Variable("ANCHOR_FFMPEG", "settings.program")] = ""


class StoreSection(ConfigSection):
    """`[store]`: where a farm shares its files."""

    url: Annotated[str, Variable("ANCHOR_STORE", "settings.store-url", is_secret=True)] = ""
    endpoint: Annotated[str, Variable("ANCHOR_STORE_ENDPOINT", "settings.url", is_secret=True)] = ""
    options: Annotated[
        dict[str, Any],
        Variable("ANCHOR_STORE_OPTIONS", "settings.options", "", True, True),
    ] = {}

    def as_options(self) -> tuple[tuple[str, str], ...]:
        """Options of the file system as (name, JSON value)."""
        options = {**self.options, **({"endpoint_url": self.endpoint} if self.endpoint else {})}
        return tuple(sorted((name, json.dumps(value)) for name, value in options.items()))


_COUNT = "settings.count"
_AMOUNT = "settings.amount"


class Jobs(ConfigSection):
    """`[jobs]`: the rows of jobs and the bounds of `JobLimits`."""

    database: Annotated[str, Variable("ANCHOR_DATABASE", "settings.database-url", is_secret=True)] = ""
    queued: Annotated[int, Variable("ANCHOR_JOBS_QUEUED", "settings.count-or-none"), Field(ge=0)] = _USUAL.queued
    attempts: Annotated[int, Variable("ANCHOR_JOBS_ATTEMPTS", _COUNT), Field(ge=1)] = _USUAL.attempts
    losses: Annotated[int, Variable("ANCHOR_JOBS_LOSSES", _COUNT), Field(ge=1)] = _USUAL.losses
    backoff_s: Annotated[float, Variable("ANCHOR_JOBS_BACKOFF_S", _AMOUNT), Field(ge=0)] = _USUAL.backoff_s
    lease_s: Annotated[float, Variable("ANCHOR_JOBS_LEASE_S", "settings.amount-above"), Field(gt=0)] = _USUAL.lease_s
    unit_s: Annotated[float, Variable("ANCHOR_JOBS_UNIT_S", _AMOUNT), Field(ge=0)] = _USUAL.unit_s
    processes: Annotated[int, Variable("ANCHOR_JOBS_PROCESSES", _COUNT), Field(ge=1)] = _USUAL.processes
    idle_s: Annotated[float, Variable("ANCHOR_JOBS_IDLE_S", _AMOUNT), Field(ge=0)] = _USUAL.idle_s
    keep_days: Annotated[float, Variable("ANCHOR_JOBS_KEEP_DAYS", _AMOUNT), Field(ge=0)] = _USUAL.keep_days
    keep_gb: Annotated[float, Variable("ANCHOR_JOBS_KEEP_GB", _AMOUNT), Field(ge=0)] = _USUAL.keep_gb

    def limits(self) -> JobLimits:
        """The bounds alone."""
        return JobLimits(**{field.name: getattr(self, field.name) for field in fields(JobLimits)})


class Farm(ConfigSection):
    """`[farm]`: the same on all machines."""

    redis: Annotated[str, Variable("ANCHOR_REDIS", "settings.redis-url", is_secret=True)] = ""
    gpu_stages: Annotated[list[str], Variable("ANCHOR_GPU_STAGES", "settings.stages", joined=",")] = []
    chunk_frames: Annotated[int, Variable("ANCHOR_CHUNK_FRAMES", _COUNT), Field(ge=1)] = 900


class Engines(ConfigSection):
    """`[engines]`: what may speak and draw."""

    test: Annotated[bool, Variable("ANCHOR_TEST_ENGINES", "settings.yes-or-no")] = False


class Configuration(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    paths: Paths = Paths()
    store: StoreSection = StoreSection()
    jobs: Jobs = Jobs()
    farm: Farm = Farm()
    engines: Engines = Engines()

    def __init__(self, environment: Mapping[str, str], file: Path | None) -> None:
        super().__init__(environment=environment, file=file)

    def sections(self) -> tuple[Paths, StoreSection, Jobs, Farm, Engines]:
        """The sections, in the order of the file."""
        return self.paths, self.store, self.jobs, self.farm, self.engines

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The variables of the mapping that was given go before the file."""
        assert isinstance(init_settings, InitSettingsSource)
        given = init_settings.init_kwargs
        return VariableSource(settings_cls, given["environment"]), FileSource(settings_cls, given["file"])


class VariableSource(PydanticBaseSettingsSource):
    """The environment variables that the keys name; an empty one counts as not set."""

    def __init__(self, settings_cls: type[BaseSettings], environment: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._environment = environment

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The section with those of its keys whose variables are set."""
        texts = {key: (v, v.text(self._environment)) for key, v in variables(field_name).items()}
        return {key: v.value(text) for key, (v, text) in texts.items() if text}, field_name, True

    def __call__(self) -> dict[str, Any]:
        """Section → key → value."""
        found = {name: self.get_field_value(field, name)[0] for name, field in Configuration.model_fields.items()}
        return {name: keys for name, keys in found.items() if keys}


class FileSource(TomlConfigSettingsSource):
    """The file, its paths made absolute."""

    def __init__(self, settings_cls: type[BaseSettings], file: Path | None) -> None:
        super().__init__(settings_cls, file)
        paths = self.init_kwargs.get("paths")
        if file is not None and isinstance(paths, dict):
            self.init_kwargs["paths"] = {key: _from(file.parent, value) for key, value in paths.items()}


def _from(folder: Path, value: object) -> object:
    if isinstance(value, list):
        return [_from(folder, one) for one in value]
    if not isinstance(value, str) or value in ("", "off"):
        return value
    return str(folder.absolute() / Path(value).expanduser())


def variables(section: str) -> dict[str, Variable]:
    """Key → its variable, of a section."""
    model = Configuration.model_fields[section].annotation
    assert isinstance(model, type) and issubclass(model, ConfigSection)
    return {
        key: next(mark for mark in field.metadata if isinstance(mark, Variable))
        for key, field in model.model_fields.items()
    }


def read_configuration(environment: Mapping[str, str], usual: Path) -> Configuration:
    """What the variables and the file say.

    Args:
        environment: variables by name; `ANCHOR_CONFIG` names the file.
        usual: the file where none is named; it need not be there.

    Raises:
        SettingsError: a value is not allowed, a key is unknown, or the file cannot be read.
    """
    named = environment.get("ANCHOR_CONFIG")
    file = Path(named).expanduser() if named else usual
    place = Place(file=str(file))
    if named and (not file.exists() or file.is_dir()):
        hint = message("settings.begin-with", sample=SAMPLE)
        raise SettingsError(message("settings.no-such-file", path=named), hint=hint)
    try:
        return Configuration(environment, file if file.exists() else None)
    except ValidationError as error:
        _refuse(error, environment, str(file))
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        hint = message("settings.see", sample=SAMPLE)
        raise SettingsError(message("settings.cannot-read", reason=reason), hint=hint, place=place) from error


def _refuse(error: ValidationError, environment: Mapping[str, str], file: str) -> NoReturn:
    """Say the first fault: key, value, what is allowed."""
    first = error.errors()[0]
    section, *rest = (str(part) for part in first["loc"])
    place = Place(file=file, field=".".join([section, *rest[:1]]))
    if section not in Configuration.model_fields:
        raise _unknown(message("settings.no-section", section=section), Configuration.model_fields, place) from error
    there = variables(section)
    if not rest:
        what = message("settings.is-a-section", section=section, value=repr(first["input"]))
        raise SettingsError(what, hint=message("settings.write-section", section=section), place=place)
    key = rest[0]
    if key not in there:
        raise _unknown(message("settings.no-key", key=key, section=section), there, place) from error
    variable = there[key]
    is_set = bool(variable.text(environment))
    value = repr(environment.get(variable.name) or first["input"])
    what = _not_allowed(variable, variable.name if is_set else key, value)
    raise SettingsError(what, hint=_usual(section, key), place=None if is_set else place) from error


def _not_allowed(variable: Variable, name: str, value: str) -> Message:
    takes = message(variable.takes)
    if variable.is_secret:
        return message("settings.not-allowed-secret", name=name, takes=takes)
    return message("settings.not-allowed", name=name, value=value, takes=takes)


def _unknown(what: Message, there: Iterable[str], place: Place) -> SettingsError:
    return SettingsError(what, hint=message("settings.there-are", names=tuple(there)), place=place)


def _usual(section: str, key: str) -> Message:
    usual = getattr(Configuration.model_fields[section].default, key)
    if not usual:
        return message("settings.leave-out", sample=SAMPLE)
    return message("settings.default-is", usual=json.dumps(usual), sample=SAMPLE)
