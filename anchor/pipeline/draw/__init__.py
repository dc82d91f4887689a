"""Pictures and sound of a plan, drawn and encoded whole or in chunks."""
