"""Time, as a busy machine gives it to us.

Exact times are proved under simulated time. What is measured here by the real
clock must hold on a machine that has other things to do, where a process is
woken later than it asked for. A thread that sleeps for short whiles notes how
much later it was woken, and spent() leaves that time out.
"""

import threading
import time

NAP = 0.01


class Lag:
    def __init__(self):
        self._late = []         # (when it wanted to be woken, when it was)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while True:
            due = time.monotonic() + NAP
            time.sleep(NAP)
            woken = time.monotonic()
            if woken - due > NAP / 2:
                self._late.append((due, woken))

    def between(self, began, ended):
        """How much of this time the machine kept from us."""
        lost = 0.0
        for due, woken in reversed(self._late):
            if woken <= began:
                break
            lost += max(0.0, min(woken, ended) - max(due, began))
        return lost


_lag = Lag()


def spent(began, ended=None):
    """Seconds from `began` until `ended` (now), less what the machine took."""
    ended = time.monotonic() if ended is None else ended
    # What kept us waiting may have kept the daemon waiting as well, one after the other.
    return ended - began - 2 * _lag.between(began, ended)


def at_least(began, ended):
    """Seconds between two things that we saw, the first of them perhaps too late."""
    return ended - began + _lag.between(began - 1, ended)


def rest(seconds):
    """Sleeps, and longer by what the machine took, so that others had their time as well."""
    began = time.monotonic()
    for _ in range(20):
        left = seconds - spent(began)
        if left <= 0:
            return
        time.sleep(max(left, NAP))
