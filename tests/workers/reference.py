"""What a job gives when one process runs all its units: here, or in a process of another version."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from anchor.jobs.inline.dispatcher import settings_from_text, settings_text
from anchor.pipeline.graph import Sizes, Unit, startable
from anchor.pipeline.services import Context, Services
from anchor.pipeline.units import JobSpec, UnitDone, job_result, run_unit, spec_document, spec_from
from anchor.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def run_all(spec: JobSpec, services: Services) -> list[UnitDone]:
    """Every unit of a job, run as soon as all that it needs are done."""
    done: dict[Unit, UnitDone] = {}
    sizes = Sizes(len(spec.script.segments))
    while ready := startable(done, sizes):
        made = done[ready[0]] = run_unit(spec, ready[0], services, Context())
        sizes = max(sizes, made.sizes, key=lambda s: s.chunks)
    return list(done.values())


def digests_of(spec: JobSpec, settings: Settings, cache: Path) -> dict[str, str]:
    """Kind → digest of the job's files."""
    with Services(replace(settings, cache=cache)) as services:
        run_all(spec, services)
        return {kind: file.digest for kind, file in job_result(spec, services)}


def digests_of_newer(spec: JobSpec, settings: Settings, cache: Path) -> dict[str, str]:
    """The same of the newer Anchor in `tests.workers.rigged`, in a process of its own."""
    given = json.dumps([spec_document(spec), settings_text(replace(settings, cache=cache))])
    argv = (sys.executable, "-m", "tests.workers.reference")
    done = subprocess.run(argv, input=given, capture_output=True, text=True, cwd=ROOT, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def own_cache(folder: Path, plates: Path) -> Path:
    """An empty cache with the shared plates."""
    folder.mkdir(parents=True)
    (folder / "plates").symlink_to(plates)
    return folder


if __name__ == "__main__":
    from tests.workers.rigged import newer

    newer()
    document, text = json.load(sys.stdin)
    settings = settings_from_text(text)
    sys.stdout.write(json.dumps(digests_of(spec_from(document), settings, settings.cache)))
