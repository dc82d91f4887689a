"""A real PostgreSQL for tests, on a socket of its own, run as a user without rights."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest


def find_program(name: str) -> str | None:
    """A program of PostgreSQL: on PATH, or where Debian keeps it."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(kept[-1]) if kept else None)


class PostgresServer:
    """A cluster with as many databases as are asked for; use as a context manager."""

    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: every commit is on the disk, as it is where jobs must not be lost; tests do without."""
        self._fsync = "on" if durable else "off"
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        programs = [find_program(name) for name in ("initdb", "pg_ctl")]
        pytest.importorskip("psycopg")
        if None in programs:
            pytest.skip("PostgreSQL is not installed (apt install postgresql)")
        self._initdb, self._pg_ctl = (str(p) for p in programs)
        # Not in pytest's folder: that one is closed to the user that the server runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user, self.user)
        self._run(self._initdb, "-D", f"{self.folder}/data", "-U", "anchor", "-A", "trust", "-N")
        flags = f"-k {self.folder} -c listen_addresses= -c fsync={self._fsync}"
        self._run(self._pg_ctl, "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-o", flags, "-w", "start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, with what it had."""
        flags = f"-k {self.folder} -c listen_addresses= -c fsync=off"
        self._run(self._pg_ctl, "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-o", flags, "-w", "start")

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        self._run(self._pg_ctl, "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def fresh_url(self) -> str:
        """A database that nobody has used."""
        import psycopg

        name = f"t{next(self._numbers)}"
        with psycopg.connect(f"host={self.folder} user=anchor dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://anchor@/{name}?host={self.folder}"

    def _run(self, *argv: str) -> None:
        as_user = ("runuser", "-u", self.user, "--") if os.geteuid() == 0 else ()
        # The started server keeps the pipes of its starter: its words go to a file instead.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run((*as_user, *argv), stdout=said, stderr=said, cwd="/", check=False)
            said.seek(0)
            assert done.returncode == 0, said.read().decode()
