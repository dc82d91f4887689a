"""Celery app and tasks; imports anchor and nothing imports it."""
