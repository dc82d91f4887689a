"""Settings from the environment: the front door is where it is read."""

from __future__ import annotations

import os

from anchor.settings import Settings, settings_from


def settings() -> Settings:
    """Settings of this process."""
    return settings_from(os.environ)
