"""Settings from the environment: the front door is where it is read."""

from __future__ import annotations

import getpass
import os

from anchor.settings import Settings, settings_from


def settings() -> Settings:
    """Settings of this process."""
    return settings_from(os.environ)


def user_name() -> str:
    """Who runs this process, for the audit trail."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return f"uid {os.getuid()}"
