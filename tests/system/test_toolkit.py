"""The tools of these tests, against published bytes and against each other."""

import pytest

import appletalk as at
import aurp
from appletalk import Aarp, Addr, Ddp, Nbp, Range
from capture import Frame
from daemon import Dump
from net import Lab, Wan
from node import Node, ScriptedRouter, Silence
from peer import Peer

CAFE = "Café".encode("mac_roman")


def h(text):
    return bytes.fromhex(text)


AARP_PROBE = h("""09 00 07 FF FF FF 02 00 00 00 00 02 00 24 AA AA
    03 00 00 00 80 F3 00 01 80 9B 06 04 00 03 02 00 00 00 00 02 00 FF 01 2A 00 00 00 00 00 00 00 FF
    01 2A 00 00 00 00 00 00 00 00 00 00""")
ECHO_FRAME = h("""02 00 00 00 00 01 02 00 00 00 00 02 00 18 AA AA
    03 08 00 07 80 9B 00 10 00 00 00 03 00 04 80 2A 04 FD 04 01 48 69 00 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 00 00""")


def test_an_aarp_probe_is_read_and_written():
    dst, src, snap, body = at.parse_elap(AARP_PROBE)
    aarp = Aarp.decode(body)
    assert (aarp.function, aarp.dst, aarp.src) == (3, Addr(0xFF01, 42), Addr(0xFF01, 42))
    assert at.elap(dst, src, snap, aarp.encode()) == AARP_PROBE


def test_a_ddp_frame_is_read_and_written_without_its_pad():
    dst, src, snap, body = at.parse_elap(ECHO_FRAME)
    ddp = Ddp.decode(body)
    assert (ddp.src, ddp.src_socket, ddp.dst, ddp.dst_socket) == (Addr(4, 42), 253, Addr(3, 128), 4)
    assert ddp.data == b"\1Hi"
    assert at.elap(dst, src, snap, ddp.encode()) == ECHO_FRAME


def test_the_checksum_of_the_worked_example():
    raw = h("000FB5760014000A802A04FD040141")
    ddp = Ddp.decode(raw)
    assert ddp.checksum_is_right() and ddp.checksum == 0xB576
    ddp.checksum = None
    assert ddp.encode() == raw
    ddp.checksum = 0xB577
    assert not ddp.checksum_is_right()
    odd = h("001BFFFF0014000A802A04FD040177706A76656771716B786B796F786768")
    assert not Ddp.decode(odd).checksum_is_right()
    zero = h("001BFFFF0014000A802A04FD040177706A76657171786B796F7867")
    assert Ddp.decode(zero).checksum_is_right()


@pytest.mark.parametrize("zone, last", [
    (b"EtherTalk", 0x04), (CAFE, 0x6E), (b"CAF\x83", 0x6E), (b"Macintosh Guest Room", 0x08),
    (b"A", 0x82), (b"Lab", 0xF1), (b"LocalTalk", 0xD0), (b"EBC EtherTlkPhase2", 0x88)])
def test_zone_multicasts(zone, last):
    assert at.zone_multicast(zone) == h("0900070000") + bytes([last])


def test_rtmp_data_is_read_and_written():
    raw = h("000308800003800005 82 000A00 001402 001E810022 82")
    rtmp = at.RtmpData.decode(raw)
    assert rtmp.sender == Addr(3, 128) and rtmp.cable == Range(3, 5)
    assert rtmp.distances() == {(10, 10): 0, (20, 20): 2, (30, 34): 1}
    assert rtmp.encode() == raw


def test_zip_packets_are_read_and_written():
    assert at.zip_query([3, 20]) == h("010200030014")
    assert at.parse_zip_query(h("010200030014")) == [3, 20]
    raw = h("080200030945746865725461 6C6B 00030443 61668E")
    assert at.parse_zip_reply(raw) == (True, 2, [(3, b"EtherTalk"), (3, CAFE)])
    assert at.zip_reply([(3, "EtherTalk"), (3, "Café")], 2) == raw
    assert at.gni_request(b"CAF\x83") == h("05000000000004 43414683")
    raw = h("06800003000507 4E6F7768657265 06090007000004 0945746865725461 6C6B")
    gni = at.GniReply.decode(raw)
    assert (gni.zone, gni.default_zone, gni.cable) == (b"Nowhere", b"EtherTalk", Range(3, 5))
    assert gni.encode() == raw
    assert at.atp_zip_request(0x1235, 8, 1) == h("4001123508000001")
    raw = h("900012350000000209 45746865725461 6C6B 0443 61668E")
    assert at.parse_atp_zip_response(raw) == (0x1235, False, [b"EtherTalk", CAFE])
    assert at.atp_zip_response(0x1235, 0, ["EtherTalk", "Café"]) == raw


def test_nbp_packets_are_read_and_written():
    raw = h("1117 0004 2AFD 00 013D 09414650536572766572 0443 61668E")
    nbp = Nbp.decode(raw)
    assert (nbp.function, nbp.id, nbp.tuples[0].zone) == (at.BRRQ, 0x17, CAFE)
    assert nbp.encode() == raw


@pytest.mark.parametrize("pattern, value, match", [
    (b"=", b"x", True), (b"\xc5", b"", True), (b"Ro\xc5", b"router", True),
    (b"\xc5er", b"Router", True), (b"R\xc5r", b"ROUTER", True), (b"R\xc5r", b"r", False),
    (b"\xc5o\xc5", b"Router", False), (b"CAF\x83", CAFE, True), (b"Cafe", CAFE, False)])
def test_nbp_wildcards(pattern, value, match):
    assert at.nbp_matches(pattern, value) is match


HEAD_AB = "07010000C000020207010000C0000201000100000003"


def test_aurp_packets_are_read_and_written():
    raw = h(HEAD_AB + "1234000100028000" + "000500" + "006482006D00" + "000381000300")
    packet = aurp.Packet.decode(raw)
    assert (packet.conn, packet.seq, packet.name, packet.flags) == (0x1234, 1, "RI-Rsp", aurp.LAST)
    assert packet.networks() == {Range(5, 5, False): 0, Range(100, 109): 2, Range(3, 3): 1}
    assert packet.encode() == raw
    assert b"".join(aurp.network_tuple(*item) for item in packet.networks().items()) == packet.body


def test_aurp_events_are_read_and_written():
    body = h("0100C88100CB 02000500 0400648F006D")
    events = aurp.parse_events(body)
    assert events == [(aurp.NA, Range(200, 203), 1), (aurp.ND, Range(5, 5, False), 0),
                      (aurp.NDC, Range(100, 109), 15)]
    assert b"".join(aurp.event_tuple(*event) for event in events) == body
    assert aurp.parse_events(h("00000000")) == aurp.parse_events(h("00")) == [(0, None, 0)]


def test_aurp_zone_information_with_optimised_tuples():
    body = h("00010004 0005 05 53616C6573 00648000 006403 522644 0003800C")
    assert aurp.parse_zi_rsp(body) == (1, 4, [(5, b"Sales"), (100, b"Sales"), (100, b"R&D"),
                                              (3, b"R&D")])
    with pytest.raises(at.Malformed):
        aurp.parse_zi_rsp(body[:-1] + b"\x40")


@pytest.mark.parametrize("frame", [AARP_PROBE, ECHO_FRAME])
def test_a_cut_frame_is_never_taken_for_a_whole_one(frame):
    for length in range(22 + frame[13] - 8):
        cut = Frame.of(frame[:length], False, 0.0)
        assert cut.aarp is None and cut.ddp is None


@pytest.fixture(scope="module")
def street():
    """A cable with a scripted router and two nodes; no aurpd."""
    with Lab() as lab:
        cable = lab.cable(lab.machine("a"), "lan0")
        with ScriptedRouter(cable, Addr(3, 128), Range(3, 5)) as router, \
                Node(cable) as alice, Node(cable) as bob:
            router.zones = {Range(3, 5): ["EtherTalk", "Café"]}
            yield router, alice, bob


def test_nodes_acquire_addresses_find_and_echo_each_other(street):
    router, alice, bob = street
    reply = alice.acquire("CAFÉ")
    assert reply.cable == Range(3, 5) and reply.flags == 0
    assert reply.multicast == at.zone_multicast("Café")
    reply = bob.acquire("Nowhere")
    assert reply.default_zone == b"EtherTalk" and reply.flags == at.GNI_ZONE_INVALID
    assert 3 <= alice.addr.net <= 5 and 3 <= bob.addr.net <= 5 and alice.addr != bob.addr
    answer = alice.echo(bob.addr, bytes(range(256)) * 2)
    assert answer and answer.src == bob.mac
    assert alice.echo(router.addr, b"")
    assert bob.resolve(alice.addr) == alice.mac


def test_a_node_does_not_take_an_address_that_is_in_use(street):
    _, alice, bob = street
    alice.addr = Addr(4, 77)
    bob.addr = None
    assert not bob.probe(Addr(4, 77), 3, 0.1)
    assert bob.probe(Addr(4, 78), 3, 0.1) and bob.addr == Addr(4, 78)


def test_what_lies_behind_a_scripted_router_answers(street):
    router, alice, _ = street
    alice.addr, alice.range = Addr(4, 77), Range(3, 5)
    router.routes = {Range(30, 34): 1}
    router.announce()
    assert alice.wait(lambda f: f.ddp and f.ddp.type == at.RTMP_DATA, 20)
    assert alice.router == (router.addr, router.mac)
    answer = alice.echo(Addr(31, 9), b"far")
    assert answer and answer.ddp.src == Addr(31, 9)


def test_a_lost_cable_is_silent_until_it_is_plugged_again(street):
    router, alice, _ = street
    alice.addr, alice.range = Addr(4, 77), Range(3, 5)
    router.cable.unplug()
    alice.amt.clear()
    with pytest.raises(Silence):
        alice.resolve(router.addr, tries=3)
    router.cable.plug()
    assert alice.resolve(router.addr) == router.mac


@pytest.fixture
def two_peers():
    with Lab() as lab:
        wan = Wan(lab)
        one, two = wan.own("10.99.0.1"), wan.own("10.99.0.2")
        with Peer(wan.ns, one, {Range(100, 101): (0, ["Here", "Café"])}, two) as here, \
                Peer(wan.ns, two, {Range(200, 200, False): (1, ["There"])}, one) as there:
            yield here, there


def test_two_scripted_peers_exchange_networks_and_zones(two_peers):
    here, there = two_peers
    here.connect()
    there.connect()
    assert here.wait_until(lambda: here.knows(Range(200, 200, False), "THERE"), 2)
    assert there.wait_until(lambda: there.knows(Range(100, 101), "Here", "Café"), 2)
    here.networks[Range(300, 300)] = (2, ["New"])
    here.update((aurp.NA, Range(300, 300), 2), (aurp.ND, Range(100, 101), 0))
    assert there.wait_until(lambda: there.knows(Range(300, 300), "New"), 2)
    assert Range(100, 101) not in there.told
    there.send(aurp.TICKLE, there.receiver_conn)
    assert there.wait_for(aurp.TICKLE_ACK, 20)
    here.router_down()
    assert there.wait_for(aurp.RD, 20).value == aurp.ERR_NORMAL_CLOSE


def test_a_mute_peer_says_nothing(two_peers):
    here, there = two_peers
    there.auto.clear()
    here.open_req()
    assert there.wait_for(aurp.OPEN_REQ, 20)
    assert not here.wait_for(aurp.OPEN_RSP, 0.2)


def test_the_dump_parser_reads_quotes_lists_and_escapes():
    dump = Dump('# aurpd 0.1.0 attic\n'
                '[ports]\nport=lan net=100-101 default-zone="Twilight \\"Z\\\\" n=\n'
                '[routes]\nnet=200 dist=1 zones="A, b","C" alternatives=0\n'
                '[counters]\n'
                'drop=lan reason=ddp-bad-length count=3\ndrop=x reason=ddp-bad-length count=1\n')
    assert dump.row("ports", port="lan")["default-zone"] == 'Twilight \\"Z\\\\'
    assert dump.row("ports")["n"] == ""
    assert dump.route("200")["zones"] == ["A, b", "C"]
    assert dump.drops() == {"ddp-bad-length": 4} and dump.drops("lan") == {"ddp-bad-length": 3}
    with pytest.raises(ValueError):
        Dump("[ports]\nnot a pair\n")
