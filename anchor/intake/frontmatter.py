"""The front matter of a script: YAML between two lines of `---`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import yaml

from anchor.core.errors import Place, ScriptError
from anchor.core.script import Presenter
from anchor.intake.marks import parse_pace
from anchor.intake.words import KEYS, PRESENTER_KEYS, close_word, first_words, normal_word
from anchor.mandarin.markup import plain_title
from anchor.messages import Message, message

_FENCE = re.compile(r"---[ \t]*")
_PACK_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_SLUG = re.compile(r"[\w.-]+")
_USE = re.compile(r"[a-z0-9][a-z0-9-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

LANGUAGE = "zh-Hant-TW"
MOST_TOGETHER = 3
"""Presenters in one picture."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the front matter says; empty where it says nothing."""

    slug: str = ""
    title: str = ""
    subtitle: str = ""
    date: str = ""
    """ISO 8601."""
    look: str = ""
    voice: str = ""
    avatar: str = ""
    language: str = LANGUAGE
    embargo: str = ""
    """ISO 8601 with offset."""
    use: str = ""
    """What the clip is for; empty: news."""
    programme: str = ""
    territory: str = ""
    pace: str = ""
    """Characters a minute; empty: the voice's own."""
    presenters: tuple[Presenter, ...] = ()
    together: tuple[str, ...] = ()
    """Keys of those in the picture together, left to right."""


@dataclass(slots=True)
class _Reader:
    file: str | None
    shift: int
    """Lines of the file before the YAML."""
    values: dict[str, str] = field(default_factory=dict)
    presenters: tuple[Presenter, ...] = ()
    together: tuple[str, ...] = ()

    def place(self, mark: yaml.Mark, key: str | None = None) -> Place:
        return Place(file=self.file, line=mark.line + 1 + self.shift, column=mark.column + 1, field=key)

    def error(self, what: Message, hint: Message, node: yaml.Node, key: str | None = None) -> ScriptError:
        return ScriptError(what, hint=hint, place=self.place(node.start_mark, key))


def split_front_matter(lines: list[str], file: str | None) -> tuple[FrontMatter, int]:
    """The front matter, and the index of the first line of the body.

    Raises:
        ScriptError: no closing fence, not YAML, an unknown key, or a value of another form.
    """
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None or not _FENCE.fullmatch(lines[first]):
        return FrontMatter(), 0
    last = next((i for i in range(first + 1, len(lines)) if _FENCE.fullmatch(lines[i])), None)
    if last is None:
        raise ScriptError(
            message("intake.front-matter-open"),
            hint=message("intake.front-matter-open-hint"),
            place=Place(file=file, line=first + 1, column=1),
        )
    reader = _Reader(file, first + 1)
    root = _compose("\n".join(lines[first + 1 : last]), reader)
    if root is None:
        return FrontMatter(), last + 1
    for key, node, key_node in _entries(root, KEYS, reader):
        if key == "presenters":
            reader.presenters = _presenters(node, reader)
        elif key == "together":
            reader.together = _together(node, reader)
        else:
            reader.values[key] = _checked(key, _scalar(node, key, reader), node, reader)
        if key in {"avatar", "voice"} and "presenters" in _keys(root):
            what, hint = message("intake.both-given", key=key), message("intake.both-given-hint", key=key)
            raise reader.error(what, hint, key_node, key)
    _check_together(root, reader)
    return FrontMatter(**reader.values, presenters=reader.presenters, together=reader.together), last + 1


def _compose(text: str, reader: _Reader) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = reader.place(mark) if mark else Place(file=reader.file)
        what = message("intake.not-yaml", problem=str(error.problem))
        raise ScriptError(what, hint=_yaml_hint(text, mark), place=place) from error
    except yaml.YAMLError as error:
        what = message("intake.not-yaml", problem=str(error))
        raise ScriptError(what, hint=message("intake.write-key-value"), place=Place(file=reader.file)) from error


def _yaml_hint(text: str, mark: yaml.Mark | None) -> Message:
    line = text.split("\n")[mark.line] if mark and mark.line < text.count("\n") + 1 else ""
    if "\t" in line:
        return message("intake.yaml-tabs")
    if "：" in line and ":" not in line:
        return message("intake.yaml-colon")
    return message("intake.yaml-quotes")


def _keys(root: yaml.Node) -> set[str]:
    return {KEYS.get(normal_word(k.value), "") for k, _ in root.value}


def _entries(node: yaml.Node, table: Mapping[str, str], reader: _Reader) -> list[tuple[str, yaml.Node, yaml.Node]]:
    """(key, value, key's node) of a mapping whose keys are in `table`."""
    if not isinstance(node, yaml.MappingNode):
        wide = isinstance(node, yaml.ScalarNode) and "：" in node.value
        hint = message("intake.yaml-colon" if wide else "intake.write-key-value")
        raise reader.error(message("intake.not-a-list-of-keys"), hint, node)
    found: list[tuple[str, yaml.Node, yaml.Node]] = []
    for key_node, value in node.value:
        written = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
        key = table.get(normal_word(written))
        if key is None:
            close = close_word(written, table)
            keys = message("intake.keys-are", keys=first_words(table))
            hint = message("intake.did-you-mean", close=close) if close else keys
            raise reader.error(message("intake.unknown-key", key=written), hint, key_node, written)
        if any(key == other for other, _, _ in found):
            raise reader.error(_twice(written), message("intake.keep-one"), key_node, key)
        found.append((key, value, key_node))
    return found


def _twice(name: str) -> Message:
    return message("intake.given-twice", name=name)


def _together(node: yaml.Node, reader: _Reader) -> tuple[str, ...]:
    """The keys of `together: [lan, hao]` or `together: lan hao`."""
    if isinstance(node, yaml.SequenceNode):
        keys = tuple(_scalar(item, "together", reader) for item in node.value)
    else:
        keys = tuple(re.split(r"[\s,、，]+", _scalar(node, "together", reader)))
    if not 2 <= len(keys) <= MOST_TOGETHER or len(set(keys)) < len(keys) or not all(keys):
        what, hint = message("intake.together", most=MOST_TOGETHER), message("intake.together-hint")
        raise reader.error(what, hint, node, "together")
    return keys


def _check_together(root: yaml.Node, reader: _Reader) -> None:
    """Whoever is named stands under `presenters`, wherever in the front matter that is."""
    known = [presenter.key for presenter in reader.presenters]
    for key in reader.together:
        if key not in known:
            node = next(value for name, value, _ in _entries(root, KEYS, reader) if name == "together")
            there, add = message("intake.presenters-are", known=tuple(known)), message("intake.add-presenters")
            what = message("intake.together-stranger", key=key)
            raise reader.error(what, there if known else add, node, "together")


def _scalar(node: yaml.Node, key: str, reader: _Reader) -> str:
    if not isinstance(node, yaml.ScalarNode):
        what, hint = message("intake.not-one-value", key=key), message("intake.write-value", key=key)
        raise reader.error(what, hint, node, key)
    if node.style is None and node.value in {"~", "null"}:
        return ""
    return " ".join(str(node.value).split())


def _checked(key: str, value: str, node: yaml.Node, reader: _Reader) -> str:
    """The value in its one form."""
    if not value:
        return LANGUAGE if key == "language" else ""
    if key in {"title", "subtitle"}:
        return plain_title(value)
    if key == "pace":
        return str(parse_pace(value, reader.place(node.start_mark, key)))
    if key == "date":
        return _date(value, node, reader)
    if key == "embargo":
        return _instant(value, node, reader)
    if key in {"look", "avatar", "voice"}:
        return _pack_name(key, value, node, reader)
    if key == "slug" and not _SLUG.fullmatch(value):
        raise reader.error(message("intake.not-a-slug", value=value), message("intake.slug-form"), node, key)
    if key == "use" and not _USE.fullmatch(value):
        raise reader.error(message("intake.not-a-use", value=value), message("intake.use-form"), node, key)
    if key == "language" and not _LANGUAGE.fullmatch(value):
        what, hint = message("intake.not-a-language", value=value), message("intake.write-it-as", form=LANGUAGE)
        raise reader.error(what, hint, node, key)
    return value


def _pack_name(key: str, value: str, node: yaml.Node, reader: _Reader) -> str:
    if not _PACK_NAME.fullmatch(value):
        what, hint = message("intake.not-a-pack-name", value=value), message("intake.see-packs", kind=key)
        raise reader.error(what, hint, node, key)
    return value


def _date(value: str, node: yaml.Node, reader: _Reader) -> str:
    roc = re.fullmatch(r"民國 ?(\d{1,3}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日", value)
    common = re.fullmatch(r"(\d{4})[-/.年] ?(\d{1,2})[-/.月] ?(\d{1,2}) ?日?", value)
    try:
        if roc:
            # ROC year 1 is 1912.
            return date(int(roc[1]) + 1911, int(roc[2]), int(roc[3])).isoformat()
        if common:
            return date(int(common[1]), int(common[2]), int(common[3])).isoformat()
    except ValueError:
        what, hint = message("intake.no-such-day", value=value), message("intake.write-it-as", form="2026-11-23")
        raise reader.error(what, hint, node, "date") from None
    raise reader.error(message("intake.not-a-date", value=value), message("intake.date-form"), node, "date")


def _instant(value: str, node: yaml.Node, reader: _Reader) -> str:
    hint = message("intake.write-it-as", form="2026-11-23T18:00+08:00")
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise reader.error(message("intake.not-an-instant", value=value), hint, node, "embargo") from None
    if instant.tzinfo is None:
        raise reader.error(message("intake.no-offset"), hint, node, "embargo")
    return instant.isoformat()


def _presenters(node: yaml.Node, reader: _Reader) -> tuple[Presenter, ...]:
    """One name, a list of avatar names, or a mapping key → avatar, voice, name, title."""
    if isinstance(node, yaml.ScalarNode):
        avatar = _pack_name("avatar", _scalar(node, "presenters", reader), node, reader)
        return (Presenter(avatar, avatar, ""),)
    if isinstance(node, yaml.SequenceNode):
        names = [_pack_name("avatar", _scalar(n, "presenters", reader), n, reader) for n in node.value]
        twice = next((n for i, n in enumerate(node.value) if n.value in {m.value for m in node.value[:i]}), None)
        if twice is not None:
            raise reader.error(_twice(twice.value), message("intake.keep-one"), twice, "presenters")
        found = tuple(Presenter(name, name, "") for name in names)
    else:
        found = tuple(_presenter(key, value, reader) for key, value in node.value)
        keys = [p.key for p in found]
        again = next((i for i, key in enumerate(keys) if key in keys[:i]), None)
        if again is not None:
            hint = message("intake.keep-one")
            raise reader.error(_twice(keys[again]), hint, node.value[again][0], "presenters")
    if not found:
        raise reader.error(
            message("intake.presenters-empty"), message("intake.presenters-empty-hint"), node, "presenters"
        )
    return found


def _presenter(key_node: yaml.Node, node: yaml.Node, reader: _Reader) -> Presenter:
    key = _scalar(key_node, "presenters", reader)
    if isinstance(node, yaml.ScalarNode):
        # `hao: hao`, or `lan:` with nothing behind it: the key is the avatar.
        written = _scalar(node, key, reader)
        return Presenter(key, _pack_name("avatar", written or key, node if written else key_node, reader), "")
    values = {
        name: _checked(name, _scalar(value, name, reader), value, reader)
        for name, value, _ in _entries(node, PRESENTER_KEYS, reader)
    }
    avatar = values.get("avatar") or (key if _PACK_NAME.fullmatch(key) else "")
    return Presenter(key, avatar, values.get("voice", ""), values.get("name", ""), values.get("title", ""))
