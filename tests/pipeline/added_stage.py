"""A stage that a test adds to the table: one function."""

from __future__ import annotations

from dataclasses import dataclass

from anchor.core.artifact import Artifact, digest_of
from anchor.pipeline.graph import version_of
from anchor.pipeline.programme import Made, Programme
from anchor.pipeline.services import Context
from anchor.pipeline.stages.picture import Chunk


@dataclass(frozen=True, slots=True)
class Weights:
    """How heavy the chunks of a picture are."""

    file: Artifact


def weigh(programme: Programme, index: int, context: Context) -> Made[Weights]:
    """Bytes and frames of every chunk, as a table beside the clip."""
    chunks = [programme.value(Chunk, "render", k).file for k in range(len(programme.chunks))]

    def make() -> Weights:
        rows = [f"{len(span)}\t{file.size}" for span, file in zip(programme.chunks, chunks, strict=True)]
        with programme.services.store.workdir() as work:
            (work / "weights.tsv").write_text("\n".join(["frames\tbytes", *rows]) + "\n", encoding="utf-8")
            return Weights(programme.services.store.put(work / "weights.tsv"))

    made = programme.kept("weigh", digest_of(version_of("weigh"), chunks), Weights, make)
    return Made(made.value, made.key, made.cached, (("weights", made.value.file),))
