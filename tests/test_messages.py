"""Everything that people read stands in two catalogues, and the code says nothing past them."""

from __future__ import annotations

import ast
import json
import pickle
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from anchor.core import errors
from anchor.core.artifact import canonical
from anchor.core.errors import Place, ScriptError
from anchor.core.events import Notice
from anchor.core.time import Span
from anchor.messages import Language, Message, catalogue, language_of, message, text_in, texts_of
from anchor.pipeline.graph import STAGES

ROOT = Path(__file__).resolve().parents[1]
ENGLISH, CHINESE = catalogue(Language.ENGLISH), catalogue(Language.CHINESE)
ERRORS = {name for name, of in vars(errors).items() if isinstance(of, type) and issubclass(of, errors.AnchorError)}
OPEN_ENDED = ("os", "stage", "unit", "step", "layer", "job-state", "presenter-fact")
"""Sections of what people call things that the code names."""
MADE_OF_ID = {"message"}
WANTED = ("message", "hint", "text")


def placeholders(text: str) -> set[str]:
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted([*(ROOT / "anchor").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = (
                called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
            )
            yield name, node


def literals(node: ast.expr | None) -> Iterator[ast.expr]:
    """Texts written in the code that this expression can be; what is inside a call is that call's matter."""
    if isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    ):
        yield node
    elif isinstance(node, ast.IfExp):
        yield from (*literals(node.body), *literals(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from literals(value)
    elif isinstance(node, ast.BinOp):
        yield from (*literals(node.left), *literals(node.right))


def test_the_two_catalogues_say_the_same_things() -> None:
    assert set(ENGLISH) == set(CHINESE)
    for id, text in ENGLISH.items():
        assert placeholders(text) == placeholders(CHINESE[id]), id
        assert text.strip() and CHINESE[id].strip(), id


@pytest.mark.parametrize("language", Language)
def test_a_catalogue_is_one_file_of_one_line_texts(language: Language) -> None:
    whole = tomllib.loads((ROOT / "anchor" / "messages" / f"{language.value}.toml").read_text("utf-8"))
    flat = {f"{section}.{name}": text for section, texts in whole.items() for name, text in texts.items()}
    assert flat == catalogue(language)
    assert not [id for id, text in flat.items() if "\n" in text]


def test_every_message_of_the_code_is_there_with_its_fields_and_none_is_left_over() -> None:
    faults, used = [], set()
    for path, tree in modules():
        for name, call in calls(tree):
            if name not in MADE_OF_ID or not call.args:
                continue
            given = {keyword.arg for keyword in call.keywords}
            for id in ids_of(call.args[0]):
                used.add(id)
                if id not in ENGLISH:
                    faults.append(f"{path}:{call.lineno}: no text for {id}")
                elif None not in given and given != placeholders(ENGLISH[id]):
                    faults.append(f"{path}:{call.lineno}: {id} is given {sorted(map(str, given))}")
    open_ended = tuple(f"{section}." for section in OPEN_ENDED)
    left = [id for id in ENGLISH if id not in used and not id.startswith(open_ended) and not mentioned(id)]
    assert not faults, "\n".join(faults)
    assert not left, f"said by nobody: {left}"


def ids_of(node: ast.expr) -> Iterator[str]:
    """The ids that the first argument of `message` can be, where they are written there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*ids_of(node.body), *ids_of(node.orelse))


CODE = "\n".join(ast.unparse(tree) for _, tree in modules())


def mentioned(id: str) -> bool:
    """Whether the id stands in the code as a text of its own: in a table of ids."""
    return f"'{id}'" in CODE


def test_no_error_or_notice_says_anything_past_the_catalogues() -> None:
    found = []
    for path, tree in modules():
        for name, call in calls(tree):
            if name not in ERRORS | {"Notice"}:
                continue
            texts = call.args[1:2] if name == "Notice" else call.args[:1]
            texts += [keyword.value for keyword in call.keywords if keyword.arg in WANTED]
            found += [f"{path}:{literal.lineno}" for text in texts for literal in literals(text)]
    assert not found, "\n".join(found)


def test_every_stage_has_a_name_for_people() -> None:
    assert {f"stage.{name}" for name in STAGES} <= set(ENGLISH)


def test_a_message_is_its_english_text_and_can_be_said_in_chinese() -> None:
    place = Place(line=3, column=2, field="look")
    where = place.message
    assert str(place) == where == "line 3, column 2, field look"
    assert text_in(where, Language.CHINESE) == "第 3 行第 2 字、欄位 look"
    assert text_in("plain", Language.CHINESE) == "plain"
    assert texts_of(where) == {"en": str(where), "zh-Hant-TW": "第 3 行第 2 字、欄位 look"}


def test_a_message_goes_through_storage_and_processes() -> None:
    inner = message("core.cannot-write", path="a.mp4", reason=message("os.ENOSPC"))
    notice = Notice("full", inner, Place(span=Span(0, 2)))
    again = TypeAdapter(Notice).validate_python(json.loads(json.dumps(canonical(notice))))
    for copy in (again.text, pickle.loads(pickle.dumps(inner))):
        assert isinstance(copy, Message) and copy == inner
        assert text_in(copy, Language.CHINESE) == "無法寫入 a.mp4：磁碟空間不足"
    assert pickle.loads(pickle.dumps(notice)) == notice


def test_an_older_anchors_text_is_read_as_it_is() -> None:
    stored = {"code": "x", "text": "讀作 ㄏㄨㄟˋ", "place": None}
    assert TypeAdapter(Notice).validate_python(stored).text == "讀作 ㄏㄨㄟˋ"


def test_a_message_of_another_anchor_falls_back_to_its_english() -> None:
    assert text_in(Message("as it was", "core.unheard-of", {}), Language.CHINESE) == "as it was"
    assert text_in(Message("as it was", "core.cannot-write", {"other": 1}), Language.CHINESE) == "as it was"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.ENGLISH),
        ({"LANG": "C.UTF-8"}, Language.ENGLISH),
        ({"LANG": "zh_TW.UTF-8"}, Language.CHINESE),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "en_US.UTF-8"}, Language.ENGLISH),
        ({"LANG": "en_US.UTF-8", "ANCHOR_LANG": "zh-Hant-TW"}, Language.CHINESE),
        ({"LANG": "zh_TW.UTF-8", "ANCHOR_LANG": "en"}, Language.ENGLISH),
    ],
)
def test_whose_language(environment: dict[str, str], language: Language) -> None:
    assert language_of(environment) is language


def test_an_error_is_english_as_a_string() -> None:
    error = ScriptError(message("core.cannot-write", path="x", reason="y"), hint=message("core.cannot-write-full"))
    assert str(error) == "cannot write x: y (free some space or clear the cache: anchor cache clear)"
