"""Checking one recording: decoded, measured, and heard by a listener who is not told the sentence."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError
from anchor.core.speech import Utterance
from anchor.mandarin.reader import Reader
from anchor.media.probe import probe_media
from anchor.media.process import Cancelled
from anchor.media.run import run_ffmpeg
from anchor.media.tool import LOCAL, FFmpeg, file_url
from anchor.messages import message
from anchor.workshop.voices.evaluation.error_rates import compare
from anchor.workshop.voices.recordings import Transcriber
from anchor.workshop.voices.session.folder import Take, stamp
from anchor.workshop.voices.session.prompts import Prompt
from anchor.workshop.voices.session.recording_measurements import measure, mono_of
from anchor.workshop.voices.session.verdicts import syllable_rate

LONGEST_S = 60.0
"""A sentence takes seconds; what is longer is not one."""
SHORTEST_S = 0.3
SILENT = 1e-3
"""A peak under this is silence: 60 dB under full scale."""


class Checker:
    """Checks recordings with what this machine has; engine and listener are entered by whoever makes it.

    Args:
        ffmpeg: decodes.
        reader: reads the sentences and what was heard.
        listener: writes down what was said; None: nobody listens, and only the sound is checked.
        listener_name: kept with each take, so that it is listened to once.
    """

    def __init__(
        self,
        ffmpeg: FFmpeg,
        reader: Reader,
        listener: Transcriber | None = None,
        listener_name: str = "",
    ) -> None:
        self._ffmpeg = ffmpeg
        self._reader = reader
        self._listener = listener
        self.listener_name = listener_name if listener is not None else ""

    def check(self, prompt: Prompt, path: Path, cancelled: Cancelled | None = None) -> Take:
        """Measure a recording; what is wrong with it is in the take, never an error.

        Raises:
            JobCancelled: `cancelled` said so.
        """
        mark = stamp(path)
        try:
            sound, rate = decoded(path, self._ffmpeg, cancelled)
        except MediaError as error:
            return Take(prompt, path.name, mark, self.listener_name, fault=error.message)
        found = measure(sound, rate)
        utterance = self._reader.read(prompt.text)
        heard = self._listener.hear(mono_of(sound), rate) if self._listener is not None else ""
        return Take(
            prompt,
            path.name,
            mark,
            self.listener_name,
            measured=found,
            pace=syllable_rate(found, utterance),
            words=self._words_off(utterance, heard),
            heard=heard,
        )

    def _words_off(self, wanted: Utterance, heard: str) -> float | None:
        """Per cent of syllables heard otherwise; tones are not compared, a recogniser guesses them."""
        if self._listener is None:
            return None
        return 100 * min(1.0, compare(wanted, heard, self._reader).toneless_rate)


def decoded(path: Path, ffmpeg: FFmpeg, cancelled: Cancelled | None = None) -> tuple[NDArray[np.float32], int]:
    """A recording at its own rate with its own channels: [samples, channels], −1…1.

    Raises:
        MediaError: not a sound, longer than a minute, or silent.
    """
    facts = probe_media(ffmpeg, path).audio
    if facts is None:
        raise MediaError(message("speech.no-sound", name=path.name))
    if facts.duration > LONGEST_S:
        raise MediaError(message("session.too-long", name=path.name, seconds=float(facts.duration)))
    with tempfile.TemporaryDirectory(prefix="anchor-take-") as scratch:
        raw = Path(scratch) / "sound.f32"
        given = ("-protocol_whitelist", LOCAL, "-i", file_url(path), "-map", "0:a:0", "-t", str(LONGEST_S))
        run_ffmpeg((ffmpeg.path, "-v", "error", "-y", *given, "-f", "f32le", file_url(raw)), cancelled=cancelled)
        samples = np.fromfile(raw, "<f4")
    sound = samples[: len(samples) // facts.channels * facts.channels].reshape(-1, facts.channels)
    if len(sound) < SHORTEST_S * facts.rate:
        raise MediaError(message("speech.too-short", name=path.name, seconds=len(sound) / facts.rate))
    if float(np.abs(sound).max()) < SILENT:
        raise MediaError(message("speech.silent", name=path.name))
    return sound, facts.rate
