"""The optional word list: its files, and how far it is trusted."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from anchor.core.errors import PackError
from anchor.mandarin.phonemes import zhuyin_of
from anchor.mandarin.reader import Reader
from anchor.mandarin.wordlist import FINALS, INITIALS, MEDIALS, TONES, TREE, WORDS, WordList
from tests.mandarin.conftest import rows

NODE = struct.Struct("<HHBHB")


def key_of(pinyin: str) -> int:
    """A syllable as the list's 16-bit key."""
    zhuyin = zhuyin_of(pinyin)
    tone = next((t for t, mark in enumerate(TONES) if t and mark in zhuyin), 0)
    key = tone
    for table, shift in ((INITIALS, 9), (MEDIALS, 7), (FINALS, 3)):
        key |= next((at for at, letter in enumerate(table, 1) if letter in zhuyin), 0) << shift
    return key


def write_list(folder: Path, words: list[tuple[str, str, int]]) -> Path:
    """A list in the form of libchewing's files: (word, pinyin, frequency)."""
    offsets, text = {}, b""
    for word, _, _ in words:
        if word not in offsets:
            offsets[word] = len(text)
            text += word.encode() + b"\0"
    tree: dict[int, dict] = {}  # type: ignore[type-arg]
    for word, pinyin, frequency in words:
        node = tree
        for syllable in pinyin.split():
            node = node.setdefault(key_of(syllable), {})
        node.setdefault(0, []).append((word, frequency))
    nodes: list[bytes] = [b""]
    queue = [(0, 48533, tree)]
    while queue:
        at, key, children = queue.pop(0)
        begin = len(nodes)
        for leaf, frequency in children.get(0, []):
            place = offsets[leaf]
            nodes.append(NODE.pack(0, place & 0xFFFF, place >> 16, frequency & 0xFFFF, frequency >> 16))
        for child in sorted(k for k in children if k):
            queue.append((len(nodes), child, children[child]))
            nodes.append(b"")
        end = len(nodes)
        nodes[at] = NODE.pack(key, begin & 0xFFFF, begin >> 16, end & 0xFFFF, end >> 16)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WORDS).write_bytes(text)
    (folder / TREE).write_bytes(b"".join(nodes))
    return folder


@pytest.fixture
def listed(tmp_path: Path) -> WordList:
    words = [
        ("器材行", "qi4 cai2 hang2", 9),
        ("縝密", "zhen3 mi4", 20),
        ("縝密", "zhen3 bi4", 3),
        ("亞洲", "ya3 zhou1", 70000),
        ("企業", "qi3 ye4", 50),
        ("艦長", "jian4 zhang3", 5),
        ("最長", "zui4 zhang3", 5),
        ("應用軟體", "ying1 yong4 ruan3 ti3", 5),
        ("好", "hao4", 5),
        ("艨縝艟", "meng2 zhen3 tong2", 1),
        ("痙攣性", "jing4 lve2 xing4", 1),
    ]
    return WordList(write_list(tmp_path / "list", words))


def test_words_are_decoded(listed: WordList) -> None:
    assert len(listed) == 9
    assert listed.reading("器材行") == ("qi4", "cai2", "hang2")
    assert listed.reading("縝密") == ("zhen3", "mi4")
    assert listed.reading("亞洲") == ("ya3", "zhou1")
    assert listed.reading("好") is None
    assert "器材行" in listed
    assert len(listed.digest) == 64


def test_it_says_what_no_table_says(listed: WordList) -> None:
    reader = Reader(wordlist=listed)
    found = {word: [s.pinyin for s in reader.read(word).syllables] for word in ("器材行", "縝密", "艦長")}
    assert found == {"器材行": ["qi4", "cai2", "hang2"], "縝密": ["zhen3", "mi4"], "艦長": ["jian4", "zhang3"]}
    assert "wordlist" in reader.trace("艨縝艟")[1]
    assert reader.layers == (("wordlist", listed.digest),)


@pytest.mark.parametrize(
    ("word", "pinyin"),
    [
        ("亞洲", ["ya4", "zhou1"]),
        ("企業", ["qi4", "ye4"]),
        ("最長", ["zui4", "chang2"]),
        ("應用軟體", ["ying4", "yong4", "ruan3", "ti3"]),
    ],
)
def test_older_and_foreign_readings_are_not_taken(word: str, pinyin: list[str], listed: WordList) -> None:
    assert [s.pinyin for s in Reader(wordlist=listed).read(word).syllables] == pinyin


@pytest.mark.parametrize("damage", ["words", "tree", "cut", "empty", "missing"])
def test_a_damaged_list_is_told(tmp_path: Path, damage: str) -> None:
    folder = write_list(tmp_path, [("器材行", "qi4 cai2 hang2", 9)])
    words, tree = folder / WORDS, folder / TREE
    if damage == "words":
        words.write_bytes(b"\xff\xfe" + words.read_bytes())
    elif damage == "tree":
        tree.write_bytes(b"\x01" * 64)
    elif damage == "cut":
        tree.write_bytes(tree.read_bytes()[:-3])
    elif damage == "empty":
        tree.write_bytes(b"")
    else:
        words.unlink()
    with pytest.raises(PackError) as caught:
        WordList(folder)
    assert "works without" in caught.value.hint


INSTALLED = Path("/usr/share/libchewing")


@pytest.mark.skipif(not (INSTALLED / TREE).is_file(), reason="libchewing3-data is not installed")
def test_the_installed_list_makes_no_listed_reading_worse() -> None:
    with_list, without = Reader(wordlist=WordList(INSTALLED)), Reader()
    for table in ("must-taiwan", "must-not", "names", "polyphones", "tones", "numbers", "paragraphs"):
        for text, *_ in rows(table):
            found, expected = with_list.read(text), without.read(text)
            assert [s.pinyin for s in found.syllables] == [s.pinyin for s in expected.syllables], text


def test_the_list_of_refusals_names_syllables() -> None:
    from anchor.mandarin.phonemes import is_syllable
    from anchor.mandarin.tables import load_rows

    assert rows("must-taiwan")
    for _, reading, reason, *_ in load_rows("wordlist"):
        assert reading == "*" or is_syllable(reading)
        assert reason
