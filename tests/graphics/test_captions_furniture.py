"""Captions of a wire story: the dateline and the credits do not show."""

from __future__ import annotations

from anchor.core.speech import Phoneme, PhonemeTimeline, Utterance
from anchor.core.time import Span
from anchor.graphics.captions import plan_captions
from anchor.mandarin.reader import Reader

SYLLABLE = 9600
"""Samples of one syllable at 48 kHz: a fifth of a second."""


def _shown(utterance: Utterance) -> str:
    """The text of all captions, at a syllable every fifth of a second."""
    count = len(utterance.syllables)
    phonemes = tuple(Phoneme("a", Span(n * SYLLABLE, (n + 1) * SYLLABLE), n, onset=True) for n in range(count))
    captions = plan_captions(utterance, PhonemeTimeline(48_000, count * SYLLABLE, phonemes))
    return "".join(line for caption in captions for line in caption.lines)


def test_markup_is_not_shown() -> None:
    written = "<p>今天<b>天氣</b>轉涼，民眾&nbsp;外出</p><p>看AT&amp;T的[公告](https://example.com/a)與TAIDE{泰德}</p>"
    assert _shown(Reader().read(written)).translate({0x3000: "", 32: ""}) == "今天天氣轉涼民眾外出看AT&T的公告與TAIDE"


def test_furniture_is_not_shown() -> None:
    utterance = Reader().read(
        "（中央社記者王小明台北23日電）今天**天氣**轉涼，民眾外出注意保暖。（編輯：李大華）1151123"
    )
    count = len(utterance.syllables)
    phonemes = tuple(Phoneme("a", Span(n * SYLLABLE, (n + 1) * SYLLABLE), n, onset=True) for n in range(count))
    captions = plan_captions(utterance, PhonemeTimeline(48_000, count * SYLLABLE, phonemes))
    shown = "".join(line for caption in captions for line in caption.lines)
    assert shown.replace("　", "") == "今天天氣轉涼民眾外出注意保暖"
    assert captions[0].span.start == 0
