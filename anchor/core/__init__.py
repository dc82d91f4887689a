"""The nouns that flow between stages, exact time, errors, events and ports."""
