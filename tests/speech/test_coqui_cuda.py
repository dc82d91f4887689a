"""The `coqui` engine on a GPU: the timing and the sound of the CPU, the same every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from anchor.core.ports import Voice
from anchor.core.speech import Utterance
from anchor.speech.engines.coqui.engine import CoquiEngine
from tests.speech.coqui_models import rewritten, xtts_voice

torch = pytest.importorskip("torch")
pytest.importorskip("TTS", reason="the coqui extra is not installed")
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]
Say = Callable[[str], Utterance]


@pytest.fixture(scope="module")
def coqui() -> Iterator[CoquiEngine]:
    with CoquiEngine() as engine:
        yield engine


def test_vits_has_the_timing_and_the_sound_of_the_cpu(
    tmp_path: Path, coqui: CoquiEngine, tiny_vits: Voice, bulletin: Utterance
) -> None:
    for device in ("cpu", "cuda"):
        (tmp_path / device).mkdir()
    slow, fast = (
        coqui.speak(bulletin, rewritten(tiny_vits, tmp_path / device, device=device, noise_scale=0.0))
        for device in ("cpu", "cuda")
    )
    assert slow.phonemes == fast.phonemes and slow.rate == fast.rate
    assert np.corrcoef(slow.pcm, fast.pcm)[0, 1] > 0.99


def test_vits_says_the_same_every_time(tmp_path: Path, coqui: CoquiEngine, tiny_vits: Voice, say: Say) -> None:
    voice = rewritten(tiny_vits, tmp_path, device="cuda")
    first, other, again = (coqui.speak(say(line), voice) for line in ("da4jia1 hao3", "ma1", "da4jia1 hao3"))
    assert np.array_equal(first.pcm, again.pcm) and first.phonemes == again.phonemes
    assert len(other.pcm) < len(first.pcm)


def test_xtts_says_the_same_every_time(tmp_path: Path, coqui: CoquiEngine, say: Say) -> None:
    voice = rewritten(xtts_voice(tmp_path / "tiny-xtts"), tmp_path, device="cuda")
    first, again = (coqui.speak(say("da4jia1 hao3"), voice) for _ in range(2))
    assert len(first.pcm) > 0 and np.array_equal(first.pcm, again.pcm) and first.phonemes == again.phonemes
