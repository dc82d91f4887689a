"""Our sounds → the model's symbols: which symbol says which phoneme, and the numbers that the network is given.

A syllable is its initial, the vowel with the arrow of its tone, and the nasal; the arrow stands behind the vowel and
before the nasal. Syllables of a word stand together, words are parted by a space (the spelling that the model learned;
docs/voices.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from anchor.mandarin.phonemes import phoneme_classes, syllable_phonemes
from anchor.mandarin.tables import load_rows

ARROWS = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
"""Tone digit → the model's symbol; the neutral tone has none."""
TONE = "*"
"""Where a final's arrow stands."""
ALONE = {("o",): "ɔ*"}
"""Finals that are spelt otherwise without an initial."""
STRESSES = {"1": "ˈ", "2": "ˌ", "0": ""}
"""ARPAbet's digits of stress → the marks before an English vowel."""
UNSTRESSED = {"AH": "ə", "ER": "əɹ"}
"""English vowels that are others without stress."""
ASPIRATED = ("P", "T", "K")
"""English stops that are breathed out before what is voiced, as in `tin`, not in `stop`. The voices learned Mandarin
with a sign for that: without it they say what is heard as B, D, G."""
BREATH = "ʰ"
GLIDES = ("L", "R", "W", "Y")
EDGE = 0
"""Number of the symbol before the first and after the last."""


@dataclass(frozen=True, slots=True)
class KokoroPhoneme:
    """One phoneme that will be heard."""

    symbol: str
    syllable: int
    """Index into `Utterance.syllables`."""
    onset: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol for the model."""

    char: str
    sound: int | None
    """Index into the sentence's sounds; None: a space or a mark."""


@dataclass(frozen=True, slots=True)
class SoundShape:
    """How a phoneme is written and when it is heard."""

    symbols: str
    early_ms: float
    """Before its symbol's frames, beyond the shift that all share."""


@cache
def vocabulary() -> dict[str, int]:
    """Symbol → number."""
    return {symbol: int(number) for symbol, number in load_rows(Path(__file__).with_name("vocabulary.tsv"))}


@cache
def sound_shapes() -> dict[str, SoundShape]:
    """Initials of Mandarin and all English sounds."""
    rows = load_rows(Path(__file__).with_name("sounds.tsv"))
    return {phoneme: SoundShape(symbols, float(early)) for phoneme, symbols, early in rows}


@cache
def _finals() -> dict[tuple[str, ...], tuple[str, ...]]:
    rows = load_rows(Path(__file__).with_name("finals.tsv"))
    return {tuple(phonemes.split()): tuple(symbols.split()) for phonemes, symbols in rows}


@cache
def syllable_pieces(pinyin: str) -> tuple[tuple[str, str], ...]:
    """A syllable's phonemes, each with its symbols: `zhuang1` → `(("zh", "ꭧ"), ("u", "w"), ("a", "a→"), ("ng", "ŋ"))`.

    Raises:
        KeyError: not a legal syllable with a tone digit.
    """
    phonemes = syllable_phonemes(pinyin)
    head = () if phoneme_classes()[phonemes[0]] == "vowel" else phonemes[:1]
    rest = phonemes[len(head) :]
    finals = (ALONE[rest],) if not head and rest in ALONE else _finals()[rest]
    marked = tuple(symbols.replace(TONE, ARROWS[pinyin[-1]]) for symbols in finals)
    return (*((p, sound_shapes()[p].symbols) for p in head), *zip(rest, marked, strict=True))


@cache
def english_pieces(phonemes: tuple[str, ...], open_end: bool = False) -> tuple[tuple[str, str], ...]:
    """English sounds in ARPAbet with stress digits (`EY1`), each as ours with its symbols.

    Args:
        phonemes: one behind the other.
        open_end: a vowel follows that is not among them.

    Raises:
        KeyError: no sound of English.
    """
    pieces: list[tuple[str, str]] = []
    for at, marked in enumerate(phonemes):
        name, digit = (marked[:-1], marked[-1]) if marked[-1].isdigit() else (marked, "")
        symbols = UNSTRESSED[name] if digit == "0" and name in UNSTRESSED else sound_shapes()[name].symbols
        breath = BREATH if name in ASPIRATED and _breathes(phonemes, at, open_end) else ""
        pieces.append((name, STRESSES.get(digit, "") + symbols + breath))
    return tuple(pieces)


def _breathes(phonemes: Sequence[str], at: int, open_end: bool) -> bool:
    """Whether a stop is aspirated: before a vowel or a glide, not behind S."""
    last = at + 1 == len(phonemes)
    voiced = open_end if last else phonemes[at + 1][-1].isdigit() or phonemes[at + 1] in GLIDES
    return voiced and (at == 0 or phonemes[at - 1] != "S")


def spell(
    pieces: Sequence[tuple[str, str]], syllable: int, first: int, opens: bool
) -> tuple[list[KokoroPhoneme], list[Symbol]]:
    """Pieces of one syllable as sounds and symbols.

    Args:
        pieces: phonemes with their symbols.
        syllable: its index in the utterance.
        first: index of its first sound in the sentence.
        opens: the syllable begins here (a Latin word may go on in further pieces).
    """
    sounds = [KokoroPhoneme(phoneme, syllable, opens and at == 0) for at, (phoneme, _) in enumerate(pieces)]
    symbols = [Symbol(char, first + at) for at, (_, chars) in enumerate(pieces) for char in chars]
    return sounds, symbols


def numbers(symbols: Sequence[Symbol]) -> Iterator[int]:
    """The network's numbers, without the edges."""
    known = vocabulary()
    return (known[symbol.char] for symbol in symbols)
