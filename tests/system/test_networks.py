"""Networks come and go on one side; the other side sees it in time.

A scripted RTMP router on the cable of site a has what changes; site b is two
routers away. One pair serves all tests.
"""

import os
import time

import pytest

import appletalk as at
import aurp
from appletalk import Addr, Nbp, Range
from lag import at_least, spent
from world import World, connect_pair

UPDATE_INTERVAL = 10
IN_TIME = UPDATE_INTERVAL + 2


def tells(nets, distance):
    """Frames of RTMP Data that give a network this distance."""
    def wanted(frame):
        return (frame.ddp and frame.ddp.type == at.RTMP_DATA and at.RtmpData.decode(
            frame.ddp.data).distances().get((nets.first, nets.last)) == distance)
    return wanted


@pytest.fixture(scope="module")
def sites(binary):
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        connect_pair(a, b)
        router = a.router(Addr(100, 3), a.range)
        router.zones = {a.range: ["Zone A"]}
        router.start_announcing()
        yield a, b, router, a.capture_tunnel()


def test_aurp_U2_U5_U12_a_network_comes_and_goes_within_the_update_interval(sites):
    a, b, router, tunnel = sites
    net, lan, bob = Range(300, 309), b.capture(), b.node()
    router.zones[net] = ["Far", "Café"]
    router.routes[net] = 1
    router.announce()
    a.daemon.wait_dump(lambda d: d.zones("300-309") == ["Far", "Café"], 5)
    known, mark = time.monotonic(), tunnel.mark()
    b.daemon.wait_dump(lambda d: sorted(d.zones("300-309")) == ["Café", "Far"], IN_TIME)
    assert spent(known) <= IN_TIME
    assert lan.wait(tells(net, 3), 40), "not in the RTMP of the other site"
    route = b.daemon.dump().route("300-309")
    assert (route["dist"], route["via"]) == ("3", "a")

    data = os.urandom(99)
    answer = bob.echo(Addr(305, 9), data)
    assert answer and answer.ddp.src == Addr(305, 9)
    assert "Café".encode("mac_roman") in bob.get_zone_list()

    del router.routes[net]
    router.announce({net: at.DISTANCE_POISON})
    gone = time.monotonic()
    b.daemon.wait_dump(lambda d: not d.zones("300-309"), IN_TIME)
    assert spent(gone) <= IN_TIME
    updates = tunnel.routing(lambda p: p.command == aurp.RI_UPD and p.source[0] == a.address, mark)
    events = [event for packet in updates for event in packet.events()]
    assert (aurp.NA, net, 2) in events and (aurp.ND, net, 0) in events
    assert lan.wait(tells(net, at.DISTANCE_POISON), 40)


def test_aurp_U15_what_comes_and_goes_within_an_interval_is_never_told(sites):
    a, _, router, tunnel = sites
    net = Range(320, 320)
    router.zones[net] = ["Brief"]
    # Just after an update, so that the interval lies ahead.
    other = Range(330, 330)
    router.zones[other] = ["Marker"]
    router.routes[other] = 1
    mark = tunnel.mark()
    router.announce()
    assert tunnel.wait(lambda f: f.tunnel and f.tunnel.command == aurp.RI_UPD, 3 * IN_TIME, mark)
    mark = tunnel.mark()
    router.announce({**router.routes, net: 1})
    a.daemon.wait_dump(lambda d: d.zones("320-320"), 3)
    router.announce({**router.routes, net: at.DISTANCE_POISON})
    time.sleep(IN_TIME)
    told = [event for packet in tunnel.routing(lambda p: p.command == aurp.RI_UPD, mark)
            for event in packet.events()]
    assert not [event for event in told if event[1] == net]


def test_aurp_U7_another_distance_is_told(sites):
    a, b, router, tunnel = sites
    net = Range(340, 345)
    router.zones[net] = ["Distant"]
    router.routes[net] = 2
    router.announce()
    b.daemon.wait_dump(lambda d: d.zones("340-345"), IN_TIME + 3)
    mark = tunnel.mark()
    router.routes[net] = 6
    router.announce()
    b.daemon.wait_dump(lambda d: d.route("340-345")["dist"] == "8", IN_TIME)
    events = [event for packet in tunnel.routing(lambda p: p.command == aurp.RI_UPD, mark)
              for event in packet.events()]
    assert (aurp.NDC, net, 7) in events


def test_aurp_U42_a_network_without_zones_is_not_told(sites):
    a, b, router, tunnel = sites
    net = Range(350, 350)
    router.routes[net] = 1          # but no zones: Queries stay unanswered
    mark = tunnel.mark()
    router.announce()
    a.daemon.wait_dump(lambda d: d.route("350-350"), 5)
    time.sleep(IN_TIME + 1)
    told = [event for packet in tunnel.routing(lambda p: p.command == aurp.RI_UPD, mark)
            for event in packet.events()]
    assert not [event for event in told if event[1] == net]
    assert not b.daemon.dump().route("350-350")
    asked = [when for when, nets in router.queries if 350 in nets]
    assert 2 <= len(asked) <= 4


def test_a_name_behind_the_other_router_is_looked_up_there(sites):
    a, b, router, _ = sites
    net = Range(360, 361)
    router.zones[net] = ["Deep"]
    router.routes[net] = 1
    router.announce()
    b.daemon.wait_dump(lambda d: d.zones("360-361"), IN_TIME + 3)
    bob, mark = b.node(), router.mark()
    bob.lookup("=", "AFPServer", "Deep", patience=0.5, tries=2)
    frame = router.wait(lambda f: f.dst == router.mac and f.ddp and f.ddp.type == at.NBP, 20, mark)
    asked = Nbp.decode(frame.ddp.data)
    assert asked.function == at.FWDREQ and frame.ddp.dst == Addr(360, 0)
    assert asked.tuples[0].addr == bob.addr and asked.tuples[0].zone == b"Deep"


def test_atalk_R30_R32_a_router_that_falls_silent_is_forgotten(sites):
    a, b, router, _ = sites
    net, lan = Range(370, 370), b.capture()
    router.zones[net] = ["Fading"]
    router.routes[net] = 1
    router.announce()
    a.daemon.wait_dump(lambda d: d.zones("370-370"), 5)
    b.daemon.wait_dump(lambda d: d.zones("370-370"), IN_TIME)
    router.stop_announcing()
    silent = time.monotonic()
    a.daemon.wait_dump(lambda d: d.route("370-370")["state"] == "bad", 45)
    gone = time.monotonic()
    # 20 to 40 s after its last Data, which was up to 10 s before it fell silent.
    assert at_least(silent, gone) >= 9 and spent(silent, gone) <= 42
    assert lan.wait(tells(net, at.DISTANCE_POISON), 3 * IN_TIME)
    a.daemon.wait_dump(lambda d: not d.route("370-370"), 45)
