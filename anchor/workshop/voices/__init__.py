"""Voices recorded, trained, fetched, heard and checked."""
