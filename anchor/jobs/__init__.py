"""Jobs: submit, status, cancel, approve."""
