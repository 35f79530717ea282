"""Tag names: the words of groups and bands in English and Chinese; a value without a word here is its own name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from features.config.tags import Language, TagGroupName
from training.segments.rfm import RFM_SEGMENTS


class Words(NamedTuple):
    """One name in both languages."""

    en: str
    zh: str

    def in_language(self, language: Language) -> str:
        """Return the name in a language."""
        return self.zh if language == "zh" else self.en


GROUP_WORDS: Mapping[TagGroupName, Words] = {
    "churn": Words("Churn risk", "流失风险"),
    "next_purchase": Words("Next order", "下次下单"),
    "value_tier": Words("Value tier", "价值层级"),
    "lifecycle": Words("Lifecycle", "生命周期"),
    "rfm": Words("RFM layer", "RFM分层"),
    "segments": Words("Segment", "自定义分群"),
    "preset_segments": Words("Crowd", "预置人群"),
}
_LEVELS = {"low": Words("Low", "低"), "medium": Words("Medium", "中"), "high": Words("High", "高")}
VALUE_WORDS: Mapping[TagGroupName, Mapping[str, Words]] = {
    "churn": _LEVELS,
    "value_tier": _LEVELS,
    "next_purchase": {
        "within_7_days": Words("Within 7 days", "7天内"),
        "within_14_days": Words("In 8 to 14 days", "8至14天"),
        "within_30_days": Words("In 15 to 30 days", "15至30天"),
        "later": Words("Later", "30天以后"),
    },
    "lifecycle": {
        "potential": Words("Potential", "潜在客户"),
        "contact": Words("In contact", "已互动"),
        "conversion": Words("Converted", "已转化"),
        "retention": Words("Retention", "留存期"),
        "loyalty": Words("Loyal", "忠诚客户"),
    },
    "rfm": {key: Words(key.replace("_", " ").capitalize(), name) for key, name in RFM_SEGMENTS.items()},
    "preset_segments": {
        "high_potential_newcomer": Words("High-potential newcomer", "高潜新客"),
        "active_regular": Words("Active regular", "活跃熟客"),
        "about_to_lapse": Words("About to lapse", "即将流失"),
        "due_for_replenishment": Words("Due for replenishment", "该补货了"),
        "price_sensitive": Words("Price-sensitive", "价格敏感"),
    },
}


def group_name(prefix: str, group: TagGroupName, language: Language) -> str:
    """Return the name of a group of tags in the tool, which begins with the prefix."""
    return f"{prefix} {GROUP_WORDS[group].in_language(language)}"


def value_name(group: TagGroupName, value: str, language: Language) -> str:
    """Return the name of a tag, unique in its group."""
    words = VALUE_WORDS.get(group, {}).get(value)
    return value if words is None else words.in_language(language)
