"""Chinese meanings: the sentence of each declared column of the scores table in Chinese; ``{days}`` is its horizon."""

# ruff: noqa: RUF001 - Chinese punctuation

from __future__ import annotations

import re
from collections.abc import Mapping

_DAYS = re.compile(r"(?<=_)\d+(?=d(?:_|$))")

_PREDICTIONS = {
    "customer_id": "客户编号，与日志中逐位一致。",
    "as_of": "预测所对应的时刻。",
    "log_until": "预测所知的最后一条订单行（任何客户）的时间。",
    "status": "`scored`，或给出较简答案的原因，与 HTTP API 相同。",
    "model_tier": "作答的层级：`average`、`last_window`、`btyd` 或 `population`。",
    "release": "打分所用模型版本。",
    "prediction_id": "预测编号，与 HTTP API 在同一时刻给出的相同。",
    "churn_status": "流失答案的状态：客户的状态，或 `no_signal`。",
    "churn_tier": "流失答案的层级。",
    "churn_probability": "在 `churn_horizon_days` 天内不再下单的概率。",
    "churn_percentile": "该概率在全体客户中的中位名次，0 到 100。",
    "churn_band": "该概率的档位：low 低、medium 中、high 高。",
    "churn_horizon_days": "流失的观察期，单位为天。",
    "next_purchase_status": "下次下单答案的状态：客户的状态，或 `no_signal`。",
    "next_purchase_tier": "下次下单答案的层级。",
    "purchase_probability_{days}d": "{days} 天内下单的概率。",
    "next_purchase_p10": "下次下单有 10 % 的概率不晚于这一天。",
    "next_purchase_p50": "下次下单有 50 % 的概率不晚于这一天。",
    "next_purchase_p90": "下次下单有 90 % 的概率不晚于这一天。",
    "next_purchase_p50_if_within_{days}d": "假定 {days} 天内会下单，下次下单日的中位数。",
    "remind_on": "提醒客户的日子：若 `next_purchase_p50` 在流失观察期内，为 `next_purchase_p50_if_within_…d` 之前 "
    "`lead_days` 天；否则为 `next_purchase_p50` 之前 `lead_days` 天。",
    "ltv_status": "预期消费答案的状态：客户的状态，或 `no_signal`。",
    "ltv_tier": "预期消费答案的层级。",
    "expected_orders_{days}d": "{days} 天内预期的订单数。",
    "ltv_{days}d_mean": "{days} 天内的预期消费；没有金额时为空。",
    "ltv_{days}d_median": "{days} 天内消费的中位数。",
    "ltv_{days}d_p10": "{days} 天内消费的 80 % 区间下限。",
    "ltv_{days}d_p90": "{days} 天内消费的 80 % 区间上限。",
    "historic_spend": "迄今的净消费额，已扣除退货。",
    "uplift_status": "增量答案的状态：客户的状态，或 `no_signal`。",
    "uplift": "接受 `uplift_experiment` 的处理与不接受相比，预期结果之差。",
    "uplift_low": "该差值的 95 % 区间下限。",
    "uplift_high": "该差值的 95 % 区间上限。",
    "uplift_policy": "作答的方式：`everybody` 全部、`nobody` 都不，或优于两者的排序。",
    "uplift_experiment": "该差值所依据的实验。",
    "uplift_arm": "与对照组比较的实验组。",
    "uplift_outcome": "所衡量的结果及其天数。",
    "orders": "迄今的订单数。",
    "first_order_at": "首单时间。",
    "last_order_at": "最近一单的时间。",
    "next_category": "最早需要提醒的品类。",
    "next_category_remind_on": "该提醒的日子。",
}
_SEGMENTS = {
    "rfm_recency": "距上次下单天数的得分，天数越少得分越高。",
    "rfm_frequency": "订单数的得分。",
    "rfm_monetary": "消费额的得分；没有金额时为空。",
    "rfm_segment": "三项得分的客户层；没有订单或没有金额时为空。",
    "rfm_segment_zh": "同一客户层的中文名称。",
    "lifecycle_stage": "客户所处的生命周期阶段。",
    "lifecycle_phase": "商家下一步应与客户达成的目标。",
    "value_tier": "按预期价值划分的价值等级。",
    "segments": "客户所属的、商家自己定义的分群名称。",
    "preset_segment_high_potential_newcomer": "不久前首次下单，且在新客中预期价值最高。",
    "preset_segment_active_regular": "经常下单，且不太可能流失。",
    "preset_segment_about_to_lapse": "多次下单，很可能流失或已逾期，但尚未流失。",
    "preset_segment_due_for_replenishment": "某个品类已到提醒下单的时候。",
}
_PREFERENCES = {
    "preferred_hour": "到访最多的连续两小时中的第一个小时，商家时区 0 到 23 点。",
    "preferred_hour_share": "这两小时在客户订单与行为中的占比，并以全体客户的偏好加权。",
    "preferred_hour_p10": "这两小时占比的 80 % 区间下限。",
    "preferred_hour_p90": "这两小时占比的 80 % 区间上限。",
    "preferred_hour_evidence": "权重更大的依据：customer 客户自身，或 population 全体。",
    "preferred_weekday": "到访最多的星期几，商家时区 1 为周一、7 为周日。",
    "preferred_weekday_share": "这一天在客户订单与行为中的占比，并以全体客户的偏好加权。",
    "preferred_weekday_p10": "这一天占比的 80 % 区间下限。",
    "preferred_weekday_p90": "这一天占比的 80 % 区间上限。",
    "preferred_weekday_evidence": "权重更大的依据：customer 客户自身，或 population 全体。",
    "channel_ranking": "渠道，最佳者在前；若各渠道都随机留出不触达的客户，则按触达带来的增量排序。",
    "channel_affinity": "触达后 7 天内下单或产生行为的比率；没有触达时，为该渠道在客户订单与行为中的占比。",
    "channel_p10": "同一比率的 80 % 区间下限。",
    "channel_p90": "同一比率的 80 % 区间上限。",
    "channel_evidence": "权重更大的依据：customer 客户自身，或 population 全体。",
    "category_ranking": "客户最常购买的至多五个品类，最常者在前。",
    "category_affinity": "客户订单中包含该品类的占比。",
    "category_p10": "同一占比的 80 % 区间下限。",
    "category_p90": "同一占比的 80 % 区间上限。",
    "category_evidence": "权重更大的依据：customer 客户自身，或 population 全体。",
    "price_sensitivity": "客户使用优惠券或折扣的订单占比；这是观察值而非因果："
    "只有随机发放的优惠才能说明谁没有优惠就不下单。依据为 `experiment` 时即为该比例。",
    "price_sensitivity_p10": "同一占比的 80 % 区间下限。",
    "price_sensitivity_p90": "同一占比的 80 % 区间上限。",
    "price_sensitivity_evidence": "权重更大的依据：customer 客户自身或 population 全体；"
    "随机发放过优惠时为 `experiment`。",
    "discounted_orders_{days}d": "按最近 {days} 天的节奏，{days} 天内预期使用优惠的订单数；用于排序可能的用券者。",
    "preset_segment_price_sensitive": "以优惠价下单显著多于全体客户；依据为 `experiment` 时，受优惠影响显著高于平均。",
}
_CONSENTS = {
    "consent_channels": "可触达客户的渠道；`*` 表示其他所有渠道。",
    "consent_until": "这些授权中最早到期的时间。",
}
_FEEDBACK = {
    "feedback_{days}d": "客户最近 {days} 天写的反馈条数。",
    "feedback_negative_{days}d": "最近 {days} 天的负面反馈条数。",
    "feedback_positive_{days}d": "最近 {days} 天的正面反馈条数。",
    "feedback_product_{days}d": "最近 {days} 天关于产品功能的反馈条数。",
    "feedback_service_{days}d": "最近 {days} 天关于服务体验的反馈条数。",
    "feedback_emotion_{days}d": "最近 {days} 天表达情感诉求的反馈条数。",
}
MEANINGS: Mapping[str, str] = {**_PREDICTIONS, **_SEGMENTS, **_PREFERENCES, **_FEEDBACK, **_CONSENTS}


def chinese_meaning(name: str) -> str | None:
    """The Chinese sentence of a declared column; None where there is none."""
    days = _DAYS.search(name)
    sentence = MEANINGS.get(name if days is None else _DAYS.sub("{days}", name))
    return sentence if sentence is None or days is None else sentence.replace("{days}", days.group())
