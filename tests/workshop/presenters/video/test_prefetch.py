"""Items made in a thread ahead of whoever takes them: all, in order, and none that nobody wants."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from anchor.workshop.presenters.video.prefetch import run_ahead


class Source:
    """Counts, and notes the threads that made and closed it."""

    def __init__(self, end: int, fails: bool = False) -> None:
        self.made, self.threads, self.closed = 0, set[int](), threading.Event()
        self._end, self._fails = end, fails

    def items(self) -> Generator[int, None, None]:
        try:
            for number in range(self._end):
                self.threads.add(threading.get_ident())
                self.made += 1
                yield number
            if self._fails:
                raise ValueError("no more")
        finally:
            self.threads.add(threading.get_ident())
            self.closed.set()


def test_all_items_come_in_order_out_of_one_other_thread() -> None:
    source = Source(50)
    assert list(run_ahead(source.items())) == list(range(50))
    assert len(source.threads) == 1 and threading.get_ident() not in source.threads


def test_a_failure_comes_after_the_items_before_it() -> None:
    source, got = Source(5, fails=True), []
    with pytest.raises(ValueError, match="no more"):
        for item in run_ahead(source.items()):
            got.append(item)
    assert got == list(range(5))


def test_no_more_than_asked_for_is_made_and_closing_closes() -> None:
    source = Source(1000)
    ahead = run_ahead(source.items(), 2)
    assert next(ahead) == 0
    ahead.close()
    assert source.closed.is_set()
    assert source.made <= 4 and len(source.threads) == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
