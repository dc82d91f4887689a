"""Scripts to submit, and hands that run their units inside the test."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from anchor.core.job import Job
from anchor.intake.script import parse_script
from anchor.jobs.claims import ready_units
from anchor.jobs.database import open_database
from anchor.jobs.dispatch import Executed
from anchor.jobs.execute import execute_unit
from anchor.jobs.service import JobService
from anchor.jobs.states import ACTIVE
from anchor.pipeline.plan.casting import Choices
from anchor.pipeline.services import Services
from anchor.pipeline.units import JobSpec, Unit
from anchor.settings import Settings
from tests.pipeline.toys import ROOT, settings_for
from tests.workers.reference import own_cache

TOYS = Choices(avatar="doll", voice="hum", rendition="web-720p")


def spec_of(*paragraphs: str, choices: Choices = TOYS) -> JobSpec:
    """A script of these paragraphs on the tiny engines."""
    text = "\n\n".join(paragraphs or ("大家好。",))
    return JobSpec(parse_script(f"---\ntitle: 測試\n---\n\n{text}\n", None, ROOT), choices)


class NobodyWorks:
    """A dispatcher that leaves the work to the test."""

    def __init__(self) -> None:
        self.dispatched: list[str] = []
        self.revoked: list[str] = []

    def dispatch(self, job: str) -> None:
        self.dispatched.append(job)

    def revoke(self, job: str) -> None:
        self.revoked.append(job)

    def wake(self) -> None:
        return None


def ready(settings: Settings) -> list[tuple[str, Unit]]:
    """What could be made now."""
    with open_database(settings).reading() as session:
        return ready_units(session)


def work_off(settings: Settings, services: Services, most: int = 1000) -> list[tuple[str, Unit, Executed]]:
    """Make every unit there is, most urgent first; what waits for a second try is waited for."""
    made: list[tuple[str, Unit, Executed]] = []
    idle = 0
    while len(made) < most and idle < 10:
        waiting = ready(settings)
        idle = 0 if waiting else idle + 1
        if not waiting:
            time.sleep(0.02)
        for job, unit in waiting[:1]:
            made.append((job, unit, execute_unit(job, unit.stage, unit.index, services, settings)))
    return made


def wait_for(service: JobService, job: str, that: Callable[[Job], bool] | None = None, most_s: float = 120) -> Job:
    """A job once `that` is true of it, or once nothing of it goes on any more."""
    until = time.monotonic() + most_s
    while time.monotonic() < until:
        found = service.get(job)
        if found.state not in ACTIVE if that is None else that(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"{service.get(job)}; last events: {service.events(job)[-5:]}")


def warm_plates(shelf: Path, folder: Path, plates: Path) -> Path:
    """`plates`, with those of the tiny clip."""
    from anchor.pipeline.run import render_script

    with Services(settings_for(own_cache(folder / "cache", plates), shelf, production=False)) as services:
        spec = spec_of()
        render_script(spec.script, spec.choices, folder / "clip.mp4", services)
    return plates
