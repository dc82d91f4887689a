"""Ctrl-C and SIGTERM."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from anchor.cli.stop import Stop


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_first_a_request(number: int, status: int) -> None:
    stop = Stop()
    with stop.listening():
        assert not stop.asked()
        os.kill(os.getpid(), number)
        assert stop.asked()
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert stop.exit_status == status


def test_who_does_not_listen_is_interrupted() -> None:
    stop = Stop()
    with pytest.raises(KeyboardInterrupt), stop.listening():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
    assert stop.signal == signal.SIGINT


def test_a_thread_that_hears_it_does_not_call_the_interrupt_off() -> None:
    stop = Stop()
    heard: list[bool] = []
    with pytest.raises(KeyboardInterrupt), stop.listening():
        os.kill(os.getpid(), signal.SIGINT)
        other = threading.Thread(target=lambda: heard.append(stop.asked()))
        other.start()
        other.join()
        time.sleep(30)
    assert heard == [True]


def test_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGALRM)
    with Stop().listening():
        pass
    after = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGALRM)
    assert after == before
