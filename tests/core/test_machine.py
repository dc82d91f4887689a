"""Work done side by side comes in order, few pieces ahead, and stops when it is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from anchor.core import machine
from anchor.core.machine import AHEAD, available_cores, in_order


def test_results_come_in_the_order_of_the_items(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores in 1, 4:
        monkeypatch.setattr(machine, "available_cores", lambda cores=cores: cores)
        assert list(in_order(lambda n: (time.sleep((7 - n) / 500), n * n)[1], range(8))) == [n * n for n in range(8)]


def test_few_items_are_taken_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = in_order(lambda number: number, items())
    assert next(results) == 0
    assert len(taken) <= AHEAD * available_cores()
    results.close()  # type: ignore[attr-defined]
    assert len(taken) <= AHEAD * available_cores()


def test_an_error_comes_in_its_turn_and_leaves_no_thread() -> None:
    results = in_order(lambda number: 1 // (3 - number), range(50), "counted")
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("counted")]
