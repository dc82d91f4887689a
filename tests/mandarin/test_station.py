"""The station's lexicon: its file, its errors, and what it does to a reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.core.errors import PackError
from anchor.core.speech import Word
from anchor.mandarin.reader import Reader
from anchor.mandarin.station import StationWord, examine_station, load_station, parse_station
from anchor.mandarin.station_file import put_words, read_foreign, remove_words
from anchor.mandarin.table_file import is_big5

LEXICON = """\
word\treading\tnote
# 公司
台積電\tㄊㄞˊ ㄐㄧ ㄉㄧㄢˋ\t半導體

牛步\tniú bù
調查\tdiao4cha2
"""


def pinyin(reader: Reader, text: str) -> list[str | None]:
    return [s.pinyin for s in reader.read(text).syllables]


def test_readings_are_written_in_three_ways() -> None:
    assert [row.reading for row in parse_station(LEXICON).words] == [
        ("tai2", "ji1", "dian4"),
        ("niu2", "bu4"),
        ("diao4", "cha2"),
    ]
    assert [row.line for row in parse_station(LEXICON).words] == [3, 5, 6]
    assert parse_station("呂\tlǚ\n綠\tlü4\n女\tnu:3").readings == {"呂": ("lv3",), "綠": ("lv4",), "女": ("nv3",)}


def test_windows_files_are_files() -> None:
    assert parse_station(LEXICON.replace("\n", "\r\n")) == parse_station(LEXICON)


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("單獨", 1, "no reading"),
        ("垃圾\tㄌㄜˋ", 4, "2 characters, the reading 1"),
        ("垃圾\tle4 se6", 8, "'se6' is no syllable"),
        ("垃圾\tㄌㄜˋ ㄙㄜㄜ", 8, "ㄙㄜㄜ"),
        ("OK\tokay", 4, "no Chinese character"),
        ("OK\tou1 kei", 8, "'kei' is no syllable"),
        ("好！\thao3 hao3", 2, "no letter, digit or Chinese character"),
        ("+-\thao3", 1, "no letter"),
        ("\thao3", 1, "no word"),
        ("好\thao3\tx\ty", 10, "4 cells"),
        ("好" * 21 + "\t" + "hao3 " * 21, 1, "21 characters"),
        ("台積電\tㄊㄞˊ ㄐㄧ ㄌㄢˊ", 1, "line 3"),
    ],
)
def test_a_broken_row_is_pointed_at(row: str, column: int, says: str) -> None:
    with pytest.raises(PackError) as caught:
        parse_station(LEXICON + row + "\n", "l.tsv")
    place = caught.value.place
    assert place is not None
    assert (place.file, place.line, place.column) == ("l.tsv", 7, column)
    assert says in caught.value.message
    assert caught.value.hint


def test_all_broken_rows_are_told_and_sound_ones_kept() -> None:
    found, faults = examine_station("好\thao3\n壞\tx\n垃圾\tle4\n高\tgao1\n")
    assert [row.word for row in found.words] == ["好", "高"]
    assert [fault.place.line for fault in faults if fault.place] == [2, 3]
    with pytest.raises(PackError, match="1 more rows"):
        parse_station("好\thao3\n壞\tx\n垃圾\tle4\n")


def test_a_row_that_stands_twice_is_no_fault() -> None:
    assert len(parse_station("臺北\ttai2 bei3\n台北\tㄊㄞˊ ㄅㄟˇ\n").words) == 1


@pytest.mark.parametrize(
    ("raw", "says"),
    [("好\thao3".encode("big5"), "UTF-8"), (b"\xff\xfe\x00", "UTF-8"), (b"x" * (9 << 20), "larger than")],
)
def test_files_that_are_no_lexicon(tmp_path: Path, raw: bytes, says: str) -> None:
    path = tmp_path / "l.tsv"
    path.write_bytes(raw)
    with pytest.raises(PackError, match=says) as caught:
        load_station(path)
    assert caught.value.place and caught.value.place.file == str(path)


def test_no_file_is_an_empty_lexicon(tmp_path: Path) -> None:
    reader = Reader(station=load_station(tmp_path / "none.tsv"))
    assert reader.layers == ()
    with pytest.raises(PackError):
        load_station(tmp_path)


def test_it_stands_above_the_tables_and_below_the_script() -> None:
    reader = Reader(station=parse_station("企業\tqi3 ye4\n一個\tyi1 ge4\n"))
    assert pinyin(reader, "企業") == ["qi3", "ye4"]
    assert pinyin(reader, "企業{qi1 ye1}") == ["qi1", "ye1"]
    assert pinyin(reader, "一個人") == ["yi1", "ge4", "ren2"]
    assert reader.trace("企業界")[1] == ("station", "station", "character")
    assert pinyin(Reader(), "企業") == ["qi4", "ye4"]


def test_both_ways_to_write_tai_are_one() -> None:
    reader = Reader(station=parse_station("台積電\ttai1 ji1 dian4\n"))
    assert pinyin(reader, "臺積電") == pinyin(reader, "台積電") == ["tai1", "ji1", "dian4"]


def test_its_words_are_never_cut() -> None:
    text = "研究人員和企業主管討論垃圾處理的品質" * 8
    reader = Reader(station=parse_station("員和企業主\tyuan2 he2 qi4 ye4 zhu3\n"))
    words = [item.text for item in reader.read(text).items if isinstance(item, Word)]
    assert words.count("員和企業主") == 8


def test_the_longest_word_wins_and_guards_what_is_in_it() -> None:
    station = parse_station("長榮\tchang2 rong2\n部長榮獲\tbu4 zhang3 rong2 huo4\n")
    assert list(station.spans("部長榮獲長榮獎")) == [(0, 4), (4, 6)]
    assert pinyin(Reader(station=station), "部長榮獲")[1] == "zhang3"


def test_it_does_not_reach_into_a_number() -> None:
    reader = Reader(station=parse_station("八點\tba1 dian1\n二十元\ter4 shi2 yuan1\n"))
    assert "dian1" not in pinyin(reader, "3.28點")
    assert pinyin(reader, "共20元")[-1] == "yuan1"


def test_the_digest_knows_words_and_readings_alone() -> None:
    one, two = parse_station("好\thao3\tx\n高\tgao1\n"), parse_station("# c\n高\tㄍㄠ\n好\tㄏㄠˇ\n")
    assert one.digest == two.digest != parse_station("好\thao4\n高\tgao1\n").digest


def test_changes_keep_comments_and_order(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "l.tsv"
    rows = [StationWord("好", ("hao3",), "註"), StationWord("高", ("gao1",))]
    assert [c.before for c in put_words(path, rows)] == ["", ""]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("高", "# 說明\n高"), encoding="utf-8")
    (change,) = put_words(
        path, [StationWord("好", ("hao4",)), StationWord("高", ("gao1",)), StationWord("好", ("hao4",))]
    )
    assert (change.before, change.after) == ("hao3", "hao4")
    assert path.read_text(encoding="utf-8") == "word\treading\tnote\n好\thao4\t註\n# 說明\n高\tgao1\n"
    remove_words(path, ["好"])
    assert path.read_text(encoding="utf-8") == "word\treading\tnote\n# 說明\n高\tgao1\n"
    with pytest.raises(PackError, match="好"):
        remove_words(path, ["高", "好"])
    assert [p.name for p in path.parent.iterdir()] == ["l.tsv"]
    assert [row.word for row in load_station(path).words] == ["高"]


def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "l.tsv"
    path.write_text("好\tx\n", encoding="utf-8")
    with pytest.raises(PackError):
        put_words(path, [StationWord("高", ("gao1",))])
    with pytest.raises(PackError):
        remove_words(path, ["好"])
    assert path.read_text(encoding="utf-8") == "好\tx\n"


@pytest.mark.parametrize(
    "raw",
    [
        "金城武,jin1 cheng2 wu3,演員\n".encode(),
        "備註;注音;詞語\n演員;ㄐㄧㄣ ㄔㄥˊ ㄨˇ;金城武\n".encode("utf-8-sig"),
        "Word\tPinyin\tComment\r\n金城武\tjīn chéng wǔ\t演員\r\n".encode("utf-16"),
        '"金城武","jin1cheng2wu3","演員"\n'.encode(),
    ],
)
def test_tables_of_other_tools(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(raw)
    (row,) = read_foreign(path)
    assert (row.word, row.reading, row.note) == ("金城武", ("jin1", "cheng2", "wu3"), "演員")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows"),
        ("hello,world\n", "no Chinese character"),
        ("好,hao3\n高,gao\n壞,x\n", "1 more"),
        ("好,hao3\n好,hao4\n", "hao4"),
        ("好\n", "0 syllables"),
    ],
)
def test_nonsense_is_not_taken_over(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match=says):
        read_foreign(path)


TOKENS = """\
TSMC\t台積電
WHO\t世衛
NVIDIA\thui1 da2
Taylor Swift\t泰勒絲
3M\t三恩
1450\t一四五零
立院\t立法院
"""


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("TSMC宣布", "台積電宣布"),
        ("ＴＳＭＣ宣布", "台積電宣布"),
        ("WHO秘書長", "世衛秘書長"),
        ("WHOIS查詢", "WHOIS查詢"),
        ("Taylor Swift來台", "泰勒絲來台"),
        ("買3M口罩，13M不是", "買三恩口罩，十三M不是"),
        ("1450人", "一四五零人"),
        ("21450人", "兩萬一千四百五十人"),
        ("立院三讀", "立法院三讀"),
        ("WHO{世界衛生組織}", "世界衛生組織"),
    ],
)
def test_any_token_has_a_spoken_form(written: str, spoken: str) -> None:
    assert Reader(station=parse_station(TOKENS)).read(written).spoken == spoken


def test_a_name_in_letters_has_a_reading() -> None:
    utterance, layers = Reader(station=parse_station(TOKENS)).trace("NVIDIA和TSMC")
    assert [s.pinyin for s in utterance.syllables] == ["hui1", "da2", "han4", "tai2", "ji1", "dian4"]
    assert [(s.span.start, s.span.end) for s in utterance.syllables] == [(0, 6)] * 2 + [(6, 7)] + [(7, 11)] * 3
    assert layers[:2] == layers[3:5] == ("station", "station")


def test_spoken_forms_are_in_the_digest() -> None:
    assert parse_station("WHO\t世衛\n").digest != parse_station("WHO\t誰\n").digest != parse_station("").digest


def test_a_table_in_big5_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("詞,注音,備註\n牛步,ㄋㄧㄡˊ ㄅㄨˋ,慢\n新聞,ㄒㄧㄣ ㄨㄣˊ,\n".encode("cp950"))
    assert is_big5(path)
    assert [(row.word, row.reading) for row in read_foreign(path)] == [
        ("牛步", ("niu2", "bu4")),
        ("新聞", ("xin1", "wen2")),
    ]
    path.write_bytes("词,拼音\n新闻,xin1 wen2\n我们的,wo3 men5 de5\n".encode("gbk"))
    assert not is_big5(path)
    with pytest.raises(PackError, match="GBK"):
        read_foreign(path)
