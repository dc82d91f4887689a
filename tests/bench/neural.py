"""How quickly neural engines work: a small Coqui VITS here, and MuseTalk in its true size where there is a GPU.

    python tests/bench/neural.py [--device cuda] [--batch 1 4 8] [--tiny]

The weights are random: speed and memory are those of real ones, pictures and speech are noise.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from anchor.mandarin.reader import Reader

ROOT = Path(__file__).resolve().parents[2]
TEXT = ROOT / "tests" / "speech" / "news.txt"
LINES = 8
"""Lines of the news that are spoken."""
BATCHES = (1, 4, 8, 16, 32)
READINGS = 2
"""How often the bulletin is read in the sound that MuseTalk hears; 9 s each."""
GAIN, GRAIN = 1.3, 1.5
"""What a trained coder takes away of detail and grain; a random one takes none, and giving it back takes time."""
Row = tuple[str, str, str]


def neural_rows() -> Iterator[Row]:
    """What `make bench` measures of neural engines on any machine."""
    yield vits_row("tiny VITS through Coqui", "auto", full=False)


def vits_row(name: str, device: str, *, full: bool) -> Row:
    """Measure, figure, remark: loading and speaking apart."""
    if find_spec("TTS") is None:
        return name, "not measured", "pip install 'anchor-newsroom[coqui]'"
    sys.path.insert(0, str(ROOT))
    from anchor.speech.engines.coqui.engine import CoquiEngine
    from tests.speech.coqui_models import vits_voice

    reader = Reader()
    lines = TEXT.read_text(encoding="utf-8").splitlines()
    first, text = reader.read("準備。"), reader.read("\n".join(lines[:LINES]))
    with tempfile.TemporaryDirectory() as folder, CoquiEngine() as engine:
        voice = vits_voice(Path(folder) / "random-vits", full=full, device=device)
        begun = time.perf_counter()
        engine.speak(first, voice)
        loading = time.perf_counter() - begun
        begun = time.perf_counter()
        spoken = engine.speak(text, voice)
        took, length = time.perf_counter() - begun, len(spoken.pcm) / spoken.rate
    return name, f"{length / took:.1f} × real time", f"{length:.0f} s; loaded in {loading:.1f} s"


def musetalk_rows(device: str, batches: Sequence[int] = BATCHES, *, tiny: bool = False) -> Iterator[Row]:
    """Measure, figure, remark: the engine as the sync stage asks it, and its parts alone.

    Args:
        device: `cpu` or `cuda`.
        batches: frames that go through the network together.
        tiny: the tests' model, to see whether this program works.
    """
    import torch

    sys.path.insert(0, str(ROOT))
    from anchor.core.time import VIDEO
    from anchor.face.avatar import resolve_avatar
    from anchor.face.engines.musetalk.audio_windows import frame_windows, read_for_whisper
    from anchor.face.engines.musetalk.crop import prepare_face
    from anchor.face.engines.musetalk.finish import Finisher
    from anchor.face.engines.musetalk.load import forget, loaded
    from anchor.face.engines.musetalk.pack import read_pack
    from anchor.face.mouthbank import load_bank
    from anchor.face.visemes import plan_visemes
    from anchor.packs import Shelf, find_pack
    from anchor.registry import lip_sync_engine
    from tests.face.face_samples import BULLETIN, frames_of, hum, spoken
    from tests.face.musetalk_models import FULL, TINY, build_model, musetalk_presenter

    timeline = spoken(" ".join([BULLETIN] * READINGS))
    frames = frames_of(timeline)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wav = hum(timeline, folder, {index: 1.0 + index % 5 for index in range(len(timeline.phonemes))})
        model = build_model(folder / "model", size=TINY if tiny else FULL, device=device)
        lan = resolve_avatar(find_pack(Shelf.AVATARS, "lan", (ROOT,)))
        avatar = musetalk_presenter(lan, model, folder / "lan-bench", "", device=device)
        pack = read_pack(avatar)
        begun = time.perf_counter()
        networks = loaded(pack)
        yield "loading", f"{time.perf_counter() - begun:.1f} s", "libraries included, sha256 not"
        if device == "cuda":
            yield "GPU memory, weights", _gib(torch.cuda.memory_allocated()), ""
        bank = load_bank(avatar.path / "bank" / "bank.json")
        took = _median(lambda: prepare_face(replace(avatar, cache=None), bank, networks, pack.digest), device, 3)
        face = replace(prepare_face(avatar, bank, networks, pack.digest), gain=GAIN, grain=GRAIN)
        (kept,) = (folder / "cache").rglob("musetalk-*.npz")
        np.savez(kept, latents=face.latents, gain=GAIN, grain=GRAIN)
        yield "a presenter's latents", f"{took:.2f} s", "once for each presenter"
        pcm = read_for_whisper(wav)
        took = _median(lambda: networks.hear(pcm), device, 3)
        yield "sound to features", f"{timeline.samples / 48000 / took:.0f} × real time", f"{took * 1e3:.0f} ms"
        finisher = Finisher(bank, face, 1)
        picture = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
        shapes = [shape for shape in plan_visemes(timeline, frames, VIDEO).frames if shape]
        took = _median(lambda: [finisher.patch(picture, s, 1.0, k) for k, s in enumerate(shapes[:50])], "cpu", 3) / 50
        yield "finishing a patch, one thread", f"{took * 1e3:.1f} ms", f"{1 / took:.0f} fps, CPU"
        features = networks.hear(pcm)
        for batch in batches:
            heard = frame_windows(features, [0.03 * k for k in range(batch)])
            if device == "cuda":  # What is recorded for one batch is kept; each is measured by itself.
                del networks
                forget()
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
                networks = loaded(pack)
            begun = time.perf_counter()
            _pictures(networks, face.latents, heard)
            first = time.perf_counter() - begun
            took = _median(partial(_pictures, networks, face.latents, heard), device, 9)
            remark = f"{took * 1e3:.0f} ms a batch, the first {first:.1f} s"
            yield f"networks alone, batch {batch}", f"{batch / took:.1f} fps", remark
            asked = replace(avatar, options=(*avatar.options, ("batch", batch)))
            with lip_sync_engine("musetalk") as engine:
                list(engine.sync(asked, spoken("da4"), hum(spoken("da4"), folder), 8, VIDEO))
                begun = time.perf_counter()
                cpu = time.process_time()
                painted = sum(p is not None for p in engine.sync(asked, timeline, wav, frames, VIDEO))
                took, cpu = time.perf_counter() - begun, time.process_time() - cpu
            memory = f", peak {_gib(torch.cuda.max_memory_reserved())} of GPU memory" if device == "cuda" else ""
            yield (
                f"whole engine, batch {batch}",
                f"{painted / took:.1f} fps",
                f"{painted} of {frames} frames in {took:.2f} s; {cpu / painted * 1e3:.1f} ms CPU a frame{memory}",
            )


def _pictures(networks: Any, latents: Any, heard: Any) -> Any:
    return networks.paint(latents, heard, len(heard)).pictures()


def _median(work: Callable[[], Any], device: str, times: int) -> float:
    """Seconds that the work takes once warm."""
    import torch

    found = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        found.append(time.perf_counter() - begun)
    return statistics.median(found[1:])


def _gib(size: float) -> str:
    return f"{size / 2**30:.2f} GiB"


def main() -> None:
    """Print the table of MuseTalk."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--batch", type=int, nargs="*", default=list(BATCHES))
    parser.add_argument("--tiny", action="store_true", help="the tests' model instead of the full one")
    options = parser.parse_args()
    console = Console(width=200, markup=False, highlight=False)
    console.print("| what | measured | remark |\n|---|---|---|")
    for row in musetalk_rows(options.device, options.batch, tiny=options.tiny):
        console.print(f"| {' | '.join(row)} |")
    row = vits_row("VITS through Coqui", options.device, full=not options.tiny)
    console.print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
