"""The store: atomic, content-addressed, honest when the disk is full or a file is gone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from anchor.core.artifact import Artifact, file_digest
from anchor.core.errors import StorageError
from anchor.core.time import Timebase
from anchor.store.store import Store


@dataclass(frozen=True, slots=True)
class Made:
    name: str
    file: Artifact
    clock: Timebase


def _put(store: Store, text: str) -> Artifact:
    with store.workdir() as work:
        (work / "x.txt").write_text(text)
        return store.put(work / "x.txt")


def test_result_comes_back_equal(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = Made("林", _put(store, "abc"), Timebase(Fraction(30000, 1001)))
    store.keep("speak", "a" * 64, made)
    assert store.result("speak", "a" * 64, Made) == made
    assert store.path(made.file).read_text() == "abc"
    assert store.result("speak", "b" * 64, Made) is None
    assert store.result("sync", "a" * 64, Made) is None


def test_equal_files_are_kept_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert _put(store, "abc") == _put(store, "abc")
    assert len([p for p in (tmp_path / "objects").rglob("*") if p.is_file()]) == 1


def test_result_whose_file_is_gone_is_no_result(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = Made("x", _put(store, "abc"), Timebase(Fraction(25)))
    store.keep("speak", "a" * 64, made)
    store.path(made.file).unlink()
    assert store.result("speak", "a" * 64, Made) is None


@pytest.mark.parametrize("left", [b"", b"ab", b"abd", b"abcd"])
def test_a_result_with_a_damaged_file_is_no_result_and_is_made_again(tmp_path: Path, left: bytes) -> None:
    made = Made("x", _put(Store(tmp_path), "abc"), Timebase(Fraction(25)))
    Store(tmp_path).keep("speak", "a" * 64, made)
    (tmp_path / made.file.path).write_bytes(left)
    store = Store(tmp_path)
    assert store.result("speak", "a" * 64, Made) is None
    with pytest.raises(StorageError, match="damaged"):
        store.path(made.file)
    assert _put(store, "abc") == made.file
    assert store.result("speak", "a" * 64, Made) == made and store.path(made.file).read_text() == "abc"


def test_damage_while_the_store_is_open_is_seen(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = Made("x", _put(store, "abc"), Timebase(Fraction(25)))
    store.keep("speak", "a" * 64, made)
    assert store.result("speak", "a" * 64, Made) == made
    (tmp_path / made.file.path).write_bytes(b"")
    assert store.result("speak", "a" * 64, Made) is None
    assert store.drop_damaged(made.file) and not (tmp_path / made.file.path).exists()
    assert not store.drop_damaged(made.file)


@pytest.mark.parametrize("name", ["../x", "/etc/hostname", "objects/../../x", "objects/ab/" + "c" * 64, "objects/aa/x"])
def test_a_name_that_no_store_gives_is_not_followed(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "store")
    (tmp_path / "x").write_text("abc")
    odd = Artifact(name, "a" * 64, 3)
    with pytest.raises(StorageError, match="not a name"):
        store.path(odd)
    good = Made("x", _put(store, "abc"), Timebase(Fraction(25)))
    store.keep("speak", "a" * 64, good)
    (found,) = (tmp_path / "store" / "results").rglob("*.json")
    found.write_text(found.read_text().replace(good.file.path, name))
    assert store.result("speak", "a" * 64, Made) is None


def test_a_file_with_an_odd_ending_is_kept_without_it(tmp_path: Path) -> None:
    (tmp_path / "畫面.圖 檔").write_text("abc")
    store = Store(tmp_path / "store")
    digest = file_digest(tmp_path / "畫面.圖 檔")
    assert store.put_copy(tmp_path / "畫面.圖 檔", digest).path.endswith(digest)
    made = store.put(tmp_path / "畫面.圖 檔")
    assert store.path(made).read_text() == "abc" and made.path.endswith(made.digest)


@pytest.mark.parametrize(
    "damage", ["", "{", '{"schema": "Made.1"}', '{"schema": "Made.0", "value": {}, "artifacts": []}']
)
def test_damaged_result_is_no_result(tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path)
    store.keep("speak", "a" * 64, Made("x", _put(store, "abc"), Timebase(Fraction(25))))
    (found,) = (tmp_path / "results").rglob("*.json")
    found.write_text(damage)
    assert store.result("speak", "a" * 64, Made) is None


def test_workdir_goes_away_even_on_error(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(RuntimeError), store.workdir() as work:
        (work / "half").write_text("x")
        raise RuntimeError
    assert not work.exists()


def test_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="cannot write"), Store(tmp_path / "file").workdir():
        pass


def test_use_and_clear(tmp_path: Path) -> None:
    store = Store(tmp_path)
    _put(store, "abc")
    assert {u.name: u.bytes for u in store.use()}["objects"] == 3
    assert store.clear() == (3, 0)
    assert not any(tmp_path.rglob("*.txt"))
