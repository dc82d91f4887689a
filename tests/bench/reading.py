"""How fast a text is read and spoken: front-end and embedded voice against the time that the speech takes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from anchor.mandarin.reader import Reader
from anchor.media.tool import FFmpeg
from anchor.packs import Shelf, find_pack
from anchor.settings import Settings
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.speak import speak_utterance
from anchor.speech.voice import resolve_voice

NEWS = Path(__file__).resolve().parents[1] / "speech" / "news.txt"
TIMES = 4
"""How often the text stands behind itself: about seven minutes of news."""


def reading_rows(ffmpeg: FFmpeg, settings: Settings, voice: str) -> Iterator[tuple[str, str, str]]:
    """Measure, figure, remark."""
    text = NEWS.read_text(encoding="utf-8") * TIMES
    start = time.perf_counter()
    reader = Reader()
    reader.read("大家好。")
    loaded, begun = time.perf_counter() - start, time.perf_counter()
    utterance = reader.read(text)
    read = time.perf_counter() - begun
    pack = resolve_voice(find_pack(Shelf.VOICES, voice, settings.shelves))
    with EspeakEngine() as engine, tempfile.TemporaryDirectory(prefix="anchor-bench-") as folder:
        engine.speak(reader.read("大家好。"), pack)
        begun = time.perf_counter()
        spoken = engine.speak(utterance, pack)
        said, begun = time.perf_counter() - begun, time.perf_counter()
        wav = Path(folder) / "a.wav"
        speak_utterance(utterance, pack, engine, lufs=-16, dbtp=-1.5, wav=wav, ffmpeg=ffmpeg)
        whole = time.perf_counter() - begun
    seconds = len(spoken.pcm) / spoken.rate
    of = f"{len(text):,} characters, {seconds / 60:.1f} min of speech"
    yield "front-end", f"{seconds / read:,.0f} × real time", f"{read:.2f} s for {of}; start {loaded:.2f} s"
    yield "espeak, voice alone", f"{seconds / said:,.0f} × real time", f"{said:.2f} s, phonemes included"
    yield "espeak, chain and loudness too", f"{seconds / whole:,.0f} × real time", f"{whole:.2f} s, as 48 kHz WAV"
