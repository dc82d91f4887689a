"""eSpeak NG in a process of its own: `python worker.py`, framed messages on stdin and stdout.

eSpeak NG is GPL-3.0-or-later; this program alone loads it, needs nothing of Anchor but the standard library, and talks
over pipes. A frame is a 4-byte big-endian length, that many bytes of JSON, then, in answers, `header["bytes"]` bytes of
raw data.

The library draws durations from a generator that cannot be reset, so the same call gives other samples the second time.
Each request is therefore answered by a fork of this process, which has never synthesised: the same request gives the
same samples for ever.

Requests (`op`):
    hello     → {"version", "rate"}
    speak     {"voice", "parameters", "texts"} → {"clauses": [{"samples", "events"}]} + int16 samples of all clauses
An answer {"error": text} says why there is none. The process ends when stdin does.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import sys
from typing import Any, BinaryIO

AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_PHONEME_EVENTS = 0x0001
INITIALIZE_DONT_EXIT = 0x8000
CHARS_UTF8 = 0x0001
INLINE_PHONEMES = 0x0100
POSITION_CHARACTER = 1
EVENT_END_OF_LIST, EVENT_WORD, EVENT_PHONEME = 0, 1, 7
PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "range": 4}


class EventId(ctypes.Union):
    """`espeak_EVENT.id` of speak_lib.h."""

    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class EspeakEvent(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", EventId),
    )


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(EspeakEvent))


class Refused(Exception):
    """The library said no; the message goes to the asker."""


class Library:
    """libespeak-ng, initialised; keeps what the current call has produced."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        self._lib.espeak_Info.restype = ctypes.c_char_p
        self._pcm = bytearray()
        self._events: list[tuple[int, int, int, str]] = []
        self._callback = CALLBACK(self._collect)
        flags = INITIALIZE_PHONEME_EVENTS | INITIALIZE_DONT_EXIT
        data = os.fsencode(espeakng_loader.get_data_path())
        self.rate = int(self._lib.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data, flags))
        if self.rate <= 0:
            raise Refused(f"espeak_Initialize gave {self.rate} for {os.fsdecode(data)}")
        self._lib.espeak_SetSynthCallback(self._callback)
        self.version = str(self._lib.espeak_Info(None).decode().split()[0])

    def _collect(self, pcm: Any, count: int, events: Any) -> int:
        if pcm and count > 0:
            self._pcm += ctypes.string_at(pcm, count * 2)
        index = 0
        while events[index].type != EVENT_END_OF_LIST:
            event = events[index]
            if event.type in (EVENT_WORD, EVENT_PHONEME):
                name = event.id.string.decode("utf-8", "replace") if event.type == EVENT_PHONEME else ""
                self._events.append((event.type, event.sample, event.text_position, name))
            index += 1
        return 0

    def set_voice(self, path: str) -> None:
        """Use the voice file at a path; enters its directory, since the library takes 59 bytes of path at most."""
        directory, name = os.path.split(path)
        os.chdir(directory)
        status = self._lib.espeak_ng_SetVoiceByFile(os.fsencode(name))
        if status:
            raise Refused(f"espeak_ng_SetVoiceByFile gave {status:#x} for {path}")

    def set_parameters(self, parameters: dict[str, int]) -> None:
        """Set rate, volume, pitch and range."""
        for name, value in parameters.items():
            if self._lib.espeak_SetParameter(PARAMETERS[name], int(value), 0):
                raise Refused(f"espeak_SetParameter refused {name} = {value}")

    def speak(self, text: str) -> tuple[bytes, list[tuple[int, int, int, str]]]:
        """Samples (int16) and events (type, sample, character from 1, mnemonic) of one text."""
        self._pcm = bytearray()
        self._events = []
        raw = text.encode() + b"\0"
        flags = CHARS_UTF8 | INLINE_PHONEMES
        status = self._lib.espeak_Synth(raw, len(raw), 0, POSITION_CHARACTER, 0, flags, None, None)
        if status:
            raise Refused(f"espeak_Synth gave {status:#x}")
        return bytes(self._pcm), self._events


def read_frame(stream: BinaryIO) -> dict[str, Any] | None:
    """The next request, or None at the end of the stream."""
    size = stream.read(4)
    if len(size) < 4:
        return None
    body = stream.read(struct.unpack(">I", size)[0])
    header: dict[str, Any] = json.loads(body)
    return header


def frame(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    body = json.dumps({**header, "bytes": len(payload)}, ensure_ascii=False).encode()
    return struct.pack(">I", len(body)) + body + payload


def answer(library: Library, request: dict[str, Any]) -> bytes:
    """The frame that answers one request."""
    if request["op"] == "hello":
        return frame({"version": library.version, "rate": library.rate})
    library.set_voice(request["voice"])
    library.set_parameters(request["parameters"])
    clauses, payload = [], bytearray()
    for text in request["texts"]:
        pcm, events = library.speak(text)
        clauses.append({"samples": len(pcm) // 2, "events": events})
        payload += pcm
    return frame({"clauses": clauses}, bytes(payload))


def write_all(out: int, data: bytes) -> None:
    """Write every byte to a file descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(out, view) :]


def answer_in_fork(library: Library, request: dict[str, Any], out: int) -> bool:
    """Answer from a fork of this process; False when the fork died and the stream may be torn."""
    child = os.fork()
    if not child:
        try:
            reply = answer(library, request)
        except (Refused, OSError, KeyError, ValueError) as error:
            reply = frame({"error": f"{type(error).__name__}: {error}"})
        write_all(out, reply)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def main() -> int:
    """Serve until stdin ends; 70 when an answer was lost."""
    # The library may write to stdout; frames go to a copy of it and everything else to stderr.
    out = os.dup(1)
    os.dup2(2, 1)
    try:
        library = Library()
    except (ImportError, OSError, Refused) as error:
        write_all(out, frame({"error": f"{type(error).__name__}: {error}"}))
        return 69
    while (request := read_frame(sys.stdin.buffer)) is not None:
        if not answer_in_fork(library, request, out):
            return 70
    return 0


if __name__ == "__main__":
    sys.exit(main())
