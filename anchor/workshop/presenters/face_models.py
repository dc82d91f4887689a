"""The face models: what finds faces, landmarks and figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anchor.models.files import model_files

SET = "face"


@dataclass(frozen=True, slots=True)
class FaceModels:
    """Checked model files, TensorFlow Lite."""

    detector: Path
    landmarks: Path
    segmentation: Path
    iris: Path


def face_models(folder: Path) -> FaceModels:
    """The models in `folder` (the settings' folder of models).

    Raises:
        EngineUnavailable: one is missing.
        PackError: one is not the file that the table names.
    """
    found = model_files(SET, folder)
    return FaceModels(found["detector"], found["landmarks"], found["segmentation"], found["iris"])
