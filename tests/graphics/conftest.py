"""One look after another, an engine, a photo."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anchor.graphics.engines.layers import LayersEngine

# Tests are imported by file; what they share is found by this path.
sys.path.insert(0, str(Path(__file__).parent))

from graphics_samples import LOOKS


@pytest.fixture(params=LOOKS, ids=lambda path: path.name)
def look(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def engine() -> Iterator[LayersEngine]:
    with LayersEngine() as entered:
        yield entered


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture beside the presenter: bright diagonal bands."""
    y, x = np.mgrid[0:720, 0:1280]
    bands = ((x + y) // 80 % 2 * 120 + 100).astype(np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(np.dstack([bands, bands[::-1], 255 - bands])).save(path)
    return path
