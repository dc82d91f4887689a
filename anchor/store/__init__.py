"""Artifacts by content: the cache of this machine, stores that machines share, who owns what is half-way."""
