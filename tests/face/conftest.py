"""Presenters of the checkout's shelf and a stretch of news."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.core.face import Avatar
from anchor.core.speech import PhonemeTimeline
from anchor.face.avatar import resolve_avatar
from anchor.packs import Shelf, find_pack
from tests.face.face_samples import BULLETIN, spoken


@pytest.fixture(scope="session", params=["hao", "lan"])
def avatar(request: pytest.FixtureRequest) -> Avatar:
    """Each presenter of the shelf."""
    return resolve_avatar(find_pack(Shelf.AVATARS, request.param, (Path(__file__).resolve().parents[2],)))


@pytest.fixture(scope="session")
def bulletin() -> PhonemeTimeline:
    """A stretch of news with pauses short and long."""
    return spoken(BULLETIN)
