"""ffmpeg and media files: probe, decode, encode, measure."""
