"""Pitch, pace and weight over a sentence: what a newsreader adds to the tones.

The formant voice has the tones and nothing else: it neither falls through a sentence nor slows before a pause. Read
speech does both: the pitch range sinks through a sentence and is partly reset at each phrase, the last word before a
pause is longer, and an emphasised word is higher, wider and longer while what follows it is flatter (Xu 1999, "Effects
of tone and focus on the formation and alignment of f0 contours"; Shih 2000, "A declination model of Mandarin
Chinese"). The sizes here are small: a bulletin is read evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SENTENCE_FALL = 9.0
"""Pitch units from first to last word of a sentence; one unit is about 0.16 semitone."""
PHRASE_FALL = 6.0
"""Pitch units within a phrase, taken back at the next; seams and list marks do not end a phrase."""
QUESTION_LIFT = 3.0
"""How much higher the last phrase of a question lies as a whole."""
QUOTE_LIFT = 3.0
"""How much higher words in quotation marks lie."""
STRESS_LIFT, STRESS_WIDTH, STRESS_PACE, STRESS_VOLUME = 6.0, 1.2, 0.86, 1.2
"""An emphasised word: pitch units, and factors of the tones' range, of the rate and of the amplitude (+1.6 dB)."""
AFTER_STRESS_LIFT, AFTER_STRESS_WIDTH = -2.0, 0.9
"""What follows an emphasised word in its phrase."""
LATIN_LIFT, LATIN_PACE = 12.0, 0.9
"""English words: the library says them some two semitones under the Mandarin around them; and a listener does not
expect them, so they are said a little slower."""
SPELT_PACE = 0.7
"""Letters are one syllable each and the library rushes them: this gives five a second."""
ENGLISH_PACE = 0.5
"""A whole sentence of English, in the library's words per minute: some 175 of them, as newsreaders of English speak."""


class BoundaryTone(Enum):
    """How a run of words ends: lift of its last word in pitch units, and factor of its rate."""

    OPEN = (0.0, 1.0)
    """No pause follows."""
    SEAM = (1.0, 0.97)
    """A breath that no mark asks for."""
    LIST = (4.0, 0.95)
    """、: more is to come."""
    PHRASE = (2.0, 0.92)
    """，；： and script pauses."""
    TOLD = (-3.0, 0.9)
    QUESTION = (8.0, 0.9)

    @property
    def lift(self) -> float:
        """Pitch units."""
        return float(self.value[0])

    @property
    def pace(self) -> float:
        """Factor of the rate: below 1 is longer."""
        return float(self.value[1])


@dataclass(frozen=True, slots=True)
class WordProsody:
    """How one word is said, in the library's own units."""

    rate: int
    """Words per minute, 80–450."""
    pitch: int
    """0–99."""
    width: int
    """Range of the tones, 0–99."""
    volume: int


@dataclass(frozen=True, slots=True)
class Weight:
    """What sets a word apart."""

    stress: bool = False
    after_stress: bool = False
    quoted: bool = False
    latin: bool = False
    sentence: bool = False
    """Belongs to a whole sentence of English."""
    spelt: bool = False
    """Is one of several sounds of a Latin word: letters, numbers."""


PLAIN = Weight()


@dataclass(frozen=True, slots=True)
class Tune:
    """Where a run of words lies in its sentence and its phrase, in shares of their syllables."""

    sentence: tuple[float, float]
    phrase: tuple[float, float]
    ending: BoundaryTone
    question: bool = False
    """Whether it belongs to the last phrase of a question."""

    def manner(self, base: WordProsody, where: float, last: bool, weight: Weight = PLAIN) -> WordProsody:
        """How a word is said; `where`: its middle as a share of the run; `last`: it ends the run."""
        along, inside = (a + (b - a) * where for a, b in (self.sentence, self.phrase))
        pitch = base.pitch + SENTENCE_FALL * (0.5 - along) + PHRASE_FALL * (0.5 - inside)
        pitch += QUESTION_LIFT * self.question + QUOTE_LIFT * weight.quoted + LATIN_LIFT * weight.latin
        rate, width, volume = float(base.rate), float(base.width), float(base.volume)
        if last:
            pitch += self.ending.lift
            rate *= self.ending.pace
        if weight.latin:
            rate *= ENGLISH_PACE if weight.sentence else SPELT_PACE if weight.spelt else LATIN_PACE
        if weight.stress:
            pitch, width = pitch + STRESS_LIFT, width * STRESS_WIDTH
            rate, volume = rate * STRESS_PACE, volume * STRESS_VOLUME
        elif weight.after_stress:
            pitch, width = pitch + AFTER_STRESS_LIFT, width * AFTER_STRESS_WIDTH
        return WordProsody(
            _within(rate, 80, 450), _within(pitch, 0, 99), _within(width, 0, 99), _within(volume, 0, 100)
        )


EVEN = Tune((0.5, 0.5), (0.5, 0.5), BoundaryTone.OPEN)
"""No tune at all."""


def _within(value: float, least: int, most: int) -> int:
    return max(least, min(most, round(value)))
