"""`anchor avatars …` from outside: a figure becomes a presenter, and consent decides what is made with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from typer.testing import CliRunner, Result

from anchor.cli.app import app
from anchor.media.tool import find_ffmpeg
from anchor.packs import Shelf, load_pack, verify_pack
from anchor.trust.consent_form import consent_form

ROOT = Path(__file__).parents[2]
FRAMES = 24
Run = Callable[..., Result]


def invoke(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


def document(result: Result) -> dict[str, object]:
    made: dict[str, object] = json.loads(result.stdout)
    return made


def error_of(result: Result) -> str:
    error = document(result)["error"]
    assert isinstance(error, dict) and error["hint"]
    return str(error["message"])


@pytest.fixture(scope="module")
def figure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first frames of a house anchor as somebody's rendered figure."""
    folder = tmp_path_factory.mktemp("figure")
    lan = ROOT / "avatars" / "lan"
    shutil.copytree(lan / "bank", folder / "bank")
    track = json.loads((lan / "track.json").read_text(encoding="utf-8"))
    track["data"] = track["data"][:FRAMES]
    (folder / "track.json").write_text(json.dumps(track), encoding="utf-8")
    for name, pix_fmt in (("plate.mp4", "yuv444p"), ("matte.mp4", "yuv420p")):
        coded = ["-frames:v", str(FRAMES), "-c:v", "libx264", "-crf", "10", "-preset", "ultrafast", "-pix_fmt", pix_fmt]
        subprocess.run([find_ffmpeg().path, "-v", "error", "-i", lan / name, *coded, folder / name], check=True)
    return folder


def written_consent(folder: Path, **changes: str) -> Path:
    """A form filled in, with its evidence beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "signed.pdf").write_bytes(b"signed")
    text = "schema = 1" + consent_form("mei", date.today()).split("schema = 1")[1]  # noqa: DTZ011
    for answer in ("林小美", "安克電視", "signed.pdf"):
        text = text.replace('"FILL-IN"', f'"{answer}"', 1)
    for key, value in changes.items():
        lines = [f"{key} = {value}" if line.startswith(f"{key} = ") else line for line in text.splitlines()]
        text = "\n".join(lines) + "\n"
    path = folder / "mei.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def added(figure: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A data folder with the presenter `mei`, a person's, and what adding her said."""
    data = tmp_path_factory.mktemp("data")
    form = written_consent(tmp_path_factory.mktemp("form"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(data))
        patch.setenv("ANCHOR_CACHE", str(tmp_path_factory.mktemp("cache")))
        made = invoke("avatars", "add", figure, "--name", "mei", "--label", "林小美", "--consent", form, "--json")
    assert made.exit_code == 0, made.output
    return data, document(made)


@pytest.fixture
def shelf(added: tuple[Path, dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf of one's own with `mei` on it, for one test alone."""
    data = tmp_path / "data"
    shutil.copytree(added[0], data)
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    monkeypatch.setenv("ANCHOR_CACHE", str(tmp_path / "cache"))
    return data / "anchor" / "avatars"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf of one's own with nothing on it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "anchor"


def left(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()) if root.exists() else []


@pytest.mark.media
def test_a_figure_becomes_a_presenter(added: tuple[Path, dict[str, object]]) -> None:
    data, said = added
    pack = load_pack(data / "anchor" / "avatars" / "mei", Shelf.AVATARS)
    verify_pack(pack)
    assert (pack.label, pack.manifest["kind"], pack.manifest["consent"]) == ("林小美", "person", "consent.toml")
    assert {"plate.mp4", "matte.mp4", "consent.toml", "evidence/signed.pdf", "facts.json"} <= set(
        pack.manifest["files"]
    )
    assert said["path"] == str(pack.path)
    assert {w["code"] for w in said["weak"]} >= {"no-blink", "short-plate"}  # type: ignore[attr-defined]
    assert [p.name for p in (data / "anchor").iterdir()] == ["avatars"]
    page = Path(str(said["report"])).read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") >= 30 and page.count("data:video/mp4") == 1
    assert "http" not in page.replace("http-equiv", "") and "$" not in page.split("<body>")[1].split("base64")[0]


@pytest.mark.media
def test_show_list_and_check_say_whose_it_is(shelf: Path) -> None:
    shown = document(invoke("avatars", "show", "mei", "--json"))
    assert "林小美" in str(shown["consent"]) and shown["facts"]["frames"] == FRAMES  # type: ignore[index]
    assert Path(str(shown["still"])).is_file() and Path(str(shown["report"])).is_file()
    rows = {row["name"]: row for row in document(invoke("avatars", "list", "--json"))["avatars"]}  # type: ignore[attr-defined]
    assert rows["mei"]["kind"] == "person" and rows["mei"]["allowed"] and rows["lan"]["kind"] == "synthetic"
    checked = invoke("avatars", "check", "mei", "--json")
    items = {i["name"]: i for i in document(checked)["items"]}  # type: ignore[attr-defined]
    assert items["consent"]["passed"] and items["closed-mouth"]["passed"]
    # The first second of a longer loop does not close, and is short.
    assert checked.exit_code == 7 and not items["length"]["passed"]


def test_house_anchors_pass(empty: Path) -> None:
    checked = invoke("avatars", "check", "lan", "--json")
    assert checked.exit_code == 0, checked.output


@pytest.mark.media
def test_a_changed_file_fails_the_check(shelf: Path) -> None:
    (shelf / "mei" / "bank" / "M.png").write_bytes(b"other")
    checked = invoke("avatars", "check", "mei", "--json")
    assert checked.exit_code == 3 and "bank/M.png has sha256" in error_of(checked)


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        ((), 9, "nobody's consent was named"),
        (("--synthetic", "x", "--consent", "y.toml"), 9, "not both"),
        (("--consent", "missing.toml"), 9, "no such consent record"),
        (("--synthetic", "rendered", "--voice", "nobody"), 3, "no voice 'nobody'"),
        (("--synthetic", "rendered", "--face", "left"), 3, "neither a number nor a point"),
        (("--synthetic", "rendered", "--background", "blue"), 3, "no background 'blue'"),
        (("--synthetic", "rendered", "--name", "陳怡"), 3, "no name for a presenter"),
        (("--synthetic", "rendered", "--name", "../up"), 3, "no name for a presenter"),
        (("--synthetic", "rendered", "--name", "lan"), 3, "comes with Anchor"),
    ],
)
def test_what_is_refused_leaves_nothing(
    figure: Path, empty: Path, args: tuple[str, ...], status: int, says: str
) -> None:
    made = invoke("avatars", "add", figure, "--name", "mei", *args, "--json")
    assert made.exit_code == status, made.output
    assert says in error_of(made)
    assert left(empty) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"until": "2020-01-02", "from": "2020-01-01"}, "expired on 2020-01-02"),
        ({"covers": '["voice"]'}, "covers voice, not the face"),
        ({"subject": '"FILL-IN"'}, "not filled in"),
        ({"file": '"other.pdf"'}, "evidence is not there"),
    ],
)
def test_a_consent_that_allows_nothing_adds_nothing(
    figure: Path, empty: Path, tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    form = written_consent(tmp_path / "form", **changes)
    made = invoke("avatars", "add", figure, "--name", "mei", "--consent", form, "--json")
    assert made.exit_code == 9 and says in error_of(made)
    assert left(empty) == []


@pytest.mark.parametrize("fault", ["missing", "outside", "nose", "short", "model", "empty", "nothing", "folder"])
def test_a_broken_figure_leaves_nothing(figure: Path, empty: Path, tmp_path: Path, fault: str) -> None:
    source = tmp_path / "figure"
    shutil.copytree(figure, source)
    says = {"missing": "M.png is missing", "outside": "leads out", "nose": "the bank's nose", "short": "frames"}
    if fault == "missing":
        (source / "bank" / "M.png").unlink()
    elif fault == "outside":
        shutil.move(source / "bank" / "M.png", tmp_path / "M.png")
        (source / "bank" / "M.png").symlink_to(tmp_path / "M.png")
    elif fault == "nose":
        bank = json.loads((source / "bank" / "bank.json").read_text(encoding="utf-8"))
        bank["rest"]["nose_tip"][0][0] += 9
        (source / "bank" / "bank.json").write_text(json.dumps(bank), encoding="utf-8")
    elif fault == "short":
        track = json.loads((source / "track.json").read_text(encoding="utf-8"))
        track["data"].pop()
        (source / "track.json").write_text(json.dumps(track), encoding="utf-8")
    elif fault == "model":
        source = tmp_path / "anchor.glb"
        source.write_bytes(b"glTF")
    elif fault == "empty":
        source = tmp_path / "a.mp4"
        source.touch()
    elif fault == "nothing":
        source = tmp_path / "b.mp4"
    else:
        (source / "plate.mp4").unlink()
    made = invoke("avatars", "add", source, "--name", "mei", "--synthetic", "rendered", "--json")
    assert made.exit_code == 3, made.output
    assert says.get(fault, "") in error_of(made)
    assert left(empty) == []


@pytest.mark.media
def test_a_name_is_taken_once(shelf: Path, figure: Path, tmp_path: Path) -> None:
    before = (shelf / "mei" / "avatar.toml").read_bytes()
    made = invoke("avatars", "add", figure, "--name", "mei", "--synthetic", "rendered", "--json")
    assert made.exit_code == 3 and "there is an avatar 'mei' on your shelf already" in error_of(made)
    # A refused replacement leaves the old one.
    made = invoke("avatars", "add", tmp_path, "--name", "mei", "--synthetic", "x", "--replace", "--json")
    assert made.exit_code == 3
    assert (shelf / "mei" / "avatar.toml").read_bytes() == before
    assert invoke("avatars", "remove", "mei").exit_code == 0
    assert list(shelf.iterdir()) == []
    assert invoke("avatars", "remove", "lan").exit_code == 3


@pytest.mark.media
def test_a_presenter_travels_as_one_file(shelf: Path, tmp_path: Path) -> None:
    out = tmp_path / "mei.avatar.zip"
    assert invoke("avatars", "export", "mei", "-o", out).exit_code == 0
    again = tmp_path / "again.zip"
    assert invoke("avatars", "export", "mei", "-o", again).exit_code == 0
    assert out.read_bytes() == again.read_bytes()
    assert invoke("avatars", "import", out).exit_code == 3
    assert invoke("avatars", "remove", "mei").exit_code == 0
    assert invoke("avatars", "import", out).exit_code == 0
    pack = load_pack(shelf / "mei", Shelf.AVATARS)
    verify_pack(pack)
    assert document(invoke("avatars", "consent", "mei", "--json"))["allowed"] is True
    assert invoke("avatars", "import", out, "--replace").exit_code == 0
    assert [p.name for p in shelf.parent.iterdir()] == ["avatars"]


def _zip(path: Path, entries: dict[str, bytes], link: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o120777 if name == link else 0o644) << 16
            archive.writestr(entry, content)
    return path


MANIFEST = b'schema = 1\nname = "a"\nlabel = "a"\nengine = "bank"\nlicence = "CC0-1.0"\n[files]\n"x" = "00"\n'


@pytest.mark.parametrize(
    ("entries", "link", "says"),
    [
        ({"a/avatar.toml": MANIFEST, "a/../../evil": b"x"}, "", "leads out"),
        ({"a/avatar.toml": MANIFEST, "/etc/evil": b"x"}, "", "leads out"),
        ({"a/avatar.toml": MANIFEST, "a\\..\\x/y": b"x"}, "", "leads out"),
        ({"a/avatar.toml": MANIFEST, "a/x": b"/etc/passwd"}, "a/x", "is a link"),
        ({"a/avatar.toml": MANIFEST, "b/x": b"x"}, "", "one folder"),
        ({"a/avatar.toml": MANIFEST, "a/strange.sh": b"x"}, "", "not named by its manifest"),
        ({"a/x": b"x"}, "", "one folder"),
        ({"a/avatar.toml": b"no toml ["}, "", "cannot be read"),
        ({"a/avatar.toml": b"#" * (2 << 20)}, "", "larger than 1 MiB"),
        ({"a/avatar.toml": MANIFEST, "a/x": b"not the hash"}, "", "Field required"),
    ],
)
def test_a_strange_archive_is_refused(
    empty: Path, tmp_path: Path, entries: dict[str, bytes], link: str, says: str
) -> None:
    made = invoke("avatars", "import", _zip(tmp_path / "a.zip", entries, link), "--json")
    assert made.exit_code == 3, made.output
    assert says in error_of(made)
    assert left(empty) == []


def test_an_archive_that_lies_about_its_size_is_refused(empty: Path, tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a/avatar.toml": MANIFEST, "a/x": b"\0" * 100_000})
    content = path.read_bytes()
    true, said = (100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    path.write_bytes(content.replace(true, said))
    made = invoke("avatars", "import", path, "--json")
    assert made.exit_code == 3 and ("larger than it says" in error_of(made) or "damaged" in error_of(made))
    cut = tmp_path / "cut.zip"
    cut.write_bytes(content[:-30])
    assert invoke("avatars", "import", cut).exit_code == 3
    assert left(empty) == []


@pytest.mark.media
@pytest.mark.parametrize("command", ["render", "preview", "plan"])
def test_a_revoked_consent_stops_before_anything_starts(shelf: Path, tmp_path: Path, command: str) -> None:
    yesterday = date.today() - timedelta(days=1)  # noqa: DTZ011
    revoked = invoke("avatars", "consent", "mei", "--revoke", "--on", yesterday, "--reason", "left", "--json")
    assert revoked.exit_code == 0 and document(revoked)["allowed"] is False
    assert invoke("avatars", "consent", "mei").exit_code == 9
    script = tmp_path / "a.md"
    script.write_text("---\navatar: mei\n---\n各位晚安。\n", encoding="utf-8")
    before = set(tmp_path.rglob("*.*"))
    more = {"render": ["-o", tmp_path / "a.mp4"], "preview": ["--at", "1", "-o", tmp_path / "a.png"], "plan": []}
    made = invoke(command, script, *more[command], *([] if command == "plan" else ["--json"]))
    assert made.exit_code == 9, made.output
    assert "was revoked on" in made.output
    assert set(tmp_path.rglob("*.*")) == before and left(tmp_path / "cache") == []


@pytest.mark.media
def test_a_script_outside_the_scope_is_refused(shelf: Path, tmp_path: Path) -> None:
    form = written_consent(tmp_path / "new", uses='["events"]')
    assert invoke("avatars", "consent", "mei", "--file", form).exit_code == 0
    script = tmp_path / "a.md"
    script.write_text("---\navatar: mei\n---\n各位晚安。\n", encoding="utf-8")
    made = invoke("preview", script, "--at", "1", "-o", tmp_path / "a.png", "--json")
    assert made.exit_code == 9 and "limited to use events" in error_of(made)
    script.write_text("---\navatar: mei\nuse: events\n---\n各位晚安。\n", encoding="utf-8")
    assert invoke("preview", script, "--at", "1", "-o", tmp_path / "a.png", "--json").exit_code == 0


@pytest.mark.media
def test_an_edited_record_stops_a_render(shelf: Path, tmp_path: Path) -> None:
    record = shelf / "mei" / "consent.toml"
    record.write_text(record.read_text(encoding="utf-8").replace('["news"]', '["news", "all"]'), encoding="utf-8")
    script = tmp_path / "a.md"
    script.write_text("---\navatar: mei\n---\n各位晚安。\n", encoding="utf-8")
    made = invoke("render", script, "-o", tmp_path / "a.mp4", "--json")
    assert made.exit_code == 9 and "changed after it was sealed" in error_of(made)


@pytest.mark.slow
@pytest.mark.media
def test_the_clips_manifest_names_the_consent(shelf: Path, tmp_path: Path) -> None:
    script = tmp_path / "a.md"
    script.write_text("---\navatar: mei\n---\n晚安。\n", encoding="utf-8")
    invoke("render", script, "-o", tmp_path / "a.mp4", "--rendition", "web-720p", "--json")
    row = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["presenters"]["mei"]
    assert row["avatar_consent"]["id"].startswith("mei-") and len(row["avatar_consent"]["digest"]) == 64
    assert row["avatar_kind"] == "person" and row["voice_consent"] is None


@pytest.mark.media
def test_ctrl_c_leaves_nothing(figure: Path, empty: Path, tmp_path: Path) -> None:
    made = subprocess.Popen(
        [sys.executable, "-m", "anchor.cli.app", "avatars", "add", figure, "--name", "mei", "--synthetic", "rendered"],
        env={**os.environ, "ANCHOR_CACHE": str(tmp_path / "cache")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    while made.poll() is None and not list(empty.glob(".adding-*/avatars/mei/facts.json")):
        time.sleep(0.02)
    assert made.poll() is None, "it ended before it could be stopped"
    made.send_signal(signal.SIGINT)
    said = made.communicate()[1]
    assert made.returncode == 130 and "nothing was left behind" in said
    assert left(empty) == [] and list((tmp_path / "cache").glob("report-*")) == []


def test_a_person_at_a_terminal_is_asked(figure: Path, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prompt(text: str, **_: object) -> str:
        asked.append(text)
        return "/nowhere/consent.toml"

    monkeypatch.setattr("anchor.cli.avatars_own.at_terminal", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    monkeypatch.setattr("typer.prompt", prompt)
    made = invoke("avatars", "add", figure, "--name", "mei")
    assert made.exit_code == 9 and "no such consent record" in made.output
    assert "consent-form" in asked[0] and left(empty) == []


def test_a_photo_asks_for_the_models_once(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHOR_MODELS", str(tmp_path / "models"))
    photo = tmp_path / "a.png"
    Image.new("RGB", (640, 480), (90, 90, 90)).save(photo)
    made = invoke("avatars", "add", photo, "--name", "mei", "--synthetic", "grey", "--json")
    assert made.exit_code in (3, 4), made.output
    assert "anchor models pull face" in made.stdout
    assert left(empty) == []


@pytest.mark.slow
@pytest.mark.media
def test_a_photo_becomes_a_presenter(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = Path(os.environ.get("ANCHOR_TEST_MODELS") or ROOT / ".venv" / "models")
    if not (models / "face").is_dir():
        pytest.skip("no face models: anchor models pull face")
    monkeypatch.setenv("ANCHOR_MODELS", str(models))
    photo = Image.fromarray(skimage.data.astronaut())
    photo.resize((1536, 1536), Image.Resampling.LANCZOS).save(tmp_path / "a.png")
    synthetic = "a portrait in the public domain, for a test"
    made = invoke("avatars", "add", tmp_path / "a.png", "--name", "eva", "--synthetic", synthetic, "--json")
    assert made.exit_code == 0, made.output
    said = document(made)
    pack = load_pack(empty / "avatars" / "eva", Shelf.AVATARS)
    verify_pack(pack)
    assert pack.manifest["source"]["what"] == synthetic
    assert said["passed"], said
    assert Path(str(said["report"])).stat().st_size > 500_000


def test_a_form_is_written_once(empty: Path, tmp_path: Path) -> None:
    out = tmp_path / "mei.toml"
    assert invoke("avatars", "consent-form", "--name", "mei", "-o", out).exit_code == 0
    assert "同意" in out.read_text(encoding="utf-8")
    assert invoke("avatars", "consent-form", "--name", "mei", "-o", out).exit_code == 6
