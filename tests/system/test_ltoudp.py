"""LocalTalk over UDP multicast: emulators on one machine and on others, and what lies behind them.

    squatter, mini --- (lt0) aurpd a (lan0) --- quadra       aurpd b (lan0) --- guest
           neighbour ---/              \\======= tunnel =======/

Network 10, "LocalTalk", has mini and a squatter on node FE on the router's own
machine, and a neighbour and a silent listener on another. The cable lan0 of a
has 60 zones.
"""

import os
import struct
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

import appletalk as at
from appletalk import Addr, Ddp
from daemon import port_is_up
from lag import at_least, rest, spent
from localtalk import ACK, CTS, ENQ, LONG, RTS, SHORT, UdpNode, short_header
from net import run
from world import World, ethertalk, has_zones, localtalk

ZONES = [f"Zone {number:02} of the cable" for number in range(60)]
NET = 10


def addressed(site, number, device="lt0"):
    """Gives both ends of a site's cable an IP address, as two machines of one network have."""
    cable = site.cables[device]
    run("ip", "-n", site.ns, "addr", "add", f"192.168.{number}.1/24", "dev", device)
    run("ip", "-n", cable.far_ns, "addr", "add", f"192.168.{number}.2/24", "dev", cable.far)


def far_node(world, site, device="lt0", **more):
    cable = site.cables[device]
    return world.keep(UdpNode(cable.far_ns, cable.far, **more))


def near_node(world, site, device="lt0", **more):
    return world.keep(UdpNode(site.ns, device, **more))


@pytest.fixture(scope="module")
def net(binary):
    with World() as world:
        net = SimpleNamespace(world=world)
        a, b = world.site("a", 1, ("lan0", "lt0")), world.site("b", 2)
        net.a, net.b = a, b
        a.zones = ZONES
        addressed(a, 76)
        net.watch = far_node(world, a)
        net.watch.mute = True
        net.wan_watch = world.keep(UdpNode(world.wan.ns, "br0"))
        net.squatter = near_node(world, a)
        net.squatter.node = 0xFE
        net.config = a.config({"b": b.address}, ethertalk(network=a.network, zones=a.zones) +
                              localtalk("ltoudp", "emu", "lt0", NET, "LocalTalk"))
        a.prepare(net.config).spawn()
        b.prepare(b.config({"a": a.address})).spawn()
        a.daemon.wait_dump(port_is_up("emu"), 12, "the LToUDP port to be up")
        a.daemon.wait_dump(lambda dump: has_zones(dump, b), 20, "the zones of b")
        b.daemon.wait_dump(lambda dump: dump.zones(str(NET)) == ["LocalTalk"], 20, "our zone at b")
        net.row = a.daemon.dump().row("ports", port="emu")
        net.node = int(net.row["addr"].split(".")[1])
        net.addr = Addr(NET, net.node)
        net.id = next(p.sender for p in net.watch.since() if p.raw == bytes([0xFE, 0xFE, ENQ]))
        net.mini = near_node(world, a).acquire(0x2A)
        net.neighbour = far_node(world, a).acquire(0x30)
        net.mini.loyal = net.neighbour.loyal = True     # a second router will come and go
        net.quadra, net.guest = a.node(ZONES[7]), b.node()
        yield net


def from_router(net, mark=0):
    return [p for p in net.watch.since(mark) if p.sender == net.id]


# --- The claim

def test_atalk_L01_L02_L04_the_claim_is_contested_and_goes_on_downwards(net):
    enqs = [p for p in from_router(net) if p.type == ENQ]
    assert enqs[0].raw == bytes([0xFE, 0xFE, ENQ])
    lost = [p for p in enqs if p.dst == 0xFE]
    won = [p for p in enqs if p.dst == 0xFD]
    assert enqs == lost + won and len(lost) <= 2 and len(won) == 8
    assert spent(lost[-1].time, won[0].time) < 1, "the ACK is believed at once"
    gaps = [b.time - a.time for a, b in zip(won, won[1:])]
    assert min(gaps) > 0.1 and at_least(won[0].time, won[-1].time) > 1.7, gaps
    assert (net.row["kind"], net.row["net"], net.row["addr"]) == ("ltoudp", "10", "10.253")


def test_atalk_L03_an_enq_for_our_node_is_answered_at_once(net):
    waits = []
    for asker in 5 * (net.watch, net.squatter):
        mark, began = net.watch.mark(), time.monotonic()
        asker.transmit(bytes([net.node, net.node, ENQ]))
        answer = net.watch.wait(lambda p: p.sender == net.id and p.type == ACK, 20, mark)
        assert answer.raw == bytes([net.node, net.node, ACK])
        waits.append(answer.time - began)
    assert min(waits) < 0.05, "the router itself waits"


def is_acked(net, mark):
    """The sign of life after a silence: an ENQ for the router's node has its answer."""
    net.watch.transmit(bytes([net.node, net.node, ENQ]))
    return net.watch.wait(lambda p: p.sender == net.id and p.type == ACK, 20, mark)


def test_atalk_L05_an_enq_for_another_node_is_not(net):
    mark = net.watch.mark()
    net.watch.transmit(bytes([0x2B, 0x2B, ENQ]))
    rest(0.3)
    assert not [p for p in from_router(net, mark) if p.type == ACK]
    assert is_acked(net, mark)


# --- The medium

def test_atalk_L09_group_port_life_time_loop_and_interface(net):
    heard = from_router(net)
    assert heard, "the other machine hears it"
    assert {(p.ip, p.port, p.ttl) for p in heard} == {("192.168.76.1", 1954, 1)}
    assert net.mini.echo(net.addr), "a program on the same machine hears it"
    assert not net.wan_watch.since(), "another interface carries none of it"


def test_atalk_L09_what_comes_by_another_interface_is_not_heard(net):
    net.wan_watch.mute = False
    net.wan_watch.transmit(bytes([net.node, net.node, ENQ]))
    assert not net.wan_watch.wait(lambda p: True, 0.4)
    assert is_acked(net, net.watch.mark())


def test_atalk_L10_L16_four_bytes_of_sender_and_a_packet_without_fcs(net):
    data = os.urandom(20)
    mark = net.mini.mark()
    ddp = Ddp(net.addr, at.AEP_SOCKET, net.mini.addr, 253, at.AEP, b"\1" + data)
    body = short_header(ddp)
    net.mini.send_datagram(net.mini.sender + bytes([net.node, 0x2A, SHORT]) + body)
    answer = net.mini.wait(lambda p: p.sender == net.id and p.ddp and p.ddp.type == at.AEP, 20,
                           mark)
    assert answer.raw[:3] in (bytes([0x2A, net.node, SHORT]), bytes([0x2A, net.node, LONG]))
    assert int.from_bytes(answer.raw[3:5], "big") & 0x3FF == len(answer.raw) - 3, "no FCS behind"
    assert answer.ddp.data == b"\2" + data
    assert net.neighbour.echo(net.addr, os.urandom(8), checksum=None), "a long header"


def test_atalk_L12_Q24_a_stranger_with_our_sender_id_is_heard(net):
    copycat = far_node(net.world, net.a, sender=net.id)
    copycat.node, copycat.net, copycat.mute = 0x31, NET, True       # mute: hears its own ID, too
    assert copycat.echo(net.addr, os.urandom(9))
    copycat.close()


def test_atalk_L12_our_own_packets_come_back_and_are_no_news(net):
    echoes = net.a.daemon.dump().drops("emu")["ltoudp-echo"]
    mark = net.watch.mark()
    local = near_node(net.world, net.a, sender=net.id)
    local.transmit(bytes([net.node, net.node, ENQ]))
    rest(0.3)
    local.close()
    assert not [p for p in from_router(net, mark) if p.type == ACK]
    sent = len(from_router(net, mark))
    assert net.a.daemon.dump().drops("emu")["ltoudp-echo"] >= echoes + sent
    assert not any("uses our address" in line for line in net.a.daemon.lines.since())
    assert is_acked(net, mark)


def test_atalk_L12_a_loop_of_multicasts_takes_no_node_from_us(net):
    """Every packet of ours comes again, from our own address, as a bridge with a loop does it."""
    mark = net.watch.mark()
    ours = net.watch.wait(lambda p: p.sender == net.id and p.type in (SHORT, LONG), 20, mark)
    loop = near_node(net.world, net.a, sender=net.id)
    for _ in range(20):
        loop.transmit(ours.raw)
    loop.close()
    assert is_acked(net, net.watch.mark())
    assert net.a.daemon.dump().row("ports", port="emu")["addr"] == str(net.addr)
    assert not any("another node uses our" in line for line in net.a.daemon.lines.since())


def test_atalk_L14_Q26_rts_and_cts_are_neither_obeyed_nor_sent(net):
    mark = net.watch.mark()
    for kind in (RTS, CTS):
        net.mini.send_llap(net.node, kind)
    rest(0.3)
    assert not [p for p in from_router(net, mark) if p.type and p.type >= 0x80]
    assert not [p for p in from_router(net) if p.type in (RTS, CTS)]
    assert is_acked(net, mark)


def test_atalk_L11_L13_two_routers_on_one_machine(net):
    config = net.config.replace('"a"', '"second"', 1).split("ethertalk")[0] + localtalk(
        "ltoudp", "emu", "lt0", NET, "LocalTalk")
    ids, pids = {net.id}, {net.a.daemon.pid}
    second = net.a.daemon.__class__(net.a.ns, config)
    try:
        for _ in range(2):
            mark = net.watch.mark()
            second.start()
            pids.add(second.pid)
            dump = second.wait_dump(port_is_up("emu"), 15, "the second router to be up")
            other = int(dump.row("ports", port="emu")["addr"].split(".")[1])
            assert other not in (net.node, 0xFE)
            ids |= {p.sender for p in net.watch.since(mark) if p.raw == bytes([other, other, ENQ])}
            for node in (net.mini, net.neighbour):
                assert node.echo(Addr(NET, other), os.urandom(5)), "the second one works"
                assert node.echo(net.addr, os.urandom(5)), "the first one goes on"
            assert second.stop() == 0
    finally:
        second.close()
    assert len(ids) == 3, "a new sender ID at each start"
    numbers = {int.from_bytes(sender, order) for sender in ids for order in ("big", "little")}
    assert not numbers & pids


def test_what_is_no_packet_is_dropped_with_a_reason(net):
    for size in list(range(0, 40)) + [100, 599, 600, 603, 604, 607, 608, 1400]:
        net.watch.send_datagram(os.urandom(size))
    for size in range(0, 12):
        net.watch.send_datagram(net.watch.sender + bytes([net.node, 0x77, SHORT]) + bytes(size))
    assert net.mini.echo(net.addr, os.urandom(7))
    drops = net.a.daemon.dump().drops("emu")
    assert drops["ltoudp-short"] == 4
    assert drops["llap-bad-length"] >= 12


# --- What the nodes get from it

def test_two_emulators_and_the_router_on_one_machine_meet(net):
    assert net.mini.zone == b"LocalTalk"
    other = near_node(net.world, net.a).acquire()
    assert other.echo(net.mini.addr, os.urandom(30)), "the emulators hear each other directly"
    assert other.echo(net.addr, os.urandom(30)) and net.mini.echo(net.addr, os.urandom(31))
    other.close()


def test_a_zone_list_of_many_pages_from_localtalk(net):
    marks = net.mini.mark()
    zones = net.mini.get_zone_list()
    assert sorted(zones) == sorted(at.name(z) for z in ZONES + ["LocalTalk", "Zone B"])
    pages = [p for p in net.mini.since(marks) if p.ddp and p.ddp.type == at.ATP and
             p.sender == net.id]
    assert len(pages) >= 3 and all(len(p.raw) <= 603 for p in pages)
    assert net.mini.get_local_zones() == [b"LocalTalk"]


def test_an_echo_from_localtalk_crosses_the_tunnel_and_back(net):
    for size in (0, 1, 585):
        data = os.urandom(size)
        answer = net.mini.echo(net.guest.addr, data)
        assert answer.type == LONG and answer.ddp.hops == 2 and answer.ddp.data == b"\2" + data
        assert net.guest.echo(net.mini.addr, data).ddp.data == b"\2" + data


def test_names_are_found_both_ways_between_ethertalk_and_localtalk(net):
    net.mini.register("Mini vMac", "Macintosh", 200)
    net.neighbour.register("Snow", "Macintosh", 201)
    net.quadra.register("Quadra", "AFPServer", 202)
    net.guest.register("Guest", "AFPServer", 203)
    for seeker in (net.quadra, net.guest):
        found = seeker.lookup("=", "Macintosh", "LocalTalk", enough=2)
        assert {e.object: e.addr for e in found.values()} == {
            b"Mini vMac": net.mini.addr, b"Snow": net.neighbour.addr}
    for zone, node in ((ZONES[7], net.quadra), ("Zone B", net.guest)):
        found = net.mini.lookup("=", "AFPServer", zone)
        assert [e.addr for e in found.values()] == [node.addr]
    assert net.mini.lookup("=", "Macintosh", "*", enough=2), "its own zone"


# --- Trouble

def test_atalk_L19_a_lost_interface_is_waited_for_and_joined_again(net):
    world = net.world
    site = world.site("lost", 30, ("lt0",))
    daemon = site.run(site.config({}, localtalk("ltoudp", "emu", "lt0", 30, "Lost")))
    daemon.wait_dump(port_is_up("emu"), 12)
    node = far_node(world, site).acquire()
    assert node.echo(Addr(30, 0xFE))
    node.close()
    run("ip", "-n", site.ns, "link", "del", "lt0")
    daemon.wait_dump(lambda dump: dump.row("ports", port="emu")["state"] == "down", 3)
    assert len(daemon.lines.since(0, lambda line: "no interface lt0" in line)) == 1
    site.cables["lt0"] = world.lab.cable(site.ns, "lt0")
    daemon.wait_dump(port_is_up("emu"), 12)
    node = far_node(world, site).acquire()
    assert node.echo(Addr(30, 0xFE))
    node.close()
    site.cables["lt0"].unplug()
    daemon.wait_dump(lambda dump: dump.row("ports", port="emu")["state"] == "down", 3)
    site.cables["lt0"].plug()
    daemon.wait_dump(port_is_up("emu"), 12)
    assert far_node(world, site).acquire().echo(Addr(30, 0xFE))


def test_atalk_Q25_a_program_that_does_not_share_the_port_is_named_and_waited_for(net):
    site = net.world.site("taken", 31, ("lt0",))
    hog = subprocess.Popen(["nsenter", f"--net=/run/netns/{site.ns}", sys.executable, "-c",
                            "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
                            "s.bind(('', 1954)); print(flush=True); input()"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    hog.stdout.readline()
    daemon = site.run(site.config({}, localtalk("ltoudp", "emu", "lt0", 31, "Taken")))
    assert daemon.lines.wait(lambda line: "1954" in line and "shares the port" in line, 20)
    hog.communicate(b"\n")
    daemon.wait_dump(port_is_up("emu"), 15, "the port to be taken when it is free")
    assert len(daemon.lines.since(0, lambda line: "1954" in line)) == 1


def test_two_networks_on_two_interfaces_of_one_router_do_not_mix(net):
    site = net.world.site("twice", 34, ("lt0", "lt1"))
    daemon = site.run(site.config({}, localtalk("ltoudp", "one", "lt0", 34, "One") +
                                  localtalk("ltoudp", "two", "lt1", 35, "Two")))
    daemon.wait_dump(lambda dump: port_is_up("one")(dump) and port_is_up("two")(dump), 12)
    one, two = far_node(net.world, site, "lt0"), near_node(net.world, site, "lt1")
    one.acquire(), two.acquire()
    assert (one.net, one.zone, two.net, two.zone) == (34, b"One", 35, b"Two")
    for _ in range(20):
        assert one.echo(two.addr, os.urandom(5)) and two.echo(one.addr, os.urandom(5))
    assert not one.since(0, lambda p: p.sender == two.sender)


def test_a_port_comes_and_goes_with_the_configuration(net):
    site = net.world.site("reload", 32, ("lan0", "lt0"))
    lan = ethertalk(network=site.network, zones=site.zones)
    emu = localtalk("ltoudp", "emu", "lt0", 32, "Reload")
    daemon = site.run(site.config({}, lan))
    daemon.wait_dump(port_is_up("lan"), 12)
    watch = site.capture()
    daemon.write_config(site.config({}, lan + emu))
    daemon.signal(1)
    daemon.wait_dump(port_is_up("emu"), 12)
    node = far_node(net.world, site).acquire()
    daemon.write_config(site.config({}, lan))
    daemon.signal(1)
    daemon.wait_dump(lambda dump: not dump.rows("ports", port="emu"), 3)
    assert not node.echo(Addr(32, 0xFE), timeout=0.5)
    assert not watch.since(0, lambda f: f.aarp and f.aarp.function == at.AARP_PROBE), "untouched"


FLOOD = """
import socket, struct, sys, time
device, sender = sys.argv[1], b"floo"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
where = struct.pack("4s4si", b"", b"", socket.if_nametoindex(device))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
frames = [sender + bytes.fromhex(f) for f in sys.argv[2:]]
began, sent = time.monotonic(), 0
while sent < 20000:
    due = min(20000, int((time.monotonic() - began) * 20000))
    for sent in range(sent, due):
        s.sendto(frames[sent % len(frames)], ("239.192.76.84", 1954))
    sent = due
    time.sleep(0.001)
print(time.monotonic() - began)
"""


@pytest.mark.measure
def test_atalk_Q40_a_flood_holds_back_neither_enq_answers_nor_rtmp(net):
    world = net.world
    site = world.site("flood", 33, ("lt0",))
    addressed(site, 77)
    config = site.config({}, localtalk("ltoudp", "emu", "lt0", 33, "Flood"))
    daemon = site.run(config.replace("= debug", "= info"))
    daemon.wait_dump(port_is_up("emu"), 12)
    asker = far_node(world, site)
    cable = site.cables["lt0"]
    lost = Ddp(Addr(999, 9), 200, Addr(33, 9), 201, 99, os.urandom(500)).encode()
    frames = [bytes([0xFE, 9, LONG]) + lost, bytes([7, 9, LONG]) + lost,
              bytes([0xFE, 9, SHORT]) + struct.pack(">HBBB", 505, 200, 201, 99) + bytes(500)]
    flood = subprocess.Popen(["nsenter", f"--net=/run/netns/{cable.far_ns}", sys.executable, "-c",
                              FLOOD, cable.far, *(frame.hex() for frame in frames)],
                             stdout=subprocess.PIPE, text=True)
    waits = []
    while flood.poll() is None:
        mark, began = asker.mark(), time.monotonic()
        asker.transmit(bytes([0xFE, 0xFE, ENQ]))
        answer = asker.wait(lambda p: p.type == ACK, 20, mark)
        assert answer, f"an ENQ was not answered\n{daemon.dump().text}"
        waits.append(answer.time - began)
        time.sleep(0.02)
    took = float(flood.stdout.read())
    dump = daemon.dump()
    assert int(dump.row("counters", port="emu")["rx"]) >= 20000, "nothing got lost"
    assert len(waits) > 20, (len(waits), took)
    assert sorted(waits)[len(waits) // 2] < 0.05, sorted(waits)[-5:]
    data = [p.time for p in asker.since() if p.ddp and p.ddp.type == at.RTMP_DATA]
    late = asker.wait(lambda p: p.ddp and p.ddp.type == at.RTMP_DATA, 40, asker.mark())
    assert late and (not data or spent(data[-1], late.time) < 12)


def test_a_node_that_another_uses_is_left_to_him(net):
    """Somebody speaks as us who asked nobody, or was not heard when he did: the network stays."""
    mark = net.a.daemon.lines.mark()
    far = net.b.daemon.lines.mark()
    body = short_header(Ddp(Addr(NET, 0xFF), 99, net.addr, 99, 22, b"me"))
    net.watch.transmit(bytes([0xFF, net.node, SHORT]) + body)
    new = Addr(NET, net.node - 1)
    net.a.daemon.wait_dump(lambda d: d.row("ports", port="emu")["addr"] == str(new) and
                           port_is_up("emu")(d), 12, "another node")
    said = net.a.daemon.lines.since(mark)
    assert [line for line in said if "emu" in line and "we take another" in line]
    assert not [line for line in said if "port emu is down" in line]
    assert net.mini.echo(new, os.urandom(8))
    assert not net.b.daemon.lines.since(far, lambda line: f"network {NET} is" in line)
    # Within the minute it stays, and says so.
    body = short_header(Ddp(Addr(NET, 0xFF), 99, new, 99, 22, b"me"))
    net.watch.transmit(bytes([0xFF, new.node, SHORT]) + body)
    assert net.a.daemon.lines.wait(lambda line: "for a minute" in line, 20, mark)
    assert net.mini.echo(new, os.urandom(8))
