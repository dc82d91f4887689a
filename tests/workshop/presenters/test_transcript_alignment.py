"""Footage heard by its transcript: the sounds are where they are said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import ScriptError
from anchor.core.speech import SILENCE
from anchor.pipeline.run import speak_text
from anchor.pipeline.services import Services, never
from anchor.workshop.presenters.transcript_alignment import heard_in

TEXT = "各位觀眾晚安，歡迎收看新聞。今天北部多雲，氣溫二十三度，爸爸買了八個饅頭。"


def test_the_sounds_are_where_they_are_said(house: Services, tmp_path: Path) -> None:
    wav = tmp_path / "a.wav"
    _, track, _ = speak_text(TEXT, "lan", wav, house)
    found = heard_in(wav, f"{TEXT[:14]}\n{TEXT[14:]}", house, never)
    true = [p for p in track.timeline.phonemes if p.symbol != SILENCE]
    heard = [p for p in found.phonemes if p.symbol != SILENCE]
    assert [p.symbol for p in heard] == [p.symbol for p in true]
    off = [abs(a.span.start - b.span.start) / 48000 for a, b in zip(heard, true, strict=True)]
    assert np.median(off) < 0.03 and max(off) < 0.12


def test_another_text_is_refused(house: Services, tmp_path: Path) -> None:
    wav = tmp_path / "a.wav"
    speak_text(TEXT, "lan", wav, house)
    with pytest.raises(ScriptError, match="something else than the footage"):
        heard_in(wav, "立法院昨天三讀通過年金改革條例，股市上漲一百五十點，漁民出海捕魚沒有回來。", house, never)
