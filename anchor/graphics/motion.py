"""When things move: phases of an overlay and the easing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

PhaseName = Literal["enter", "hold", "exit"]


@dataclass(frozen=True, slots=True)
class Phase:
    """Where in its life an overlay is."""

    name: PhaseName
    frame: int = 0
    """Frames into the phase; 0 for hold."""

    def __str__(self) -> str:
        return self.name if self.name == "hold" else f"{self.name}-{self.frame}"


@dataclass(frozen=True, slots=True)
class Score:
    """Frames of an overlay: it enters, holds, exits."""

    length: int
    enter: int
    exit: int

    @classmethod
    def fitted(cls, length: int, enter: int, exit: int) -> Score:
        """Enter and exit shortened in step where the overlay is shorter than both."""
        if enter + exit > length:
            enter, exit = length * enter // (enter + exit), length * exit // (enter + exit)
        return cls(length, enter, exit)

    def phase(self, frame: int) -> Phase | None:
        """The phase `frame` frames after the start; None outside the overlay."""
        if not 0 <= frame < self.length:
            return None
        if frame < self.enter:
            return Phase("enter", frame)
        if frame >= self.length - self.exit:
            return Phase("exit", frame - (self.length - self.exit))
        return Phase("hold")

    def frame(self, phase: Phase) -> int:
        """A frame that shows `phase`."""
        if phase.name == "enter":
            return phase.frame
        if phase.name == "exit":
            return self.length - self.exit + phase.frame
        return self.enter

    def presence(self, frame: int, delay: int, longest: int) -> float:
        """How far an element is in, 0–1 before easing.

        An element waits `delay` of the `longest` delay of its layer; all have arrived by the end of the phase.
        """
        if frame >= self.enter:
            return 1.0
        roomy = self.enter > longest + 1
        wait, move = (delay, self.enter - longest) if roomy else (0, self.enter)
        return min(1.0, max(0.0, (frame + 1 - wait) / (move + 1)))


def ease(curve: tuple[float, float, float, float], t: float) -> float:
    """Height of a CSS cubic Bézier easing at time `t` (both 0–1)."""
    if t <= 0.0:
        return 0.0
    if t >= 1.0:
        return 1.0
    return _solve(curve, t)


@cache
def _solve(curve: tuple[float, float, float, float], t: float) -> float:
    x1, y1, x2, y2 = curve
    low, high = 0.0, 1.0
    for _ in range(40):  # bisection: x(s) rises with s for x1, x2 in 0…1
        s = (low + high) / 2
        if 3 * (1 - s) ** 2 * s * x1 + 3 * (1 - s) * s * s * x2 + s**3 < t:
            low = s
        else:
            high = s
    return 3 * (1 - s) ** 2 * s * y1 + 3 * (1 - s) * s * s * y2 + s**3
