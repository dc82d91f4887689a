"""An optional list of Taiwan's words with their readings: the dictionary of the libchewing input method.

The list belongs to whoever installed it (Debian: libchewing3-data, LGPL-2.1-or-later); it is read where it
lies and no part of it comes with Anchor. Two files of libchewing 0.5: `dictionary.dat` holds the words, each
ended by a zero byte; `index_tree.dat` holds a tree of 8-byte nodes whose keys are syllables. Of equal words the more
frequent reading counts.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from bisect import bisect_right
from functools import cache
from itertools import pairwise
from pathlib import Path

from anchor.core.errors import PackError, Place
from anchor.mandarin.phonemes import pinyin_of
from anchor.settings import WORDLIST_FILES

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
            raise PackError(
                f"the word list cannot be read: {error}",
                hint=f"install {PACKAGE} again, or remove it: Anchor works without",
                place=Place(file=str(folder)),
            ) from error

    def _open(self, words: bytes, tree: bytes) -> None:
        if not tree or len(tree) % NODE_BYTES:
            raise KeyError("no tree")
        strings: dict[int, str] = {}
        at = 0
        for raw in words.split(b"\0"):
            strings[at] = raw.decode()
            at += len(raw) + 1
        cells = array("H", tree)
        if sys.byteorder == "big":
            cells.byteswap()
        keys, lows, mids, highs = (cells[at::4] for at in range(4))
        self._keys = keys
        self._inner = [index for index, key in enumerate(keys) if key]
        self._begins = [lows[index] | (mids[index] & 0xFF) << 16 for index in self._inner]
        best: dict[str, tuple[int, int]] = {}
        for index in (index for index, key in enumerate(keys) if not key):
            word = strings[lows[index] | (mids[index] & 0xFF) << 16]
            if 1 < len(word) <= LONGEST:
                frequency = mids[index] >> 8 | highs[index] << 8
                if frequency >= best.get(word, (-1, 0))[0]:
                    best[word] = (frequency, index)
        self._leaves = best
        if not best or any(a > b for a, b in pairwise(self._begins)):
            raise KeyError("no tree")

    def __len__(self) -> int:
        return len(self._leaves)

    def __contains__(self, word: object) -> bool:
        return word in self._leaves

    def reading(self, word: str) -> tuple[str, ...] | None:
        """Pinyin with tone digits; None: the list has not the word, or not one syllable for each character."""
        found = self._leaves.get(word)
        if found is None:
            return None
        out: list[str] = []
        node = self._parent(found[1])
        while node:
            try:
                out.append(_syllable(self._keys[node]))
            except KeyError:
                return None
            node = self._parent(node)
        return tuple(reversed(out)) if len(out) == len(word) else None

    def _parent(self, node: int) -> int:
        """Children lie side by side in the order of their parents; 0 is the root."""
        return self._inner[bisect_right(self._begins, node) - 1]


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
