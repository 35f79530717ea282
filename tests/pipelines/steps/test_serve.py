"""Start of the service: the operator sees where it answers, and what is missing before it can."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pipelines.home import Home
from pipelines.steps.serve import start_notices
from serving.problems import DETAILS
from serving.server import AddressUnavailable, check_address


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", "http://127.0.0.1:3000"), ("::1", "http://[::1]:3000")])
def test_the_operator_sees_the_address_and_that_no_release_serves(host: str, address: str, tmp_path: Path) -> None:
    home = Home(tmp_path / ".flywheel")
    answers, missing = start_notices(home, host, 3000)
    assert answers == f"Flywheel answers on {address} (docs at /docs, Ctrl-C stops it)"
    assert str(home.folder) in missing
    assert "`flywheel run`" in missing


def test_with_a_champion_the_address_is_enough(tmp_path: Path) -> None:
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "champion").write_text("1")
    assert len(start_notices(Home(tmp_path), "127.0.0.1", 3000)) == 1


def test_callers_of_a_service_without_a_release_read_the_remedy() -> None:
    assert "If no release is promoted yet, run `flywheel run`" in DETAILS[503]


def test_an_address_in_use_is_an_error_before_anything_is_announced() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressUnavailable, match=f"Found 127.0.0.1:{port} unavailable"):
            check_address("127.0.0.1", port)
    check_address("127.0.0.1", port)


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(AddressUnavailable, match=r"Found 192\.0\.2\.1:3000 unavailable"):
        check_address("192.0.2.1", 3000)
