"""The router on its cables: frames, AARP, and what becomes of a datagram."""

import os
import time

import pytest

import appletalk as at
import rig as rigs
from appletalk import Addr, Ddp
from lag import rest

ALIEN = bytes.fromhex("020000bb0001")


@pytest.fixture(scope="module")
def rig(binary):
    with rigs.rig() as made:
        yield made


@pytest.fixture(autouse=True)
def lives(rig):
    """Silence proves nothing of a dead router: after every test it must answer."""
    yield
    rig.lives()


def echo_ddp(rig, dst=None, src=None, data=b"\1Hi", **more):
    return Ddp(dst or rig.addr, at.AEP_SOCKET, src or rig.node.addr, 253, at.AEP, data, **more)


def frame_of(rig, ddp, dst=None):
    return at.elap(dst or rig.mac, rig.node.mac, at.SNAP_DDP, ddp.encode())


# --- Frames

def test_atalk_E05_frames_for_others_are_left_alone(rig):
    with rig.silence():
        rig.node.send_frame(frame_of(rig, echo_ddp(rig), ALIEN))
        rig.node.send_frame(frame_of(rig, echo_ddp(rig), b"\xff" * 6))
        rig.node.send_frame(frame_of(rig, echo_ddp(rig), bytes.fromhex("01005e000001")))


def test_atalk_E06_frames_that_are_not_appletalk_phase_2(rig):
    good = frame_of(rig, echo_ddp(rig))
    with rig.silence():
        rig.node.send_frame(good[:12] + b"\x80\x9b" + good[14:])                # Ethernet II
        rig.node.send_frame(good[:12] + b"\x06\x00" + good[14:])
        rig.node.send_frame(good[:14] + b"\xff\xff" + good[16:])                # raw IPX
        rig.node.send_frame(good[:14] + b"\xaa\xaa\x03\x08\x00\x07\x80\x9c" + good[22:])
        rig.node.send_frame(good[:14] + b"\x42\x42\x03" + good[17:])            # spanning tree
        rig.node.send_frame(good[:14] + b"\xaa\xaa\x03\0\0\0\x08\0" + good[22:])


def test_atalk_E07_Q17_the_pad_is_no_data_whatever_it_holds(rig):
    mark = rig.node.mark()
    frame = frame_of(rig, echo_ddp(rig))
    rig.node.send_frame(frame[:38] + b"\xa5" * (len(frame) - 38))
    answer = rig.node.wait(lambda f: f.ddp and f.ddp.type == at.AEP and not f.outgoing, 20, mark)
    assert answer.ddp.data == b"\2Hi"


def test_atalk_E08_D22_lengths_that_lie(rig):
    good = frame_of(rig, echo_ddp(rig))
    with rig.silence():
        rig.node.send_frame(good[:12] + b"\x00\x2f" + good[14:])    # 802.3: more than captured
        rig.node.send_frame(good[:12] + b"\x00\x08" + good[14:])    # 802.3: nothing inside
        rig.node.send_frame(good[:22] + b"\x00\x20" + good[24:])    # DDP: more than there is
        rig.node.send_frame(good[:22] + b"\x00\x0c" + good[24:])    # DDP: less than its header
        rig.node.send_frame(frame_of(rig, echo_ddp(rig, data=b"\1" + bytes(586))))


def test_atalk_D23_Q15_bytes_beyond_the_datagram_are_trimmed(rig):
    mark = rig.node.mark()
    frame = frame_of(rig, echo_ddp(rig))
    rig.node.send_frame(frame[:12] + b"\x00\x1c" + frame[14:])
    answer = rig.node.wait(lambda f: f.ddp and f.ddp.type == at.AEP and not f.outgoing, 20, mark)
    assert answer.ddp.data == b"\2Hi"


# --- AARP

def test_atalk_E14_a_request_is_answered_with_both_pairs(rig):
    marks = rig.mark()
    rig.node.send_aarp(at.AARP_REQUEST, rig.node.addr, rig.addr)
    rig.watch.wait(lambda f: not f.outgoing and f.aarp, 20, marks[0])
    answer, = [f for f in rig.said(marks) if f.aarp]
    assert (answer.dst, answer.src) == (rig.node.mac, rig.mac)
    assert answer.aarp == at.Aarp(at.AARP_RESPONSE, rig.mac, rig.addr, rig.node.mac, rig.node.addr)


def test_atalk_E15_a_request_for_another_address_is_not_answered(rig):
    other = Addr(rig.addr.net, rig.addr.node % 0xFD + 1)
    with rig.silence():
        rig.node.send_aarp(at.AARP_REQUEST, rig.node.addr, other)
        rig.node.send_aarp(at.AARP_REQUEST, rig.node.addr, other, to=rig.mac)
        rig.node.send_aarp(at.AARP_PROBE, other, other)


def test_atalk_E16_Q23_a_probe_for_our_address_is_answered_at_once(rig):
    waits = []
    for _ in range(10):
        mark, began = rig.watch.mark(), time.monotonic()
        rig.node.send_aarp(at.AARP_PROBE, rig.addr, rig.addr)
        answer = rig.watch.wait(lambda f: not f.outgoing and f.aarp, 20, mark)
        assert answer.aarp.function == at.AARP_RESPONSE and answer.aarp.src == rig.addr
        assert answer.dst == rig.node.mac
        waits.append(answer.time - began)
    assert min(waits) < 0.05, "the router itself waits"


def requests_for(rig, addr, mark):
    return [f for f in rig.watch.since(mark) if not f.outgoing and f.aarp and
            f.aarp.function == at.AARP_REQUEST and f.aarp.dst == addr]


def route_to(rig, addr):
    """A datagram from the other cable to an address of this one; the frame that left, if any."""
    data = os.urandom(16)
    mark = rig.watch.mark()
    rig.other.send_to_mac(rig.other_mac, Ddp(addr, 200, rig.other.addr, 200, 99, data))
    frame = rig.watch.wait(lambda f: not f.outgoing and f.ddp and f.ddp.data == data, 0.4, mark)
    return frame, requests_for(rig, addr, mark)


def test_atalk_E17_nothing_is_learnt_from_a_probe(rig):
    addr = Addr(4, 201)
    rig.node.send_aarp(at.AARP_PROBE, addr, addr)
    frame, asked = route_to(rig, addr)
    assert asked and not frame


def test_atalk_E18_a_request_teaches_its_sender(rig):
    addr = Addr(4, 202)
    rig.node.send_aarp(at.AARP_REQUEST, addr, Addr(4, 203))
    frame, asked = route_to(rig, addr)
    assert frame and frame.dst == rig.node.mac and not asked


def test_atalk_E19_a_probe_for_a_known_address_makes_it_unknown(rig):
    addr = Addr(4, 204)
    rig.node.send_aarp(at.AARP_REQUEST, addr, Addr(4, 203))
    assert route_to(rig, addr)[0]
    rig.node.send_aarp(at.AARP_PROBE, addr, addr)
    frame, asked = route_to(rig, addr)
    assert asked and not frame


def test_atalk_E21_an_absent_node_is_asked_for_and_then_given_up(rig):
    addr, mark = Addr(4, 205), rig.watch.mark()
    for number in range(100):
        rig.other.send_to_mac(rig.other_mac, Ddp(addr, 200, rig.other.addr, 200, 99, bytes(9)))
        time.sleep(0.002)
    rest(3.5)
    asked = requests_for(rig, addr, mark)
    assert 2 <= len(asked) <= 40
    mark = rig.watch.mark()
    rig.node.send_aarp(at.AARP_RESPONSE, addr, rig.addr, rig.mac, rig.mac)
    assert not rig.watch.wait(lambda f: not f.outgoing and f.ddp and f.ddp.dst == addr, 0.5, mark)


def test_atalk_E22_Q11_nobody_is_asked_for_addresses_nobody_has(rig):
    mark = rig.watch.mark()
    for addr in (Addr(4, 0), Addr(4, 255), Addr(0, 9), Addr(4, 254)):
        rig.other.send_to_mac(rig.other_mac, Ddp(addr, 200, rig.other.addr, 200, 99, b"x"))
    rest(0.5)
    assert not [f for f in rig.watch.since(mark) if not f.outgoing and f.aarp and
                f.aarp.function == at.AARP_REQUEST]


def test_atalk_E23_Q16_what_is_no_aarp_of_ours(rig):
    whole = at.Aarp(at.AARP_REQUEST, rig.node.mac, rig.node.addr, bytes(6), rig.addr).encode()
    with rig.silence():
        for offset, value in ((1, 2), (3, 0), (4, 5), (5, 6), (7, 4), (7, 0)):
            wrong = whole[:offset] + bytes([value]) + whole[offset + 1:]
            rig.node.send_frame(at.elap(at.BROADCAST_MAC, rig.node.mac, at.SNAP_AARP, wrong))
    mark = rig.node.mark()
    rig.node.send_frame(at.elap(at.BROADCAST_MAC, rig.node.mac, at.SNAP_AARP, whole + bytes(10)))
    assert rig.node.wait(lambda f: not f.outgoing and f.aarp, 20, mark), "trailing bytes"


def test_atalk_E28_who_claims_our_address_is_answered_and_we_keep_it(rig):
    marks = rig.mark()
    rig.node.send_aarp(at.AARP_RESPONSE, rig.addr, rig.neighbour.addr, rig.neighbour.mac)
    answer = rig.watch.wait(lambda f: not f.outgoing and f.aarp, 20, marks[0])
    assert answer.aarp.function == at.AARP_RESPONSE and answer.aarp.src == rig.addr
    assert rig.daemon.lines.wait(lambda line: str(rig.addr) in line and
                                 rig.node.mac.hex(":") in line, 20)
    assert rig.daemon.dump().row("ports", port="lan")["addr"] == str(rig.addr)


def test_atalk_E32_Q04_an_address_is_net_and_node(rig):
    rig.node.send_aarp(at.AARP_REQUEST, Addr(3, 210), Addr(4, 203))
    rig.neighbour.send_aarp(at.AARP_REQUEST, Addr(4, 210), Addr(4, 203))
    rig.node.send_aarp(at.AARP_REQUEST, Addr(5, 210), Addr(4, 203))
    macs = [route_to(rig, Addr(net, 210))[0].dst for net in (3, 4, 5)]
    assert macs == [rig.node.mac, rig.neighbour.mac, rig.node.mac]


# --- Datagrams

def sent_on(rig, dst, frame_dst=None, **more):
    """A datagram from the node through the router; the frames that carry it on, by cable."""
    data = os.urandom(16)
    marks = rig.mark()
    ddp = Ddp(dst, 200, rig.node.addr, 201, 99, data, **more)
    rig.node.send_frame(frame_of(rig, ddp, frame_dst))
    rest(0.35)
    return [[f for f in watch.since(mark) if not f.outgoing and f.ddp and f.ddp.data == data]
            for watch, mark in zip((rig.watch, rig.other_watch), marks)]


def test_atalk_D06_D30_to_the_next_router_one_hop_further(rig):
    (frame,), other = sent_on(rig, Addr(20, 1), hops=3, checksum=None)
    assert not other
    assert (frame.src, frame.dst, frame.ddp.hops) == (rig.mac, rig.neighbour.mac, 4)
    assert frame.ddp.checksum_is_right() and frame.ddp.checksum


def test_atalk_D05_D07_D25_D27_what_goes_nowhere(rig):
    assert sent_on(rig, Addr(99, 1)) == [[], []]
    assert sent_on(rig, Addr(20, 1), hops=15) == [[], []]
    assert sent_on(rig, Addr(0xFF01, 42)) == [[], []]
    assert sent_on(rig, Addr(0, rig.other.addr.node)) == [[], []]
    with rig.silence():
        rig.node.send_frame(frame_of(rig, echo_ddp(rig, Addr(0, rig.addr.node))))
    drops = rig.drops()
    for reason in ("ddp-no-route", "ddp-too-many-hops", "ddp-bad-destination"):
        assert drops.get(reason), reason


def test_atalk_D08_D09_an_attached_network_is_reached_even_at_hop_15(rig):
    _, (frame,) = sent_on(rig, rig.other.addr, hops=15)
    assert (frame.dst, frame.ddp.hops) == (rig.other.mac, 15)
    _, (frame,) = sent_on(rig, rig.other.addr)
    assert frame.ddp.hops == 1


def test_atalk_D15_D24_nothing_else_of_a_forwarded_datagram_changes(rig):
    ddp = Ddp(rig.other.addr, 200, rig.node.addr, 201, 99, os.urandom(100), checksum=None)
    body = ddp.encode()
    body = bytes([body[0] | 0xC0]) + body[1:]
    mark = rig.other_watch.mark()
    rig.node.send_frame(at.elap(rig.mac, rig.node.mac, at.SNAP_DDP, body))
    frame = rig.other_watch.wait(lambda f: f.ddp and f.ddp.data == ddp.data, 20, mark)
    assert frame.raw[22:22 + len(body)] == bytes([body[0] + 4]) + body[1:]


def test_atalk_D12_a_broadcast_for_another_cable_is_one_there(rig):
    here, (frame,) = sent_on(rig, Addr(6, 255))
    assert not here and frame.dst == at.BROADCAST_MAC and frame.ddp.dst == Addr(6, 255)
    answer = rig.node.echo(Addr(6, 255), os.urandom(5))
    assert answer, "its own sockets hear it, too"


def test_atalk_D13_D14_remote_broadcasts_and_any_router_go_to_the_next_router(rig):
    (frame,), _ = sent_on(rig, Addr(20, 255))
    assert (frame.dst, frame.ddp.dst) == (rig.neighbour.mac, Addr(20, 255))
    (frame,), _ = sent_on(rig, Addr(20, 0))
    assert (frame.dst, frame.ddp.dst) == (rig.neighbour.mac, Addr(20, 0))


def test_atalk_D03_a_broadcast_for_another_number_of_the_own_cable(rig):
    other = next(net for net in (3, 4, 5) if net != rig.addr.net)
    with rig.silence():
        rig.node.send_frame(frame_of(rig, echo_ddp(rig, Addr(other, 255)), at.BROADCAST_MAC))


def test_atalk_D02_D04_P05_broadcasts_of_the_cable_are_for_us_and_stay_here(rig):
    for dst in (Addr(rig.addr.net, 255), Addr(0, 255)):
        marks, data = rig.mark(), os.urandom(6)
        rig.node.send_frame(frame_of(rig, echo_ddp(rig, dst, data=b"\1" + data), at.BROADCAST_MAC))
        rest(0.35)
        answers = [f for f in rig.said(marks, (at.AEP,)) if f.ddp.data == b"\2" + data]
        assert len(answers) == 1, "answered once"
        assert answers[0].dst == rig.node.mac and answers[0].ddp.src == rig.addr
        assert not [f for f in rig.other_watch.since(marks[1]) if f.ddp and data in f.ddp.data]


def test_atalk_D10_D11_D34_P04_every_address_of_ours_answers(rig):
    answer = rig.node.echo(rig.other_addr)
    assert answer.ddp.src == rig.other_addr
    for addr in (Addr(6, 0), Addr(4, 0), Addr(rig.addr.net, 0)):
        answer = rig.node.echo(addr, os.urandom(4))
        assert answer and answer.ddp.src in (rig.addr, rig.other_addr), addr


def test_atalk_D17_D18_checksums_of_what_is_for_us(rig):
    with rig.silence():
        rig.node.send_frame(frame_of(rig, echo_ddp(rig, checksum=0x1234)))
    assert rig.node.echo(rig.addr, os.urandom(9), checksum=None)
    assert rig.node.echo(rig.addr, os.urandom(9), checksum=0)
    ddp = echo_ddp(rig, data=b"\1" + bytes(4), checksum=None)
    while at.checksum(ddp.covered()) != 0xFFFF:     # one in some 30,000: the sum is zero
        ddp.data = b"\1" + os.urandom(16)
    mark = rig.node.mark()
    rig.node.send_frame(frame_of(rig, ddp))
    assert rig.node.wait(lambda f: not f.outgoing and f.ddp and f.ddp.data == b"\2" + ddp.data[1:],
                         20, mark)


def test_atalk_D28_D29_P08_Q09_impossible_sources_and_sockets(rig):
    with rig.silence():
        for src in (Addr(0, 0), Addr(4, 0), Addr(4, 255), Addr(0, 9)):
            rig.node.send_frame(frame_of(rig, echo_ddp(rig, src=src)))
        for sockets in ((0, 253), (255, 253), (4, 0), (4, 255)):
            ddp = Ddp(rig.addr, sockets[0], rig.node.addr, sockets[1], at.AEP, b"\1Hi")
            rig.node.send_frame(frame_of(rig, ddp))
        rig.node.send_frame(frame_of(rig, Ddp(rig.addr, 4, rig.node.addr, 253, 0, b"\1Hi")))
    drops = rig.drops()
    assert drops["ddp-bad-source"] >= 4 and drops["ddp-bad-socket"] >= 5


def test_atalk_D31_a_unicast_datagram_in_a_broadcast_frame_is_not_forwarded(rig):
    assert sent_on(rig, rig.other.addr, at.BROADCAST_MAC) == [[], []]
    assert sent_on(rig, Addr(20, 1), at.BROADCAST_MAC) == [[], []]
    assert sent_on(rig, rig.other.addr)[1] and sent_on(rig, Addr(20, 1))[0], "but for the frame"


def test_atalk_D32_an_answer_to_the_startup_range_stays_on_its_cable(rig):
    addr, marks = Addr(0xFF05, 77), rig.mark()
    rig.node.send_aarp(at.AARP_REQUEST, addr, rig.addr)
    rig.node.send_frame(frame_of(rig, echo_ddp(rig, src=addr)))
    answer = rig.watch.wait(lambda f: not f.outgoing and f.ddp and f.ddp.dst == addr, 20, marks[0])
    assert answer.dst == rig.node.mac
    assert not [f for f in rig.other_watch.since(marks[1]) if f.ddp and f.ddp.dst == addr]


# --- Echoes

def test_atalk_P01_P02_echoes_of_every_size(rig):
    for size in (0, 1, 2, 300, at.AEP_DATA_MAX):
        data = os.urandom(size)
        answer = rig.node.echo(rig.addr, data)
        assert answer.ddp.data == b"\2" + data
        assert (answer.ddp.src_socket, answer.ddp.dst_socket) == (at.AEP_SOCKET, 253)


def test_atalk_P03_what_is_no_echo_request(rig):
    with rig.silence():
        for data in (b"\2Hi", b"\0Hi", b"\3", b""):
            rig.node.send_frame(frame_of(rig, echo_ddp(rig, data=data)))
        rig.node.send_frame(frame_of(rig, Ddp(rig.addr, 4, rig.node.addr, 253, 7, b"\1Hi")))


def test_atalk_P06_an_echo_from_afar(rig):
    mark = rig.watch.mark()
    ddp = echo_ddp(rig, src=Addr(20, 1), hops=2)
    rig.neighbour.send_to_mac(rig.mac, ddp)
    answer = rig.watch.wait(lambda f: not f.outgoing and f.ddp and f.ddp.dst == Addr(20, 1), 20,
                            mark)
    assert answer.dst == rig.neighbour.mac and answer.ddp.data == b"\2Hi"
