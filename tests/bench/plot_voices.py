"""Pictures of pitch and energy for docs/voices.md: what the library says alone, and what is sent.

    PYTHONPATH=<where matplotlib is> python tests/bench/plot_voices.py [--out docs/images]

Matplotlib is no dependency of the project; any version from 3.8 on will do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import matplotlib  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from anchor.core.ports import Voice  # noqa: E402
from anchor.core.speech import SILENCE, Utterance  # noqa: E402
from anchor.mandarin.reader import Reader  # noqa: E402
from anchor.media.tool import find_ffmpeg  # noqa: E402
from anchor.media.wav import read_wav  # noqa: E402
from anchor.packs import Shelf, find_pack  # noqa: E402
from anchor.speech import voice_chain  # noqa: E402
from anchor.speech.engines.espeak.engine import EspeakEngine  # noqa: E402
from anchor.speech.engines.prosody import Tune  # noqa: E402
from anchor.speech.speak import Speech, speak_utterance  # noqa: E402
from anchor.speech.voice import resolve_voice  # noqa: E402
from tests.speech.pitch import HOP_S, track_pitch  # noqa: E402

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

TEXT = "受到東北季風影響，基隆、宜蘭明天**轉涼**，最低氣溫十四度。民眾要怎麼準備？"
BEFORE, AFTER = "#9aa3ad", "#c2410c"


def spoken(utterance: Utterance, voice: Voice, plain: bool) -> tuple[Speech, np.ndarray]:
    """A WAV's timeline and samples; `plain`: no tune and no chain."""
    resampled = f"{voice_chain.RESAMPLE},apad=whole_len={{0}},atrim=end_sample={{0}}"
    with tempfile.TemporaryDirectory() as folder, EspeakEngine() as engine:
        wav = Path(folder) / "a.wav"
        with (
            patch.object(Tune, "manner", lambda self, base, *rest: base) if plain else tempfile.TemporaryDirectory(),
            patch.object(voice_chain, "voice_filter", resampled.format) if plain else tempfile.TemporaryDirectory(),
        ):
            speech = speak_utterance(utterance, voice, engine, lufs=-16, dbtp=-1.5, wav=wav, ffmpeg=find_ffmpeg())
        return speech, np.concatenate(list(read_wav(wav)))[:, 0]


def draw(name: str, out: Path) -> None:
    """One picture: pitch above energy, for both readings, one below the other."""
    utterance = Reader().read(TEXT)
    voice = resolve_voice(find_pack(Shelf.VOICES, f"{name}-espeak", (ROOT,)))
    figure, axes = plt.subplots(4, 1, figsize=(11, 7.4), height_ratios=(3, 1.4, 3, 1.4), constrained_layout=True)
    made = [spoken(utterance, voice, plain) for plain in (True, False)]
    seconds = max(len(pcm) for _, pcm in made) / 48000
    tracks = [track_pitch(pcm[::2], 24000) for _, pcm in made]
    middle = np.nanmedian(tracks[1].hz)
    for row, ((speech, pcm), track) in enumerate(zip(made, tracks, strict=True)):
        pitch, energy = axes[2 * row], axes[2 * row + 1]
        colour = AFTER if row else BEFORE
        times = (np.arange(len(track.hz)) + 0.5) * HOP_S
        kept = track.depth < 0.3  # the clear periods: consonants give stray points
        pitch.plot(times[kept], 12 * np.log2(track.hz[kept] / middle), ".", ms=2.5, color=colour)
        pitch.set_ylim(-11, 11)
        pitch.set_ylabel("semitones")
        pitch.set_title(
            ("tuned, through the chain" if row else "the library alone") + f" · {len(pcm) / 48000:.2f} s",
            loc="left", fontsize=10,
        )  # fmt: skip
        frames = pcm[: len(pcm) // 240 * 240].reshape(-1, 240)
        level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-9)
        energy.fill_between((np.arange(len(level)) + 0.5) * 0.005, level, -70, color=colour, lw=0)
        energy.set_ylim(-60, -5)
        energy.set_ylabel("dB")
        for phoneme in speech.timeline.phonemes:
            start, end = phoneme.span.start / 48000, phoneme.span.end / 48000
            if phoneme.symbol == SILENCE:
                for axis in (pitch, energy):
                    axis.axvspan(start, end, color="#eef1f4", lw=0)
            elif phoneme.onset and phoneme.syllable is not None:
                pitch.axvline(start, color="#d5dae0", lw=0.5, zorder=0)
                said = utterance.syllables[phoneme.syllable].pinyin or ""
                pitch.text(start + 0.01, -10.6 + 1.4 * (phoneme.syllable % 2), said, fontsize=6.5, color="#4b5563")
        for axis in (pitch, energy):
            axis.set_xlim(0, seconds)
            axis.tick_params(labelsize=8)
            axis.spines[["top", "right"]].set_visible(False)
        pitch.set_xticklabels([])
    axes[-1].set_xlabel("seconds")
    path = out / f"voice-{name}.png"
    figure.savefig(path, dpi=80)
    plt.close(figure)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(32)
    small.save(path, optimize=True)


def main() -> None:
    """Draw both voices."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    out: Path = parser.parse_args().out
    for name in ("lan", "hao"):
        draw(name, out)


if __name__ == "__main__":
    main()
