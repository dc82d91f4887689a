"""Changes to the file of the station's lexicon: line by line, so that comments and order stay; written whole or not."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anchor.core.errors import PackError, Place
from anchor.core.files import write_text_whole
from anchor.mandarin.station import (
    HEADER,
    StationLexicon,
    StationWord,
    all_in_one,
    checked_entry,
    examine_station,
    fold_word,
    load_station,
)
from anchor.mandarin.table_file import read_table
from anchor.messages import message

COLUMNS = {
    "word": ("word", "詞", "詞語", "字詞", "詞目", "term", "text"),
    "reading": (
        "reading",
        "spoken",
        "said",
        "讀法",
        "唸法",
        "念法",
        "讀作",
        "唸作",
        "注音",
        "讀音",
        "拼音",
        "pinyin",
        "zhuyin",
        "bopomofo",
        "pronunciation",
    ),
    "note": ("note", "備註", "說明", "註", "comment"),
}
"""How other tools head their columns."""


@dataclass(frozen=True, slots=True)
class Change:
    """One word before and after."""

    word: str
    before: str
    """Pinyin or spoken form; empty: the word is new."""
    after: str
    """Pinyin or spoken form; empty: the word is gone."""


def put_words(path: Path, rows: Sequence[StationWord]) -> tuple[Change, ...]:
    """Add words, or give them another reading or note; what is the same already stays as it stands.

    Raises:
        PackError: the file has a broken row; nothing was changed.
        StorageError: it cannot be written.
    """
    known = {fold_word(row.word): row for row in load_station(path).words}
    lines = _lines(path)
    changes: list[Change] = []
    touched = False
    for row in rows:
        old = known.get(fold_word(row.word))
        if old is not None and old.said == row.said and row.note in ("", old.note):
            continue
        note = row.note or (old.note if old is not None else "")
        line = "\t".join((row.word, row.said, note)).rstrip("\t")
        if old is not None:
            lines[old.line - 1] = line
        else:
            lines.append(line)
        known[fold_word(row.word)] = replace(row, note=note, line=old.line if old else len(lines))
        touched = True
        if old is None or old.said != row.said:
            changes.append(Change(row.word, old.said if old is not None else "", row.said))
    if touched:
        write_text_whole(path, "\n".join(lines) + "\n", folders=True)
    return tuple(changes)


def changes_of(known: StationLexicon, rows: Sequence[StationWord]) -> tuple[Change, ...]:
    """What `put_words` would change, notes aside."""
    said = {fold_word(row.word): row.said for row in known.words}
    pairs = [(row, said.get(fold_word(row.word), "")) for row in rows]
    return tuple(Change(row.word, before, row.said) for row, before in pairs if before != row.said)


def remove_words(path: Path, words: Sequence[str]) -> tuple[Change, ...]:
    """Take words out.

    Raises:
        PackError: a word is not there, or the file has a broken row; nothing was changed.
        StorageError: it cannot be written.
    """
    lexicon = load_station(path)
    known = {fold_word(row.word): row for row in lexicon.words}
    missing = [word for word in words if fold_word(word) not in known]
    if missing:
        raise PackError(
            message("mandarin.not-in-lexicon", word=missing[0]),
            hint=message("mandarin.not-in-lexicon-hint"),
            place=Place(file=str(path)),
        )
    gone = {fold_word(word) for word in words}
    removed = [row for row in lexicon.words if fold_word(row.word) in gone]
    # A word may stand twice with the same reading.
    kept = [line for line in _lines(path) if fold_word(line.split("\t")[0].strip()) not in gone]
    write_text_whole(path, "\n".join(kept) + "\n", folders=True)
    return tuple(Change(row.word, row.said, "") for row in removed)


def read_foreign(path: Path) -> tuple[StationWord, ...]:
    """Words of a table from another tool: CSV or TSV, with or without a head, readings as people write them.

    The table may be in Big5, as old spreadsheets save it: `is_big5` says so.

    Raises:
        PackError: the first broken row; says how many more there are.
    """
    text = read_table(path, big5=True)
    place = Place(file=str(path))
    first = text.lstrip().split("\n", 1)[0]
    delimiter = "\t" if "\t" in first else ";" if first.count(";") > first.count(",") else ","
    rows = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter=delimiter)
    try:
        table = [(rows.line_num, [cell.strip() for cell in row]) for row in rows]
    except csv.Error as error:
        what = message("mandarin.no-table", error=str(error))
        raise PackError(what, hint=message("mandarin.no-table-hint"), place=place) from error
    table = [(line, row) for line, row in table if any(row) and not row[0].startswith("#")]
    if not table:
        raise PackError(message("mandarin.no-rows"), hint=message("mandarin.no-rows-hint"), place=place)
    where = _columns(table[0][1])
    named = where is not None
    words, faults = _rows(table[1:] if named else table, where or {"word": 0, "reading": 1, "note": 2}, str(path))
    if not faults:
        # The same word twice with two readings is told here too.
        text = "\n".join("\t".join((w.word, w.said)) for w in words)
        _, doubled = examine_station(text)
        faults = [PackError(f.message, hint=f.hint, place=place) for f in doubled]
    if faults:
        raise all_in_one(faults)
    return words


def _columns(head: Sequence[str]) -> dict[str, int] | None:
    """Where the columns stand, if a row names them."""
    names = [cell.lower() for cell in head]
    found = {key: next((names.index(n) for n in known if n in names), -1) for key, known in COLUMNS.items()}
    return found if found["word"] >= 0 and found["reading"] >= 0 else None


def _rows(
    table: Sequence[tuple[int, list[str]]], where: dict[str, int], file: str
) -> tuple[tuple[StationWord, ...], list[PackError]]:
    words: list[StationWord] = []
    faults: list[PackError] = []
    for line, row in table:
        cells = {key: row[at] if 0 <= at < len(row) else "" for key, at in where.items()}
        place = Place(file=file, line=line, column=1)
        try:
            words.append(checked_entry(cells["word"], cells["reading"], " ".join(cells["note"].split()), place))
        except PackError as fault:
            faults.append(fault)
    return tuple(words), faults


def _lines(path: Path) -> list[str]:
    """The lines of the file as they are; a new file begins with its head."""
    if not path.exists():
        return [HEADER]
    lines = read_table(path).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return lines
