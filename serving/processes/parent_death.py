"""Parent death: a worker ends with its supervisor, however that ended, so that no worker keeps the port."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading

_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def end_with_parent(channel: socket.socket) -> None:
    """End this process when its parent has ended, which closes the other end of ``channel``.

    On Linux the kernel does it, whatever this process is busy with; a thread that reads the channel does it elsewhere,
    and where the parent ended before this call.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_end_after, args=(channel,), name="parent-death", daemon=True).start()


def _end_after(channel: socket.socket) -> None:
    while channel.recv(1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)
