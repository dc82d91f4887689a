"""Consent, labels and proof of origin."""
