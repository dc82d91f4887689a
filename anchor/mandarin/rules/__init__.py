"""Rules from what is written to what is spoken, by what they are about; `order` says which is tried first."""
