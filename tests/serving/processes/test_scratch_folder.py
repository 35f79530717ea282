"""Scratch folder: temporary files go with their service, also those of a service that was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from serving.processes.scratch_folder import scratch_folder
from tests.serving.server_process import ROOT

HOLD = """
import sys, time
from pathlib import Path
from serving.processes.scratch_folder import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    time.sleep(60)
"""


def test_a_scratch_folder_is_private_and_goes_at_the_end(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "counter.db").write_bytes(b"1")
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_killed_service_is_removed_by_the_next_and_that_of_a_running_one_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", HOLD, str(tmp_path)]
    environment = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        abandoned = Path(service.stdout.readline().strip())
        with scratch_folder(tmp_path):
            assert abandoned.is_dir()
        service.send_signal(signal.SIGKILL)
    (tmp_path / "flywheel-serve-of-no-folder").symlink_to(tmp_path)
    with scratch_folder(tmp_path) as folder:
        assert not abandoned.exists()
        assert folder.is_dir()
