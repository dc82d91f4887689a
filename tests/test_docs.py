"""The documents: every page is in both indexes, two languages show the same commands, no link and no option is dead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
INDEXES = (DOCS / "README.md", DOCS / "README.zh-TW.md")
PAIRS = ((ROOT / "README.md", ROOT / "README.zh-TW.md"), INDEXES)
LINKED = sorted({*ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md")})
CHINESE = [chinese for _, chinese in PAIRS]
GROUPS = ("Editor on deadline", "Event producer", "Newsroom engineer", "Art director", "Developer")
MAINLAND = (
    "視頻|音頻|軟件|硬件|文件夾|程序|默認|信息|網絡|服務器|屏幕|打印|數據|質量|用戶|菜單|鼠標|激活|渲染|內存|硬盤|緩存|接口|"
    "線程|進程|幀|調用|優化|導出|導入|智能|運行"
)
"""Words for which Taiwan has others: 影片, 軟體, 資料夾, 程式, 預設 …"""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fenced(text: str) -> list[tuple[str, str]]:
    """(language, content) of each code block."""
    return re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    """The text without code blocks and comments."""
    return re.sub(r"^ *```.*?^ *```$|<!--.*?-->", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(text: str) -> list[tuple[int, str]]:
    """(level, words) of each heading."""
    return [(len(marks), words) for marks, words in re.findall(r"^(#{1,6}) (.+)$", prose(text), re.MULTILINE)]


def anchors(text: str) -> set[str]:
    """What `#…` may name in a page: its headings, as GitHub writes them."""
    found: set[str] = set()
    for _, words in headings(text):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", words)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        again = sum(1 for name in found if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", name))
        found.add(f"{slug}-{again}" if again else slug)
    return found


def links(text: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    return re.findall(r"\]\(([^()\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(text)))


def leads_somewhere(link: str, path: Path, text: str) -> bool:
    """Whether a link of the page `path` names a file that is there and a heading that it has; any address does."""
    if re.match(r"[a-z]+:", link):
        return True
    file, _, anchor = unquote(link).partition("#")
    target = path.parent / file
    if file and not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8") if file else text)


def dead_links(path: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere."""
    return [link for link in links(text) if not leads_somewhere(link, path, text)]


def listed(index: str) -> dict[str, list[str]]:
    """Heading → pages in the rows below it."""
    parts = re.split(r"^## (.+)\n", index, flags=re.MULTILINE)[1:]
    rows = [re.findall(r"^\| \[[^]]+\]\(([^)]+)\)", part, re.MULTILINE) for part in parts[1::2]]
    return dict(zip(parts[::2], rows, strict=True))


def unlisted(index: str, pages: set[str]) -> set[str]:
    """The pages that stand in no row of the index."""
    return pages - {page for rows in listed(index).values() for page in rows}


def pages() -> set[str]:
    """What there is to read in docs/, the indexes themselves left out."""
    return {path.name for path in DOCS.iterdir() if path.is_file()} - {index.name for index in INDEXES}


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each code block without the remarks behind its commands: those are in the reader's language."""
    return [
        (language, [re.sub(r"\s+# .*$", "", line) if language != "markdown" else line for line in block.splitlines()])
        for language, block in fenced(text)
    ]


@pytest.mark.parametrize("index", INDEXES, ids=name_of)
def test_an_index_lists_every_page(index: Path) -> None:
    text = index.read_text(encoding="utf-8")
    assert unlisted(text, pages()) == set()
    for page in pages():
        without = "".join(line for line in text.splitlines(keepends=True) if f"]({page})" not in line)
        assert unlisted(without, pages()) == {page}
    rows = [page for group in listed(text).values() for page in group]
    assert len(rows) == len(set(rows)), "a page is listed twice"
    assert all(re.search(r"\| \S.{8,} \|$", line) for line in text.splitlines() if line.startswith("| ["))


def test_the_indexes_group_by_reader_and_agree() -> None:
    english, chinese = (listed(index.read_text(encoding="utf-8")) for index in INDEXES)
    assert tuple(english) == GROUPS
    assert list(english.values()) == list(chinese.values())


def test_pages_in_english_are_marked_in_the_chinese_index() -> None:
    rows = re.findall(r"^\| \[[^]]+\]\(([^)]+)\)(.*?) \|", INDEXES[1].read_text(encoding="utf-8"), re.MULTILINE)
    assert [page for page, mark in rows if (mark == "（英文）") is page.endswith(".zh-TW.md")] == []


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=name_of)
def test_both_languages_have_one_structure(english: Path, chinese: Path) -> None:
    ours, theirs = (path.read_text(encoding="utf-8") for path in (english, chinese))
    assert [level for level, _ in headings(ours)] == [level for level, _ in headings(theirs)]
    assert commands(ours) == commands(theirs)
    assert len(re.findall(r"^\|", ours, re.MULTILINE)) == len(re.findall(r"^\|", theirs, re.MULTILINE))
    targets = [{link.replace(".zh-TW.md", ".md") for link in links(text)} for text in (ours, theirs)]
    assert targets[0] == targets[1]
    assert chinese.name in links(ours) and english.name in links(theirs)


def test_the_indexes_are_linked_from_the_front_pages() -> None:
    for front, index in zip(PAIRS[0], INDEXES, strict=True):
        assert name_of(index) in links(front.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", LINKED, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert dead_links(path, path.read_text(encoding="utf-8")) == []


def test_a_dead_link_is_seen() -> None:
    there = "[a](README.md) [b](#here) [c](docs/script.md#front-matter) [d](https://example.org/x)\n\n## Here\n"
    gone = "[a](docs/none.md) [b](#there) [c](docs/script.md#no-such) ![d](none.png)\n\n```\n## There\n```\n"
    assert dead_links(ROOT / "A.md", there) == []
    assert dead_links(ROOT / "A.md", gone) == ["docs/none.md", "#there", "docs/script.md#no-such", "none.png"]


@pytest.mark.parametrize("path", CHINESE, ids=name_of)
def test_chinese_pages_are_written_in_taiwan(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(MAINLAND, text) == []
    characters = "".join(sorted(set(re.findall(r"[\u4e00-\u9fff]", text))))
    assert characters.encode("big5", "ignore").decode("big5") == characters, "Big5 has no Simplified ones"


def test_the_front_pages_show_python_in_one_line() -> None:
    for front in PAIRS[0]:
        assert '`import anchor; anchor.render("script.md", "out.mp4")`' in front.read_text(encoding="utf-8")


COUNTED = {
    r"(fields|layers)\.ticker|\"ticker\"": {"anchor/core/layers.toml", "templates/breaking/template.toml"},
    r"ToneEngine": {"anchor/registry.py", "anchor/speech/engines/tone.py"},
    r"FlapEngine": {"anchor/registry.py", "anchor/face/engines/flap.py"},
    r"delivery:sound|def sound\(programme": {"anchor/pipeline/graph.py", "anchor/pipeline/stages/delivery.py"},
    r"delivery:deliver|version_of\(\"deliver\"\)": {"anchor/pipeline/graph.py", "anchor/pipeline/stages/delivery.py"},
    r"(parse|load)_script\b": {"anchor/intake/script.py", "anchor/cli/script_input.py", "anchor/calls.py"},
}
"""A real layer, engine, stage and format → the files that hold it, which CONTRIBUTING.md counts."""


@pytest.mark.parametrize(("words", "files"), COUNTED.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_contributing_counts_is_so(words: str, files: set[str]) -> None:
    shelves = [p for folder in ("anchor", "workers", "templates") for p in (ROOT / folder).rglob("*.*")]
    texts = {name_of(p): p.read_text(encoding="utf-8") for p in shelves if p.suffix in {".py", ".toml", ".tsv"}}
    assert {name for name, text in texts.items() if re.search(words, text)} == files, "count again in CONTRIBUTING.md"


def shown_commands(text: str) -> Iterator[str]:
    """What stands behind `anchor` in code blocks and between backticks, without remarks."""
    spans = [line for _, block in fenced(text) for line in block.splitlines()]
    spans += [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose(text))]
    for span in spans:
        if shown := re.match(r"(?:\.venv/bin/)?anchor ([a-z].*)", re.sub(r"\s+# .*$", "", span.strip())):
            yield shown[1]


def untrue(command: str, tree: Any) -> list[str]:
    """What of a command is not in the command line's own tree: a subcommand, or options."""
    words, at = command.split(), tree
    while words and hasattr(at, "commands") and words[0] != "…":
        if words[0] not in at.commands:
            return [words[0]]
        at = at.commands[words.pop(0)]
    known = {"--help", "-h"} | {name for option in at.params for name in (*option.opts, *option.secondary_opts)}
    if hasattr(at, "commands"):
        known.add("--json")  # `anchor jobs … --json` stands for each of the group
    return [o for o in re.findall(r"(?<![\w-])(?:--[a-z][a-z-]*|-[a-z])(?!\w)", " ".join(words)) if o not in known]


@pytest.mark.parametrize("path", LINKED, ids=name_of)
def test_commands_and_options_are_real(path: Path) -> None:
    from typer.main import get_command

    from anchor.cli.app import app

    tree = get_command(app)
    assert untrue("render a.md --no-such -o b.mp4", tree) == ["--no-such"] and untrue("voices sing", tree) == ["sing"]
    shown = [*shown_commands(path.read_text(encoding="utf-8"))]
    assert {command: wrong for command in shown if (wrong := untrue(command, tree))} == {}
