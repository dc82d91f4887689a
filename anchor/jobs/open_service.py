"""The job service that the settings ask for: which dispatcher, loaded on use."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from anchor.core.errors import EngineUnavailable
from anchor.jobs.dispatch import Dispatcher
from anchor.jobs.local_broker import with_local_broker
from anchor.jobs.service import JobService
from anchor.messages import message
from anchor.settings import Settings

DISPATCHERS = {
    "inline": "anchor.jobs.inline.dispatcher:InlineDispatcher",
    "celery": "workers.dispatcher:CeleryDispatcher",
}
"""Name → `module:class`, made with the settings."""


def open_service(settings: Settings) -> JobService:
    """The service over the settings' database: Celery's workers where a broker is named, else this machine's.

    Raises:
        StorageError: the database does not answer.
        EngineUnavailable: the packages of a farm are missing.
    """
    settings = with_local_broker(settings)
    return JobService(settings, load_dispatcher("celery" if settings.redis else "inline", settings))


def load_dispatcher(name: str, settings: Settings) -> Dispatcher:
    """A dispatcher by its name."""
    module, _, attribute = DISPATCHERS[name].partition(":")
    try:
        made = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise EngineUnavailable(
            message("jobs.dispatcher-needs", dispatcher=name, package=str(error.name)),
            hint=message("jobs.install-farm"),
        ) from error
    return cast(Dispatcher, made(settings))
