"""All rules in the order in which they are tried."""

from __future__ import annotations

from anchor.mandarin.rules import (
    amounts,
    clock,
    codes,
    dates,
    events,
    marks,
    models,
    rates,
    routes,
    stocks,
    telephones,
    web,
)

RULES = (
    *web.RULES,
    *marks.RULES,
    *telephones.RULES,
    *rates.RULES,
    *codes.RULES_FIRST,
    *telephones.RULES_LINES,
    *events.RULES,
    *routes.RULES,
    *stocks.RULES,
    *models.RULES,
    *codes.RULES_LAST[-1:],
    *dates.RULES,
    codes.RULES_LAST[0],
    *clock.RULES_SCORES,
    *amounts.RULES,
)
STARTS = frozenset(amounts.STARTS + codes.STARTS + marks.STARTS + "@#")
"""Characters, besides digits, with which a rule may begin."""
RULES_LATIN = (*web.RULES[:3], *codes.RULES_LATIN, *amounts.RULES_LATIN)
"""Tried where a Latin letter begins."""
RULES_HAN = marks.RULES_HAN
"""Tried where a Chinese numeral begins."""
HAN_STARTS = frozenset(marks.HAN_STARTS)
