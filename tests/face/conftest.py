"""Presenters of the checkout's shelf and a stretch of news."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from anchor.core.errors import EngineUnavailable
from anchor.core.face import Avatar
from anchor.core.speech import PhonemeTimeline
from anchor.face.avatar import resolve_avatar
from anchor.face.models import FaceModels
from anchor.face.models import face_models as models_in
from anchor.packs import Shelf, find_pack

# Tests are imported by file; what they share is found by this path.
sys.path.insert(0, str(Path(__file__).parent))

from face_samples import BULLETIN, spoken


@pytest.fixture(scope="session", params=["hao", "lan"])
def avatar(request: pytest.FixtureRequest) -> Avatar:
    """Each presenter of the shelf."""
    return resolve_avatar(find_pack(Shelf.AVATARS, request.param, (Path(__file__).resolve().parents[2],)))


@pytest.fixture(scope="session")
def bulletin() -> PhonemeTimeline:
    """A stretch of news with pauses short and long."""
    return spoken(BULLETIN)


@pytest.fixture(scope="session")
def face_models() -> FaceModels:
    """The face models that `make test` fetched, or those in ANCHOR_TEST_MODELS."""
    given = os.environ.get("ANCHOR_TEST_MODELS")
    try:
        return models_in(Path(given) if given else Path(__file__).resolve().parents[2] / ".venv" / "models")
    except EngineUnavailable as missing:
        pytest.skip(str(missing))
