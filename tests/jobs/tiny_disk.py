"""A disk that is soon full: a tiny file system in memory, which only root may mount."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest


class TinyDisk:
    """Mounted at a folder; use as a context manager, skips where it cannot be mounted."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder, self._size = folder, size

    def __enter__(self) -> Self:
        if os.geteuid() != 0 or shutil.which("mount") is None:
            pytest.skip("mounting a tiny disk needs root")
        self.folder.mkdir()
        argv = ("mount", "-t", "tmpfs", "-o", f"size={self._size}", "tmpfs", str(self.folder))
        mounted = subprocess.run(argv, capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.skip(f"cannot mount a tiny disk here: {mounted.stderr.strip()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(("umount", "--lazy", str(self.folder)), check=True)

    def leave(self, kib: int) -> None:
        """Leave so much space beside what is there."""
        facts = os.statvfs(self.folder)
        used = (facts.f_blocks - facts.f_bfree) * facts.f_frsize // 1024
        self.grow(f"{used + kib}k")

    def grow(self, size: str) -> None:
        """Make space."""
        subprocess.run(("mount", "-o", f"remount,size={size}", str(self.folder)), check=True)
