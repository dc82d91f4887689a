"""Presenters made of a figure, a photograph or footage: found, tracked, keyed, measured and packed."""
