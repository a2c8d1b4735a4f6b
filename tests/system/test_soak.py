"""Hours of what happens to a router, in whatever time there is: and it is as it was.

AURPD_SOAK_SECONDS says how long; a short turn by default. Peers end, crash and
come back, networks come and go, cables are pulled, the configuration is read
again with more and with less in it, dumps are asked for, junk pours in. After
each event everything has to work again; memory, descriptors and the number of
times the process wakes at rest must not grow with time.
"""

import os
import random
import re
import signal
import time
from pathlib import Path

import pytest

import junk
from appletalk import Addr, Range
from daemon import peer_is, port_is_up
from junk import Flood, Wire
from lag import rest
from net import hardware_address, run
from test_load import report
from world import Pair, World, ethertalk, has_zones

SECONDS = float(os.environ.get("AURPD_SOAK_SECONDS", "60"))
SEED = int(os.environ.get("AURPD_SOAK_SEED", "1504"))
FLOOD_RATE = 20000
GROWTH_KIB = 1024

pytestmark = [pytest.mark.measure, pytest.mark.timeout(SECONDS + 600)]


class Soak:
    def __init__(self, world):
        self.world, self.random = world, random.Random(SEED)
        self.pair = Pair(world)
        self.a, self.b, self.daemon = self.pair.a, self.pair.b, self.pair.a.daemon
        run("ip", "-n", self.a.ns, "route", "add", "default", "via", self.b.address)
        self.neighbour = self.a.router(Addr(100, 3), self.a.range)
        self.neighbour.zones = {self.a.range: self.a.zones}
        self.neighbour.start_announcing(5)
        self.guest = world.peer(101, {Range(900, 904): (1, ["Guest"])}, self.a)
        self.router, self.router_mac = self.a.port_address()
        self.counts = {}

    # --- what happens

    def crash(self):
        self.b.daemon.kill()
        self.b.daemon.start()

    def restart(self):
        assert self.b.daemon.stop() == 0
        self.b.daemon.start()

    def networks(self):
        """Some come, some go, all others change their distance."""
        routes = {}
        for _ in range(self.random.randrange(1, 40)):
            first = 1000 + 10 * self.random.randrange(100)
            routes[Range(first, first + 3)] = self.random.randrange(1, 14)
        self.neighbour.routes = routes
        for nets in routes:
            self.neighbour.zones[nets] = [f"Zone {nets.first % 37}", f"Zone {nets.first}"]
        self.neighbour.announce()

    def reload(self):
        """With another peer, another cable's name, or neither."""
        peers = {"b": self.b.address}
        lans = ethertalk(network=self.a.network, zones=self.a.zones)
        if self.random.random() < 0.5:
            peers["guest"] = self.guest.address
        if self.random.random() < 0.5:
            lans += ethertalk("absent", "lan9", "7000-7001", ("Absent",))
        self.daemon.write_config(self.a.config(peers, lans))
        self.daemon.signal(signal.SIGHUP)
        if "guest" in peers:
            self.daemon.wait_dump(lambda d: d.rows("peers", peer="guest"), 10)
            self.guest.open_req()

    def wrong_file(self):
        self.daemon.write_config("router { nonsense = 1 }")
        self.daemon.signal(signal.SIGHUP)

    def dumps(self):
        for _ in range(20):
            self.daemon.dump()

    def refresh(self):
        self.daemon.signal(signal.SIGUSR2)

    def pull_cable(self):
        self.a.cable.unplug()
        self.daemon.wait_dump(lambda d: not port_is_up("lan")(d), 10)
        self.a.cable.plug()
        self.daemon.wait_dump(port_is_up("lan"), 15)
        self.router, self.router_mac = self.a.port_address()

    def lose_address(self):
        run("ip", "-n", self.a.ns, "addr", "del", f"{self.a.address}/24", "dev", "wan0")
        rest(1)
        run("ip", "-n", self.a.ns, "addr", "add", f"{self.a.address}/24", "dev", "wan0")
        run("ip", "-n", self.a.ns, "route", "replace", "default", "via", self.b.address)

    def junk_in_the_tunnel(self):
        wire = Wire(hardware_address(self.a.ns, "wan0"), b"\2\0\0\0\0\x66", self.a.address)
        # Not in the name of b: by chance it would hit an ID in use, after so many hours.
        frames = junk.tunnel_junk(wire, junk.stranger(self.random), set(),
                                  self.random.randrange(1 << 30))
        with Flood(self.world.wan.ns, "br0", frames, FLOOD_RATE, 2):
            pass

    def junk_on_the_cable(self):
        frames = junk.cable_junk(self.router, self.router_mac, self.pair.alice.addr,
                                 self.random.randrange(1 << 30))
        with Flood(self.a.cable.far_ns, self.a.cable.far, frames, FLOOD_RATE, 2):
            pass

    def end_nodes(self):
        for _ in range(5):
            with self.a.bare_node() as node:
                node.acquire()
                assert node.echo(self.pair.bob.addr, os.urandom(9)) or True

    # --- and what is measured

    def calm_down(self):
        """Nothing is left of what happened: the configuration, the networks, the connection."""
        self.neighbour.routes = {}
        self.neighbour.announce()
        self.daemon.write_config(self.a.config({"b": self.b.address}))
        self.daemon.signal(signal.SIGHUP)
        self.daemon.wait_dump(
            lambda d: len(d.rows("ports")) == 1 and len(d.rows("peers")) == 1 and
            peer_is("b")(d) and has_zones(d, self.b), 120, "calm")
        self.b.daemon.wait_dump(lambda d: has_zones(d, self.a), 120, "calm at b")
        # Junk claims every address on the cable, the router's too, and she believed it.
        self.pair.alice.amt.clear()
        assert self.pair.alice.get_zone_list()

    def size(self):
        fds = len(list(Path(f"/proc/{self.daemon.pid}/fd").iterdir()))
        return self.daemon.rss(), fds

    def wakes(self, seconds=12):
        """How often the process wakes in that time, when nothing happens."""
        def read():
            status = Path(f"/proc/{self.daemon.pid}/status").read_text()
            return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[1])
        before = read()
        time.sleep(seconds)
        return read() - before

    def turn(self, events):
        """Each event once, in an order by chance."""
        for event in self.random.sample(events, len(events)):
            if time.monotonic() >= self.ends and self.counts:
                return
            event(self)
            self.counts[event.__name__] = self.counts.get(event.__name__, 0) + 1
            assert self.daemon.running
            if event in (Soak.crash, Soak.restart, Soak.pull_cable, Soak.lose_address):
                self.calm_down()


EVENTS = [Soak.crash, Soak.restart, Soak.networks, Soak.networks, Soak.reload, Soak.reload,
          Soak.wrong_file, Soak.dumps, Soak.refresh, Soak.pull_cable, Soak.lose_address,
          Soak.junk_in_the_tunnel, Soak.junk_on_the_cable, Soak.end_nodes]


def test_nothing_grows(binary):
    with World() as world:
        soak = Soak(world)
        soak.ends = time.monotonic() + SECONDS
        for warm_up in (Soak.networks, Soak.dumps, Soak.reload, Soak.junk_in_the_tunnel,
                        Soak.junk_on_the_cable):
            warm_up(soak)
        soak.calm_down()
        rss, fds = soak.size()
        wakes, most = soak.wakes(), rss
        began = time.monotonic()
        while time.monotonic() < soak.ends:
            soak.turn(EVENTS)
            soak.calm_down()
            most = max(most, soak.size()[0])
        soak.daemon.wait_dump(lambda d: len(d.rows("routes")) == 2, 150, "old networks to go")
        report(f"soak: {time.monotonic() - began:,.0f} s, {sum(soak.counts.values())} events; "
               f"memory {rss} KiB, {soak.size()[0] - rss:+d} in the end, {most - rss:+d} at most; "
               f"descriptors {fds}, {soak.size()[1]} in the end; "
               f"woken {wakes} times in 12 s at rest, {soak.wakes()} in the end")
        assert soak.size()[0] - rss <= GROWTH_KIB
        assert soak.size()[1] <= fds
        assert soak.wakes() <= 2 * wakes + 20
        assert len(soak.daemon.lines.since()) <= 600 + 2 * SECONDS * 4
