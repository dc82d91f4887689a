"""requirements/: exact versions with hashes of all that is installed, and nothing that names a place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
SETS = {
    "demo": ("espeak", "kokoro"),
    "image": ("espeak", "kokoro", "farm", "s3", "postgres"),
    "test": ("espeak", "kokoro", "evaluate", "farm", "s3", "postgres", "dev"),
    "neural": ("coqui", "musetalk"),
}
"""File → extras that are there once it and what it stands on are installed."""
UNDER = {"demo": ("build",), "image": ("build", "demo"), "test": ("build", "demo", "image")}
UNDER["neural"] = UNDER["test"]
BY_MACHINE = r"torch|triton|(nvidia|cuda)-.+"
"""What no file holds: its build differs by machine."""
ENTRY = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)(?: ; ([^\\\n]+?))? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+",
    re.MULTILINE,
)


def pins(name: str) -> dict[str, list[tuple[Version, str]]]:
    """Library → its versions, each with the machines it is for, of one file."""
    found: dict[str, list[tuple[Version, str]]] = {}
    for library, version, marker in ENTRY.findall((FOLDER / f"{name}.txt").read_text(encoding="utf-8")):
        found.setdefault(canonicalize_name(library), []).append((Version(version), marker))
    return found


def version_here(found: dict[str, list[tuple[Version, str]]], library: str, python: str = "3.11") -> Version | None:
    """The version for a Python on a machine like the one that runs the test."""
    there = found.get(canonicalize_name(library), [])
    machine = {"python_version": python, "python_full_version": f"{python}.0"}
    return next((version for version, marker in there if not marker or Marker(marker).evaluate(machine)), None)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_a_file_holds_nothing_but_versions_with_hashes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ENTRY.sub("", text) == "" and ENTRY.search(text)
    assert not re.search(r"://|@|--(?:index|extra|find|trusted)", text), "no address"
    assert not [name for name in pins(path.stem) if re.fullmatch(BY_MACHINE, name)]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("name", SETS)
def test_everything_that_is_asked_for_is_pinned(name: str, python: str) -> None:
    found = {library: there for file in (*UNDER[name], name) for library, there in pins(file).items()}
    wanted = [*PROJECT["dependencies"], *(line for extra in SETS[name] for line in EXTRAS[extra])]
    for line in wanted:
        need = Requirement(line)
        if need.name == "torch":
            continue
        version = version_here(found, need.name, python)
        assert version is not None, f"{need.name} is not in requirements/{name}.txt: make lock"
        assert version in need.specifier, f"{line} against {version}: make lock"


def test_every_extra_is_in_a_set() -> None:
    assert {extra for extras in SETS.values() for extra in extras} == set(EXTRAS)


def test_what_builds_and_what_measures_lips_is_pinned() -> None:
    for name in ("build", "lips"):
        lines = (FOLDER / f"{name}.in").read_text(encoding="utf-8").splitlines()
        for need in (Requirement(line) for line in lines if line and not line.startswith("#")):
            version = version_here(pins(name), need.name)
            assert version is not None and version in need.specifier, need
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert all(version_here(pins("build"), Requirement(line).name) in Requirement(line).specifier for line in built)
    assert version_here(pins("lips"), "mediapipe")


def test_a_library_has_one_version_everywhere() -> None:
    seen: dict[str, set[Version]] = {}
    for name in ("build", *SETS):
        for library, there in pins(name).items():
            versions = {version for version, _ in there}
            assert seen.setdefault(library, versions) == versions, library


def test_makefile_and_image_install_nothing_else() -> None:
    makefile, dockerfile = ((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "Dockerfile"))
    installs = [line for text in (makefile, dockerfile) for line in text.splitlines() if "pip install" in line]
    free = [line.strip() for line in installs if not re.search(r"--require-hashes -r|--no-index", line)]
    assert len(installs) > len(free) > 0
    for line in free:
        assert re.search(r"'\$\(TORCH\)'|\"\$\{TORCH\}\"|check uv$", line), line
    called = re.findall(r"\$\(call pinned,[^,]+,([a-z ]+)\)", makefile)
    assert {name for names in called for name in names.split()} == {path.stem for path in FOLDER.glob("*.txt")}
    assert 'ARG PINS="build demo image"' in dockerfile
