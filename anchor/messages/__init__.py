"""Every text that people read, by id, in two languages; below everything, so that any part can say something.

A `Message` is made where something happens, from an id of the catalogues (`en.toml` and `zh-Hant-TW.toml` beside this
file) and its fields. As a string it is the English text; a door shows it in its reader's language (`text_in`).
"""

from __future__ import annotations

import errno
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

Field: TypeAlias = "str | int | float | tuple[Field, ...]"
"""What a text can name: names, numbers, other messages, and lists of them."""


class Language(StrEnum):
    """A language that there is a catalogue of."""

    ENGLISH = "en"
    CHINESE = "zh-Hant-TW"


_COMMA = {Language.ENGLISH: ", ", Language.CHINESE: "、"}
_SECTION = re.compile(r"^\[(\S+)\]$", re.MULTILINE)


class Message(str):
    """A text for people that remembers how it was made; as a string it is the English text."""

    id: str
    """`section.name` of the catalogues."""
    fields: Mapping[str, Field]

    def __new__(cls, text: str, id: str, fields: Mapping[str, Field]) -> Message:
        """From the English text, the id and what fills its placeholders."""
        made = super().__new__(cls, text)
        made.id, made.fields = id, dict(fields)
        return made

    def __reduce__(self) -> tuple[type[Message], tuple[str, str, Mapping[str, Field]]]:
        return Message, (str(self), self.id, self.fields)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        """Stored as an object, read back from one; a plain string (an older Anchor's) stays one."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            message_from, serialization=core_schema.plain_serializer_function_ser_schema(message_document)
        )


def message(id: str, /, **fields: Field) -> Message:
    """The message of an id.

    Raises:
        KeyError: the catalogue has no such id, or its text wants a field that is not given: a fault of the caller's.
    """
    return Message(_filled(_catalogue(Language.ENGLISH, _section(id))[id], fields, Language.ENGLISH), id, fields)


def named(section: str, name: str) -> str:
    """What people call something that the code calls `name`: its message, or the name where the catalogue has none."""
    known = _catalogue(Language.ENGLISH, section)
    return message(f"{section}.{name}") if f"{section}.{name}" in known else name


def os_reason(error: OSError) -> str:
    """What the operating system says, as a message where the catalogue has it."""
    code = errno.errorcode.get(error.errno or 0, "")
    reason = named("os", code)
    return reason if reason != code else error.strerror or str(error)


def text_in(text: str, language: Language) -> str:
    """A message in a language; any other string, or a message that only another Anchor knows, as it is."""
    if not isinstance(text, Message):
        return text
    template = _catalogue(language, _section(text.id)).get(text.id)
    try:
        return str(text) if template is None else _filled(template, text.fields, language)
    except (KeyError, ValueError):  # made by an Anchor whose text has other fields
        return str(text)


def texts_of(text: str) -> dict[str, str]:
    """Language → text."""
    return {language.value: text_in(text, language) for language in Language}


def language_of(environment: Mapping[str, str]) -> Language:
    """The reader's language: `ANCHOR_LANG`, else the locale's, else English."""
    for name in ("ANCHOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if asked := environment.get(name, ""):
            return Language.CHINESE if asked.lower().startswith("zh") else Language.ENGLISH
    return Language.ENGLISH


def message_document(text: str) -> object:
    """A text as JSON types: an object of id, fields and English text, or a plain string."""
    if not isinstance(text, Message):
        return text
    return {"id": text.id, "fields": {name: _field_document(f) for name, f in text.fields.items()}, "text": str(text)}


def message_from(document: object) -> str:
    """What `message_document` made.

    Raises:
        ValueError: not such a document.
    """
    if isinstance(document, str):
        return document
    if not isinstance(document, dict) or not isinstance(document.get("text"), str):
        raise ValueError("neither a text nor a message")
    fields = {str(name): _field_from(field) for name, field in dict(document.get("fields", {})).items()}
    return Message(document["text"], str(document.get("id", "")), fields)


def catalogue(language: Language) -> dict[str, str]:
    """Id → text with its placeholders, of all sections."""
    return {id: text for section in _sections(language) for id, text in _catalogue(language, section).items()}


def _filled(template: str, fields: Mapping[str, Field], language: Language) -> str:
    return template.format(**{name: _shown(field, language) for name, field in fields.items()})


def _shown(field: Field, language: Language) -> str | int | float:
    if isinstance(field, tuple):
        return _COMMA[language].join(str(_shown(one, language)) for one in field)
    return text_in(field, language) if isinstance(field, str) else field


def _field_document(field: Field) -> object:
    if isinstance(field, tuple):
        return [_field_document(one) for one in field]
    return message_document(field) if isinstance(field, str) else field


def _field_from(document: Any) -> Field:
    if isinstance(document, list):
        return tuple(_field_from(one) for one in document)
    return document if isinstance(document, int | float) else message_from(document)


def _section(id: str) -> str:
    return id.rpartition(".")[0]


@cache
def _catalogue(language: Language, section: str) -> dict[str, str]:
    """Id → text of one section: parsing the whole would take longer than most commands."""
    texts = tomllib.loads(_sections(language).get(section, ""))
    return {f"{section}.{name}": str(text) for name, text in texts.items()}


@cache
def _sections(language: Language) -> dict[str, str]:
    """Section → its lines."""
    parts = _SECTION.split(files(__name__).joinpath(f"{language.value}.toml").read_text("utf-8"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))
