"""The folder of a session: what to read, what was recorded, what each recording is worth; goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from anchor.core.errors import ScriptError, StorageError
from anchor.core.files import write_text_whole
from anchor.messages import message, message_document, message_from, os_reason
from anchor.workshop.voices.recordings import SOUNDS
from anchor.workshop.voices.session.prompts import Prompt, prompts
from anchor.workshop.voices.session.recording_measurements import RecordingMeasurements
from anchor.workshop.voices.session.verdicts import Verdict, judge_sound, verdict

STATE = ".anchor-session.json"
SCHEMA = "RecordingSession.1"
MEASURING = 1
"""Raised when what is measured changes: takes are then measured anew."""
FEWEST_TO_COMPARE = 5
"""Recordings before one is compared with the others."""


@dataclass(frozen=True, slots=True)
class Take:
    """One recording of a sentence and what was found."""

    prompt: Prompt
    file: str
    """Name in the folder."""
    stamp: str
    """Size and time of the file: another stamp is another take."""
    listener: str
    """Who heard what was said: name of the recogniser; empty: nobody."""
    fault: str = ""
    """Why it could not be measured at all."""
    measured: RecordingMeasurements | None = None
    pace: float | None = None
    """Syllables a second."""
    words: float | None = None
    """Per cent of the syllables that were heard otherwise; None: nobody listened."""
    heard: str = ""

    def verdicts(self, usual_db: float | None = None) -> tuple[Verdict, ...]:
        """Everything that was judged, in the order of the table.

        Args:
            usual_db: level of the other recordings; None: too few to compare.
        """
        if self.measured is None:
            return ()
        level = self.measured.speech_db
        steady = None if usual_db is None else level - usual_db
        figures = {"pace": self.pace, "text": self.words, "steady": steady}
        found = [verdict(code, value) for code, value in figures.items() if value is not None]
        return (*judge_sound(self.measured), *found)

    def good(self, usual_db: float | None = None) -> bool:
        """Whether it can be learnt from."""
        return not self.fault and all(verdict.passed for verdict in self.verdicts(usual_db))


class Session:
    """A folder with its takes. Reads the state at once, writes it after each change."""

    def __init__(self, folder: Path) -> None:
        """Open the folder; `prepare` makes one.

        Raises:
            ScriptError: no such folder.
        """
        if not folder.is_dir():
            hint = message("session.no-folder-hint", folder=str(folder))
            raise ScriptError(message("session.no-folder", folder=str(folder)), hint=hint)
        self.folder = folder
        self._takes: dict[int, Take] = {take.prompt.number: take for take in self._stored()}

    @property
    def usual_db(self) -> float | None:
        """The level of this session's recordings."""
        levels = [take.measured.speech_db for take in self.takes if take.measured is not None]
        return median(levels) if len(levels) >= FEWEST_TO_COMPARE else None

    @property
    def takes(self) -> tuple[Take, ...]:
        """Of the sentences whose file is there still, as it was when it was checked."""
        there = {prompt.number: path for prompt, path in self.files()}
        known = sorted(self._takes.items())
        return tuple(take for number, take in known if number in there and stamp(there[number]) == take.stamp)

    def files(self) -> Iterator[tuple[Prompt, Path]]:
        """Each sentence's recording that lies in the folder; of several kinds the first of `SOUNDS`."""
        for prompt in prompts():
            kinds = (self.folder / f"{prompt.name}{ending}" for ending in SOUNDS)
            path = next((path for path in kinds if path.is_file()), None)
            if path is not None:
                yield prompt, path

    def unchecked(self, listener: str) -> tuple[tuple[Prompt, Path], ...]:
        """Recordings that are new, or that nobody listened to while somebody can now."""
        known = {take.prompt.number: take for take in self.takes}
        return tuple(
            (prompt, path)
            for prompt, path in self.files()
            if prompt.number not in known or (listener and known[prompt.number].listener != listener)
        )

    def keep(self, take: Take) -> None:
        """Remember a take.

        Raises:
            StorageError: the folder cannot be written.
        """
        self._takes[take.prompt.number] = take
        rows = {str(number): _row(kept) for number, kept in sorted(self._takes.items())}
        document = {"schema": SCHEMA, "measuring": MEASURING, "takes": rows}
        write_text_whole(self.folder / STATE, json.dumps(document, ensure_ascii=False, indent=1) + "\n")

    def to_do(self) -> tuple[Prompt, ...]:
        """Sentences that are not there yet, then those to repeat."""
        usual = self.usual_db
        good = {take.prompt.number for take in self.takes if take.good(usual)}
        there = {prompt.number for prompt, _ in self.files()}
        missing = [prompt for prompt in prompts() if prompt.number not in there]
        return (*missing, *(prompt for prompt in prompts() if prompt.number in there - good))

    def _stored(self) -> Iterator[Take]:
        try:
            document = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
            if document["schema"] == SCHEMA and document["measuring"] == MEASURING:
                yield from [_take(int(number), row) for number, row in document["takes"].items()]
        except (FileNotFoundError, ValueError, KeyError, IndexError, TypeError):
            return  # nothing checked yet, or written by another version: everything is checked again


def checked_count(session: Session) -> tuple[int, int, int]:
    """Recordings that are there, that are good, and that are to be repeated; what nobody checked is neither."""
    usual = session.usual_db
    takes = session.takes
    good = sum(take.good(usual) for take in takes)
    return sum(1 for _ in session.files()), good, len(takes) - good


def stamp(path: Path) -> str:
    """What tells one take's file from the next."""
    facts = path.stat()
    return f"{facts.st_size}-{facts.st_mtime_ns}"


def prepare_folder(folder: Path) -> None:
    """Make the folder and write every sentence's text into it, as training wants it; leaves what is there.

    Raises:
        StorageError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for prompt in prompts():
            path = folder / f"{prompt.name}.txt"
            if not path.exists():
                path.write_text(prompt.text + "\n", encoding="utf-8")
    except OSError as error:
        what = message("session.cannot-write-into", folder=str(folder), reason=os_reason(error))
        raise StorageError(what, hint=message("session.choose-another-folder")) from error


def _row(take: Take) -> dict[str, Any]:
    row = asdict(take)
    del row["prompt"]
    return {**row, "fault": message_document(take.fault)}


def _take(number: int, row: dict[str, Any]) -> Take:
    measured = RecordingMeasurements(**row["measured"]) if row["measured"] is not None else None
    fault = message_from(row["fault"])
    return Take(**{**row, "prompt": prompts()[number - 1], "measured": measured, "fault": fault})
