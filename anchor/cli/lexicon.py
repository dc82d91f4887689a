"""`anchor lexicon add|remove|list|check|import`: the words that the newsroom reads its own way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.options import Json
from anchor.core.errors import PackError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anchor.mandarin.station import StationLexicon
    from anchor.mandarin.station_file import Change

lexicon = typer.Typer(no_args_is_help=True, help="Words that the newsroom reads its own way.")


def lexicon_path() -> Path:
    """The station's file."""
    from anchor.cli.surroundings import settings

    path = settings().lexicon
    assert path is not None  # settings from the environment always name one
    return path


@lexicon.command()
def add(
    word: Annotated[str, typer.Argument(metavar="WORD", help="In Chinese characters.")],
    reading: Annotated[str, typer.Argument(metavar="READING", help="Zhuyin, or pinyin with tone digits; in quotes.")],
    note: Annotated[str, typer.Option("--note", help="Why, or who said so.")] = "",
    json: Json = False,
) -> None:
    """Add a word, or give it another reading."""
    with guarded(as_json=json):
        from anchor.mandarin.station import StationWord, checked_reading, checked_word
        from anchor.mandarin.station_file import put_words

        checked = checked_word(word.strip())
        row = StationWord(checked, checked_reading(checked, reading), " ".join(note.split()))
        path = lexicon_path()
        changes = put_words(path, [row])
        unheard = unheard_of([(row.word, row.reading)])
        if json:
            say({"path": str(path), "changes": change_documents(changes), "unusual": unheard})
            return
        _print_changes(path, changes)
        _print_unheard(unheard)


@lexicon.command()
def remove(
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Words to take out.")],
    json: Json = False,
) -> None:
    """Take words out."""
    with guarded(as_json=json):
        from anchor.mandarin.station_file import remove_words

        path = lexicon_path()
        changes = remove_words(path, words)
        if json:
            say({"path": str(path), "changes": change_documents(changes)})
        else:
            _print_changes(path, changes)


@lexicon.command("list")
def list_words(json: Json = False) -> None:
    """List the words with their readings."""
    with guarded(as_json=json):
        from anchor.mandarin.phonemes import zhuyin_of
        from anchor.mandarin.station import load_station

        path = lexicon_path()
        found = load_station(path)
        if json:
            say({"path": str(path), "words": [_word_document(found, at) for at in range(len(found.words))]})
            return
        console = stdout()
        for row in found.words:
            zhuyin = " ".join(zhuyin_of(p) for p in row.reading)
            console.print(f"{row.word}\t{zhuyin}\t{row.note}".rstrip(), markup=False)
        if not found.words:
            stderr().print(f"no words yet in {path}; add one: anchor lexicon add 垃圾 'ㄌㄜˋ ㄙㄜˋ'", markup=False)


@lexicon.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A lexicon; the station's if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Say every broken row of a lexicon, and readings that no dictionary gives; exit 3 when a row is broken."""
    with guarded(as_json=json):
        from anchor.cli.faults import error_document, show_error
        from anchor.mandarin.station import StationLexicon, examine_station, read_table

        path = file or lexicon_path()
        there = file is not None or path.exists()
        found, faults = examine_station(read_table(path), str(path)) if there else (StationLexicon(), ())
        unheard = unheard_of([(row.word, row.reading) for row in found.words])
        if json:
            broken = [error_document(fault) for fault in faults]
            say({"path": str(path), "words": len(found.words), "broken": broken, "unusual": unheard})
        else:
            for fault in faults:
                show_error(stderr(), fault)
            _print_unheard(unheard)
            verdict = f"{len(faults)} broken rows" if faults else "all in order"
            stdout().print(f"{path}: {len(found.words):,} words, {verdict}", markup=False)
        if faults:
            raise typer.Exit(PackError.exit_status)


@lexicon.command("import")
def import_words(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or TSV: word, reading, note; with or without a head.")
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Give words that are there the file's reading.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    json: Json = False,
) -> None:
    """Take over the words of a table from another tool, all or none of them."""
    with guarded(as_json=json):
        from anchor.mandarin.station import fold_word, load_station
        from anchor.mandarin.station_file import Change, put_words, read_foreign

        path = lexicon_path()
        rows = read_foreign(file)
        known = load_station(path).readings
        changes = [
            Change(row.word, known.get(fold_word(row.word), ()), row.reading)
            for row in rows
            if known.get(fold_word(row.word)) != row.reading
        ]
        other = [change for change in changes if change.before]
        if other and not replace and not dry_run:
            first = other[0]
            raise PackError(
                f"{len(other)} words have another reading already: 「{first.word}」 is {' '.join(first.before)}, "
                f"the file says {' '.join(first.after)}",
                hint="look with --dry-run; --replace takes the file's readings",
            )
        if not dry_run:
            put_words(path, rows)
        unheard = unheard_of([(row.word, row.reading) for row in rows])
        if json:
            say({"path": str(path), "changes": change_documents(changes), "unusual": unheard, "written": not dry_run})
            return
        _print_changes(path, changes, done=not dry_run)
        _print_unheard(unheard)


def unheard_of(words: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Sentences about readings that no dictionary gives their character; they may be right all the same."""
    from anchor.mandarin.lexicon import load_lexicon
    from anchor.mandarin.phonemes import zhuyin_of

    tables = load_lexicon()
    out = []
    for word, reading in words:
        for char, pinyin in zip(word, reading, strict=True):
            known = {*tables.readings(char), tables.default(char)}
            if pinyin not in known and pinyin[-1] != "5":
                out.append(f"「{word}」：「{char}」讀作 {zhuyin_of(pinyin)}，字典未收，請確認。")
    return out


def change_documents(changes: Sequence[Change]) -> list[dict[str, object]]:
    """Changes as JSON types."""
    return [{"word": c.word, "before": " ".join(c.before), "after": " ".join(c.after)} for c in changes]


def _word_document(found: StationLexicon, at: int) -> dict[str, object]:
    row = found.words[at]
    return {"word": row.word, "reading": " ".join(row.reading), "note": row.note, "line": row.line}


def _print_changes(path: Path, changes: Sequence[Change], *, done: bool = True) -> None:
    from anchor.mandarin.phonemes import zhuyin_of

    console = stdout()
    for change in changes:
        before, after = (" ".join(zhuyin_of(p) for p in side) for side in (change.before, change.after))
        sign = "+" if not before else "-" if not after else "~"
        shown = f"{before} → {after}" if before and after else before or after
        console.print(f"{sign} {change.word}\t{shown}", markup=False)
    verdict = f"{len(changes)} changed" if done else f"{len(changes)} would change"
    console.print(f"{path}: {verdict if changes else 'nothing to change'}", markup=False)


def _print_unheard(lines: Sequence[str]) -> None:
    from rich.text import Text

    for line in lines:
        stderr().print(Text.assemble(("notice", "yellow"), f" {line}"))
