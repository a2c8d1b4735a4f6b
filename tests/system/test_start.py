"""From nothing to a working site: the address, the first words, the time it takes."""

import time

import appletalk as at
from appletalk import Addr
from daemon import peer_is, port_is_up
from lag import at_least, spent
from world import connect_pair, ethertalk, has_zones


def from_router(frame):
    return not frame.outgoing and (frame.aarp or frame.ddp)


def test_zones_are_visible_across_within_five_seconds_of_the_start(world):
    a, b = world.site("a", 1), world.site("b", 2)
    began = time.monotonic()
    connect_pair(a, b)
    assert spent(began) < 5.0


def test_atalk_E09_E10_E13_R02_the_router_claims_its_address_before_it_speaks(world):
    a = world.site("a", 1)
    watch, rival = a.capture(), a.bare_node()
    a.prepare(a.config({})).spawn()
    assert watch.count(lambda f: f.aarp and f.aarp.function == at.AARP_PROBE, 3, 20)
    first = watch.since(0, from_router)[0].aarp.dst
    rival.send_aarp(at.AARP_REQUEST, Addr(100, 9), first)
    a.daemon.wait_dump(port_is_up("lan"), 10)

    frames = watch.since(0, from_router)
    probes = [f for f in frames if f.aarp and f.aarp.function == at.AARP_PROBE]
    assert len(probes) == 10
    assert {f.aarp.dst for f in probes} == {first} == {f.aarp.src for f in probes}
    began, ended = probes[0].time, probes[-1].time
    assert at_least(began, ended) >= 1.7 and spent(began, ended) <= 4
    assert first.net in a.range and 1 <= first.node <= 0xFD
    others = [f for f in frames if f not in probes]
    assert all(f.time > probes[-1].time for f in others), "spoke before the address was its own"
    asked = next(f.time for f in others if f.ddp and (
        f.ddp.type == at.RTMP_REQUEST or f.ddp.data[:1] == b"\5"))
    data = watch.wait(lambda f: f.ddp and f.ddp.type == at.RTMP_DATA, 40)
    assert asked < data.time


def test_atalk_E11_E12_a_taken_address_is_left_to_its_owner(world):
    a = world.site("a", 1)
    lan = ethertalk(network=a.network, zones=a.zones, more='address = "100.77"')
    owner, watch = a.bare_node(), a.capture()
    owner.addr = Addr(100, 77)                      # answers the probes for it
    a.prepare(a.config({}, lan)).spawn()
    a.daemon.wait_dump(port_is_up("lan"), 10)
    probes = [f.aarp.dst for f in watch.since(0, from_router) if f.aarp and
              f.aarp.function == at.AARP_PROBE]
    assert probes[0] == owner.addr and probes.count(owner.addr) == 1
    second = probes[1]
    assert second != owner.addr and probes[1:] == [second] * 10
    assert a.daemon.dump().row("ports", port="lan")["addr"] == str(second)


def test_a_rivals_probe_takes_the_address_too(world):
    a = world.site("a", 1)
    rival, watch = a.bare_node(), a.capture()
    rival.mute = True
    a.prepare(a.config({})).spawn()
    seen = watch.wait(lambda f: f.aarp and f.aarp.function == at.AARP_PROBE, 20)
    rival.send_aarp(at.AARP_PROBE, seen.aarp.dst, seen.aarp.dst)
    dump = a.daemon.wait_dump(port_is_up("lan"), 10)
    assert dump.row("ports", port="lan")["addr"] != str(seen.aarp.dst)


def test_atalk_E26_the_last_address_is_tried_first(world):
    a = world.site("a", 1)
    a.prepare(a.config({})).spawn()
    before = a.daemon.wait_dump(port_is_up("lan"), 10).row("ports", port="lan")["addr"]
    assert a.daemon.stop() == 0
    watch = a.capture()
    a.daemon.spawn()
    probe = watch.wait(lambda f: f.aarp and f.aarp.function == at.AARP_PROBE, 20)
    assert str(probe.aarp.dst) == before


def test_a_site_that_starts_later_is_connected_soon(world):
    a, b = world.site("a", 1), world.site("b", 2)
    a.run(a.config({"b": b.address}))
    time.sleep(4)           # a asks b for a while, who is not there
    b.run(b.config({"a": a.address}))
    a.daemon.wait_dump(peer_is("b"), 10)
    a.daemon.wait_dump(lambda dump: has_zones(dump, b), 15)
