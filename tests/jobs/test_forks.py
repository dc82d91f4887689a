"""A process that forks while its threads use the database: as a farm's worker does when it replaces a dead process."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from anchor.jobs.database import data_folder
from anchor.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = textwrap.dedent("""
    import os, sys, threading, time
    from pathlib import Path
    from sqlalchemy import text
    from anchor.jobs import database as databases
    from anchor.settings import Settings

    databases.BUSY_S = 5.0
    folder = Path(sys.argv[1])
    settings = Settings(shelves=(), cache=folder, models=folder, data=folder)
    over = threading.Event()

    def write():
        with databases.open_database(settings).writing() as session:
            session.execute(text("INSERT INTO audit (job, at_ms, who, action, reason) VALUES ('j', 1, '', '', '')"))
            time.sleep(0.02)

    def keep_writing():
        while not over.wait(0.01):
            write()

    thread = threading.Thread(target=keep_writing, daemon=True)
    thread.start()
    statuses = []
    for _ in range(30):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                write()
                status = 0
            finally:
                os._exit(status)
        statuses.append(os.waitpid(child, 0)[1])
        time.sleep(0.007)
    over.set()
    thread.join()
    sys.exit(len([s for s in statuses if s]))
""")


def test_a_child_can_write_whatever_its_parent_was_writing(local: Settings) -> None:
    folder = data_folder(local)
    argv = (sys.executable, "-W", "ignore", "-c", PROGRAM, str(folder))
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
