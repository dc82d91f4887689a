"""The shape of a normalisation rule, and what rules ask of the text around."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from anchor.mandarin.spoken_text import Piece
from anchor.mandarin.tables import load_rows

LOOK = 16
NAMED = re.compile(
    r"\s?(?:局[上下]|年級|年制|次元|次方|元一次|段票|點零|分之|門課程|道門|期款|球權|口井|角形|度空間|路|道路|軍|具[有備體]|管[制理道線]|抽[樣查血])"
)
"""Behind a lone 2 that names or ranks although a measure word seems to stand there."""
Say = Callable[[re.Match[str], str], Sequence[Piece] | None]
"""Match and whole folded text → pieces, or None: the rule does not fit after all."""


class Late:
    """A regular expression that is compiled when it is first matched.

    Args:
        source: the expression.
    """

    __slots__ = ("_pattern", "_source")

    def __init__(self, source: str) -> None:
        self._source = source
        self._pattern: re.Pattern[str] | None = None

    def match(self, text: str, at: int) -> re.Match[str] | None:
        """What matches at `at`."""
        if self._pattern is None:
            self._pattern = re.compile(self._source)
        return self._pattern.match(text, at)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; the first that fits at a place wins."""

    pattern: Late | re.Pattern[str]
    say: Say
    notice: str = ""
    """Id of what is told when the rule fires on a guess; its field `text` is what stood there."""


@cache
def _measures() -> re.Pattern[str]:
    words = sorted((measure for measure, *_ in load_rows("measures")), key=len, reverse=True)
    return re.compile(rf"\s?(?:多|幾|餘)?(?:{'|'.join(map(re.escape, words))})")


def counted(text: str, end: int) -> bool:
    """Whether what follows a number that ends at `end` is counted, so that a lone 2 is 兩."""
    return bool(_measures().match(text, end)) and not NAMED.match(text, end)


def before(text: str, at: int, *endings: str) -> bool:
    """Whether the text before `at`, spaces aside, ends with one of `endings`."""
    return left(text, at).rstrip(" ").endswith(endings)


def left(text: str, at: int) -> str:
    """The few characters before `at`, as far as any rule looks."""
    return text[max(0, at - LOOK) : at]
