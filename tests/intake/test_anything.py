"""Whatever is typed: a script comes out, or an error that says where."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from anchor.core.errors import ScriptError
from anchor.core.time import Span
from anchor.intake.script import parse_script

PIECES = [
    *"[]［］:：|｜\\#-*/<>{} 　\n\r\t",
    *[
        "甲",
        "新聞",
        "AI",
        "news",
        "12.6%",
        "。",
        "，",
        "\n\n",
        "\r\n",
        "---\n",
        "# ",
        "// ",
        "<!--",
        "-->",
        "**",
        "\ufeff",
    ],
    *[
        "[停 1秒]",
        "[標題: 甲]",
        "[收圖]",
        "[字卡: 甲|乙]",
        "[主播: lan]",
        "停",
        "標題",
        "title: ",
        "presenters:",
        "slug: a\n",
        "\\[",
    ],
]


@pytest.mark.parametrize("seed", range(400))
def test_any_text_gives_a_script_or_a_place(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choices(PIECES, k=chance.randrange(1, 60)))
    if seed % 3 == 0:
        text = "---\npresenters: [lan]\n---\n" + text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    try:
        script = parse_script(text, "a.md", Path())
    except ScriptError as error:
        assert error.hint
        assert error.place is not None
        assert error.place.line is not None
        assert 1 <= error.place.line <= len(lines)
        return
    for segment in script.segments:
        assert segment.text == segment.text.strip() != ""
        assert all(0 <= cue.at <= len(segment.text) for cue in segment.cues)
        for at, char in enumerate(segment.text):
            place = segment.place(Span(at, at + 1))
            assert place.line is not None
            assert place.column is not None
            if not char.isspace():
                source = lines[place.line - 1]
                source = source[1:] if place.line == 1 and text.startswith("\ufeff") else source
                assert source[place.column - 1] == char
