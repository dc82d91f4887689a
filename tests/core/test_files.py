"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from anchor.core.errors import StorageError
from anchor.core.files import storage_errors, write_text_whole, write_whole


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "字幕.srt"
    with write_whole(path) as partial:
        partial.write_text("a", encoding="utf-8")
        assert partial.suffix == ".srt" and partial.parent == path.parent and not path.exists()
    assert [p.name for p in path.parent.iterdir()] == ["字幕.srt"]
    write_text_whole(path, "一\r\n")
    assert path.read_bytes() == "一\r\n".encode()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_what_was_there_stays_when_the_writing_fails(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(StorageError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        _fail(path, error)
    assert path.read_text(encoding="utf-8") == "old" and list(tmp_path.iterdir()) == [path]
    if isinstance(caught.value, StorageError):
        assert str(path) in caught.value.message and "no space left" in caught.value.message and caught.value.hint


def _fail(path: Path, error: BaseException) -> None:
    with write_whole(path) as partial:
        partial.write_text("half", encoding="utf-8")
        raise error


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with write_whole(path) as one, write_whole(path) as other:
        assert one != other
        one.write_text("1", encoding="utf-8")
        other.write_text("2", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "1" and list(tmp_path.iterdir()) == [path]


def test_the_longest_name_that_a_file_may_have(tmp_path: Path) -> None:
    path = tmp_path / ("新" * 83 + ".txt")  # 253 bytes of 255
    write_text_whole(path, "x")
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="file/a"):
        write_text_whole(tmp_path / "file" / "a", "x")
    with pytest.raises(StorageError, match="cannot write x"), storage_errors(Path("x")):
        raise PermissionError(errno.EACCES, "denied")
