"""What the tests of the line share beside fixtures."""

from __future__ import annotations

import hashlib
import shutil
from datetime import date
from pathlib import Path

from anchor.settings import Settings
from anchor.trust.consent import FILE
from anchor.trust.consent_form import consent_form
from anchor.trust.consent_records import record_consent

ROOT = Path(__file__).resolve().parents[2]

SHORT = """---
slug: short
title: 測試
date: 2026-11-23
look: forum
---

# 頭條

[字卡: 林安瀾｜主播]大家好，[停 0.8秒]這裡是測試。

爸爸買饅頭，媽媽跑步。
"""


def settings_for(cache: Path, *shelves: Path, production: bool) -> Settings:
    """Settings with a cache of their own."""
    return Settings(shelves=(*shelves, ROOT), cache=cache, models=cache / "models", production=production)


SIGNED = date(2026, 11, 1)
"""The consent of `agreed_shelf` begins here and lasts for a year."""


def agreed_shelf(toy_shelf: Path, folder: Path) -> Path:
    """A toy shelf in `folder` whose voice is a person's, under a consent."""
    shelf = folder / "shelf"
    shutil.copytree(toy_shelf, shelf, symlinks=True)
    form = folder / "form.toml"
    (folder / "a.wav").write_bytes(b"I agree")
    text = "schema = 1" + consent_form("hum", SIGNED).split("schema = 1")[1].replace('["face"]', '["voice"]')
    for answer in ("王小明", "安克電視", "a.wav"):
        text = text.replace('"FILL-IN"', f'"{answer}"', 1)
    form.write_text(text, encoding="utf-8")
    hum = shelf / "voices" / "hum"
    record_consent(form, hum)
    files = {name: hashlib.sha256((hum / name).read_bytes()).hexdigest() for name in (FILE, "evidence/a.wav")}
    manifest = (hum / "voice.toml").read_text(encoding="utf-8")
    manifest = manifest.replace("[source]", f'kind = "person"\nconsent = "{FILE}"\n[source]')
    rows = "".join(f'"{name}" = "{digest}"\n' for name, digest in files.items())
    (hum / "voice.toml").write_text(manifest + rows, encoding="utf-8")
    return shelf


def open_files() -> int:
    """How many files this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
