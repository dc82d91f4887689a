"""Where a text could be cut into words in another way that reads differently: `python -m tests.mandarin.seams FILE …`.

For proofreading: each line is what was cut, how it is read, how it would be read when cut inside one of its words, and
how much less probable that is (natural logarithm). What is wrong becomes a row of `cuts.tsv` or a word.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from anchor.mandarin.contexts import SegmentedText
from anchor.mandarin.lexicon import Lexicon, load_lexicon
from anchor.mandarin.readings import read_cut
from anchor.mandarin.segment import CORPUS, UNKNOWN, segment

CLOSE = 7.0
"""The most that an alternative may be less probable."""
RUN = re.compile(r"[一-龥]{3,}")
AROUND = 3
"""Words shown on either side."""
Bounds = list[tuple[int, int]]


def weigh(text: str, simple: str, bounds: Bounds, lexicon: Lexicon) -> float:
    """Logarithm of how probable these words are."""
    counts = [max(lexicon.frequency(text[a:b], simple[a:b]), UNKNOWN) for a, b in bounds]
    return sum(math.log(count) - CORPUS for count in counts)


def find_seams(text: str, lexicon: Lexicon) -> Iterator[tuple[float, str, str]]:
    """How much less probable, as it is read, as it might be read; of a run of Han characters."""
    simple = lexicon.simplified(text)
    bounds = segment(text, simple, lexicon)
    best, weight = read_cut(SegmentedText(text, simple, bounds, lexicon), bounds), weigh(text, simple, bounds, lexicon)
    for at in sorted(set(range(1, len(text))) - {start for start, _ in bounds}):
        right = [(a + at, b + at) for a, b in segment(text[at:], simple[at:], lexicon)]
        other = segment(text[:at], simple[:at], lexicon) + right
        read = read_cut(SegmentedText(text, simple, other, lexicon), other)
        loss = weight - weigh(text, simple, other, lexicon)
        if loss < CLOSE and [r.pinyin for r in read] != [r.pinyin for r in best]:
            yield loss, _shown(text, best, bounds, at), _shown(text, read, other, at)


def _shown(text: str, readings: list, bounds: Bounds, at: int) -> str:  # type: ignore[type-arg]
    near = [i for i, (a, b) in enumerate(bounds) if a <= at <= b]
    kept = bounds[max(0, near[0] - AROUND) : near[-1] + AROUND + 1]
    words = ["".join(f"{text[i]}{readings[i].pinyin}" for i in range(a, b)) for a, b in kept]
    return "|".join(words)


def main(files: list[str]) -> None:
    """Print the seams of some files, the closest first."""
    lexicon = load_lexicon()
    runs = {run for file in files for run in RUN.findall(Path(file).read_text(encoding="utf-8"))}
    for loss, one, other in sorted({row for run in runs for row in find_seams(run, lexicon)}):
        sys.stdout.write(f"{loss:.1f}\t{one}\t{other}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
