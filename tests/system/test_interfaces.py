"""Interfaces as they are on real machines: VLANs, Phase 1, other names, bridges, loops.

One laboratory with a site per story; all daemons start together and the tests
look in one after the other.
"""

import os
import signal
import struct
from types import SimpleNamespace

import pytest

import appletalk as at
from appletalk import Addr, Ddp, Range
from capture import Capture
from daemon import peer_is, port_is_up
from lag import rest
from net import Cable, run
from node import fresh_mac
from world import World, ethertalk, localtalk

LONG_NAME = "enp0s31f6np0-where-the-emulators-are"
OWN_MAC = "02:00:07:65:43:21"
STRANGE = Range(700, 709)
PLAIN = ("plain", "mac", "tap")      # those that get strange frames
STORIES = PLAIN + ("twin", "loop", "double", "renamed", "altname", "talk", "hard", "soft", "member",
                   "used", "late")
BRIDGED = ("hard", "soft", "used")              # taps that are put into a bridge later


def port_state(state, name="lan"):
    return lambda dump: dump.row("ports", port=name)["state"] == state


def lan_of(site):
    own = {"network": site.network, "zones": site.zones}
    as_tap = ('device = "lan0"', "tap = at0")
    by_mac = {"more": f'hardware-address = "{OWN_MAC}"'}
    return {
        "mac": lambda: ethertalk(**own, **by_mac),
        "tap": lambda: ethertalk(**own).replace(*as_tap),
        "double": lambda: ethertalk(**own) + ethertalk("other", "lan1", "4000-4001", ("Other",)),
        "altname": lambda: ethertalk(**own, device="enp0s4"),
        "talk": lambda: localtalk("ltoudp", "lan", LONG_NAME, site.range.first, "Talk"),
        "hard": lambda: ethertalk(**own).replace(*as_tap),
        "soft": lambda: ethertalk(**own, seed="soft").replace(*as_tap),
        "late": lambda: ethertalk(**own).replace(*as_tap),
        "used": lambda: ethertalk(**own, seed="soft").replace(*as_tap),
    }.get(site.name, lambda: ethertalk(**own))()


def bridge(ns, *members):
    run("ip", "-n", ns, "link", "add", "br0", "type", "bridge")
    run("ip", "-n", ns, "link", "set", "br0", "up")
    for member in members:
        run("ip", "-n", ns, "link", "set", member, "master", "br0")


@pytest.fixture(scope="module")
def stories(binary):
    with World() as world:
        sites = SimpleNamespace(world=world)
        for number, name in enumerate(STORIES, 1):
            cables = ("lan0", "lan1") if name == "double" else ("lan0",)
            setattr(sites, name, world.site(name, number, cables))
        cables = sites.double.cables
        bridge(cables["lan0"].far_ns, cables["lan0"].far, cables["lan1"].far)
        for site, other in ((sites.altname, "enp0s4"), (sites.talk, LONG_NAME)):
            run("ip", "-n", site.ns, "link", "property", "add", "dev", "lan0", "altname", other)
        for name in STORIES:
            site = getattr(sites, name)
            site.prepare(site.config({"p": "10.99.0.250"}, lan_of(site))).start()
        for name in STORIES:
            getattr(sites, name).daemon.wait_dump(port_is_up("lan"), 15)
        bridge(sites.tap.ns, "at0", "lan0")
        sites.tap.cables["at0"] = sites.tap.cable
        sites.tap.daemon.wait_dump(port_is_up("lan"), 15)
        yield sites


# --- VLANs

def tagged(frame, vlan, priority=5):
    return frame[:12] + struct.pack(">HH", 0x8100, priority << 13 | vlan) + frame[12:]


def echo_request(node, dst, mac, data):
    ddp = Ddp(dst, at.AEP_SOCKET, node.addr, 253, at.AEP, b"\1" + data)
    return at.elap(mac, node.mac, at.SNAP_DDP, ddp.encode())


def is_answer(node, data):
    return lambda f: f.src != node.mac and f.ddp and f.ddp.data == b"\2" + data


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("to_group", (False, True), ids=("unicast", "group"))
def test_only_frames_of_the_untagged_cable_are_heard(stories, name, to_group):
    site = getattr(stories, name)
    node = site.node(device="at0" if name == "tap" else "lan0")
    addr, mac = node.router
    if to_group:
        addr, mac = Addr(0, 0xFF), at.BROADCAST_MAC
    before = site.daemon.dump().drops("lan").get("vlan-tagged", 0)
    foreign, priority, plain = (os.urandom(20) for _ in range(3))
    mark = node.mark()
    node.send_frame(tagged(echo_request(node, addr, mac, foreign), 5))
    node.send_frame(tagged(echo_request(node, addr, mac, priority), 0))
    node.send_frame(echo_request(node, addr, mac, plain))
    assert node.wait(is_answer(node, plain), 10, mark), "an untagged frame has no answer"
    assert node.wait(is_answer(node, priority), 10, mark), "a priority tag is not the cable's"
    assert not node.since(mark, is_answer(node, foreign)), "a frame of another VLAN was heard"
    assert site.daemon.dump().drops("lan").get("vlan-tagged", 0) == before + 1


# --- Phase 1

@pytest.mark.parametrize("name", PLAIN)
def test_stations_that_speak_phase_1_are_counted_and_said_once(stories, name):
    site = getattr(stories, name)
    node = site.node(device="at0" if name == "tap" else "lan0")
    mac = fresh_mac()
    for kind in (0x809B, 0x80F3, 0x809B):
        node.send_frame(b"\xff" * 6 + mac + struct.pack(">H", kind) + bytes(46))
        node.send_frame(bytes(6) + mac + struct.pack(">H", kind) + bytes(46))     # not for us
    node.send_frame(tagged(b"\xff" * 6 + mac + b"\x80\x9b" + bytes(46), 5))
    line = site.daemon.lines.wait(lambda line: "speaks Phase 1: set it to Phase 2" in line, 10)
    assert line and "port lan" in line and mac.hex(":") in line
    assert node.echo(node.router[0], b"still here")
    site.daemon.wait_dump(lambda d: d.drops("lan").get("elap-phase-1") == 3, 5, "three frames")
    said = [l for l in site.daemon.lines.since() if "Phase 1" in l]
    assert len(said) == 1


# --- our own frames

def test_another_station_with_our_hardware_address_is_said_to_be_one(stories):
    site = stories.twin
    addr, mac = site.port_address()
    node = site.node()
    node.send_frame(at.elap(at.BROADCAST_MAC, mac, at.SNAP_AARP, at.Aarp(
        at.AARP_REQUEST, mac, Addr(site.range.first, 99), bytes(6), addr).encode()))
    line = site.daemon.lines.wait(lambda line: "has our hardware address" in line, 10)
    assert line and mac.hex(":") in line
    assert site.daemon.dump().row("ports", port="lan")["troubles"] == "hardware-address-twice"
    assert node.echo(node.router[0], b"still here")


def test_frames_that_come_back_are_said_to_be_a_loop(stories):
    site = stories.loop
    bridge_ns, far = site.cable.far_ns, site.cable.far
    assert "troubles" not in site.daemon.dump().row("ports", port="lan")
    run("ip", "-n", bridge_ns, "link", "add", "looped", "type", "bridge")
    run("ip", "-n", bridge_ns, "link", "set", "looped", "up")
    run("ip", "-n", bridge_ns, "link", "set", far, "master", "looped")
    run("ip", "-n", bridge_ns, "link", "set", far, "type", "bridge_slave", "hairpin", "on")
    assert site.daemon.lines.wait(lambda line: "what we send comes back" in line, 30)
    dump = site.daemon.dump()
    assert dump.row("ports", port="lan")["troubles"] == "loop"
    assert dump.row("ports", port="lan")["state"] == "up"
    assert not any("claims" in line for line in site.daemon.lines.since())


def test_two_ports_on_one_cable_are_said_to_be_that(stories):
    site = stories.double
    dump = site.daemon.wait_dump(port_state("conflict", "other"), 10)
    assert dump.row("ports", port="other")["troubles"] == "two-ports-one-cable"
    assert dump.row("ports", port="lan")["state"] == "up"
    said = site.daemon.lines.since()
    assert any("port other and port lan are on the same cable" in line for line in said)
    assert not any("the router" in line for line in said), "taken for another router"


# --- names of interfaces

def test_a_renamed_interface_is_kept_and_said(stories):
    site = stories.renamed
    node = site.node()
    run("ip", "-n", site.ns, "link", "set", "lan0", "down")
    site.daemon.wait_dump(port_state("down"), 5)
    run("ip", "-n", site.ns, "link", "set", "lan0", "name", "museum0")
    run("ip", "-n", site.ns, "link", "set", "museum0", "up")
    line = site.daemon.lines.wait(lambda line: "was renamed" in line, 10)
    assert line and "lan0" in line and "write device = museum0" in line
    site.daemon.wait_dump(port_is_up("lan"), 12)
    node.router = site.port_address()
    assert node.echo(node.router[0], b"still here")
    mark = site.daemon.lines.mark()
    run("ip", "-n", site.ns, "link", "set", "museum0", "down")
    assert site.daemon.lines.wait(lambda line: "ip link set museum0 up" in line, 10, mark)
    run("ip", "-n", site.ns, "link", "set", "museum0", "up")
    site.daemon.wait_dump(port_is_up("lan"), 12)
    # After a restart it is looked for by name, and taken when it has that again.
    site.daemon.stop()
    mark = site.daemon.lines.mark()
    site.daemon.start()
    assert site.daemon.lines.wait(lambda line: "no interface lan0" in line, 10, mark)
    run("ip", "-n", site.ns, "link", "set", "museum0", "down")
    run("ip", "-n", site.ns, "link", "set", "museum0", "name", "lan0")
    run("ip", "-n", site.ns, "link", "set", "lan0", "up")
    site.daemon.wait_dump(port_is_up("lan"), 12)


def test_a_renamed_tap_is_said_with_the_option_that_names_it(stories):
    site = stories.soft
    for name, words in (("at9", "write tap = at9"), ("at0", None)):
        old = "at0" if words else "at9"
        run("ip", "-n", site.ns, "link", "set", old, "down")
        run("ip", "-n", site.ns, "link", "set", old, "name", name)
        run("ip", "-n", site.ns, "link", "set", name, "up")
        if words:
            assert site.daemon.lines.wait(lambda line: words in line, 10)
        site.daemon.wait_dump(port_is_up("lan"), 12)


@pytest.mark.parametrize("name", ("altname", "talk"))
def test_an_alternative_name_works_down_and_up_included(stories, name):
    site = getattr(stories, name)
    said = len(site.daemon.lines.since(0, lambda line: "renamed" in line))
    for _ in range(2):
        run("ip", "-n", site.ns, "link", "set", "lan0", "down")
        site.daemon.wait_dump(port_state("down"), 5)
        run("ip", "-n", site.ns, "link", "set", "lan0", "up")
        site.daemon.wait_dump(port_is_up("lan"), 12)
    # Renamed or made anew, it is still found by that name: nothing to be said.
    run("ip", "-n", site.ns, "link", "set", "lan0", "down")
    run("ip", "-n", site.ns, "link", "set", "lan0", "name", "other0")
    run("ip", "-n", site.ns, "link", "set", "other0", "up")
    site.daemon.wait_dump(port_is_up("lan"), 12)
    run("ip", "-n", site.ns, "link", "del", "other0")
    site.daemon.wait_dump(port_state("down"), 5)
    stories.world.lab.cable(site.ns, "lan9")
    run("ip", "-n", site.ns, "link", "property", "add", "dev", "lan9", "altname",
        "enp0s4" if name == "altname" else LONG_NAME)
    site.daemon.wait_dump(port_is_up("lan"), 12)
    assert len(site.daemon.lines.since(0, lambda line: "renamed" in line)) == said


# --- bridges

@pytest.fixture(scope="module")
def joined(stories):
    """The taps of these stories are put into a bridge with a cable that is another router's."""
    for name in BRIDGED:
        site = getattr(stories, name)
        router = site.router(Addr(705, 9), STRANGE)
        router.zones = {STRANGE: ["Strange"]}
        if name == "used":
            bridge(site.ns, "at0")
            site.cables["at0"] = Cable(site.ns, "at0", site.ns, "br0")
            site.node(device="at0")
            run("ip", "-n", site.ns, "link", "set", "lan0", "master", "br0")
        else:
            bridge(site.ns, "at0", "lan0")
        router.start_announcing(5)
    return stories


def test_a_hard_seed_that_is_put_into_a_bridge_stops_when_the_cable_is_another(joined):
    site = joined.hard
    site.daemon.wait_dump(port_state("conflict"), 25)
    assert any("700-709" in line and "stopped" in line for line in site.daemon.lines.since())


def test_a_soft_seed_that_is_put_into_a_bridge_takes_the_cables_range(joined):
    site = joined.soft
    dump = site.daemon.wait_dump(
        lambda d: d.row("ports", port="lan")["default-zone"] == "Strange", 35)
    assert dump.row("ports", port="lan")["net"] == "700-709"
    assert site.daemon.lines.wait(lambda line: "taking its range and zones over" in line, 5)


def test_a_soft_seed_whose_numbers_are_used_keeps_them(joined):
    site = joined.used
    rest(15)
    assert site.daemon.lines.wait(lambda line: "claims 700-709" in line, 30)
    assert site.daemon.dump().row("ports", port="lan")["net"] == site.network


def test_a_bridge_asks_its_cable_anew_whenever_a_member_comes(stories):
    site = stories.member
    site.daemon.stop()
    bridge(site.ns, "lan0")
    # Otherwise it has the lowest address of its members, and is another interface with lan1.
    run("ip", "-n", site.ns, "link", "set", "br0", "address", "02:00:07:00:00:b0")
    site.daemon.write_config(site.config({}, ethertalk(
        device="br0", network=site.network, zones=site.zones)))
    site.daemon.start()
    site.daemon.wait_dump(port_is_up("lan"), 12)
    watch = site.capture()
    rest(2)
    mark = watch.mark()

    def asked():
        return watch.count(lambda f: not f.outgoing and f.ddp and
                           f.ddp.type == at.RTMP_REQUEST, 3, 10, mark)

    stories.world.lab.cable(site.ns, "lan1")
    run("ip", "-n", site.ns, "link", "set", "lan1", "master", "br0")
    assert len(asked()) == 3
    assert site.daemon.dump().row("ports", port="lan")["state"] == "up"


def test_a_member_that_spanning_tree_holds_back_is_asked_when_it_forwards(stories):
    """The port is a tap with carrier all the time; frames pass the bridge seconds later."""
    site = stories.late
    site.cables["lan0"] = cable = site.cable
    run("ip", "-n", site.ns, "link", "add", "br0", "type", "bridge", "stp_state", "1",
        "forward_delay", "300")
    run("ip", "-n", site.ns, "link", "set", "br0", "up")
    run("ip", "-n", site.ns, "link", "set", "at0", "master", "br0")
    rest(8)                     # the tap itself forwards
    watch = stories.world.keep(Capture(cable))
    mark = watch.mark()
    run("ip", "-n", site.ns, "link", "set", "lan0", "master", "br0")
    asked = watch.count(lambda f: f.ddp and f.ddp.type == at.RTMP_REQUEST, 3, 15, mark)
    assert len(asked) == 3
    assert site.daemon.dump().row("ports", port="lan")["state"] == "up"


# --- the interface of a tunnel

def test_the_interface_of_a_tunnel_is_kept_when_it_is_renamed_and_may_have_an_altname(binary):
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        b.run(b.config({"a": a.address}))
        run("ip", "-n", a.ns, "link", "property", "add", "dev", "wan0", "altname", LONG_NAME)
        config = a.config({"b": b.address}, tunnel_more=f"device = {LONG_NAME}")
        a.run(config)
        a.daemon.wait_dump(peer_is("b"), 20)

        def rename(old, new):
            mark = a.daemon.lines.mark()
            run("ip", "-n", a.ns, "link", "set", old, "down")
            run("ip", "-n", a.ns, "link", "set", old, "name", new)
            run("ip", "-n", a.ns, "link", "set", new, "up")
            rest(1)
            assert peer_is("b")(a.daemon.dump())
            return a.daemon.lines.since(mark)

        assert not [line for line in rename("wan0", "vpn0") if "renamed" in line]
        a.daemon.write_config(config.replace(LONG_NAME, "vpn0"))
        a.daemon.signal(signal.SIGHUP)
        a.daemon.wait_dump(peer_is("b"), 20)
        said = [line for line in rename("vpn0", "vpn1") if "tunnel wan" in line]
        assert len(said) == 1 and "write device = vpn1" in said[0], said
        # And it is still heard there.
        b.daemon.stop()
        a.daemon.wait_dump(lambda d: not peer_is("b")(d), 20)
        b.daemon.start()
        a.daemon.wait_dump(peer_is("b"), 30)
        assert not [line for line in a.daemon.lines.since() if "no interface" in line]
