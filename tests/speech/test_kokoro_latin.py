"""Words in Latin letters by the neural voice: legal tables, every word said, breath in English, and a listener."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.errors import EngineUnavailable
from anchor.mandarin.phonemes import is_syllable, syllable_phonemes
from anchor.mandarin.reader import Reader
from anchor.mandarin.station import parse_station
from anchor.mandarin.tables import load_rows
from anchor.models.files import model_files
from anchor.packs import Shelf, find_pack
from anchor.settings import default_shelves
from anchor.speech.engines.kokoro.engine import PAUSES_MS, KokoroEngine
from anchor.speech.engines.kokoro.english import EnglishSounds
from anchor.speech.engines.kokoro.latin import LONGEST, SPELT_LETTERS, Pieces, latin_pieces, said_pieces
from anchor.speech.engines.kokoro.melody import LETTER_LENGTH, whole_frames
from anchor.speech.engines.kokoro.sentences import Sentence, plan_sentences
from anchor.speech.engines.kokoro.tokens import english_pieces, sound_shapes, vocabulary
from anchor.speech.recogniser import Recogniser
from anchor.speech.voice import resolve_voice

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "anchor" / "speech" / "engines" / "kokoro"
MODELS = Path(os.environ.get("ANCHOR_TEST_MODELS") or ROOT / ".venv" / "models")
LATIN = load_rows(TABLES / "latin.tsv")
LETTERS = load_rows(TABLES / "letters.tsv")
SAID = {row[0]: row[1] for row in LATIN}
VOWELS = re.compile(r"(?:AA|AE|AH|AO|AW|AY|EH|ER|EY|IH|IY|OW|OY|UH|UW)[012]")


def knows_none(word: str) -> tuple[str, ...]:
    """English rules where there is no eSpeak NG."""
    return ()


def symbols(stretches: tuple[Pieces, ...]) -> str:
    return " ".join("".join(chars for _, chars in stretch) for stretch in stretches)


def of_cell(said: str) -> str:
    return symbols(said_pieces(said))


@pytest.mark.parametrize("row", [*LATIN, *LETTERS], ids=lambda row: row[0])
def test_every_cell_is_legal(row: tuple[str, ...]) -> None:
    """Syllables or English sounds, vowels with a digit of stress, and the model knows every symbol."""
    assert len(row) == 2
    for part in row[1].split("|"):
        names = part.split()
        assert names
        for name in names:
            assert is_syllable(name) or VOWELS.fullmatch(name) or (name.isalpha() and name in sound_shapes()), name
    assert set(of_cell(row[1])) <= set(vocabulary())


def test_no_word_stands_twice() -> None:
    written = [row[0] for row in LATIN]
    assert len(set(written)) == len(written)
    folded: dict[str, set[str]] = {}
    for word, said in LATIN:
        if len(word) > 3:
            folded.setdefault(word.lower(), set()).add(said)
    assert not {word: said for word, said in folded.items() if len(said) > 1}


def test_letters_and_digits_are_complete() -> None:
    assert {row[0] for row in LETTERS} == set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def test_letters_sound_different() -> None:
    said = [of_cell(row[1]) for row in LETTERS]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("phonemes", "written"),
    [
        ("P IY1", "pʰˈi"),
        ("T IY1", "tʰˈi"),
        ("S T AA1 R", "stˈɑɹ"),
        ("T W IH1 S T", "tʰwˈɪst"),
        ("K AE1 T", "kʰˈæt"),
        ("B IY1", "bˈi"),
    ],
)
def test_stops_are_breathed_out_where_english_does(phonemes: str, written: str) -> None:
    assert "".join(chars for _, chars in english_pieces(tuple(phonemes.split()))) == written


def test_syllables_and_sounds_may_stand_in_one_stretch() -> None:
    ((*names, last),) = said_pieces("ai1 F")
    assert [name for name, _ in names] == ["a", "i"]
    assert last == ("F", "f")


def test_capitals_are_spelt_unless_listed() -> None:
    assert symbols(latin_pieces("XQZ", knows_none)) == symbols(
        tuple(stretch for letter in "XQZ" for stretch in latin_pieces(letter, knows_none))
    )
    assert symbols(latin_pieces("NASA", knows_none)) == of_cell(SAID["NASA"])


def test_the_table_is_found_in_any_case_except_for_short_words() -> None:
    said = latin_pieces("YouTube", knows_none)
    assert latin_pieces("YOUTUBE", knows_none) == said
    assert latin_pieces("youtube", knows_none) == said
    assert latin_pieces("FED", knows_none) != latin_pieces("Fed", knows_none)


def test_a_table_word_inside_another_is_found() -> None:
    assert latin_pieces("GoogleMaps", knows_none)[0] == latin_pieces("Google", knows_none)[0]


def test_digits_are_said() -> None:
    digits = {row[0]: row[1] for row in LETTERS}
    assert symbols(latin_pieces("7x", knows_none)).startswith(of_cell(digits["7"]))
    assert symbols(latin_pieces("2048", knows_none)) == " ".join(of_cell(digits[digit]) for digit in "2048")


def test_accents_are_dropped() -> None:
    assert latin_pieces("Pokémon", knows_none) == latin_pieces("Pokemon", knows_none)
    assert latin_pieces("ÜBER", knows_none) == latin_pieces("UBER", knows_none)


@pytest.mark.parametrize("word", ["", " ", "…", "漢", "\N{COMBINING ACUTE ACCENT}", "\x00", "--", "'"])
def test_what_cannot_be_said_still_takes_time(word: str) -> None:
    assert symbols(latin_pieces(word, knows_none)).strip()


@pytest.mark.parametrize("word", ["zxcvb" * 40, "A" * 300, "ABCDE" * 30, "9" * 100, "Aa" * 100])
def test_long_words_come_in_short_stretches(word: str) -> None:
    stretches = latin_pieces(word, lambda part: ("AH1", "B") * len(part))
    assert stretches
    assert all(0 < len(stretch) <= 2 * LONGEST for stretch in stretches)


def test_unknown_words_get_english_sounds_where_espeak_is() -> None:
    with EnglishSounds() as english:
        if not english("banter"):
            pytest.skip("eSpeak NG is not here")
        said = symbols(latin_pieces("banter", english))
        assert "b" in said and "n" in said and "ˈ" in said
        assert said != symbols(latin_pieces("banter", knows_none))
        long = "VERBOSE"
        assert len(long) > SPELT_LETTERS
        assert len(latin_pieces(long, english)) == 1


@pytest.mark.parametrize("written", ["NVIDIA", "Wi-Fi", "GPT", "Costco"])
def test_the_lexicon_comes_before_the_table(written: str) -> None:
    """What `anchor lexicon add` wrote is said, in syllables; nothing of the table's English is left."""
    said = Reader(station=parse_station(f"{written}\thui1 da2\n")).read(f"談到{written}的事。")
    _, (sentence,) = plan_sentences(said, PAUSES_MS, knows_none)
    assert [syllable.pinyin for syllable in said.syllables] == ["tan2", "dao4", "hui1", "da2", "de5", "shi4"]
    assert [sound.symbol for sound in sentence.sounds if sound.syllable in (2, 3)] == [
        *syllable_phonemes("hui1"),
        *syllable_phonemes("da2"),
    ]


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("GPT-5", ["GPT", "wu3"]),
        ("COP31", ["COP", "san1", "shi2", "yi1"]),
        ("PM2.5", ["PM", "er4", "dian3", "wu3"]),
        ("5G", ["wu3", "G"]),
        ("Wi-Fi 7", ["Wi", "Fi", "qi1"]),
        ("F-16V", ["F", "shi2", "liu4", "V"]),
        ("iPhone 17", ["iPhone", "shi2", "qi1"]),
        ("H5N1", ["H", "wu3", "N", "yi1"]),
        ("M7A1", ["M", "qi1", "A", "yi1"]),
        ("S&P 500", ["S&P", "wu3", "bai3"]),
        ("B-21", ["B", "er4", "shi2", "yi1"]),
        ("4K", ["si4", "K"]),
    ],
)
def test_letters_with_digits_are_letters_and_chinese_numbers(written: str, parts: list[str]) -> None:
    utterance = Reader().read(f"談到{written}的事。")
    assert [s.pinyin or s.char for s in utterance.syllables][2:-2] == parts
    _, (sentence,) = plan_sentences(utterance, PAUSES_MS, knows_none)
    assert {sound.syllable for sound in sentence.sounds} == set(range(len(parts) + 4))


def planned(text: str) -> Sentence:
    _, (sentence,) = plan_sentences(Reader().read(text), PAUSES_MS, knows_none)
    return sentence


def test_spelt_letters_are_known_as_such() -> None:
    """A letter's name each; the word beside it and Chinese syllables of the same sound are none."""
    assert len(planned("談到GPU與NASA的事。").letters) == 3
    assert planned("一、二、三、必、提、優。").letters == []


def test_letters_are_not_hurried() -> None:
    """They last longer by their factor, what is beside them as long as before."""
    sentence = planned("談到GPU的事。")
    own = np.full(len(sentence.symbols) + 2, 10.0, np.float32)
    frames = whole_frames(own, sentence, 1.0, [phrase.end for phrase, _, _ in sentence.phrases], 4.0)
    inside = {at + 1 for stretch in sentence.letters for at in range(stretch.start, stretch.end)}
    lasted = {at: int(frames[at]) for at in range(len(frames))}
    assert {lasted[at] for at in inside} == {round(10 * LETTER_LENGTH)}
    assert {lasted[at] for at in lasted if at not in inside} == {10}


HEARD = {
    "台灣今年GPU、HBM和5G需求強勁。": ("gpu", "hbm", "5g"),
    "新聞談到Google、OpenAI和TSMC。": ("google", "openai", "tsmc"),
    "民眾在Facebook、YouTube和APP上看到消息。": ("facebook", "youtube", "app"),
    "市場很關心CPI、ETF和iPhone的表現。": ("cpi", "etf", "iphone"),
}
"""Sentences with terms, and the terms as the listener writes them."""
UNDERSTOOD = 10
GAP_S = 0.7


@pytest.mark.slow
def test_a_listener_understands_terms_of_the_news() -> None:
    pytest.importorskip("ctranslate2", reason="the evaluate extra is not installed")
    try:
        for models in ("kokoro", "whisper"):
            model_files(models, MODELS)
    except EngineUnavailable as missing:
        pytest.skip(str(missing))
    voice = resolve_voice(find_pack(Shelf.VOICES, "lan", default_shelves()), models=MODELS)
    sound: list[NDArray[np.float32]] = []
    with KokoroEngine() as engine:
        for sentence in HEARD:
            spoken = engine.speak(Reader().read(sentence), voice)
            sound += [np.zeros(round(GAP_S * spoken.rate), np.float32), spoken.pcm]
    with Recogniser(MODELS, threads=1) as ears:
        text = re.sub(r"[\W_]", "", ears.hear(np.concatenate(sound), spoken.rate).lower())
    missed = [term for terms in HEARD.values() for term in terms if term not in text]
    assert sum(map(len, HEARD.values())) - len(missed) >= UNDERSTOOD, f"{missed} not in {text}"
