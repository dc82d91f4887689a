"""What listeners would say of the sound itself, estimated by DNSMOS P.835: speech, background, and both together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError, EngineUnavailable
from anchor.messages import message
from anchor.neural import onnx_errors, onnx_session
from anchor.speech.log_mel import RATE_HZ, at_16_khz
from anchor.speech.recogniser import INSTALL

F32 = NDArray[np.float32]

WINDOW = 144_160
"""Samples at 16 kHz that the network judges at a time: 9.01 s."""
HOP = RATE_HZ
CURVES = (
    (0.0052439, 1.22083953, -0.08397278),
    (-0.39604546, 1.60915514, -0.13166888),
    (0.04602535, 1.11546468, -0.06766283),
)
"""From the network's scale to that of listeners: speech, background, overall; constant, linear, square. The fit that
was published with the weights."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """Mean opinion scores, 1 (bad) to 5 (excellent); 1.2 to about 4.3 is what the network gives."""

    speech: float
    """SIG: how little the speech itself is distorted."""
    background: float
    """BAK: how little is heard beside it."""
    overall: float
    """OVRL."""


class Judge:
    """Judges sound; loads at first use. It was trained on telephony with noise: what it says of a reader's manner or of
    wrong sounds is nothing."""

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._session: Any = None

    def load(self) -> None:
        """Load now; raises like `judge`."""
        self._loaded()

    def judge(self, pcm: F32, rate: int) -> Opinion:
        """The opinion of a sound, the mean over its windows.

        Shapes:
            pcm: [samples] float32, −1…1, mono, not empty

        Raises:
            EngineUnavailable: the library or the weights are not here.
            EngineError: the network failed.
        """
        network = self._loaded()
        try:
            raw = [network.run(None, {"input_1": window[None]})[0][0] for window in _windows(at_16_khz(pcm, rate))]
        except onnx_errors() as error:
            raise EngineError(message("voices.judge-failed", error=str(error))) from error
        scores = np.array(raw, np.float64)
        speech, background, overall = (
            float(np.mean(np.polynomial.polynomial.polyval(scores[:, place], curve)))
            for place, curve in enumerate(CURVES)
        )
        return Opinion(speech, background, overall)

    def _loaded(self) -> Any:
        if self._session is None:
            found = find_spec("speechmos")
            if found is None or not found.submodule_search_locations:
                raise EngineUnavailable(message("voices.judge-lacks-weights"), hint=INSTALL)
            weights = Path(found.submodule_search_locations[0]) / "dnsmos_models" / "sig_bak_ovr.onnx"
            self._session = onnx_session(weights, self._threads, INSTALL, INSTALL)
        return self._session


def _windows(pcm: F32) -> Iterator[F32]:
    """Windows a second apart; a sound that is too short is said again until it is long enough."""
    if len(pcm) < WINDOW:
        doubled = 1 << int(np.ceil(np.log2(WINDOW / len(pcm))))
        pcm = np.tile(pcm, doubled)
    # A window that would begin in the last, begun second is left out, as in the published measure.
    count = int(len(pcm) // RATE_HZ - WINDOW / RATE_HZ) + 1
    for start in range(0, count * HOP, HOP):
        yield np.ascontiguousarray(pcm[start : start + WINDOW])
