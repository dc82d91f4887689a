"""A recording session: sentences, figures, verdicts, the folder that goes on; sounds with known faults."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.ports import Spoken, Voice
from anchor.mandarin.reader import Reader
from anchor.media.tool import FFmpeg, find_ffmpeg
from anchor.messages import Language, message, text_in
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.workshop.voices.evaluation.sentences import all_sentences
from anchor.workshop.voices.session.folder import STATE, Session, Take, checked_count, prepare_folder, stamp
from anchor.workshop.voices.session.prompts import doubtful, minds_of, prompt_of, prompts, spoken_hint
from anchor.workshop.voices.session.reading_sheet import sheet_page
from anchor.workshop.voices.session.recording_check import Checker
from anchor.workshop.voices.session.recording_measurements import RecordingMeasurements, measure
from anchor.workshop.voices.session.verdicts import limits

READER = Reader()
RATE = 48000
Sound = NDArray[np.float32]


def syllables(texts: list[str]) -> list[list[str]]:
    return [[s.pinyin for s in READER.read(text).syllables if s.pinyin] for text in texts]


def write(path: Path, sound: Sound, rate: int = RATE, *, codec: str = "pcm_s24le") -> Path:
    """Float samples [n] or [n, channels] as a file, through ffmpeg."""
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    head = [find_ffmpeg().path, "-v", "error", "-y", "-f", "f32le", "-ar", str(rate), "-ac", str(channels)]
    data = np.asarray(np.clip(sound, -1, 1), "<f4").tobytes()
    subprocess.run([*head, "-i", "-", "-c:a", codec, str(path)], input=data, check=True)
    return path


@pytest.fixture(scope="module")
def ffmpeg() -> FFmpeg:
    return find_ffmpeg()


@pytest.fixture(scope="module")
def spoken(espeak: EspeakEngine, lan: Voice) -> Spoken:
    return espeak.speak(READER.read(prompt_of(6).text), lan)


@pytest.fixture(scope="module")
def clean(spoken: Spoken) -> Sound:
    """A sentence as a careful studio records it: half a second of quiet room at each end, −24 dBFS."""
    at = np.arange(round(len(spoken.pcm) * RATE / spoken.rate)) * spoken.rate / RATE
    voice = np.interp(at, np.arange(len(spoken.pcm)), spoken.pcm).astype(np.float32)
    quiet = np.zeros(RATE // 2, np.float32)
    sound = np.concatenate([quiet, voice * 0.12 / np.abs(voice).max() * 2.5, quiet])
    return sound + noise(len(sound), -75)


def noise(count: int, db: float) -> Sound:
    return (np.random.default_rng(7).standard_normal(count) * 10 ** (db / 20)).astype(np.float32)


def lines(count: int, mains: float, db: float) -> Sound:
    t = np.arange(count) / RATE
    wave = np.sin(2 * np.pi * mains * t) + 0.5 * np.sin(2 * np.pi * 3 * mains * t)
    return (wave * np.sqrt(2 / 1.25) * 10 ** (db / 20)).astype(np.float32)


def in_a_room(sound: Sound, decay_s: float) -> Sound:
    t = np.arange(int(1.2 * decay_s * RATE)) / RATE
    answer = np.random.default_rng(3).standard_normal(len(t)) * 10 ** (-3 * t / decay_s)
    answer *= 0.7 / np.sqrt(np.sum(answer**2))
    answer[0] = 1
    size = 1 << (len(sound) + len(answer)).bit_length()
    out = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(answer, size))[: len(sound)]
    return np.asarray(out, np.float32)


def at_rate(sound: Sound, rate: int) -> Sound:
    """Resampled through the frequencies that both rates have."""
    spectrum = np.fft.rfft(sound)
    count = len(sound) * rate // RATE
    return np.asarray(np.fft.irfft(spectrum[: count // 2 + 1], count) * count / len(sound), np.float32)


def widened(sound: Sound) -> Sound:
    """A sound of 8 kHz at 48 kHz: nothing above 4 kHz."""
    spectrum = np.fft.rfft(sound)
    wide = np.zeros(3 * len(sound) + 1, complex)
    wide[: len(spectrum)] = spectrum
    return np.asarray(np.fft.irfft(wide, 6 * len(sound)) * 6, np.float32)


def test_the_hundred_sentences_are_what_they_should_be() -> None:
    assert [prompt.number for prompt in prompts()] == list(range(1, 101))
    assert len({prompt.text for prompt in prompts()}) == 100
    for prompt in prompts():
        assert 10 <= len(prompt.text) <= 31, prompt
        assert READER.read(prompt.text).notices == (), prompt
    assert sum("？" in prompt.text for prompt in prompts()) >= 8
    assert sum("、" in prompt.text for prompt in prompts()) >= 15
    assert sum(any(s.pinyin is None for s in READER.read(p.text).syllables) for p in prompts()) >= 4


def test_they_hold_the_sounds_of_running_news() -> None:
    """Against three hundred sentences of news that were written by others for another purpose."""
    mine = {s for row in syllables([prompt.text for prompt in prompts()]) for s in row}
    news = Counter(s for row in syllables([sentence.text for sentence in all_sentences()]) for s in row)
    assert len(mine) >= 750
    held = sum(count for syllable, count in news.items() if syllable in mine)
    assert held / sum(news.values()) >= 0.95
    pairs = Counter((a[-1], b[-1]) for row in syllables([p.text for p in prompts()]) for a, b in pairwise(row))
    assert {pair for pair in product("12345", repeat=2) if not pairs[pair]} == set()


def test_what_a_speaker_minds_is_found_in_the_sentence() -> None:
    codes = {n: [mind.code for mind in minds_of(READER.read(prompt_of(n).text))] for n in (1, 3, 4, 9, 12)}
    assert codes[1] == ["stress"]
    assert codes[3] == ["sandhi"]
    assert codes[4] == ["question", "sandhi", "thirds"]
    assert codes[9][0] == "latin" and "retroflex" in codes[12]
    utterance = READER.read("不是一般的研究，他很了解垃圾。")
    marked = {utterance.syllables[i].char for i in doubtful(utterance, READER)}
    assert {"不", "一", "了"} <= marked and "般" not in marked
    assert spoken_hint(READER.read("這不是他的。"), READER) == "這不（ㄅㄨˊ）是他的。"


def test_the_sheet_holds_every_sentence_and_loads_nothing() -> None:
    page = sheet_page(prompts(), READER)
    assert page.count('<div class="line">') == 100 and "<ruby>不<rp>" in page
    assert "http" not in page.replace("http-equiv", "") and "<script" not in page


def test_figures_of_a_clean_recording(clean: Sound) -> None:
    found = measure(clean[:, None], RATE)
    assert found.seconds == pytest.approx(len(clean) / RATE)
    assert found.noise_db == pytest.approx(-75, abs=1.0)
    assert found.lead_s == pytest.approx(0.5, abs=0.08) and found.tail_s == pytest.approx(0.5, abs=0.12)
    assert found.clipped == 0 and found.channels == 1 and found.alike == 1
    assert found.decay_s is None or found.decay_s < 0.3


@pytest.mark.parametrize(("mains", "db"), [(50.0, -45.0), (60.0, -55.0), (60.0, -40.0)])
def test_hum_is_measured_to_the_decibel(clean: Sound, mains: float, db: float) -> None:
    speech = measure(clean[:, None], RATE).speech_db
    found = measure((clean + lines(len(clean), mains, db))[:, None], RATE)
    assert found.hum_hz == mains
    assert found.hum_db == pytest.approx(db - speech, abs=3.0)
    assert measure(clean[:, None], RATE).hum_hz == 0


@pytest.mark.parametrize("decay", [0.3, 0.5, 0.8])
def test_the_decay_of_a_room_is_read_from_the_speech(clean: Sound, decay: float) -> None:
    found = measure(in_a_room(clean, decay)[:, None], RATE)
    assert found.decay_s == pytest.approx(decay, rel=0.4)


def faults(checker: Checker, path: Path, number: int = 6) -> dict[str, str]:
    """Code → measured, of all that did not pass."""
    take = checker.check(prompt_of(number), path)
    assert take.fault == "", take
    return {v.limit.code: v.measured for v in take.verdicts() if not v.passed}


class Deaf:
    """A listener that writes down what it was told to."""

    def __init__(self, said: str) -> None:
        self.said = said

    def hear(self, sound: Sound, rate: int = RATE) -> str:
        assert sound.ndim == 1 and rate > 0
        return self.said


@pytest.mark.media
def test_every_fault_is_found_and_nothing_else(tmp_path: Path, ffmpeg: FFmpeg, clean: Sound) -> None:
    checker = Checker(ffmpeg, READER)
    half = np.repeat(clean[::2], 1)
    stereo = np.stack([clean, np.roll(clean, 900)], axis=1)
    dead = np.stack([clean, np.zeros_like(clean)], axis=1)
    speech = clean[RATE // 2 : -RATE // 2]
    made: dict[str, tuple[Sound, int, set[str]]] = {
        "good": (clean, RATE, set()),
        "both": (np.stack([clean, clean], axis=1), RATE, set()),
        "clipped": (np.clip(clean * 12, -0.9, 0.9), RATE, {"clipping", "level"}),
        "quiet": (clean * 0.05, RATE, {"level"}),
        "noisy": (clean + noise(len(clean), -48), RATE, {"noise"}),
        "hum": (clean + lines(len(clean), 60.0, -58), RATE, {"hum"}),
        "room": (in_a_room(clean, 0.8), RATE, {"room"}),
        "stereo": (stereo, RATE, {"channels"}),
        "dead": (dead, RATE, {"channels"}),
        "fast": (half, RATE, {"pace"}),
        "start": (np.concatenate([speech[2400:], clean[-RATE // 2 :]]), RATE, {"lead"}),
        "end": (np.concatenate([clean[: RATE // 2], speech[:-9600]]), RATE, {"tail"}),
        "idle": (np.concatenate([noise(4 * RATE, -75), clean]), RATE, {"lead"}),
        "telephone": (at_rate(clean, 8000), 8000, {"rate", "band"}),
        "upsampled": (widened(at_rate(clean, 8000)), RATE, {"band"}),
    }
    for name, (sound, rate, expected) in made.items():
        found = faults(checker, write(tmp_path / f"{name}.wav", sound, rate))
        # A sound with one fault may show another side of it; the fault itself is always named, a good one never.
        assert expected <= found.keys(), (name, found)
        assert len(found) <= 3 and (found == {} if not expected else True), (name, found)
    assert faults(checker, write(tmp_path / "good.mp3", clean, codec="libmp3lame")) == {}


@pytest.mark.media
def test_what_is_no_recording_is_a_fault_in_words(tmp_path: Path, ffmpeg: FFmpeg, clean: Sound) -> None:
    checker = Checker(ffmpeg, READER)
    (tmp_path / "text.wav").write_text("no sound", encoding="utf-8")
    write(tmp_path / "silent.wav", np.zeros(RATE, np.float32))
    write(tmp_path / "blink.wav", clean[: RATE // 10])
    write(tmp_path / "long.wav", np.tile(clean, 12))
    for name, why in (
        ("text", "text.wav"),
        ("silent", "is silent"),
        ("blink", "lasts 0.10 s"),
        ("long", "one sentence"),
    ):
        take = checker.check(prompt_of(1), tmp_path / f"{name}.wav")
        assert why in take.fault and not take.good() and take.verdicts() == ()


def test_what_is_wrong_with_a_recording_is_kept_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "001.wav"
    path.write_bytes(b"no sound")
    fault = message("speech.silent", name=path.name)
    Session(tmp_path).keep(Take(prompt_of(1), path.name, stamp(path), "", fault=fault))
    (take,) = Session(tmp_path).takes
    assert take.fault == "001.wav is silent"
    assert text_in(take.fault, Language.CHINESE) == "001.wav 整段沒有聲音"


@pytest.mark.media
def test_a_listener_decides_whether_it_is_the_sentence(tmp_path: Path, ffmpeg: FFmpeg, clean: Sound) -> None:
    path = write(tmp_path / "006.wav", clean)
    right = prompt_of(6).text
    # Another character of the same sound, and figures written as figures: the same syllables.
    heard = right.replace("五點", "5點").replace("關門", "官門")
    assert faults(Checker(ffmpeg, READER, Deaf(heard), "test"), path) == {}
    for said in (prompt_of(7).text, "", "♪"):
        assert "text" in faults(Checker(ffmpeg, READER, Deaf(said), "test"), path)
    left_out = right.replace("請往左手邊的", "")
    assert faults(Checker(ffmpeg, READER, Deaf(left_out), "test"), path).keys() == {"text"}


@pytest.mark.media
def test_a_session_goes_on_where_it_stopped(tmp_path: Path, ffmpeg: FFmpeg, clean: Sound) -> None:
    folder = tmp_path / "studio"
    prepare_folder(folder)
    assert (folder / "100.txt").read_text(encoding="utf-8").strip() == prompt_of(100).text
    checker = Checker(ffmpeg, READER)
    for number in (1, 2, 3, 4, 5, 6):
        write(folder / f"{number:03d}.wav", clean * (0.3 if number == 6 else 1))
    first = Session(folder)
    for prompt, path in first.unchecked(""):
        first.keep(checker.check(prompt, path))
    # The sixth is ten decibels under the others; the others are not far from each other.
    usual = first.usual_db
    assert usual is not None
    levels = {t.prompt.number: {v.limit.code for v in t.verdicts(usual) if not v.passed} for t in first.takes}
    assert "steady" in levels[6] and all("steady" not in levels[n] for n in range(1, 6))
    again = Session(folder)
    assert again.takes == first.takes and again.unchecked("") == ()
    assert len(again.unchecked("whisper")) == 6  # somebody can listen now
    write(folder / "002.wav", clean[: 2 * RATE])
    assert [prompt.number for prompt, _ in Session(folder).unchecked("")] == [2]
    (folder / "003.wav").unlink()
    assert checked_count(Session(folder))[0] == 5
    assert Session(folder).to_do()[0].number == 3
    (folder / STATE).write_text("{", encoding="utf-8")
    assert len(Session(folder).unchecked("")) == 5  # a broken state costs time, nothing else


def test_every_limit_has_its_advice() -> None:
    for limit in limits().values():
        assert (limit.low is None) or (limit.zh_low and limit.en_low), limit.code
        assert (limit.high is None) or (limit.zh_high and limit.en_high), limit.code
        assert limit.low is not None or limit.high is not None


def test_a_stamp_tells_takes_apart(tmp_path: Path) -> None:
    path = tmp_path / "001.wav"
    path.write_bytes(b"a")
    one = stamp(path)
    path.write_bytes(b"ab")
    assert stamp(path) != one


def test_figures_survive_the_state(tmp_path: Path, clean: Sound) -> None:
    found = measure(clean[:, None], RATE)
    from dataclasses import asdict

    assert RecordingMeasurements(**json.loads(json.dumps(asdict(found)))) == found
    assert replace(found, decay_s=None).decay_s is None
