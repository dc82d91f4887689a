"""A Redis for the bench."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_S = 0.05


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """A redis-server with an append-only file, as `anchor up` starts it."""
    socket = folder / "r.sock"
    argv = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
    argv += ["--appendonly", "yes", "--save", "", "--loglevel", "warning"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as server:
        while not socket.is_socket():
            time.sleep(POLL_S)
        try:
            yield f"unix://{socket}"
        finally:
            server.terminate()
