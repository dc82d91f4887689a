"""VITS models: the duration of every symbol comes from the model itself.

Method: Kim, Kong & Son 2021, "Conditional Variational Autoencoder with Adversarial Learning for End-to-End
Text-to-Speech": the duration predictor says how many frames each symbol lasts, and the waveform has exactly these.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError, PackError
from anchor.core.speech import Phoneme
from anchor.core.time import Span
from anchor.messages import message
from anchor.speech.duration_shares import share_span
from anchor.speech.engines.coqui.pack import CoquiPack, at
from anchor.speech.engines.coqui.text import BreathGroup, SyllableUnit, SymbolRun, phrase_pieces

LONGEST = 60
"""Syllables given at once; attention and memory grow with the square."""


class VitsModel:
    """A VITS checkpoint in memory."""

    limit = LONGEST

    def __init__(self, pack: CoquiPack, device: str) -> None:
        configs: Any = import_module("TTS.tts.configs.vits_config")
        vits: Any = import_module("TTS.tts.models.vits")
        config = configs.VitsConfig()
        config.load_json(str(pack.config))
        if config.use_phonemes and not (config.characters and config.characters.characters_class):
            raise PackError(
                message("coqui.lists-no-symbols"),
                hint=message("coqui.lists-no-symbols-hint"),
                place=at(pack.voice, "files"),
            )
        # Readings and numbers are ours: its own phonemiser and cleaner are never asked.
        config.use_phonemes, config.text_cleaner = False, None
        config.model_args.init_discriminator = False
        _several_voices(config, pack)
        self._pack, self._device = pack, device
        self._model = vits.Vits.init_from_config(config)
        self._load_weights(config)
        self._length = float(self._model.length_scale) / max(0.1, pack.number("speed", 1.0))
        self._model.inference_noise_scale = pack.number("noise_scale", self._model.inference_noise_scale)
        self._model.inference_noise_scale_dp = pack.number("noise_scale_dp", self._model.inference_noise_scale_dp)
        self._aux = self._speaker()
        self.rate = int(config.audio.sample_rate)

    def _load_weights(self, config: Any) -> None:
        torch: Any = import_module("torch")
        state = torch.load(self._pack.checkpoint, map_location="cpu", weights_only=True)["model"]
        kept = {k: v for k, v in state.items() if not k.startswith(("disc.", "speaker_encoder", "audio_resampler"))}
        self._model.load_state_dict(kept, strict=True)
        self._model.eval().to(self._device)

    def _speaker(self) -> dict[str, Any]:
        """What the model is told of who speaks and in which language, for models of several."""
        torch: Any = import_module("torch")
        aux: dict[str, Any] = {"x_lengths": None, "d_vectors": None, "speaker_ids": None, "language_ids": None}
        for option, manager, key, several in (
            ("speaker", self._model.speaker_manager, "speaker_ids", "coqui.several-speakers"),
            ("language", self._model.language_manager, "language_ids", "coqui.several-languages"),
        ):
            names = dict(getattr(manager, "name_to_id", None) or {})
            name = self._pack.text(option)
            if len(names) > 1 and name not in names:
                raise PackError(
                    message(several, name=name),
                    hint=message("coqui.one-of", names=tuple(sorted(names))),
                    place=at(self._pack.voice, f"engine_options.{option}"),
                )
            if names:
                index = names.get(name, next(iter(names.values())))
                aux[key] = torch.tensor([index], device=self._device)
        return aux

    def size(self, unit: SyllableUnit) -> int:
        """One a syllable; a Latin word counts its letters' names."""
        return len(unit.readings)

    def stream(self, phrase: BreathGroup, seed: int, pace: float = 1.0) -> Iterator[NDArray[np.float32]]:
        """The whole phrase at once: the decoder is one pass."""
        yield self.say(phrase, seed, pace)[0]

    def say(self, phrase: BreathGroup, seed: int, pace: float = 1.0) -> tuple[NDArray[np.float32], list[Phoneme]]:
        """A phrase with the model's own timing.

        Raises:
            EngineError: a symbol is not the model's, or the model's output is not sound.
        """
        torch: Any = import_module("torch")
        pieces = phrase_pieces(phrase, self._pack.symbols, phonemes=self._pack.phonemes)
        ids, owners = self._ids(pieces)
        with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if self._device == "cuda" else []):
            torch.manual_seed(seed)
            self._model.length_scale = self._length / pace
            x = torch.tensor([ids], dtype=torch.long, device=self._device)
            out = self._model.inference(x, {**self._aux, "durations": None})
        frames = out["durations"].flatten().cpu().numpy().astype(np.int64)
        pcm = out["model_outputs"].flatten().float().cpu().numpy()
        if not np.isfinite(pcm).all() or frames.min(initial=0) < 0 or len(pcm) % max(1, int(frames.sum())):
            raise EngineError(
                message("coqui.output-for-symbols", count=len(ids)),
                hint=message("coqui.damaged-or-other"),
            )
        hop = len(pcm) // int(frames.sum())
        return _timed(np.clip(pcm, -1.0, 1.0), pieces, owners, [0, *accumulate(int(f) * hop for f in frames)])

    def _ids(self, pieces: list[SymbolRun]) -> tuple[list[int], list[int]]:
        """The model's numbers, and for each the piece that owns it; blanks belong to the symbol before them."""
        tokenizer = self._model.tokenizer
        characters = tokenizer.characters
        ids: list[int] = []
        owners: list[int] = []
        for number, piece in enumerate(pieces):
            for char in piece.text:
                try:
                    ids.append(int(characters.char_to_id(char)))
                except KeyError:
                    said = piece.sounds[0] if piece.sounds else piece.text
                    raise EngineError(
                        message("coqui.no-symbol", char=char, said=said),
                        hint=message("coqui.no-symbol-hint", said=said, voice=self._pack.voice.name),
                    ) from None
                owners.append(number)
        if tokenizer.add_blank:
            blank = int(characters.blank_id)
            ids = [blank, *(i for one in ids for i in (one, blank))]
            owners = [owners[0], *(o for one in owners for o in (one, one))]
        if tokenizer.use_eos_bos:
            ids = [int(characters.bos_id), *ids, int(characters.eos_id)]
            owners = [owners[0], *owners, owners[-1]]
        return ids, owners


def _several_voices(config: Any, pack: CoquiPack) -> None:
    """Paths of the machine on which a model of several speakers was trained become those of the pack."""
    args = config.model_args
    if args.use_d_vector_file or config.use_d_vector_file:
        raise PackError(
            message("coqui.outside-vectors"),
            hint=message("coqui.outside-vectors-hint"),
            place=at(pack.voice),
        )
    args.use_speaker_encoder_as_loss, args.speaker_encoder_model_path = False, ""
    for option, key in (("speakers", "speakers_file"), ("languages", "language_ids_file")):
        name = pack.text(option)
        if name:
            setattr(args, key, str(pack.listed(name)))


def _timed(
    pcm: NDArray[np.float32], pieces: list[SymbolRun], owners: list[int], edges: list[int]
) -> tuple[NDArray[np.float32], list[Phoneme]]:
    """Phonemes from the edges of the model's symbols; the time of a closing mark is cut off.

    Args:
        pcm: the phrase.
        pieces: what was given.
        owners: piece of each symbol.
        edges: absolute sample of each symbol's start, and the end.
    """
    ends: dict[int, int] = {}
    for owner, end in zip(owners, edges[1:], strict=True):
        ends[owner] = end
    spoken = [number for number, piece in enumerate(pieces) if piece.sounds]
    phonemes: list[Phoneme] = []
    start = 0
    for position, number in enumerate(spoken):
        piece = pieces[number]
        following = spoken[position + 1] if position + 1 < len(spoken) else None
        # Tone digits and spaces up to the next sound belong to this one; a mark after the last sound does not.
        last = max(n for n in ends if n < (len(pieces) if following is None else following))
        while following is None and last > number and pieces[last].unit is None:
            last -= 1
        for symbol, a, b in share_span(piece.sounds, start, ends[last]):
            first = piece.onset and a == start
            phonemes.append(Phoneme(symbol, Span(a, b), piece.unit.index if piece.unit else None, first))
        start = ends[last]
    return pcm[:start], phonemes
