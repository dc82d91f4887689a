"""What this process may use of the machine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AHEAD = 2
"""Pieces of work begun before the one that is taken, for each core."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_cores() -> int:
    """Processor cores that this process may run on; 1 or more."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[Item], Result], items: Iterable[Item], name: str = "in-order") -> Iterator[Result]:
    """What `work` makes of each item, in their order, one at a time on each core.

    Few items are begun ahead of the one that is taken, so that memory stays small. Left early, what is not begun is
    dropped. The first error comes when its turn comes.
    """
    cores = available_cores()
    if cores < 2:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(cores, thread_name_prefix=name) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= AHEAD * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
