"""`anchor voices pull` against a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from anchor.cli.app import app
from anchor.core.artifact import file_digest

LICENCE = "You may use this for nothing that earns money.\n"
FILES = {
    "LICENSE.txt": LICENCE.encode(),
    "config.json": b'{"model": "xtts"}',
    "vocab.json": b"{}",
    "speakers_xtts.pth": b"s" * 1000,
    "model.pth": bytes(range(256)) * 12000,
}
Run = Callable[..., Result]


class Shop(BaseHTTPRequestHandler):
    """Serves `FILES`, ranges included; breaks off `model.pth` once in the middle."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, seen: list[tuple[str, str]], broken: list[str], **more: object) -> None:
        self.seen, self.broken = seen, broken
        super().__init__(*args, **more)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        name, asked = self.path.lstrip("/"), self.headers.get("Range", "")
        self.seen.append((name, asked))
        if name not in FILES:
            self.send_error(404)
            return
        data = FILES[name]
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if asked and start >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if name in self.broken:
            self.broken.remove(name)
            self.wfile.write(data[start : len(data) // 2])
            self.close_connection = True
            return
        self.wfile.write(data[start:])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def seen() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def broken() -> list[str]:
    return []


@pytest.fixture
def shop(seen: list[tuple[str, str]], broken: list[str]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Shop, seen=seen, broken=broken))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*args: str, json_too: bool = True) -> Result:
        more = ["--json"] if json_too else []
        return CliRunner().invoke(app, ["voices", "pull", "xtts-v2", "--into", str(tmp_path / "own"), *args, *more])

    return call


def fault(result: Result) -> dict[str, object]:
    found = json.loads(result.stdout)["error"]
    assert isinstance(found, dict)
    return found


def test_nothing_is_fetched_before_the_licence_is_accepted(
    run: Run, shop: str, seen: list[tuple[str, str]], tmp_path: Path
) -> None:
    result = run("--from", shop)
    assert result.exit_code == 9 and fault(result)["code"] == "consent"
    assert [name for name, _ in seen] == ["LICENSE.txt"]
    assert "CPML" in result.stderr and "Non-commercial" in result.stderr and f"{shop}/LICENSE.txt" in result.stderr
    assert not (tmp_path / "own").exists()


def test_the_pack_says_who_accepted_what(run: Run, shop: str, tmp_path: Path) -> None:
    from anchor.packs import Shelf, load_pack, verify_pack

    result = run("--from", shop, "--accept-licence", "--by", "台長 王小明")
    assert result.exit_code == 0, result.output
    pack = load_pack(tmp_path / "own" / "voices" / "xtts-v2", Shelf.VOICES)
    verify_pack(pack)
    acceptance = pack.manifest["acceptance"]
    assert acceptance["by"] == "台長 王小明" and acceptance["date"].endswith("+00:00")
    assert acceptance["licence_sha256"] == file_digest(pack.path / "LICENSE")
    assert (pack.path / "LICENSE").read_text(encoding="utf-8") == LICENCE
    assert {name: (pack.path / name).read_bytes() for name in pack.manifest["files"]} == {
        name: data for name, data in FILES.items() if name != "LICENSE.txt"
    }
    assert pack.licence == "LicenseRef-CPML" and pack.engine == "coqui"
    again = run("--from", shop, "--accept-licence")
    assert again.exit_code == 3 and "is there already" in str(fault(again)["message"])


def test_a_broken_line_goes_on_where_it_stopped(
    run: Run, shop: str, seen: list[tuple[str, str]], broken: list[str], tmp_path: Path
) -> None:
    broken.append("model.pth")
    result = run("--from", shop, "--accept-licence")
    assert result.exit_code == 4 and fault(result)["retryable"] is True
    assert not (tmp_path / "own" / "voices" / "xtts-v2").exists()
    half = len(FILES["model.pth"]) // 2
    seen.clear()
    assert run("--from", shop, "--accept-licence").exit_code == 0
    assert seen == [("LICENSE.txt", ""), ("model.pth", f"bytes={half}-")]
    assert (tmp_path / "own" / "voices" / "xtts-v2" / "model.pth").read_bytes() == FILES["model.pth"]


def test_without_network_it_says_what_can_be_done(run: Run) -> None:
    result = run("--from", "http://127.0.0.1:9", "--accept-licence")
    assert result.exit_code == 4
    assert "cannot fetch http://127.0.0.1:9/LICENSE.txt" in str(fault(result)["message"])
    assert "--from" in str(fault(result)["hint"])
    assert run("--from", "nowhere", "--accept-licence").exit_code == 3


def test_a_file_that_is_another_is_not_kept(shop: str, tmp_path: Path) -> None:
    from dataclasses import replace

    from anchor.core.errors import PackError
    from anchor.workshop.voices.pull import Acceptance, load_recipe, pull_voice

    recipe = replace(load_recipe("xtts-v2"), files=(("config.json", "0" * 64),))
    with pytest.raises(PackError, match="expected 000000000000"):
        pull_voice(recipe, tmp_path, Acceptance("somebody", "2026-11-23T00:00:00+00:00", LICENCE), base=shop)
    assert [p.name for p in (tmp_path / "voices" / ".xtts-v2.partial").iterdir()] == []


def test_an_unknown_voice_lists_those_there_are() -> None:
    result = CliRunner().invoke(app, ["voices", "pull", "nobody", "--json"])
    assert result.exit_code == 3 and "xtts-v2" in str(fault(result)["hint"])


@pytest.mark.slow
def test_a_fetched_voice_speaks(
    run: Run, shop: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small XTTS of random weights behind the server; its noise fits no text, so its timing is not looked for."""
    pytest.importorskip("TTS", reason="the coqui extra is not installed")
    from anchor.mandarin.reader import Reader
    from anchor.packs import Shelf, load_pack
    from anchor.speech.engines.coqui.engine import CoquiEngine
    from anchor.speech.voice import resolve_voice
    from tests.speech.coqui_models import build_xtts

    made = tmp_path_factory.mktemp("small-xtts")
    build_xtts(made)
    for path in made.iterdir():
        monkeypatch.setitem(FILES, path.name, path.read_bytes())
    assert run("--from", shop, "--accept-licence").exit_code == 0
    manifest = tmp_path / "own" / "voices" / "xtts-v2" / "voice.toml"
    text = manifest.read_text(encoding="utf-8")
    own = 'timing = "proportional"\nthreads = 1\n'
    manifest.write_text(text.replace("[engine_options]\n", "[engine_options]\n" + own), encoding="utf-8")
    voice = resolve_voice(load_pack(manifest.parent, Shelf.VOICES))
    with CoquiEngine() as engine:
        assert len(engine.speak(Reader().read("台北"), voice).pcm) > 2400
