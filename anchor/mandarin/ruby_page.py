"""A page on which an editor checks readings: zhuyin beside every character, doubts and overrides in colour.

One HTML file: no script, nothing loaded from anywhere, fonts by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from anchor.core.speech import Break, BreakKind, Syllable, Utterance
from anchor.core.time import Span
from anchor.mandarin.phonemes import TONE_MARKS
from anchor.mandarin.reading_document import DOUBTS

STYLE = Path(__file__).with_name("ruby_page.css")
MARK = re.compile(r"(\*\*|[{｛][^{}｛｝\n]*[}｝]|[，。、；：！？」』）》〉】…,.;:!?)]+)")
"""Marks for the reader that nobody hears, and punctuation that begins no line."""
CLOSING = re.compile(r'<span class="plain">[，。、；：！？」』）》〉】…,.;:!?)]+</span>')
LONGEST_NOTICED = 40
"""Characters; a notice about more is listed and not marked in the text."""
LAYERS = {"inline": "稿中指定", "station": "台內詞庫", "wordlist": "臺灣詞表"}
"""Layers that are told apart on the page; all others are Anchor's own."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A notice as the page shows it."""

    code: str
    text: str
    where: str
    """Line and column, for a person."""
    span: Span | None
    """Characters of the written text."""


@dataclass(frozen=True, slots=True)
class RubySection:
    """One segment, or the whole of a text that has none."""

    title: str
    subtitle: str
    utterance: Utterance
    layers: tuple[str, ...]
    """For each syllable, as `Reader.trace` gives them."""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class _Shown:
    """A syllable with what the page needs of it."""

    syllable: Syllable
    layer: str
    key: int
    """Equal for what is shown together: odd for a word that stands in the text as it is said, else even."""


def ruby_page(title: str, sections: Sequence[RubySection]) -> str:
    """The page as HTML text."""
    count = sum(len(s.utterance.syllables) for s in sections)
    remarks = sum(len(s.remarks) for s in sections)
    summary = f"{len(sections)} 段，{count:,} 音節，" + (f"{remarks} 則提醒" if remarks else "沒有提醒")
    body = "\n".join(_section(section, number) for number, section in enumerate(sections, 1))
    return f"""<!DOCTYPE html>
<html lang="zh-Hant-TW">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>讀音：{escape(title)}</title>
<style>
{STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p class="sum">{summary}</p>
<ul class="key">
<li><b class="inline">藍</b> 稿中指定的讀音</li>
<li><b class="station">綠</b> 台內詞庫</li>
<li><b class="guess">橘</b> 讀音待確認</li>
<li><b class="noticed">黃底</b> 其他提醒</li>
<li><b class="wordlist">紫線</b> 臺灣詞表</li>
<li>數字與符號下方是實際唸法</li>
</ul>
{body}
</main>
</body>
</html>
"""


def _section(section: RubySection, number: int) -> str:
    head = f"<h2>{escape(section.title)}</h2>\n" if section.title else ""
    head += f'<p class="sub">{escape(section.subtitle)}</p>\n' if section.subtitle else ""
    text = "".join(_kept(_text(section)))
    rows = "".join(_remark(remark, f"n{number}-{at}") for at, remark in enumerate(section.remarks, 1))
    listed = f"<ol>\n{rows}</ol>\n" if rows else ""
    return f'<section>\n{head}<div class="text"><p>{text}</p></div>\n{listed}</section>'


def _remark(remark: Remark, key: str) -> str:
    where = f'<span class="where">{escape(remark.where)}</span>' if remark.where else ""
    return f'<li id="{key}">{where}{escape(remark.text)} <code>{escape(remark.code)}</code></li>\n'


def _text(section: RubySection) -> Iterator[str]:
    """The written text from its start to its end, each stretch once."""
    written, at = section.utterance.written, 0
    for key, group in groupby(_shown(section), key=lambda s: s.key if isinstance(s, _Shown) else -1):
        for item in (items := list(group)):
            if isinstance(item, Break):
                yield from _unsaid(section, at, item.span.start)
                at = max(at, item.span.start)
                yield f'<span class="pause">停 {item.ms / 1000:g} 秒</span>'
        syllables = [item for item in items if isinstance(item, _Shown)]
        if not syllables:
            continue
        start = min(s.syllable.span.start for s in syllables)
        end = max(s.syllable.span.end for s in syllables)
        yield from _unsaid(section, at, start)
        said = "".join(_syllable(s, section) for s in syllables)
        yield f'<span class="word">{said}</span>' if key % 2 else _number(said, written[max(at, start) : end])
        at = max(at, end)
    yield from _unsaid(section, at, len(written))


def _kept(parts: Iterable[str]) -> Iterator[str]:
    """A word or number and the punctuation behind it, which no line may part."""
    held = ""
    for part in parts:
        if held and CLOSING.fullmatch(part):
            yield f'<span class="keep">{held}{part}</span>'
            held = ""
            continue
        yield held
        held = part if part.startswith(('<span class="word">', '<span class="number">')) else ""
        if not held:
            yield part
    yield held


def _shown(section: RubySection) -> Iterator[_Shown | Break]:
    """Syllables with their group, and the script's pauses: a word that stands as it is said, or all that others say."""
    written, layers, key, last = section.utterance.written, iter(section.layers), 0, -1
    for item in section.utterance.items:
        if isinstance(item, Break):
            if item.kind is BreakKind.PAUSE:
                yield item
            continue
        key += 2
        for syllable in item.syllables:
            direct = written[syllable.span.start : syllable.span.end] == syllable.char
            if direct and last >= 0 and syllable.span.start > last:
                key += 2  # something unsaid stands inside the word
            last = syllable.span.end if direct else -1
            yield _Shown(syllable, next(layers, ""), key + 1 if direct else 0)


def _unsaid(section: RubySection, start: int, end: int) -> Iterator[str]:
    """Punctuation, marks and whatever else no syllable says."""
    for line_at, line in enumerate(section.utterance.written[start:end].split("\n")):
        if line_at:
            yield "</p><p>"
            start += 1
        for stretch in MARK.split(line):
            quiet = stretch.startswith(("*", "{", "｛")) and MARK.fullmatch(stretch) is not None
            for noticed, chars in groupby(enumerate(stretch, start), key=lambda c: _remarks_at(section, c[0])):
                kind = "noticed" if noticed else "mark" if quiet else "plain"
                text = "".join(char for _, char in chars)
                yield f'<span class="{kind}"{_title([r.text for r in noticed])}>{escape(text)}</span>'
            start += len(stretch)


def _remarks_at(section: RubySection, at: int) -> tuple[Remark, ...]:
    return tuple(
        r
        for r in section.remarks
        if r.span is not None and r.span.start <= at < r.span.end and len(r.span) <= LONGEST_NOTICED
    )


def _syllable(shown: _Shown, section: RubySection) -> str:
    syllable = shown.syllable
    remarks = _remarks_at(section, syllable.span.start)
    kinds = [shown.layer] if shown.layer in LAYERS else []
    if any(r.code in DOUBTS for r in remarks):
        kinds.append("guess")
    elif remarks:
        kinds.append("noticed")
    hover = [LAYERS[shown.layer]] if shown.layer in LAYERS else []
    hover += [r.text for r in remarks]
    if syllable.zhuyin is None:
        return f'<span class="{" ".join(["latin", *kinds])}"{_title(hover)}>{escape(syllable.char)}</span>'
    kind = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<ruby{kind}{_title(hover)}>{escape(syllable.char)}{zhuyin_html(syllable.zhuyin)}</ruby>"


def zhuyin_html(zhuyin: str) -> str:
    """Letters below each other, the tone beside them, the neutral tone's dot above."""
    marks = "".join(TONE_MARKS.values())
    letters = "".join(f"<i>{letter}</i>" for letter in zhuyin.rstrip(marks))
    tone = zhuyin[len(zhuyin.rstrip(marks)) :]
    return f'<rp>（</rp><rt><span class="z">{letters}</span><span class="t">{tone}</span></rt><rp>）</rp>'


def _number(said: str, text: str) -> str:
    """What is written, and below it what is said."""
    shown = escape(text) or "&nbsp;"
    return f'<span class="number"><span class="digits">{shown}</span><span class="said">{said}</span></span>'


def _title(lines: Sequence[str]) -> str:
    return f' title="{escape(chr(10).join(lines))}"' if lines else ""
