"""The language: written text to spoken syllables with Taiwan's readings, each tied to the characters it says."""
