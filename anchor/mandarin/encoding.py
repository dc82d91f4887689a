"""What encoding bytes that are no UTF-8 probably are: by how many of the commonest characters come out."""

from __future__ import annotations

import codecs

from anchor.messages import message

BIG5 = "cp950"
ENCODINGS = {
    "utf-16-be": "UTF-16 (big-endian)",
    "utf-16-le": "UTF-16 (little-endian)",
    BIG5: "Big5",
    "gb18030": message("mandarin.gbk"),
}
"""Codec → what people call it."""
COMMON = frozenset(
    "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可她里後小麼心多天而能好都然沒日於起還發成事只作當"
    "想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長知民樣現分將外但身些與高意進把法此實回二理美點月明其種聲全工己話兒者向情部正名定女"
    "問力機給等幾很業最間新什打便位因重被走電四第門相次東政海口使教西再平真聽世氣信北少關並內加化由卻代軍產入先山五太水萬市新聞台臺灣北今報導記者"
    "这来国个说们为时会着过学对里后么没于还发当无开经头见从动两长样现将与进实点种声话儿问机给几业间电门东听气关并内产万报导"
    "，。、：；！？「」（）　\nㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄓㄔㄕㄖㄗㄘㄙㄧㄨㄩㄚㄛㄜㄝㄞㄟㄠㄡㄢㄣㄤㄥㄦˊˇˋ˙"
)
"""The commonest characters of Chinese texts, in both scripts, and their signs."""
LEAST_COMMON = 0.2
"""Share of a text's characters beyond ASCII that are common ones, at least; of another encoding's it is below 0.05."""
SAMPLE = 65_536
"""Bytes that are looked at."""
LONGEST_CHARACTER = 4
"""Bytes of a character that the end of the sample may cut."""


def likely_encoding(raw: bytes) -> str:
    """A key of `ENCODINGS`; empty: UTF-8, or no text at all."""
    if raw.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if raw.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    if _decoded(raw, "utf-8") is not None and b"\0" not in raw[:SAMPLE]:
        return ""
    best = max(ENCODINGS, key=lambda name: _share(raw, name))
    return best if _share(raw, best) >= LEAST_COMMON else ""


def _share(raw: bytes, encoding: str) -> float:
    text = _decoded(raw, encoding)
    if not text or any(char < " " and char not in "\t\r\n" for char in text):
        return 0.0
    wide = [char for char in text if not char.isascii()]
    return sum(char in COMMON for char in wide) / len(wide) if wide else 0.0


def _decoded(raw: bytes, encoding: str) -> str | None:
    """The beginning of `raw` as text; None: it is not of this encoding."""
    part = raw[:SAMPLE]
    for cut in range(LONGEST_CHARACTER if len(raw) > SAMPLE else 1):
        try:
            return part[: len(part) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
