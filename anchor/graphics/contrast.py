"""Contrast of two colours (WCAG 2.2: relative luminance and contrast ratio)."""

from __future__ import annotations

from collections.abc import Sequence


def luminance(rgb: Sequence[float]) -> float:
    """Relative luminance, 0–1, of an sRGB colour of code values 0–255."""
    parts = [value / 255 for value in rgb]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in parts]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def contrast(a: float, b: float) -> float:
    """Contrast ratio of two luminances, 1–21."""
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
