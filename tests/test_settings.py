"""Settings: the file, the environment, and what a wrong value is told."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.errors import SettingsError
from anchor.settings import settings_from
from anchor.settings.configuration import Configuration, variables

SAMPLE = "docs/anchor.toml"


def _file(folder: Path, text: str) -> dict[str, str]:
    path = folder / "anchor.toml"
    path.write_text(text, encoding="utf-8")
    return {"ANCHOR_CONFIG": str(path)}


def test_the_sample_has_every_key_with_its_default(root: Path) -> None:
    sample = tomllib.loads((root / SAMPLE).read_text(encoding="utf-8"))
    assert sample == Configuration({}, None).model_dump()
    assert settings_from({"ANCHOR_CONFIG": str(root / SAMPLE)}) == settings_from({})


def test_the_sample_names_the_variable_of_every_key(root: Path) -> None:
    lines = (root / SAMPLE).read_text(encoding="utf-8").splitlines()
    for section in Configuration.model_fields:
        for key, variable in variables(section).items():
            (line,) = [line for line in lines if line.startswith(f"{key} = ")]
            assert variable.name in line.split("#", 1)[1].replace("(", " ").split()


def test_a_variable_goes_before_the_file_and_an_empty_one_counts_as_not_set(tmp_path: Path) -> None:
    given = _file(tmp_path, '[jobs]\nqueued = 5\nkeep_days = 1\n[farm]\ngpu_stages = ["sync"]\n')
    settings = settings_from({**given, "ANCHOR_JOBS_QUEUED": "7", "ANCHOR_JOBS_KEEP_DAYS": ""})
    assert (settings.jobs.queued, settings.jobs.keep_days, settings.gpu_stages) == (7, 1.0, ("sync",))


def test_paths_begin_at_the_file(tmp_path: Path) -> None:
    text = '[paths]\nshelves = ["packs", "/srv/anchor"]\ncache = "~/c"\nwordlist = "off"\n'
    settings = settings_from(_file(tmp_path, text))
    assert settings.shelves[:2] == (tmp_path / "packs", Path("/srv/anchor"))
    assert settings.cache == Path.home() / "c" and settings.wordlist is None


def test_the_usual_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "anchor").mkdir()
    _file(tmp_path / "anchor", "[farm]\nchunk_frames = 60\n")
    assert settings_from({}).chunk_frames == 60


def test_places_are_where_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    settings = settings_from({})
    data = tmp_path / ".local" / "share" / "anchor"
    assert settings.cache == tmp_path / ".cache" / "anchor"
    assert (settings.data, settings.own_shelf, settings.models) == (data, data, data / "models")
    assert settings.lexicon == data / "lexicon.tsv"


def test_variables_of_several_values() -> None:
    settings = settings_from(
        {"ANCHOR_SHELVES": "/a:/b", "ANCHOR_GPU_STAGES": "sync,,speak", "ANCHOR_TEST_ENGINES": "1"}
    )
    assert settings.shelves[:2] == (Path("/a"), Path("/b")) and settings.gpu_stages == ("sync", "speak")
    assert not settings.production
    assert replace(settings_from({}), shelves=()).production


@pytest.mark.parametrize(
    ("text", "says", "field"),
    [
        ('[jobs]\nqueued = "many"\n', "queued is 'many'; allowed: a whole number, 0 or more", "jobs.queued"),
        ("[jobs]\nlease_s = 0\n", "lease_s is 0; allowed: a number above 0", "jobs.lease_s"),
        ("[jobs]\nbackoff_s = nan\n", "backoff_s is nan; allowed", "jobs.backoff_s"),
        ("[jobs]\nqueue = 3\n", "no key 'queue'", "jobs.queue"),
        ("[job]\nqueued = 3\n", r"no section \[job\]", "job"),
        ("jobs = 3\n", "jobs is 3: it is a section", "jobs"),
        ('[paths]\nshelves = "a"\n', "shelves is '.*a'; allowed: folders", "paths.shelves"),
        ('[farm]\ngpu_stages = ["sync", 3]\n', "gpu_stages is 3; allowed: names", "farm.gpu_stages"),
        ("[jobs\n", "cannot be read: .*line 1", None),
    ],
)
def test_a_wrong_value_names_key_value_and_what_is_allowed(
    tmp_path: Path, text: str, says: str, field: str | None
) -> None:
    given = _file(tmp_path, text)
    with pytest.raises(SettingsError, match=says) as caught:
        settings_from(given)
    assert caught.value.hint and not caught.value.retryable
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.field) == (given["ANCHOR_CONFIG"], field)


@pytest.mark.parametrize("name", ["nowhere.toml", "."])
def test_a_file_that_is_named_must_be_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        settings_from({"ANCHOR_CONFIG": str(tmp_path / name)})


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(SettingsError, match="ANCHOR_STORE_OPTIONS") as caught:
        settings_from({"ANCHOR_STORE_OPTIONS": '["secret"]'})
    assert "secret" not in str(caught.value)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    for name, text in (("redis", "redis://:pw@h:6379/0\n"), ("database", ""), ("options", '{"secret": "pw"}')):
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = {
        "ANCHOR_REDIS_FILE": str(tmp_path / "redis"),
        "ANCHOR_DATABASE_FILE": str(tmp_path / "database"),
        "ANCHOR_STORE_OPTIONS_FILE": str(tmp_path / "options"),
        "ANCHOR_STORE_FILE": "",
    }
    settings = settings_from(files)
    assert settings.redis == "redis://:pw@h:6379/0" and settings.store_options == (("secret", '"pw"'),)
    assert (settings.database, settings.store) == ("", ""), "an empty file counts as not set"
    assert settings_from({**files, "ANCHOR_REDIS": "redis://other"}).redis == "redis://other"
    assert settings_from({"ANCHOR_CACHE_FILE": str(tmp_path / "redis")}).cache == settings_from({}).cache


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "long", "binary", "wrong"])
def test_a_secret_that_cannot_be_read_names_variable_and_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "secret"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "long":
            path.write_text("x" * 70_000)
        case "binary":
            path.write_bytes(b"\xff\xfe\x00")
        case "wrong":
            path.write_text('["hidden"]')
    with pytest.raises(SettingsError, match="ANCHOR_STORE_OPTIONS") as caught:
        settings_from({"ANCHOR_STORE_OPTIONS_FILE": str(path)})
    assert caught.value.hint and "hidden" not in str(caught.value)
    assert kind == "wrong" or str(path) in str(caught.value)


def test_the_command_says_it_with_its_exit_status(tmp_path: Path, root: Path) -> None:
    program = [sys.executable, "-m", "anchor.cli.app", "cache", "show"]
    environment = {**_file(tmp_path, "[jobs]\nqueued = -1\n"), "HOME": str(tmp_path)}
    done = subprocess.run(program, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == SettingsError.exit_status == 10
    assert "error (settings): queued is -1; allowed: a whole number, 0 or more" in done.stderr
    assert "Traceback" not in done.stderr
