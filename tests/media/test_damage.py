"""Damaged headers never give anything but facts or a clear refusal."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from anchor.media.mp4_boxes import BoxError, read_movie
from anchor.media.probe import constant_rate

pytestmark = pytest.mark.media


def test_random_damage_to_the_header(good_clip: Path, tmp_path: Path) -> None:
    whole = good_clip.read_bytes()
    start, size = whole.index(b"moov") - 4, int.from_bytes(whole[whole.index(b"moov") - 4 :][:4])
    chance = random.Random(5)
    broken = tmp_path / "broken.mp4"
    refused = 0
    for _ in range(600):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = start + chance.randrange(size)
            data[at] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        broken.write_bytes(data)
        try:
            movie = read_movie(broken)
        except BoxError as error:
            assert str(error)
            refused += 1
            continue
        assert movie is not None
        for track in movie.tracks:
            constant_rate(track)
            assert track.start >= 0 or track.delay < 0
            assert isinstance(float(track.duration), float)
    assert 50 < refused < 600
