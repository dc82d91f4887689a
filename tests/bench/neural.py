"""How quickly a Coqui VITS of a megabyte speaks: what the engine itself costs around a model."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from anchor.mandarin.reader import Reader

ROOT = Path(__file__).resolve().parents[2]
TEXT = ROOT / "tests" / "speech" / "news.txt"
LINES = 8
"""Lines of the news that are spoken."""


def neural_rows() -> Iterator[tuple[str, str, str]]:
    """Measure, figure, remark: loading and speaking apart."""
    if find_spec("TTS") is None:
        yield "tiny VITS through Coqui", "not measured", "pip install 'anchor-newsroom[coqui]'"
        return
    sys.path.insert(0, str(ROOT))
    from anchor.speech.engines.coqui import CoquiEngine
    from tests.speech.coqui_models import vits_voice

    reader = Reader()
    lines = TEXT.read_text(encoding="utf-8").splitlines()
    first, text = reader.read("準備。"), reader.read("\n".join(lines[:LINES]))
    with tempfile.TemporaryDirectory() as folder, CoquiEngine() as engine:
        voice = vits_voice(Path(folder) / "tiny-vits")
        begun = time.perf_counter()
        engine.speak(first, voice)
        loading = time.perf_counter() - begun
        begun = time.perf_counter()
        spoken = engine.speak(text, voice)
        took, length = time.perf_counter() - begun, len(spoken.pcm) / spoken.rate
    yield "tiny VITS through Coqui", f"{length / took:.1f} × real time", f"{length:.0f} s; loaded in {loading:.1f} s"
