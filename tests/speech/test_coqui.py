"""The `coqui` engine with tiny models of random weights, run for real."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import ConsentError, EngineError, EngineUnavailable, PackError
from anchor.core.ports import Voice
from anchor.core.speech import SILENCE, PhonemeTimeline, Utterance
from anchor.mandarin.phonemes import phoneme_classes, syllable_phonemes
from anchor.packs import Shelf, load_pack
from anchor.speech.engines.coqui.engine import CoquiEngine
from anchor.speech.engines.coqui.load import explained, loaded
from anchor.speech.engines.coqui.text import plan_breath_groups
from anchor.speech.engines.coqui.timing import aligned, phrase_utterance
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.voice import resolve_voice
from tests.speech.coqui_models import build_vits, pack_voice, rewritten, xtts_voice

pytest.importorskip("TTS", reason="the coqui extra is not installed")
Say = Callable[[str], Utterance]


@pytest.fixture(scope="module")
def coqui() -> Iterator[CoquiEngine]:
    with CoquiEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def tiny_xtts(tmp_path_factory: pytest.TempPathFactory) -> Voice:
    return xtts_voice(tmp_path_factory.mktemp("coqui") / "tiny-xtts")


def test_timing_is_the_models_own(coqui: CoquiEngine, tiny_vits: Voice, say: Say) -> None:
    """Every boundary lies on a frame of the model, except inside finals whose sounds share their letters' frames."""
    spoken = coqui.speak(say("zhuang1 bai3"), tiny_vits)
    assert spoken.rate == 22050 and len(spoken.pcm) % 256 == 0
    edges = {p.symbol: (p.span.start % 256, p.span.end % 256) for p in spoken.phonemes}
    assert [p.symbol for p in spoken.phonemes] == ["zh", "u", "a", "ng", "b", "a", "i"]
    assert edges["zh"] == edges["b"] == edges["ng"] == (0, 0)


def test_a_closing_mark_leaves_no_time_behind(coqui: CoquiEngine, tiny_vits: Voice, say: Say) -> None:
    with_mark = coqui.speak(say("ma1 ， ma1"), tiny_vits)
    pause = next(p for p in with_mark.phonemes if p.symbol == SILENCE)
    assert len(pause.span) == round(0.22 * 22050)
    assert not with_mark.pcm[pause.span.start : pause.span.end].any()


def test_sounds_mapped_to_the_models_own_symbols(
    tmp_path: Path, coqui: CoquiEngine, tiny_vits: Voice, say: Say
) -> None:
    directory = tmp_path / "ipa"
    directory.mkdir()
    for name in ("model.pth", "config.json"):
        (directory / name).hardlink_to(tiny_vits.path / name)
    table = '[symbols]\nzh = "v"\nng = "e"\n"1" = "5"'
    voice = pack_voice(directory, {"units": "phonemes", "threads": 1}, table)
    spoken = coqui.speak(say("zhang1"), voice)
    assert [p.symbol for p in spoken.phonemes] == ["zh", "a", "ng"]
    assert all(p.span.start % 256 == 0 for p in spoken.phonemes)
    plain = coqui.speak(say("zhang1"), pack_voice(directory, {"units": "phonemes", "threads": 1}))
    assert not np.array_equal(plain.pcm[: len(spoken.pcm)], spoken.pcm)


def test_a_symbol_that_the_model_lacks_is_named(tmp_path: Path, coqui: CoquiEngine, tiny_vits: Voice, say: Say) -> None:
    directory = tmp_path / "lacking"
    directory.mkdir()
    for name in ("model.pth", "config.json"):
        (directory / name).hardlink_to(tiny_vits.path / name)
    voice = pack_voice(directory, {"units": "phonemes"}, '[symbols]\nzh = "ʈ"')
    with pytest.raises(EngineError, match=r"no symbol 'ʈ', wanted for 'zh'.*\[symbols\] of lacking/voice\.toml"):
        coqui.speak(say("zhang1"), voice)


def test_latin_words_are_spelt(coqui: CoquiEngine, tiny_vits: Voice, say: Say) -> None:
    spoken = coqui.speak(say("TSMC"), tiny_vits)
    names = ("ti1", "ai2", "si5", "ai2", "mu3", "xi1")
    assert [p.symbol for p in spoken.phonemes] == [s for name in names for s in syllable_phonemes(name)]
    assert [p.onset for p in spoken.phonemes].count(True) == 1


def test_speed_and_seed(tmp_path: Path, coqui: CoquiEngine, tiny_vits: Voice, say: Say) -> None:
    utterance = say("tai2wan1 xin1wen2")
    usual = coqui.speak(utterance, tiny_vits)
    slow = coqui.speak(utterance, rewritten(tiny_vits, tmp_path, speed=0.4, seed=1))
    assert len(slow.pcm) > 1.5 * len(usual.pcm)


def test_pace_of_the_script(coqui: CoquiEngine, tiny_vits: Voice, say: Say) -> None:
    text = say("jin1 tian1 tian1 qi4 hen3 hao3")
    own, slow = (coqui.speak(replace(text, pace=pace), tiny_vits) for pace in (1.0, 0.5))
    assert len(slow.pcm) > 1.4 * len(own.pcm)  # whole frames a symbol: 4 become 6
    assert coqui.speak(text, tiny_vits).phonemes == own.phonemes


def test_a_model_of_several_speakers_is_asked_for_one(tmp_path: Path, coqui: CoquiEngine, say: Say) -> None:
    directory = tmp_path / "two"
    directory.mkdir()
    build_vits(directory, ("女", "男"))
    with pytest.raises(PackError, match=r"several speakers and none is ''.*女, 男"):
        coqui.speak(say("ma1"), pack_voice(directory, {"threads": 1}))
    said = [coqui.speak(say("ma1"), pack_voice(directory, {"threads": 1, "speaker": name})) for name in ("女", "男")]
    assert not np.array_equal(said[0].pcm, said[1].pcm)


def test_the_model_stays_loaded(tiny_vits: Voice) -> None:
    assert loaded(tiny_vits) is loaded(tiny_vits)


@pytest.mark.parametrize(
    ("name", "damage", "match"),
    [
        ("model.pth", b"not a checkpoint", "model cannot be loaded"),
        ("config.json", b"{}", "kind None"),
        ("config.json", b"[", "no configuration"),
    ],
)
def test_a_broken_model_is_told(
    tmp_path: Path, say: Say, tiny_vits: Voice, name: str, damage: bytes, match: str
) -> None:
    directory = tmp_path / "broken"
    directory.mkdir()
    for file in ("model.pth", "config.json"):
        (directory / file).write_bytes(damage if file == name else (tiny_vits.path / file).read_bytes())
    voice = pack_voice(directory, {})
    with CoquiEngine() as engine, pytest.raises(PackError, match=match):
        engine.speak(say("ma1"), voice)


def test_options_are_checked(tmp_path: Path, tiny_vits: Voice, say: Say, coqui: CoquiEngine) -> None:
    with pytest.raises(PackError, match="device is 'gpu'"):
        coqui.speak(say("ma1"), rewritten(tiny_vits, tmp_path, device="gpu"))


def test_cuda_that_is_not_there(tmp_path: Path, tiny_vits: Voice, say: Say, coqui: CoquiEngine) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is CUDA")
    with pytest.raises(EngineUnavailable, match="no CUDA device"):
        coqui.speak(say("ma1"), rewritten(tiny_vits, tmp_path, device="cuda"))


def gated(tmp_path: Path, tiny_vits: Voice, acceptance: str) -> Voice:
    directory = tmp_path / "gated"
    directory.mkdir(exist_ok=True)
    for file in ("model.pth", "config.json"):
        (directory / file).unlink(missing_ok=True)
        (directory / file).hardlink_to(tiny_vits.path / file)
    pack_voice(directory, {"threads": 1}, acceptance, licence="LicenseRef-CPML")
    return resolve_voice(load_pack(directory, Shelf.VOICES))


def test_a_licence_that_nobody_accepted(tmp_path: Path, tiny_vits: Voice, say: Say, coqui: CoquiEngine) -> None:
    with pytest.raises(ConsentError, match=r"nobody has accepted.*anchor voices pull"):
        coqui.speak(say("ma1"), gated(tmp_path, tiny_vits, ""))
    table = '[acceptance]\nby = "台長"\ndate = "2026-11-23"\nlicence_sha256 = "0"'
    with pytest.raises(ConsentError, match="not the one that 台長 accepted"):
        coqui.speak(say("ma1"), gated(tmp_path, tiny_vits, table))
    from anchor.core.artifact import file_digest

    digest = file_digest(tmp_path / "gated" / "LICENSE")
    voice = gated(tmp_path, tiny_vits, table.replace('"0"', f'"{digest}"'))
    assert len(coqui.speak(say("ma1"), voice).pcm)


PREFLIGHT = """
import sys
{prepare}
from anchor.core.errors import EngineUnavailable
from anchor.speech.engines.coqui.engine import CoquiEngine
try:
    with CoquiEngine():
        pass
except EngineUnavailable as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        ("sys.modules['six'] = None", "need six, which is not installed (pip install six)"),
        ("sys.modules['torchcodec'] = None", "pip install torchcodec==0.13.0"),
        ("sys.modules['TTS'] = None", "pip install 'anchor-newsroom[coqui]'"),
        ("sys.path.insert(0, {folder!r})", "torchaudio is built for CUDA and this machine has none"),
    ],
)
def test_what_is_missing_is_said_before_anything_else(tmp_path: Path, prepare: str, said: str) -> None:
    """In processes where a library really cannot be imported."""
    fake = tmp_path / "torchaudio"
    fake.mkdir()
    text = "libc10_cuda.so: cannot open shared object file: No such file or directory"
    (fake / "__init__.py").write_text(f"raise OSError({text!r})\n", encoding="utf-8")
    code = PREFLIGHT.replace("{prepare}", prepare.replace("{folder!r}", repr(str(tmp_path))))
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.startswith("EngineUnavailable") and said in made.stdout
    assert made.stderr == ""


def test_an_undeclared_module_is_named() -> None:
    error = explained("TTS", ModuleNotFoundError("No module named 'gruut'", name="gruut"))
    assert "TTS needs gruut" in str(error) and error.retryable


def test_sound_without_timing_is_aligned(say: Say, lan: Voice, hao: Voice, espeak: EspeakEngine) -> None:
    """The man's voice stands in for a model: where its sounds lie is known to the sample."""
    utterance = say("qing3 min2zhong4 chu1men2 xi2dai4 yu3ju4 TSMC ye3 lai2")
    phrase = plan_breath_groups(utterance, {}, lambda unit: 1, 60)[0]
    spoken = espeak.speak(phrase_utterance(phrase), hao)
    found = aligned(spoken.pcm, spoken.rate, phrase, espeak, lan)
    assert [p.syllable for p in found if p.onset] == list(range(len(utterance.syllables)))
    true = [p.span.start for p in spoken.phonemes if p.onset]
    heard = [p.span.start for p in found if p.onset]
    assert np.percentile(np.abs(np.subtract(true, heard)), 90) < 0.03 * spoken.rate
    other = plan_breath_groups(
        say("gao1xiong2 shi4 zheng4fu3 tui1dong4 le4se4 hui2shou1 ji4hua4"), {}, lambda unit: 1, 60
    )[0]
    with pytest.raises(EngineError, match="something else"):
        aligned(spoken.pcm, spoken.rate, other, espeak, lan)


@pytest.mark.slow
def test_xtts_is_aligned_or_refused(tmp_path: Path, coqui: CoquiEngine, tiny_xtts: Voice, say: Say) -> None:
    """An untrained model hums: what is taken for speech still tiles, the rest is refused in words."""
    utterance = say("tai2wan1 xin1wen2 zhong1xin1")
    try:
        spoken = coqui.speak(utterance, rewritten(tiny_xtts, tmp_path, timing="align"))
    except EngineError as error:
        assert "something else" in str(error)
    else:
        PhonemeTimeline(spoken.rate, len(spoken.pcm), spoken.phonemes)
        assert [p.syllable for p in spoken.phonemes if p.onset] == list(range(6))


def test_vits_streams_phrase_by_phrase(coqui: CoquiEngine, tiny_vits: Voice, say: Say) -> None:
    utterance = say("tai2wan1 ， xin1wen2")
    pieces = list(coqui.stream(utterance, tiny_vits))
    whole = coqui.speak(utterance, tiny_vits).pcm
    assert len(pieces) == 3  # two phrases and the pause between them
    assert sum(map(len, pieces)) == len(whole)


@pytest.mark.slow
def test_xtts_streams_while_it_speaks(coqui: CoquiEngine, tiny_xtts: Voice, tmp_path: Path, say: Say) -> None:
    voice = rewritten(tiny_xtts, tmp_path, stream_tokens=2)
    utterance = say("jin1 tian1 tian1 qi4 hen3 hao3 qing3 da4 jia1 dai4 san3")
    first, again = (list(coqui.stream(utterance, voice)) for _ in range(2))
    assert len(first) >= 2 and all(len(piece) for piece in first[:-1])
    assert np.array_equal(np.concatenate(first), np.concatenate(again))


@pytest.mark.slow
def test_xtts_speaks_with_stored_latents(coqui: CoquiEngine, tiny_xtts: Voice, say: Say) -> None:
    utterance = say("tai2wan1 TSMC ， lv4 dian4")
    first, second = coqui.speak(utterance, tiny_xtts), coqui.speak(utterance, tiny_xtts)
    assert first.rate == 24000 and np.array_equal(first.pcm, second.pcm)
    said = [p for p in first.phonemes if p.syllable is not None]
    assert [p.syllable for p in said if p.onset] == list(range(len(utterance.syllables)))
    assert [p.span.start for p in first.phonemes] == [0, *(p.span.end for p in first.phonemes[:-1])]
    assert first.phonemes[-1].span.end == len(first.pcm)
    assert {p.symbol for p in first.phonemes} <= set(phoneme_classes())


@pytest.mark.slow
def test_xtts_is_given_our_readings_as_they_are(tiny_xtts: Voice, say: Say) -> None:
    from anchor.core.speech import BreakKind
    from anchor.speech.engines.coqui.xtts import XttsModel

    model = loaded(tiny_xtts)
    assert isinstance(model, XttsModel)
    utterance = say("le4se4che1 han4 NVIDIA α -- 。" + " xiong2" * 40)
    phrases = plan_breath_groups(utterance, {BreakKind.SENTENCE: 400}, model.size, model.limit)
    texts = [model.phrase_text(phrase) for phrase in phrases]
    assert texts[0] == "le4se4che1han4 nvidia alpha e5."
    assert all(len(text) <= 82 for text in texts)
    assert "".join(text.rstrip(",.") for text in texts[1:]) == "xiong2" * 40


@pytest.mark.slow
def test_xtts_clones_a_reference(tmp_path: Path, tiny_xtts: Voice, coqui: CoquiEngine, say: Say) -> None:
    import soundfile

    directory = tmp_path / "cloned"
    directory.mkdir()
    for name in ("model.pth", "config.json", "vocab.json"):
        (directory / name).hardlink_to(tiny_xtts.path / name)
    clock = np.arange(3 * 16000) / 16000
    soundfile.write(directory / "reference.wav", 0.3 * np.sin(2 * np.pi * 150 * clock), 16000)
    options: dict[str, str | int | float] = {"reference": "reference.wav", "timing": "proportional", "threads": 1}
    assert len(coqui.speak(say("ma1"), pack_voice(directory, options)).pcm)
    soundfile.write(directory / "reference.wav", np.zeros(8000), 16000)
    with pytest.raises(PackError, match="shorter than a second"):
        coqui.speak(say("ma1"), pack_voice(directory, options))


def test_the_terminal_stays_silent(tiny_vits: Voice) -> None:
    """In a process of its own: nobody has set warnings or logging up there."""
    code = f"""
from pathlib import Path
from anchor.mandarin.reader import Reader
from anchor.packs import Shelf, load_pack
from anchor.speech.engines.coqui.engine import CoquiEngine
from anchor.speech.voice import resolve_voice
voice = resolve_voice(load_pack(Path({str(tiny_vits.path)!r}), Shelf.VOICES))
with CoquiEngine() as engine:
    assert len(engine.speak(Reader().read("台北"), voice).pcm)
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
