"""Fifty thousand datagrams of junk a second, and everybody is served as before.

The junk comes from a sender in C (flood.c); while it pours, a station on the
cable asks for the router's hardware address and sends echoes, to the router
and through the tunnel. The machine's share in the figures is printed with them.
"""

import json
import os
import re
import time
from types import SimpleNamespace

import pytest

import aurp
import junk
from appletalk import Addr, Range
from daemon import peer_is
from junk import Flood, Wire
from net import hardware_address, run
from probe import Prober
from world import World, connect_pair, has_zones

pytestmark = pytest.mark.measure

RATE, SECONDS, WARM_UP, DEAF = 50000, 8, 2, 5
SOON = 0.05
LINES = 100         # in the log, at its most talkative level


def report(text):
    """A figure for people: to the terminal, and to a file if one is named."""
    print(text)
    if os.environ.get("AURPD_MEASURES"):
        with open(os.environ["AURPD_MEASURES"], "a", encoding="utf-8") as measures:
            measures.write(text + "\n")


@pytest.fixture(scope="module")
def town(binary):
    """Sites a, which will be flooded, and b; nodes of b to echo with; the ways for the floods."""
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        with a.capture_tunnel() as watch:
            connect_pair(a, b)
            conns = {p.conn for p in watch.routing(lambda p: p.command == aurp.OPEN_REQ)}
        run("ip", "-n", a.ns, "route", "add", "default", "via", b.address)
        router, router_mac = a.port_address()
        addr = Addr(100, 0xFC if router.node != 0xFC else 0xFB)
        prober = world.keep(Prober(a.cable, router, router_mac, addr))
        wire = Wire(hardware_address(a.ns, "wan0"), hardware_address(world.wan.ns, "br0"),
                    a.address)
        yield SimpleNamespace(world=world, a=a, b=b, daemon=a.daemon, conns=conns, wire=wire,
                              router=router, router_mac=router_mac, prober=prober,
                              far=b.node().addr)


def percentiles(waits):
    waits = sorted(waits)
    return tuple(waits[min(len(waits) - 1, int(len(waits) * share))] * 1000
                 for share in (0.5, 0.95, 1))


def settled(daemon):
    """A dump when everything that had been queued has been counted."""
    before = None
    while True:
        dump = daemon.dump()
        if before and dump.drops() == before.drops():
            return dump
        before = dump
        time.sleep(0.3)


class Siege:
    """What was asked and answered, and what it cost, while a flood ran."""

    def __init__(self, town, ns, device, frames, rate=RATE, through_tunnel=True):
        daemon, prober = town.daemon, town.prober
        self.wanted_rate = rate
        asks = {"AARP": prober.aarp, "echo": lambda: prober.echo(town.router)}
        if through_tunnel:
            asks["echo through the tunnel"] = lambda: prober.echo(town.far)
        self.waits = {name: [] for name in asks}
        with Flood(ns, device, frames, rate, WARM_UP):
            pass
        self.before, mark = settled(daemon), daemon.lines.mark()
        rss, cpu = daemon.rss(), daemon.cpu_seconds()
        with Flood(ns, device, frames, rate, SECONDS) as self.flood:
            while self.flood.running:
                for name, ask in asks.items():
                    self.waits[name].append(ask())
                time.sleep(0.01)
        self.cpu = daemon.cpu_seconds() - cpu
        self.after = settled(daemon)
        self.grown = daemon.rss() - rss
        self.lines = daemon.lines.since(mark)

    @property
    def asked(self):
        return sum(map(len, self.waits.values()))

    def dropped(self):
        return sum(self.after.drops().values()) - sum(self.before.drops().values())

    def grew(self, reason):
        return self.after.drops().get(reason, 0) - self.before.drops().get(reason, 0)

    def counted(self, name, **owner):
        return (int(self.after.row("counters", **owner)[name]) -
                int(self.before.row("counters", **owner)[name]))

    def tell(self, what):
        rate = f"{self.flood.rate:,.0f} a second"
        if self.flood.rate < 0.98 * self.wanted_rate:
            rate += f" (all that this machine could send of {self.wanted_rate:,})"
        report(f"load: {what}: {rate}; {self.cpu / SECONDS:.0%} of a processor, "
               f"memory {self.grown:+d} KiB, {len(self.lines)} lines in the log, "
               f"{self.grew('no-buffer'):,} lost in the kernel")
        for name, waits in self.waits.items():
            answered = sorted(wait * 1000 for wait in waits if wait is not None) or [float("nan")]
            report(f"load:   {name}: {len(answered)} of {len(waits)} answered, "
                   f"p50 {answered[len(answered) // 2]:.2f} ms, "
                   f"p95 {answered[len(answered) * 19 // 20]:.2f} ms, max {answered[-1]:.2f} ms")

    def check_answers(self):
        for name, waits in self.waits.items():
            assert len(waits) > 20, name
            # A machine that stops the daemon for longer than its sockets can hold loses some.
            may_lose = len(waits) // 20 if self.grew("no-buffer") else 0
            assert waits.count(None) <= may_lose, f"{name}: {waits.count(None)} without an answer"
            answered = sorted(wait for wait in waits if wait is not None)
            assert answered[len(answered) // 2] <= SOON, name

    def check_health(self):
        assert self.grown <= 1024, f"{self.grown} KiB more"
        assert len(self.lines) <= LINES, self.lines[:LINES]
        peer = self.after.row("peers", peer="b")
        assert (peer["recv"], peer["send"]) == ("connected", "connected")
        again = [line for line in self.lines
                 if re.search("peer b( is|:).*(connect|gone|receive)", line)
                 and "dropped" not in line]
        assert not again, "the connection was lost in between"


def test_junk_in_the_tunnel(town):
    frames = junk.tunnel_junk(town.wire, town.b.address, town.conns)
    siege = Siege(town, town.world.wan.ns, "br0", frames)
    siege.tell("junk in the tunnel")
    siege.check_answers()
    siege.check_health()
    # Every one of them has its reason, and nothing else was thrown away.
    assert abs(siege.dropped() - siege.flood.sent) <= 20


def test_junk_on_the_cable(town):
    frames = junk.cable_junk(town.router, town.router_mac, town.prober.addr)
    siege = Siege(town, town.a.cable.far_ns, town.a.cable.far, frames)
    siege.tell("junk on the cable")
    siege.check_answers()
    siege.check_health()
    came = siege.counted("rx", port="lan") + siege.grew("no-buffer")
    assert abs(came - siege.flood.count(junk.is_appletalk) - siege.asked) <= 50
    assert siege.dropped() >= siege.flood.sent / 2


def test_aurp_C15_open_requests_in_the_name_of_a_peer(town):
    """The live connection is asked whether it lives, at the pace of the protocol; it does."""
    frames = junk.forged_opens(town.wire, town.b.address, town.conns)
    siege = Siege(town, town.world.wan.ns, "br0", frames)
    siege.tell("Open-Req in the name of a peer")
    siege.check_answers()
    siege.check_health()
    assert siege.counted("tx", peer="b") < siege.flood.sent / 50, "answered at the flood's pace"


def test_aurp_C17_X6_calls_in_the_name_of_a_peer_that_is_deaf_for_a_while(town):
    """Nobody takes its place, from wherever he calls, and no route is lost."""
    frames = junk.forged_calls(town.wire, town.b.address, town.conns)
    mark, came, began = town.daemon.lines.mark(), [], time.monotonic()
    with Flood(town.world.wan.ns, "br0", frames, RATE, WARM_UP + DEAF + SECONDS) as flood:
        time.sleep(WARM_UP)
        town.b.tap.isolate()
        deaf = time.monotonic()
        while flood.running:
            if deaf and time.monotonic() - deaf > DEAF:
                deaf = town.b.tap.rejoin()
            dump = town.daemon.dump()
            came.append((has_zones(dump, town.b), dump.route(town.b.network)["state"]))
            time.sleep(0.1)
    report(f"load: calls in the name of a deaf peer: {flood.rate:,.0f} a second; "
           f"{len(came)} looks in {time.monotonic() - began:.0f} s")
    assert set(came) == {(True, "good")}
    said = town.daemon.lines.since(mark, lambda line: "dump written" not in line)
    assert len(said) <= LINES, said[:LINES]
    town.daemon.wait_dump(peer_is("b"), 30, "b to be connected")
    assert town.prober.echo(town.far) is not None


def traffic(ns, device):
    """Bytes received and sent by an interface, frames and all."""
    shown = json.loads(run("ip", "-n", ns, "-j", "-s", "link", "show", device))[0]["stats64"]
    return shown["rx"]["bytes"], shown["tx"]["bytes"]


def test_aurp_T29_strangers_get_no_memory_and_no_more_bytes_than_they_sent(town):
    """accept-unknown, and fifty thousand packets a second under forged addresses."""
    limit = 8
    c = town.world.site("c", 3)
    c.run(c.config({}, tunnel_more=f"accept-unknown = yes\n    max-unknown-peers = {limit}"))
    run("ip", "-n", c.ns, "route", "add", "default", "via", town.b.address)
    wire = Wire(hardware_address(c.ns, "wan0"), town.wire.src_mac, c.address)
    frames = junk.tunnel_junk(wire, town.b.address, set())
    with Flood(town.world.wan.ns, "br0", frames, RATE, WARM_UP):
        pass
    rss, before, mark = c.daemon.rss(), traffic(c.ns, "wan0"), c.daemon.lines.mark()
    with Flood(town.world.wan.ns, "br0", frames, RATE, SECONDS) as flood:
        while flood.running:
            rows = c.daemon.dump().rows("peers")
            assert len(rows) <= limit, rows
            time.sleep(0.2)
    came, went = (now - then for now, then in zip(traffic(c.ns, "wan0"), before))
    report(f"load: strangers: {flood.rate:,.0f} a second; {came:,} bytes in, {went:,} bytes out, "
           f"memory {c.daemon.rss() - rss:+d} KiB")
    assert came > flood.sent * 40 and went <= came / 100
    assert c.daemon.rss() - rss <= 1024
    asked_for = "dump written"      # by this test, as often as the machine let it
    assert len(c.daemon.lines.since(mark, lambda line: asked_for not in line)) <= LINES
    # Who can be answered where he says he is, is let in as if nothing had been.
    guest = town.world.peer(150, {Range(800, 800): (0, ["Guest"])}, c)
    deadline = time.monotonic() + 60
    while not guest.wait_for(aurp.OPEN_RSP, 3):
        assert time.monotonic() < deadline, "never let in"
        guest.open_req()
    c.daemon.wait_dump(lambda d: d.route("800-800"), 30, "what the guest has")


def test_a_flooded_tunnel_leaves_the_cable_its_turn(town):
    """As much as can be sent, more than the tunnel's socket can hold."""
    frames = junk.tunnel_junk(town.wire, town.b.address, town.conns)
    siege = Siege(town, town.world.wan.ns, "br0", frames, 20 * RATE, False)
    siege.tell("all that goes into the tunnel")
    siege.check_answers()
    siege.check_health()
    assert abs(siege.dropped() - siege.flood.sent) <= max(20, siege.flood.sent // 1000)
