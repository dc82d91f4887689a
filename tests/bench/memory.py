"""Peak memory of a whole process tree."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

STEP_S = 0.1


@dataclass(frozen=True, slots=True)
class Ran:
    """One command run to its end."""

    seconds: float
    peak_bytes: int
    """Most that the command and all its descendants held at once: sum of PSS, shared pages counted once."""
    stdout: str


def run_measured(argv: Sequence[str], environment: Mapping[str, str]) -> Ran:
    """Run a command and sample its tree ten times a second.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(environment)
    ) as child:
        peak = 0
        root = psutil.Process(child.pid)
        while True:
            peak = max(peak, _tree_bytes(root))
            try:
                # Collects both pipes, so that neither can fill up.
                stdout, stderr = child.communicate(timeout=STEP_S)
                break
            except subprocess.TimeoutExpired:
                continue
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, list(argv), stdout, stderr)
    return Ran(time.perf_counter() - began, peak, stdout)


def _tree_bytes(root: psutil.Process) -> int:
    total = 0
    try:
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            full = process.memory_full_info()
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        # PSS is Linux; elsewhere what is the process's own.
        total += getattr(full, "pss", full.uss)
    return total
