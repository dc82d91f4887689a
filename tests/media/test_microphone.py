"""Microphones as the sound systems list them, and a recording made for real from a source of ffmpeg's own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from anchor.core.errors import MediaError
from anchor.media.microphone import (
    Microphone,
    find_microphone,
    listed_avfoundation,
    listed_dshow,
    listed_sources,
    microphones,
    record,
)
from anchor.media.probe import probe_media
from anchor.media.tool import find_ffmpeg

PULSE = """Auto-detected sources for pulse:
  alsa_output.pci-0000_00_1f.3.analog-stereo.monitor [Monitor of Built-in Audio Analog Stereo] (none)
  alsa_input.pci-0000_00_1f.3.analog-stereo [Built-in Audio Analog Stereo] (none)
* alsa_input.usb-Station_Mic-00.mono-fallback [Station Mic Mono] (none)
"""
ALSA = """Auto-detected sources for alsa:
* null [Discard all samples (playback) or generate zero samples (capture)] (none)
  hw:CARD=Mic,DEV=0 [Station Mic, USB Audio] (none)
"""
AVFOUNDATION = """[AVFoundation indev @ 0x1] AVFoundation video devices:
[AVFoundation indev @ 0x1] [0] FaceTime HD Camera
[AVFoundation indev @ 0x1] AVFoundation audio devices:
[AVFoundation indev @ 0x1] [0] MacBook Pro Microphone
[AVFoundation indev @ 0x1] [1] USB Mic
"""
DSHOW = """[dshow @ 0001] "Integrated Camera" (video)
[dshow @ 0001]   Alternative name "@device_pnp_1"
[dshow @ 0001] "麥克風 (USB Mic)" (audio)
[dshow @ 0001]   Alternative name "@device_cm_2"
"""


def test_every_system_lists_its_microphones() -> None:
    pulse = listed_sources("pulse", PULSE)
    assert [m.label for m in pulse] == ["Station Mic Mono", "Built-in Audio Analog Stereo"]  # the chosen one first
    assert [str(m) for m in listed_sources("alsa", ALSA)] == ["alsa:hw:CARD=Mic,DEV=0"]
    assert [(m.name, m.label) for m in listed_avfoundation(AVFOUNDATION)] == [
        (":0", "MacBook Pro Microphone"),
        (":1", "USB Mic"),
    ]
    assert [m.name for m in listed_dshow(DSHOW)] == ["audio=麥克風 (USB Mic)"]


def test_a_machine_says_what_it_has() -> None:
    ffmpeg = find_ffmpeg()
    found = microphones(ffmpeg)
    if found:
        assert find_microphone(ffmpeg) == found[0]
    with pytest.raises(MediaError) as caught:
        find_microphone(ffmpeg, "no such thing")
    assert caught.value.hint
    assert find_microphone(ffmpeg, "alsa:hw:7") == Microphone("alsa", "hw:7", "hw:7")


@pytest.mark.media
def test_a_recording_ends_when_it_is_asked_to_and_is_whole(tmp_path: Path) -> None:
    ffmpeg = find_ffmpeg()
    began = time.monotonic()
    target = tmp_path / "001.wav"
    tone = Microphone("lavfi", "sine=frequency=300:sample_rate=44100,arealtime", "tone")
    record(ffmpeg, tone, target, lambda: time.monotonic() - began > 1.0)
    facts = probe_media(ffmpeg, target).audio
    assert facts is not None and (facts.rate, facts.channels, facts.codec) == (48000, 1, "pcm_s24le")
    assert 0.2 < facts.duration < 60
    assert [p.name for p in tmp_path.iterdir()] == ["001.wav"]


@pytest.mark.media
def test_a_microphone_that_is_not_there_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    ffmpeg = find_ffmpeg()
    for name in ("pulse", "alsa"):
        with pytest.raises(MediaError, match="cannot record from"):
            record(ffmpeg, Microphone(name, "no-such-card", ""), tmp_path / "001.wav", lambda: False)
    assert list(tmp_path.iterdir()) == []
