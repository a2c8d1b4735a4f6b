"""Bytes for the load tests: what nobody should send, and the sender of much of it.

A flood is a list of frames that flood.c sends again and again. The frames come
from a seeded generator; what they must not hit by chance (the IDs of the live
connections, the address of the station that probes) is left out.
"""

import ipaddress
import os
import random
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import appletalk as at
import aurp
from appletalk import Aarp, Addr, Ddp, Nbp, NbpTuple, Range

SENDER = Path(os.environ.get("AURPD_FLOOD", Path(os.environ.get("AURPD", "")).parent /
                             "tests/system/flood"))
FRAMES = 4096


class Flood:
    """One running flood; stop by leaving the block, then `sent` and `rate` are known."""

    def __init__(self, ns, device, frames, rate, seconds):
        self.frames, self.sent, self.rate = frames, 0, 0.0
        self._file = tempfile.NamedTemporaryFile(prefix="aurpt-flood-")
        self._file.write(b"".join(struct.pack(">H", len(f)) + f for f in frames))
        self._file.flush()
        self._process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{ns}", "--", str(SENDER), device, self._file.name,
             str(rate), str(seconds)], stdout=subprocess.PIPE, text=True)

    @property
    def running(self):
        return self._process.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self._process.kill()
        said = self._process.communicate()[0].split()
        self._file.close()
        if not kind:
            assert self._process.returncode == 0 and len(said) == 2, "the sender failed"
            self.sent, self.rate = int(said[0]), int(said[0]) / float(said[1])

    def count(self, wanted):
        """How many frames of a kind were sent."""
        rounds, rest = divmod(self.sent, len(self.frames))
        hits = [bool(wanted(frame)) for frame in self.frames]
        return rounds * sum(hits) + sum(hits[:rest])


# --- UDP

def _internet_sum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@dataclass
class Wire:
    """The way a forged datagram takes to the router under test."""
    dst_mac: bytes
    src_mac: bytes
    dst: str
    port: int = aurp.PORT

    def frame(self, src, payload, src_port=aurp.PORT):
        """No UDP checksum: then the kernel wants none."""
        ends = ipaddress.IPv4Address(src).packed + ipaddress.IPv4Address(self.dst).packed
        length = 28 + len(payload)
        head = struct.pack(">BBHHHBBH", 0x45, 0, length, 0, 0x4000, 64, 17, 0) + ends
        head = head[:10] + struct.pack(">H", _internet_sum(head)) + head[12:]
        udp = struct.pack(">HHHH", src_port, self.port, 8 + len(payload), 0)
        return self.dst_mac + self.src_mac + b"\x08\x00" + head + udp + payload


def stranger(rng):
    """An address of the network for benchmarks (RFC 2544): nobody's."""
    return str(ipaddress.IPv4Address(rng.randrange(0xC6120000, 0xC6140000)))


def routing_packet(rng, wire, src, conns_in_use):
    """Any command with any body in a connection that there is not."""
    conn = rng.randrange(1, 0x10000)
    while conn in conns_in_use:
        conn = rng.randrange(1, 0x10000)
    command = rng.choice((aurp.RI_REQ, aurp.RI_RSP, aurp.RI_ACK, aurp.RI_UPD, aurp.RD,
                          aurp.ZI_REQ, aurp.ZI_RSP, aurp.OPEN_RSP, aurp.TICKLE,
                          aurp.TICKLE_ACK, 0, 10, 99))
    body = rng.choice((b"", b"\xff\xff", aurp.open_rsp_body(), aurp.zi_req_body([1, 100]),
                       aurp.event_tuple(aurp.NA, Range(7000, 7001), 1),
                       rng.randbytes(rng.randrange(600))))
    return aurp.Packet(aurp.ip_di(wire.dst), aurp.ip_di(src), aurp.ROUTING, 1, conn,
                       rng.randrange(0x10000), command, rng.choice((0, aurp.SUI_ALL)),
                       body).encode()


def open_request(rng, wire, src):
    return aurp.Packet(aurp.ip_di(wire.dst), aurp.ip_di(src), aurp.ROUTING, 1,
                       rng.randrange(1, 0x10000), 0, aurp.OPEN_REQ, aurp.SUI_ALL,
                       aurp.open_req_body()).encode()


def tunnel_junk(wire, peer, conns_in_use, seed=1504):
    """From strangers, in the name of a peer, random, and cut: all of it to be thrown away."""
    rng, frames = random.Random(seed), []
    while len(frames) < FRAMES:
        unknown = stranger(rng)
        sender = rng.choice((unknown, peer))
        whole = routing_packet(rng, wire, sender, conns_in_use)
        frames += [
            wire.frame(unknown, open_request(rng, wire, unknown)),
            wire.frame(unknown, routing_packet(rng, wire, unknown, conns_in_use),
                       rng.randrange(1, 0x10000)),
            wire.frame(peer, routing_packet(rng, wire, peer, conns_in_use)),
            wire.frame(sender, rng.randbytes(rng.randrange(700))),
            wire.frame(sender, whole[:rng.randrange(len(whole))]),
        ]
    return frames[:FRAMES]


def forged_opens(wire, peer, conns_in_use, seed=1504):
    """Open-Reqs of a peer that knows nothing of them."""
    rng = random.Random(seed)
    packets = [open_request(rng, wire, peer) for _ in range(FRAMES)]
    return [wire.frame(peer, packet) for packet in packets
            if aurp.Packet.decode(packet).conn not in conns_in_use]


def forged_calls(wire, peer, conns_in_use, seed=1504):
    """Whatever may count as a call, in the name of a peer: from its place and from all others."""
    rng, frames = random.Random(seed), []
    while len(frames) < FRAMES:
        conn = rng.randrange(1, 0x10000)
        command, body = rng.choice(((aurp.OPEN_REQ, aurp.open_req_body()), (aurp.TICKLE, b""),
                                    (aurp.RI_ACK, b""), (aurp.OPEN_RSP, aurp.open_rsp_body())))
        packet = aurp.Packet(aurp.ip_di(wire.dst), aurp.ip_di(peer), aurp.ROUTING, 1, conn, 0,
                             command, aurp.SUI_ALL if command == aurp.OPEN_REQ else 0, body)
        if conn not in conns_in_use:
            port = rng.choice((aurp.PORT, rng.randrange(1, 0x10000)))
            frames.append(wire.frame(peer, packet.encode(), port))
    return frames


# --- EtherTalk

def _foreign(rng):
    return b"\2\xbb" + rng.randbytes(4)


def _aarp(rng, router, router_mac, prober):
    """Requests, probes and claims of everybody for everything, sometimes for the router's own."""
    mac = _foreign(rng)
    own, other = (Addr(rng.randrange(100, 102), rng.randrange(1, 0xFE)) for _ in range(2))
    if prober in (own, other):
        return at.elap(at.BROADCAST_MAC, mac, at.SNAP_AARP, rng.randbytes(28))
    function = rng.choice((at.AARP_REQUEST, at.AARP_PROBE, at.AARP_RESPONSE))
    if rng.random() < 0.05 and function != at.AARP_RESPONSE:
        other = router
    if function == at.AARP_PROBE:
        own = other
    aarp = Aarp(function, mac, own, bytes(6), other)
    to = rng.choice((at.BROADCAST_MAC, router_mac))
    return at.elap(to, mac, at.SNAP_AARP, aarp.encode())


def _service(rng, router, router_mac):
    """Garbage for every socket of a router."""
    socket, kind = rng.choice(((1, 1), (1, 5), (2, 2), (4, 4), (6, 6), (6, 3), (9, 9)))
    data = rng.randbytes(rng.choice((0, 1, 2, 5, 8, 20, 100, 586)))
    if kind == at.RTMP_DATA:
        data = b"\xff" + data[1:]       # of a sender from nowhere
    if kind == at.AEP:
        data = b"\3" + data[1:]
    dst = rng.choice((router, Addr(0, 255)))
    ddp = Ddp(dst, socket, Addr(100, rng.randrange(1, 0xFE)), rng.randrange(1, 255), kind, data)
    to = router_mac if dst == router else at.BROADCAST_MAC
    return at.elap(to, _foreign(rng), at.SNAP_DDP, ddp.encode())


def _question(rng, router, router_mac):
    """Well-formed questions that a router answers, or carries on."""
    src = Addr(100, rng.randrange(1, 0xFE))
    entity = NbpTuple(src, 253, 0, b"=", b"=", rng.choice((b"Zone A", b"Nowhere", b"*")))
    socket, kind, data = rng.choice((
        (at.ZIP_SOCKET, at.ZIP, at.gni_request(b"Nowhere")),
        (at.ZIP_SOCKET, at.ZIP, at.zip_query([rng.randrange(1, 0xFF00)])),
        (at.ZIP_SOCKET, at.ATP, at.atp_zip_request(1, at.ZIP_GET_ZONE_LIST, 1)),
        (at.NBP_SOCKET, at.NBP, Nbp(at.BRRQ, 1, [entity]).encode())))
    ddp = Ddp(router, socket, src, 253, kind, data)
    return at.elap(router_mac, _foreign(rng), at.SNAP_DDP, ddp.encode())


def ip_frame(rng):
    """Nothing of ours: the kernel keeps it from the router."""
    return b"\xff" * 6 + _foreign(rng) + b"\x08\x00" + rng.randbytes(80)


def is_appletalk(frame):
    return frame[12:14] < b"\x06\x00"


def cable_junk(router, router_mac, prober, seed=1504):
    """Random bytes, AARP floods, garbage for the services, questions, and what is not for us."""
    rng, frames = random.Random(seed), []
    while len(frames) < FRAMES:
        noise = rng.randbytes(rng.randrange(0, 600))
        frames += [
            at.elap(router_mac, _foreign(rng), at.SNAP_DDP, noise),
            at.elap(at.BROADCAST_MAC, _foreign(rng), rng.choice((at.SNAP_DDP, at.SNAP_AARP)),
                    rng.randbytes(rng.randrange(60))),
            _aarp(rng, router, router_mac, prober), _aarp(rng, router, router_mac, prober),
            _service(rng, router, router_mac), _service(rng, router, router_mac),
            _service(rng, router, router_mac), _service(rng, router, router_mac),
            _question(rng, router, router_mac) if rng.random() < 0.2 else ip_frame(rng),
        ]
    return frames[:FRAMES]
