"""A LocalTalk bus behind an emulated TashTalk adapter on a pty, through its whole life.

    mac --- bus 11 "Desk" --- adapter --- (pty) aurpd --- (lan0) quadra

The tests of the module follow each other on one adapter; the last ones stall,
confuse and unplug it.
"""

import os
import tempfile
import termios
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import appletalk as at
from appletalk import Addr, Ddp
from daemon import port_is_up
from lag import at_least, rest, spent
from localtalk import ACK, ENQ, LONG, RTS, SHORT, BusNode, TashTalk, escaped, fcs, short_header
from world import World, ethertalk, localtalk

NET = 11
V_T2 = bytes([2]) + bytes(31) + b"\x40"         # the bitmap of node 254 alone
OURS = Addr(NET, 0xFE)


@pytest.fixture(scope="module")
def net(binary):
    with tempfile.TemporaryDirectory(prefix="aurpt-") as folder, World() as world:
        net = SimpleNamespace(world=world, site=world.site("a", 1), folder=Path(folder))
        net.adapter = world.keep(TashTalk(net.folder / "ttyTASH"))
        config = net.site.config({}, ethertalk() + localtalk("tashtalk", "desk", net.adapter.path,
                                                             NET, "Desk"))
        net.daemon = net.site.run(config)
        net.daemon.wait_dump(port_is_up("desk"), 12, "the TashTalk port to be up")
        net.daemon.wait_dump(port_is_up("lan"), 12, "the EtherTalk port to be up")
        net.mac = world.keep(BusNode(net.adapter)).acquire(0x2A)
        net.quadra = net.site.node()
        yield net


def echo_bytes(net, data=b"Hi", dst=0xFE, src=0x2A):
    """An AEP request of the Mac as an LLAP packet with FCS."""
    ddp = Ddp(Addr(NET, dst), at.AEP_SOCKET, Addr(NET, src), 253, at.AEP, b"\1" + data)
    raw = bytes([dst, src, SHORT]) + short_header(ddp)
    return raw + fcs(raw)


def nothing_transmitted(net, write, wait=0.4, ends=True):
    """`ends`: what is written ends as a frame does, so that the next one is heard."""
    mark = net.adapter.mark()
    write()
    rest(wait)
    said = [f for f in net.adapter.frames(mark) if f[0] != 0xFF]
    assert not said, said
    if ends:
        assert net.mac.echo(OURS, os.urandom(8), timeout=30), "the router is dead"


# --- Coming up

def test_atalk_L20_the_line_is_raw_at_a_million_with_flow_control(net):
    iflag, oflag, cflag, lflag, ispeed, ospeed, _ = net.adapter.termios
    assert ispeed == ospeed == termios.B1000000
    assert cflag & termios.CRTSCTS and cflag & termios.CSIZE == termios.CS8
    assert not cflag & (termios.PARENB | termios.CSTOPB)
    assert not iflag & (termios.IXON | termios.IXOFF | termios.ICRNL | termios.ISTRIP)
    assert not oflag & termios.OPOST
    assert not lflag & (termios.ICANON | termios.ECHO | termios.ISIG)


def test_atalk_L21_L22_L30_L32_waking_then_claiming_then_the_bitmap_then_data(net):
    first, *others = net.adapter.since()
    assert first.silence == 1024 and first.raw == bytes([2]) + bytes(32)
    claim = others[:8]
    assert [c.raw[1:4] for c in claim] == [bytes([0xFE, 0xFE, ENQ])] * 8
    bitmap = others[8]
    assert bitmap.raw == V_T2
    assert at_least(claim[0].time, bitmap.time) >= 1.95, "two seconds of asking"
    assert [c.raw for c in others if c.raw[0] == 2] == [V_T2]
    assert others[9].raw[3] in (SHORT, LONG)


def test_atalk_Q33_no_feature_of_the_firmware_is_asked_for(net):
    assert {c.raw[0] for c in net.adapter.since()} == {1, 2}


def test_atalk_L23_frames_carry_their_fcs_and_no_escapes(net):
    mark = net.adapter.mark()
    data = bytes(50) + os.urandom(50)
    assert net.mac.echo(OURS, data)
    command = net.adapter.since(mark)[-1]
    assert command.raw[:1] == b"\1" and data in command.raw, "the zeros are plain"
    assert all(c.raw[-2:] == fcs(c.frame[:-2]) for c in net.adapter.since() if c.raw[0] == 1)


# --- Receiving

def test_atalk_L24_every_mark_and_what_it_means(net):
    assert net.mac.echo(OURS, bytes(30)), "00 FF"
    for mark in (0xFE, 0xFA, 0xFC):
        nothing_transmitted(net, lambda mark=mark: net.adapter.write(
            escaped(echo_bytes(net), mark)))
    whole = escaped(echo_bytes(net))
    nothing_transmitted(net, lambda: net.adapter.write(whole[:9] + b"\0\x33" + whole[9:]))
    assert net.mac.echo(OURS, os.urandom(9)), "the next one is heard"
    drops = net.daemon.dump().drops("desk")
    assert drops["tashtalk-bad-framing"] == drops["tashtalk-aborted"] == 1
    assert drops["tashtalk-bad-fcs"] == drops["tashtalk-garbled"] == 1


def test_atalk_L25_a_wrong_fcs_is_dropped_whatever_the_adapter_says(net):
    good = echo_bytes(net)
    for bit in (0, 30, 8 * len(good) - 1):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        nothing_transmitted(net, lambda bad=bad: net.adapter.write(escaped(bytes(bad))), 0.2)
    assert net.daemon.dump().drops("desk")["llap-bad-fcs"] == 3


def test_atalk_L26_what_the_adapter_answers_is_not_answered_again(net):
    def ask():
        net.mac.transmit(bytes([0xFE, 0xFE, ENQ]))
        net.mac.transmit(bytes([0xFE, 0x2A, RTS]))
    mark = net.mac.mark()
    nothing_transmitted(net, ask)
    assert [p.raw for p in net.mac.since(mark) if p.type == ACK] == [bytes([0xFE, 0xFE, ACK])]


def test_atalk_L28_what_is_for_others_is_not_for_us(net):
    before = net.daemon.dump().drops("desk").get("llap-not-for-us", 0)
    nothing_transmitted(net, lambda: net.adapter.write(escaped(echo_bytes(net, dst=7))))
    assert net.daemon.dump().drops("desk")["llap-not-for-us"] == before + 1


def test_atalk_L29_ten_thousand_bytes_without_an_end(net):
    nothing_transmitted(net, lambda: net.adapter.write(b"\x55" * 10000), ends=False)
    nothing_transmitted(net, lambda: net.adapter.write(b"\0\xfd"))
    assert net.mac.echo(OURS, os.urandom(9))


# --- Both sides meet

def test_the_bus_and_the_ethernet_see_each_other(net):
    assert net.mac.zone == b"Desk"
    assert sorted(net.mac.get_zone_list()) == [b"Desk", b"Zone A"]
    net.mac.register("Plus", "Macintosh", 200)
    net.quadra.register("Quadra", "AFPServer", 201)
    assert [e.addr for e in net.quadra.lookup("=", "Macintosh", "Desk").values()] == [net.mac.addr]
    assert [e.addr for e in net.mac.lookup("=", "AFPServer", "Zone A").values()] == [
        net.quadra.addr]
    for size in (0, 1, 585):
        data = os.urandom(size)
        assert net.quadra.echo(net.mac.addr, data).ddp.data == b"\2" + data
        assert net.mac.echo(net.quadra.addr, data).ddp.data == b"\2" + data


# --- Trouble

def test_atalk_L27_an_adapter_that_takes_no_bytes_loses_no_part_of_a_frame(net):
    before = net.daemon.dump().drops("desk").get("no-buffer", 0)
    net.adapter.reading.clear()
    rest(0.7)             # its reader notices
    mark = net.adapter.mark()
    number = 400
    for i in range(number):
        ddp = Ddp(net.mac.addr, 200, net.quadra.addr, 201, 99, i.to_bytes(2, "big") + bytes(560))
        net.quadra.send_to_mac(net.quadra.router[1], ddp)
        if i % 20 == 0:
            time.sleep(0.01)
    answer, began = net.quadra.echo(net.quadra.router[0], os.urandom(6)), time.monotonic()
    assert answer and spent(began, answer.time) < 1, "nobody else waits"
    lost = net.daemon.dump().drops("desk")["no-buffer"] - before
    assert 0 < lost < number, "the queue is bounded"
    net.adapter.reading.set()

    def arrived():
        return [int.from_bytes(f[16:18], "big") for f in net.adapter.frames(mark)
                if f[2] == LONG and f[15] == 99]
    deadline = time.monotonic() + 60
    while len(arrived()) < number - lost and time.monotonic() < deadline:
        time.sleep(0.1)
    got = arrived()
    assert len(got) == number - lost and got == sorted(set(got)), "whole and in order"
    assert all(c.raw[-2:] == fcs(c.frame[:-2]) for c in net.adapter.since(mark) if c.raw[0] == 1)
    assert net.mac.echo(OURS, os.urandom(9))


def test_atalk_Q34_a_line_that_spits_garbage_is_counted_and_delays_nobody(net):
    said = len(net.daemon.lines.since(0))
    end = time.monotonic() + 1.5

    def spit():
        noise = os.urandom(65536)
        while time.monotonic() < end:
            net.adapter.write(noise)
    spitter = threading.Thread(target=spit)
    spitter.start()
    waits = []
    while time.monotonic() < end:
        began = time.monotonic()
        assert net.quadra.echo(net.quadra.router[0], os.urandom(6), timeout=20)
        waits.append(time.monotonic() - began)
        time.sleep(0.01)
    spitter.join()
    assert sorted(waits)[len(waits) // 2] < 0.25, sorted(waits)[-5:]
    net.adapter.write(b"\0\xfd")
    assert net.mac.echo(OURS, os.urandom(9), timeout=30)
    drops = net.daemon.dump().rows("counters", drop="desk")
    assert sum(int(row["count"]) for row in drops) > 100
    assert len(net.daemon.lines.since(0)) - said < 10, "not a line for each"


def test_atalk_L31_unplugged_and_plugged_in_again(net):
    net.adapter.unplug()
    net.daemon.wait_dump(lambda dump: dump.row("ports", port="desk")["state"] == "down", 3)
    assert net.daemon.lines.wait(lambda line: "desk" in line and "is gone" in line, 20)
    assert net.quadra.echo(net.quadra.router[0], os.urandom(6)), "the rest goes on"
    rest(1.5)             # an attempt in vain
    mark = net.adapter.mark()
    net.mac.mute = True         # the lone squatter answers while it is claimed
    squatter = BusNode(net.adapter)
    squatter.node = 0xFE
    net.adapter.plug()
    net.daemon.wait_dump(port_is_up("desk"), 12, "the port to come back")
    net.mac.mute = False
    first, *others = net.adapter.since(mark)
    assert first.silence == 1024 and first.raw == bytes([2]) + bytes(32), "woken again"
    claimed = [c.raw[1] for c in others if c.raw[0] == 1 and c.raw[3] == ENQ]
    assert claimed[0] == 0xFE and claimed[-8:] == [0xFD] * 8, "claimed again"
    assert net.adapter.ours == {0xFD}
    net.mac.learn()
    assert net.mac.echo(Addr(NET, 0xFD), os.urandom(9))
    assert len(net.daemon.lines.since(0, lambda line: "ttyTASH" in line)) == 1, "said once"


def test_a_node_that_another_uses_is_left_to_him(net):
    thief = bytes([0xFF, 0xFD, SHORT]) + short_header(
        Ddp(Addr(NET, 0xFF), 99, Addr(NET, 0xFD), 99, 22, b"me"))
    net.adapter.write(escaped(thief + fcs(thief)))
    net.daemon.wait_dump(lambda d: d.row("ports", port="desk")["addr"] == f"{NET}.252" and
                         port_is_up("desk")(d), 12, "another node")
    assert net.adapter.ours == {0xFC}
    assert net.daemon.lines.since(0, lambda line: "desk" in line and "we take another" in line)
    net.mac.learn()
    assert net.mac.echo(Addr(NET, 0xFC), os.urandom(9))


def test_a_device_that_is_not_there_or_no_serial_line_is_said_once(net):
    site = net.world.site("absent", 20)
    path, other = net.folder / "ttyABSENT", net.folder / "file"
    other.write_text("no serial line")
    daemon = site.run(site.config({}, localtalk("tashtalk", "desk", path, 20, "Desk") +
                                  localtalk("tashtalk", "file", other, 21, "File")))
    assert daemon.lines.wait(lambda line: "ttyABSENT" in line and "waiting for it" in line, 20)
    assert daemon.lines.wait(lambda line: "not a serial device" in line, 20)
    rest(1.5)
    assert len(daemon.lines.since(0, lambda line: "port desk:" in line)) == 1
    assert len(daemon.lines.since(0, lambda line: "port file:" in line)) == 1
    adapter = net.world.keep(TashTalk(path))
    daemon.wait_dump(port_is_up("desk"), 12, "the device to be taken")
    assert net.world.keep(BusNode(adapter)).acquire().zone == b"Desk"


def test_at_the_end_the_adapter_answers_for_nobody(net):
    assert net.adapter.ours == {0xFC}
    net.daemon.stop()
    deadline = time.monotonic() + 20
    while net.adapter.ours and time.monotonic() < deadline:
        time.sleep(0.05)
    assert net.adapter.ours == set(), "it would go on answering for a node that is gone"
