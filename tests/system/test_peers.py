"""aurpd among scripted peers, each of which behaves in a way of its own.

All peers are there before aurpd starts and play their parts side by side, so
that the slow stories (silence, refusal, death) run while the quick ones are
told. The slow ones come last in this file.
"""

import os
import signal
import time
from types import SimpleNamespace

import pytest

import appletalk as at
import aurp
from appletalk import Addr, Ddp, Range
from daemon import peer_is, port_is_up
from lag import at_least, rest, spent
from world import World

NET = {name: Range(1000 + 10 * i, 1000 + 10 * i + 1) for i, name in enumerate(
    ("decent", "other", "later", "changer", "corpse", "silent"))}
PARTS = ("decent", "other", "mute", "refusing", "later", "changer", "corpse", "silent", "picky")


def open_reqs(peer, mark=0):
    return peer.all_of(aurp.OPEN_REQ, mark)


@pytest.fixture(scope="module")
def party(binary):
    """aurpd at site a, with the peers of PARTS (and a stranger) on the network."""
    with World() as world:
        a = world.site("a", 1)
        peers = {}
        for number, name in enumerate((*PARTS, "stranger"), 101):
            networks = {NET[name]: (0, [f"Zone {name}"])} if name in NET else {}
            if name != "later":
                peers[name] = world.peer(number, networks, a)
        peers["mute"].auto.clear()
        peers["refusing"].auto.clear()
        hosts = {name: f"10.99.0.{number}" for number, name in enumerate(PARTS, 101)}
        watch = SimpleNamespace(lan=a.capture(), wan=a.capture_tunnel())
        began = time.monotonic()
        a.run(a.config(hosts, tunnel_more="last-heard-timeout = 30"))
        for name in ("decent", "other"):
            peers[name].connect()
        a.daemon.wait_dump(port_is_up("lan"), 10)
        yield SimpleNamespace(world=world, a=a, daemon=a.daemon, mac=a.node(), watch=watch,
                              began=began, **peers)


def test_aurp_C2_C3_T4_T9_T10_the_open_req_byte_for_byte(party):
    first = open_reqs(party.decent)[0]
    assert first.conn != 0
    assert first.raw == (aurp.ip_di(party.decent.address) + aurp.ip_di(party.a.address) +
                         bytes.fromhex("0001 0000 0003") + first.conn.to_bytes(2, "big") +
                         bytes.fromhex("0000 0008 7800 0001 00"))
    assert first.source == (party.a.address, aurp.PORT)


def test_aurp_C9_U14_the_open_rsp_byte_for_byte(party):
    answer = party.decent.all_of(aurp.OPEN_RSP)[0]
    assert (answer.conn, answer.seq, answer.flags) == (party.decent.receiver_conn, 0, 0)
    assert answer.body == bytes.fromhex("0001 00")


def test_aurp_C20_S17_routing_information_is_asked_for_at_once(party):
    opened = open_reqs(party.decent)[0]
    asked = party.decent.wait_for(aurp.RI_REQ, 20)
    assert spent(opened.time, asked.time) < 3
    assert (asked.conn, asked.seq, asked.flags, asked.body) == (opened.conn, 0, aurp.SUI_ALL, b"")


def test_aurp_S25_Z6_acknowledgements_have_no_body(party):
    ack = party.decent.wait_for(aurp.RI_ACK, 20)
    assert (ack.seq, ack.body) == (1, b"") and ack.flags in (0, aurp.SZI)
    assert ack.conn == party.decent.sender_conn


def test_aurp_S1_S21_the_first_ri_rsp_is_number_one_and_the_last_says_so(party):
    answers = party.decent.all_of(aurp.RI_RSP)
    assert answers[0].seq == 1
    assert [bool(p.flags & aurp.LAST) for p in answers] == [False] * (len(answers) - 1) + [True]


def test_aurp_Z3_Z4_zones_follow_the_acknowledgement_that_asks_for_them(party):
    assert party.decent.wait_until(lambda: party.decent.knows(party.a.range, "Zone A"), 15)
    answer = party.decent.wait_for(aurp.ZI_RSP, 20)
    assert (answer.conn, answer.seq) == (party.decent.receiver_conn, 0)


def test_the_networks_of_the_peers_are_there_with_their_zones(party):
    dump = party.daemon.wait_dump(
        lambda d: all(d.route(f"{NET[n].first}-{NET[n].last}") for n in ("decent", "other")), 10)
    route = dump.route("1000-1001")
    assert (route["dist"], route["via"], route["state"]) == ("1", "decent", "good")
    zones = party.mac.get_zone_list()
    assert {b"Zone A", b"Zone decent", b"Zone other"} <= set(zones)
    assert len(zones) == len(set(zones))


@pytest.fixture(autouse=True)
def lives(party):
    """Silence proves nothing of a dead router: after every test it must answer."""
    yield
    assert party.mac.echo(party.mac.router[0], os.urandom(8), timeout=30), "the router is dead"


def test_aurp_T12_T23_data_goes_to_the_one_right_peer_one_hop_further(party):
    marks = party.decent.mark(), party.other.mark()
    data = os.urandom(30)
    sent = party.mac.send_ddp(Addr(1000, 9), 200, 99, data, 201, hops=3, checksum=None)
    arrived = party.decent.wait(lambda p: p.type == aurp.DATA and p.body.endswith(data), 20,
                                marks[0])
    expected = Ddp.decode(sent.encode())
    expected.hops = 4
    assert arrived.body == expected.encode()
    assert not party.other.since(marks[1], lambda p: p.type == aurp.DATA)


def test_aurp_T13_data_from_a_peer_is_delivered_unchanged(party):
    mark = party.watch.lan.mark()
    ddp = Ddp(party.mac.addr, 200, Addr(1001, 7), 201, 99, os.urandom(77), hops=2, checksum=None)
    party.decent.send_data(ddp)
    frame = party.watch.lan.wait(lambda f: f.ddp and f.ddp.data == ddp.data, 20, mark)
    assert frame.dst == party.mac.mac
    assert frame.ddp.hops == 3
    ddp.hops, ddp.checksum = frame.ddp.hops, frame.ddp.checksum
    assert frame.ddp == ddp and frame.ddp.checksum_is_right() and frame.ddp.checksum


def test_aurp_T18_T19_what_one_peer_has_is_not_told_to_another_of_its_tunnel(party):
    mark, data = party.other.mark(), os.urandom(20)
    ddp = Ddp(Addr(NET["other"].first, 5), 200, Addr(1000, 7), 201, 99, data)
    party.decent.send_data(ddp)
    assert not party.other.wait(lambda p: p.type == aurp.DATA, 0.5, mark)
    assert party.daemon.dump().drops().get("ddp-back-into-tunnel")
    assert party.a.range in party.other.told and set(party.other.told) == {party.a.range}
    assert set(party.decent.told) == {party.a.range}


def test_aurp_C19_a_wrong_connection_id_gets_no_answer(party):
    peer = party.decent
    mark = peer.mark()
    peer.send(aurp.TICKLE, peer.receiver_conn ^ 0x5555)
    peer.send(aurp.RI_UPD, peer.sender_conn ^ 0x5555, peer.sender_seq, 0,
              aurp.event_tuple(aurp.ND, NET["decent"]))
    peer.send(aurp.RI_REQ, peer.receiver_conn ^ 0x5555, 0, aurp.SUI_ALL)
    assert not peer.wait(lambda p: p.type == aurp.ROUTING and p.command != aurp.TICKLE, 0.7, mark)
    dump = party.daemon.dump()
    assert dump.drops()["aurp-bad-connection"] >= 3
    assert dump.route("1000-1001")


def test_aurp_C24_a_tickle_is_acknowledged_with_its_connection_and_zero(party):
    peer = party.decent
    mark = peer.mark()
    peer.send(aurp.TICKLE, peer.receiver_conn)
    ack = peer.wait_for(aurp.TICKLE_ACK, 20, mark)
    assert (ack.conn, ack.seq, ack.body) == (peer.receiver_conn, 0, b"")


def test_aurp_S5_S6_a_repeated_update_is_acknowledged_again_and_not_applied_again(party):
    peer, net = party.decent, Range(1500, 1509)
    seq, mark = peer.sender_seq, peer.mark()
    peer.networks[net] = (2, ["Zone new"])
    body = aurp.event_tuple(aurp.NA, net, 2)
    peer.send(aurp.RI_UPD, peer.sender_conn, seq, 0, body)
    assert peer.wait_for(aurp.RI_ACK, 20, mark, lambda p: p.seq == seq)
    route = party.daemon.wait_dump(lambda d: d.route("1500-1509"), 5).route("1500-1509")
    assert (route["dist"], route["via"]) == ("3", "decent")
    mark = peer.mark()
    before = party.daemon.dump().drops()
    peer.send(aurp.RI_UPD, peer.sender_conn, seq, 0, aurp.event_tuple(aurp.ND, net))
    assert peer.wait_for(aurp.RI_ACK, 20, mark, lambda p: p.seq == seq)
    dump = party.daemon.dump()
    assert dump.route("1500-1509")
    assert dump.drops()["aurp-duplicate"] == before.get("aurp-duplicate", 0) + 1


def test_aurp_U18_U34_events_are_taken_in_the_order_of_the_packet(party):
    peer, net = party.decent, Range(1520, 1520)
    peer.networks[net] = (1, ["Zone brief"])
    peer.update((aurp.NA, net, 1), (aurp.ND, net, 0))
    rest(0.3)
    route = party.daemon.dump().route("1520-1520")
    assert route is None or route["state"] == "bad"


def test_aurp_U37_a_new_distance_is_taken(party):
    peer, net = party.decent, Range(1540, 1541)
    peer.networks[net] = (1, ["Zone moved"])
    mark = peer.mark()
    peer.update((aurp.NA, net, 1))
    assert peer.wait_for(aurp.RI_ACK, 20, mark)
    party.daemon.wait_dump(lambda d: d.route("1540-1541"), 5)
    peer.update((aurp.NDC, net, 6))
    party.daemon.wait_dump(lambda d: d.route("1540-1541")["dist"] == "7", 5)


def test_aurp_U8_a_distance_of_15_deletes(party):
    peer, net = party.decent, Range(1560, 1561)
    peer.networks[net] = (1, ["Zone gone"])
    mark = peer.mark()
    peer.update((aurp.NA, net, 1))
    assert peer.wait_for(aurp.RI_ACK, 20, mark)
    party.daemon.wait_dump(lambda d: d.route("1560-1561"), 5)
    del peer.networks[net]
    peer.update((aurp.NDC, net, 15))
    party.daemon.wait_dump(lambda d: not d.route("1560-1561") or
                           d.route("1560-1561")["state"] == "bad", 5)


def test_aurp_T7_T26_unknown_headers_are_dropped_and_counted(party):
    peer = party.decent
    mark, before = peer.mark(), party.daemon.dump().drops()
    good = aurp.Packet(aurp.ip_di(party.a.address), peer.di, aurp.ROUTING, 1, peer.receiver_conn, 0,
                       aurp.TICKLE).encode()
    peer.send_raw(good[:16] + b"\0\2" + good[18:])                      # version 2
    peer.send_raw(good[:20] + b"\0\4" + good[22:])                      # packet type 4
    peer.send_raw(good[:9] + b"\2" + good[10:])                         # authority 2
    peer.send_raw(b"\6" + good[1:])                                     # an even length
    assert not peer.wait_for(aurp.TICKLE_ACK, 0.5, mark)
    after = party.daemon.dump().drops()
    for reason in ("domain-bad-version", "domain-bad-type", "domain-bad-authority",
                   "domain-malformed"):
        assert after.get(reason, 0) == before.get(reason, 0) + 1, reason


def test_aurp_S16_Z8_the_receiver_repeats_a_question_and_the_sender_just_answers(party):
    peer, net = party.decent, Range(1580, 1581)
    peer.networks[net] = (1, ["Zone late"])
    peer.auto.discard("zi")
    mark = peer.mark()
    peer.update((aurp.NA, net, 1))
    asked = peer.count(lambda p: p.command == aurp.ZI_REQ, 2, 60, mark)
    assert len(asked) == 2 and all(aurp.parse_zi_req(p.body) == [1580] for p in asked)
    assert at_least(asked[0].time, asked[1].time) >= 5
    peer.auto.add("zi")
    peer.send_zones([1580])
    party.daemon.wait_dump(lambda d: d.zones("1580-1581") == ["Zone late"], 5)
    mark = peer.mark()
    for _ in range(2):
        peer.send(aurp.ZI_REQ, peer.receiver_conn, 0, 0, aurp.zi_req_body([party.a.range.first]))
    answers = peer.count(lambda p: p.command == aurp.ZI_RSP, 2, 20, mark)
    assert len(answers) == 2 and answers[0].raw == answers[1].raw


def test_aurp_C12_an_unknown_option_is_ignored(party):
    peer = party.picky
    peer.open_req(options=[(1, b"\xde\xad\xbe\xef"), (77, b"x")])
    assert peer.wait_for(aurp.OPEN_RSP, 20).value >= 0


def test_aurp_C10_C11_another_version_is_refused(party):
    peer = party.picky
    mark = peer.mark()
    conn = peer.open_req(version=2)
    answer = peer.wait_for(aurp.OPEN_RSP, 20, mark, lambda p: p.conn == conn)
    assert answer.value == aurp.ERR_VERSION and answer.seq == 0


def test_aurp_T29_a_stranger_gets_no_answer_and_is_named(party):
    stranger = party.stranger
    stranger.open_req()
    stranger.open_req(0x4242)
    assert not stranger.wait(lambda p: True, 1.0)
    assert party.daemon.dump().drops()["peer-unknown"] >= 2
    lines = party.daemon.lines.since(0, lambda line: stranger.address in line)
    assert len(lines) == 1, lines


def test_aurp_X6_a_blind_router_down_changes_nothing(party):
    peer = party.other
    peer.send(aurp.RD, peer.sender_conn ^ 1, peer.sender_seq, 0, b"\xff\xff")
    party.stranger.send(aurp.RD, peer.sender_conn, peer.sender_seq, 0, b"\xff\xff")
    rest(0.3)
    dump = party.daemon.dump()
    assert peer_is("other")(dump) and dump.route("1010-1011")


def test_aurp_C14_a_repeated_open_req_is_answered_until_something_else_came(party):
    peer = party.picky
    mark = peer.mark()
    conn = peer.open_req()
    assert peer.wait_for(aurp.OPEN_RSP, 40, mark, lambda p: p.conn == conn) or True
    # The connection of an earlier test may have to be probed first; ask until it is ours.
    deadline = time.monotonic() + 60
    while not peer.wait_for(aurp.OPEN_RSP, 2, mark, lambda p: p.conn == conn):
        assert time.monotonic() < deadline, "never accepted"
        peer.open_req(conn)
    mark = peer.mark()
    peer.open_req(conn)
    assert peer.wait_for(aurp.OPEN_RSP, 20, mark, lambda p: p.conn == conn)
    peer.send(aurp.RI_REQ, conn, 0, aurp.SUI_ALL)
    assert peer.wait_for(aurp.RI_RSP, 20, mark)
    mark = peer.mark()
    peer.send(aurp.OPEN_REQ, conn, 0, aurp.SUI_ALL, aurp.open_req_body())
    assert not peer.wait_for(aurp.OPEN_RSP, 0.7, mark)


def test_aurp_C15_C16_C18_a_live_connection_survives_another_open_req(party):
    peer = party.changer
    peer.connect()
    old, mark = peer.receiver_conn, peer.mark()
    peer.send(aurp.OPEN_REQ, old ^ 0x0F0F, 0, aurp.SUI_ALL, aurp.open_req_body())
    probe = peer.wait_for(aurp.RI_UPD, 20, mark)         # acknowledged by the peer itself
    assert probe.conn == old and probe.events() == [(aurp.NULL, None, 0)]
    assert probe.body == bytes(4)
    rest(0.3)
    assert not peer.all_of(aurp.OPEN_RSP, mark)
    mark = peer.mark()
    peer.send(aurp.TICKLE, old)
    peer.send(aurp.TICKLE, old ^ 0x0F0F)
    peer.wait_for(aurp.TICKLE_ACK, 20, mark)
    rest(0.3)
    assert [p.conn for p in peer.all_of(aurp.TICKLE_ACK, mark)] == [old]


def test_aurp_S7_a_number_too_far_ends_the_connection(party):
    peer = party.changer
    mark = peer.mark()
    old = peer.sender_conn
    party.daemon.wait_dump(lambda d: d.route("1030-1031"), 5)
    peer.send(aurp.RI_UPD, old, peer.sender_seq + 1, 0,
              aurp.event_tuple(aurp.NA, Range(1590, 1590)))
    again = peer.wait_for(aurp.OPEN_REQ, 20, mark)
    assert again and again.conn != old
    party.daemon.wait_dump(lambda d: peer_is("changer")(d) and d.route("1030-1031") and
                           d.route("1030-1031")["state"] == "good", 10)


def test_aurp_C21_C40_a_peer_that_comes_late_is_opened_back_at_once(party):
    time.sleep(max(0.0, party.began + 20 - time.monotonic()))   # back-off has grown by now
    with party.world.peer(105, {NET["later"]: (0, ["Zone later"])}, party.a) as later:
        opened = time.monotonic()
        back = None
        for _ in range(4):              # as every router does that is not answered
            later.open_req()
            back = back or later.wait_for(aurp.OPEN_REQ, 3)
        # At once, but no sooner than 2 s after the last one, which nobody heard (C6), and a
        # second later still if the machine had to ask for the neighbour's hardware address;
        # the back-off is 16 s by now.
        assert back and spent(opened, back.time) <= 8
        party.daemon.wait_dump(lambda d: d.route("1020-1021"), 5)


def test_aurp_C33_C36_C30_router_down_is_acknowledged_and_ends_its_routes(party):
    peer = party.other
    party.daemon.wait_dump(lambda d: d.route("1010-1011"), 5)
    peer.auto.discard("open")
    mark = peer.mark()
    seq, lan = peer.sender_seq, party.watch.lan.mark()
    peer.router_down()
    ack = peer.wait_for(aurp.RI_ACK, 20, mark)
    assert (ack.conn, ack.seq) == (peer.sender_conn, seq)
    party.daemon.wait_dump(lambda d: peer_is("other", "wait-open-rsp", "unconnected")(d) or
                           peer_is("other", "unconnected", "unconnected")(d), 5)
    poison = party.watch.lan.wait(
        lambda f: f.ddp and f.ddp.type == at.RTMP_DATA and
        at.RtmpData.decode(f.ddp.data).distances().get((1010, 1011)) == at.DISTANCE_POISON, 40, lan)
    assert poison
    peer.auto.add("open")


def test_aurp_C4_C5_C6_an_unanswered_open_req_is_repeated_less_and_less_often(party):
    mute = party.mute
    asked = mute.count(lambda p: p.command == aurp.OPEN_REQ, 4, 100)
    assert len(asked) >= 4
    assert len({p.conn for p in asked}) == 1 and len({p.raw for p in asked}) == 1
    gaps = [later.time - earlier.time for earlier, later in zip(asked, asked[1:])]
    assert at_least(asked[0].time, asked[1].time) >= 1.95
    assert all(later > 1.3 * earlier for earlier, later in zip(gaps, gaps[1:])), gaps


def test_aurp_C40_a_refusal_is_logged_and_a_sign_of_life_makes_us_ask_again(party):
    peer = party.refusing
    mark = peer.mark()
    peer.send(aurp.OPEN_RSP, open_reqs(peer)[-1].conn, 0, 0, aurp.open_rsp_body(aurp.ERR_RESOURCES))
    said = party.daemon.lines.wait(lambda line: "refusing" in line and "resources" in line, 20)
    assert said and str(aurp.ERR_RESOURCES) in said
    assert not peer.wait_for(aurp.OPEN_REQ, 12, mark), "asked on as if nothing had been said"
    peer.open_req()
    assert peer.wait_for(aurp.OPEN_REQ, 20, mark)


def test_aurp_C15_C17_a_dead_connection_gives_way_to_the_next_open_req(party):
    peer = party.corpse
    peer.connect()
    old = peer.receiver_conn
    peer.auto.discard("ack")
    mark, began, new = peer.mark(), time.monotonic(), old ^ 0x3C3C
    while not peer.wait_for(aurp.OPEN_RSP, 3, mark, lambda p: p.conn == new):
        assert time.monotonic() < began + 170, "never accepted"
        peer.send(aurp.OPEN_REQ, new, 0, aurp.SUI_ALL, aurp.open_req_body())
    probes = peer.all_of(aurp.RI_UPD, mark)
    assert len(probes) >= 3 and {p.conn for p in probes} == {old}
    assert len({p.raw for p in probes}) == 1
    accepted = peer.all_of(aurp.OPEN_RSP, mark)[0]
    assert accepted.time > probes[-1].time


def test_aurp_C23_C28_C29_a_silent_peer_is_tickled_and_then_given_up(party):
    peer = party.silent
    peer.connect()
    party.daemon.wait_dump(lambda d: d.route("1050-1051"), 10)
    mark = peer.mark()
    peer.auto.clear()
    assert peer.wait_for(aurp.TICKLE, 100, mark)
    party.daemon.wait_dump(lambda d: not d.route("1050-1051") or
                           d.route("1050-1051")["state"] == "bad", 60)
    tickles = peer.all_of(aurp.TICKLE, mark)
    assert len(tickles) >= 3 and all(p.body == b"" and p.seq == 0 for p in tickles)
    assert {p.conn for p in tickles} == {peer.sender_conn}
    null = peer.wait_for(aurp.RI_UPD, 20, mark)
    assert null and null.events() == [(aurp.NULL, None, 0)] and null.conn == peer.receiver_conn
    party.daemon.wait_dump(lambda d: d.row("peers", peer="silent")["send"] == "unconnected", 90)


def test_aurp_O12_U44_SIGUSR2_asks_the_connected_peers_again(party):
    mark = party.decent.mark()
    party.daemon.signal(signal.SIGUSR2)
    asked = party.decent.wait_for(aurp.RI_REQ, 20, mark)
    assert asked and asked.conn == party.decent.sender_conn
    party.daemon.wait_dump(lambda d: d.row("peers", peer="decent")["recv"] == "connected", 5)
    assert party.daemon.lines.since(0, lambda line: "asking the peers" in line)


def test_after_all_that_the_site_is_as_it_was(party):
    assert party.mac.get_local_zones() == [b"Zone A"]
    assert b"Zone decent" in party.mac.get_zone_list()
