"""Two sites become one internet: what the Macs at either end get to see.

One pair of routers serves all tests of this file; the tests only look.
"""

import os

import pytest

import appletalk as at
import aurp
from appletalk import Addr, Ddp, Nbp, Range
from lag import at_least, spent


@pytest.fixture(scope="module")
def macs(two_sites):
    """A Mac at either site, with its address, and captures of both cables and the tunnel."""
    a, b = two_sites
    watch = {"a": a.capture(), "b": b.capture(), "tunnel": a.capture_tunnel()}
    return a.node(), b.node(), watch


def test_atalk_Z14_Z16_Z21_a_mac_acquires_its_address_range_and_zone(two_sites):
    a, _ = two_sites
    node = a.bare_node()
    mark = node.mark()
    reply = node.acquire("ZONE A", probes=10, interval=0.2)
    assert reply.flags == at.GNI_ONLY_ONE_ZONE
    assert reply.cable == a.range
    assert reply.zone == b"ZONE A"                  # as asked, byte for byte
    assert reply.multicast == at.zone_multicast("Zone A")
    assert node.addr.net in a.range and 1 <= node.addr.node <= 0xFD
    frames = node.since(mark)
    answer = next(f for f in frames if f.ddp and f.ddp.data[:1] == b"\6")
    assert answer.dst == node.mac and answer.ddp.dst.net in Range(0xFF00, 0xFFFE)
    assert not [f for f in frames if f.aarp and f.src != node.mac and
                f.aarp.function == at.AARP_REQUEST and f.time <= answer.time]


def test_atalk_Z15_Z17_a_zone_of_the_other_site_is_not_on_this_cable(macs):
    alice, _, _ = macs
    reply = alice.get_net_info("Zone B")
    assert reply.flags == at.GNI_ZONE_INVALID | at.GNI_ONLY_ONE_ZONE
    assert (reply.zone, reply.default_zone) == (b"Zone B", b"Zone A")
    assert reply.multicast == at.zone_multicast("Zone A")


def test_atalk_Q06_an_empty_zone_gets_the_default_zone(macs):
    alice, _, _ = macs
    reply = alice.get_net_info(b"")
    assert reply.flags & at.GNI_ZONE_INVALID
    assert (reply.zone, reply.default_zone) == (b"", b"Zone A")


def test_atalk_Z24_both_sites_see_the_zones_of_both(macs):
    for mac in macs[:2]:
        assert sorted(mac.get_zone_list()) == [b"Zone A", b"Zone B"]


def test_atalk_Z29_Z32_local_zones_are_those_of_the_own_cable(macs):
    alice, bob, _ = macs
    assert alice.get_local_zones() == [b"Zone A"] and bob.get_local_zones() == [b"Zone B"]
    assert alice.get_my_zone() == [b"Zone A"] and bob.get_my_zone() == [b"Zone B"]


def test_atalk_Z29_Z31_a_far_router_tells_the_zones_of_its_own_cable(macs):
    alice, bob, _ = macs
    far = bob.router[0]
    assert alice.get_local_zones(far) == [b"Zone B"]
    assert alice.get_my_zone(far) == [b"Zone B"]


def test_atalk_N01_N03_N04_a_name_is_found_across_the_tunnel(macs):
    alice, bob, watch = macs
    bob.register("Printer", "LaserWriter", 130)
    marks = {place: capture.mark() for place, capture in watch.items()}
    found = alice.lookup("=", "LaserWriter", "Zone B")
    entity = found[b"Printer", b"LaserWriter"]
    assert (entity.addr, entity.socket) == (bob.addr, 130)

    asked = next(f for f in watch["a"].since(marks["a"]) if f.src == alice.mac and f.ddp and
                 f.ddp.type == at.NBP)
    forwarded = next(f.tunnel for f in watch["tunnel"].since(marks["tunnel"])
                     if f.tunnel and f.tunnel.type == aurp.DATA)
    request = Ddp.decode(forwarded.body)
    assert (request.dst, request.dst_socket) == (Addr(200, 0), at.NBP_SOCKET)
    assert request.checksum == 0
    assert request.data == bytes([at.FWDREQ << 4 | 1]) + asked.ddp.data[1:]
    looked = next(f for f in watch["b"].since(marks["b"]) if f.ddp and f.ddp.type == at.NBP and
                  Nbp.decode(f.ddp.data).function == at.LKUP)
    assert looked.dst == at.zone_multicast("Zone B")
    assert (looked.ddp.dst, looked.ddp.dst_socket) == (Addr(0, 0xFF), at.NBP_SOCKET)
    assert looked.ddp.data == bytes([at.LKUP << 4 | 1]) + asked.ddp.data[1:]


def test_atalk_N13_a_zone_nobody_has_finds_nothing(macs):
    alice, _, watch = macs
    mark = watch["tunnel"].mark()
    assert alice.lookup("=", "LaserWriter", "Nowhere", patience=0.3, tries=2) == {}
    assert not [f for f in watch["tunnel"].since(mark) if f.tunnel and
                f.tunnel.type == aurp.DATA and b"\x07Nowhere" in f.tunnel.body]


def test_atalk_N17_N18_the_routers_themselves_have_names(macs):
    alice, _, _ = macs
    assert (b"a", b"AppleRouter") in alice.lookup("=", "AppleRouter", "Zone A")
    assert (b"b", b"AppleRouter") in alice.lookup("=", "AppleRouter", "Zone B")


def test_atalk_D09_an_echo_crosses_the_tunnel_and_counts_its_hops(macs):
    alice, bob, watch = macs
    mark = watch["b"].mark()
    data = os.urandom(64)
    answer = alice.echo(bob.addr, data)
    assert answer and answer.ddp.src == bob.addr
    arrived = next(f for f in watch["b"].since(mark)
                   if f.ddp and f.ddp.data == b"\1" + data and f.dst == bob.mac)
    assert arrived.ddp.hops == 2 and answer.ddp.hops == 2
    assert arrived.ddp.src == alice.addr


def test_atalk_E27_P02_the_largest_datagram_crosses_whole(macs):
    alice, bob, _ = macs
    data = os.urandom(at.AEP_DATA_MAX)
    assert alice.echo(bob.addr, data, checksum=None)
    router, _ = alice.router
    assert alice.echo(router, data)
    mark = alice.mark()
    alice.send_ddp(bob.addr, at.AEP_SOCKET, at.AEP, b"\1" + os.urandom(at.AEP_DATA_MAX + 1))
    answer = alice.wait(lambda f: f.src != alice.mac and f.ddp and f.ddp.type == at.AEP, 0.5, mark)
    assert not answer


def test_atalk_D15_D16_even_a_wrong_checksum_arrives_as_it_was_sent(macs):
    alice, bob, watch = macs
    for checksum in (0xBEEF, None):
        mark, data = watch["b"].mark(), os.urandom(32)
        sent = alice.send_ddp(bob.addr, 200, 99, data, 201, checksum=checksum)
        arrived = watch["b"].wait(lambda f: f.ddp and f.ddp.type == 99 and f.ddp.data == data, 20,
                                  mark)
        assert arrived
        was = Ddp.decode(sent.encode())
        assert arrived.ddp.checksum == was.checksum
        assert Ddp.decode(arrived.raw[22:]).covered() == was.covered()


def test_aurp_T1_T2_T3_T5_data_in_the_tunnel_byte_for_byte(two_sites, macs):
    a, b = two_sites
    alice, bob, watch = macs
    mark, data = watch["tunnel"].mark(), os.urandom(100)
    sent = alice.send_ddp(bob.addr, 200, 99, data, 201, checksum=None)
    frame = watch["tunnel"].wait(lambda f: f.tunnel and f.tunnel.body.endswith(data), 20, mark)
    source, target, payload, checksum = aurp.udp_of(frame.raw)
    assert (source, target) == ((a.address, aurp.PORT), (b.address, aurp.PORT))
    assert checksum != 0
    ddp = Ddp.decode(sent.encode())
    ddp.hops = 1
    header = aurp.ip_di(b.address) + aurp.ip_di(a.address) + bytes.fromhex("000100000002")
    assert len(header) == 22 and payload == header + ddp.encode()


def test_aurp_T22_no_rtmp_and_no_zip_of_the_routers_enter_the_tunnel(macs):
    alice, _, watch = macs
    rtmp = watch["a"].count(lambda f: f.ddp and f.ddp.type == at.RTMP_DATA, 2, 70)
    assert len(rtmp) >= 2
    crossed = [Ddp.decode(f.tunnel.body) for f in watch["tunnel"].since()
               if f.tunnel and f.tunnel.type == aurp.DATA]
    assert not [d for d in crossed if d.type in (at.RTMP_DATA, at.RTMP_REQUEST, at.ZIP)]


def test_aurp_R3_the_other_site_is_in_the_rtmp_of_this_one(macs):
    alice, bob, watch = macs
    heard = watch["a"].wait(lambda f: f.ddp and f.ddp.type == at.RTMP_DATA, 40, watch["a"].mark())
    data = at.RtmpData.decode(heard.ddp.data)
    assert data.cable == Range(100, 101)
    assert data.distances() == {(200, 201): 1}


def test_atalk_R10_R12_R13_rtmp_data_every_ten_seconds_and_its_shape(two_sites, macs):
    a, _ = two_sites
    _, _, watch = macs
    heard = watch["a"].count(lambda f: f.ddp and f.ddp.type == at.RTMP_DATA, 4, 100)
    times = [frame.time for frame in heard]
    assert len(times) >= 4
    assert all(at_least(*pair) >= 8.9 and spent(*pair) <= 11.1 for pair in zip(times, times[1:]))
    router = Addr(*map(int, a.daemon.dump().row("ports", port="lan")["addr"].split(".")))
    for frame in heard:
        assert frame.dst == at.BROADCAST_MAC
        assert (frame.ddp.dst, frame.ddp.dst_socket) == (Addr(0, 0xFF), at.RTMP_SOCKET)
        assert (frame.ddp.src, frame.ddp.src_socket) == (router, at.RTMP_SOCKET)
        assert at.RtmpData.decode(frame.ddp.data).sender == router
        assert frame.ddp.data[4:10] == bytes.fromhex("006480006582")


def test_atalk_E01_E02_E03_frames_have_the_one_right_shape(macs):
    _, _, watch = macs
    ours = [f for f in watch["a"].since() if not f.outgoing]
    assert ours
    for frame in ours:
        assert frame.dst != b"\xff" * 6
        assert len(frame.raw) >= 60
        length = int.from_bytes(frame.raw[12:14], "big")
        assert frame.aarp or frame.ddp, frame.raw.hex()
        assert frame.raw[14:22] == (at.SNAP_AARP if frame.aarp else at.SNAP_DDP)
        assert not any(frame.raw[14 + length:])
        if frame.aarp:
            assert length == 36
            if frame.aarp.function != at.AARP_RESPONSE:
                assert frame.dst == at.BROADCAST_MAC and frame.aarp.dst_mac == bytes(6)
        else:
            assert length == 8 + int.from_bytes(frame.raw[22:24], "big") % 1024


def test_atalk_Q39_frames_carry_the_routers_own_hardware_address(two_sites, macs):
    _, _, watch = macs
    ours = {f.src for f in watch["a"].since() if not f.outgoing}
    assert len(ours) == 1


def test_the_dump_tells_it_all(two_sites, macs):
    a, b = two_sites
    dump = a.daemon.dump()
    assert dump.text.startswith("# aurpd ") and " a " in dump.text.splitlines()[0]
    port = dump.row("ports", port="lan")
    assert (port["kind"], port["device"], port["state"]) == ("ethertalk", "lan0", "up")
    assert (port["net"], port["default-zone"], port["zones"]) == ("100-101", "Zone A", "1")
    tunnel = dump.row("tunnels", tunnel="wan")
    assert (tunnel["listen"], tunnel["di"]) == ("0.0.0.0:387", a.address)
    assert (tunnel["peers"], tunnel["connected"]) == ("1", "1")
    peer = dump.row("peers", peer="b")
    assert (peer["tunnel"], peer["host"], peer["addr"]) == ("wan", b.address, f"{b.address}:387")
    assert (peer["recv"], peer["send"]) == ("connected", "connected")
    assert (peer["routes"], peer["told"]) == ("1", "1")
    assert 0 <= int(peer["heard"]) <= 120
    own, far = dump.route("100-101"), dump.route("200-201")
    assert (own["dist"], own["via"], own["state"], own["zones"]) == ("0", "lan", "good", "Zone A")
    assert (far["dist"], far["via"], far["state"], far["zones"]) == ("1", "b", "good", "Zone B")
    assert dump.row("zones", zone="Zone B")["nets"] == "200"
    assert int(dump.row("counters", port="lan")["rx"]) > 0
    counted = dump.row("counters", peer="b")
    assert int(counted["rx"]) > 0 and int(counted["retransmits"]) <= 20
    assert any("dump" in line for line in a.daemon.lines.since())


def test_aurp_R1_imported_routes_stay_good_while_nothing_repeats_them(two_sites, macs):
    a, _ = two_sites
    _, _, watch = macs
    assert watch["tunnel"].since()[0].time < watch["a"].since()[-1].time - 25
    assert a.daemon.dump().route("200-201")["state"] == "good"


@pytest.mark.measure
def test_a_router_of_two_sites_needs_less_than_8_mib(two_sites):
    for site in two_sites:
        assert site.daemon.rss() < 8 * 1024
