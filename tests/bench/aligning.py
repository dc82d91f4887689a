"""How quickly a recording is aligned with its text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from anchor.mandarin.reader import Reader
from anchor.packs import Shelf, find_pack
from anchor.settings import Settings
from anchor.speech.align import align_speech
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.voice import resolve_voice

TEXT = Path(__file__).resolve().parent.parent / "speech" / "news.txt"


def aligning_rows(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Measure, figure, remark: the man's reading against the woman's phonemes."""
    utterance = Reader().read(TEXT.read_text(encoding="utf-8"))
    listener, reader = (
        resolve_voice(find_pack(Shelf.VOICES, name, settings.shelves)) for name in ("lan-espeak", "hao-espeak")
    )
    with EspeakEngine() as engine:
        reference, read = engine.speak(utterance, listener), engine.speak(utterance, reader)
    begun = time.perf_counter()
    align_speech(read.pcm, read.rate, utterance, reference)
    took, length = time.perf_counter() - begun, len(read.pcm) / read.rate
    yield "alignment of a recording", f"{length / took:.1f} × real time", f"{took:.2f} s for {length:.0f} s"
