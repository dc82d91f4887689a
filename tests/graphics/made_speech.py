"""Utterances and timelines made up by rule, without a voice: 200 ms a syllable, longer pauses at stronger marks."""

from __future__ import annotations

import re

from anchor.core.speech import Break, BreakKind, Phoneme, PhonemeTimeline, Syllable, Utterance, Word
from anchor.core.time import Span

RATE = 48000
SYLLABLE = 9600
PAUSES = {"、": 4800, "，": 12000, "；": 16800, "：": 16800, "。": 26400, "！": 26400, "？": 26400, "…": 12000}
_TOKEN = re.compile(r"\{[^{}]*\}|\d[\d,.:/]*\d?%?|[A-Za-z][A-Za-z'-]*|\s+|.")


def spoken(text: str, words: tuple[str, ...] = ()) -> tuple[Utterance, PhonemeTimeline]:
    """An utterance and its timeline; `words` are kept together, all other characters are words of their own."""
    items: list[Word | Break] = []
    pattern = re.compile("|".join([*map(re.escape, words), _TOKEN.pattern])) if words else _TOKEN
    for match in pattern.finditer(text):
        token, span = match.group(), Span(*match.span())
        if token in PAUSES:
            items.append(Break(BreakKind.COMMA, span, token))
        elif token[0].isdigit():
            # A number is longer in speech than in writing; every syllable says all of it.
            syllables = tuple(Syllable("十", "shi2", "ㄕˊ", span) for _ in token)
            items.append(Word(token, syllables, span))
        elif token[0].isascii() and token[0].isalpha():
            items.append(Word(token, (Syllable(token, None, None, span),), span, latin=True))
        elif token[0].isalpha():
            each = (Syllable(c, "ma1", "ㄇㄚ", Span(span.start + n, span.start + n + 1)) for n, c in enumerate(token))
            items.append(Word(token, tuple(each), span))
    utterance = Utterance(text, text, tuple(items))
    return utterance, _timeline(utterance)


def _timeline(utterance: Utterance) -> PhonemeTimeline:
    phonemes = [Phoneme("sil", Span(0, 5760), None)]
    syllable = 0
    for item in utterance.items:
        at = phonemes[-1].span.end
        if isinstance(item, Break):
            phonemes.append(Phoneme("sil", Span(at, at + PAUSES[item.mark]), None))
            continue
        for _ in item.syllables:
            middle, end = at + SYLLABLE // 3, at + SYLLABLE
            phonemes.append(Phoneme("m", Span(at, middle), syllable, onset=True))
            phonemes.append(Phoneme("a", Span(middle, end), syllable))
            at, syllable = end, syllable + 1
    last = phonemes[-1].span.end
    phonemes.append(Phoneme("sil", Span(last, last + 8640), None))
    return PhonemeTimeline(RATE, last + 8640, tuple(phonemes))
