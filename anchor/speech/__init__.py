"""Voices: engines, voice chain, loudness, timelines."""
