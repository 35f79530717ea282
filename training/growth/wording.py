"""Wording of growth: the definition and the notes on restated figures as sentences, in English and Chinese."""

from __future__ import annotations

from typing import Literal

from training.growth.definition import HighValueDefinition

RestatementReason = Literal["log_changed", "definition_changed", "log_begins_later"]

RESTATEMENT_NOTES: dict[RestatementReason, dict[str, str]] = {
    "log_changed": {
        "en": "The log that is known today gives another number: late lines, returns, erased customers or changed "
        "consents. The closed figure stays.",
        "zh": "按今天已知的数据,结果不同:补录、退货、已删除的顾客或变更的授权。已结账的数字不变。",
    },
    "definition_changed": {
        "en": "The definition has changed since; this is the number by today's definition. The closed figure stays.",
        "zh": "定义此后有变更;这是按现行定义得到的数字。已结账的数字不变。",
    },
    "log_begins_later": {
        "en": "The log of today begins too late to count this period again. The closed figure stays.",
        "zh": "现有数据的起点太晚,无法重新计算这一期。已结账的数字不变。",
    },
}


def definition_text(definition: HighValueDefinition) -> dict[str, str]:
    """The definition as a sentence, with its numbers, by language."""
    active, window = definition.active_days, definition.value_days
    if definition.measure == "spend":
        level = f"{definition.level:,.15g} {definition.currency}"
        return {
            "en": f"A customer counts with an order in the last {active} days, and at least {level} spent in the last "
            f"{window} days.",
            "zh": f"最近 {active} 天内下过单、且最近 {window} 天累计消费满 {level} 的顾客计入。",
        }
    level = f"{definition.level:,.15g}"
    return {
        "en": f"A customer counts with an order in the last {active} days, and at least {level} orders in the last "
        f"{window} days.",
        "zh": f"最近 {active} 天内下过单、且最近 {window} 天下单满 {level} 次的顾客计入。",
    }
