"""docs/readings.md keeps up with the code."""

from __future__ import annotations

import re
from pathlib import Path

from anchor.mandarin.reader import Reader

MANDARIN = Path("anchor") / "mandarin"


def test_every_notice_and_every_layer_is_documented(root: Path) -> None:
    text = (root / "docs" / "readings.md").read_text(encoding="utf-8")
    code = "".join(path.read_text(encoding="utf-8") for path in sorted((root / MANDARIN).glob("*.py")))
    codes = set(re.findall(r'[Nn]otice\(\s*"([a-z-]+)"', code))
    assert {"guessed-reading", "emoji", "simplified"} <= codes
    layers = set(re.findall(r"`([a-z]+)`", (Reader.trace.__doc__ or "").partition("Layers:")[2].partition("Args:")[0]))
    assert {"inline", "station", "latin"} <= layers
    assert sorted(name for name in codes | layers if f"`{name}`" not in text) == []
