"""An optional list of Taiwan's words with their readings: the dictionary of the libchewing input method.

The list belongs to whoever installed it (Debian: libchewing3-data, LGPL-2.1-or-later); it is read where it
lies and no part of it comes with Anchor. Two files of libchewing 0.5: `dictionary.dat` holds the words, each
ended by a zero byte; `index_tree.dat` holds a tree of 8-byte nodes whose keys are syllables. Of equal words the more
frequent reading counts.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.core.errors import PackError, Place
from anchor.mandarin.phonemes import pinyin_of
from anchor.messages import message, os_reason
from anchor.settings import WORDLIST_FILES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS, TREE = WORDLIST_FILES
PACKAGE = "libchewing3-data"
NODE_BYTES = 8
"""Key of 16 bits; then child range, or offset of a word and its frequency, as two 24-bit numbers; little-endian."""
INITIALS = "ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄓㄔㄕㄖㄗㄘㄙ"
MEDIALS = "ㄧㄨㄩ"
FINALS = "ㄚㄛㄜㄝㄞㄟㄠㄡㄢㄣㄤㄥㄦ"
TONES = ("", "˙", "ˊ", "ˇ", "ˋ")
LONGEST = 8
"""Characters of a word that is taken."""


class WordList:
    """Words of two and more characters, opened once; readings are decoded when asked for."""

    name = "chewing"

    def __init__(self, folder: Path) -> None:
        """Open the list.

        Raises:
            PackError: the files are not what they should be.
        """
        self.path = folder
        try:
            words, tree = (folder / WORDS).read_bytes(), (folder / TREE).read_bytes()
            self.digest = hashlib.sha256(words + tree).hexdigest()
            self._open(words, tree)
        except (OSError, UnicodeDecodeError, KeyError, IndexError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else message("mandarin.wordlist-damaged")
            raise PackError(
                message("mandarin.wordlist-unreadable", reason=reason),
                hint=message("mandarin.wordlist-unreadable-hint", package=PACKAGE),
                place=Place(file=str(folder)),
            ) from error

    def _open(self, words: bytes, tree: bytes) -> None:
        import numpy as np

        if not tree or len(tree) % NODE_BYTES:
            raise KeyError("no tree")
        octets = np.frombuffer(words, np.uint8)
        ends = np.flatnonzero(octets == 0)
        keys, lows, mids, highs = np.frombuffer(tree, "<u2").reshape(-1, 4).astype(np.int32).T
        offsets = lows | (mids & 0xFF) << 16
        self._keys = keys
        self._inner = np.flatnonzero(keys)
        self._begins = offsets[self._inner]
        leaves = np.flatnonzero(keys == 0)
        numbers = np.searchsorted(ends, offsets[leaves])
        if np.any(np.diff(self._begins) < 0) or not _begin_words(ends, numbers, offsets[leaves]):
            raise KeyError("no tree")
        sizes = np.diff(np.cumsum((octets & 0xC0) != 0x80)[ends], prepend=0) - 1  # characters, of UTF-8
        taken = (sizes[numbers] > 1) & (sizes[numbers] <= LONGEST)
        leaves, numbers = leaves[taken], numbers[taken]
        if not len(leaves):
            raise KeyError("no tree")
        self._octets, self._begins_at, self._ends_at = words, offsets[leaves], ends[numbers]
        self._leaves, self._frequencies = leaves, (mids >> 8 | highs << 8)[leaves]
        first = np.zeros(len(leaves), np.uint32)
        for at in range(3):  # the first three octets: a character, or the beginning of a rare one
            first = first << 8 | octets[self._begins_at + at]
        self._order = np.argsort(first, kind="stable")
        self._first = first[self._order]
        words.decode()
        self._words: dict[int, dict[str, int]] = {}

    def _leaf(self, word: str) -> int | None:
        """The node of a word; words that begin alike are parsed when the first of them is asked for."""
        import numpy as np

        first = int.from_bytes(word.encode()[:3], "big")
        if first not in self._words:
            alike = slice(*np.searchsorted(self._first, [first, first + 1]))
            found = self._order[alike]
            found = found[np.argsort(self._frequencies[found], kind="stable")]
            spans = zip(self._begins_at[found].tolist(), self._ends_at[found].tolist(), strict=True)
            strings = [self._octets[begin:end].decode() for begin, end in spans]
            # Of equal words the last one stays: the most frequent.
            self._words[first] = dict(zip(strings, self._leaves[found].tolist(), strict=True))
        return self._words[first].get(word)

    def __len__(self) -> int:
        spans = zip(self._begins_at.tolist(), self._ends_at.tolist(), strict=True)
        return len({self._octets[begin:end] for begin, end in spans})

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._leaf(word) is not None

    def reading(self, word: str) -> tuple[str, ...] | None:
        """Pinyin with tone digits; None: the list has not the word, or not one syllable for each character."""
        found = self._leaf(word)
        if found is None:
            return None
        out: list[str] = []
        node = self._parent(found)
        while node:
            try:
                out.append(_syllable(int(self._keys[node])))
            except KeyError:
                return None
            node = self._parent(node)
        return tuple(reversed(out)) if len(out) == len(word) else None

    def _parent(self, node: int) -> int:
        """Children lie side by side in the order of their parents; 0 is the root."""
        import numpy as np

        return int(self._inner[np.searchsorted(self._begins, node, side="right") - 1])


def _begin_words(ends: NDArray[np.int64], numbers: NDArray[np.int64], offsets: NDArray[np.int32]) -> bool:
    """Whether every offset is where a word begins."""
    import numpy as np

    begins = np.concatenate([[0], ends + 1])
    return bool(np.all(numbers < len(ends)) and np.all(begins[np.minimum(numbers, len(ends))] == offsets))


@cache
def _syllable(key: int) -> str:
    """A 16-bit key as pinyin: initial, medial, final and tone in 7, 2, 4 and 3 bits."""
    initial, medial, final, tone = key >> 9, key >> 7 & 3, key >> 3 & 15, key & 7
    try:
        letters = ("", *INITIALS)[initial] + ("", *MEDIALS)[medial] + ("", *FINALS)[final]
        return pinyin_of(letters + TONES[tone])
    except IndexError:
        raise KeyError(key) from None


@cache
def open_wordlist(folder: Path) -> WordList:
    """The list of a folder, opened once in this process."""
    return WordList(folder)
