"""The `espeak` engine: eSpeak NG in a process of its own, with Anchor's own readings and prosody."""
