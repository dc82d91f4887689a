"""The form of a consent record: TOML to be filled in, with its explanations in English and Traditional Chinese."""

from __future__ import annotations

from datetime import date, timedelta

from anchor.trust.consent import FORM_MARK

_FORM = """\
# Consent to the use of a face or voice by Anchor · 臉孔或聲音使用同意紀錄
# Fill in every {mark}, then:  anchor avatars add SOURCE --name {name} --consent THIS-FILE
# 請填寫每一個 {mark}，再執行上面的指令。

schema = 1

# How contracts and clips name this consent · 同意書編號，合約與成品紀錄會引用
id = "{name}-{year}"

# Whose face or voice it is: the legal name · 當事人（臉孔或聲音的本人）姓名
subject = "{mark}"

# Who may use it: the legal entity · 被授權使用的單位全名
licensee = "{mark}"

# What is covered · 同意的範圍: "face" 臉孔、"voice" 聲音, or both 或兩者
covers = ["face"]

# What it may be used for; a script says `use: events`, else it is news
# 可用於哪些用途: news 新聞, events 活動, education 教育…
uses = ["news"]

# Programmes for which it holds; empty: all · 限定的節目；空白表示不限
programmes = []

# Where it may be shown; empty: everywhere · 限定的地區；空白表示不限
territories = []

# Days, both included · 簽署日、生效日、到期日（含當日）
signed_on = {today}
from = {today}
until = {until}

# Anything else that was agreed · 其他約定
note = ""

# The signed paper or the recorded statement · 簽署的文件或同意錄影
[evidence]
file = "{mark}"          # a path from here; it is copied into the pack · 檔案路徑，會複製到主播包內
sha256 = ""              # left empty it is computed from the file · 留空則自動計算
kept = "in-pack"         # or "elsewhere": only name and sha256 are kept · 或 "elsewhere"：只保留檔名與雜湊
where = ""               # which archive, when kept elsewhere · 存放處

# When it is taken back · 撤回同意時:
# [revoked]
# on = {today}
# reason = ""
"""


def consent_form(name: str, today: date) -> str:
    """A record to be filled in, for one year from `today`."""
    until = today + timedelta(days=364)
    return _FORM.format(mark=FORM_MARK, name=name, year=today.year, today=today.isoformat(), until=until.isoformat())
