"""The finished clip: what goes beside it, what it should be, what was made of what."""
