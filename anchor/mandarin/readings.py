"""Readings of a run of Han characters, by layers; then sandhi.

Inline readings, the station's lexicon, own words, phrases, contexts and a word list, single characters.

A run stops at punctuation, Latin words and script pauses; nothing here looks across them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from anchor.mandarin.lexicon import LONGEST_WORD, Lexicon
from anchor.mandarin.rule import counted
from anchor.mandarin.said import Said
from anchor.mandarin.sandhi import surface_tones
from anchor.mandarin.segment import cut_numeral, segment
from anchor.mandarin.station import fold_word
from anchor.mandarin.tables import load_rows

CONJUNCTION_HE = "和"
NAME_BEGINS = (
    r"(?:^|[、和與及跟]|委員|立委|議員|選手|球員|主任|部長|院長|署長|局長|[縣市鄉鎮]長|記者|教授|老師|導演|歌手|藝人|作家|"
    r"影帝|影后|演員|投手|捕手|打者|王牌|主將|策展人|館長|所長|負責人|創辦人|理事長|總監|製作人|編劇|專家|學者|男星|"
    r"女星|團長|秘書長|處長|科長|司長|次長|組長|檢察官|法官|嫌犯|志工|店長|畫家|小說家|詩人|名模|護理師|經理|男子|女子|好手|主播|校長|總經理|執行長|董事長|醫師|律師|警員|隊長|發言人|教練|研究員)$"
)
SURNAME_PLACES = (
    (re.compile(""), re.compile("姓|先生|女士|小姐|太太|某|媽媽|爸爸|老闆|老師|同學|教授|醫師|律師")),
    (re.compile(NAME_BEGINS), re.compile("[男嫌婦翁](?:$|[^性人])")),
    (
        re.compile(NAME_BEGINS),
        re.compile("[一-龥]{1,2}(?:表示|指出|認為|強調|坦言|透露|說明|補充|直言|回應|[說指](?:$|出))"),
    ),
)
"""What stands before and behind a surname."""
GIVEN_NAME = re.compile(NAME_BEGINS.replace("^|", "")), re.compile("[一-龥]{2}")
"""The same for a character that is hardly ever anything else there."""
UNITS = "年月日號時分秒級樓度元點弱強段期版"
CONTEXT = 8
"""Characters before a character that a context may ask for."""
NUMBER_WORD = 4
"""Syllables of a number and its measure that are said without a seam."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How one character is read, and how sure that is."""

    pinyin: str | None
    """None: no table knows the character."""
    settled: bool
    """Sandhi leaves it alone."""
    guess: str = ""
    """Code of a notice: `guessed-reading` or `rare-character`; empty: from a table."""
    layer: str = "character"
    """Which layer it is from: `inline`, `station`, `table`, `phrase`, `context`, `wordlist` or `character`."""


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around a character decides its reading."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    pinyin: str


@cache
def _contexts() -> dict[str, tuple[Context, ...]]:
    found: dict[str, list[Context]] = {}
    for char, before, after, pinyin, *_ in load_rows("contexts"):
        row = Context(re.compile(f"(?:{before})$"), re.compile(after), pinyin)
        found.setdefault(char, []).append(row)
    for char, pinyin, kind, *_ in load_rows("surnames"):
        places = (*SURNAME_PLACES, GIVEN_NAME) if kind == "sure" else SURNAME_PLACES
        found.setdefault(char, []).extend(Context(before, after, pinyin) for before, after in places)
    return {char: tuple(rows) for char, rows in found.items()}


@cache
def _guessed() -> frozenset[str]:
    return frozenset(char for char, _, sure, *_ in load_rows("characters") if sure == "guess")


def read_run(run: list[Said], lexicon: Lexicon, he: str) -> list[list[tuple[Said, Reading]]]:
    """Words of a run, each a list of characters with surface readings.

    Args:
        run: Han characters that follow each other without a break.
        lexicon: the tables.
        he: reading of 和 between nouns, `han4` or `he2`.
    """
    text = "".join(said.text for said in run)
    simple = lexicon.simplified(text)
    bounds = _bounds(run, text, simple, lexicon)
    readings: list[Reading] = []
    for start, end in bounds:
        readings += _read_word(text, simple, start, end, lexicon, he)
    for start, end in _station_spans(run, text, lexicon):
        own = lexicon.station.readings[fold_word(text[start:end])]
        readings[start:end] = [Reading(pinyin, settled=True, layer="station") for pinyin in own]
    for at, said in enumerate(run):
        if said.reading is not None:
            # A number's own reading is no editor's.
            layer = "inline" if said.written else "table"
            readings[at] = Reading(said.reading, settled=True, layer=layer)
    surface = surface_tones(text, [r.pinyin or "" for r in readings], [r.settled for r in readings])
    pairs = [(said, replace(r, pinyin=p or None)) for said, r, p in zip(run, readings, surface, strict=True)]
    return [pairs[start:end] for start, end in bounds]


def _bounds(run: list[Said], text: str, simple: str, lexicon: Lexicon) -> list[tuple[int, int]]:
    """Word bounds of the run: the station's words stay whole, tokens (numbers, dates) are cut by their own rule."""
    bounds: list[tuple[int, int]] = []
    whole = dict(_station_spans(run, text, lexicon))
    start = 0
    while start < len(run):
        if start in whole:
            bounds.append((start, whole[start]))
            start = whole[start]
            continue
        end = start + 1
        while end < len(run) and run[end].token == run[start].token and end not in whole:
            end += 1
        part = text[start:end]
        cut = cut_numeral(part) if run[start].token >= 0 else segment(part, simple[start:end], lexicon)
        bounds += [(start + a, start + b) for a, b in cut]
        start = end
    return _with_measures(run, text, bounds)


def _station_spans(run: list[Said], text: str, lexicon: Lexicon) -> list[tuple[int, int]]:
    """Words of the station's lexicon, but for those that begin or end inside a token."""
    if not lexicon.station.longest:
        return []
    return [span for span in lexicon.station.spans(text) if not any(_inside_token(run, at) for at in span)]


def _inside_token(run: list[Said], at: int) -> bool:
    return 0 < at < len(run) and run[at].token >= 0 and run[at].token == run[at - 1].token


def _with_measures(run: list[Said], text: str, bounds: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A short number and the single character that it counts are one word: 三級, 十五元."""
    out: list[tuple[int, int]] = []
    for start, end in bounds:
        number = out and run[start - 1].token >= 0 and run[start].token < 0 and end - out[-1][0] <= NUMBER_WORD
        if number and end - start == 1 and (counted(text, start) or text[start] in UNITS):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def _read_word(text: str, simple: str, start: int, end: int, lexicon: Lexicon, he: str) -> list[Reading]:
    """Readings of one word: as a whole, else by the longest phrases inside, else by single characters."""
    out: list[Reading] = []
    at = start
    while at < end:
        for stop in range(min(end, at + LONGEST_WORD), at + 1, -1):
            word = text[at:stop]
            found = lexicon.phrase(word, simple[at:stop])
            if found is not None:
                own = word in lexicon.words
                out += [_plain(char, pinyin, own) for char, pinyin in zip(word, found, strict=True)]
                at = stop
                break
        else:
            out.append(_read_alone(text, simple, at, end - start == 1, lexicon, he))
            at += 1
    return _with_list(text[start:end], out, lexicon)


def _with_list(word: str, readings: list[Reading], lexicon: Lexicon) -> list[Reading]:
    """The word list decides where nothing but a single character's own reading was found."""
    listed = lexicon.listed(word)
    if listed is None:
        return readings
    out = list(readings)
    for at, pinyin in enumerate(listed):
        if pinyin not in (None, readings[at].pinyin) and readings[at].layer == "character" and word[at] not in "一不":
            out[at] = Reading(pinyin, settled=False, layer="wordlist")
    return out


def _plain(char: str, pinyin: str, own: bool) -> Reading:
    """pypinyin writes some 一 and 不 after sandhi, some before: those go back to their own tone."""
    if char in "一不" and not own:
        return Reading("yi1" if char == "一" else "bu4", settled=False, layer="phrase")
    return Reading(pinyin, settled=own and char in "一不", layer="table" if own else "phrase")


def _read_alone(text: str, simple: str, at: int, alone: bool, lexicon: Lexicon, he: str) -> Reading:
    char = text[at]
    for context in _contexts().get(char, ()):
        if context.before.search(text[max(0, at - CONTEXT) : at]) and context.after.match(text, at + 1):
            return Reading(context.pinyin, settled=False, layer="context")
    if char == CONJUNCTION_HE:
        return Reading(he if alone else "he2", settled=False)
    if char == "地" and alone and _adverbial(text, simple, at, lexicon):
        return Reading("de5", settled=False)
    pinyin = lexicon.default(char)
    if char in _guessed():
        return Reading(pinyin, settled=False, guess="guessed-reading")
    known = char in lexicon.characters or lexicon.frequency(char, simple[at])
    return Reading(pinyin, settled=False, guess="" if known else "rare-character")


def _adverbial(text: str, simple: str, at: int, lexicon: Lexicon) -> bool:
    """Whether 地 makes an adverb: 積極地推動."""
    before = next((lexicon.kind(simple[k:at]) for k in range(max(0, at - 4), at - 1) if lexicon.kind(simple[k:at])), "")
    after = next(
        (lexicon.kind(simple[at + 1 : k]) for k in range(at + 3, at, -1) if lexicon.kind(simple[at + 1 : k])), ""
    )
    return before[:1] in ("a", "d", "z", "i") and before not in ("an",) and after[:1] in ("v", "d", "a", "p")
