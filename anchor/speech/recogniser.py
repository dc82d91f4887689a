"""A listener: what somebody says in Mandarin, written down by Whisper base on CTranslate2."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError, EngineUnavailable
from anchor.media.wav import RATE_HZ, read_wav
from anchor.messages import message
from anchor.models.files import model_files
from anchor.speech.log_mel import RATE_HZ as HEARD_HZ
from anchor.speech.log_mel import at_16_khz, log_mels, whisper_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

F32 = NDArray[np.float32]

SET = "whisper"
INSTALL = message("speech.install-evaluate")
PROMPT = ("<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>")
BEAM = 5
QUIETEST_S = 0.1
"""Less sound than this is not listened to."""
TOKENS_S = 16.0
"""Tokens a second beyond which nobody speaks: eight syllables of two tokens."""
SPARE_TOKENS = 24
LOOPS = 2.4
"""Bytes of a text for one of its compressed form: above this the listener goes round in circles."""
SILENT = 0.6
"""Probability of silence from which an unsure text is taken for invented."""
UNSURE = -1.0
"""Mean log probability of a token under which a text is unsure."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard in a stretch of sound."""

    text: str
    """Chinese characters, Simplified or Traditional as the model pleases, numbers written either way."""
    confidence: float
    """Mean log probability of a token, at most 0; under −1 the text is a guess."""
    looped: bool
    """The model went round in circles even when told not to: the text is cut where it began to."""


class Recogniser:
    """Listens to speech; loads at first use and stays loaded until it is closed. Use as a context manager.

    The same sound gives the same text on the same machine. Nothing is carried over from one sound to the next.

    Args:
        folder: the folder of models.
        threads: CPU threads; 0: the library's own choice.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self._folder = folder
        self._threads = threads
        self._model: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model = None

    def load(self) -> None:
        """Load now; raises like `hear`."""
        self._loaded()

    def hear(self, sound: Path | F32, rate: int = RATE_HZ) -> str:
        """What is said in a sound, in characters; empty where nobody speaks.

        Args:
            sound: a WAV of 16 or 24 bits at 48 kHz, its channels mixed; or samples, −1…1, mono, of any length.
            rate: of the samples.

        Raises:
            EngineUnavailable: the library or the models are not here.
            PackError: a model file is not what it should be.
            MediaError: no such WAV.
            EngineError: the model failed.
        """
        return "".join(hearing.text for hearing in self.listen(sound, rate))

    def listen(self, sound: Path | F32, rate: int = RATE_HZ) -> tuple[Hearing, ...]:
        """Like `hear`, for every 30 seconds of sound, cut where it is quiet.

        Shapes:
            sound: [samples] float32
        """
        pcm = at_16_khz(*((_read(sound), RATE_HZ) if isinstance(sound, Path) else (sound, rate)))
        return tuple(self._heard(window) for window in whisper_windows(pcm) if len(window) >= QUIETEST_S * HEARD_HZ)

    def _heard(self, pcm: F32) -> Hearing:
        model = self._loaded()
        first = self._generate(model, pcm)
        if _loops(first.text):
            again = self._generate(model, pcm, no_repeat_ngram_size=4, repetition_penalty=1.1)
            return _cut(again) if _loops(again.text) else again
        return first

    def _generate(self, model: Any, pcm: F32, **how: float) -> Hearing:
        library = import_module("ctranslate2")
        longest = len(PROMPT) + SPARE_TOKENS + int(len(pcm) / HEARD_HZ * TOKENS_S)
        try:
            (result,) = model.generate(
                library.StorageView.from_array(log_mels(pcm)[None]),
                [list(PROMPT)],
                beam_size=BEAM,
                max_length=min(448, longest),
                return_scores=True,
                return_no_speech_prob=True,
                **how,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineError(message("speech.recogniser-failed", error=str(error))) from error
        score = float(result.scores[0])
        if result.no_speech_prob > SILENT and score < UNSURE:
            return Hearing("", score, False)
        return Hearing(text_of(result.sequences[0]), score, False)

    def _loaded(self) -> Any:
        if self._model is None:
            files = model_files(SET, self._folder)
            try:
                library = import_module("ctranslate2")
            except ImportError as error:
                what = message("speech.recogniser-library", error=str(error))
                raise EngineUnavailable(what, hint=INSTALL) from error
            try:
                self._model = library.models.Whisper(
                    str(files["model"].parent), device="cpu", compute_type="int8", intra_threads=self._threads
                )
            except (RuntimeError, ValueError) as error:
                what = message("speech.recogniser-loads-not", error=str(error))
                raise EngineError(what, hint=message("speech.check-whisper")) from error
        return self._model


def _read(path: Path) -> F32:
    blocks = [block.mean(axis=1) for block in read_wav(path)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _loops(text: str) -> bool:
    octets = text.encode()
    return len(octets) > LOOPS * len(zlib.compress(octets))


def _cut(hearing: Hearing) -> Hearing:
    """The text up to where it begins to go round in circles."""
    end = len(hearing.text)
    while end > 1 and _loops(hearing.text[:end]):
        end -= 1
    return Hearing(hearing.text[:end], hearing.confidence, True)


def text_of(tokens: Sequence[str]) -> str:
    """The text of tokens as the vocabulary spells them: one letter for each byte of UTF-8."""
    table = _octets()
    octets = bytes(table[letter] for token in tokens if not token.startswith("<|") for letter in token)
    return octets.decode("utf-8", "ignore").strip()


@cache
def _octets() -> dict[str, int]:
    """Which byte a letter of the vocabulary stands for: printable ones for themselves, the others from U+0100 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [octet for octet in range(256) if octet not in plain]
    return {chr(octet): octet for octet in plain} | {chr(0x100 + place): octet for place, octet in enumerate(others)}
