"""Nothing happens, and nothing is said: a connected pair at rest.

The short version watches for a good half minute; AURPD_LONG=1 makes it ten.
"""

import os
import time

import pytest

import appletalk as at
import aurp
from world import World, connect_pair

WATCH = 600 if os.environ.get("AURPD_LONG") else 37
INTERVAL, TIMEOUT = 10, 30


@pytest.fixture(scope="module")
def rest(binary):
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        connect_pair(a, b, tunnel_more=f"last-heard-timeout = {TIMEOUT}")
        time.sleep(INTERVAL + 2)        # what the start itself had to tell is told
        tunnel, lan = a.capture_tunnel(), a.capture()
        before, began = a.daemon.cpu_seconds(), time.monotonic()
        time.sleep(WATCH)
        tunnel, lan, watched = tunnel.since(), lan.since(), time.monotonic() - began
        yield a, b, tunnel, lan, a.daemon.cpu_seconds() - before, watched


@pytest.mark.timeout(WATCH + 120)
def test_a_pair_at_rest_exchanges_nothing_but_tickles(rest):
    _, _, tunnel, _, _, watched = rest
    packets = [f.tunnel for f in tunnel if f.tunnel]
    assert {p.name for p in packets} <= {"Tickle", "Tickle-Ack"}, [str(p) for p in packets]
    tickles = [p for p in packets if p.command == aurp.TICKLE]
    assert tickles, "not even tickles: this proves nothing"
    assert len(packets) <= 2 * 2 * (watched // TIMEOUT + 2)
    assert all(p.body == b"" and p.seq == 0 for p in packets)


def test_atalk_R10_R11_rtmp_goes_on_every_ten_seconds(rest):
    _, _, _, lan, _, watched = rest
    data = [f for f in lan if f.ddp and f.ddp.type == at.RTMP_DATA]
    assert abs(len(data) - watched / 10) <= 1 + watched / 100
    assert all(at.RtmpData.decode(f.ddp.data).distances() == {(200, 201): 1} for f in data)


def test_nothing_else_is_on_the_cable(rest):
    lan = rest[3]
    assert not [f for f in lan if f.ddp and f.ddp.type != at.RTMP_DATA]


@pytest.mark.measure
def test_a_router_at_rest_takes_no_time(rest):
    assert rest[4] <= max(0.05, WATCH * 0.001)


def test_the_pair_is_still_connected(rest):
    a, b, *_ = rest
    alice, bob = a.node(), b.node()
    assert alice.echo(bob.addr)
