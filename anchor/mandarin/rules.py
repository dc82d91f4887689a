"""All rules in the order in which they are tried."""

from __future__ import annotations

from anchor.mandarin import rules_amounts, rules_codes, rules_dates

RULES = (
    *rules_codes.RULES_FIRST,
    *rules_codes.RULES_LAST[-1:],
    *rules_dates.RULES,
    *rules_codes.RULES_LAST,
    *rules_amounts.RULES,
)
STARTS = frozenset(rules_amounts.STARTS + rules_codes.STARTS)
"""Characters, besides digits, with which a rule may begin."""
