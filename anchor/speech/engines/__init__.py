"""Speech engines, one file each; named in anchor/registry.py."""
