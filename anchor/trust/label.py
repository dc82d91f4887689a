"""What tells viewers that a presenter is made by a machine."""

from __future__ import annotations

AI_LABEL = "AI 生成主播"
"""Shown from the first frame to the last."""
