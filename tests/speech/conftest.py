"""Utterances built by hand, voices of the shelf, engines that stay open."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anchor.core.ports import Voice
from anchor.core.speech import Break, BreakKind, Syllable, Utterance, Word
from anchor.core.time import Span
from anchor.models.files import state_of
from anchor.packs import Shelf, find_pack
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.voice import resolve_voice
from tests.speech.coqui_models import vits_voice

ROOT = Path(__file__).parents[2]
MODELS = Path(os.environ.get("ANCHOR_MODELS") or ROOT / ".venv" / "models")
"""Where `make test` puts what it fetches."""
MARKS = {
    "、": BreakKind.MINOR, "，": BreakKind.COMMA, "；": BreakKind.CLAUSE, "：": BreakKind.CLAUSE,
    "。": BreakKind.SENTENCE, "？": BreakKind.SENTENCE,
}  # fmt: skip
BULLETIN = (
    "da4jia1 hao3 ， wo3 shi4 AI zhu3bo1 lin2an1lan2 ， huan1ying2 shou1kan4 jin1tian1 de5 wan3jian1 xin1wen2 。 "
    "tai2wan1 ren2gong1 zhi4hui4 lun4tan2 jin1tian1 zai4 tai2bei3 deng1chang3 ， xi1yin3 le5 san1 qian1 wu3 bai3 duo1 "
    "ming2 ye4jie4 ren2shi4 yu4hui4 ； tai2ji1dian4 gu3jia4 shang4zhang3 bai3fen1zhi1 san1 dian3 er4ba1 ， "
    "gao1xiong2 shi4zheng4fu3 ye3 xuan1bu4 tui1dong4 le4se4 hui2shou1 ji4hua4 。 qi4xiang4shu3 ti2xing3 ， ming2tian1 "
    "dong1bei3 ji4feng1 zeng1qiang2 ， bei3bu4 di4qu1 qi4wen1 jiang4dao4 shi2ba1 du4 ， qing3 min2zhong4 chu1men2 "
    "xi2dai4 yu3ju4 。 nin2 zhun3bei4 hao3 le5 ma5 ？ jie1xia4lai2 ba3 xian4chang3 jiao1gei3 zhu3chi2ren2 。"
)
"""About half a minute of news."""

Say = Callable[[str], Utterance]


def _utterance(line: str) -> Utterance:
    """`tai2wan1 AI ， |500`: words of pinyin, Latin words, punctuation and pauses in ms, parted by spaces."""
    items: list[Word | Break] = []
    at = 0
    for token in line.split():
        if token in MARKS:
            items.append(Break(MARKS[token], Span(at, at + 1), token))
            at += 1
        elif token.startswith("|"):
            items.append(Break(BreakKind.PAUSE, Span(at, at), "", int(token[1:])))
        elif re.fullmatch(r"([a-z]+[1-5])+", token):
            readings = re.findall(r"[a-z]+[1-5]", token)
            syllables = tuple(Syllable("字", p, None, Span(at + i, at + i + 1)) for i, p in enumerate(readings))
            items.append(Word("字" * len(readings), syllables, Span(at, at + len(readings))))
            at += len(readings)
        else:
            span = Span(at, at + len(token))
            items.append(Word(token, (Syllable(token, None, None, span),), span, latin=True))
            at += len(token)
    return Utterance("字" * at, "字" * at, tuple(items))


@pytest.fixture(scope="session")
def say() -> Say:
    """Makes an utterance of a line."""
    return _utterance


@pytest.fixture(scope="session")
def bulletin() -> Utterance:
    """Half a minute of news."""
    return _utterance(BULLETIN)


@pytest.fixture(scope="session")
def lan() -> Voice:
    """The woman's formant voice."""
    return resolve_voice(find_pack(Shelf.VOICES, "lan-espeak", (ROOT,)))


@pytest.fixture(scope="session")
def hao() -> Voice:
    """The man's formant voice."""
    return resolve_voice(find_pack(Shelf.VOICES, "hao-espeak", (ROOT,)))


@pytest.fixture(scope="module")
def espeak() -> Iterator[EspeakEngine]:
    """The engine, entered."""
    with EspeakEngine() as engine:
        yield engine


@pytest.fixture(scope="session")
def natural() -> Voice:
    """The woman's natural voice; skips where its network was not fetched."""
    return natural_voice("lan")


def natural_voice(name: str) -> Voice:
    """A voice of Kokoro alone, without its chain; skips where its network was not fetched."""
    pytest.importorskip("onnxruntime", reason="the kokoro extra is not installed")
    if state_of("kokoro", MODELS) != "whole":
        pytest.skip("the network was not fetched: anchor models pull kokoro")
    return resolve_voice(find_pack(Shelf.VOICES, name, (ROOT,)), (), MODELS).members[0]


@pytest.fixture(scope="session")
def tiny_vits(tmp_path_factory: pytest.TempPathFactory) -> Voice:
    """A Coqui VITS voice of 1 MB with random weights."""
    pytest.importorskip("TTS", reason="the coqui extra is not installed")
    return vits_voice(tmp_path_factory.mktemp("coqui") / "tiny-vits")
