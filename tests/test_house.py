"""The rules of the house, as far as a machine can check them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from anchor.core import errors
from anchor.packs import Shelf, load_pack, pack_names

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = sorted(p for folder in ("anchor", "workers") for p in (ROOT / folder).rglob("*.py"))
FRONT_DOORS = ("anchor/cli", "anchor/calls.py", "anchor/web", "anchor/newsroom")
OWN_PROCESS = {"anchor/speech/engines/espeak/worker.py", "anchor/workshop/voices/train_worker.py"} | {
    "anchor/jobs/inline/supervisor.py",
    "anchor/jobs/inline/worker.py",
    "workers/__main__.py",
}
"""Programs of their own: they may write to stdout and exit."""
HEAVY = {
    "numpy",
    "cv2",
    "moviepy",
    "PIL",
    "torch",
    "scipy",
    "jieba",
    "pypinyin",
    "pydantic",
    "imageio_ffmpeg",
    "yaml",
    "sqlalchemy",
    "alembic",
    "fsspec",
    "pydantic_settings",
    "psutil",
    "filelock",
    "platformdirs",
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked_texts() -> Iterator[tuple[str, str]]:
    """(path, text) of every text file that belongs to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".tsv", ".yaml", ".yml", ".json", ".srt", ""} and path.is_file():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def in_checkout() -> bool:
    return (ROOT / ".git").exists()


def test_imports_point_down() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    made = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr


@pytest.mark.parametrize(
    "module", ["anchor.cli.app", "anchor", "anchor.calls", "anchor.core.errors", "anchor.registry"]
)
def test_front_doors_are_light(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(made.stdout.split())


def all_errors(root: type[errors.AnchorError]) -> Iterator[type[errors.AnchorError]]:
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from all_errors(kind)


def test_the_error_table_is_complete() -> None:
    """The tree in the docstring says of each class: name, HTTP status, exit status, retryable."""
    assert errors.__doc__ is not None
    drawn = {
        name: (int(http), int(exit_status), "retryable" in rest)
        for name, http, exit_status, rest in re.findall(r"── (\w+) +(\d+), exit (\d+)(.*)", errors.__doc__)
    }
    true = {k.__name__: (k.http_status, k.exit_status, k.retryable) for k in all_errors(errors.AnchorError)}
    # Under JobError the drawing gives the status alone where nothing else differs.
    drawn |= {
        name: (int(http), errors.JobError.exit_status, False)
        for name, http in re.findall(r"── (\w+) +(\d+)$", errors.__doc__, re.MULTILINE)
    }
    assert drawn == true
    codes = [kind.code for kind in all_errors(errors.AnchorError)]
    assert len(set(codes)) == len(codes)
    assert all("code" in vars(kind) for kind in all_errors(errors.AnchorError))


def test_errors_live_in_one_place() -> None:
    for path in LIBRARY:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and relative(path) != "anchor/core/errors.py":
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                assert bases.isdisjoint(vars(errors)), f"{relative(path)}: {node.name}"


def called_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "os.environ":
            yield "os.environ", node.lineno


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_the_library_is_silent(path: Path) -> None:
    name = relative(path)
    if name.startswith(FRONT_DOORS) or name in OWN_PROCESS:
        return
    banned = {"print", "exit", "sys.exit", "quit", "os._exit", "os.getenv", "os.environ", "breakpoint"}
    found = [(call, line) for call, line in called_names(ast.parse(path.read_text(encoding="utf-8"))) if call in banned]
    # A child's environment is made from ours; reading ours for a decision is the front doors' business.
    found = [f for f in found if f[0] != "os.environ" or "env=" not in path.read_text(encoding="utf-8")]
    assert found == []


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_nobody_swallows_everything(path: Path) -> None:
    allowed = {"anchor/pipeline/run.py", "anchor/cli/guard.py", "anchor/jobs/execute.py"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = "" if node.type is None else ast.unparse(node.type)
            bare = caught in {"", "Exception", "BaseException"}
            reraised = any(isinstance(n, ast.Raise) for n in ast.walk(node))
            assert not bare or reraised or relative(path) in allowed, f"{relative(path)}:{node.lineno}"


def named_types(path: Path) -> Iterator[str]:
    """Every public class, and every public alias or constant with a class's kind of name, at the top of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names = [node.name]
        else:
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            names = [t.id for t in targets if isinstance(t, ast.Name) and t.id[:1].isupper() and not t.id.isupper()]
        yield from (name for name in names if not name.startswith("_"))


def test_one_class_name_is_one_thing() -> None:
    """A class that is named anywhere is named there alone: who searches for the word finds one definition."""
    places: dict[str, list[str]] = {}
    for path in LIBRARY:
        for name in named_types(path):
            places.setdefault(name, []).append(relative(path))
    classes = {
        node.name
        for path in LIBRARY
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    assert {name: found for name, found in places.items() if name in classes and len(found) > 1} == {}


def test_one_function_name_is_one_thing() -> None:
    """Doors and stages are named after what they call, engines share their verbs, a program begins in `main`."""
    places: dict[str, list[str]] = {}
    for path in LIBRARY:
        name = relative(path)
        if not name.startswith((*FRONT_DOORS, "anchor/pipeline/stages/")) and "/engines/" not in name:
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                    places.setdefault(node.name, []).append(name)
    assert {name: found for name, found in places.items() if name != "main" and len(found) > 1} == {}


def test_files_are_named_for_what_they_hold() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    assert [relative(p) for p in LIBRARY if p.stem in vague] == []


def test_files_stay_readable() -> None:
    lengths = sorted(len(p.read_text(encoding="utf-8").splitlines()) for p in LIBRARY if p.name != "__init__.py")
    assert lengths[len(lengths) // 2] <= 200
    assert lengths[-1] <= 500


def test_every_module_says_what_it_is() -> None:
    for path in LIBRARY:
        text = path.read_text(encoding="utf-8")
        assert not text.strip() or ast.get_docstring(ast.parse(text)), relative(path)


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_every_field_has_its_own_docstring(path: Path) -> None:
    """A string below another string says something of a field that stands elsewhere."""

    def words(statement: ast.stmt) -> bool:
        return isinstance(statement, ast.Expr) and isinstance(getattr(statement.value, "value", None), str)

    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef):
            lines = [b.lineno for a, b in pairwise(node.body) if words(a) and words(b)]
            assert lines == [], f"{relative(path)}: {lines}"


def test_word_lists_are_read_and_never_run() -> None:
    """jieba's segmenter knows the mainland's words; anchor.mandarin cuts text, over the list that lies beside it."""
    for path in LIBRARY:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & {"jieba", "pypinyin"}, relative(path)


def requirement_names(lines: list[str], extra: str = "") -> Iterator[str]:
    for line in lines:
        need = Requirement(line)
        if need.marker is None or need.marker.evaluate({"extra": extra}):
            yield need.name.lower().replace("_", "-")


WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
import pytest
sys.exit(pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", *{args!r}]))
"""
MAY_BE_ABSENT = ("TTS", "torch", "torchaudio", "torchcodec", "transformers", "diffusers", "safetensors")
"""What `make test` goes on without where it cannot be installed."""


@pytest.mark.slow
def test_the_suite_is_collected_without_neural_libraries() -> None:
    """The tests of the language import none of them and are most of the suite: left out for their time."""
    code = WITHOUT.format(absent=MAY_BE_ABSENT, args=["tests", "--ignore=tests/mandarin"])
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout[-4000:]


def test_no_test_module_imports_another() -> None:
    """A module that skips itself where a library is absent would take the other one with it."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        names = [n.module or "" for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.ImportFrom)]
        assert [n for n in names if n.startswith("tests.") and n.split(".")[-1].startswith("test_")] == [], path


EXTRAS = {
    "coqui": "TTS",
    "farm": "celery",
    "s3": "s3fs",
    "postgres": "psycopg",
    "musetalk": "diffusers",
    "evaluate": "ctranslate2",
}
"""Optional extra → a module that is there when it is installed."""


def installed_with_anchor() -> set[str]:
    """Every distribution that an install of anchor brings, with the extras that are installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    waiting = [*requirement_names([*project["dependencies"], *extras["espeak"]])]
    for extra, module in EXTRAS.items():
        if find_spec(module) is not None:
            waiting += requirement_names(extras[extra])
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            pytest.fail(f"{name} is required and not installed")
        found.add(name)
        waiting += requirement_names(needs)
    return found


MODULES = {"opencv-python": "cv2", "pillow": "PIL", "pyyaml": "yaml", "ffmpeg-python": "ffmpeg", "coqui-tts": "TTS"}
"""Distribution → its module, where the names differ."""
BY_URL = {"psycopg"}
"""SQLAlchemy loads it when a database's URL asks for it."""


def named_modules() -> set[str]:
    """Every module that the library imports, or loads by a name in its text."""
    found: set[str] = set()
    for path in LIBRARY:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isprintable():
                found.add(node.value.partition(".")[0])
    return found


def test_every_requirement_is_used() -> None:
    """What only tests use belongs to `dev`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: needs for name, needs in project["optional-dependencies"].items() if name != "dev"}
    wanted = {Requirement(line).name.lower() for needs in (project["dependencies"], *extras.values()) for line in needs}
    there = named_modules() | BY_URL
    assert sorted(name for name in wanted if MODULES.get(name, name.replace("-", "_")) not in there) == []


def third_party_rows() -> dict[str, str]:
    """First column → second column of every table of THIRD_PARTY.md."""
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", text, re.MULTILINE)
    return {name: licence for name, licence in rows if not set(name) <= {"-"}}


def test_third_party_lists_every_installed_library() -> None:
    listed = " ".join(third_party_rows())
    missing = [name for name in sorted(installed_with_anchor()) if not re.search(rf"\b{re.escape(name)}\b", listed)]
    assert missing == []
    assert all(licence for licence in third_party_rows().values())


def test_third_party_lists_every_pack_with_its_licence() -> None:
    rows = third_party_rows()
    packs = {
        f"{shelf.value}/{name}": load_pack(ROOT / shelf.value / name, shelf).licence
        for shelf in Shelf
        for name in pack_names(shelf, (ROOT,))
    }
    assert {name: licence for name, licence in rows.items() if name.startswith(tuple(s.value for s in Shelf))} == packs


@pytest.mark.skipif(not in_checkout(), reason="not a checkout")
def test_no_registry_and_no_machine_in_the_repository() -> None:
    hosts = re.compile(
        "|".join(("pypi" + r"\.org", "files\\.python" + "hosted", r"registry\.np" + "mjs", "/work" + "/"))
    )
    found = [name for name, text in tracked_texts() if hosts.search(text)]
    assert found == []


def documented_commands() -> set[str]:
    """`anchor COMMAND` in the documents people read."""
    texts = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    return {
        match
        for path in texts
        for block in re.findall(r"```.*?```|`[^`]+`", path.read_text(encoding="utf-8"), re.DOTALL)
        for match in re.findall(r"(?:^|[`$\n])\s*anchor ([a-z]+)(?= |`|\n)", block)
    }


def test_documented_commands_exist() -> None:
    from typer.main import get_command

    from anchor.cli.app import app

    there = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = documented_commands()
    assert {"render", "read", "speak", "plan", "preview", "check", "doctor"} <= named
    assert named <= there


def test_documented_files_exist() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "REFERENCES.md", "THIRD_PARTY.md", *sorted_docs()):
        path = ROOT / name
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{name} → {target}"


def sorted_docs() -> list[str]:
    return [relative(p) for p in sorted((ROOT / "docs").glob("*.md"))]
