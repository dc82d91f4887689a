"""Whether a voice can go on air: its pack, and what it makes of a test sentence."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from anchor.core.quality import CheckItem, CheckReport
from anchor.core.speech import SILENCE, PhonemeTimeline, Utterance
from anchor.mandarin.phonemes import syllable_phonemes
from anchor.media.wav import read_wav
from anchor.messages import Message, message
from anchor.packs import Shelf, find_pack
from anchor.pipeline.run import SPEAK_DBTP, SPEAK_LUFS, speak_text
from anchor.pipeline.services import Services, never

SENTENCE = "各位觀眾晚安，歡迎收看新聞。今天氣溫二十三度，垃圾車八點出發，企業和研究單位都歡迎。"
LUFS_OFF = 0.5
SLOWEST, FASTEST = 120, 420
"""Syllables a minute, pauses included; news is read at 250 to 320."""
QUIET_DB = -50.0
"""Level under which a speech sound is not heard, against full scale."""
LOUD_SILENCE_DB = -35.0
"""Level over which a silence is none: breath and hum stay under it."""


def check_voice(name: str, services: Services, cancelled: Callable[[], bool] = never) -> CheckReport:
    """Speak a sentence and measure it.

    Raises:
        PackError: no such voice, or its files differ from their hashes.
        EngineError: it cannot speak.
    """
    pack = find_pack(Shelf.VOICES, name, services.settings.shelves)
    voice = services.voice(name)
    with tempfile.TemporaryDirectory(prefix="anchor-voice-") as folder:
        wav = Path(folder) / "check.wav"
        utterance, track, _ = speak_text(SENTENCE, name, wav, services, cancelled=cancelled)
        pcm = np.concatenate([block.reshape(-1) for block in read_wav(wav)])
    timeline = track.timeline
    minutes = timeline.samples / timeline.rate / 60
    pace = len(utterance.syllables) / minutes
    sounds, silences = _levels(pcm, timeline)
    unheard = [level for level in sounds if level < QUIET_DB]
    return CheckReport(
        (
            CheckItem("files", _matching(len(pack.manifest["files"])), message("voices.hashes"), True),
            CheckItem("licence", voice.licence, message("voices.licence-named"), bool(voice.licence)),
            CheckItem("engine", voice.engine, message("voices.speaks"), True),
            _tiling(timeline, len(pcm)),
            _sounds(utterance, timeline),
            CheckItem("audible", _share(len(sounds) - len(unheard), len(sounds)), message("voices.all"), not unheard),
            _silence(silences),
            _within("loudness", track.lufs, SPEAK_LUFS - LUFS_OFF, SPEAK_LUFS + LUFS_OFF, "LUFS"),
            _within("true-peak", track.dbtp, -99.0, SPEAK_DBTP + 0.1, "dBTP"),
            _within("pace", pace, SLOWEST, FASTEST, message("voices.syllables-a-minute")),
        )
    )


def _matching(count: int) -> Message:
    return message("voices.files-match", count=count)


def _share(count: int, syllables: int) -> Message:
    return message("voices.of-the-syllables", count=count, syllables=syllables)


def _tiling(timeline: PhonemeTimeline, samples: int) -> CheckItem:
    """Phonemes follow each other without gap, as `PhonemeTimeline` makes sure, and end where the sound ends."""
    measured = message("voices.of-the-samples", count=timeline.samples, samples=samples)
    return CheckItem("tiling", measured, message("voices.phonemes-tile"), timeline.samples == samples)


def _sounds(utterance: Utterance, timeline: PhonemeTimeline) -> CheckItem:
    """Every syllable has its own sounds, in their order."""
    wrong = 0
    for index, syllable in enumerate(utterance.syllables):
        if syllable.pinyin is not None:
            said = tuple(p.symbol for p in timeline.phonemes if p.syllable == index)
            wrong += said != syllable_phonemes(syllable.pinyin)
    count = len(utterance.syllables)
    return CheckItem("sounds", _share(count - wrong, count), message("voices.all"), not wrong)


def _levels(pcm: np.ndarray, timeline: PhonemeTimeline) -> tuple[list[float], list[float]]:
    """Peak level of each syllable and RMS of each silence, dB against full scale.

    Shapes:
        pcm: [samples] float32
    """
    sounds: dict[int, float] = {}
    silences: list[float] = []
    for phoneme in timeline.phonemes:
        part = pcm[phoneme.span.start : phoneme.span.end]
        if not len(part):
            continue
        if phoneme.syllable is not None:
            peak = float(np.max(np.abs(part)))
            sounds[phoneme.syllable] = max(sounds.get(phoneme.syllable, 0.0), peak)
        elif phoneme.symbol == SILENCE:
            # The edges belong to the fading of the sounds beside it.
            inner = part[len(part) // 4 : max(len(part) // 4 + 1, 3 * len(part) // 4)]
            silences.append(_decibels(float(np.sqrt(np.mean(inner**2)))))
    return [_decibels(peak) for peak in sounds.values()], silences


def _silence(levels: list[float]) -> CheckItem:
    loudest = max(levels, default=-99.0)
    allowed = message("voices.at-most", most=LOUD_SILENCE_DB, unit="dBFS")
    return CheckItem("silence", f"{loudest:.0f} dBFS", allowed, loudest <= LOUD_SILENCE_DB)


def _within(name: str, value: float, low: float, high: float, unit: str) -> CheckItem:
    measured = message("voices.figure", value=value, unit=unit)
    within, most = (
        message("voices.from-to", low=low, high=high, unit=unit),
        message("voices.at-most", most=high, unit=unit),
    )
    return CheckItem(name, measured, within if low > -99 else most, low <= value <= high)


def _decibels(value: float) -> float:
    return 20 * float(np.log10(max(value, 1e-5)))
