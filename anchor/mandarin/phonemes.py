"""Syllables of Mandarin: spelling in pinyin and zhuyin, and the sounds they are made of."""

from __future__ import annotations

from functools import cache

from anchor.mandarin.tables import load_rows

INITIALS = {
    "b": "ㄅ", "p": "ㄆ", "m": "ㄇ", "f": "ㄈ", "d": "ㄉ", "t": "ㄊ", "n": "ㄋ", "l": "ㄌ", "g": "ㄍ", "k": "ㄎ",
    "h": "ㄏ", "j": "ㄐ", "q": "ㄑ", "x": "ㄒ", "zh": "ㄓ", "ch": "ㄔ", "sh": "ㄕ", "r": "ㄖ", "z": "ㄗ", "c": "ㄘ",
    "s": "ㄙ",
}  # fmt: skip
TONE_MARKS = {"1": "", "2": "ˊ", "3": "ˇ", "4": "ˋ"}
NEUTRAL_MARK = "˙"


@cache
def phoneme_classes() -> dict[str, str]:
    """Symbol → class (stop, affricate, fricative, nasal, liquid, glide, vowel, silence) of the whole inventory."""
    return {symbol: kind for symbol, kind, *_ in load_rows("phonemes")}


@cache
def syllable_table() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Every legal syllable without tone: pinyin (ü as v) → (zhuyin, phonemes)."""
    table: dict[str, tuple[str, tuple[str, ...]]] = {}
    for final, alone, zhuyin, sounds, after in load_rows("finals"):
        rest = tuple(sounds.split())
        if alone != "-":
            table[alone] = (zhuyin, rest)
        for initial in after.split():
            spelt = "u" + final[1:] if final[0] == "v" and initial in "jqx" else final
            table[initial + spelt] = (INITIALS[initial] + zhuyin, (initial, *rest))
    return table


@cache
def _pinyin_table() -> dict[str, str]:
    return {zhuyin: pinyin for pinyin, (zhuyin, _) in syllable_table().items()}


def is_syllable(pinyin: str) -> bool:
    """Whether `pinyin` is a legal syllable with a tone digit 1–5."""
    return len(pinyin) > 1 and pinyin[-1] in "12345" and pinyin[:-1] in syllable_table()


def syllable_phonemes(pinyin: str) -> tuple[str, ...]:
    """Sounds of a syllable: `zhuang1` → `("zh", "u", "a", "ng")`.

    Raises:
        KeyError: not a legal syllable with a tone digit.
    """
    if not is_syllable(pinyin):
        raise KeyError(pinyin)
    return syllable_table()[pinyin[:-1]][1]


@cache
def zhuyin_of(pinyin: str) -> str:
    """Zhuyin with tone mark: `le4` → `ㄌㄜˋ`, `de5` → `˙ㄉㄜ`.

    Raises:
        KeyError: not a legal syllable with a tone digit.
    """
    if not is_syllable(pinyin):
        raise KeyError(pinyin)
    letters, tone = syllable_table()[pinyin[:-1]][0], pinyin[-1]
    return NEUTRAL_MARK + letters if tone == "5" else letters + TONE_MARKS[tone]


def pinyin_of(zhuyin: str) -> str:
    """Pinyin with tone digit: `ㄌㄜˋ` → `le4`; the neutral dot may stand before or after.

    Raises:
        KeyError: not a legal syllable in zhuyin.
    """
    letters = zhuyin.strip(NEUTRAL_MARK + "ˉˊˇˋ")
    marks = zhuyin.replace(letters, "", 1) if letters else ""
    tones = {"": "1", "ˉ": "1", "ˊ": "2", "ˇ": "3", "ˋ": "4", NEUTRAL_MARK: "5"}
    if marks not in tones or letters not in _pinyin_table():
        raise KeyError(zhuyin)
    return _pinyin_table()[letters] + tones[marks]
