"""The face models; presenters and services of the other tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from anchor.core.errors import EngineUnavailable
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.face_models import face_models as models_in
from tests.face.conftest import avatar
from tests.pipeline.conftest import house, warm_cache

__all__ = ["avatar", "face_models", "house", "warm_cache"]


@pytest.fixture(scope="session")
def face_models() -> FaceModels:
    """The face models that `make test` fetched, or those in ANCHOR_TEST_MODELS."""
    given = os.environ.get("ANCHOR_TEST_MODELS")
    try:
        return models_in(Path(given) if given else Path(__file__).resolve().parents[3] / ".venv" / "models")
    except EngineUnavailable as missing:
        pytest.skip(str(missing))
