"""Tests in several processes (`pytest -n`): side by side, but nothing beside one that is marked `alone` or `gpu`."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from anchor.core.machine import available_cores

ALONE = {"alone", "gpu"}
"""Marks of a test that nothing may run beside."""
MOST_PROCESSES = 4
"""Each may come to hold 3 GB, and what runs alone gains nothing by more of them."""


class Turns:
    """Two locks in a folder that all processes of a run are given.

    A test holds the room while it runs, with others or alone. It takes the room with the door in its hand, so whoever
    waits to be alone keeps later ones outside and is soon served. What a dead process held is free.
    """

    def __init__(self, folder: Path) -> None:
        self._door = (folder / "door").open("a+b")
        self._room = (folder / "room").open("a+b")

    @contextmanager
    def one(self, alone: bool) -> Iterator[None]:
        """One turn, after as long a wait as the others need."""
        with _held(self._door, fcntl.LOCK_EX):
            fcntl.lockf(self._room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        try:
            yield
        finally:
            fcntl.lockf(self._room, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the files back."""
        self._door.close()
        self._room.close()


@contextmanager
def _held(file: IO[bytes], how: int) -> Iterator[None]:
    fcntl.lockf(file, how)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)


TURNS = pytest.StashKey[Turns]()
FOLDER = pytest.StashKey[str]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: a process for each core."""
    return min(available_cores(), MOST_PROCESSES)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The first process tells the others where turns are taken."""
    stash = node.config.stash
    if FOLDER not in stash:
        stash[FOLDER] = tempfile.mkdtemp(prefix="anchor-turns-")
    node.workerinput["turns"] = stash[FOLDER]


def pytest_configure(config: pytest.Config) -> None:
    """One of several processes takes turns with the others."""
    folder = getattr(config, "workerinput", {}).get("turns")
    if folder is not None:
        config.stash[TURNS] = Turns(Path(folder))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing."""
    if TURNS in config.stash:
        config.stash[TURNS].close()
    if FOLDER in config.stash:
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


def runs_alone(item: pytest.Item) -> bool:
    """Whether nothing may run beside a test."""
    return any(mark.name in ALONE for mark in item.iter_markers())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Processes take file after file: slow ones come first, short ones level the end, then those of `alone`."""
    if TURNS not in config.stash:
        return
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    items[:] = [item for tests in sorted(files.values(), key=_place) for item in tests]


def _place(tests: list[pytest.Item]) -> tuple[bool, bool, bool]:
    marks = {mark.name for item in tests for mark in item.iter_markers()}
    return 2 * sum(map(runs_alone, tests)) > len(tests), "slow" not in marks, "media" not in marks


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test and the fixtures that are made for it run in one turn."""
    if TURNS not in item.config.stash:
        return (yield)
    with item.config.stash[TURNS].one(runs_alone(item)):
        return (yield)
