"""XTTS models: a voice from a few seconds of reference; they give sound without timing, which is found afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError, PackError
from anchor.messages import message
from anchor.speech.engines.coqui.pack import CoquiPack, at
from anchor.speech.engines.coqui.text import NOTHING_LEGIBLE, BreathGroup, SyllableUnit, legible
from anchor.speech.engines.coqui.timing import trimmed

LONGEST = 82
"""Characters that the model's tokenizer allows for Chinese; beyond, it may cut the sound short."""
CLOSINGS = {"sentence": ".", "question": "?"}
"""Mark → what the model is given for it; a comma for every other end of a phrase."""
TRIES = 3
"""Seeds tried until a phrase has sound enough: sampling now and then ends at once."""
SHORTEST_S = 0.05
"""Sound that every syllable takes at least."""
REFERENCE_HZ = 22050
REFERENCE_S = 30
"""The model looks at no more of a recording."""


class XttsModel:
    """An XTTS checkpoint in memory, with one speaker's latents."""

    limit = LONGEST - 1

    def __init__(self, pack: CoquiPack, device: str) -> None:
        configs: Any = import_module("TTS.tts.configs.xtts_config")
        models: Any = import_module("TTS.tts.models.xtts")
        config = configs.XttsConfig()
        config.load_json(str(pack.config))
        speakers = pack.text("speakers")
        self._pack = pack
        self._model = models.Xtts.init_from_config(config)
        self._model.load_checkpoint(
            config,
            checkpoint_path=str(pack.checkpoint),
            vocab_path=str(pack.listed(pack.text("vocabulary", "vocab.json"))),
            speaker_file_path=str(pack.listed(speakers)) if speakers else str(pack.voice.path / "no-speakers"),
            eval=True,
        )
        self._model.to(device)
        self._model.tokenizer.preprocess_text = _as_it_is
        self._latents = self._stored() if speakers else self._cloned()
        self.rate = int(config.model_args.output_sample_rate)

    def _stored(self) -> tuple[Any, Any]:
        """Latents of a speaker that the model brings."""
        known = self._model.speaker_manager.speakers
        name = self._pack.text("speaker")
        if name not in known:
            place = at(self._pack.voice, "engine_options.speaker")
            hint = message("coqui.there-are", names=tuple(sorted(known)[:8]))
            raise PackError(message("coqui.no-speaker", name=name), hint=hint, place=place)
        found = known[name]
        return found["gpt_cond_latent"], found["speaker_embedding"]

    def _cloned(self) -> tuple[Any, Any]:
        """Latents of the voice in a recording that the pack holds."""
        torch: Any = import_module("torch")
        soundfile: Any = import_module("soundfile")
        name = self._pack.text("reference")
        place = at(self._pack.voice, "engine_options.reference")
        if not name:
            raise PackError(
                message("coqui.nobody-to-sound-like"),
                hint=message("coqui.nobody-to-sound-like-hint"),
                place=place,
            )
        path = self._pack.listed(name)
        try:
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            what = message("coqui.reference", error=str(error))
            raise PackError(what, hint=message("coqui.reference-hint"), place=place) from error
        if len(samples) < rate:
            what, hint = message("coqui.short-reference"), message("coqui.short-reference-hint")
            raise PackError(what, hint=hint, place=place)
        mono = torch.from_numpy(samples[: rate * REFERENCE_S].mean(axis=1))[None]
        audio = import_module("torchaudio.functional").resample(mono, rate, REFERENCE_HZ).to(self._model.device)
        with torch.inference_mode():
            embedding = self._model.get_speaker_embedding(audio, REFERENCE_HZ)
            return self._model.get_gpt_cond_latents(audio, REFERENCE_HZ, length=REFERENCE_S), embedding

    def size(self, unit: SyllableUnit) -> int:
        """Characters, spaces around Latin words included."""
        return len(self._text(unit)) + 2 * unit.latin

    def _text(self, unit: SyllableUnit) -> str:
        if not unit.latin:
            return self._pack.symbols.get(unit.text, unit.text)
        plain = unit.text if unit.text.isascii() and unit.text.isalnum() else legible(unit.text)
        return plain.lower() or NOTHING_LEGIBLE

    def phrase_text(self, phrase: BreathGroup) -> str:
        """What the model is given: pinyin without spaces, as it was trained on, Latin words apart."""
        parts = [f" {self._text(unit)} " if unit.latin else self._text(unit) for unit in phrase.units]
        return "".join(parts).replace("  ", " ").strip() + CLOSINGS.get(phrase.mark, ",")

    def say(self, phrase: BreathGroup, seed: int, pace: float = 1.0) -> tuple[NDArray[np.float32], None]:
        """A phrase without silence at its ends, and without timing.

        Raises:
            EngineError: the model gives no sound.
        """
        needed = round(SHORTEST_S * self.rate * len({unit.index for unit in phrase.units}))
        for attempt in range(TRIES):
            pcm = trimmed(self._sampled(self.phrase_text(phrase), seed + attempt, pace))
            if len(pcm) >= needed:
                return pcm, None
        raise EngineError(
            message("coqui.gives-no-sound", syllables=len(phrase.units), tries=TRIES),
            hint=message("coqui.gives-no-sound-hint"),
        )

    def stream(self, phrase: BreathGroup, seed: int, pace: float = 1.0) -> Iterator[NDArray[np.float32]]:
        """Sound in pieces of `stream_tokens` codes (about a fifth of a second each at 20), as the model makes them."""
        torch: Any = import_module("torch")
        cuda = self._model.device.type == "cuda"
        with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if cuda else []), torch.inference_mode():
            torch.manual_seed(seed % 2**32)
            for piece in self._model.inference_stream(
                self.phrase_text(phrase),
                "zh",
                *self._latents,
                stream_chunk_size=int(self._pack.number("stream_tokens", 20)),
                temperature=self._pack.number("temperature", 0.75),
                repetition_penalty=self._pack.number("repetition_penalty", 10.0),
                speed=self._pack.number("speed", 1.0) * pace,
            ):
                yield np.clip(piece.flatten().float().cpu().numpy(), -1.0, 1.0)

    def _sampled(self, text: str, seed: int, pace: float) -> NDArray[np.float32]:
        torch: Any = import_module("torch")
        cuda = self._model.device.type == "cuda"
        with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if cuda else []), torch.inference_mode():
            torch.manual_seed(seed % 2**32)
            out = self._model.inference(
                text,
                "zh",
                *self._latents,
                temperature=self._pack.number("temperature", 0.75),
                repetition_penalty=self._pack.number("repetition_penalty", 10.0),
                speed=self._pack.number("speed", 1.0) * pace,
            )
        pcm = np.asarray(out["wav"], np.float32).reshape(-1)
        if not np.isfinite(pcm).all():
            raise EngineError(message("coqui.output"), hint=message("coqui.damaged"))
        return np.clip(pcm, -1.0, 1.0)


def _as_it_is(text: str, language: str) -> str:
    """In place of the model's normaliser, which misreads Taiwan's numbers and readings: ours came before."""
    return text
