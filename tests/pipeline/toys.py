"""What the tests of the line share beside fixtures."""

from __future__ import annotations

from pathlib import Path

from anchor.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

SHORT = """---
slug: short
title: 測試
date: 2026-11-23
look: forum
---

# 頭條

[字卡: 林安瀾｜主播]大家好，[停 0.8秒]這裡是測試。

爸爸買饅頭，媽媽跑步。
"""


def settings_for(cache: Path, *shelves: Path, production: bool) -> Settings:
    """Settings with a cache of their own."""
    return Settings(shelves=(*shelves, ROOT), cache=cache, models=cache / "models", production=production)


def open_files() -> int:
    """How many files this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
