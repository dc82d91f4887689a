"""How well a voice is understood: sentences, a listener, and what is counted."""
