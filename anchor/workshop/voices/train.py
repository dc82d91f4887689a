"""Training a VITS voice on a data set with Coqui's own trainer, in a process of its own, into a voice pack."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import tomlkit

from anchor.core.artifact import file_digest
from anchor.core.errors import PackError, ScriptError
from anchor.core.speech import Utterance
from anchor.mandarin.phonemes import phoneme_classes
from anchor.mandarin.tables import load_rows
from anchor.media.process import Cancelled
from anchor.messages import message
from anchor.neural import hushed
from anchor.packs import Pack, Shelf, load_pack
from anchor.speech.engines.coqui.load import import_libraries
from anchor.speech.engines.coqui.text import phrase_pieces, plan_breath_groups
from anchor.speech.voice import resolve_voice
from anchor.workshop.voices.recordings import RATE_HZ, Clip, DataSet
from anchor.workshop.voices.trainer import Tell, run_trainer

EVAL_SHARE = 0.05
"""Of the clips, kept from training to measure on; one at least."""
FEWEST = 2
SIZES = ("full", "light", "tiny")
"""`light` fits a CPU; `tiny` shows the way from recordings to a voice in seconds and never sounds like speech."""


@dataclass(frozen=True, slots=True)
class VoiceCard:
    """What the pack says of the voice."""

    name: str
    label: str
    licence: str
    """SPDX expression."""
    by: str
    """Whose voice it is, or who recorded it."""
    licence_text: str = ""
    """Goes into the pack as LICENSE; empty: a line that names the licence."""
    consent: Path | None = None
    """The speaker's consent; copied into the pack."""


@cache
def own_symbols() -> dict[str, str]:
    """Our sound, tone digit, `word` or mark → the one character that our own models use for it."""
    table = {row[0]: row[1] for row in load_rows(Path(__file__).with_name("symbols.tsv"))}
    return {**{s: s for s in phoneme_classes() if s.islower() and len(s) == 1}, **{d: d for d in "12345"}, **table}


def spelling(utterance: Utterance) -> str:
    """An utterance in our models' characters: what they learn from and are given."""
    pieces = [
        piece.text
        for phrase in plan_breath_groups(utterance, {}, lambda unit: 1, 10_000)
        for piece in phrase_pieces(phrase, own_symbols(), phonemes=True)
    ]
    return "".join(pieces)


def split_clips(clips: Sequence[Clip], seed: str) -> tuple[list[Clip], list[Clip]]:
    """Clips to train on and clips to measure on; the same clips and seed give the same split."""
    order = sorted(clips, key=lambda clip: clip.name)
    random.Random(seed).shuffle(order)
    kept = max(1, round(EVAL_SHARE * len(order)))
    return order[kept:], order[:kept]


def train_voice(
    data: DataSet,
    card: VoiceCard,
    root: Path,
    work: Path,
    *,
    steps: int,
    size: str = "full",
    batch: int = 16,
    threads: int = 0,
    cancelled: Cancelled | None = None,
    tell: Tell | None = None,
) -> Pack:
    """Train for about `steps` steps (whole rounds over the clips) and make the pack.

    Stopped, it saves where it is; called again with the same clips, size and batch it goes on from there.

    Args:
        data: the clips.
        card: what the pack says of itself.
        root: the folder that holds `voices/`.
        work: folder for the trainer's own files and its log.
        steps: batches to learn from.
        size: one of `SIZES`.
        batch: clips a step.
        threads: CPU threads; 0: torch's own choice.
        cancelled: asked while the trainer runs.
        tell: told how far it is.

    Raises:
        EngineUnavailable: the coqui extra is not installed.
        JobCancelled: `cancelled` said so; says at which step.
        ScriptError: too few clips.
        PackError: a voice of that name is there.
        EngineError: the trainer failed; says where its log is.
    """
    target = root / Shelf.VOICES.value / card.name
    if target.exists():
        hint = message("voices.there-already-hint")
        raise PackError(message("voices.there-already", target=str(target)), hint=hint)
    if len(data.clips) < FEWEST:
        hint = message("voices.few-recordings-hint", fewest=FEWEST)
        raise ScriptError(message("voices.few-recordings", count=len(data.clips)), hint=hint)
    with hushed():
        import_libraries()
    run_trainer(_write_job(data, work, steps, size, batch, threads), work, steps, cancelled, tell)
    return _make_pack(card, target, work / "model", data)


def _write_job(data: DataSet, work: Path, steps: int, size: str, batch: int, threads: int) -> Path:
    train, measure = split_clips(data.clips, "split")
    symbols = own_symbols()
    marks = "".join(sorted({symbols[key] for key in ("word", "minor", "comma", "clause", "sentence", "question")}))
    job: dict[str, object] = {
        "train": [{"wav": str(c.wav), "text": spelling(c.utterance)} for c in train],
        "eval": [{"wav": str(c.wav), "text": spelling(c.utterance)} for c in measure],
        "characters": "".join(sorted(set(symbols.values()) - set(marks))),
        "marks": marks,
        "rate": RATE_HZ,
        "steps": steps,
        "size": size,
        "batch": min(batch, len(train)),
        "work": str(work),
        "threads": threads or (1 if size == "tiny" else 0),
    }
    job["fingerprint"] = _fingerprint(data, job)
    path = work / "job.json"
    path.write_text(json.dumps(job, ensure_ascii=False, indent=1), encoding="utf-8")
    rows = [f"{c.name}\t{c.seconds:.2f}\t{c.utterance.written}\t{spelling(c.utterance)}" for c in data.clips]
    sounds = {c.name: [(p.symbol, p.span.start, p.span.end, p.syllable) for p in c.phonemes] for c in data.clips}
    aligned = {"schema": "AlignedRecordings.1", "rate": RATE_HZ, "clips": sounds}
    (work / "alignment.json").write_text(json.dumps(aligned, ensure_ascii=False) + "\n", encoding="utf-8")
    (work / "metadata.tsv").write_text("\n".join(["name\tseconds\twritten\tsymbols", *rows]) + "\n", encoding="utf-8")
    return path


def _fingerprint(data: DataSet, job: dict[str, object]) -> str:
    """Of all that an earlier run must share to be gone on with: sounds, texts, symbols, size and batch."""
    same = {key: value for key, value in job.items() if key not in ("steps", "threads", "work")}
    sounds = [file_digest(clip.wav) for clip in data.clips]
    return hashlib.sha256(json.dumps([same, sounds], ensure_ascii=False).encode()).hexdigest()


def _make_pack(card: VoiceCard, target: Path, model: Path, data: DataSet) -> Pack:
    partial = target.with_name(f".{card.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files = {name: shutil.copy(model / name, partial / name) for name in ("model.pth", "config.json")}
    document = tomlkit.document()
    head: dict[str, object] = {"schema": 1, "name": card.name, "label": card.label, "engine": "coqui"}
    head["licence"] = card.licence
    if card.consent is not None:
        files[card.consent.name] = shutil.copy(card.consent, partial / card.consent.name)
        head["consent"] = card.consent.name
    for key, value in head.items():
        document[key] = value
    what = f"VITS trained on {len(data.clips)} recordings, {data.seconds:.0f} s"
    document["source"] = {"by": card.by, "what": what, "date": datetime.now(UTC).date().isoformat()}
    document["engine_options"] = {"units": "phonemes"}
    document["symbols"] = own_symbols()
    document["files"] = {name: file_digest(Path(path)) for name, path in files.items()}
    text = card.licence_text or f"This voice is under {card.licence}. Voice and recordings: {card.by}.\n"
    (partial / "LICENSE").write_text(text, encoding="utf-8")
    (partial / "voice.toml").write_text(tomlkit.dumps(document), encoding="utf-8")
    partial.rename(target)
    pack = load_pack(target, Shelf.VOICES)
    resolve_voice(pack)
    return pack
