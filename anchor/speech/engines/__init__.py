"""Speech engines, one file or folder each; named in anchor/registry.py."""
