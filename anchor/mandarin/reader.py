"""Text → utterance: what will be said, syllable by syllable, each tied to the written characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal

from anchor.core.errors import Place, ScriptError
from anchor.core.events import Notice
from anchor.core.speech import Break, BreakKind, Syllable, Utterance, Word
from anchor.core.time import Span
from anchor.mandarin.breaks import divide_long, merge_breaks
from anchor.mandarin.furniture import Furniture
from anchor.mandarin.lexicon import load_lexicon
from anchor.mandarin.normalise import normalise
from anchor.mandarin.phonemes import zhuyin_of
from anchor.mandarin.readings import Reading, read_run
from anchor.mandarin.spoken_text import Piece, Said, Seam
from anchor.mandarin.station import StationLexicon, load_station
from anchor.mandarin.wordlist import WordList, open_wordlist
from anchor.messages import message
from anchor.settings import Settings

LONGEST_TEXT = 30_000
"""Characters of one text."""
OTHERS = 3
"""Other readings that a notice names at most."""
QUOTES = frozenset('「」『』“”‘’《》〈〉"')
"""Signs at which words part and the sense goes on."""
He = Literal["han4", "he2"]


class Reader:
    """Reads texts aloud on paper. Holds tables only: one reader serves any number of texts.

    Args:
        he: reading of 和 between nouns. `han4` is what the broadcasters' guides in Taiwan teach and the house's
            default; `he2` is as correct and commoner in conversation.
        station: words that the newsroom reads its own way.
        wordlist: an installed list of Taiwan's words.
        furniture: what becomes of a wire story's dateline, credits and stamp: `strip` leaves them out with a notice.
    """

    def __init__(
        self,
        he: He = "han4",
        *,
        station: StationLexicon | None = None,
        wordlist: WordList | None = None,
        furniture: Furniture = "strip",
    ) -> None:
        self._he = he
        self._furniture = furniture
        self._lexicon = load_lexicon().with_layers(station or StationLexicon(), wordlist)

    @property
    def layers(self) -> tuple[tuple[str, str], ...]:
        """What readings depend on beside Anchor itself: (`station` or `wordlist`, digest) of each that is there."""
        station, wordlist = self._lexicon.station, self._lexicon.wordlist
        out = [("station", station.digest)] if station.words else []
        return (*out, *([("wordlist", wordlist.digest)] if wordlist is not None else []))

    def readings(self, char: str) -> tuple[str, ...]:
        """All readings that a character has anywhere, in zhuyin, the commonest first."""
        return tuple(zhuyin_of(reading) for reading in self._lexicon.readings(char))

    def read(self, text: str, pauses: Sequence[tuple[int, int]] = ()) -> Utterance:
        """What will be said: `trace` without the layers."""
        return self.trace(text, pauses)[0]

    def trace(self, text: str, pauses: Sequence[tuple[int, int]] = ()) -> tuple[Utterance, tuple[str, ...]]:
        """What will be said, and for each syllable the layer that its reading is from.

        Layers: `inline`, `station`, `table`, `phrase`, `context`, `wordlist`, `character`; `latin` for a Latin word.

        Args:
            text: as an editor wrote it.
            pauses: (character offset, milliseconds) asked for by the script.

        Raises:
            ScriptError: for an empty or over-long text, control characters, a broken reading in braces, or when
                nothing in it can be said.
        """
        _check(text)
        pieces, notices = normalise(text, self._furniture, self._lexicon.station)
        pieces = _with_pauses(pieces, pauses)
        layers: list[str] = []
        items = self._items(pieces, text, notices, layers)
        if not any(isinstance(item, Word) for item in items):
            what, hint = message("mandarin.nothing-to-say"), message("mandarin.nothing-to-say-hint")
            raise ScriptError(what, hint=hint, place=Place(span=Span(0, len(text))))
        if not any(s.pinyin for item in items if isinstance(item, Word) for s in item.syllables):
            notices.append(Notice("no-chinese", message("notice.no-chinese"), Place(span=Span(0, len(text)))))
        items = divide_long(merge_breaks(items))
        notices.sort(key=lambda n: n.place.span.start if n.place and n.place.span else 0)
        return Utterance(text, _spoken(items), tuple(items), tuple(notices)), tuple(layers)

    def _items(self, pieces: list[Piece], text: str, notices: list[Notice], layers: list[str]) -> list[Word | Break]:
        items: list[Word | Break] = []
        run: list[Said] = []
        seams: set[int] = set()
        names: set[str] = set()
        for index, piece in enumerate([*pieces, Seam(Span(0, 0))]):
            if isinstance(piece, Said) and not piece.latin:
                run.append(piece)
                continue
            if isinstance(piece, Seam) and run and _at_number(pieces, index):
                continue
            if isinstance(piece, Seam) and run and _quotes(text, piece.span):
                seams.add(len(run))
                continue
            for word in read_run(run, self._lexicon, self._he, names, frozenset(seams)) if run else ():
                made = _word(word, notices, self.readings)
                if made is not None:
                    items.append(made)
                    layers += [said.layer or reading.layer for said, reading in word if reading.pinyin is not None]
            run, seams = [], set()
            if isinstance(piece, Break):
                items.append(piece)
            elif isinstance(piece, Said):
                syllable = Syllable(piece.text, None, None, piece.span)
                layers.append(piece.layer or "latin")
                items.append(Word(piece.text, (syllable,), piece.span, latin=True, stress=piece.stress))
        return items


def open_reader(settings: Settings) -> Reader:
    """The reader of a newsroom: with its lexicon, and the word list where one is installed.

    Raises:
        PackError: a row of the lexicon is broken, or the word list cannot be read.
    """
    station = load_station(settings.lexicon) if settings.lexicon is not None else None
    wordlist = open_wordlist(settings.wordlist) if settings.wordlist is not None else None
    return Reader(station=station, wordlist=wordlist)


def _check(text: str) -> None:
    if not text.strip():
        raise ScriptError(message("mandarin.empty-text"), hint=message("mandarin.empty-text-hint"))
    if len(text) > LONGEST_TEXT:
        raise ScriptError(
            message("mandarin.long-text", count=len(text), most=LONGEST_TEXT),
            hint=message("mandarin.long-text-hint"),
            place=Place(span=Span(LONGEST_TEXT, len(text))),
        )
    for at, char in enumerate(text):
        if char not in "\n\r\t" and unicodedata.category(char) in ("Cc", "Cs", "Cn", "Co"):
            raise ScriptError(
                message("mandarin.no-text-character", code=ord(char)),
                hint=message("mandarin.no-text-character-hint"),
                place=Place(span=Span(at, at + 1)),
            )


def _with_pauses(pieces: list[Piece], pauses: Sequence[tuple[int, int]]) -> list[Piece]:
    """Script pauses put where their character begins; inside a number they wait for its end."""
    out = list(pieces)
    for offset, ms in sorted(pauses, reverse=True):
        index = next((i for i, p in enumerate(out) if p.span.start >= offset and not _inside(out, i)), len(out))
        out.insert(index, Break(BreakKind.PAUSE, Span(offset, offset), "", ms))
    return out


def _inside(pieces: list[Piece], index: int) -> bool:
    here, last = pieces[index], pieces[index - 1] if index else None
    return isinstance(here, Said) and isinstance(last, Said) and here.token >= 0 and here.token == last.token


def _at_number(pieces: list[Piece], index: int) -> bool:
    """Whether a seam stands between a number and a Chinese character: 有 1 位 is said like 有1位."""
    around = [pieces[at] for at in (index - 1, index + 1) if 0 <= at < len(pieces)]
    sayable = [p for p in around if isinstance(p, Said) and not p.latin]
    return len(sayable) == 2 and any(p.token >= 0 for p in sayable)


def _quotes(text: str, span: Span) -> bool:
    """Whether nothing but quotation marks stands at `span`."""
    return span.start < span.end and set(text[span.start : span.end]) <= QUOTES


def _word(
    word: list[tuple[Said, Reading]], notices: list[Notice], readings: Callable[[str], tuple[str, ...]]
) -> Word | None:
    syllables: list[Syllable] = []
    for said, reading in word:
        place = Place(span=said.span)
        if reading.pinyin is None:
            notices.append(Notice("unknown-character", message("notice.unknown-character", char=said.text), place))
            continue
        zhuyin = zhuyin_of(reading.pinyin)
        if reading.guess:
            notices.append(
                _doubt(said.text, zhuyin, readings(said.text), rare=reading.guess == "rare-character", place=place)
            )
        syllables.append(Syllable(said.text, reading.pinyin, zhuyin, said.span))
    if not syllables:
        return None
    span = Span(min(s.span.start for s in syllables), max(s.span.end for s in syllables))
    stress = any(said.stress for said, _ in word)
    return Word("".join(s.char for s in syllables), tuple(syllables), span, stress=stress)


def _doubt(char: str, zhuyin: str, readings: Sequence[str], *, rare: bool, place: Place) -> Notice:
    """A notice of a doubtful reading, with those that the character might have instead."""
    others = tuple(reading for reading in readings if reading != zhuyin)[:OTHERS]
    if rare and others:
        text = message("notice.rare-character-or", char=char, zhuyin=zhuyin, others=others)
    elif others:
        text = message("notice.guessed-reading-or", char=char, zhuyin=zhuyin, others=others)
    else:
        text = message("notice.rare-character" if rare else "notice.guessed-reading", char=char, zhuyin=zhuyin)
    return Notice("rare-character", text, place) if rare else Notice("guessed-reading", text, place)


def _spoken(items: Sequence[Word | Break]) -> str:
    """The items one behind the other; Latin words that follow each other stand apart."""
    parts: list[str] = []
    latin = False
    for item in items:
        if isinstance(item, Word) and item.latin and latin:
            parts.append(" ")
        parts.append(item.text if isinstance(item, Word) else item.mark)
        latin = isinstance(item, Word) and item.latin
    return "".join(parts)
