"""The sentences voices are measured on, and what is counted."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import EngineUnavailable, ScriptError
from anchor.core.speech import SILENCE, BreakKind, Phoneme, PhonemeTimeline
from anchor.core.time import Span
from anchor.mandarin.phonemes import syllable_table
from anchor.mandarin.reader import Reader
from anchor.messages import Language, message, text_in
from anchor.workshop.voices.evaluation import mos
from anchor.workshop.voices.evaluation.blocks import GAP_S, SYLLABLES, blocks_of, join_sentences
from anchor.workshop.voices.evaluation.error_rates import Errors, compare, distance, seams, share_out
from anchor.workshop.voices.evaluation.mos import Judge, Opinion
from anchor.workshop.voices.evaluation.recognition import PAUSES, Heard, items_of, notes_of, understanding_of, worst
from anchor.workshop.voices.evaluation.sentences import all_sentences, first_sentences
from anchor.workshop.voices.evaluation.speech_timing import SpeechTiming, clipped_samples, timing_of

READER = Reader()
UNHEARD = {"chua", "chuai", "dei", "den", "dia", "ei", "eng", "kei", "lo", "nou", "o", "yai", "yo", "zhei", "zhuai"}
"""Syllables that everyday news lacks: interjections, dialect, and three of seldom words (揣, 拽, and 得 for must)."""


def readings(text: str) -> list[str]:
    return [syllable.pinyin for syllable in READER.read(text).syllables if syllable.pinyin]


def test_there_are_three_hundred_sentences_of_a_bulletins_length() -> None:
    texts = [sentence.text for sentence in all_sentences()]
    assert len(texts) == len(set(texts)) == 300
    assert [text for text in texts if not 12 <= len(readings(text)) <= 30] == []
    assert [sentence.id for sentence in all_sentences()] == [f"{number:03}" for number in range(1, 301)]
    with pytest.raises(ScriptError, match="1 to 300"):
        first_sentences(301)


def test_any_first_sentences_are_balanced_over_the_sections() -> None:
    counts = Counter(sentence.section for sentence in all_sentences())
    assert len(counts) == 12 and set(counts.values()) == {25}
    for number in range(12, 301):
        some = Counter(sentence.section for sentence in first_sentences(number)).values()
        assert len(some) == 12 and max(some) - min(some) <= 1, number


def test_they_hold_every_syllable_that_news_has() -> None:
    """Counted on Anchor's own readings; most of what there is comes within the first two dozen."""
    said = [readings(sentence.text) for sentence in all_sentences()]
    seen = [{syllable[:-1] for row in said[:count] for syllable in row} for count in (24, 60, 300)]
    assert set(syllable_table()) - seen[-1] == UNHEARD
    assert len(seen[0]) > 255 and len(seen[1]) > 340
    tones = Counter(syllable[-1] for row in said for syllable in row)
    assert all(tones[tone] > 1150 for tone in "1234") and tones["5"] > 170
    pairs = Counter((one[-1], other[-1]) for row in said for one, other in pairwise(row))
    assert [pair for pair in product("12345", repeat=2) if pairs[pair] < (2 if pair == ("5", "5") else 25)] == []


def test_none_of_their_readings_is_a_guess() -> None:
    assert [(s.text, n.text) for s in all_sentences() for n in READER.read(s.text).notices] == []


@pytest.mark.parametrize(
    "wanted, got, steps",
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("abcd", "acd", 1), ("ab", "ba", 2)],
)
def test_distance(wanted: str, got: str, steps: int) -> None:
    assert distance(wanted, got) == distance(got, wanted) == steps


@pytest.mark.parametrize(
    "heard, toned, toneless, characters",
    [
        ("立法委員質疑房價居高不下", 0, 0, 0),
        ("立法委员质疑,房价居高不下.", 0, 0, 0),
        ("立法委員執意房價居高不下", 1, 0, 2),
        ("立法委員房價居高不下", 2, 2, 2),
        ("立法委員質疑房價很居高不下", 1, 1, 1),
        ("", 12, 12, 12),
        ("，。", 12, 12, 12),
    ],
)
def test_errors_are_of_what_is_heard_not_of_how_it_is_written(
    heard: str, toned: int, toneless: int, characters: int
) -> None:
    found = compare(READER.read("立法委員質疑，房價居高不下。"), heard, READER)
    assert found == Errors(12, toned, toneless, 12, characters)


def test_figures_are_read_as_they_are_spoken() -> None:
    wanted = READER.read("消費者物價指數年增百分之二點三，一百三十五家公司受惠。")
    assert compare(wanted, "消費者物價指數年增2.3%,135家公司受惠", READER).toned == 0


@pytest.mark.parametrize(
    "wanted, got, ends",
    [
        (["ab", "cd"], "abcd", [2, 4]),
        (["ab", "cd"], "abd", [2, 3]),  # one left out belongs to where it was to be said
        (["ab", "cd"], "abxcd", [3, 5]),  # one put in between belongs to the former
        (["ab", "cd"], "xabcd", [3, 5]),
        (["ab", "cd"], "cd", [0, 2]),
        (["ab", "cd"], "ab", [2, 2]),
        (["ab", "cd"], "", [0, 0]),
        (["ab", "cd"], "axyd", [2, 4]),
        (["abc", "abc"], "abcabc", [3, 6]),
        (["abc", "abc", "abc"], "abcbcabc", [3, 5, 8]),
        (["ab"], "xyz", [3]),
    ],
)
def test_what_was_heard_is_cut_where_the_sentences_end(wanted: list[str], got: str, ends: list[int]) -> None:
    found = seams(wanted, got)
    assert found == ends
    cuts = [got[start:end] for start, end in pairwise((0, *found))]
    assert "".join(cuts) == got
    assert sum(map(distance, wanted, cuts)) == distance("".join(wanted), got)


def test_a_wrong_tone_tells_two_seams_apart() -> None:
    """Either syllable may be the one that is missing; only one is heard with another tone alone."""
    assert seams([["ma1", "ba1"], ["pa1", "ta1"]], ["ma1", "ba2", "ta1"]) == [2, 3]
    assert seams([["ma1", "ba1"], ["pa1", "ta1"]], ["ma1", "pa2", "ta1"]) == [1, 3]


def test_seams_lie_on_a_shortest_path_whatever_was_heard() -> None:
    random = np.random.default_rng(7)
    for _ in range(300):
        rows = ["".join(random.choice(list("abc"), random.integers(1, 6))) for _ in range(random.integers(1, 5))]
        got = "".join(random.choice(list("abc"), random.integers(0, 14)))
        cuts = [got[start:end] for start, end in pairwise((0, *seams(rows, got)))]
        assert "".join(cuts) == got
        assert sum(map(distance, rows, cuts)) == distance("".join(rows), got)


def test_errors_of_sentences_that_were_heard_in_one_go() -> None:
    said = [READER.read(text) for text in ("立法委員質疑，房價居高不下。", "失業率降到3.38%。", "大家好。")]
    found = share_out(said, "立法委員執意,房價居高不下,失業率降到3.38%,大好", READER)
    assert [part.text for part in found] == ["立法委員執意,房價居高不下,", "失業率降到3.38%,", "大好"]
    assert [(part.errors.syllables, part.errors.toned, part.errors.toneless) for part in found] == [
        (12, 1, 0),
        (12, 0, 0),
        (3, 1, 1),
    ]
    assert [part.errors.wrong_characters for part in found] == [2, 0, 1]
    silent = share_out(said, "", READER)
    assert [(part.text, part.errors.toned) for part in silent] == [("", 12), ("", 12), ("", 3)]
    lost = share_out(said, "立法委員質疑,房價居高不下大家好", READER)
    assert [(part.text, part.errors.toned) for part in lost] == [
        ("立法委員質疑,房價居高不下", 0),
        ("", 12),
        ("大家好", 0),
    ]


def test_sentences_are_heard_in_blocks_of_half_a_minute() -> None:
    read = [READER.read(sentence.text) for sentence in all_sentences()]
    blocks = blocks_of(read)
    assert [number for block in blocks for number in block] == list(range(300))
    assert all(sum(len(read[number].syllables) for number in block) <= SYLLABLES for block in blocks)
    assert len(blocks) < 75, "four in one go and more"
    assert blocks_of(read[: len(blocks[0])]) == blocks[:1], "the same sentences are the same blocks"
    assert blocks_of([READER.read("好" * (SYLLABLES + 1)), read[0]]) == [[0], [1]] and blocks_of([]) == []


def test_sentences_of_a_block_stand_apart() -> None:
    one, other = np.ones(100, np.float32), np.full(50, 2, np.float32)
    row = join_sentences([one, other, one])
    gap = round(GAP_S * 48000)
    assert len(row) == 250 + 2 * gap and row.dtype == np.float32
    assert not row[100 : 100 + gap].any() and row[100 + gap : 150 + gap].all()
    assert np.array_equal(join_sentences([one]), one)


def timeline(*parts: tuple[int | None, int]) -> PhonemeTimeline:
    at, phonemes = 0, []
    for syllable, ms in parts:
        span = Span(at, at + 48 * ms)
        phonemes.append(Phoneme(SILENCE if syllable is None else "a", span, syllable, syllable is not None))
        at = span.end
    return PhonemeTimeline(48000, at, tuple(phonemes))


def test_pace_and_pauses_are_measured_inside_the_sentence() -> None:
    utterance = READER.read("大家好，我們、你們早。")
    said = timeline(
        *((None, 120), (0, 200), (1, 200), (2, 200), (None, 240), (3, 200), (4, 200)),
        *((None, 80), (5, 200), (6, 200), (7, 200), (None, 300)),
    )
    found = timing_of(utterance, said)
    assert found.seconds == pytest.approx(1.92) and found.silent_seconds == pytest.approx(0.32)
    assert found.pauses == ((BreakKind.COMMA, 240), (BreakKind.MINOR, 80))


def test_only_flat_tops_are_clipping() -> None:
    wave = (0.9 * np.sin(np.arange(48000) * 0.05)).astype(np.float32)
    assert clipped_samples(wave) == 0
    # Each half wave of 126 samples is cut where it rises above 0.8: 27 or 28 samples.
    cut = np.clip(wave, -0.8, 0.8)
    assert clipped_samples(cut) == pytest.approx(np.count_nonzero(np.abs(wave) > 0.8), rel=0.01)
    assert clipped_samples(np.zeros(1000, np.float32)) == clipped_samples(np.zeros(0, np.float32)) == 0


def heard(errors: Errors, engine: str = "espeak", clipped: int = 0) -> Heard:
    return Heard(
        sentence=first_sentences(1)[0],
        text="",
        errors=errors,
        timing=SpeechTiming(4.0, 0.4, ((BreakKind.COMMA, 240),)),
        lufs=-16.0,
        dbtp=-1.6,
        clipped=clipped,
        opinion=Opinion(3.0, 4.0, 2.0),
        voice="lan",
        engine=engine,
    )


def test_sentences_together() -> None:
    clear, blurred = heard(Errors(20, 0, 0, 20, 2)), heard(Errors(20, 3, 1, 20, 6))
    found = understanding_of([clear, blurred])
    assert (found.sentences, found.errors) == (2, Errors(40, 3, 1, 40, 8))
    assert found.pace == pytest.approx(300) and found.sounding_pace == pytest.approx(333.3, abs=0.1)
    assert found.pauses == ((BreakKind.COMMA, 240),) and found.opinion == Opinion(3.0, 4.0, 2.0)
    assert worst([clear, blurred], 5) == (blurred,)
    assert [item.name for item in items_of(found) if not item.passed] == []


@pytest.mark.parametrize(
    "bad, missed",
    [
        (heard(Errors(20, 9, 0, 20, 9)), "understood"),
        (heard(Errors(40, 0, 0, 40, 0)), "reading-pace"),
        (heard(Errors(20, 0, 0, 20, 0), clipped=4000), "clipping"),
        (heard(Errors(20, 0, 0, 20, 0), engine="kokoro"), "spoken-by"),
    ],
)
def test_each_limit_can_be_missed(bad: Heard, missed: str) -> None:
    found = understanding_of([heard(Errors(20, 0, 0, 20, 0)), bad])
    assert [item.name for item in items_of(found) if not item.passed] == [missed]


def test_what_was_measured_is_said_in_both_languages() -> None:
    found = understanding_of([heard(Errors(20, 1, 1, 20, 1))])
    pace = notes_of(found)[2]
    assert pace == "pace without pauses: 333 syllables/min; pauses (median): comma 240 ms"
    assert text_in(pace, Language.CHINESE) == "不計停頓的語速：每分鐘 333 個音節；停頓（中位數）：逗號 240 ms"
    allowed = {item.name: text_in(item.allowed, Language.CHINESE) for item in items_of(found)}
    assert allowed["reading-pace"] == "200 到 360 音節/分" and allowed["understood"] == "最多 8%"
    assert all(text_in(message(id, ms=240.0), Language.CHINESE).endswith("240 ms") for id in PAUSES.values())


def noise(seconds: float, rate: int) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.1, round(seconds * rate)).astype(np.float32)


def test_the_judge_counts_as_published(root: Path) -> None:
    """Against the published program, which needs librosa beside the weights."""
    pytest.importorskip("onnxruntime", reason="the evaluate extra is not installed")
    pytest.importorskip("librosa", reason="the published program needs librosa")
    dnsmos = pytest.importorskip("speechmos.dnsmos", reason="the evaluate extra is not installed")
    for seconds in (2.5, 9.5, 12.3):
        pcm = np.clip(noise(seconds, 16000), -1, 1)
        theirs, ours = dnsmos.run(pcm, 16000), Judge().judge(pcm, 16000)
        assert (ours.speech, ours.background, ours.overall) == pytest.approx(
            (theirs["sig_mos"], theirs["bak_mos"], theirs["ovrl_mos"]), abs=1e-4
        )


def test_missing_weights_name_the_line_that_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mos, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match=r"speechmos.*anchor-newsroom\[evaluate\]"):
        Judge().judge(noise(1, 16000), 16000)
