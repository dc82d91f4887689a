"""Fonts are found by name and face; a missing one says what to install."""

from __future__ import annotations

import pytest
from PIL import ImageFont

from anchor.core.errors import EngineUnavailable
from anchor.graphics.fonts import _by_directory, _by_fontconfig, find_font


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_taiwanese_face_of_the_collection(weight: str) -> None:
    font = find_font("Noto Sans CJK TC", weight)
    assert ImageFont.truetype(str(font.path), 20, index=font.index).getname() == ("Noto Sans CJK TC", weight)


def test_both_searches_agree() -> None:
    found = [next(search("Noto Sans CJK TC", "Bold"), None) for search in (_by_fontconfig, _by_directory)]
    assert len({font for font in found if font is not None}) == 1


def test_missing_font_is_told() -> None:
    with pytest.raises(EngineUnavailable, match="fonts-noto-cjk") as caught:
        find_font("No Such Family TC", "Bold")
    assert "No Such Family TC Bold" in str(caught.value)
