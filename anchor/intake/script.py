"""A script file, or plain text, as a `Script`. The grammar: docs/script.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from anchor.core.errors import Place, ScriptError
from anchor.core.events import Notice
from anchor.core.layers import LAYERS, LayerField, LayerKind
from anchor.core.script import PAUSE, Cue, Presenter, Script, Segment, SegmentKind, Story
from anchor.intake.frontmatter import FrontMatter, split_front_matter
from anchor.intake.lines import Heading, read_blocks
from anchor.intake.marks import Mark, mark_form, parse_pace, pause_ms
from anchor.intake.paragraphs import Passage, plain_heading, read_passages
from anchor.intake.source import check_characters, read_source, split_lines
from anchor.intake.words import MARKS, OFF, close_word, normal_word
from anchor.mandarin.markup import is_markup
from anchor.media.stills import resolve_picture
from anchor.messages import message, named

MAX_CHARACTERS = 30_000
"""Of text that is read: about two hours on air."""
TITLE_CHARACTERS = 16
"""A title taken from the text's first words is cut here."""


def load_script(path: Path) -> Script:
    """The script in a file.

    Raises:
        ScriptError: it cannot be read as given; says where and what to do.
    """
    return parse_script(read_source(path), str(path), path.absolute().parent)


def parse_script(text: str, file: str | None, base: Path) -> Script:
    """The script in `text`.

    Args:
        text: the whole script.
        file: its name for error messages; None: text that came from no file.
        base: folder against which picture paths are resolved.

    Raises:
        ScriptError: it cannot be read as given; says where and what to do.
    """
    text = text.removeprefix("\ufeff")
    check_characters(text, file)
    lines = split_lines(text)
    front, first = split_front_matter(lines, file)
    draft = _Draft(front, file, base)
    for block in read_blocks(lines[first:], first + 1, file):
        if isinstance(block, Heading):
            draft.begin_story(plain_heading(block.line, file))
        else:
            for passage in read_passages(block.lines, file):
                draft.add_passage(passage)
    return draft.finished()


@dataclass(slots=True)
class _Draft:
    """A script while it is read."""

    front: FrontMatter
    file: str | None
    base: Path
    presenters: tuple[Presenter, ...] = ()
    current: str = ""
    """Key of the presenter who reads."""
    pace: int = 0
    """Of the paragraphs that follow, in characters a minute; 0: the voice's own."""
    voice: str = ""
    """Voice pack of a passage that somebody else is heard in; empty: the presenter's own."""
    headings: list[str] = field(default_factory=list)
    """All headings, also those without text below."""
    headline: str = ""
    stories: list[str] = field(default_factory=list)
    """Headlines of stories that have text."""
    open_story: bool = False
    segments: list[Segment] = field(default_factory=list)
    waiting: list[Cue] = field(default_factory=list)
    """Cues of paragraphs that hold marks alone; they go to the next text."""
    characters: int = 0
    former: list[Mark] = field(default_factory=list)
    """Marks whose word means something else now."""

    def __post_init__(self) -> None:
        self.presenters = self.front.presenters or (_only_presenter(self.front),)
        self.current = self.presenters[0].key
        self.pace = int(self.front.pace or 0)

    def begin_story(self, headline: str) -> None:
        if self.open_story:
            self._settle_waiting()
        self.headings.append(headline)
        self.pace = int(self.front.pace or 0)
        self.voice = ""
        self.headline = headline
        self.open_story = False

    def add_passage(self, passage: Passage) -> None:
        # Who reads is settled first: `[字卡][主播: hao]` names hao.
        self.former += [mark for _, mark in passage.marks if mark.former]
        for _, mark in passage.marks:
            if mark.kind == "presenter":
                self.current = self._presenter_key(mark)
                self.voice = ""
            elif mark.kind == "voice":
                self.voice = mark.parts[0] if mark.parts else ""
            elif mark.kind == "pace":
                self.pace = parse_pace(mark.parts[0], mark.place)
        cues = [self._cue(at, mark) for at, mark in passage.marks if mark.kind not in {"presenter", "pace", "voice"}]
        if not passage.chars or is_markup(passage.text):
            self.waiting.extend(cues)
            return
        if not self.open_story:
            self.stories.append(self.headline)
            self.open_story = True
        self._count(passage)
        story = len(self.stories) - 1
        number = sum(segment.story == story for segment in self.segments) + 1
        name = f"s{story + 1}.{number}"
        self.segments.append(
            Segment(
                id=name,
                story=story,
                kind=SegmentKind.READER,
                presenter=self.current,
                text=passage.text,
                cues=tuple(_moved(cue, cue.at, name) for cue in (*self.waiting, *cues)),
                runs=passage.runs,
                file=self.file,
                pace=self.pace,
                voice=self.voice,
            )
        )
        self.waiting.clear()

    def _count(self, passage: Passage) -> None:
        self.characters += len(passage.chars)
        if self.characters > MAX_CHARACTERS:
            over = self.characters - MAX_CHARACTERS
            line, column = passage.places[len(passage.chars) - over]
            raise ScriptError(
                message("intake.too-long", most=MAX_CHARACTERS),
                hint=message("intake.too-long-hint"),
                place=Place(file=self.file, line=line, column=column),
            )

    def _settle_waiting(self) -> None:
        """Cues with no text after them belong to the end of the last."""
        if self.waiting and self.segments:
            last = self.segments[-1]
            cues = tuple(_moved(cue, len(last.text), last.id) for cue in self.waiting)
            self.segments[-1] = replace(last, cues=last.cues + cues)
            self.waiting.clear()

    def _presenter_key(self, mark: Mark) -> str:
        wanted = normal_word(mark.parts[0])
        for presenter in self.presenters:
            if wanted in {normal_word(presenter.key), normal_word(presenter.name)}:
                return presenter.key
        known = [p.key for p in self.front.presenters]
        close = close_word(wanted, [normal_word(key) for key in known])
        there = message("intake.there-are", known=tuple(known)) if known else message("intake.no-presenters")
        raise ScriptError(
            message("intake.unknown-presenter", name=mark.parts[0]),
            hint=message("intake.did-you-mean", close=close) if close else there,
            place=mark.place,
        )

    def _cue(self, at: int, mark: Mark) -> Cue:
        if mark.kind == PAUSE:
            return Cue(PAUSE, at, (("ms", str(pause_ms(mark))),), mark.place)
        kind = LAYERS[mark.kind.removesuffix(OFF)]
        values = (*mark.parts, *("" for _ in kind.fields))
        if kind.bare == "source" and not mark.parts and kind.id == mark.kind:
            values = tuple(self._value_of(kind, field, mark) for field in kind.fields)
        named = [(field, value) for field, value in zip(kind.fields, values, strict=False)]
        return Cue(kind.id, at, tuple((f.name, self._resolved(f, v, mark)) for f, v in named), mark.place)

    def _resolved(self, field: LayerField, value: str, mark: Mark) -> str:
        """A field as the cue holds it: a picture's absolute path, a text as it is."""
        pictured = field.type == "picture" and value
        return str(resolve_picture(value, self.base, mark.place)) if pictured else value

    def _value_of(self, kind: LayerKind, field: LayerField, mark: Mark) -> str:
        """What a field shows by itself: name and title are those of who reads."""
        presenter = next(p for p in self.presenters if p.key == self.current)
        given = {"presenter.name": presenter.name, "presenter.title": presenter.title, "story.headline": self.headline}
        value = given.get(field.source, "")
        if field.required and not value:
            raise ScriptError(
                message("intake.layer-without", kind=named("layer", kind.id), field=named("layer", field.name)),
                hint=message("intake.layer-without-hint", form=mark_form(kind.id), field=named("layer", field.name)),
                place=mark.place,
            )
        return value

    def finished(self) -> Script:
        self._settle_waiting()
        if not self.segments:
            marks = "intake.only-marks" if self.waiting else "intake.nothing-to-read"
            raise ScriptError(
                message("intake.only-headings" if self.headings else marks),
                hint=message("intake.nothing-to-read-hint"),
                place=Place(file=self.file, line=1, column=1),
            )
        slug = self.front.slug or (_slug(Path(self.file).stem) if self.file else "untitled")
        first_heading = next((h for h in self.headings if h), "")
        return Script(
            slug=slug,
            title=self.front.title or first_heading or _first_words(self.segments[0].text),
            date=self.front.date,
            language=self.front.language,
            look=self.front.look,
            presenters=self.presenters,
            stories=tuple(Story(f"{slug}-{i}", headline) for i, headline in enumerate(self.stories, start=1)),
            segments=tuple(self.segments),
            subtitle=self.front.subtitle,
            embargo=self.front.embargo,
            use=self.front.use or "news",
            programme=self.front.programme,
            territory=self.front.territory,
            together=self.front.together,
            notices=tuple(_former_notices(self.former)),
        )


def _former_notices(marks: Sequence[Mark]) -> Iterator[Notice]:
    """One notice for each former word, at its first place."""
    for word, kind in {mark.former: mark.kind for mark in marks}.items():
        places = [mark.place for mark in marks if mark.former == word]
        today = next(new for new, meaning in MARKS.items() if meaning == kind)
        text = message("intake.former-mark", word=word, today=today)
        if len(places) > 1:
            text = message("intake.former-mark-often", word=word, today=today, count=len(places))
        yield Notice("former-mark", text, places[0])


def _only_presenter(front: FrontMatter) -> Presenter:
    return Presenter(front.avatar or "anchor", front.avatar, front.voice)


def _moved(cue: Cue, at: int, segment: str) -> Cue:
    """`cue` at offset `at` of the segment of that name."""
    return replace(cue, at=at, place=replace(cue.place, segment=segment))


def _slug(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "untitled"


def _first_words(text: str) -> str:
    clause = re.split(r"[，。！？；：、,!?;:\n{｛]", text, maxsplit=1)[0].strip() or text
    return clause if len(clause) <= TITLE_CHARACTERS else clause[: TITLE_CHARACTERS - 1] + "…"
