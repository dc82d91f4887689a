"""The page for editors: whole, well-formed, escaped, and nothing of the text lost."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from anchor.mandarin.reader import Reader
from anchor.mandarin.ruby_page import Remark, RubySection, ruby_page
from anchor.mandarin.station import parse_station
from anchor.messages import Language, text_in

VOID = {"meta", "br"}
SAID = {"rt", "rp"}


class Page(HTMLParser):
    """Reads the page back: what is written, what is beside it, which classes there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.written = ""
        self.zhuyin: list[str] = []
        self.classes: dict[str, list[str]] = {}
        self.titles: list[str] = []
        self.names: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.names |= {tag, *values}
        self.titles += [values["title"] or ""] if "title" in values else []
        if tag == "rt":
            self.zhuyin.append("")
        if tag not in VOID:
            self.open.append((tag, values.get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        kinds = [kind for _, kind in self.open]
        tags = {tag for tag, _ in self.open}
        if "rt" in tags:
            self.zhuyin[-1] += data
        elif "text" in kinds and not tags & SAID:
            if "said" not in kinds and "pause" not in kinds:
                self.written += data
            for kind in kinds[-1].split():
                self.classes.setdefault(kind, []).append(data)


def page_of(text: str, lexicon: str = "", pauses: tuple[tuple[int, int], ...] = ()) -> tuple[Page, str]:
    utterance, layers = Reader(station=parse_station(lexicon)).trace(text, pauses)
    remarks = tuple(
        Remark(n.code, text_in(n.text, Language.CHINESE), "", n.place.span if n.place else None)
        for n in utterance.notices
    )
    html = ruby_page("題", [RubySection("標題", "副題", utterance, layers, remarks)])
    return Page(html), html


@pytest.mark.parametrize(
    "text",
    [
        "垃圾車，AI 與 3.28%。",
        "今天（週一）14:30，撥打02-2345-6789「第119屆」。",
        "金城武{ㄐㄧㄣ ㄔㄥˊ ㄨˇ}他假🎉，占3/4。",
        "<b>危險</b>&amp;企業，**成長**3%\n第二行",
        "US$5億元",
    ],
)
def test_the_written_text_stands_whole_and_in_order(text: str) -> None:
    page, _ = page_of(text)
    assert page.written == text.replace("\n", "")


def test_every_syllable_has_its_zhuyin() -> None:
    text = "垃圾的3.28%，一個"
    page, _ = page_of(text)
    assert page.zhuyin == [s.zhuyin for s in Reader().read(text).syllables]


def test_nothing_is_loaded_and_nothing_runs() -> None:
    _, html = page_of("垃圾")
    page = Page(html)
    assert page.names.isdisjoint({"script", "link", "img", "iframe", "src", "href", "onclick", "onload"})
    assert "url(" not in html
    assert "@import" not in html
    assert "http://" not in html.replace("http-equiv", "")
    assert "https://" not in html


def test_layers_and_doubts_are_told_apart() -> None:
    page, html = page_of("企業{ㄑㄧˇ ㄧㄝˋ}調查，他假🎉", "調查\tㄉㄧㄠˋ ㄔㄚˊ\n")
    assert page.classes["inline"] == ["企", "業"]
    assert page.classes["station"] == ["調", "查"]
    assert page.classes["guess"] == ["假"]
    assert page.classes["noticed"] == ["🎉"]
    assert page.classes["mark"] == ["{ㄑㄧˇ ㄧㄝˋ}"]
    assert "稿中指定" in page.titles
    assert any("不只一種讀法" in title for title in page.titles)
    assert html.count("<li id=") == 2


def test_what_is_said_stands_under_the_number() -> None:
    _, html = page_of("上漲3.28%了")
    digits, _, rest = html.partition('<span class="digits">3.28%</span>')
    assert rest.startswith('<span class="said"><ruby>百')
    assert "漲" in digits


def test_a_pause_is_shown() -> None:
    _, html = page_of("各位晚安", pauses=((2, 500),))
    assert '<span class="pause">停 0.5 秒</span>' in html


def test_markup_in_titles_and_notices_is_text() -> None:
    utterance, layers = Reader().trace("好")
    remark = Remark("x", "<i>&", "<1>", utterance.items[0].span)
    html = ruby_page("<script>alert(1)</script>", [RubySection("<h2>", "<p>", utterance, layers, (remark,))])
    Page(html)
    assert "<script>" not in html
    assert "<i>&" not in html.replace("<i>ㄏ", "")
    assert "&lt;script&gt;" in html
