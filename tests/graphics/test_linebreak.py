"""Line breaks, by table (linebreak.tsv) and by rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.graphics.lettering import Letterer
from anchor.graphics.linebreak import NEVER, break_costs, break_lines, width_em
from anchor.graphics.style import TextStyle

TABLE = [
    line.split("\t") for line in Path(__file__).with_name("linebreak.tsv").read_text(encoding="utf-8").splitlines()[1:]
]
# ECMA-376, kinsoku for zh-TW, as given in the standard's table.
NOT_AT_START = (
    "!),.:;?]}¢·–—’”•‥…‧′╴、。〉》」』】〕〞︰︱︳︴︶︸︺︼︾﹀﹂﹄﹏﹐﹑﹒﹔﹕﹖﹗﹚﹜﹞！），．：；？］｜｝､"
)
NOT_AT_END = "([{£¥‘“‵〈《「『【〔〝︵︷︹︻︽︿﹁﹃﹙﹛﹝（｛"


@pytest.mark.parametrize(("text", "width", "lines", "expected", "why"), TABLE, ids=[row[0] for row in TABLE])
def test_table(text: str, width: str, lines: str, expected: str, why: str) -> None:
    found = break_lines(text, break_costs(text), float(width), int(lines), width_em)
    assert found == (None if expected == "-" else tuple(expected.split("|"))), why


@pytest.mark.parametrize("mark", NOT_AT_START)
def test_never_at_the_start(mark: str) -> None:
    assert break_costs(f"今天{mark}明天")[2] == NEVER


@pytest.mark.parametrize("mark", NOT_AT_END)
def test_never_at_the_end(mark: str) -> None:
    assert break_costs(f"今天{mark}明天")[3] == NEVER


def test_names_are_kept() -> None:
    assert break_costs("主播林安瀾報導")[3] < NEVER
    assert break_costs("主播林安瀾報導", protect=("林安瀾",))[3:5] == [NEVER, NEVER]


def test_words_are_dearer_to_break_than_seams() -> None:
    costs = break_costs("半導體產線", words=(0, 3))
    assert costs[3] < costs[2] == costs[4] < NEVER


def test_cells() -> None:
    assert width_em("今天 3.28%") == 5.0
    assert width_em("「臺」") == 3.0


STYLE = TextStyle("Bold", 100.0, 60.0)


def test_text_shrinks_before_it_is_cut() -> None:
    letterer = Letterer("Noto Sans CJK TC", STYLE, 1.0)
    assert letterer.fit("半導體", 400, 1).em == 100.0
    shrunk = letterer.fit("半導體產線", 400, 1)
    assert shrunk.lines == ("半導體產線",)
    assert 60 <= shrunk.em < 100
    assert shrunk.width <= 400
    cut = letterer.fit("半導體產線自主調度上路", 400, 1)
    assert cut.em == 60.0
    assert cut.lines[0].endswith("…")
    assert "半導體產線自主調度上路".startswith(cut.lines[0][:-1])
    assert cut.width <= 400


def test_long_titles_take_a_second_line_between_words() -> None:
    title = "全球半導體先進封裝產業高峰論壇"
    setting = Letterer("Noto Sans CJK TC", STYLE, 1.0).fit(title, 900, 2)
    assert "".join(setting.lines) == title
    assert len(setting.lines) == 2
    assert setting.em == 100.0
    assert not setting.lines[1].startswith(("體", "導體", "裝", "壇"))


@pytest.mark.parametrize(
    "title",
    [
        "數位|發展部|資通|安全署",
        "國立|暨南|國際|大學|學生會長",
        "半導體|產業|協會|年度|大會",
        "衛生|福利部|疾病|管制署|副署長",
        "原住民族|委員會|主任委員",
        "民進黨|團總召|柯建銘",
        "解志清|局長|與|王小明|出席",
        "二十五萬戶|停電",
        "AI|產業|論壇|2026|開幕",
    ],
)
def test_no_word_is_broken_while_smaller_type_helps(title: str) -> None:
    """At every width that a title may have; the bars show where it may break."""
    text = title.replace("|", "")
    letterer = Letterer("Noto Sans CJK TC", STYLE, 1.0)
    allowed = {len(title[:at].replace("|", "")) for at, char in enumerate(title) if char == "|"}
    least = min(max(at, len(text) - at) for at in allowed) * 62  # at the smallest type
    for width in range(least, len(text) * 100, 20):
        setting = letterer.fit(text, width, 2)
        assert "".join(setting.lines) == text
        if len(setting.lines) == 2:
            assert len(setting.lines[0]) in allowed, (width, setting)


def test_a_word_that_fits_no_line_is_broken_rather_than_lost() -> None:
    setting = Letterer("Noto Sans CJK TC", STYLE, 1.0).fit("人工智慧", 150, 2)
    assert setting.lines == ("人工", "智慧")


def test_a_cut_title_breaks_between_words() -> None:
    title = "半導體產業協會年度大會暨全球先進封裝高峰論壇"
    setting = Letterer("Noto Sans CJK TC", STYLE, 1.0).fit(title, 430, 2)
    assert setting.lines[0] in ("半導體", "半導體產業", "半導體產業協會") and setting.lines[1].endswith("…")


def test_air_between_scripts() -> None:
    letterer = Letterer("Noto Sans CJK TC", STYLE, 1.0)
    apart = letterer.measure("約", 100.0) + letterer.measure("3", 100.0) + letterer.measure("人", 100.0)
    assert apart + 20 < letterer.measure("約3人", 100.0) < apart + 50


def test_edge_brackets_do_not_count() -> None:
    letterer = Letterer("Noto Sans CJK TC", STYLE, 1.0)
    assert letterer.measure("「臺」", 100.0) == pytest.approx(200.0)
    assert letterer.measure("臺「臺", 100.0) == pytest.approx(300.0)
