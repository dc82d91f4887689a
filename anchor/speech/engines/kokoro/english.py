"""English words → sounds, by the rules of eSpeak NG in a process of its own."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from anchor.core.errors import AnchorError
from anchor.core.ports import SpeechEngine, Voice
from anchor.core.speech import SILENCE, Syllable, Utterance, Word
from anchor.core.time import Span
from anchor.mandarin.phonemes import phoneme_classes
from anchor.packs import Shelf, find_pack
from anchor.registry import speech_engine
from anchor.settings import default_shelves
from anchor.speech.voice import resolve_voice

SPEAKER = "lan-espeak"
"""Voice of the shelf whose English rules are asked."""


class EnglishSounds:
    """Sounds of English words; the process starts with the first word that is asked for."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._speaker: tuple[SpeechEngine, Voice] | None = None
        self._known: dict[str, tuple[str, ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._speaker = None
        self._stack.close()

    def __call__(self, word: str) -> tuple[str, ...]:
        """ARPAbet with a stress digit on the first vowel; empty where there is no eSpeak NG or it knows none."""
        if word not in self._known:
            try:
                self._known[word] = self._sounds(word)
            except AnchorError:
                self._known[word] = ()
        return self._known[word]

    def _sounds(self, word: str) -> tuple[str, ...]:
        if self._speaker is None:
            pack = find_pack(Shelf.VOICES, SPEAKER, default_shelves())
            self._speaker = self._stack.enter_context(speech_engine(pack.engine)), resolve_voice(pack)
        engine, voice = self._speaker
        syllable = Syllable(word, None, None, Span(0, len(word)))
        item = Word(word, (syllable,), Span(0, len(word)), latin=True)
        spoken = engine.speak(Utterance(word, word, (item,)), voice)
        classes, stressed, out = phoneme_classes(), False, list[str]()
        for phoneme in spoken.phonemes:
            if phoneme.symbol == SILENCE:
                continue
            vowel = classes[phoneme.symbol] == "vowel"
            out.append(phoneme.symbol + ("" if not vowel else "0" if stressed else "1"))
            stressed |= vowel
        return tuple(out)
