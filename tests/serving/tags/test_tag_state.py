"""Tag state: what a tool has to add and remove, whatever the consumer did with the exports before."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.arrays import Booleans
from serving.tags.contacts import Recipients
from serving.tags.tag_changes import TagChanges
from serving.tags.tag_sets import EMPTY, TagSet, TagSets
from serving.tags.tag_state import TagExport, TagState

CUSTOMERS = ("ann", "bob")
FOREIGN = "owner:vip"  # a tag of another owner
TAGS = st.frozensets(st.sampled_from(["fw:churn:low", "fw:segments:tea"]))
ASSIGNMENTS = st.fixed_dictionaries(dict.fromkeys(CUSTOMERS, TAGS))


def tag_sets(sets: list[TagSet]) -> TagSets:
    none = TagSets.empty(0)
    for tags in sets:
        none = none.concat(
            TagSets(np.zeros(1, np.int64), (EMPTY,)) if not tags else TagSets(np.ones(1, np.int64), (EMPTY, tags))
        )
    return none


def begin(
    state: TagState,
    assignment: dict[str, TagSet],
    export_id: str = "crm-1",
    at: int = 0,
    uncertain: Booleans | None = None,
) -> TagState:
    recipients = Recipients.of_customers(pa.array(list(assignment), pa.string()))
    return state.begin(
        TagExport(export_id, None, at, 0),
        recipients,
        tag_sets(list(assignment.values())),
        np.zeros(len(state), np.bool_) if uncertain is None else uncertain,
    )


@dataclass
class Tool:
    """A tool that applies changes one customer at a time, and may be stopped after any of them."""

    tags: dict[str, set[str]] = field(default_factory=lambda: {name: {FOREIGN} for name in CUSTOMERS})

    def apply(self, state: TagState, denied: frozenset[str] = frozenset(), at_most: int = 99) -> None:
        changed = state.take(np.flatnonzero(state.is_changed))
        changes = TagChanges.of(changed, ~changed.customer_mask(sorted(denied)), state.all_tags())
        rows = zip(changed.customer_ids(), changes.additions.to_lists(), changes.removals.to_lists(), strict=True)
        for customer, additions, removals in list(rows)[:at_most]:
            assert not {*additions} & {*removals}
            assert FOREIGN not in {*additions, *removals}
            self.tags[customer] = self.tags[customer] - {*removals} | {*additions}

    def own_tags(self) -> dict[str, TagSet]:
        return {name: frozenset(tags - {FOREIGN}) for name, tags in self.tags.items()}


RUNS = st.lists(
    st.tuples(
        ASSIGNMENTS,
        st.frozensets(st.sampled_from(CUSTOMERS)),  # who says no, while the changes are out
        st.integers(0, 2),  # how many customers the consumer comes to
        st.booleans(),  # whether it confirms, once it has come to all
        st.frozensets(st.sampled_from(CUSTOMERS), max_size=1),  # who is erased afterwards, here and in the tool
    ),
    max_size=6,
)


@settings(max_examples=100)
@given(RUNS, ASSIGNMENTS)
def test_all_changes_applied_give_the_current_tags_after_any_sequence_of_runs_kills_denials_and_erasures(
    runs: list[tuple[dict[str, TagSet], frozenset[str], int, bool, frozenset[str]]], last: dict[str, TagSet]
) -> None:
    state, tool, erased = TagState.empty(), Tool(), set[str]()
    unsure = np.zeros(0, np.bool_)
    for number, (assignment, denied, at_most, confirms, erasures) in enumerate(runs):
        known = {name: tags for name, tags in assignment.items() if name not in erased}
        state = begin(state, known, f"crm-{number}", uncertain=unsure)
        tool.apply(state, denied, at_most)
        unsure = state.is_changed & state.customer_mask(sorted(denied))
        if confirms and at_most >= state.is_changed.sum():
            state = state.confirm(unsure)
            unsure = np.zeros(len(state), np.bool_)
        unsure = unsure[~state.customer_mask(sorted(erasures))]
        state = state.without_customers(sorted(erasures))
        erased |= erasures
        for customer in erasures:
            tool.tags[customer] = set()
    current = {name: tags for name, tags in last.items() if name not in erased}
    state = begin(state, current, "crm-last", uncertain=unsure)
    tool.apply(state)
    assert tool.own_tags() == {name: current.get(name, EMPTY) for name in CUSTOMERS}
    assert all(FOREIGN in tool.tags[name] for name in CUSTOMERS if name not in erased)


@given(ASSIGNMENTS, ASSIGNMENTS)
def test_the_same_tags_again_give_the_same_changes_until_they_are_confirmed_and_then_none(
    before: dict[str, TagSet], after: dict[str, TagSet]
) -> None:
    state = begin(TagState.empty(), before)
    state = begin(state.confirm(np.zeros(len(state), np.bool_)), after, "crm-2")
    again = begin(state, after, "crm-3")
    assert again is state
    confirmed = state.confirm(np.zeros(len(state), np.bool_))
    assert begin(confirmed, after, "crm-4") is confirmed
    assert not confirmed.is_changed.any()


def test_a_customer_who_is_no_longer_there_loses_all_tags_and_is_forgotten_once_it_is_confirmed() -> None:
    state = begin(TagState.empty(), {"ann": frozenset({"fw:churn:high"}), "bob": frozenset({"fw:churn:low"})})
    state = begin(state.confirm(np.zeros(2, np.bool_)), {"bob": frozenset({"fw:churn:low"})}, "crm-2")
    assert state.removals.to_lists() == [["fw:churn:high"], []]
    assert state.confirm(np.zeros(2, np.bool_)).customer_ids() == ["bob"]


def test_an_unconfirmed_export_is_undone_by_the_next_one() -> None:
    state = begin(TagState.empty(), {"ann": frozenset({"fw:churn:high"})})
    state = begin(state, {"ann": frozenset({"fw:churn:low"})}, "crm-2")
    assert (state.additions.to_lists(), state.removals.to_lists()) == ([["fw:churn:low"]], [["fw:churn:high"]])


HIGH, NOBODY = frozenset({"fw:churn:high"}), np.zeros(1, np.bool_)


def test_a_tag_that_an_unconfirmed_export_took_away_is_added_again() -> None:
    state = begin(TagState.empty(), {"ann": HIGH}).confirm(NOBODY)
    state = begin(begin(state, {"ann": EMPTY}, "crm-2"), {"ann": HIGH}, "crm-3")
    assert (state.additions.to_lists(), state.removals.to_lists()) == ([["fw:churn:high"]], [[]])


def test_what_a_confirmed_export_may_have_left_is_removed_by_a_new_one() -> None:
    confirmed = begin(TagState.empty(), {"ann": HIGH}).confirm(~NOBODY)
    state = begin(confirmed, {"ann": EMPTY}, "crm-2")
    assert state.required_export.export_id == "crm-2"
    assert state.removals.to_lists() == [["fw:churn:high"]]
    assert len(state.confirm(NOBODY)) == 0


def test_tags_that_are_in_doubt_are_sent_again_by_a_new_export() -> None:
    both = HIGH | {"fw:segments:tea"}
    state = begin(begin(TagState.empty(), {"ann": HIGH}).confirm(NOBODY), {"ann": both}, "crm-2")
    assert state.additions.to_lists() == [["fw:segments:tea"]]
    again = begin(state, {"ann": both}, "crm-3", uncertain=~NOBODY)
    assert (again.required_export.export_id, again.additions.to_lists()) == ("crm-3", [sorted(both)])


def test_the_tags_of_exports_before_stay_in_the_list_of_all_tags() -> None:
    state = begin(TagState.empty(), {"ann": HIGH, "bob": frozenset({"fw:churn:low"})}).confirm(np.zeros(2, np.bool_))
    state = begin(state, {"ann": HIGH}, "crm-2").confirm(np.zeros(2, np.bool_))
    changes = TagChanges.of(begin(state, {"ann": EMPTY}, "crm-3"), NOBODY, state.all_tags())
    assert changes.removals.to_lists() == [["fw:churn:high", "fw:churn:low"]]
