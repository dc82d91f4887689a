"""Utterances, voices and engines of the tests of speech."""

from __future__ import annotations

from tests.speech.conftest import bulletin, espeak, hao, lan, say, tiny_vits

__all__ = ["bulletin", "espeak", "hao", "lan", "say", "tiny_vits"]
