"""Settings from the environment and the file: the front door is where they are read."""

from __future__ import annotations

import getpass
import os
import shutil
import sys

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


def picture_viewer() -> str | None:
    """The program that opens pictures on this desktop; None: there is no desktop."""
    if sys.platform == "darwin":
        return shutil.which("open")
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return shutil.which("xdg-open")
    return None
