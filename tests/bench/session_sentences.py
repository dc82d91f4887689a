"""What the hundred sentences of a recording session hold, as the table of docs/own-voice.md.

python -m tests.bench.session_sentences
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from anchor.mandarin.phonemes import INITIALS
from anchor.mandarin.reader import Reader
from anchor.mandarin.tables import load_rows
from anchor.workshop.voices.evaluation.sentences import all_sentences
from anchor.workshop.voices.session.prompts import prompts

ROOT = Path(__file__).parents[2]


def readings(texts: Iterable[str], reader: Reader) -> list[list[str]]:
    """Syllables with tone of each text."""
    return [[s.pinyin for s in reader.read(text).syllables if s.pinyin] for text in texts]


def corpora(reader: Reader) -> dict[str, Counter[str]]:
    """Running news that the sentences are compared with."""
    paragraphs = [row[0] for row in load_rows(ROOT / "tests/mandarin/paragraphs.tsv")]
    news = (ROOT / "tests/speech/news.txt").read_text(encoding="utf-8").split()
    texts = {
        "the paragraphs of the reader's tests and of the voices' (seen while writing)": [*paragraphs, *news],
        "the 300 sentences of `voices check` (written by others)": [s.text for s in all_sentences()],
    }
    return {name: Counter(s for row in readings(rows, reader) for s in row) for name, rows in texts.items()}


def initial(syllable: str) -> str:
    """Of a syllable; empty where it begins with a vowel or a glide."""
    return next((i for i in sorted(INITIALS, key=len, reverse=True) if syllable.startswith(i)), "")


def report(reader: Reader) -> list[str]:
    """Lines of the tables."""
    rows = readings([prompt.text for prompt in prompts()], reader)
    mine = {s for row in rows for s in row}
    bare = {s[:-1] for s in mine}
    pairs = Counter((a[-1], b[-1]) for row in rows for a, b in pairwise(row))
    growth = [len({s for row in rows[:count] for s in row}) for count in (25, 50, 75, 100)]
    lines = [
        f"{sum(map(len, rows))} syllables, {len(mine)} different ones with tone, {len(bare)} without",
        f"initials: {len({initial(s) for s in mine} - {''})} of {len(INITIALS)}",
        f"different ones after 25, 50, 75, 100 sentences: {growth}",
    ]
    for name, news in corpora(reader).items():
        total = sum(news.values())
        held = sum(count for s, count in news.items() if s in mine) / total
        loose = sum(count for s, count in news.items() if s[:-1] in bare) / total
        lacking = [s for s, _ in news.most_common() if s not in mine]
        lines.append(f"| {name} | {total} | {len(news)} | {held:.1%} | {loose:.1%} |")
        lines.append(f"  lacking {len(lacking)}: {' '.join(lacking[:20])}")
    lines.append("tone pairs (row: first, column: second)")
    lines += [f"| {a} | " + " | ".join(str(pairs[a, b]) for b in "12345") + " |" for a in "12345"]
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(Reader())) + "\n")
