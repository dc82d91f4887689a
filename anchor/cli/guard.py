"""What surrounds every command: errors become text or JSON with their exit status, signals stop the work."""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from anchor.cli.language import shown
from anchor.cli.stop import Stop
from anchor.core.errors import AnchorError, JobCancelled
from anchor.messages import message

if TYPE_CHECKING:
    from rich.console import Console

_BUG_STATUS = 70
"""EX_SOFTWARE of sysexits.h: an error that is nobody's but ours."""

_debug = False


def show_tracebacks(shown: bool) -> None:
    """Whether errors show their traceback (`anchor --debug …`)."""
    global _debug
    _debug = shown


def say(document: dict[str, object]) -> None:
    """One JSON object on stdout."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    # A lone surrogate can come from a file name; JSON has an escape for it, UTF-8 has none.
    typer.echo(text.encode("utf-8", "backslashreplace").decode())


def stderr() -> Console:
    """The console for everything that is not a result."""
    return _console(to_stderr=True)


def stdout() -> Console:
    """The console for results."""
    return _console(to_stderr=False)


def _console(*, to_stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=to_stderr, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        # Nobody looks at a width of 80 in a file or a pipe, and a folded path is no path.
        console.width = 240
    return console


@contextmanager
def guarded(*, as_json: bool = False, text: str | None = None) -> Iterator[Stop]:
    """Run a command's work.

    Args:
        as_json: errors go to stdout as one JSON object.
        text: what was given on the command line, shown with a caret when an error points into it.
    """
    stop = Stop()
    try:
        with stop.listening():
            yield stop
    except (KeyboardInterrupt, JobCancelled):
        if as_json:
            from anchor.cli.faults import error_document

            say({"error": {**error_document(JobCancelled(message("cli.stopped-by-you"))), "retryable": True}})
        else:
            stderr().print(shown(message("cli.stopped", left=stop.left or message("cli.nothing-left"))), markup=False)
        raise typer.Exit(stop.exit_status) from None
    except AnchorError as error:
        _report(error, as_json, text)
        raise typer.Exit(error.exit_status) from None
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except Exception as error:  # the edge of the program: whatever is left is a fault of ours and must say so
        _apologise(error, as_json)
        raise typer.Exit(_BUG_STATUS) from None


def _report(error: AnchorError, as_json: bool, text: str | None) -> None:
    from anchor.cli.faults import error_document, show_error

    if _debug:
        traceback.print_exc(file=sys.stderr)
    if as_json:
        say({"error": error_document(error)})
    else:
        show_error(stderr(), error, text)


def _apologise(error: Exception, as_json: bool) -> None:
    what = f"{type(error).__name__}: {error}"
    if _debug:
        traceback.print_exc(file=sys.stderr)
        hint = message("cli.fault-traceback-above")
    else:
        with tempfile.NamedTemporaryFile(
            "w", prefix="anchor-fault-", suffix=".txt", encoding="utf-8", delete=False
        ) as f:
            f.write(traceback.format_exc())
        hint = message("cli.fault-report", file=f.name)
    if as_json:
        from anchor.cli.faults import error_document

        fault = AnchorError(message("cli.internal", what=what), hint=hint)
        say({"error": {**error_document(fault), "code": "internal"}})
        return
    console = stderr()
    console.print(shown(message("cli.fault", what=what)), style="red", markup=False)
    console.print(shown(hint), markup=False)
