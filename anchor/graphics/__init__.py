"""Looks, type, captions and the layers over the picture."""
