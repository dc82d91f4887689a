"""`anchor lexicon add|remove|list|check|import`: the words that the newsroom reads its own way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.core.errors import PackError
from anchor.core.events import Notice
from anchor.messages import Language, Message, message, text_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anchor.mandarin.station import StationLexicon
    from anchor.mandarin.station_file import Change

lexicon = typer.Typer(no_args_is_help=True, help="Words that the newsroom reads its own way.")


def lexicon_path() -> Path:
    """The station's file."""
    from anchor.cli.environment import settings

    path = settings().lexicon
    assert path is not None  # settings from the environment always name one
    return path


@lexicon.command()
def add(
    word: Annotated[
        str,
        typer.Argument(metavar="WORD", help="Chinese characters, a name in letters, or a number: 挾持, TSMC, 110."),
    ],
    reading: Annotated[
        str,
        typer.Argument(
            metavar="READING",
            help="Zhuyin, or pinyin with tone digits, in quotes: 'ㄒㄧㄚˊ ㄔˊ'. Or what is said instead: 台積電.",
        ),
    ],
    note: Annotated[str, typer.Option("--note", help="Why, or who said so.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Give a word that is there the new reading.")] = False,
    json: JsonOption = False,
) -> None:
    """Add a word with its reading, or with other text that is said in its place."""
    with guarded(as_json=json):
        from anchor.mandarin.station import checked_entry, load_station
        from anchor.mandarin.station_file import changes_of, put_words

        row = checked_entry(word.strip(), reading, " ".join(note.split()))
        path = lexicon_path()
        _ask_for_replace(changes_of(load_station(path), [row]), replace)
        changes = put_words(path, [row])
        unheard = unheard_of([(row.word, row.reading)])
        if json:
            say({"path": str(path), "changes": change_documents(changes), **unheard_documents(unheard)})
            return
        _print_changes(path, changes)
        _print_unheard(unheard)


@lexicon.command()
def remove(
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Words to take out.")],
    json: JsonOption = False,
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
def list_words(json: JsonOption = False) -> None:
    """List the words with their readings."""
    with guarded(as_json=json):
        from anchor.mandarin.station import load_station

        path = lexicon_path()
        found = load_station(path)
        if json:
            say({"path": str(path), "words": [_word_document(found, at) for at in range(len(found.words))]})
            return
        console = stdout()
        for row in found.words:
            console.print(f"{row.word}\t{_zhuyin(row.said)}\t{row.note}".rstrip(), markup=False)
        if not found.words:
            stderr().print(shown(message("cli.no-words", path=str(path))), markup=False)


@lexicon.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A lexicon; the station's if not given.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say every broken row of a lexicon, and readings that no dictionary gives; exit 3 when a row is broken."""
    with guarded(as_json=json):
        from anchor.cli.faults import error_document, show_error
        from anchor.mandarin.station import StationLexicon, examine_station
        from anchor.mandarin.table_file import read_table

        path = file or lexicon_path()
        there = file is not None or path.exists()
        found, faults = examine_station(read_table(path), str(path)) if there else (StationLexicon(), ())
        unheard = unheard_of([(row.word, row.reading) for row in found.words])
        if json:
            broken = [error_document(fault) for fault in faults]
            say({"path": str(path), "words": len(found.words), "broken": broken, **unheard_documents(unheard)})
        else:
            for fault in faults:
                show_error(stderr(), fault)
            _print_unheard(unheard)
            count = len(found.words)
            if faults:
                line = message("cli.words-broken", path=str(path), words=count, count=len(faults))
            else:
                line = message("cli.words-in-order", path=str(path), words=count)
            stdout().print(shown(line), markup=False)
        if faults:
            raise typer.Exit(PackError.exit_status)


@lexicon.command("import")
def import_words(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or TSV: word, reading, note; with or without a head.")
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Give words that are there the file's reading.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Take over the words of a table from another tool, all or none of them."""
    with guarded(as_json=json):
        from anchor.mandarin.station import load_station
        from anchor.mandarin.station_file import changes_of, put_words, read_foreign
        from anchor.mandarin.table_file import is_big5

        path = lexicon_path()
        rows, big5 = read_foreign(file), is_big5(file)
        changes = changes_of(load_station(path), rows)
        if not dry_run:
            _ask_for_replace(changes, replace, in_file=True)
        if not dry_run:
            put_words(path, rows)
        unheard = unheard_of([(row.word, row.reading) for row in rows])
        if json:
            document = {"path": str(path), "changes": change_documents(changes), **unheard_documents(unheard)}
            say(document | {"written": not dry_run, "encoding": "Big5" if big5 else "Unicode"})
            return
        if big5:
            _print_unheard([message("cli.is-big5", file=str(file))])
        _print_changes(path, changes, done=not dry_run)
        _print_unheard(unheard)


def unheard_of(words: Sequence[tuple[str, tuple[str, ...]]]) -> list[Message]:
    """Sentences about readings that no dictionary gives their character; they may be right all the same."""
    from anchor.mandarin.lexicon import load_lexicon
    from anchor.mandarin.phonemes import zhuyin_of
    from anchor.mandarin.spoken_text import HAN

    tables = load_lexicon()
    out = []
    for word, reading in words:
        if len(word) != len(reading):
            # A name in letters or a number has any reading.
            continue
        for char, pinyin in zip(word, reading, strict=True):
            if HAN.match(char) and not tables.knows(char, pinyin):
                out.append(message("cli.unusual-reading", word=word, char=char, reading=zhuyin_of(pinyin)))
    return out


def unheard_documents(unheard: Sequence[Message]) -> dict[str, object]:
    """Such sentences as JSON types: alone in Chinese, and as notices."""
    from anchor.cli.faults import notice_document

    return {
        "unusual": [text_in(text, Language.CHINESE) for text in unheard],
        "notices": [notice_document(Notice("unusual-reading", text)) for text in unheard],
    }


def change_documents(changes: Sequence[Change]) -> list[dict[str, object]]:
    """Changes as JSON types."""
    return [{"word": c.word, "before": c.before, "after": c.after} for c in changes]


def _word_document(found: StationLexicon, at: int) -> dict[str, object]:
    row = found.words[at]
    spoken = {"spoken": row.spoken} if row.spoken else {}
    return {"word": row.word, "reading": " ".join(row.reading), "note": row.note, "line": row.line} | spoken


def _print_changes(path: Path, changes: Sequence[Change], *, done: bool = True) -> None:
    console = stdout()
    for change in changes:
        before, after = _zhuyin(change.before), _zhuyin(change.after)
        sign = "+" if not before else "-" if not after else "~"
        reading = f"{before} → {after}" if before and after else before or after
        console.print(f"{sign} {change.word}\t{reading}", markup=False)
    if changes:
        line = message("cli.changed" if done else "cli.would-change", path=str(path), count=len(changes))
    else:
        line = message("cli.nothing-to-change", path=str(path))
    console.print(shown(line), markup=False)


def _zhuyin(said: str) -> str:
    """A reading in zhuyin; a spoken form as it is."""
    from anchor.mandarin.phonemes import is_syllable, zhuyin_of

    parts = said.split()
    return " ".join(map(zhuyin_of, parts)) if all(map(is_syllable, parts)) else said


def _ask_for_replace(changes: Sequence[Change], replace: bool, *, in_file: bool = False) -> None:
    """Refuse to overwrite what is there without being told."""
    other = [change for change in changes if change.before]
    if not other or replace:
        return
    first = {"word": other[0].word, "before": _zhuyin(other[0].before), "after": _zhuyin(other[0].after)}
    if not in_file:
        raise PackError(message("cli.other-reading-given", **first), hint=message("cli.replace-takes"))
    if len(other) == 1:
        what = message("cli.other-reading-in-file", **first)
    else:
        what = message("cli.other-readings-in-file", count=len(other), **first)
    raise PackError(what, hint=message("cli.replace-takes-or-look"))


def _print_unheard(lines: Sequence[str]) -> None:
    from rich.text import Text

    for line in lines:
        stderr().print(Text.assemble((shown(message("cli.notice")), "yellow"), f" {shown(line)}"))
