"""A text that runs through a window from right to left, over and over: where it stands at every frame."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from anchor.core.layers import LAYERS
from anchor.core.time import Timebase
from anchor.graphics.lettering import Letterer, Setting
from anchor.graphics.style import Look, Text

_GAP_EM = 2.0
"""Between the text's end and its next beginning, at least."""


@dataclass(frozen=True, slots=True)
class Run:
    """How one text runs: whole pixels a frame, so that it moves evenly."""

    field: str
    """Whose text it is."""
    setting: Setting
    step: int
    """Pixels a frame."""
    window: int
    """Width through which it runs, pixels."""
    period: int
    """From one beginning to the next, pixels; a multiple of `step`."""

    def starts(self, frame: int) -> Iterator[int]:
        """Left edges of the text in the window, `frame` frames after it came; the first comes in at the right edge."""
        at = self.window - frame * self.step
        gone = -math.ceil(self.setting.width) - at
        at += max(0, gone // self.period) * self.period
        yield from range(at, self.window, self.period)

    def folded(self, frame: int, since: int) -> int:
        """The earliest frame from `since` on that shows the same."""
        length = self.setting.width + _GAP_EM * self.setting.em
        # Before, the text comes in for the first time and none goes before it.
        first = max(since, math.ceil(max(0.0, self.window + length - self.period) / self.step))
        return frame if frame < first else first + (frame - first) % (self.period // self.step)


def run_of(look: Look, kind: str, fields: Mapping[str, str], scale: float, timebase: Timebase) -> Run | None:
    """How the text of a layer runs; None: it does not, or there is none."""
    row, style = LAYERS[kind], look.layer(kind)
    words = fields.get(row.running, "").replace("\n", "　").strip()
    element = next((e for e in style.elements if isinstance(e, Text) and e.field == row.running), None)
    if row.moves != "runs" or element is None or not words:
        return None
    letterer = Letterer(look.type.family, look.type.styles[element.style], scale)
    em = letterer.style.size * scale
    width = letterer.measure(words, em)
    step = max(1, round(style.speed * scale / timebase.rate))
    window = round(element.width * scale)
    period = math.ceil(max(width + _GAP_EM * em, window) / step) * step
    return Run(element.field, Setting((words,), em, width), step, window, period)
