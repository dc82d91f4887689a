"""Looks from the shelf, and what an editor might put into their layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.core.plan import Overlay, Rendition
from anchor.core.time import VIDEO, Span
from anchor.graphics.look import open_look

SHELF = Path(__file__).resolve().parents[2] / "templates"
LOOKS = sorted(path.parent for path in SHELF.glob("*/template.toml"))
FULL_HD = Rendition("t", 1920, 1080, VIDEO, "libx264", 20, "veryfast", 192, -16.0, -1.0, True, 60)
HD = Rendition("t", 1280, 720, VIDEO, "libx264", 20, "veryfast", 192, -16.0, -1.0, True, 60)

DRAWN = [pytest.param(look, kind, id=f"{look.name}-{kind}") for look in LOOKS for kind in open_look(look).layers]
"""Every kind of layer that a look draws."""

FIELDS = {
    "title": {"title": "2026 智慧製造產業論壇", "subtitle": "從 AI 代理到綠色供應鏈", "date": "2026 年 11 月 23 日"},
    "lower-third": {"name": "林安瀾", "title": "Anchor 論壇　AI 主播"},
    "headline": {"text": "央行升息半碼　房貸族每月多繳 620 元"},
    "bug": {},
    "label": {},
    "ots": {"caption": "示意圖：產線自主調度中心"},
    "caption": {"text": "重貼現率調升到 2.125%"},
    "ticker": {"text": "中央氣象署發布豪雨特報　全臺有雨"},
}
LONGEST = {
    "title": {
        "title": "全球半導體先進封裝與人工智慧代理產業高峰論壇暨成果發表",
        "subtitle": "字" * 40,
        "date": "國" * 24,
    },
    "lower-third": {"name": "瀾" * 12, "title": "職" * 24},
    "headline": {"text": "標" * 26},
    "bug": {},
    "label": {"text": "標示" * 4},
    "ots": {"caption": "圖" * 20},
    "caption": {"text": "字" * 16},
    "ticker": {"text": "燈" * 200},
}


def overlay(kind: str, fields: dict[str, str], photo: Path, length: int = 100) -> Overlay:
    """An overlay that shows `fields`, from frame 0."""
    given = {**fields, **({"picture": str(photo)} if kind == "ots" else {})}
    return Overlay(kind, Span(0, length), tuple(given.items()))
