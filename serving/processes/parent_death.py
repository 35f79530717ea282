"""Parent death: the kernel signals a process as soon as its parent has ended, however that ended."""

from __future__ import annotations

import ctypes
import sys

_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def signal_at_parent_death(number: int) -> None:
    """Have this process signalled when its parent ends; on Linux only, elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
