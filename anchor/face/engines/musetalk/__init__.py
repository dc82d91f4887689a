"""The `musetalk` engine: MuseTalk 1.5 by path."""
