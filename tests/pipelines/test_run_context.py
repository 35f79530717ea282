from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from features.config.shop import read_shop_config
from pipelines.home import Home
from pipelines.run_context import RunContext
from pipelines.steps import ingest
from serving.releases.readiness_report import ReadinessReport
from tests.pipelines import shops
from tests.pipelines.shops import Log

LOG = shops.simulate_log(40, 90)


def no_progress(_: str) -> None:
    pass


def run_context(folder: Path, today: date, log: Log = LOG, **business: str) -> RunContext:
    config = read_shop_config(shops.write_shop(folder, log, **business))
    home = Home(folder / "home")
    ingest.run(config, home, datetime.now(UTC), no_progress)
    return RunContext(config, home, today, no_progress)


def test_a_job_knows_what_was_known_on_its_day_and_no_more(tmp_path: Path) -> None:
    history = run_context(tmp_path, shops.day(60)).history
    expected = LOG.known_before(60)
    assert expected.events is not None
    assert history.events is not None
    assert int(history.lines.count().execute()) == int((expected.orders["customer"] != "").sum())
    assert int(history.events.count().execute()) == len(expected.events)
    assert history.day_range()[1] < shops.day(60)


def test_the_churn_horizon_that_is_left_to_the_log_is_that_of_the_day(tmp_path: Path) -> None:
    monthly, weekly = (
        [("ann", number, 5.0) for number in (0, 30, 60)],
        [("bob", number, 5.0) for number in range(61, 300, 7)],
    )
    log = shops.log_of_orders(*monthly, *weekly)
    assert run_context(tmp_path, shops.day(61), log, churn_days='"auto"').churn_days == 20  # a third of the history
    assert run_context(tmp_path, shops.day(300), log, churn_days='"auto"').churn_days == 7


def test_the_horizons_asked_for_are_those_of_churn_and_of_lifetime_value(tmp_path: Path) -> None:
    context = run_context(tmp_path, shops.day(60), churn_days="45", ltv_days="[365, 30]")
    assert context.horizons == (30, 45, 365)


def test_the_last_cutoff_is_the_beginning_of_the_shop_s_day(tmp_path: Path) -> None:
    cutoffs = run_context(tmp_path, shops.day(80)).cutoffs
    assert [cutoff.timestamp for cutoff in cutoffs] == sorted(cutoff.timestamp for cutoff in cutoffs)
    assert cutoffs[-1].timestamp.isoformat() == "2024-03-27T23:00:00+00:00"


def test_a_line_of_another_century_moves_neither_the_plan_nor_the_readiness_but_is_named(tmp_path: Path) -> None:
    weekly = [(f"c{number}", day, 5.0) for number in range(40) for day in range(number, 90, 7)]
    (tmp_path / "clean").mkdir()
    (tmp_path / "old").mkdir()
    clean = run_context(tmp_path / "clean", shops.day(90), shops.log_of_orders(*weekly))
    old = run_context(tmp_path / "old", shops.day(90), shops.log_of_orders(("c1", -40_000, 5.0), *weekly))
    assert old.schedule == clean.schedule
    assert old.readiness.answers == clean.readiness.answers
    assert old.readiness.notes == clean.readiness.notes
    assert [note.code for note in clean.plausibility] == ["amounts_equal"]
    note, _ = old.plausibility
    assert (note.code, note.severity) == ("dates_outlying", "warning")
    assert note.found == "1 order line is dated 1914-07-04, 40,000 days before the next"


def test_a_service_without_a_release_reads_which_models_lack_what(tmp_path: Path) -> None:
    context = run_context(tmp_path, shops.day(80), churn_days="30", ltv_days="[30, 365]")
    context.write_readiness()
    report = ReadinessReport.read(context.home.folder)
    assert report is not None
    answers = {(answer.model, answer.horizon_days): answer for answer in context.readiness.answers}
    lacking = {(model.model, model.horizon_days): model for model in report.models}
    assert lacking.keys() == answers.keys()
    year, churn = lacking["ltv", 365], lacking["churn", 30]
    assert year.shortage == "log_days"
    assert answers["ltv", 365].missing == (
        f"{year.needed} days of log are needed to test 365 days ahead, there are {year.present}"
    )
    assert f"trainable on {year.trainable_on}" in answers["ltv", 365].remedy
    assert churn.shortage == "customers"
    assert answers["churn", 30].missing == f"{churn.needed} customers are needed, there are {churn.customers}"
