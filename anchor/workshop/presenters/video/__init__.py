"""A presenter from footage of a person: rest loop, blinks, matte, and the mouths that the footage shows."""
