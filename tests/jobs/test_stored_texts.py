"""What a job says of itself keeps its two languages in the database; what an older Anchor stored is read as it is."""

from __future__ import annotations

import json

from anchor.core.errors import Place, ScriptError
from anchor.core.events import Notice
from anchor.core.job import JobFault
from anchor.jobs.claims import fault_text
from anchor.jobs.execute import _fault
from anchor.jobs.ledger import event_of, job_of, write_event
from anchor.jobs.rows import EventRow, JobRow
from anchor.messages import Language, message, text_in
from anchor.pipeline.graph import Unit

PLACE = Place(line=3, column=2)


class Session:
    """Keeps what is added."""

    def __init__(self) -> None:
        self.added: list[EventRow] = []

    def add(self, row: EventRow) -> None:
        self.added.append(row)


def job(fault: str | None = None) -> JobRow:
    times = dict.fromkeys(("created_ms", "started_ms", "finished_ms", "done", "total", "percent", "events"), 0)
    return JobRow(
        id="a", digest="d", title="t", state="failed", priority=1, spec='{"embargo": ""}', fault=fault, **times
    )


def test_a_fault_keeps_its_languages() -> None:
    error = ScriptError(message("intake.unknown-mark", mark="x"), hint=message("jobs.submit-corrected"), place=PLACE)
    found = job_of(job(fault_text(_fault(error, Unit("prepare"))))).fault
    assert found is not None
    assert found.message == "line 3, column 2: unknown mark [x]" and found.hint == "submit the corrected script"
    assert text_in(found.message, Language.CHINESE) == "第 3 行第 2 字：沒有 [x] 這種標記"
    assert text_in(found.hint, Language.CHINESE) == "請送出改好的稿子"


def test_a_notice_keeps_its_languages() -> None:
    notice = Notice("former-mark", message("intake.former-mark", word="字幕", today="字卡"), PLACE)
    row, session = job(), Session()
    facts = {"text": str(notice.text), "message": notice.text}
    write_event(session, row, "notice", code=notice.code, place=PLACE.message, **facts)  # type: ignore[arg-type]
    (stored,) = session.added
    assert json.loads(stored.facts)["text"] == notice.text and json.loads(stored.facts)["message"]["id"]
    read = dict(event_of(stored).facts)
    assert read["text"] == notice.text == read["message"] and read["place"] == "line 3, column 2"
    assert text_in(str(read["text"]), Language.CHINESE) == notice.text
    said = [text_in(text, Language.CHINESE) for text in (read["message"], read["place"]) if isinstance(text, str)]
    assert said == ["[字幕] 仍當作 [字卡]；「字幕」在別處另有所指，請改寫成 [字卡]。", "第 3 行第 2 字"]


def test_what_an_older_anchor_stored_is_read_as_it_is() -> None:
    old = {"code": "pack", "message": "no voice", "hint": "there are: lan", "retryable": False, "stage": "", "index": 0}
    assert job_of(job(json.dumps(old))).fault == JobFault("pack", "no voice", "there are: lan", False)
    facts = {"code": "x", "text": "讀作 ㄏㄨㄟˋ", "place": ""}
    row = EventRow(job="a", number=1, at_ms=0, kind="notice", facts=json.dumps(facts))
    assert dict(event_of(row).facts) == facts
