"""The station's lexicon: words that the newsroom reads its own way, in a table that it edits itself.

One word a line, cells parted by tabs: word, reading (zhuyin or pinyin with tone digits, one syllable for each
character), note. `#` begins a comment line. It stands above every table of Anchor's own and below a reading in the
script.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from anchor.core.artifact import digest_of
from anchor.core.errors import PackError, Place
from anchor.mandarin.normalise import HAN
from anchor.mandarin.spelling import parse_reading

HEADER = "word\treading\tnote"
LARGEST_FILE = 8 << 20
"""Bytes; a lexicon of 100,000 words has less."""
LONGEST_WORD = 20
"""Characters."""
READING_HINT = (
    "write zhuyin with its tone marks (ㄌㄜˋ ㄙㄜˋ) or pinyin with tone digits 1–5 (le4 se4), parted by spaces"
)


@dataclass(frozen=True, slots=True)
class StationWord:
    """One row."""

    word: str
    reading: tuple[str, ...]
    """Pinyin with tone digits, one for each character."""
    note: str = ""
    line: int = 0
    """In the file, from 1; 0: in none."""


@dataclass(frozen=True, slots=True)
class StationLexicon:
    """All rows of a lexicon, in the order of the file."""

    words: tuple[StationWord, ...] = ()
    file: str | None = None
    readings: Mapping[str, tuple[str, ...]] = field(init=False, compare=False, repr=False)
    """Folded word → reading."""
    longest: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "readings", {fold_word(row.word): row.reading for row in self.words})
        object.__setattr__(self, "longest", max((len(row.word) for row in self.words), default=0))

    @property
    def digest(self) -> str:
        """Over words and readings, in whatever order they stand."""
        return digest_of(sorted((word, reading) for word, reading in self.readings.items()))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where words of the lexicon stand in `text`: from the left, the longest first, none over another."""
        folded, at = fold_word(text), 0
        while at < len(folded):
            sizes = range(min(self.longest, len(folded) - at), 0, -1)
            size = next((n for n in sizes if folded[at : at + n] in self.readings), 0)
            if size:
                yield at, at + size
            at += size or 1


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


def read_table(path: Path) -> str:
    """The text of a table, which may be UTF-8 or UTF-16 with its mark.

    Raises:
        PackError: not there, not a file, too large, or of another encoding.
    """
    place = Place(file=str(path))
    try:
        with path.open("rb") as f:
            raw = f.read(LARGEST_FILE + 1)
    except OSError as error:
        raise PackError(f"cannot be read: {error.strerror}", hint="check the path", place=place) from error
    if len(raw) > LARGEST_FILE:
        raise PackError(f"larger than {LARGEST_FILE >> 20} MB", hint="is this a lexicon?", place=place)
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise PackError(
            "not UTF-8",
            hint="save it as UTF-8 (in a spreadsheet: CSV UTF-8); Big5 cannot hold every name",
            place=Place(file=str(path), line=line),
        ) from error


def parse_station(text: str, file: str | None = None) -> StationLexicon:
    """A lexicon's text as a lexicon.

    Raises:
        PackError: the first broken row.
    """
    lexicon, faults = examine_station(text, file)
    if faults:
        more = f"; {len(faults) - 1} more rows are broken" if len(faults) > 1 else ""
        raise PackError(faults[0].message + more, hint=faults[0].hint, place=faults[0].place) from faults[0]
    return lexicon


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
            if known is not None and known.reading != row.reading:
                here, there = " ".join(row.reading), " ".join(known.reading)
                raise PackError(
                    f"「{row.word}」 is read {here} here and {there} in line {known.line}",
                    hint="keep one of the two",
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
        what = "no reading" if len(cells) < 2 else f"{len(cells)} cells"
        raise PackError(
            f"{what} in this row",
            hint="part word, reading and note by one tab each",
            place=_at(place, 1 if len(cells) < 2 else column[3]),
        )
    shift = len(cells[0]) - len(cells[0].lstrip())
    word = checked_word(cells[0].strip(), _at(place, 1 + shift))
    reading = checked_reading(word, cells[1], _at(place, column[1]))
    return StationWord(word, reading, cells[2].strip() if len(cells) > 2 else "", place.line or 0)


def checked_word(word: str, place: Place | None = None) -> str:
    """`word`, if a lexicon can hold it.

    Raises:
        PackError: empty, too long, or not in Chinese characters.
    """
    where = place or Place()
    if not word:
        raise PackError("no word", hint="write the word, a tab and its reading", place=place)
    odd = next((at for at, char in enumerate(word) if not HAN.match(char)), None)
    if odd is not None:
        raise PackError(
            f"{word[odd]!r} in {word!r} is no Chinese character",
            hint="a word has Chinese characters alone; write numbers as they are said",
            place=_at(where, (where.column or 1) + odd) if place else None,
        )
    if len(word) > LONGEST_WORD:
        raise PackError(
            f"the word has {len(word)} characters; at most {LONGEST_WORD}",
            hint="use the part that is read differently",
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
        raise PackError(
            f"{part!r} is no syllable",
            hint=READING_HINT,
            place=_at(where, (where.column or 1) + max(0, text.find(part))) if place else None,
        ) from None
    if len(reading) != len(word):
        raise PackError(
            f"「{word}」 has {len(word)} characters, the reading {len(reading)} syllables",
            hint=READING_HINT,
            place=place,
        )
    return reading


def _at(place: Place, column: int) -> Place:
    return Place(file=place.file, line=place.line, column=column)
