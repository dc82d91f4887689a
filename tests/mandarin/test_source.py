"""Wire furniture, Simplified input, English stretches: what is taken out, changed or left as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anchor.core.speech import Utterance
from anchor.mandarin.reader import Reader

Read = Callable[[str], Utterance]


def notices(utterance: Utterance) -> list[tuple[str, str]]:
    """Code and written text of every notice."""
    return [
        (n.code, utterance.written[n.place.span.start : n.place.span.end])
        for n in utterance.notices
        if n.place and n.place.span
    ]


@pytest.mark.parametrize(
    ("written", "spoken", "cut"),
    [
        ("（中央社記者王小明台北23日電）天氣轉涼。", "天氣轉涼。", "（中央社記者王小明台北23日電）"),
        ("(中央社記者林大同、陳小美高雄23日電)天氣轉涼。", "天氣轉涼。", "(中央社記者林大同、陳小美高雄23日電)"),
        ("（中央社紐約23日綜合外電報導）美股收紅。", "美股收紅。", "（中央社紐約23日綜合外電報導）"),
        ("〔記者王小明／台北報導〕天氣轉涼。", "天氣轉涼。", "〔記者王小明／台北報導〕"),
        ("記者王小明／台北報導\n天氣轉涼。", "天氣轉涼。", "記者王小明／台北報導"),
        ("天氣轉涼。（編輯：李大華）1151123", "天氣轉涼。", "（編輯：李大華）1151123"),
        ("天氣轉涼。（譯者：張三／核稿：李四）1151123", "天氣轉涼。", "（譯者：張三／核稿：李四）1151123"),
        ("天氣轉涼。1151123", "天氣轉涼。", "1151123"),
        ("天氣轉涼。（圖／翻攝畫面）", "天氣轉涼。", "（圖／翻攝畫面）"),
    ],
)
def test_furniture_is_left_out_with_a_notice(written: str, spoken: str, cut: str, read: Read) -> None:
    utterance = read(written)
    assert utterance.spoken == spoken
    assert [(code, text.strip()) for code, text in notices(utterance)] == [("furniture", cut)]


def test_furniture_is_read_where_that_is_asked() -> None:
    utterance = Reader(furniture="read").read("天氣轉涼。（編輯：李大華）1151123")
    assert utterance.spoken == "天氣轉涼。編輯：李大華，民國一百一十五年十一月二十三日"
    assert utterance.notices == ()


@pytest.mark.parametrize("written", ["（這是中央社的電話）", "記者會下午召開。", "編號1151123的案件"])
def test_what_only_looks_like_furniture_stays(written: str, read: Read) -> None:
    assert [n.code for n in read(written).notices] == []


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("软件和网络", "軟體和網路"),
        ("他的头发很长", "他的頭髮很長"),
        ("面条很好吃，后面还有", "麵條很好吃，後面還有"),
        ("打印机、出租车、数据库", "印表機、計程車、資料庫"),
    ],
)
def test_simplified_is_converted_with_a_notice(written: str, spoken: str, read: Read) -> None:
    utterance = read(written)
    assert utterance.spoken == spoken
    assert {code for code, _ in notices(utterance)} == {"simplified"}


def test_converted_words_say_the_characters_they_come_from(read: Read) -> None:
    utterance = read("买了打印机，很好")
    said = {s.char: utterance.written[s.span.start : s.span.end] for s in utterance.syllables}
    assert said["買"] == "买"
    assert "打印" in said["印"] + said["表"] or said["機"] == "机"
    assert said["好"] == "好"


def test_a_quotation_keeps_its_characters(read: Read) -> None:
    utterance = read("他说：「我们去软件园。」")
    assert utterance.spoken == "他說：我们去软件园。"
    assert notices(utterance) == [("simplified", "他说："), ("simplified-quotation", "「我们去软件园。」")]


@pytest.mark.parametrize("written", ["后羿與皇后", "台北市里長", "只有一只", "范先生在面店", "佐々木與堃霖"])
def test_traditional_text_is_left_alone(written: str, read: Read) -> None:
    assert not {"simplified", "simplified-quotation"} & {n.code for n in read(written).notices}


def test_english_stays_english_with_its_numbers(read: Read) -> None:
    utterance = read("他說 we will win 3 games this year 讓球迷歡呼，還買了 iPhone 17 Pro")
    words = [s.char for s in utterance.syllables if s.pinyin is None]
    assert words == ["we", "will", "win", "3", "games", "this", "year", "iPhone", "Pro"]


def test_a_doubtful_reading_names_the_others(read: Read) -> None:
    (notice,) = read("他假").notices
    assert notice.code == "guessed-reading"
    assert "ㄐㄧㄚˇ" in notice.text
    assert "ㄐㄧㄚˋ" in notice.text
