"""The stages in order: prepare, speak, sync, compose, render, check."""
