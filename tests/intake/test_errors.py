"""Every error of docs/script.md: what, where, what to do."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PIL import Image

from anchor.core.errors import ScriptError
from anchor.intake.script import load_script, parse_script

FRONT = "---\npresenters: [lan, hao]\n---\n"


def caught(text: str, base: Path = Path()) -> ScriptError:
    with pytest.raises(ScriptError) as found:
        parse_script(text, "a.md", base)
    return found.value


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("", 1, 1, "nothing", "write at least one sentence"),
        ("---\nslug: a\n---\n\n", 1, 1, "nothing", "write at least one sentence"),
        ("# 一\n\n## 二\n", 1, 1, "only headings", "write at least one sentence"),
        ("[停 1秒]\n", 1, 1, "only marks", "write at least one sentence"),
        ("你好。\n[標提: 新]甲", 2, 1, "unknown mark [標提: 新]", "did you mean [標題…]"),
        ("甲[lower-thrid: a]", 1, 2, "unknown mark", "did you mean [lower third…]"),
        ("[記者王小明／台北報導]甲", 1, 1, "unknown mark", "\\["),
        ("甲[]乙", 1, 2, "unknown mark", "marks are"),
        ("甲[停 1秒\n乙]", 1, 2, "does not close", "close it with ]"),
        ("甲[停 [標題]", 1, 2, "does not close", "close it with ]"),
        ("甲[停 很久]", 1, 2, "'很久' is not a length", "[停 0.8秒]"),
        ("甲[語速: 飛快]", 1, 2, "'飛快' is not a pace", "characters a minute"),
        ("甲[語速]", 1, 2, "nothing in it", "[語速: 慢]"),
        ("甲[pace: 900]", 1, 2, "out of range", "150 to 400"),
        ("---\npace: 40\n---\n甲", 2, 7, "out of range", "150 to 400"),
        ("甲[停 11秒]", 1, 2, "out of range", "0.05 to 10"),
        ("甲[停 1ms]", 1, 2, "out of range", "0.05 to 10"),
        ("甲[字卡: a|b|c]", 1, 2, "too much", "[字卡: 姓名｜職稱]"),
        ("甲[字幕: a|b|c]", 1, 2, "too much", "[字卡: 姓名｜職稱]"),
        ("甲[字募: a]", 1, 2, "unknown mark", "did you mean [字卡…]"),
        ("甲[字卡]", 1, 2, "without a name", "[字卡: 姓名｜職稱]"),
        ("甲[主播]", 1, 2, "nothing in it", "[主播: 代號]"),
        ("甲[圖: ]", 1, 2, "nothing in it", "[圖: 檔名｜說明]"),
        ("# 一[停 1秒]\n甲", 1, 4, "a heading holds no marks", "paragraph below"),
        (FRONT + "[主播: hoa]甲", 4, 1, "unknown presenter 'hoa'", "did you mean hao?"),
        (FRONT + "[主播: 小明]甲", 4, 1, "unknown presenter", "there are: lan, hao"),
        ("[主播: hao]甲", 1, 1, "unknown presenter", "names none"),
        ("甲\n乙<!-- 丙\n丁", 2, 2, "comment does not end", "-->"),
        ("甲\n乙\x07丙", 2, 2, "U+0007", "delete it"),
        ("甲\u2028乙", 1, 2, "U+2028", "delete it"),
        ("甲\ud800乙", 1, 2, "U+D800", "delete it"),
        ("---\nslug: a\n甲", 1, 1, "front matter does not end", "---"),
        ("---\nslug: a\ntitel: 甲\n---\n乙", 3, 1, "unknown key 'titel'", "did you mean title?"),
        ("---\n天氣: 甲\n---\n乙", 2, 1, "unknown key", "keys are: slug"),
        ("---\nslug: a\nslug: b\n---\n乙", 3, 1, "given twice", "keep one"),
        ("---\ntitle: AI: 下一步\n---\n乙", 2, 10, "mapping values", "quotes"),
        ("---\ntitle: @甲\n---\n乙", 2, 8, "front matter", "quotes"),
        ("---\ntitle：甲\n---\n乙", 2, 1, "not a list of key", "half-width colon"),
        ("---\npresenters:\n\tlan:\n---\n乙", 3, 1, "front matter", "spaces"),
        ("---\ntitle: [a, b]\n---\n乙", 2, 8, "one value", "title: value"),
        ("---\nslug: a/b\n---\n乙", 2, 7, "not a slug", "letters"),
        ("---\ndate: 十一月\n---\n乙", 2, 7, "not a date", "2026-11-23"),
        ("---\ndate: 2026-02-30\n---\n乙", 2, 7, "no day", "2026-11-23"),
        ("---\nembargo: 2026-11-23T18:00\n---\n乙", 2, 10, "no offset", "+08:00"),
        ("---\nembargo: 傍晚\n---\n乙", 2, 10, "not an instant", "+08:00"),
        ("---\nlanguage: 中文\n---\n乙", 2, 11, "not a language", "zh-Hant-TW"),
        ("---\nuse: 活動\n---\n乙", 2, 6, "not a use", "news, events"),
        ("---\nlook: ../a\n---\n乙", 2, 7, "not a name of a pack", "anchor looks list"),
        ("---\navatar: lan\npresenters: [lan]\n---\n乙", 2, 1, "both given", "under presenters"),
        ("---\npresenters: []\n---\n乙", 2, 13, "empty", "name one"),
        ("---\npresenters: [lan, lan]\n---\n乙", 2, 19, "given twice", "keep one"),
        ("---\npresenters:\n  lan: {face: a}\n---\n乙", 3, 9, "unknown key 'face'", ""),
    ],
)
def test_message_place_and_hint(text: str, line: int, column: int, message: str, hint: str) -> None:
    error = caught(text)
    assert message in error.message
    assert hint in error.hint
    assert error.hint
    assert error.place is not None
    assert (error.place.file, error.place.line, error.place.column) == ("a.md", line, column)


def test_missing_picture_suggests_its_neighbour(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "chart.png")
    error = caught("甲[圖: chrat.png]", tmp_path)
    assert error.hint == "did you mean chart.png?"
    error = caught("甲\n乙[圖: nowhere/a.png]", tmp_path)
    assert "nowhere" in error.hint
    assert error.place is not None
    assert (error.place.line, error.place.column) == (2, 2)


def test_pictures_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "zip.jpg").write_bytes(b"PK\x03\x04" + bytes(100))
    assert "not a picture" in caught("甲[圖: zip.jpg]", tmp_path).message
    Image.effect_noise((200, 200), 80).save(tmp_path / "whole.jpg")
    raw = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "torn.jpg").write_bytes(raw[: len(raw) // 2])
    assert "damaged" in caught("甲[圖: torn.jpg]", tmp_path).message
    (tmp_path / "empty.png").touch()
    assert "not a picture" in caught("甲[圖: empty.png]", tmp_path).message
    (tmp_path / "folder.png").mkdir()
    assert "directory" in caught("甲[圖: folder.png]", tmp_path).message


def test_a_picture_larger_than_any_screen_is_refused(tmp_path: Path) -> None:
    Image.new("1", (11_000, 10_000)).save(tmp_path / "large.png")
    assert "11000 × 10000" in caught("甲[圖: large.png]", tmp_path).message
    Image.new("1", (20_000, 10_000)).save(tmp_path / "bomb.png")
    assert "far too large" in caught("甲[圖: bomb.png]", tmp_path).message


def test_what_no_look_could_show_is_refused_while_reading(tmp_path: Path) -> None:
    Image.new("1", (10_000, 9_000)).save(tmp_path / "large.png")
    assert "more than 80 million" in caught("甲[圖: large.png]", tmp_path).message
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    error = caught("甲\n乙[圖: moving.gif]", tmp_path)
    assert "moving.gif holds several pictures" in error.message
    assert error.place is not None and error.place.line == 2


@pytest.mark.parametrize(
    ("raw", "message", "hint"),
    [
        ("你好，各位觀眾晚安".encode("cp950"), "byte 0 is 0xA7", "Big5"),
        ("你好".encode("utf-16"), "byte 0 is 0xFF", "UTF-16"),
        ("今天的新聞。\n各位觀眾".encode("utf-16-be"), "not UTF-8", "UTF-16-BE"),
        ("今天的新聞。\n各位觀眾".encode("utf-16-le"), "not UTF-8", "UTF-16-LE"),
        ("今天的新闻，各位观众".encode("gbk"), "byte 0 is 0xBD", "GBK"),
        ("今天的新聞，各位觀眾".encode("gbk"), "byte 0 is 0xBD", "GBK"),
        ("今天的新聞，各位觀眾".encode("cp950"), "byte 0 is 0xA4", "Big5"),
        (random.Random(1).randbytes(2000), "not UTF-8", "binary"),
        ("甲\n乙".encode() + b"\xff\x00", "byte 7 is 0xFF", "binary"),
        ("甲".encode()[:2], "byte 0", "UTF-8"),
    ],
)
def test_not_utf8(tmp_path: Path, raw: bytes, message: str, hint: str) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(raw)
    with pytest.raises(ScriptError) as found:
        load_script(path)
    assert message in found.value.message
    assert hint in found.value.hint
    assert found.value.place is not None
    assert found.value.place.line is not None


def test_files_that_are_no_script(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="no such file"):
        load_script(tmp_path / "none.md")
    with pytest.raises(ScriptError, match="directory"):
        load_script(tmp_path)
    (tmp_path / "big.md").write_bytes(b"a" * (5 * 1024 * 1024))
    with pytest.raises(ScriptError, match="larger than 4 MB"):
        load_script(tmp_path / "big.md")
