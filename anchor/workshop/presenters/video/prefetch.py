"""An iterator run in a thread of its own, a few items ahead of whoever takes them: two cores work at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def run_ahead(items: Generator[T, None, None], depth: int = 2) -> Generator[T, None, None]:
    """The same items in the same order, at most `depth` of them made before they are asked for.

    What `items` raises is raised here. Closing this generator closes `items`, in the thread in which it ran.
    """
    line: deque[Future[tuple[T] | None]] = deque()

    def taken() -> tuple[T] | None:
        for item in items:
            return (item,)
        return None

    with ThreadPoolExecutor(1, "ahead") as thread:
        try:
            while True:
                while len(line) < depth + 1:
                    line.append(thread.submit(taken))
                found = line.popleft().result()
                if found is None:
                    return
                yield found[0]
                del found
        finally:
            for future in line:
                future.cancel()
            thread.submit(items.close).result()
