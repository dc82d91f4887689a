"""A studio's recordings → a data set to train a voice on: one file and one text each, checked, trimmed, levelled."""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import AnchorError, MediaError, Place, ScriptError, StorageError
from anchor.core.ports import SpeechEngine, Voice
from anchor.core.speech import Phoneme, Utterance
from anchor.mandarin.reader import Reader
from anchor.media.process import Cancelled
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg, file_url
from anchor.messages import Message, message, os_reason
from anchor.speech.align import REFUSE, align_speech
from anchor.workshop.voices.evaluation.error_rates import compare
from anchor.workshop.voices.session.verdicts import verdict

SOUNDS = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".aiff", ".aif")
RATE_HZ = 22050
LEVEL_DB = -23.0
"""Power of the speech itself against full scale; peaks then stay under it for most voices."""
PEAK_DB = -1.0
GAP_DB = -40.0
"""Under the loud parts by this much is silence."""
MARGIN_S = 0.05
"""Silence left at the ends."""
SHORTEST_S, LONGEST_S = 0.6, 20.0
PACE = (1.2, 10.0)
"""Syllables a second that a person can say; outside, text and recording do not belong together."""
CLIPPED = 0.002
"""Share of samples at full scale that is too much."""


class Transcriber(Protocol):
    """Who writes down what is said."""

    def hear(self, sound: NDArray[np.float32], rate: int = 48000) -> str:
        """What is said, in characters; empty where nobody speaks."""
        ...


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording made ready."""

    name: str
    wav: Path
    """16-bit mono at 22.05 kHz."""
    seconds: float
    utterance: Utterance
    phonemes: tuple[Phoneme, ...] = ()
    """Aligned with the text, in samples of `wav`; empty where nobody listened."""


@dataclass(frozen=True, slots=True)
class RecordingFault:
    """A recording that cannot be used, and why."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class DataSet:
    """What a folder of recordings gave."""

    clips: tuple[Clip, ...]
    faults: tuple[RecordingFault, ...]

    @property
    def seconds(self) -> float:
        """Speech in all."""
        return sum(clip.seconds for clip in self.clips)


def prepare_recordings(
    folder: Path,
    out: Path,
    reader: Reader,
    ffmpeg: FFmpeg,
    cancelled: Cancelled | None = None,
    listener: tuple[SpeechEngine, Voice] | None = None,
    recogniser: Transcriber | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> DataSet:
    """Make every recording of a folder ready; what is wrong with one does not stop the others.

    Args:
        folder: `NAME.wav` (or another kind of sound) and `NAME.txt` with what is said.
        out: folder for the made WAV files.
        reader: reads the texts.
        ffmpeg: decodes the recordings.
        cancelled: asked while ffmpeg runs.
        listener: an engine, entered, and a voice whose exact phonemes the recordings are aligned with; a recording that
            says something else than its text is a fault.
        recogniser: writes down what is said; where there is one, its word decides whether a recording says its text.
            Measured on natural speech, distances from a formant voice do not tell right from wrong.
        tell: told how many recordings of how many are done.

    Raises:
        ScriptError: there is no recording at all.
        StorageError: the disk is full.
    """
    sounds = sorted(p for p in folder.iterdir() if p.suffix.lower() in SOUNDS) if folder.is_dir() else []
    if not sounds:
        raise ScriptError(
            message("voices.no-recordings", folder=str(folder)),
            hint=message("voices.no-recordings-hint"),
        )
    clips: list[Clip] = []
    faults = [RecordingFault(p.name, message("voices.text-alone")) for p in _texts_alone(folder, sounds)]
    for done, sound in enumerate(sounds, 1):
        try:
            clips.append(_clip(sound, out, reader, ffmpeg, cancelled, listener, recogniser))
        except (MediaError, ScriptError) as error:
            faults.append(RecordingFault(sound.name, _why(error)))
        if tell is not None:
            tell(done, len(sounds))
    return DataSet(tuple(clips), tuple(faults))


def _why(error: AnchorError) -> str:
    return message("voices.and-what-to-do", what=error.message, hint=error.hint) if error.hint else error.message


def _texts_alone(folder: Path, sounds: list[Path]) -> Iterator[Path]:
    names = {p.stem for p in sounds}
    return (p for p in sorted(folder.glob("*.txt")) if p.stem not in names)


def _clip(
    sound: Path,
    out: Path,
    reader: Reader,
    ffmpeg: FFmpeg,
    cancelled: Cancelled | None,
    listener: tuple[SpeechEngine, Voice] | None,
    recogniser: Transcriber | None,
) -> Clip:
    text = sound.with_suffix(".txt")
    try:
        written = text.read_text(encoding="utf-8-sig").strip()
    except FileNotFoundError:
        raise ScriptError(message("voices.no-text"), hint=message("voices.no-text-hint", text=text.name)) from None
    except UnicodeDecodeError:
        hint = message("voices.not-utf-8-hint")
        raise ScriptError(message("voices.not-utf-8", text=text.name), hint=hint) from None
    utterance = reader.read(written)
    lost = next((n for n in utterance.notices if n.code in ("unknown-character", "unknown-symbol")), None)
    if lost is not None:
        raise ScriptError(lost.text, place=Place(file=str(text)))
    samples = levelled(trim_silence(_decoded(sound, ffmpeg, cancelled)))
    seconds = len(samples) / RATE_HZ
    if not SHORTEST_S <= seconds <= LONGEST_S:
        hint = message("voices.length-hint", shortest=SHORTEST_S, longest=LONGEST_S)
        raise MediaError(message("voices.length", seconds=seconds), hint=hint)
    pace = len(utterance.syllables) / seconds
    if not PACE[0] <= pace <= PACE[1]:
        raise MediaError(message("voices.pace", pace=pace), hint=message("voices.is-it-said", text=text.name))
    if recogniser is not None:
        _check_words(samples, utterance, text.name, reader, recogniser)
    phonemes = _aligned(samples, utterance, text.name, listener, refuse=recogniser is None) if listener else ()
    wav = out / f"{sound.stem}.wav"
    _write(wav, samples)
    return Clip(sound.stem, wav, seconds, utterance, phonemes)


def _check_words(
    samples: NDArray[np.float32], utterance: Utterance, text: str, reader: Reader, recogniser: Transcriber
) -> None:
    """Raises MediaError where a recogniser heard something else than the text."""
    heard = recogniser.hear(samples, RATE_HZ)
    found = verdict("text", 100 * min(1.0, compare(utterance, heard, reader).toneless_rate))
    if not found.passed:
        raise MediaError(
            message(
                "voices.says-otherwise",
                text=utterance.written,
                heard=heard,
                measured=found.measured,
                allowed=found.allowed,
            ),
            hint=message("voices.is-it-said", text=text),
        )


def _aligned(
    samples: NDArray[np.float32],
    utterance: Utterance,
    text: str,
    listener: tuple[SpeechEngine, Voice],
    *,
    refuse: bool,
) -> tuple[Phoneme, ...]:
    """Where each sound of the text lies in a recording.

    Raises:
        MediaError: the recording says something else, if `refuse`.
    """
    engine, voice = listener
    found = align_speech(samples, RATE_HZ, utterance, engine.speak(utterance, voice))
    worst = max(found.sentences, key=lambda match: match.doubt)
    if refuse and worst.doubt > REFUSE:
        said = utterance.written[worst.text.start : worst.text.end]
        raise MediaError(message("voices.says-not", text=said), hint=message("voices.is-it-said", text=text))
    return found.phonemes


def _decoded(sound: Path, ffmpeg: FFmpeg, cancelled: Cancelled | None) -> NDArray[np.float32]:
    """Mono samples at 22.05 kHz.

    Raises:
        MediaError: not a sound, silent, or clipped.
    """
    with tempfile.TemporaryDirectory(prefix="anchor-recording-") as scratch:
        raw = Path(scratch) / "sound.f32"
        head = (ffmpeg.path, "-v", "error", "-y", "-i", file_url(sound), "-map", "0:a:0", "-t", "600")
        try:
            run_ffmpeg((*head, "-ac", "1", "-ar", str(RATE_HZ), "-f", "f32le", file_url(raw)), cancelled=cancelled)
        except MediaError as error:
            raise MediaError(_unreadable(error.stderr)) from error
        samples = np.fromfile(raw, "<f4")
    if not len(samples) or float(np.max(np.abs(samples))) < 1e-3:
        raise MediaError(message("voices.silent"), hint=message("voices.record-again"))
    share = float(np.mean(np.abs(samples) > 0.999))
    if share > CLIPPED:
        raise MediaError(message("voices.clipped", share=share), hint=message("voices.record-with-less-gain"))
    return samples


def _unreadable(said: tuple[str, ...]) -> Message:
    """What is wrong with a file that ffmpeg cannot read, with its last word."""
    return message("voices.unreadable-says", said=said[-1]) if said else message("voices.unreadable")


def trim_silence(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the silence before and after, but for a margin."""
    frame = RATE_HZ // 100
    count = max(1, len(samples) // frame)
    power = np.array([float(np.mean(part**2)) for part in np.array_split(samples, count)])
    loud = np.flatnonzero(power > np.percentile(power, 95) * 10 ** (GAP_DB / 10))
    margin = round(MARGIN_S * RATE_HZ)
    start, end = int(loud[0]) * frame - margin, (int(loud[-1]) + 1) * frame + margin
    return samples[max(0, start) : end]


def levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """With the power of its loud parts at `LEVEL_DB`, or lower where the peak would pass `PEAK_DB`."""
    parts = np.array_split(samples, max(1, len(samples) // (RATE_HZ // 100)))
    power = np.array([float(np.mean(part**2)) for part in parts])
    speech = power[power > power.max() * 10 ** (GAP_DB / 10)]
    gain = 10 ** (LEVEL_DB / 20) / float(np.sqrt(speech.mean()))
    return np.asarray(samples * min(gain, 10 ** (PEAK_DB / 20) / float(np.max(np.abs(samples)))), np.float32)


def _write(path: Path, samples: NDArray[np.float32]) -> None:
    try:
        with wave.open(str(path), "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(2)
            target.setframerate(RATE_HZ)
            target.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    except OSError as error:
        what = message("core.cannot-write", path=str(path), reason=os_reason(error))
        raise StorageError(what, hint=message("speech.free-some-space")) from error
