"""An utterance as a document and as rows for a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable

from anchor.core.speech import Utterance
from anchor.mandarin.reader import Reader
from anchor.mandarin.reading_document import other_readings, reading_document, ruby_lines, terminal_cells

Read = Callable[[str], Utterance]


def test_document_has_one_entry_for_each_syllable() -> None:
    reader = Reader()
    utterance, layers = reader.trace("垃圾AI🎉")
    document = json.loads(json.dumps(reading_document(utterance, layers, reader), ensure_ascii=False))
    assert document["spoken"] == "垃圾AI"
    assert document["syllables"] == [
        {"char": "垃", "pinyin": "le4", "zhuyin": "ㄌㄜˋ", "span": [0, 1], "layer": "table"},
        {"char": "圾", "pinyin": "se4", "zhuyin": "ㄙㄜˋ", "span": [1, 2], "layer": "table"},
        {"char": "AI", "pinyin": None, "zhuyin": None, "span": [2, 4], "layer": "latin"},
    ]
    (notice,) = document["notices"]
    assert notice["code"] == "emoji"
    assert notice["span"] == [4, 5]
    assert notice["others"] == []
    assert notice["text"] == notice["texts"]["en"] == "The picture 「🎉」 is left out."
    assert notice["texts"]["zh-Hant-TW"] == "圖案「🎉」略過不讀。"
    assert document["layers"] == {}


def test_a_doubtful_character_offers_its_other_readings() -> None:
    reader = Reader()
    utterance = reader.read("他假")
    (notice,) = utterance.notices
    others = other_readings(utterance, notice, reader)
    assert "ㄐㄧㄚˋ" in others
    assert utterance.syllables[1].zhuyin not in others


def test_rows_stand_in_columns(read: Read) -> None:
    zhuyin, pinyin, chars = ruby_lines(read("垃圾車，AI"), 80)
    assert zhuyin.split() == ["ㄌㄜˋ", "ㄙㄜˋ", "ㄔㄜ"]
    assert pinyin.split() == ["le4", "se4", "che1"]
    assert (
        terminal_cells(zhuyin[: zhuyin.index("ㄔ")])
        == terminal_cells(pinyin[: pinyin.index("che1")])
        == terminal_cells(chars[: chars.index("車")])
    )


def test_rows_keep_to_the_width(read: Read) -> None:
    lines = ruby_lines(read("中央氣象署表示，今天北部天氣轉涼。" * 3), 40)
    assert len(lines) > 8
    assert all(terminal_cells(line) <= 40 for line in lines)
    assert "".join(lines[2::4]).replace(" ", "") == "中央氣象署表示，今天北部天氣轉涼。" * 3
