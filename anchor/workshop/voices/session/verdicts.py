"""A recording's figures against what is allowed, each fault with what to do, in two languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from anchor.core.speech import Utterance
from anchor.mandarin.tables import load_rows
from anchor.workshop.voices.session.recording_measurements import QUIETEST_DB, RecordingMeasurements

COLUMNS = 10
DECIMALS = {"Hz": 0, "peaks": 0, "%": 0, "s": 2, "": 2}
"""Of a figure, by its unit; others have one."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the table: what is measured, what is allowed, and what to do outside of it."""

    code: str
    low: float | None
    high: float | None
    unit: str
    zh: str
    en: str
    zh_low: str
    en_low: str
    zh_high: str
    en_high: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure judged."""

    limit: Limit
    value: float

    @property
    def too_low(self) -> bool:
        """Under what is allowed."""
        return self.limit.low is not None and self.value < self.limit.low

    @property
    def passed(self) -> bool:
        """Within what is allowed."""
        return not self.too_low and (self.limit.high is None or self.value <= self.limit.high)

    @property
    def measured(self) -> str:
        """With its unit."""
        return _with_unit(_figure(self.value, self.limit.unit), self.limit.unit)

    @property
    def allowed(self) -> str:
        """With its unit: `−36 … −12 dBFS`, `≥ 35 dB`."""
        low, high, unit = self.limit.low, self.limit.high, self.limit.unit
        if low is not None and high is not None:
            return _with_unit(f"{low:g} … {high:g}", unit)
        return _with_unit(f"≥ {low:g}" if low is not None else f"≤ {high:g}", unit)

    @property
    def advice(self) -> tuple[str, str]:
        """What to do, in Chinese and English; empty where it passed."""
        if self.passed:
            return "", ""
        if self.too_low:
            return self.limit.zh_low, self.limit.en_low
        return self.limit.zh_high, self.limit.en_high


def _figure(value: float, unit: str) -> str:
    return f"{value:.{DECIMALS.get(unit, 1)}f}"


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}".strip()


@cache
def limits() -> dict[str, Limit]:
    """Every limit by its code."""
    rows = [(*row, *[""] * (COLUMNS - len(row))) for row in load_rows(Path(__file__).parent / "checks.tsv")]
    return {r[0]: Limit(r[0], _number(r[1]), _number(r[2]), r[3], r[4], r[5], r[6], r[7], r[8], r[9]) for r in rows}


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def judge_sound(found: RecordingMeasurements) -> tuple[Verdict, ...]:
    """The figures of a recording that need no text; what could not be measured is left out."""
    figures: dict[str, float | None] = {
        "rate": found.rate,
        "band": found.band_hz if found.spoken_s else None,
        "channels": found.alike if found.channels > 1 else None,
        "level": found.speech_db,
        "peak": found.peak_db,
        "clipping": found.clipped,
        "noise": found.over_noise_db,
        "hum": found.hum_db if found.hum_db > QUIETEST_DB else None,
        "room": found.decay_s,
        "lead": found.lead_s,
        "tail": found.tail_s,
    }
    return tuple(verdict(code, value) for code, value in figures.items() if value is not None)


def verdict(code: str, value: float) -> Verdict:
    """A figure against the limit of that code."""
    return Verdict(limits()[code], value)


def syllable_rate(found: RecordingMeasurements, utterance: Utterance) -> float:
    """Syllables a second, pauses left out; a letter of a Latin word is one."""
    count = sum(1 if s.pinyin is not None else len(re.findall(r"\w", s.char)) for s in utterance.syllables)
    return count / found.spoken_s if found.spoken_s > 0 else 0.0
