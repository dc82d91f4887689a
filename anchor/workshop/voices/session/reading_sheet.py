"""The sheet that a speaker reads from: one HTML page to print, a hundred lines, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from anchor.core.speech import Utterance, Word
from anchor.mandarin.reader import Reader
from anchor.mandarin.ruby_page import zhuyin_html
from anchor.mandarin.tables import load_rows
from anchor.workshop.voices.session.prompts import Prompt, doubtful, minds_of

HERE = Path(__file__).parent


def sheet_page(chosen: Iterable[Prompt], reader: Reader) -> str:
    """The page as HTML text."""
    lines = [_line(prompt, reader.read(prompt.text), reader) for prompt in chosen]
    how = "\n".join(f"<li>{escape(row[0])}</li>" for row in load_rows(HERE / "sheet.tsv"))
    return f"""<!DOCTYPE html>
<html lang="zh-Hant-TW">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>錄音稿</title>
<style>
{(HERE / "sheet.css").read_text(encoding="utf-8")}</style>
</head>
<body>
<main>
<h1>錄音稿</h1>
<p class="sub">{len(lines)} 句，約 {_minutes(len(lines))} 分鐘；錄好的句子在右邊的方格打勾。</p>
<ol class="how">
{how}
</ol>
<p class="facts"><span>錄音人</span><span>日期</span><span>地點與麥克風</span></p>
{"".join(lines)}</main>
</body>
</html>
"""


def _minutes(count: int) -> int:
    """With a second take of every third sentence: some twenty seconds a sentence."""
    return max(1, round(count * 20 / 60))


def _line(prompt: Prompt, utterance: Utterance, reader: Reader) -> str:
    said = "".join(_said(utterance, doubtful(utterance, reader)))
    minds = "".join(f"<span>{escape(mind.zh)}</span>" for mind in minds_of(utterance))
    return (
        f'<div class="line"><div class="number">{prompt.name}</div><p class="text">{said}</p><div class="box"></div>'
        f'<p class="mind">{minds}</p></div>\n'
    )


def _said(utterance: Utterance, marked: frozenset[int]) -> Iterable[str]:
    """The sentence as it is said, with zhuyin beside what is not obvious."""
    index = 0
    for item in utterance.items:
        if not isinstance(item, Word):
            yield escape(item.mark)
            continue
        for syllable in item.syllables:
            text = escape(syllable.char)
            yield f"<ruby>{text}{zhuyin_html(syllable.zhuyin or '')}</ruby>" if index in marked else text
            index += 1
