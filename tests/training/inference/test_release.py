"""Release: after loading from disk it gives bit-identical answers, or it is rejected."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features.calendar import micros
from features.online.feature_rows import FeatureRows, RaggedList
from features.transformations.transactions import transactions_view
from tests.training.shops import FakeFeatureStore, cached_for_session, corner_shop, corner_tiers, small_ensembles
from training.fitting.assemble import AssembledRelease, assemble, churn_sample
from training.fitting.fit import NO_EVIDENCE
from training.inference.forecast import TIERS, Forecast
from training.inference.release import Release, write_release
from training.inference.release_errors import CorruptRelease, OtherFormat
from training.inference.release_manifest import FORMAT_VERSION, GateResult, ReleaseManifest, ReleaseMetadata
from training.inference.serialization import serialize_tiered_model
from training.members import MEMBERS
from training.models import MODELS, load_release

pytestmark = pytest.mark.slow

METADATA = ReleaseMetadata(
    as_of=0, name="corner-shop", currency="£", timezone="Europe/London", churn_days=60, ltv_days=(30, 60, 365),
    lead_days=15, bands=(0.3, 0.7), max_feature_age_days=7, feature_service="customer_inputs", has_amounts=True,
)  # fmt: skip


@cached_for_session
def assemble_release() -> AssembledRelease:
    shop = corner_shop()
    with small_ensembles():
        return assemble(shop.rows(shop.now), shop.plan, shop.now.day_number, "average", NO_EVIDENCE)


@pytest.fixture(scope="module")
def written_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop, today = corner_shop(), corner_shop().population()
    orders = np.nan_to_num(today.column("orders"))
    manifest = ReleaseManifest(
        model_versions={"churn": "3", "next_purchase": "3", "ltv": "2"},
        metadata=replace(METADATA, as_of=micros(shop.now.timestamp)),
        views=(transactions_view(shop.history),),
        cards=[],
        tiered_model=assemble_release().tiered_model_json(),
        churn_sample=churn_sample(assemble_release().tiered_model, today.inputs, orders, 60),
        gate=GateResult(passed=True, regressions=[], reasons={}, refutations=[], no_signal=[]),
    )
    folder = tmp_path_factory.mktemp("release")
    write_release(folder, manifest, assemble_release().files)
    return folder


@pytest.fixture
def folder(written_release: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written_release, tmp_path / "7")


@cached_for_session
def stored_features() -> FeatureRows:
    """Return the stored features of all customers today."""
    shop = corner_shop()
    customers = shop.data.customers[shop.data.customers["position"] == len(shop.cutoffs) - 1]
    published = FakeFeatureStore(shop.history, shop.cutoffs[-1:])
    return published.as_of(
        pa.table(
            {
                "customer_id": customers["customer_id"].to_list(),
                "event_timestamp": [shop.now.timestamp] * len(customers),
            }
        )
    )


def equal_forecasts(first: Forecast, other: Forecast) -> bool:
    assert first.spend is not None
    assert other.spend is not None
    amounts = zip(vars(first.spend).values(), vars(other.spend).values(), strict=True)
    return (
        np.array_equal(first.tier, other.tier)
        and np.array_equal(first.order_by, other.order_by)
        and np.array_equal(first.expected_orders, other.expected_orders)
        and all(np.array_equal(left, right) for left, right in amounts)
    )


def test_a_release_comes_back_from_disk_to_the_last_bit(folder: Path) -> None:
    shop, orders = corner_shop(), np.nan_to_num(corner_shop().population().column("orders"))
    inputs = shop.data.inputs[shop.data.customers["position"] == len(shop.cutoffs) - 1]
    before = assemble_release().tiered_model.forecast(inputs, orders)
    after = load_release(folder).forecast(stored_features(), micros(shop.now.timestamp))
    assert equal_forecasts(before, after)


def test_an_amount_beyond_its_limit_is_answered_as_the_limit(folder: Path) -> None:
    shop, stored = corner_shop(), stored_features()
    now = micros(shop.now.timestamp)
    manifest = replace(ReleaseManifest.read(folder), amount_limits=shop.data.amount_limits)
    release = Release("7", manifest, assemble_release().tiered_model)
    column, largest = stored.columns.index("mean_order"), shop.data.amount_limits["mean_order"]
    giant, limit = (
        replace(stored, matrix=np.where(np.arange(stored.matrix.shape[1]) == column, amount, stored.matrix))
        for amount in (1e9, largest)
    )
    assert equal_forecasts(release.forecast(giant, now), release.forecast(limit, now))


def test_a_release_answers_as_the_tier_that_passed() -> None:
    today, fitted = corner_shop().population(), corner_tiers()["average"].tiered_model
    orders = np.nan_to_num(today.column("orders"))
    assert equal_forecasts(
        assemble_release().tiered_model.forecast(today.inputs, orders), fitted.forecast(today.inputs, orders)
    )


def test_a_release_whose_members_have_no_page_is_refused(folder: Path) -> None:
    with pytest.raises(CorruptRelease, match=r"it averages btyd, .*, of which training/members/ has no page"):
        Release.load(folder)


def test_a_release_says_what_it_was_trained_for(folder: Path) -> None:
    release = load_release(folder)
    assert release.version == "7"
    assert release.model_versions == {"churn": "3", "next_purchase": "3", "ltv": "2"}
    assert (release.metadata.currency, release.metadata.ltv_days, release.metadata.bands) == (
        "£",
        (30, 60, 365),
        (0.3, 0.7),
    )
    assert release.views == (transactions_view(corner_shop().history),)


def test_time_that_passes_moves_the_answer(folder: Path) -> None:
    release, now = load_release(folder), micros(corner_shop().now.timestamp)
    later = release.forecast(stored_features(), now + 20 * 86_400_000_000)
    assert (later.order_probability(30) != release.forecast(stored_features(), now).order_probability(30)).mean() > 0.5


def test_a_customer_of_whom_nothing_is_stored_is_answered_as_a_prospect(folder: Path) -> None:
    view, columns = transactions_view(corner_shop().history), stored_features().columns
    nothing = RaggedList(offsets=np.zeros(2, np.int64), values=np.empty(0))
    stranger = FeatureRows(
        customer_ids=["nobody"],
        known=np.zeros(1, bool),
        features_at=np.zeros(1, np.int64),
        columns=columns,
        matrix=np.full((1, len(columns)), np.nan),
        lists=dict.fromkeys(view.lists, nothing),
    )
    answer = load_release(folder).forecast(stranger, micros(corner_shop().now.timestamp))
    assert TIERS[answer.tier[0]] == "population"
    assert np.isfinite(answer.order_by).all()


def release_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def assert_corrupt(folder: Path, reason: str) -> None:
    expected = (
        f"{folder} is not a valid release: {reason}. Expected the files that `flywheel train` wrote: "
        "fetch it again from the registry, or promote another."
    )
    with pytest.raises(CorruptRelease, match=f"^{expected}$"):
        load_release(folder)


def test_a_changed_byte_in_any_file_is_refused(folder: Path) -> None:
    for path in release_files(folder):
        content = path.read_bytes()
        path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
        with pytest.raises(CorruptRelease):
            load_release(folder)
        path.write_bytes(content)
    load_release(folder)


def test_a_changed_tree_is_named(folder: Path) -> None:
    tree = folder / "churn" / "order_60d.small_trees.txt"
    tree.write_text(tree.read_text().replace("leaf_value=0", "leaf_value=9", 1) + " ")
    assert_corrupt(
        folder, re.escape("churn/order_60d.small_trees.txt is not the file that was registered (sha256 differs)")
    )


def test_a_missing_file_is_refused(folder: Path) -> None:
    for path in release_files(folder):
        path.rename(path.with_name("away"))
        assert_corrupt(folder, f".*No such file.*{re.escape(path.name)}.*")
        path.with_name("away").rename(path)


def test_a_file_that_the_sums_do_not_list_any_more_is_missed(folder: Path) -> None:
    sums = folder / "SHA256SUMS"
    sums.write_text(
        "".join(line for line in sums.read_text().splitlines(keepends=True) if "ltv/orders_30d.small_trees" not in line)
    )
    assert_corrupt(folder, "SHA256SUMS lists .*, not .*ltv/orders_30d.small_trees.txt.*")


def test_another_format_is_refused(written_release: Path, tmp_path: Path) -> None:
    write_release(tmp_path, replace(ReleaseManifest.read(written_release), format=99), assemble_release().files)
    with pytest.raises(OtherFormat, match="was made by a newer version of Flywheel: found format 99, expected 2"):
        load_release(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert_corrupt(tmp_path, ".*No such file.*SHA256SUMS.*")


def test_a_store_with_other_columns_is_refused(folder: Path) -> None:
    stored = stored_features()
    other = FeatureRows(**{**vars(stored), "columns": ("basket", *stored.columns[1:])})
    with pytest.raises(
        CorruptRelease, match=r"^Release 7 expects the inputs orders, .*, the store holds basket, .*\.$"
    ):
        load_release(folder).forecast(other, micros(corner_shop().now.timestamp))


def test_nothing_is_pickled_and_nothing_can_run(folder: Path) -> None:
    for path in release_files(folder):
        text = path.read_bytes().decode()
        if path.suffix == ".json":
            json.loads(text)
        elif path.suffix == ".txt":
            assert text.startswith("tree\n")
        else:
            assert path.name == "SHA256SUMS"
    for source in (Path(__file__).parents[3] / "training").rglob("*.py"):
        assert not re.search(r"\b(pickle|joblib|dill|cloudpickle|skops|eval\(|exec\()", source.read_text()), source


def test_answering_imports_numpy_alone(folder: Path) -> None:
    program = """
import sys
from pathlib import Path
from tests.training.constant_rows import constant_rows
from training.inference.serialization import serialize_tiered_model
from training.members import MEMBERS
from training.models import MODELS, load_release

release = load_release(Path(sys.argv[1]))
release.forecast(constant_rows(release.views, [0.0, 3.0]), 1_700_000_000_000_000)
heavy = {"lightgbm", "pandas", "sklearn", "mlflow", "feast", "scipy", "ibis", "duckdb", "pyarrow"}
print(sorted(heavy & set(sys.modules)))
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == "[]\n"


def test_a_percentile_is_the_mid_rank_within_the_population_of_the_release(folder: Path) -> None:
    release, now = load_release(folder), micros(corner_shop().now.timestamp)
    churn = 1 - release.forecast(stored_features(), now).order_probability(60)
    percentile = release.churn_percentile(churn)
    assert percentile.mean() == pytest.approx(50.0, abs=0.1)
    assert (percentile[np.argsort(churn)] == np.sort(percentile)).all()
    assert release.churn_percentile(np.array([-1.0, 2.0])).tolist() == [0.0, 100.0]


def test_the_population_of_a_large_shop_is_thinned_without_moving_its_percentiles() -> None:
    today = corner_shop().population()
    orders, tiered_model = np.nan_to_num(today.column("orders")), corner_tiers()["average"].tiered_model
    all_of_it = churn_sample(tiered_model, today.inputs, orders, 60)
    many = churn_sample(tiered_model, np.repeat(today.inputs, 5, axis=0), np.repeat(orders, 5), 60)
    assert all_of_it == sorted(all_of_it)
    assert len(all_of_it) == len(orders)
    assert len(many) == 2001
    assert np.quantile(many, [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(all_of_it, [0.1, 0.5, 0.9]), abs=0.01)


def structure(value: object, names: Collection[str], path: str = "") -> set[str]:
    """The paths of the keys of a JSON document; an object whose keys are all names of things counts as one path."""
    children: list[tuple[str, object]] = []
    if isinstance(value, list):
        children = [(f"{path}[]", item) for item in value]
    elif isinstance(value, dict):
        is_keyed_by_names = {*value} <= {*names}
        children = [(f"{path}.{'*' if is_keyed_by_names else key}", item) for key, item in value.items()]
    return set().union(*(structure(item, names, child) for child, item in children)) if children else {path}


def test_another_structure_has_another_format_version(written_release: Path) -> None:
    stored = json.loads((written_release / "release.json").read_text())
    names = {*MODELS, *MEMBERS, *stored["tiered_model"]["inputs"]}
    paths = structure(stored, names)
    for tier in ("btyd", "population"):
        model = serialize_tiered_model(corner_tiers()[tier].tiered_model, stored["tiered_model"]["inputs"])
        paths |= structure(json.loads(json.dumps(model)), names, f"({tier})")
    file = Path(__file__).with_name(f"release_format_{FORMAT_VERSION}.txt")
    assert sorted(paths) == file.read_text().splitlines(), (
        "A release is stored in another structure. If this version cannot load releases of the old one, raise "
        f"FORMAT_VERSION in training/inference/release_manifest.py; then write the new one to a file like {file.name}."
    )
