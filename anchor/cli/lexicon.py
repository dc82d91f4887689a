"""`anchor lexicon add|remove|list|check|import`: the words that the newsroom reads its own way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.options import JsonOption
from anchor.core.errors import PackError

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
        _ask_for_replace(changes_of(load_station(path), [row]), replace, "you say")
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
            console.print(f"{row.word}\t{_shown(row.said)}\t{row.note}".rstrip(), markup=False)
        if not found.words:
            stderr().print(f"no words yet in {path}; add one: anchor lexicon add 垃圾 'ㄌㄜˋ ㄙㄜˋ'", markup=False)


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
            _ask_for_replace(changes, replace, "the file says")
        if not dry_run:
            put_words(path, rows)
        unheard = unheard_of([(row.word, row.reading) for row in rows])
        if json:
            document = {"path": str(path), "changes": change_documents(changes), "unusual": unheard}
            say(document | {"written": not dry_run, "encoding": "Big5" if big5 else "Unicode"})
            return
        if big5:
            _print_unheard([f"{file} 是 Big5 編碼，已照 Big5 讀取；罕用字可能已成為「?」，請確認。"])
        _print_changes(path, changes, done=not dry_run)
        _print_unheard(unheard)


def unheard_of(words: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
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
                out.append(f"「{word}」：「{char}」讀作 {zhuyin_of(pinyin)}，字典未收，請確認。")
    return out


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
        before, after = _shown(change.before), _shown(change.after)
        sign = "+" if not before else "-" if not after else "~"
        shown = f"{before} → {after}" if before and after else before or after
        console.print(f"{sign} {change.word}\t{shown}", markup=False)
    verdict = f"{len(changes)} changed" if done else f"{len(changes)} would change"
    console.print(f"{path}: {verdict if changes else 'nothing to change'}", markup=False)


def _shown(said: str) -> str:
    """A reading in zhuyin; a spoken form as it is."""
    from anchor.mandarin.phonemes import is_syllable, zhuyin_of

    parts = said.split()
    return " ".join(map(zhuyin_of, parts)) if all(map(is_syllable, parts)) else said


def _ask_for_replace(changes: Sequence[Change], replace: bool, who: str) -> None:
    """Refuse to overwrite what is there without being told."""
    other = [change for change in changes if change.before]
    if other and not replace:
        first = other[0]
        many = f"{len(other)} words have another reading already: " if len(other) > 1 else ""
        raise PackError(
            f"{many}「{first.word}」 is {_shown(first.before)} already, {who} {_shown(first.after)}",
            hint="--replace takes the new one" + ("; look with --dry-run" if "file" in who else ""),
        )


def _print_unheard(lines: Sequence[str]) -> None:
    from rich.text import Text

    for line in lines:
        stderr().print(Text.assemble(("notice", "yellow"), f" {line}"))
