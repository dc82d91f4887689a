"""What notices say, in both languages."""

from __future__ import annotations

import pytest

from anchor.mandarin.markup import TELLS
from anchor.mandarin.reader import Reader
from anchor.mandarin.rules.order import RULES, RULES_HAN, RULES_LATIN
from anchor.messages import Language, Message, message, text_in

READER = Reader()


@pytest.mark.parametrize(
    ("written", "code", "chinese", "english"),
    [
        (
            "他假。",
            "guessed-reading",
            "「假」在此有不只一種讀法，讀作 ㄐㄧㄚˇ（也可能是 ㄐㄧㄚˋ、˙ㄐㄧㄝ、ㄒㄧㄚˋ），請確認。",
            "「假」 can be read in more than one way here; it is read ㄐㄧㄚˇ "
            "(it may also be ㄐㄧㄚˋ, ˙ㄐㄧㄝ, ㄒㄧㄚˋ). Please check.",
        ),
        (
            "龘",
            "rare-character",
            "「龘」罕用，讀作 ㄉㄚˊ，請確認。",
            "「龘」 is rare; it is read ㄉㄚˊ. Please check.",
        ),
        (
            "𰻝麵",
            "unknown-character",
            "「𰻝」沒有讀音資料，略過不讀。",
            "No reading of 「𰻝」 is known; it is left out.",
        ),
        (
            "火車14:23誤點",
            "guessed-number",
            "「14:23」讀成時間；若是比數，請寫成幾比幾。",
            "「14:23」 is read as a time; if it is a score, please write 幾比幾.",
        ),
        (
            "他說「我们去软件园。」",
            "simplified-quotation",
            "「我们去软件园。」：引言中有簡體字，照原文讀。",
            "「我们去软件园。」: there are Simplified characters in this quotation; it is read as it stands.",
        ),
        (
            "今天<br/>好",
            "markup",
            "文中的 HTML 標記不讀，只取文字。",
            "HTML in the text is not read; only its text is taken.",
        ),
        ("今天🎉好", "emoji", "圖案「🎉」略過不讀。", "The picture 「🎉」 is left out."),
    ],
)
def test_a_notice_is_said_in_both_languages(written: str, code: str, chinese: str, english: str) -> None:
    (notice,) = READER.read(written).notices
    assert notice.code == code
    assert text_in(notice.text, Language.CHINESE) == chinese
    assert text_in(notice.text, Language.ENGLISH) == notice.text == english


def test_what_rules_and_markup_tell_is_in_the_catalogues() -> None:
    told = {rule.notice for rule in (*RULES, *RULES_HAN, *RULES_LATIN) if rule.notice}
    assert len(told) > 5
    assert all("甲" in text_in(message(id, text="甲"), language) for id in told for language in Language)
    assert all(isinstance(message(id), Message) for id in TELLS.values())
