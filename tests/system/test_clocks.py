"""Clocks that jump, and a process that is not run for a while, as on a machine that slept."""

import mmap
import os
import re
import signal
import struct
import time
from pathlib import Path

import pytest

from daemon import BINARY
from lag import rest
from world import Pair, World, has_zones

CLOCKSHIFT = Path(os.environ.get("AURPD_CLOCKSHIFT",
                                 BINARY.parent / "tests/system/libclockshift.so"))
YEAR = 365 * 24 * 3600


class Clocks:
    """The clocks of a daemon: seconds by which the clock of the day and the other are ahead."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(16))
        with open(path, "r+b") as file:
            self._ahead = mmap.mmap(file.fileno(), 16)

    def shift(self, day=0, monotonic=0):
        self._ahead[:] = struct.pack("=qq", day, monotonic)


@pytest.mark.measure        # a sanitizer wants to be the first library
def test_clocks_that_jump(binary, tmp_path):
    with World() as world:
        clocks = Clocks(tmp_path / "clocks")
        both = Pair(world)
        a, b = both.a, both.b
        a.daemon.stop()
        a.daemon.start(LD_PRELOAD=str(CLOCKSHIFT), CLOCKSHIFT=str(clocks.path))
        both.recovers()
        mark = a.daemon.lines.mark(), b.daemon.lines.mark()

        # The clock of the day: of no concern but for the dates that are written.
        for day in (-10 * YEAR, 10 * YEAR, 0):
            clocks.shift(day=day)
            year = a.daemon.dump().text.split()[4][:4]
            assert abs(int(year) - int(time.strftime("%Y")) - day / YEAR) < 1.1
            assert both.works()
        rest(11)
        for site, since in zip((a, b), mark):
            assert not site.daemon.lines.since(since, lambda line: "is gone" in line)

        # An hour passes at once: everything ages, and is asked for again.
        clocks.shift(monotonic=3600)
        assert a.daemon.running
        both.recovers()
        assert int(re.search(r" up=(\d+)", a.daemon.dump().text)[1]) >= 3600
        assert both.alice.get_local_zones() == [b"Zone A"]


def test_a_router_that_was_stopped_for_a_while_takes_up_its_work(binary):
    with World() as world:
        both = Pair(world, tunnel_more="last-heard-timeout = 30")
        both.a.daemon.signal(signal.SIGSTOP)
        both.b.daemon.wait_dump(lambda d: not has_zones(d, both.a), 70, "a to be missed")
        both.a.daemon.signal(signal.SIGCONT)
        both.recovers()
        assert sorted(both.bob.get_zone_list()) == [b"Zone A", b"Zone B"]
        assert both.alice.get_local_zones() == [b"Zone A"]
        assert both.a.daemon.dump().row("ports", port="lan")["state"] == "up"
