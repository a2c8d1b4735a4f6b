"""What can happen to an EtherTalk port: no interface, no link, other routers on the cable.

One laboratory with a site per story; all daemons start together and the tests
look in one after the other.
"""

import os
import time
from types import SimpleNamespace

import pytest

import appletalk as at
from appletalk import Addr, Range
from capture import Capture
from daemon import port_is_up
from lag import rest
from net import Cable, run
from world import World, ethertalk

OWN_MAC = "02:00:07:12:34:56"
CABLE = Range(700, 709)
STORIES = ("missing", "unplugged", "tap", "mac", "soft", "lone", "learner", "conflict", "differ",
           "bridged")


def port_state(state):
    return lambda dump: dump.row("ports", port="lan")["state"] == state


def data_from_router(frame):
    return not frame.outgoing and frame.ddp and frame.ddp.type == at.RTMP_DATA


@pytest.fixture(scope="module")
def stories(binary):
    with World() as world:
        sites = SimpleNamespace(world=world)
        for number, name in enumerate(STORIES, 1):
            cables = () if name in ("missing", "tap") else ("lan0",)
            setattr(sites, name, world.site(name, number, cables))
        sites.seeds = {}
        for name in ("soft", "learner", "conflict", "differ"):
            site = getattr(sites, name)
            seed = site.router(Addr(705, 9), CABLE)
            seed.zones = {CABLE: ["Heard", "Café"]}
            if name == "differ":
                seed.addr, seed.range = Addr(site.range.first, 9), site.range
                seed.zones = {site.range: ["Another Zone"]}
            seed.start_announcing()
            sites.seeds[name] = seed
        sites.learner_watch = sites.learner.capture()
        sites.conflict_watch = sites.conflict.capture()
        lans = {
            "tap": ethertalk(network=sites.tap.network, zones=sites.tap.zones).replace(
                'device = "lan0"', "tap = at0"),
            "mac": ethertalk(network=sites.mac.network, zones=sites.mac.zones,
                             more=f'hardware-address = "{OWN_MAC}"'),
            "soft": ethertalk(network=sites.soft.network, zones=sites.soft.zones, seed="soft"),
            "lone": ethertalk(network=sites.lone.network, zones=sites.lone.zones, seed="soft",
                              more="all-multicast = yes"),
            "learner": ethertalk(network=None, seed="none"),
        }
        sites.peer = world.peer(201, {}, sites.unplugged)
        sites.peer.auto.add("open")
        bridged = sites.bridged.ns
        run("ip", "-n", bridged, "link", "add", "br0", "type", "bridge")
        run("ip", "-n", bridged, "link", "set", "lan0", "master", "br0")
        for name in STORIES:
            site = getattr(sites, name)
            site.prepare(site.config({"p": sites.peer.address}, lans.get(name))).start()
        yield sites


def test_a_missing_interface_is_said_and_taken_when_it_appears(stories):
    site = stories.missing
    assert site.daemon.lines.wait(lambda line: "lan0" in line, 20)
    dump = site.daemon.dump()
    assert dump.row("ports", port="lan")["state"] == "down"
    said = len(site.daemon.lines.since(0, lambda line: "lan0" in line))
    time.sleep(2.5)
    assert len(site.daemon.lines.since(0, lambda line: "lan0" in line)) == said, "said again"
    site.cables["lan0"] = stories.world.lab.cable(site.ns, "lan0")
    site.daemon.wait_dump(port_is_up("lan"), 12)
    assert site.node().get_local_zones() == [b"Zone MISSING"]


def test_an_interface_that_is_deleted_and_made_again_is_taken_again(stories):
    site = stories.missing
    run("ip", "-n", site.ns, "link", "del", "lan0")
    site.daemon.wait_dump(port_state("down"), 3)
    site.cables["lan0"] = stories.world.lab.cable(site.ns, "lan0")
    site.daemon.wait_dump(port_is_up("lan"), 12)
    assert site.node().get_local_zones() == [b"Zone MISSING"]


def test_atalk_E29_a_lost_link_that_returns_is_probed_again(stories):
    site = stories.unplugged
    site.daemon.wait_dump(port_is_up("lan"), 10)
    with site.capture() as watch:
        site.cable.unplug()
        site.daemon.wait_dump(port_state("down"), 3)
        mark = watch.mark()
        site.cable.plug()
        site.daemon.wait_dump(port_is_up("lan"), 10)
        probes = [f for f in watch.since(mark) if f.aarp and f.aarp.function == at.AARP_PROBE]
        assert len(probes) == 10
        others = watch.since(mark, lambda f: not f.outgoing and (f.ddp or f.aarp) and
                             f not in probes)
        assert all(f.time > probes[-1].time for f in others)


def test_aurp_U1_U5_a_network_that_lost_its_link_is_withdrawn_from_the_peers(stories):
    site, peer = stories.unplugged, stories.peer
    peer.connect()
    assert peer.wait_until(lambda: peer.knows(site.range, "Zone UNPLUGGED"), 15)
    site.cable.unplug()
    try:
        assert peer.wait_until(lambda: site.range not in peer.told, 13)
    finally:
        site.cable.plug()
    assert peer.wait_until(lambda: peer.knows(site.range, "Zone UNPLUGGED"), 18)


def test_a_tap_device_of_our_own_making_works_like_an_interface(stories):
    site = stories.tap
    site.daemon.wait_dump(port_is_up("lan"), 10)
    shown = run("ip", "-n", site.ns, "-d", "link", "show", "at0")
    assert "tun type tap" in shown and "UP" in shown
    # Our stations reach a tap as an emulator would: from inside, on a bridge with it.
    run("ip", "-n", site.ns, "link", "add", "br0", "type", "bridge")
    run("ip", "-n", site.ns, "link", "set", "br0", "up")
    run("ip", "-n", site.ns, "link", "set", "at0", "master", "br0")
    site.cables["at0"] = Cable(site.ns, "at0", site.ns, "br0")
    node = site.node(device="at0")
    assert node.get_local_zones() == [b"Zone TAP"]
    assert node.echo(node.router[0], os.urandom(300))


def test_a_hardware_address_of_its_own(stories):
    site = stories.mac
    site.daemon.wait_dump(port_is_up("lan"), 10)
    node = site.node()
    assert node.router[1] == at.mac(OWN_MAC)
    assert node.echo(node.router[0], os.urandom(100))
    real = run("ip", "-n", site.ns, "link", "show", "lan0").split("link/ether ")[1].split()[0]
    assert at.mac(real) != at.mac(OWN_MAC)
    frame = node.since(0, lambda f: not f.outgoing)[0]
    assert frame.src == at.mac(OWN_MAC)


def test_atalk_R05_a_soft_seed_takes_what_it_hears(stories):
    site = stories.soft
    dump = site.daemon.wait_dump(port_is_up("lan"), 35)
    port = dump.row("ports", port="lan")
    assert (port["net"], port["default-zone"]) == ("700-709", "Heard")
    node = site.node()
    assert sorted(node.get_local_zones()) == sorted([b"Heard", "Café".encode("mac_roman")])


def test_atalk_Q20_all_multicast_where_it_is_wished_and_only_there(stories):
    def hears_all(site):
        flags = run("ip", "netns", "exec", site.ns, "cat", "/sys/class/net/lan0/flags")
        return int(flags, 16) & 0x200       # IFF_ALLMULTI
    stories.lone.daemon.wait_dump(port_is_up("lan"), 10)
    stories.unplugged.daemon.wait_dump(port_is_up("lan"), 10)
    assert hears_all(stories.lone)
    assert not hears_all(stories.unplugged)


def test_atalk_R05_a_soft_seed_alone_uses_its_own(stories):
    site = stories.lone
    dump = site.daemon.wait_dump(port_is_up("lan"), 35)
    assert dump.row("ports", port="lan")["net"] == site.network
    assert site.node().get_local_zones() == [b"Zone LONE"]


def test_atalk_E25_R06_R07_Z36_a_port_without_seed_learns_everything(stories):
    site, watch, seed = stories.learner, stories.learner_watch, stories.seeds["learner"]
    dump = site.daemon.wait_dump(port_is_up("lan"), 35)
    port = dump.row("ports", port="lan")
    assert (port["net"], port["default-zone"]) == ("700-709", "Heard")
    frames = watch.since(0, lambda f: f.src not in (seed.mac,) and (f.aarp or f.ddp))
    probes = [f.aarp.dst for f in frames if f.aarp and f.aarp.function == at.AARP_PROBE]
    provisional, final = probes[0], probes[-1]
    assert provisional.net in Range(0xFF00, 0xFFFE) and final.net in CABLE
    assert str(final) == port["addr"]
    data = next((f for f in frames if f.ddp and f.ddp.type == at.RTMP_DATA), None)
    last_probe = [f for f in frames if f.aarp and f.aarp.function == at.AARP_PROBE][-1]
    assert data is None or data.time > last_probe.time
    assert any(f.ddp and f.ddp.type == at.ZIP and f.ddp.data[:1] == b"\5" for f in frames)
    assert seed.queries, "the zone list was never asked for"
    reply = site.node().get_net_info("CAFÉ")
    assert reply.flags == 0 and reply.cable == CABLE


def test_atalk_R03_a_hard_seed_that_hears_another_range_stops_and_says_so(stories):
    site, watch = stories.conflict, stories.conflict_watch
    site.daemon.wait_dump(port_state("conflict"), 15)
    assert any("700-709" in line and "lan" in line for line in site.daemon.lines.since())
    assert not watch.since(0, data_from_router)


def test_atalk_Z35_a_hard_seed_that_hears_another_zone_list_says_so(stories):
    site = stories.differ
    site.daemon.wait_dump(port_state("conflict"), 20)
    assert any("zone" in line.lower() and "lan" in line for line in site.daemon.lines.since())


def test_atalk_Q21_a_bridge_member_is_refused_and_the_bridge_named(stories):
    site = stories.bridged
    line = site.daemon.lines.wait(lambda line: "br0" in line, 20)
    assert line and "lan0" in line
    assert site.daemon.dump().row("ports", port="lan")["state"] == "down"


def test_atalk_E30_multicast_addresses_are_joined(stories):
    site = stories.lone
    site.daemon.wait_dump(port_is_up("lan"), 35)
    shown = run("ip", "-n", site.ns, "maddr", "show", "dev", "lan0")
    assert "09:00:07:ff:ff:ff" in shown
    multicast = at.zone_multicast("Zone LONE")
    assert ":".join(f"{byte:02x}" for byte in multicast) in shown


def test_ip_traffic_on_the_cable_is_none_of_our_business(stories):
    site = stories.lone
    site.daemon.wait_dump(port_is_up("lan"), 35)
    before = site.daemon.dump().row("counters", port="lan")["rx"]
    with Capture(site.cable) as noise:
        for _ in range(200):
            noise.sock.send(b"\xff" * 6 + b"\2\0\0\0\0\x77" + b"\x08\x00" + os.urandom(100))
            noise.sock.send(b"\xff" * 6 + b"\2\0\0\0\0\x77" + b"\x00\x40\xff\xff" + bytes(60))
    rest(0.3)
    after = site.daemon.dump().row("counters", port="lan")["rx"]
    assert int(after) - int(before) <= 3
