"""Scripts of any length for the bench."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def long_script(minutes: int) -> str:
    """minute.md again and again as stories of one programme, each paragraph different so that none is cached."""
    text = (HERE / "minute.md").read_text(encoding="utf-8").replace("../../examples", str(ROOT / "examples"))
    head, _, body = text.partition("---\n\n")
    return f"{head}---\n\n" + "\n\n".join(varied(body, n) for n in range(1, minutes + 1))


def varied(body: str, number: int) -> str:
    """The same stories with other words at the end of each paragraph."""
    return re.sub(r"。(\[收圖\])?$", rf"，這是第{number}遍。\1", body, flags=re.MULTILINE)
