"""Disclosure control: what a response may tell, so that no count says who has said no, and no audience is of a few.

Only rows of customers who may be approached are ever looked at, so a response is the same whatever the scores of the
others are. What it tells of the others is one number, without a filter, in tens (rounding and the threshold rule of
statistical disclosure control: Hundepool et al. 2012, "Statistical Disclosure Control", chapter 5).
"""

from __future__ import annotations

from serving.audiences.schema import AudienceResponse

ROUNDING = 10  # customers; fewer are not told


def rounded_count(count: int) -> int | None:
    """Return a count of customers who have said no, rounded down to tens; None below ten."""
    return count - count % ROUNDING if count >= ROUNDING else None


def nobody_reachable_note(purpose: str, channel: str | None) -> str:
    """Return the sentence for a purpose and channel to which no customer at all has consented."""
    where = "on any channel" if channel is None else f"on the channel {channel!r}"
    return (
        f"No customer has consented to {purpose} {where}, whatever the filter. Record consents ([consents], or "
        "PUT /v1/customers/{id}/consents), or set [business.consent_defaults] for customers without a record."
    )


def suppress(answer: AudienceResponse, smallest_audience: int) -> AudienceResponse:
    """Return the response for an audience of too few members: the same for none as for one fewer than the smallest."""
    note = (
        f"The audience has fewer than {smallest_audience} members, so it is neither counted, stored nor listed for "
        "this key. Widen the filter, or raise the limit; in a new home, record consents first. A key with the scope "
        "admin gets every audience."
    )
    holdout = answer.global_holdout
    return answer.model_copy(
        update={
            "count": None,
            "holdout_count": None,
            "global_holdout": holdout if holdout is None else holdout.model_copy(update={"excluded": None}),
            "composition": {},
            "expected_conversions": None,
            "expected_orders": None,
            "expected_revenue": None,
            "economics": None,
            "sample": [],
            "notes": [*answer.notes, note],
        }
    )
