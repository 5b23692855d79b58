"""What programs show on a pseudo-terminal."""

import os
import select
import signal
import time


def pieces(terminal, pid, seconds=60):
    """What is shown, as it comes, until the last process has closed the terminal. `pid` is killed when it takes longer."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([terminal], [], [], left)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux tells that nobody has the terminal any more
            return
        if not piece:
            return
        yield piece
    os.kill(pid, signal.SIGKILL)
