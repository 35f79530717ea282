"""LightGBM runtime: scores and SHAP values are bit-identical to those of the lightgbm package."""

import gc
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from features.arrays import Floats
from training.fitting.gradient_boosting import fit_gradient_boosting, gain_importance
from training.inference.log_odds import sigmoid
from training.inference.tiers.lightgbm_runtime import Booster, InvalidBooster

NAMES = ("recency_days", "orders", "spend", "page view_91d", "größe")
PARAMS = {"num_iterations": 40, "num_leaves": 15, "min_data_in_leaf": 10, "learning_rate": 0.1}


@cache
def inputs() -> Floats:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(2_000, len(NAMES)))
    table[rng.uniform(size=table.shape) < 0.2] = np.nan
    return table


@cache
def trees(objective: str = "binary") -> str:
    signal = np.nan_to_num(inputs()[:, 0]) + np.nan_to_num(inputs()[:, 1]) ** 2
    target = signal > 1 if objective == "binary" else np.round(np.exp(signal.clip(max=3)))
    return fit_gradient_boosting(inputs(), target.astype(float), {"objective": objective, **PARAMS}, NAMES)


def threshold_inputs(text: str) -> Floats:
    """Return inputs exactly at, and just beyond, each threshold of the trees."""
    thresholds = re.findall(r"^threshold=(.+)$", text, re.MULTILINE)
    edges = np.array([float(edge) for line in thresholds for edge in line.split()])
    return np.tile(np.concatenate([edges, np.nextafter(edges, np.inf)])[:, None], len(NAMES))


@pytest.mark.parametrize("objective", ["binary", "poisson", "tweedie"])
def test_scores_are_lightgbms_own_to_the_last_bit(objective: str) -> None:
    import lightgbm  # noqa: PLC0415 -- slow, and needed by this oracle alone

    reference = lightgbm.Booster(model_str=trees(objective))
    booster = Booster(trees(objective))
    for table in (inputs(), inputs()[:1], threshold_inputs(trees(objective))):
        assert np.array_equal(booster.raw_scores(table), np.asarray(reference.predict(table, raw_score=True)))


@pytest.mark.parametrize("objective", ["binary", "poisson", "tweedie"])
def test_contributions_are_lightgbms_own_to_the_last_bit_and_make_up_the_score(objective: str) -> None:
    import lightgbm  # noqa: PLC0415 -- slow, and needed by this oracle alone

    reference, booster, sample = lightgbm.Booster(model_str=trees(objective)), Booster(trees(objective)), inputs()[:100]
    for table in (sample, sample[:1]):
        assert np.array_equal(booster.shap_values(table), np.asarray(reference.predict(table, pred_contrib=True)))
    assert booster.shap_values(sample).sum(axis=1) == pytest.approx(booster.raw_scores(sample))


def test_where_nothing_was_learned_nothing_contributes() -> None:
    shap_values = Booster(boost_trees("binary", inputs()[:30], np.zeros(30))).shap_values(inputs()[:2])
    assert (shap_values[:, :-1] == 0).all()
    assert (shap_values[:, -1] < -10).all()


def test_a_customer_of_whom_nothing_is_known_is_scored() -> None:
    nothing = np.full((3, len(NAMES)), np.nan)
    scores = Booster(trees()).raw_scores(nothing)
    assert np.isfinite(scores).all()
    assert len(set(scores.tolist())) == 1


def test_nobody_has_no_scores() -> None:
    assert Booster(trees()).raw_scores(np.empty((0, len(NAMES)))).shape == (0,)
    assert Booster(trees()).shap_values(np.empty((0, len(NAMES)))).shape == (0, len(NAMES) + 1)


def test_columns_in_any_layout_give_the_same_scores() -> None:
    booster = Booster(trees())
    wide = np.repeat(inputs(), 2, axis=1)
    assert np.array_equal(booster.raw_scores(np.asfortranarray(inputs())), booster.raw_scores(inputs()))
    assert np.array_equal(booster.raw_scores(wide[:, ::2]), booster.raw_scores(inputs()))


def test_many_threads_at_once_get_the_scores_of_one() -> None:
    booster = Booster(trees())
    alone = booster.raw_scores(inputs())
    parts = [slice(start, start + 50) for start in range(0, 2_000, 50)] * 5
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda part: booster.raw_scores(inputs()[part]), parts))
    assert all(np.array_equal(alone[part], scores) for part, scores in zip(parts, together, strict=True))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: booster.shap_values(inputs()[:50]), range(8)))
    assert all(np.array_equal(results[0], result) for result in results)


def test_boosters_that_come_and_go_leave_the_others_alone() -> None:
    booster = Booster(trees())
    alone = booster.raw_scores(inputs()[:10])
    for _ in range(20):
        Booster(trees("poisson")).raw_scores(inputs()[:10])
    gc.collect()
    assert np.array_equal(booster.raw_scores(inputs()[:10]), alone)


def test_another_width_is_refused() -> None:
    message = "The model was trained on 5 inputs, found 3. Train and publish again."
    with pytest.raises(InvalidBooster, match=f"^{re.escape(message)}$"):
        Booster(trees()).raw_scores(inputs()[:, :3])
    with pytest.raises(InvalidBooster, match=f"^{re.escape(message)}$"):
        Booster(trees()).shap_values(inputs()[:, :3])


NO_MODEL = "The text is not a complete LightGBM model: expected a file that LightGBM saved. Train again."


@pytest.mark.parametrize("text", ["", "hello", '{"format": 1}', "tree\nversion=v4\n"])
def test_a_text_that_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(InvalidBooster, match=f"^{re.escape(NO_MODEL)}$"):
        Booster(text)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9])
def test_a_model_that_is_cut_off_is_refused_before_it_ends_the_process(share: float) -> None:
    with pytest.raises(InvalidBooster, match=f"^{re.escape(NO_MODEL)}$"):
        Booster(trees()[: int(share * len(trees()))])


def test_a_model_without_its_classes_is_refused_in_lightgbms_words() -> None:
    with pytest.raises(
        InvalidBooster, match=r"^LightGBM rejected the model or its inputs: .*number of classes.*\. Train again\.$"
    ):
        Booster(trees().replace("num_class=1\n", ""))


def test_a_shop_where_nothing_happened_is_learned_as_such() -> None:
    nobody, empty = np.zeros(30), np.empty((0, len(NAMES)))
    for table, target in ((inputs()[:30], nobody), (empty, np.empty(0))):
        assert (sigmoid(Booster(boost_trees("binary", table, target)).raw_scores(inputs()[:5])) < 1e-6).all()
        assert (np.exp(Booster(boost_trees("poisson", table, target)).raw_scores(inputs()[:5])) < 1e-3).all()
        assert (np.exp(Booster(boost_trees("tweedie", table, target)).raw_scores(inputs()[:5])) < 1e-3).all()


def boost_trees(objective: str, table: Floats, target: Floats) -> str:
    return fit_gradient_boosting(table, target, {"objective": objective, **PARAMS}, NAMES)


def test_three_customers_are_learned_without_a_crash() -> None:
    for objective in ("binary", "poisson"):
        text = boost_trees(objective, inputs()[:3], np.array([0.0, 1.0, 0.0]))
        assert np.isfinite(Booster(text).raw_scores(inputs()[:5])).all()


def test_a_fit_does_not_depend_on_what_else_is_fitted_at_once() -> None:
    alone = trees()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: trees.__wrapped__(), range(4)))
    assert set(together) == {alone}


@pytest.mark.slow
def test_a_fit_is_the_same_in_another_process() -> None:
    program = (
        "import sys; from tests.training.inference.tiers.test_lightgbm_runtime import trees; sys.stdout.write(trees())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[4]
    )
    assert done.stdout == trees()


def test_gains_name_the_inputs_that_the_outcome_came_from() -> None:
    names, gained = gain_importance(trees())
    assert names == ["recency_days", "orders", "spend", "page_view_91d", "größe"]
    assert set(np.argsort(-gained)[:2].tolist()) == {0, 1}


def test_probability_is_safe_for_any_score() -> None:
    scores = np.array([-1e4, -40.0, 0.0, 40.0, 1e4])
    assert sigmoid(scores).tolist() == pytest.approx([0.0, np.exp(-40.0), 0.5, 1.0, 1.0])


def test_predicting_imports_no_lightgbm_package() -> None:
    program = (
        "import sys; from pathlib import Path; import numpy as np;"
        "from training.inference.tiers.lightgbm_runtime import Booster;"
        "print(Booster(sys.stdin.read()).raw_scores(np.zeros((1, 5)))[0]);"
        "print(sorted({'lightgbm', 'pandas', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], input=trees(), capture_output=True, text=True, check=True)
    score, imported = done.stdout.splitlines()
    assert float(score) == Booster(trees()).raw_scores(np.zeros((1, 5)))[0]
    assert imported == "[]"
