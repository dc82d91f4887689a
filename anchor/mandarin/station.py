"""The station's lexicon: words that the newsroom reads its own way, in a table that it edits itself.

One word a line, cells parted by tabs: word, reading or spoken form, note. A reading is zhuyin or pinyin with tone
digits, one syllable for each Chinese character; a name in letters or a number may have any number of them. A spoken
form is other text that is read instead: TSMC, 台積電. `#` begins a comment line. It stands above every table of
Anchor's own and below a reading in the script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anchor.core.artifact import digest_of
from anchor.core.errors import PackError, Place
from anchor.mandarin.spelling import parse_reading
from anchor.mandarin.spoken_text import HAN
from anchor.mandarin.table_file import read_table
from anchor.messages import message

HEADER = "word\treading\tnote"
LONGEST_WORD = 20
"""Characters."""
IN_WORDS = frozenset(" .-+&/'_’·‧%°#")
"""Signs that a word may hold beside letters, digits and Chinese characters."""
SPOKEN = re.compile(r"[A-Za-z0-9À-ɏ 、，.\-·‧\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
SYLLABLE = re.compile(r"[a-z]+[1-5]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StationWord:
    """One row."""

    word: str
    reading: tuple[str, ...]
    """Pinyin with tone digits, one for each character of a Chinese word; empty: it has a spoken form."""
    note: str = ""
    line: int = 0
    """In the file, from 1; 0: in none."""
    spoken: str = ""
    """Text that is read in its place; empty: it has a reading."""

    @property
    def said(self) -> str:
        """Reading or spoken form, as the file holds it."""
        return self.spoken or " ".join(self.reading)


@dataclass(frozen=True, slots=True)
class StationLexicon:
    """All rows of a lexicon, in the order of the file."""

    words: tuple[StationWord, ...] = ()
    file: str | None = None
    readings: Mapping[str, tuple[str, ...]] = field(init=False, compare=False, repr=False)
    """Folded Chinese word → reading."""
    tokens: Mapping[str, StationWord] = field(init=False, compare=False, repr=False)
    """Folded word → row: what has a spoken form, or is no Chinese word."""
    longest: int = field(init=False, compare=False, repr=False)
    """Characters of the longest Chinese word with a reading."""
    _pattern: re.Pattern[str] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        plain = {fold_word(row.word): row.reading for row in self.words if not _is_token(row)}
        object.__setattr__(self, "readings", plain)
        object.__setattr__(self, "tokens", {fold_word(row.word): row for row in self.words if _is_token(row)})
        object.__setattr__(self, "longest", max(map(len, plain), default=0))
        words = sorted(self.tokens, key=len, reverse=True)
        object.__setattr__(self, "_pattern", re.compile("|".join(map(_edged, words))) if words else None)

    @property
    def digest(self) -> str:
        """Over words and readings, in whatever order they stand."""
        spoken = [(word, row.reading or row.spoken) for word, row in self.tokens.items()]
        return digest_of([*sorted(self.readings.items()), *sorted(spoken, key=str)])

    def token(self, folded: str, at: int) -> StationWord | None:
        """The longest row of `tokens` that stands at `at`, not inside a longer word in letters or a longer number."""
        found = self._pattern.match(folded, at) if self._pattern is not None else None
        return self.tokens[found[0]] if found else None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where words of the lexicon stand in `text`: from the left, the longest first, none over another."""
        folded, at = fold_word(text), 0
        while at < len(folded):
            sizes = range(min(self.longest, len(folded) - at), 0, -1)
            size = next((n for n in sizes if folded[at : at + n] in self.readings), 0)
            if size:
                yield at, at + size
            at += size or 1


def _is_token(row: StationWord) -> bool:
    return bool(row.spoken) or not all(HAN.match(char) for char in row.word)


def _edged(word: str) -> str:
    """A word as a pattern: letters and digits at its ends meet no more of them."""
    begin = r"(?<![A-Za-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    end = r"(?![A-Za-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return begin + re.escape(word) + end


def fold_word(word: str) -> str:
    """臺 and 台 are one character to a lexicon."""
    return word.replace("臺", "台")


def load_station(path: Path) -> StationLexicon:
    """The lexicon in a file; without the file, an empty one.

    Raises:
        PackError: the file cannot be read, or a row is broken; names file, line and column.
    """
    if not path.exists():
        return StationLexicon(file=str(path))
    return parse_station(read_table(path), str(path))


def parse_station(text: str, file: str | None = None) -> StationLexicon:
    """A lexicon's text as a lexicon.

    Raises:
        PackError: the first broken row.
    """
    lexicon, faults = examine_station(text, file)
    if faults:
        raise all_in_one(faults) from faults[0]
    return lexicon


def all_in_one(faults: Sequence[PackError]) -> PackError:
    """The first of the broken rows, which says how many more there are."""
    first, more = faults[0], len(faults) - 1
    what = message("mandarin.and-more-rows", first=first.message, more=more) if more else first.message
    return PackError(what, hint=first.hint, place=first.place)


def examine_station(text: str, file: str | None = None) -> tuple[StationLexicon, tuple[PackError, ...]]:
    """The sound rows of a lexicon's text, and an error for each broken one."""
    words: dict[str, StationWord] = {}
    faults: list[PackError] = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#") or (number == 1 and is_header(line)):
            continue
        try:
            row = parse_row(line, Place(file=file, line=number))
            known = words.get(fold_word(row.word))
            if known is not None and known.said != row.said:
                here, there = row.said, known.said
                raise PackError(
                    message("mandarin.read-twice", word=row.word, here=here, there=there, line=known.line),
                    hint=message("mandarin.read-twice-hint"),
                    place=Place(file=file, line=number, column=1),
                )
        except PackError as fault:
            faults.append(fault)
        else:
            words.setdefault(fold_word(row.word), row)
    return StationLexicon(tuple(words.values()), file), tuple(faults)


def is_header(line: str) -> bool:
    """Whether a first line names the columns."""
    return line.split("\t")[0].strip().lower() in ("word", "詞", "詞語", "字詞")


def parse_row(line: str, place: Place) -> StationWord:
    """One row of the table.

    Raises:
        PackError: at the column where it goes wrong.
    """
    cells = line.split("\t")
    column = [1 + sum(len(cell) + 1 for cell in cells[:index]) for index in range(len(cells))]
    if len(cells) < 2 or len(cells) > 3:
        many = message("mandarin.cells-in-row", count=len(cells))
        raise PackError(
            message("mandarin.no-reading-in-row") if len(cells) < 2 else many,
            hint=message("mandarin.row-hint"),
            place=_at(place, 1 if len(cells) < 2 else column[3]),
        )
    shift = len(cells[0]) - len(cells[0].lstrip())
    note = cells[2].strip() if len(cells) > 2 else ""
    return checked_entry(cells[0].strip(), cells[1], note, _at(place, 1 + shift), _at(place, column[1]))


def checked_entry(
    word: str, said: str, note: str = "", place: Place | None = None, said_place: Place | None = None
) -> StationWord:
    """A row: `said` is a reading or a spoken form of `word`.

    Raises:
        PackError: no such word, or neither a reading of it nor text that can be said.
    """
    word = checked_word(word, place)
    line = (place.line if place else 0) or 0
    parts = said.split()
    spoken = " ".join(parts)
    if SPOKEN.fullmatch(spoken) and any(map(HAN.match, spoken)) and not any(map(SYLLABLE.fullmatch, parts)):
        return StationWord(word, (), note, line, spoken)
    return StationWord(word, checked_reading(word, said, said_place or place), note, line)


def checked_word(word: str, place: Place | None = None) -> str:
    """`word`, if a lexicon can hold it: Chinese characters, a name in letters, a number or a mixture.

    Raises:
        PackError: empty, too long, or with signs that no word has.
    """
    where = place or Place()
    if not word:
        raise PackError(message("mandarin.no-word"), hint=message("mandarin.no-word-hint"), place=place)
    odd = next((at for at, c in enumerate(word) if not (HAN.match(c) or c.isalnum() or c in IN_WORDS)), None)
    if odd is not None or not any(c.isalnum() for c in word):
        raise PackError(
            message("mandarin.odd-sign", sign=word[odd or 0], word=word),
            hint=message("mandarin.odd-sign-hint"),
            place=_at(where, (where.column or 1) + (odd or 0)) if place else None,
        )
    if len(word) > LONGEST_WORD:
        raise PackError(
            message("mandarin.long-word", count=len(word), most=LONGEST_WORD),
            hint=message("mandarin.long-word-hint"),
            place=place,
        )
    return word


def checked_reading(word: str, text: str, place: Place | None = None) -> tuple[str, ...]:
    """The reading of `word` as pinyin with tone digits.

    Raises:
        PackError: a part is no syllable, or there are more or fewer than characters.
    """
    where = place or Place()
    try:
        reading = parse_reading(text)
    except ValueError as error:
        part = str(error)
        foreign = not all(map(HAN.match, word))
        raise PackError(
            message("mandarin.no-syllable-no-form" if foreign else "mandarin.no-syllable", part=part),
            hint=message("mandarin.reading-hint"),
            place=_at(where, (where.column or 1) + max(0, text.find(part))) if place else None,
        ) from None
    if not reading or (len(reading) != len(word) and all(map(HAN.match, word))):
        raise PackError(
            message("mandarin.syllable-count", word=word, characters=len(word), syllables=len(reading)),
            hint=message("mandarin.reading-hint"),
            place=place,
        )
    return reading


def _at(place: Place, column: int) -> Place:
    return Place(file=place.file, line=place.line, column=column)
