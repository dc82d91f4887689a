"""The store over fsspec: the same behaviour in a folder and on an S3-compatible server reached by real HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from anchor.core.artifact import Artifact
from anchor.core.errors import SettingsError, StorageError
from anchor.settings import settings_from
from anchor.store.owners import is_left, process_space, started
from anchor.store.remote import Remote
from anchor.store.store import Store, open_store
from tests.store.s3_server import Bucket


@dataclass(frozen=True, slots=True)
class Made:
    name: str
    file: Artifact


@pytest.fixture(params=["folder", "s3"])
def remote(request: pytest.FixtureRequest, tmp_path: Path, bucket: Bucket) -> Remote:
    """A shared store of either kind, empty."""
    if request.param == "folder":
        return Remote(f"file://{tmp_path / 'shared'}")
    return Remote(bucket.fresh_url(), bucket.options)


def _put(store: Store, text: str) -> Artifact:
    with store.workdir() as work:
        (work / "x.txt").write_text(text)
        return store.put(work / "x.txt")


def test_what_one_machine_makes_another_finds(tmp_path: Path, remote: Remote) -> None:
    one, two = Store(tmp_path / "one", remote), Store(tmp_path / "two", Remote(remote.url, _options(remote)))
    made = Made("林", _put(one, "abc"))
    one.keep("speak", "a" * 64, made)
    assert two.result("speak", "b" * 64, Made) is None
    assert two.result("speak", "a" * 64, Made) == made
    assert not (tmp_path / "two" / made.file.path).exists()
    assert two.path(made.file).read_text() == "abc"
    assert [p.name for p in (tmp_path / "two").rglob("*") if p.name.startswith(".")] == []
    assert {s.path: s.size for s in two.files_of("speak", "a" * 64)}[made.file.path] == 3


def test_an_emptied_cache_is_filled_again(tmp_path: Path, remote: Remote) -> None:
    store = Store(tmp_path / "one", remote)
    made = Made("x", _put(store, "abc"))
    store.keep("speak", "a" * 64, made)
    store.clear()
    assert store.path(made.file).read_text() == "abc"
    assert store.result("speak", "a" * 64, Made) == made


def test_a_result_whose_file_is_gone_everywhere_is_no_result(tmp_path: Path, remote: Remote) -> None:
    one, two = Store(tmp_path / "one", remote), Store(tmp_path / "two", remote)
    made = Made("x", _put(one, "abc"))
    one.keep("speak", "a" * 64, made)
    one.remove(made.file.path)
    assert two.result("speak", "a" * 64, Made) is None
    with pytest.raises(StorageError, match="is not in the store"):
        two.path(made.file)


def test_a_short_copy_is_never_taken_for_the_file(tmp_path: Path, remote: Remote) -> None:
    one, two = Store(tmp_path / "one", remote), Store(tmp_path / "two", remote)
    made = _put(one, "abcdef")
    (tmp_path / "half").write_text("abc")
    remote.send(tmp_path / "half", made.path)
    with pytest.raises(StorageError):
        two.path(made)
    assert not (tmp_path / "two" / made.path).exists()
    # Making it again puts it right for everybody.
    assert _put(Store(tmp_path / "three", remote), "abcdef") == made
    assert two.path(made).read_text() == "abcdef"


def test_other_bytes_of_the_same_size_are_never_taken_for_the_file(tmp_path: Path, remote: Remote) -> None:
    one, two = Store(tmp_path / "one", remote), Store(tmp_path / "two", remote)
    made = _put(one, "abcdef")
    (tmp_path / "other").write_text("abcdeX")
    remote.send(tmp_path / "other", made.path)
    with pytest.raises(StorageError, match="damaged"):
        two.path(made)
    assert not (tmp_path / "two" / made.path).exists()
    assert _put(Store(tmp_path / "three", remote), "abcdef") == made
    assert two.path(made).read_text() == "abcdef"


def test_files_are_listed_with_size_and_age_and_removed(tmp_path: Path, remote: Remote) -> None:
    store = Store(tmp_path / "one", remote)
    made = Made("x", _put(store, "abc"))
    store.keep("speak", "a" * 64, made)
    listed = {f.path: f for f in store.files()}
    assert set(listed) == {made.file.path, f"results/speak/aa/{'a' * 64}.json"}
    assert listed[made.file.path].size == 3 and listed[made.file.path].changed_s > 1.7e9
    for path in listed:
        store.remove(path)
        store.remove(path)
    assert list(store.files()) == []


def test_many_threads_put_the_same_file(tmp_path: Path, remote: Remote) -> None:
    stores = [Store(tmp_path / str(n % 2), remote) for n in range(6)]
    made: list[Artifact] = []
    threads = [threading.Thread(target=lambda s=s: made.append(_put(s, "abc" * 5000))) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6 and len(set(made)) == 1
    assert [f.path for f in stores[0].files()] == [made[0].path]


@pytest.mark.parametrize("wrong", ["protocol", "bucket", "server"])
def test_a_store_that_fails_says_what_to_do(tmp_path: Path, bucket: Bucket, wrong: str) -> None:
    url, options = bucket.fresh_url(), dict(bucket.options)
    if wrong == "bucket":
        url = "s3://no-such-bucket/x"
    elif wrong == "server":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            options["endpoint_url"] = json.dumps(f"http://127.0.0.1:{free.getsockname()[1]}")
    else:
        url = "s4://bucket/x"
    store = Store(tmp_path / "one", Remote(url, tuple(options.items())))
    with pytest.raises(SettingsError if wrong == "protocol" else StorageError) as caught:
        _put(store, "abc")
    assert caught.value.hint and caught.value.retryable == (wrong != "protocol")
    assert not list((tmp_path / "one" / "work").iterdir())
    assert not (tmp_path / "one" / "objects").exists()


@pytest.mark.parametrize("kind", ["ftp", "ftp4"])
def test_a_store_that_fails_does_not_tell_its_password(tmp_path: Path, kind: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}/in"
        store = Store(tmp_path / "one", Remote(f"{kind}://chen:hidden@{place}"))
        with pytest.raises(SettingsError if kind == "ftp4" else StorageError) as caught:
            _put(store, "abc")
    assert "hidden" not in str(caught.value) and f"{kind}://{place}" in str(caught.value)


def test_settings_name_the_store(tmp_path: Path) -> None:
    environment = {
        "ANCHOR_CACHE": str(tmp_path),
        "ANCHOR_STORE": "s3://clips/anchor",
        "ANCHOR_STORE_ENDPOINT": "http://127.0.0.1:9000",
        "ANCHOR_STORE_OPTIONS": '{"anon": true}',
    }
    store = open_store(settings_from(environment))
    assert store.remote is not None and store.remote.url == "s3://clips/anchor"
    assert _options(store.remote) == (("anon", "true"), ("endpoint_url", '"http://127.0.0.1:9000"'))
    assert open_store(replace(settings_from(environment), store="")).remote is None
    with pytest.raises(SettingsError, match=r"ANCHOR_STORE_OPTIONS .* JSON object"):
        settings_from({**environment, "ANCHOR_STORE_OPTIONS": "anon=true"})


def test_what_dead_processes_left_is_swept_and_the_living_keep_theirs(tmp_path: Path) -> None:
    store = Store(tmp_path)
    _put(store, "abc")
    # Ended, but nobody has waited for it: its id is still taken.
    ended = _work_of_another_process(tmp_path)
    zombie = next(p for p in (tmp_path / "work").iterdir())
    later = zombie.with_name(_named(os.getpid(), "1"))
    partial = zombie.with_name(_named(999999999, "1") + ".partial")
    rebooted = zombie.with_name(_named(os.getpid(), started(os.getpid()), boot="0" * 8))
    elsewhere = zombie.with_name(_named(999999999, "1", ids="0" * 8))
    for file in (later, partial, rebooted, elsewhere):
        file.write_bytes(bytes(5))
    with store.workdir() as mine:
        assert store.sweep_work(dry=True) == 10 + 3 * 5 and zombie.exists()
        assert store.sweep_work() == 10 + 3 * 5
        assert set((tmp_path / "work").iterdir()) == {mine, elsewhere}
    os.utime(elsewhere, (0, 0))
    assert store.sweep_work() == 5
    ended.wait()


def test_nothing_half_written_shows_among_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    seen: list[Path] = []

    def look(handle: int) -> None:
        seen.extend(p for p in tmp_path.rglob("*") if p.is_file())

    monkeypatch.setattr(os, "fsync", look)
    store.keep("speak", "a" * 64, Made("x", Artifact("objects/aa/x", "x", 1)))
    assert [p.parent.name for p in seen] == ["work"] and not is_left(seen[0].name)


def _work_of_another_process(root: Path) -> subprocess.Popen[bytes]:
    """A process that has ended in the middle of ten bytes and is still to be waited for."""
    program = (
        "import sys, os, pathlib; from anchor.store.store import Store\n"
        "with Store(pathlib.Path(sys.argv[1])).workdir() as work:\n"
        "    (work / 'half.mp4').write_bytes(bytes(10)); os._exit(9)"
    )
    process = subprocess.Popen((sys.executable, "-c", program, str(root)))
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    return process


def _named(pid: int, since: str, boot: str = "", ids: str = "") -> str:
    """The name of something temporary of another process, of another start of the machine or another container."""
    host, own_boot, own_ids = process_space().rsplit("-", 2)
    return f"{host}-{boot or own_boot}-{ids or own_ids}.{pid}.{since}.abc"


def _options(remote: Remote) -> tuple[tuple[str, str], ...]:
    options: dict[str, Any] = remote._options
    return tuple((name, json.dumps(value)) for name, value in options.items())


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    """A bucket on a server of its own."""
    with Bucket() as made:
        yield made
