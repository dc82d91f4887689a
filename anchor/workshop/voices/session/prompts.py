"""The hundred sentences, what to mind in each, and whose readings a speaker may doubt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from anchor.core.errors import ScriptError
from anchor.core.speech import Syllable, Utterance, Word
from anchor.mandarin.reader import Reader
from anchor.mandarin.tables import load_rows
from anchor.messages import message

HERE = Path(__file__).parent
RETROFLEX, DENTAL = ("zh", "ch", "sh"), ("z", "c", "s")
LEAST_OF_A_PAIR = 2
"""Syllables of each kind that make a sentence an exercise in telling the two apart."""
DOUBTFUL = "rare-character"
"""Notice about a character that few people know."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A sentence to be read."""

    number: int
    """From 1."""
    text: str

    @property
    def name(self) -> str:
        """Of its files, without their ending: `007`."""
        return f"{self.number:03d}"


@dataclass(frozen=True, slots=True)
class Mind:
    """Something to mind while reading, in two languages."""

    code: str
    zh: str
    en: str


@cache
def prompts() -> tuple[Prompt, ...]:
    """All sentences in their order: any first part of them is news like the whole."""
    return tuple(Prompt(int(number), text) for number, text in load_rows(HERE / "prompts.tsv"))


def prompt_of(number: int) -> Prompt:
    """The sentence of a number.

    Raises:
        ScriptError: there is none.
    """
    if not 1 <= number <= len(prompts()):
        hint = message("session.no-sentence-hint", most=len(prompts()))
        raise ScriptError(message("session.no-sentence", number=number), hint=hint)
    return prompts()[number - 1]


@cache
def _minds() -> dict[str, Mind]:
    return {row[0]: Mind(*row) for row in load_rows(HERE / "minds.tsv")}


def minds_of(utterance: Utterance) -> tuple[Mind, ...]:
    """What to mind in a sentence, the most important first; never empty."""
    text = utterance.written
    syllables = [s for s in utterance.syllables if s.pinyin is not None]
    tones = [[s.pinyin[-1] for s in item.syllables if s.pinyin] for item in utterance.items if isinstance(item, Word)]
    found = {
        "question": "？" in text,
        "list": "、" in text,
        "number": bool(re.search(r"\d", text)),
        "latin": any(s.pinyin is None for s in utterance.syllables),
        "sandhi": any(s.char in "一不" and s.pinyin not in ("yi1", "bu4") for s in syllables),
        "thirds": any(pair == ("3", "3") for word in tones for pair in pairwise(word)),
        "retroflex": _both(syllables, RETROFLEX, DENTAL),
        "nasal": min(_ending(syllables, "n"), _ending(syllables, "ng")) > LEAST_OF_A_PAIR + 1,
    }
    codes = [code for code, there in found.items() if there]
    return tuple(_minds()[code] for code in codes or ["stress"])


def _both(syllables: list[Syllable], some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    initials = [re.sub(r"(?<=.)[aeiouv].*", "", s.pinyin or "") for s in syllables]
    return min(sum(i in kind for i in initials) for kind in (some, others)) >= LEAST_OF_A_PAIR


def _ending(syllables: list[Syllable], coda: str) -> int:
    vowels = "[aeiouv]"
    return sum(bool(re.search(rf"{vowels}{coda}\d", s.pinyin or "")) for s in syllables)


def doubtful(utterance: Utterance, reader: Reader) -> frozenset[int]:
    """Syllables whose reading is not obvious: not the character's commonest, a changed tone, a rare character.

    Indices into `Utterance.syllables`.
    """
    rare = [n.place.span for n in utterance.notices if n.code == DOUBTFUL and n.place and n.place.span]
    out = set()
    for index, syllable in enumerate(utterance.syllables):
        if syllable.zhuyin is None:
            continue
        known = reader.readings(syllable.char)
        uncommon = bool(known) and syllable.zhuyin != known[0]
        if uncommon or any(span.start <= syllable.span.start < span.end for span in rare):
            out.add(index)
    return frozenset(out)


def spoken_hint(utterance: Utterance, reader: Reader) -> str:
    """The sentence as said, figures in words, with zhuyin after what is not obvious: `不（ㄅㄨˊ）是`."""
    marked, index = doubtful(utterance, reader), 0
    out: list[str] = []
    for item in utterance.items:
        if not isinstance(item, Word):
            out.append(item.mark)
            continue
        for syllable in item.syllables:
            out.append(f"{syllable.char}（{syllable.zhuyin}）" if index in marked else syllable.char)
            index += 1
    return "".join(out)
