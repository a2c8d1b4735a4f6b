"""What the router answers on its cables: RTMP, ZIP and NBP, packet by packet."""

import os
import time

import pytest

import appletalk as at
import rig as rigs
from appletalk import Addr, Ddp, Nbp, NbpTuple, Range
from lag import rest
from node import ScriptedRouter

CAFE = "Café".encode("mac_roman")
ALL_ZONES = [CAFE, b"East", b"EtherTalk", b"Far", b"Lab"]


@pytest.fixture(scope="module")
def rig(binary):
    with rigs.rig() as made:
        yield made


@pytest.fixture(autouse=True)
def lives(rig):
    """Silence proves nothing of a dead router: after every test it must answer."""
    yield
    rig.lives()


def ask(rig, socket, kind, data, dst=None, src_socket=200, src=None):
    """Sends one datagram from the node; the answers that come to that socket within a moment."""
    mark = rig.watch.mark()
    ddp = Ddp(dst or rig.addr, socket, src or rig.node.addr, src_socket, kind, data)
    broadcast = ddp.dst.node == 255
    rig.node.send_to_mac(at.BROADCAST_MAC if broadcast else rig.mac, ddp)
    rig.watch.wait(lambda f: f.src == rig.mac and f.ddp and f.ddp.dst_socket == src_socket, 0.5,
                   mark)
    rest(0.1)
    return [f for f in rig.watch.since(mark)
            if f.src == rig.mac and f.ddp and f.ddp.dst_socket == src_socket]


# --- RTMP

def test_atalk_R01_R31_R36_the_whole_table_on_request(rig):
    frames = ask(rig, at.RTMP_SOCKET, at.RTMP_REQUEST, b"\3")
    data = at.RtmpData.decode(frames[0].ddp.data)
    assert (data.sender, data.cable) == (rig.addr, rigs.CABLE)
    assert data.distances() == {(3, 5): 0, (6, 6): 0, (20, 20): 3, (30, 34): 2} or (
        data.distances() == {(6, 6): 0, (20, 20): 3, (30, 34): 2})
    assert all(f.ddp.type == at.RTMP_DATA and f.ddp.src_socket == 1 for f in frames)


def test_atalk_R14_R36_split_horizon_on_request_and_on_the_cable(rig):
    frames = ask(rig, at.RTMP_SOCKET, at.RTMP_REQUEST, b"\2")
    asked = at.RtmpData.decode(frames[0].ddp.data).distances()
    assert (20, 20) not in asked and (30, 34) not in asked and asked[6, 6] == 0
    for watch, wanted in ((rig.watch, {(6, 6): 0}),
                          (rig.other_watch, {(3, 5): 0, (20, 20): 3, (30, 34): 2})):
        heard = watch.wait(lambda f: f.ddp and f.ddp.type == at.RTMP_DATA and
                           f.src in (rig.mac, rig.other_mac), 40, watch.mark())
        assert at.RtmpData.decode(heard.ddp.data).distances() == wanted


def test_atalk_R17_even_one_number_is_a_range_on_an_extended_cable(rig):
    heard = rig.watch.wait(lambda f: f.src == rig.mac and f.ddp and f.ddp.type == at.RTMP_DATA, 40,
                           rig.watch.mark())
    assert bytes.fromhex("0006 80 0006 82") in heard.ddp.data


def test_atalk_R34_R35_a_request_is_answered_with_the_cable_alone(rig):
    for dst in (rig.addr, Addr(0, 255)):
        frames = [f for f in ask(rig, at.RTMP_SOCKET, at.RTMP_REQUEST, b"\1", dst, 201)]
        frame, = [f for f in frames if f.ddp.type == at.RTMP_DATA]
        assert frame.ddp.data == bytes([0, rig.addr.net, 8, rig.addr.node]) + bytes.fromhex(
            "0003 80 0005 82")
        assert frame.ddp.dst == rig.node.addr


def test_atalk_R37_other_functions_are_ignored(rig):
    for data in (b"\0", b"\5", b"\x63", b""):
        assert not ask(rig, at.RTMP_SOCKET, at.RTMP_REQUEST, data)


@pytest.fixture
def second(rig):
    """A second neighbour on the same cable, Q, who says nothing by itself."""
    with ScriptedRouter(rig.site.cable, Addr(5, 201), rigs.CABLE) as router:
        yield router


def test_atalk_R19_R20_R21_R22_the_better_offer_wins_and_its_owner_may_raise_it(rig, second):
    net, first = Range(40, 44), rig.neighbour

    def distance():
        rest(0.15)
        return rig.routes().get("40-44", (None,))[0]

    def goes_to():
        data, mark = os.urandom(8), rig.watch.mark()
        rig.other.send_to_mac(rig.other_mac, Ddp(Addr(41, 1), 9, rig.other.addr, 9, 99, data))
        frame = rig.watch.wait(lambda f: f.src == rig.mac and f.ddp and f.ddp.data == data, 20,
                               mark)
        return frame.dst

    try:
        first.announce({**first.routes, net: 4})
        assert distance() == "5"
        second.announce({net: 6})
        assert distance() == "5" and goes_to() == first.mac         # worse: ignored
        second.announce({net: 4})
        assert distance() == "5" and goes_to() == second.mac        # as good: the newest
        second.announce({net: 1})
        assert distance() == "2"
        second.announce({net: 9})
        assert distance() == "10" and goes_to() == second.mac       # its owner may
        first.announce({**first.routes, net: 30})
        assert distance() == "10"                                   # no poison, not its owner
        first.announce({**first.routes, net: at.DISTANCE_POISON})
        assert distance() == "10"
        second.announce({net: at.DISTANCE_POISON})
        rest(0.15)
        assert rig.routes()["40-44"][2] == "bad"
        first.announce({**first.routes, net: 12})                   # anything beats nothing
        assert distance() == "13" and rig.routes()["40-44"][2] == "good"
    finally:
        first.announce({**first.routes, net: at.DISTANCE_POISON})


def test_atalk_D35_R16_R22_fifteen_hops_and_no_more(rig, second):
    second.announce({Range(50, 50): 14, Range(51, 51): 15})
    rest(0.2)
    routes = rig.routes()
    assert "51-51" not in routes and "51" not in routes
    assert (routes.get("50-50") or routes["50"])[0] == "15"
    data, mark = os.urandom(8), rig.watch.mark()
    rig.other.send_to_mac(rig.other_mac, Ddp(Addr(50, 1), 9, rig.other.addr, 9, 99, data))
    assert rig.watch.wait(lambda f: f.dst == second.mac and f.ddp and f.ddp.data == data, 20, mark)
    frames = ask(rig, at.RTMP_SOCKET, at.RTMP_REQUEST, b"\3")
    assert (50, 50) not in at.RtmpData.decode(frames[0].ddp.data).distances()
    second.announce({Range(50, 50): at.DISTANCE_POISON})


def test_atalk_R26_R28_R29_R42_D25_tuples_that_make_no_route(rig, second):
    before = rig.routes()
    second.announce({Range(60, 60): at.DISTANCE_POISON, Range(31, 40): 1, Range(4, 9): 1,
                     Range(0xFF10, 0xFF10): 1, Range(0, 0): 1, Range(80, 70): 1, Range(6, 6): 1,
                     Range(90, 0xFF00): 1})
    rest(0.2)
    after = rig.routes()
    assert after == before
    assert any("31-40" in line for line in rig.daemon.lines.since())


def test_atalk_R39_R40_R41_R45_packets_that_teach_nothing_and_one_that_does(rig):
    sender, before = rig.neighbour.addr, rig.routes()
    new = at.rtmp_tuple(Range(70, 70), 1)

    def said(header, first="0003 80 0005 82", tuples=new, **more):
        rig.tells(bytes.fromhex(header) + bytes.fromhex(first) + tuples, **more)

    head = f"{sender.net:04x} 08 {sender.node:02x}"
    said("03e7 08 01", src=Addr(999, 1))                    # sender is not of this cable
    said(f"{sender.net:04x} 08 09")                         # not who the datagram is from
    said(f"{sender.net:04x} 10 {sender.node:02x}")          # ID of another length
    said(head, first="0003 00 0005 82")
    said(head, first="0003 80 0005 81")
    said(head, first="0003 80 0009 82")                     # another range for our cable
    said(f"{sender.net:04x} 08 ff", src=Addr(sender.net, 255))
    rest(0.3)
    assert rig.routes() == before
    said(head, tuples=bytes.fromhex("0048 e2 0048 82") + new[:4])    # bits 6-5 set; then one cut
    rest(0.3)
    after = rig.routes()
    learnt = {net: after[net] for net in after if net not in before}
    assert list(learnt) in (["72-72"], ["72"]) and list(learnt.values())[0][0] == "3"
    said(head, tuples=at.rtmp_tuple(Range(72, 72), at.DISTANCE_POISON))


# --- ZIP

def test_atalk_Z11_Z12_Z13_a_query_is_answered_with_what_is_complete(rig):
    frame, = ask(rig, at.ZIP_SOCKET, at.ZIP, at.zip_query([3, 99]))
    assert frame.ddp.src_socket == at.ZIP_SOCKET and frame.ddp.type == at.ZIP
    assert at.parse_zip_reply(frame.ddp.data) == (True, 2, [(3, b"EtherTalk"), (3, CAFE)])
    frame, = ask(rig, at.ZIP_SOCKET, at.ZIP, at.zip_query([4]))
    assert at.parse_zip_reply(frame.ddp.data)[2] == [(3, b"EtherTalk"), (3, CAFE)]
    assert not ask(rig, at.ZIP_SOCKET, at.ZIP, at.zip_query([99]))
    frames = ask(rig, at.ZIP_SOCKET, at.ZIP, at.zip_query([20, 30]))
    pairs = {net: at.parse_zip_reply(f.ddp.data)[2] for f in frames
             for net, _ in at.parse_zip_reply(f.ddp.data)[2]}
    assert pairs[20] == [(20, b"Far")] and sorted(z for _, z in pairs[30]) == [CAFE, b"East"]


def gni(rig, zone, src, dst, frame_dst):
    mark = rig.watch.mark()
    ddp = Ddp(dst, at.ZIP_SOCKET, src, 210, at.ZIP, at.gni_request(zone))
    rig.node.send_to_mac(frame_dst, ddp)
    return rig.watch.wait(lambda f: f.src == rig.mac and f.ddp and f.ddp.data[:1] == b"\6", 20,
                          mark)


def test_atalk_Z19_Z20_Q05_an_alien_source_gets_a_broadcast_unless_it_asked_us(rig):
    alien = Addr(1234, 9)
    frame = gni(rig, "Nowhere", alien, Addr(0, 255), at.BROADCAST_MAC)
    assert frame.dst == at.BROADCAST_MAC and frame.ddp.dst == Addr(0, 255)
    reply = at.GniReply.decode(frame.ddp.data)
    assert (reply.flags, reply.default_zone) == (at.GNI_ZONE_INVALID, b"EtherTalk")
    frame = gni(rig, "Nowhere", alien, rig.addr, rig.mac)
    assert frame.dst == rig.node.mac and frame.ddp.dst == alien
    frame = gni(rig, "Café", Addr(0xFF01, 42), Addr(0, 255), at.BROADCAST_MAC)
    assert frame.dst == rig.node.mac and frame.ddp.dst == Addr(0xFF01, 42)
    assert at.GniReply.decode(frame.ddp.data).flags == 0


def test_atalk_Z23_what_fills_a_request_does_not_matter(rig):
    frame, = ask(rig, at.ZIP_SOCKET, at.ZIP, b"\5\1\2\3\4\5" + at.pascal(CAFE))
    assert at.GniReply.decode(frame.ddp.data).zone == CAFE


def atp(rig, function, index, dst=None, **more):
    tid = int.from_bytes(os.urandom(2), "big")
    frames = ask(rig, at.ZIP_SOCKET, at.ATP, at.atp_zip_request(tid, function, index, **more), dst)
    if not frames:
        return None
    frame, = frames
    assert frame.ddp.src_socket == at.ZIP_SOCKET
    answered, last, zones = at.parse_atp_zip_response(frame.ddp.data)
    assert answered == tid
    return last, zones


def test_atalk_Z24_Z26_Z27_Z28_the_zone_list_from_any_index(rig):
    last, zones = atp(rig, at.ZIP_GET_ZONE_LIST, 1)
    assert last and sorted(zones) == ALL_ZONES
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 1) == (True, zones)
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 4) == (True, zones[3:])
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 0) == (True, zones)
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 6) == (True, [])
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 60000) == (True, [])


def test_atalk_Z29_Z32_zones_of_the_cable_default_first(rig):
    assert atp(rig, at.ZIP_GET_LOCAL_ZONES, 1) == (True, [b"EtherTalk", CAFE])
    assert atp(rig, at.ZIP_GET_MY_ZONE, 0)[1] == [b"EtherTalk"]


def test_atalk_Z33_Z34_Z45_only_a_request_for_the_first_packet_is_one(rig):
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 1, bitmap=0xFF, control=0x60)
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 1, bitmap=0xFE) is None
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 1, control=0xC0) is None
    assert atp(rig, 99, 1) is None
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 1, Addr(3, 0))
    assert atp(rig, at.ZIP_GET_ZONE_LIST, 1, Addr(0, 255))


def test_atalk_Z40_Z41_Z46_what_a_router_does_not_listen_to(rig):
    before = rig.routes(), sorted(rig.node.get_zone_list())
    notify = b"\7\0\0\0\0\0" + at.pascal(CAFE) + at.pascal(at.zone_multicast(b"Bistro")) + (
        at.pascal(b"Bistro"))
    for data in (notify, b"\3\0\3", b"\4\0\3", b"\x63"):
        assert not ask(rig, at.ZIP_SOCKET, at.ZIP, data)
    assert (rig.routes(), sorted(rig.node.get_zone_list())) == before


def test_atalk_Z08_Z09_zone_names_nobody_asked_for(rig):
    stranger = Ddp(rig.addr, at.ZIP_SOCKET, rig.other.addr, at.ZIP_SOCKET, at.ZIP, b"")
    stranger.data = at.zip_reply([(20, "Forged"), (77, "Forged")])
    rig.other.send_to_mac(rig.other_mac, stranger)
    stranger.data = at.zip_reply([(20, "Forged")], 1)
    rig.other.send_to_mac(rig.other_mac, stranger)
    rest(0.3)
    assert sorted(rig.node.get_zone_list()) == ALL_ZONES


def test_atalk_Z01_Z02_Z05_Z06_Z07_a_list_in_several_packets_counts_when_it_is_whole(rig):
    net, neighbour = Range(140, 145), rig.neighbour
    neighbour.answer_zip = False
    try:
        mark = neighbour.mark()
        neighbour.announce({**neighbour.routes, net: 1})
        query = neighbour.wait(lambda f: f.dst == neighbour.mac and f.ddp and
                               f.ddp.type == at.ZIP and f.ddp.data[:1] == b"\1", 20, mark)
        assert at.parse_zip_query(query.ddp.data) == [140]
        assert (query.ddp.dst, query.ddp.dst_socket) == (neighbour.addr, at.ZIP_SOCKET)

        def reply(*zones, total=3):
            pairs = [(140, zone) for zone in zones]
            neighbour.answer(query, at.ZIP_SOCKET, at.ZIP, at.zip_reply(pairs, total))
            rest(0.2)
            return rig.node.get_zone_list()

        assert b"Third" not in reply("Third")
        assert b"Third" not in reply("Third", "First")
        assert not ask(rig, at.ZIP_SOCKET, at.ZIP, at.zip_query([140]))
        assert {b"First", b"Second", b"Third"} <= set(reply("Second"))
    finally:
        neighbour.answer_zip = True
        neighbour.announce({**neighbour.routes, net: at.DISTANCE_POISON})


# --- NBP

def nbp(function, entity, number=0x17):
    return Nbp(function, number, [entity]).encode()


def looked_up(rig, function, zone, dst=None, obj=b"=", kind=b"AFPServer", frame_dst=None, **more):
    """Sends a request for a name; the NBP packets that left on both cables because of it."""
    marks = rig.mark()
    entity = NbpTuple(more.get("addr", rig.node.addr), 253, 0, obj, kind, at.name(zone))
    ddp = Ddp(dst or rig.addr, at.NBP_SOCKET, rig.node.addr, 253, at.NBP, nbp(function, entity))
    rig.node.send_to_mac(frame_dst or rig.mac, ddp)
    rest(0.4)
    found = []
    for cable, watch, mark in (("lan", rig.watch, marks[0]), ("other", rig.other_watch, marks[1])):
        found += [(cable, f, Nbp.decode(f.ddp.data)) for f in watch.since(mark)
                  if not f.outgoing and f.ddp and f.ddp.type == at.NBP]
    return found


def test_atalk_N01_N02_N03_N04_E04_a_look_up_goes_wherever_the_zone_is(rig):
    found = looked_up(rig, at.BRRQ, "Café")
    assert len(found) == 2
    (_, lookup, said), = [row for row in found if row[2].function == at.LKUP]
    assert lookup.dst == at.zone_multicast(CAFE) and lookup.ddp.dst == Addr(0, 255)
    assert (lookup.ddp.src, lookup.ddp.dst_socket) == (rig.addr, at.NBP_SOCKET)
    assert said.id == 0x17 and said.tuples == [NbpTuple(rig.node.addr, 253, 0, b"=", b"AFPServer",
                                                       CAFE)]
    (_, request, said), = [row for row in found if row[2].function == at.FWDREQ]
    assert (request.dst, request.ddp.dst) == (rig.neighbour.mac, Addr(30, 0))
    assert said.tuples[0].zone == CAFE and said.id == 0x17


def test_atalk_N06_N07_N08_a_forward_request_is_for_one_cable(rig):
    (cable, frame, said), = looked_up(rig, at.FWDREQ, "Lab", Addr(6, 0))
    assert (cable, said.function, frame.dst) == ("other", at.LKUP, at.zone_multicast("Lab"))
    assert looked_up(rig, at.FWDREQ, "*", Addr(6, 0)) == []
    (cable, frame, said), = looked_up(rig, at.FWDREQ, "Café", Addr(3, 0))
    assert (cable, said.function) == ("lan", at.LKUP)


def test_atalk_N11_the_own_zone_from_an_extended_cable_is_its_default(rig):
    for zone in ("*", ""):
        (_, frame, said), = [row for row in looked_up(rig, at.BRRQ, zone)
                             if row[2].function == at.LKUP]
        assert said.tuples[0].zone == b"EtherTalk"
        assert frame.dst == at.zone_multicast("EtherTalk")


def test_atalk_N12_N13_N14_what_is_not_looked_up(rig):
    assert looked_up(rig, at.BRRQ, "Nowhere") == []
    assert looked_up(rig, at.BRRQ, "=") == []
    entity = NbpTuple(rig.node.addr, 253, 0, b"=", b"=", b"Lab")
    with rig.silence():
        for tuples in ([], [entity, entity]):
            rig.node.send_ddp(rig.addr, at.NBP_SOCKET, at.NBP, Nbp(at.BRRQ, 1, tuples).encode())
    (cable, _, _), = looked_up(rig, at.BRRQ, "LAB")
    assert cable == "other"


def test_atalk_N16_N20_N21_N22_our_own_name_by_every_pattern(rig):
    other = Addr(rig.node.addr.net, rig.node.addr.node)
    for obj, kind, match in ((b"=", b"AppleRouter", True), (b"\xc5", b"=", True),
                             (b"A", b"APPLEROUTER", True), (b"a", b"Apple\xc5", True),
                             (b"a", b"\xc5Router", True), (b"a", b"A\xc5r", True),
                             (b"b", b"AppleRouter", False), (b"a", b"A\xc5e\xc5r", False),
                             (b"", b"AppleRouter", False), (b"a", b"", False)):
        found = looked_up(rig, at.BRRQ, "EtherTalk", obj=obj, kind=kind, addr=other)
        replies = [row for row in found if row[2].function == at.LKUP_REPLY]
        assert bool(replies) is match, (obj, kind)
        for _, frame, said in replies:
            assert (frame.ddp.dst, frame.ddp.dst_socket) == (other, 253)
            assert frame.ddp.src_socket == at.NBP_SOCKET and said.id == 0x17
            assert (said.tuples[0].addr, said.tuples[0].object) == (rig.addr, b"a")


def test_atalk_N19_N23_N25_look_ups_on_the_cable_itself(rig):
    replies = looked_up(rig, at.LKUP, "*", kind=b"AppleRouter")
    assert [row[2].function for row in replies] == [at.LKUP_REPLY]
    replies = looked_up(rig, at.LKUP, "EtherTalk", Addr(0, 255), kind=b"AppleRouter",
                        frame_dst=at.zone_multicast("EtherTalk"))
    assert [row[2].function for row in replies] == [at.LKUP_REPLY]
    assert looked_up(rig, at.LKUP, "Lab", kind=b"AppleRouter") == []
    assert looked_up(rig, at.LKUP, "*", Addr(0, 255), frame_dst=at.BROADCAST_MAC) == []


def test_atalk_N26_a_reply_for_another_is_routed_like_anything(rig):
    entity = NbpTuple(rig.other.addr, 128, 1, b"Server", b"AFPServer", b"*")
    data, mark = Nbp(at.LKUP_REPLY, 9, [entity]).encode(), rig.watch.mark()
    rig.other.send_ddp(rig.node.addr, 253, at.NBP, data, at.NBP_SOCKET)
    frame = rig.watch.wait(lambda f: f.dst == rig.node.mac and f.ddp and f.ddp.type == at.NBP, 20,
                           mark)
    assert frame.ddp.data == data


def test_atalk_N27_requests_to_any_router_and_to_all_are_handled_once(rig):
    for dst, frame_dst in ((rig.addr, None), (Addr(rig.addr.net, 0), None),
                           (Addr(0, 255), at.BROADCAST_MAC)):
        (cable, _, said), = looked_up(rig, at.BRRQ, "Lab", dst, frame_dst=frame_dst)
        assert (cable, said.function) == ("other", at.LKUP)


def test_atalk_N29_the_chooser_in_a_hurry_is_served(rig):
    marks = rig.mark()
    entity = NbpTuple(rig.node.addr, 253, 0, b"=", b"AFPServer", b"Lab")
    for number in range(60):
        rig.node.send_ddp(rig.addr, at.NBP_SOCKET, at.NBP, Nbp(at.BRRQ, number, [entity]).encode())
        time.sleep(0.02)
    rest(0.3)
    lookups = [f for f in rig.other_watch.since(marks[1]) if f.ddp and f.ddp.type == at.NBP]
    assert len(lookups) == 60
