"""The `coqui` engine: VITS and XTTS voices by path, fed with Anchor's own readings."""
