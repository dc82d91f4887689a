"""What people hand in, turned into a `Script`: see docs/script.md for the grammar."""
