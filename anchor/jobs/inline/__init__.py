"""Jobs on this machine alone: a supervisor in the background and workers under it."""
