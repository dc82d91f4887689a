"""All rules in the order in which they are tried."""

from __future__ import annotations

from anchor.mandarin import (
    rules_amounts,
    rules_clock,
    rules_codes,
    rules_dates,
    rules_events,
    rules_lines,
    rules_marks,
    rules_rates,
    rules_routes,
    rules_stocks,
    rules_web,
)

RULES = (
    *rules_web.RULES,
    *rules_marks.RULES,
    *rules_lines.RULES,
    *rules_rates.RULES,
    *rules_codes.RULES_FIRST,
    *rules_lines.RULES_LINES,
    *rules_events.RULES,
    *rules_routes.RULES,
    *rules_stocks.RULES,
    *rules_codes.RULES_MODELS,
    *rules_codes.RULES_LAST[-1:],
    *rules_dates.RULES,
    rules_codes.RULES_LAST[0],
    *rules_clock.RULES_SCORES,
    *rules_amounts.RULES,
)
STARTS = frozenset(rules_amounts.STARTS + rules_codes.STARTS + rules_marks.STARTS + "@#")
"""Characters, besides digits, with which a rule may begin."""
RULES_LATIN = (*rules_web.RULES[:3], *rules_codes.RULES_LATIN)
"""Tried where a Latin letter begins."""
RULES_HAN = rules_marks.RULES_HAN
"""Tried where a Chinese numeral begins."""
HAN_STARTS = frozenset(rules_marks.HAN_STARTS)
