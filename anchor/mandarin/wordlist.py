"""An optional list of Taiwan's words with their readings: the dictionary of the libchewing input method.

The list belongs to whoever installed it (Debian, Ubuntu: libchewing3-data, LGPL-2.1-or-later); it is read where it
lies and no part of it comes with Anchor. Two files of libchewing 0.5 and 0.6: `dictionary.dat` holds the words, each
ended by a zero byte; `index_tree.dat` holds a tree of 8-byte nodes whose keys are syllables. Of equal words the more
frequent reading counts.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect_right
from functools import cache
from pathlib import Path

from anchor.core.errors import PackError, Place
from anchor.mandarin.phonemes import pinyin_of
from anchor.settings import WORDLIST_FILES

WORDS, TREE = WORDLIST_FILES
PACKAGE = "libchewing3-data"
NODE = struct.Struct("<HHBHB")
"""Key; then child range, or offset of a word and its frequency, as two 24-bit numbers; little-endian."""
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
        except (OSError, UnicodeDecodeError, KeyError, IndexError, struct.error) as error:
            raise PackError(
                f"the word list cannot be read: {error}",
                hint=f"install {PACKAGE} again, or remove it: Anchor works without",
                place=Place(file=str(folder)),
            ) from error

    def _open(self, words: bytes, tree: bytes) -> None:
        at, strings = 0, {}
        for word in words.decode("utf-8").split("\0"):
            strings[at] = word
            at += len(word.encode()) + 1
        self._keys: list[int] = []
        self._inner: list[int] = []
        self._begins: list[int] = []
        best: dict[str, tuple[int, int]] = {}
        for index, (key, low, high, end_low, end_high) in enumerate(NODE.iter_unpack(tree)):
            self._keys.append(key)
            if key:
                self._inner.append(index)
                self._begins.append(low | high << 16)
                continue
            word = strings[low | high << 16]
            frequency = end_low | end_high << 16
            if 1 < len(word) <= LONGEST and frequency >= best.get(word, (-1, 0))[0]:
                best[word] = (frequency, index)
        self._leaves = best
        if not best or self._begins != sorted(self._begins):
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
