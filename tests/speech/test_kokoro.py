"""The natural voice: what the script asks for is heard, timing is the sound's own, and damage is noticed.

One sentence costs a second or two of a processor: texts are short, and what was said is looked at in several ways.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import EngineUnavailable, PackError
from anchor.core.ports import Spoken, Voice
from anchor.core.speech import SILENCE
from anchor.core.time import Span
from anchor.mandarin.phonemes import phoneme_classes, syllable_phonemes, syllable_table
from anchor.mandarin.reader import Reader
from anchor.packs import Shelf, find_pack
from anchor.speech.engines.kokoro import model as network
from anchor.speech.engines.kokoro.engine import PAUSES_MS, KokoroEngine
from anchor.speech.engines.kokoro.melody import whole_frames
from anchor.speech.engines.kokoro.sentences import AT_FIRST, LONGEST, SHORTEST, Ending, plan_sentences
from anchor.speech.engines.kokoro.tokens import EDGE, english_pieces, sound_shapes, syllable_pieces, vocabulary
from anchor.speech.voice import resolve_voice
from tests.speech.conftest import MODELS, ROOT, natural_voice
from tests.speech.pitch import track_pitch

VOWELS = frozenset(s for s, kind in phoneme_classes().items() if kind == "vowel" and s.islower())
NEWS = "氣象署表示，受到東北季風影響，基隆、宜蘭明天轉涼；民眾外出要記得添加衣物。"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def kokoro(natural: Voice) -> Iterator[KokoroEngine]:
    with KokoroEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def news(kokoro: KokoroEngine, reader: Reader, natural: Voice) -> Spoken:
    return kokoro.speak(reader.read(NEWS), natural)


def span(spoken: Spoken, first: int, last: int) -> Span:
    """From the first sound of a syllable to the end of another."""
    here = [p.span for p in spoken.phonemes if p.syllable is not None and first <= p.syllable <= last]
    return Span(here[0].start, here[-1].end)


def semitones(spoken: Spoken, first: int, last: int) -> float:
    """Middle pitch over the vowels of some syllables."""
    track = track_pitch(spoken.pcm, spoken.rate)
    vowels = [p.span for p in spoken.phonemes if p.symbol in VOWELS and first <= (p.syllable or 0) <= last]
    inside = [track.inside(s.start / spoken.rate, s.end / spoken.rate, 5) for s in vowels]
    return float(np.nanmedian(12 * np.log2(np.concatenate(inside))))


def decibels(spoken: Spoken, where: Span) -> float:
    return float(10 * np.log10(np.mean(spoken.pcm[where.start : where.end] ** 2)))


def test_every_syllable_has_symbols_that_the_model_knows() -> None:
    for letters in syllable_table():
        for tone in "12345":
            pieces = syllable_pieces(letters + tone)
            assert tuple(phoneme for phoneme, _ in pieces) == syllable_phonemes(letters + tone)
            assert all(char in vocabulary() for _, chars in pieces for char in chars)
    assert "".join(chars for _, chars in syllable_pieces("zhuang1")) == "ꭧwa→ŋ"
    assert "".join(chars for _, chars in syllable_pieces("le5")) == "lɤ"
    assert "".join(chars for _, chars in syllable_pieces("o2")) == "ɔ↗"


def test_no_two_syllables_are_written_alike() -> None:
    written = ["".join(c for _, c in syllable_pieces(s + "1")) for s in syllable_table() if s != "lo"]  # said like luo
    assert len(set(written)) == len(written)


def test_every_english_sound_has_symbols() -> None:
    english = [s for s in phoneme_classes() if s.isupper()]
    assert set(english) <= set(sound_shapes())
    for symbol in english:
        for _, chars in english_pieces((symbol,)):
            assert chars and all(char in vocabulary() for char in chars)
    assert EDGE not in vocabulary().values()


def test_sentences_end_at_full_stops_and_short_ones_join(reader: Reader) -> None:
    _, sentences = plan_sentences(reader.read("好。" + NEWS + "今天氣溫多少度呢？謝謝。"), PAUSES_MS, lambda word: ())
    assert [s.phrases[-1][1] for s in sentences] == [Ending.TOLD, Ending.TOLD]
    assert [len(s.phrases) for s in sentences] == [6, 2]
    for sentence in sentences:
        assert len({sound.syllable for sound in sentence.sounds}) >= SHORTEST


def test_no_sentence_is_longer_than_the_network_takes(reader: Reader) -> None:
    text = "台灣新聞中心" * 60 + "A" * 600 + "。" + "三百五十萬，" * 60
    for at_first in (), AT_FIRST:
        _, sentences = plan_sentences(reader.read(text), PAUSES_MS, lambda word: ("AH1",) * 30, at_first)
        assert max(len(s.symbols) for s in sentences) <= LONGEST + 2
        said = [sound.syllable for s in sentences for sound in s.sounds if sound.onset]
        assert said == list(range(len(reader.read(text).syllables)))


def test_whole_frames_keep_the_sum_and_lose_no_symbol(reader: Reader) -> None:
    (sentence,) = plan_sentences(reader.read(NEWS), PAUSES_MS, lambda word: ())[1]
    marks = [phrase.end for phrase, _, _ in sentence.phrases]
    drawn = np.random.default_rng(1).uniform(0.3, 6.0, len(sentence.symbols) + 2).astype(np.float32)
    for speed in 0.7, 1.0, 1.5:
        frames = whole_frames(drawn, sentence, speed, marks, 4.0)
        wanted = drawn.astype(np.float64)
        wanted[1:-1] /= speed
        for mark in marks[:-1]:
            wanted[mark + 1] = max(wanted[mark + 1], 4.0)
        assert frames.min() >= 1
        assert abs(int(frames.sum()) - wanted.sum()) <= 1


def test_marks_are_silent_as_long_as_the_voice_says(news: Spoken) -> None:
    silences = [round(len(p.span) / news.rate * 1000) for p in news.phonemes if p.symbol == SILENCE]
    assert silences == [PAUSES_MS[kind] for kind in ("comma", "comma", "minor", "clause")]


def test_sounds_begin_and_end_with_their_phonemes(news: Spoken) -> None:
    """Before a pause and after it the sound reaches up to it: nothing is cut off, no quiet is left."""
    loud = float(np.percentile(news.pcm**2, 95))
    for before, silence, after in zip(news.phonemes, news.phonemes[1:], news.phonemes[2:], strict=False):
        if silence.symbol != SILENCE:
            continue
        assert not news.pcm[silence.span.start : silence.span.end].any()
        for near in (
            Span(silence.span.start - round(0.08 * news.rate), silence.span.start),
            Span(silence.span.end, silence.span.end + round(0.12 * news.rate)),
        ):
            assert np.mean(news.pcm[near.start : near.end] ** 2) > loud / 10_000, (before, after)
        edge = news.pcm[silence.span.start - 24 : silence.span.start]
        assert np.max(np.abs(edge)) < 0.01  # no click


def test_hiss_begins_where_the_timeline_says(kokoro: KokoroEngine, reader: Reader, natural: Voice) -> None:
    """ㄕ ㄒ ㄙ behind another sound: the share of high frequencies passes its middle near the boundary."""
    text = "新聞中心報導，市政府說明社會局的新措施，西部沿海十三所學校停課。"
    spoken = kokoro.speak(reader.read(text), natural)
    hop = round(0.005 * spoken.rate)
    window = np.hanning(4 * hop)
    late: list[float] = []
    for before, now in pairwise(spoken.phonemes):
        if now.symbol not in ("sh", "x", "s") or before.symbol == SILENCE:
            continue
        at = range(now.span.start - 8 * hop, now.span.start + 10 * hop, hop)
        power = np.abs(np.fft.rfft([spoken.pcm[a - 2 * hop : a + 2 * hop] * window for a in at], axis=1)) ** 2
        share = power[:, power.shape[1] // 3 :].sum(1) / power.sum(1)
        low = int(np.argmin(share))
        risen = low + int(np.flatnonzero(share[low:] > share.max() / 2)[0])
        late.append((at[risen] - now.span.start) / spoken.rate * 1000)
    assert len(late) >= 8
    assert abs(float(np.median(late))) <= 12
    assert np.mean(np.abs(late) <= 30) >= 0.8


def test_a_stressed_word_is_longer_higher_and_louder(kokoro: KokoroEngine, reader: Reader, natural: Voice) -> None:
    plain = kokoro.speak(reader.read("今天公司公開說明新車規格。"), natural)
    strong = kokoro.speak(reader.read("今天公司**公開**說明新車規格。"), natural)
    word = [span(s, 4, 5) for s in (plain, strong)]
    assert len(word[1]) > 1.1 * len(word[0])
    assert semitones(strong, 4, 5) - semitones(plain, 4, 5) > 1.0
    assert decibels(strong, word[1]) - decibels(plain, word[0]) > 1.0
    assert semitones(strong, 6, 11) < semitones(plain, 6, 11)


def test_a_question_rises_and_a_list_stays_up(kokoro: KokoroEngine, reader: Reader, natural: Voice) -> None:
    told, asked = (kokoro.speak(reader.read(f"你明天早上要去台北{mark}"), natural) for mark in "。？")
    assert semitones(asked, 7, 8) - semitones(told, 7, 8) > 2.0
    assert semitones(asked, 7, 8) - semitones(told, 7, 8) > semitones(asked, 0, 3) - semitones(told, 0, 3) + 0.8
    listed, parted = (kokoro.speak(reader.read(f"台北{mark}高雄和台中都有。"), natural) for mark in "、；")
    assert semitones(listed, 0, 1) > semitones(parted, 0, 1)


@pytest.mark.parametrize("pace", [0.8, 1.2])
def test_pace_is_kept(kokoro: KokoroEngine, reader: Reader, natural: Voice, news: Spoken, pace: float) -> None:
    changed = kokoro.speak(replace(reader.read(NEWS), pace=pace), natural)
    assert len(news.pcm) / len(changed.pcm) == pytest.approx(pace, rel=0.05)


@pytest.mark.parametrize("name", ["lan", "hao"])
def test_news_is_read_at_240_to_300_characters_a_minute(reader: Reader, name: str) -> None:
    """Inside sentences, by the network's own durations; no sound is made."""
    voice = natural_voice(name)
    utterance = reader.read((ROOT / "tests" / "speech" / "news.txt").read_text(encoding="utf-8"))
    frames = silent = 0.0
    with network.held_model(MODELS) as model:
        for sentence in plan_sentences(utterance, PAUSES_MS, lambda word: ())[1]:
            ids = [vocabulary()[s.char] for s in sentence.symbols]
            durations, _ = model.frames(ids, network.style_of(voice, len(ids)))
            ends = [phrase.end for phrase, _, _ in sentence.phrases]
            laid = whole_frames(durations, sentence, float(voice.option("speed", 1.0)), ends, 4.0)[1:-1]
            frames += sum(laid) - sum(laid[end] for end in ends) - max(0, laid[-2] - 7)  # its end is mostly silence
            silent += sum(ms for _, _, ms in sentence.phrases[:-1]) / 1000
    rate = len(utterance.syllables) / (frames * network.FRAME / network.RATE_HZ + silent) * 60
    assert 240 <= rate <= 300


def test_ends_do_not_trail_off(news: Spoken) -> None:
    """The last syllable of each phrase is no more than 10 dB below the phrase."""
    runs: list[list[int]] = [[]]
    for phoneme in news.phonemes:
        if phoneme.symbol == SILENCE:
            runs.append([])
        elif phoneme.onset and phoneme.syllable is not None:
            runs[-1].append(phoneme.syllable)
    for run in filter(None, runs):
        vowels = [p.span for p in news.phonemes if p.syllable == run[-1] and p.symbol in VOWELS]
        last = max(decibels(news, vowel) for vowel in vowels)
        assert last > decibels(news, span(news, run[0], run[-1])) - 10


def test_streamed_is_the_whole_text_in_pieces(kokoro: KokoroEngine, reader: Reader, natural: Voice) -> None:
    utterance = reader.read(NEWS + "今天的新聞就到這裡。")
    pieces = list(kokoro.stream(utterance, natural))
    whole = kokoro.speak(utterance, natural)
    assert len(pieces) > 6
    assert len(pieces[0]) / kokoro.stream_rate(natural) < 2.0  # one phrase, not the sentence
    assert sum(map(len, pieces)) == pytest.approx(len(whole.pcm), rel=0.05)


def test_another_process_gives_the_same_samples(news: Spoken) -> None:
    code = f"""
import hashlib
from pathlib import Path
from anchor.mandarin.reader import Reader
from anchor.packs import Shelf, find_pack
from anchor.speech.engines.kokoro.engine import KokoroEngine
from anchor.speech.voice import resolve_voice
voice = resolve_voice(find_pack(Shelf.VOICES, "lan", (Path({str(ROOT)!r}),)), (), Path({str(MODELS)!r})).members[0]
with KokoroEngine() as engine:
    print(hashlib.sha256(engine.speak(Reader().read({NEWS!r}), voice).pcm.tobytes()).hexdigest())
"""
    import hashlib

    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert made.strip() == hashlib.sha256(news.pcm.tobytes()).hexdigest()


def test_the_parts_in_a_row_are_the_network(reader: Reader, natural: Voice) -> None:
    """Cut in three and untouched, it gives the samples of the published graph."""
    import onnxruntime

    (sentence,) = plan_sentences(reader.read("今天天氣很好。"), PAUSES_MS, lambda word: ())[1]
    ids = [vocabulary()[s.char] for s in sentence.symbols]
    style = network.style_of(natural, len(ids))
    whole = onnxruntime.InferenceSession(str(MODELS / "kokoro" / "kokoro-v1.0.int8.onnx"))
    (expected,) = whole.run(None, {"tokens": np.array([[0, *ids, 0]]), "style": style, "speed": np.ones(1, np.float32)})
    with network.held_model(MODELS) as model:
        durations, between = model.frames(ids, style)
        frames = np.maximum(np.rint(durations), 1).astype(np.int64)
        laid = model.lay(between, frames, style)
        made, hurried = model.sound(laid, style), model.sound(laid, style, 2)
    assert np.array_equal(made, expected)
    assert np.array_equal(hurried, expected)


def test_the_network_is_given_back(natural: Voice) -> None:
    assert not network._held or all(holders > 0 for _, holders in network._held.values())
    before = dict(network._held)
    with network.held_model(MODELS) as first, network.held_model(MODELS) as second:
        assert first is second
    assert {folder: n for folder, (_, n) in network._held.items()} == {f: n for f, (_, n) in before.items()}


def test_no_more_sentences_at_once_than_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sentence takes some 150 MB while it is made."""
    running: list[int] = []
    most: list[int] = []

    class Session:
        def run(self, names: object, given: dict[str, object]) -> list[int]:
            running.append(1)
            most.append(len(running))
            time.sleep(0.02)
            running.pop()
            return [0]

    monkeypatch.setattr(network, "available_cores", lambda: 2)
    monkeypatch.setattr(network, "onnx_session", lambda *given: Session())
    model = network.KokoroModel(tmp_path)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: model._run("sound", (0, 0, 0, 0)), range(12)))
    assert max(most) == 2


def linked(tmp_path: Path) -> Path:
    """A folder of models of one's own, the files linked from the real one."""
    folder = tmp_path / "kokoro"
    folder.mkdir()
    for path in (MODELS / "kokoro").iterdir():
        (folder / path.name).symlink_to(path)
    return tmp_path


@pytest.mark.parametrize("name", ["kokoro-v1.0.int8.onnx", "sound.onnx", "front.onnx", "derived.json"])
@pytest.mark.parametrize("damage", ["short", "changed", "empty"])
def test_a_damaged_file_is_refused(natural: Voice, reader: Reader, tmp_path: Path, name: str, damage: str) -> None:
    models = linked(tmp_path)
    path = models / "kokoro" / name
    octets = path.read_bytes()
    path.unlink()
    changed = octets[:100] + bytes([octets[100] ^ 1]) + octets[101:]
    path.write_bytes({"short": octets[: len(octets) // 2], "changed": changed, "empty": b""}[damage])
    with KokoroEngine() as engine, pytest.raises(PackError, match="anchor models pull kokoro"):
        engine.speak(reader.read("好。"), replace(natural, models=models))


def test_a_missing_network_is_unavailable_and_says_what_brings_it(
    natural: Voice, reader: Reader, tmp_path: Path
) -> None:
    with KokoroEngine() as engine, pytest.raises(EngineUnavailable, match="anchor models pull kokoro"):
        engine.speak(reader.read("好。"), replace(natural, models=tmp_path))


def test_a_style_of_another_size_is_refused(
    natural: Voice, reader: Reader, kokoro: KokoroEngine, tmp_path: Path
) -> None:
    (tmp_path / "style.bin").write_bytes(b"\0" * 1000)
    with pytest.raises(PackError, match="no style of this model"):
        kokoro.speak(reader.read("好。"), replace(natural, path=tmp_path))


def test_the_house_voices_fall_back_to_formants() -> None:
    for name in "lan", "hao":
        voice = resolve_voice(find_pack(Shelf.VOICES, name, (ROOT,)))
        assert [(m.engine, m.name) for m in voice.members] == [("kokoro", name), ("espeak", f"{name}-espeak")]


def test_a_script_without_the_network_is_spoken_with_one_notice(tmp_path: Path) -> None:
    script = tmp_path / "s.md"
    script.write_text("今天天氣很好。\n\n明天會下雨。\n", encoding="utf-8")
    code = f"""
import json, sys
from pathlib import Path
from anchor.intake.script import parse_script
from anchor.pipeline.run import Choices, plan_script
from anchor.pipeline.services import Services
from anchor.settings import settings_from
script = Path({str(script)!r})
notices = []
settings = settings_from({{"ANCHOR_MODELS": {str(tmp_path)!r}, "ANCHOR_SHELVES": {str(ROOT)!r}}})
with Services(settings) as services:
    parsed = parse_script(script.read_text(encoding="utf-8"), str(script), script.parent)
    plan_script(parsed, Choices(), services, lambda event: notices.append(event))
print(json.dumps([n.text for n in notices if getattr(n, "code", "") == "voice-fallback"]))
"""
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (text,) = json.loads(made)
    assert "lan-espeak" in text and "anchor models pull kokoro" in text
