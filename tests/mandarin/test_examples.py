"""The example scripts: what a newsroom hears first must be right to the last syllable."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.intake.script import load_script
from anchor.mandarin.reader import Reader

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line.split("\t")
    for line in Path(__file__).with_name("examples.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
][1:]


@pytest.mark.parametrize(("name", "segment", "spoken", "reading"), ROWS, ids=[f"{r[0]} {r[1]}" for r in ROWS])
def test_paragraph(name: str, segment: str, spoken: str, reading: str) -> None:
    script = load_script(ROOT / "examples" / f"{name}.md")
    text = next(s.text for s in script.segments if s.id == segment)
    utterance = Reader().read(text)
    assert utterance.spoken == spoken
    assert " ".join(s.pinyin or s.char for s in utterance.syllables) == reading
    assert utterance.notices == ()


def test_every_paragraph_is_in_the_table() -> None:
    here = {(f"{path.stem}", s.id) for path in (ROOT / "examples").glob("*.md") for s in load_script(path).segments}
    assert here == {(row[0], row[1]) for row in ROWS}
