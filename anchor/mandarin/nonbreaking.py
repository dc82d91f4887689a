"""What should stay together on a line: words, with single characters beside which no word of any list stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchor.mandarin.lexicon import Lexicon, load_lexicon
from anchor.mandarin.segment import segment

_RUN = re.compile(r"(?P<han>[㐀-䶿一-鿿豈-龎\U00020000-\U000323AF]+)|[^\W㐀-䶿一-鿿豈-龎]+|.", re.DOTALL)
_FUNCTION = frozenset("cdefopruy")
"""First letters of the lists' tags for kinds of words that stand alone: conjunctions, adverbs, prepositions …"""
_TAILS = frozenset({"n", "ng", "q", "k", "zg"})
"""Kinds of single characters that belong to the word before them: 疾病管制署, 勞工保險局, 二十五萬戶."""
_SURNAME = "nr"
"""Kind of a single character that belongs to the word behind it."""
_LONGEST_UNKNOWN = 4
"""Characters that are taken for one word that no list has: a longer row of single characters is something else."""

Bounds = tuple[int, int]


def whole_starts(text: str) -> tuple[int, ...]:
    """Offsets where a line may begin without breaking a word; Latin words and numbers count as one each."""
    lexicon, starts = load_lexicon(), list[int]()
    for run in _RUN.finditer(text):
        if run["han"] is None:
            starts.append(run.start())
        else:
            starts += [run.start() + start for start, _ in _wholes(run[0], lexicon)]
    return tuple(starts)


def _wholes(text: str, lexicon: Lexicon) -> list[Bounds]:
    simple = lexicon.simplified(text)
    kinds = {at: lexicon.kind(simple[at]) for at in range(len(text))}
    out: list[Bounds] = []
    surname = False
    for start, end, known in _with_unknown(segment(text, simple, lexicon), kinds):
        alone = end - start == 1
        tail = alone and known and kinds[start] in _TAILS
        if out and (surname or tail):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
        surname = alone and kinds[start] == _SURNAME
    return out


def _with_unknown(bounds: list[Bounds], kinds: dict[int, str]) -> Iterator[tuple[int, int, bool]]:
    """The words; a row of single characters none of which is a word alone is one that no list has (known: False)."""
    row: list[int] = []
    for start, end in [*bounds, (0, 0)]:
        if end - start == 1 and kinds[start][:1] not in _FUNCTION:
            row.append(start)
            continue
        if 2 <= len(row) <= _LONGEST_UNKNOWN:
            yield row[0], row[-1] + 1, False
        else:
            yield from ((at, at + 1, True) for at in row)
        row = []
        if end > start:
            yield start, end, True
