"""AppleTalk Phase 2 on Ethernet, bytes to values and back.

A second implementation, written from Inside AppleTalk and independent of the
C code, so that a mistake has to be made twice to go unseen. Decoders raise
Malformed; names are MacRoman bytes (see name() and text()).
"""

import struct
from dataclasses import dataclass, field

BROADCAST_MAC = bytes.fromhex("090007ffffff")
SNAP_DDP = bytes.fromhex("aaaa03080007809b")
SNAP_AARP = bytes.fromhex("aaaa0300000080f3")

DDP_LONG_HEADER = 13
DDP_DATA_MAX = 586
AEP_DATA_MAX = 585

RTMP_SOCKET, NBP_SOCKET, AEP_SOCKET, ZIP_SOCKET = 1, 2, 4, 6
RTMP_DATA, NBP, ATP, AEP, RTMP_REQUEST, ZIP = 1, 2, 3, 4, 5, 6
AARP_REQUEST, AARP_RESPONSE, AARP_PROBE = 1, 2, 3
BRRQ, LKUP, LKUP_REPLY, FWDREQ = 1, 2, 3, 4
GNI_ZONE_INVALID, GNI_USE_BROADCAST, GNI_ONLY_ONE_ZONE = 0x80, 0x40, 0x20
DISTANCE_POISON = 31


class Malformed(ValueError):
    """Bytes that are not what they claim to be."""


def need(condition, what):
    if not condition:
        raise Malformed(what)


def name(text):
    """A MacRoman name from str or bytes."""
    return text if isinstance(text, bytes) else text.encode("mac_roman")


def text(raw):
    return raw.decode("mac_roman")


def pascal(raw):
    need(len(raw) <= 255, "string too long")
    return bytes([len(raw)]) + raw


def take_pascal(data, at):
    need(at < len(data), "string missing")
    end = at + 1 + data[at]
    need(end <= len(data), "string cut")
    return data[at + 1:end], end


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


# --- MacRoman case folding and zone multicast (Inside AppleTalk app. D, ch. 8)

_FOLD = dict(zip(range(0x61, 0x7B), range(0x41, 0x5B)))
_FOLD.update({0x88: 0xCB, 0x8A: 0x80, 0x8B: 0xCC, 0x8C: 0x81, 0x8D: 0x82, 0x8E: 0x83, 0x96: 0x84,
              0x9A: 0x85, 0x9B: 0xCD, 0x9F: 0x86, 0xBE: 0xAE, 0xBF: 0xAF, 0xCF: 0xCE})


def fold(raw):
    return bytes(_FOLD.get(b, b) for b in raw)


def same_name(a, b):
    return fold(name(a)) == fold(name(b))


def checksum(data):
    """The DDP checksum of data; also the zone hash, when fed a folded name."""
    total = 0
    for byte in data:
        total = (total + byte) & 0xFFFF
        total = ((total << 1) | (total >> 15)) & 0xFFFF
    return total or 0xFFFF


def zone_multicast(zone):
    return bytes.fromhex("0900070000") + bytes([checksum(fold(name(zone))) % 253])


# --- Frames

def elap(dst, src, snap, payload):
    """An EtherTalk frame, padded to 60 bytes."""
    frame = dst + src + struct.pack(">H", len(snap) + len(payload)) + snap + payload
    return frame.ljust(60, b"\0")


def parse_elap(frame):
    """(dst, src, snap, payload without the pad)"""
    need(len(frame) >= 22, "frame too short")
    length, = struct.unpack_from(">H", frame, 12)
    need(length < 0x600, "not an 802.3 length")
    need(8 <= length <= len(frame) - 14, "802.3 length wrong")
    body = frame[14:14 + length]
    need(body[:8] in (SNAP_DDP, SNAP_AARP), "not AppleTalk")
    return frame[:6], frame[6:12], body[:8], body[8:]


@dataclass(frozen=True)
class Addr:
    net: int
    node: int

    def __str__(self):
        return f"{self.net}.{self.node}"


@dataclass
class Aarp:
    function: int
    src_mac: bytes
    src: Addr
    dst_mac: bytes
    dst: Addr

    def encode(self):
        return (struct.pack(">HHBBH", 1, 0x809B, 6, 4, self.function) +
                self.src_mac + struct.pack(">BHB", 0, self.src.net, self.src.node) +
                self.dst_mac + struct.pack(">BHB", 0, self.dst.net, self.dst.node))

    @classmethod
    def decode(cls, data):
        need(len(data) >= 28, "AARP cut")
        hw, proto, hwlen, protolen, function = struct.unpack_from(">HHBBH", data)
        need((hw, proto, hwlen, protolen) == (1, 0x809B, 6, 4), "AARP constants wrong")
        need(function in (1, 2, 3), "AARP function unknown")
        _, snet, snode = struct.unpack_from(">BHB", data, 14)
        _, dnet, dnode = struct.unpack_from(">BHB", data, 24)
        return cls(function, data[8:14], Addr(snet, snode), data[18:24], Addr(dnet, dnode))


@dataclass
class Ddp:
    """A DDP datagram with its long header. `checksum` None means: compute it."""
    dst: Addr
    dst_socket: int
    src: Addr
    src_socket: int
    type: int
    data: bytes
    hops: int = 0
    checksum: int = 0

    def covered(self):
        """What the checksum covers: everything after it."""
        return struct.pack(">HHBBBBB", self.dst.net, self.src.net, self.dst.node, self.src.node,
                           self.dst_socket, self.src_socket, self.type) + self.data

    def encode(self):
        rest = self.covered()
        total = checksum(rest) if self.checksum is None else self.checksum
        return struct.pack(">HH", self.hops << 10 | 4 + len(rest), total) + rest

    @classmethod
    def decode(cls, data):
        need(len(data) >= DDP_LONG_HEADER, "DDP header cut")
        first, total, dnet, snet, dnode, snode, dsock, ssock, kind = struct.unpack_from(
            ">HHHHBBBBB", data)
        length = first & 0x3FF
        need(DDP_LONG_HEADER <= length <= len(data), "DDP length wrong")
        return cls(Addr(dnet, dnode), dsock, Addr(snet, snode), ssock, kind,
                   data[DDP_LONG_HEADER:length], first >> 10 & 0xF, total)

    def checksum_is_right(self):
        return self.checksum in (0, checksum(self.covered()))


# --- RTMP

@dataclass(frozen=True)
class Range:
    """The network numbers of a cable; extended unless said otherwise."""
    first: int
    last: int
    extended: bool = True

    def __contains__(self, net):
        return self.first <= net <= self.last


def rtmp_tuple(nets, distance):
    if nets.extended:
        return struct.pack(">HBHB", nets.first, 0x80 | distance, nets.last, 0x82)
    return struct.pack(">HB", nets.first, distance)


def parse_rtmp_tuples(data):
    at, found = 0, []
    while at < len(data):
        need(at + 3 <= len(data), "RTMP tuple cut")
        first, distance = struct.unpack_from(">HB", data, at)
        if distance & 0x80:
            need(at + 6 <= len(data), "RTMP tuple cut")
            last, version = struct.unpack_from(">HB", data, at + 3)
            need(version == 0x82, "RTMP version wrong")
            found.append((Range(first, last), distance & 0x1F))
            at += 6
        else:
            found.append((Range(first, first, False), distance & 0x1F))
            at += 3
    return found


@dataclass
class RtmpData:
    """Data of a router on an extended cable: the first tuple is the cable."""
    sender: Addr
    cable: Range
    tuples: list = field(default_factory=list)

    def encode(self):
        return (struct.pack(">HBB", self.sender.net, 8, self.sender.node) +
                rtmp_tuple(self.cable, 0) +
                b"".join(rtmp_tuple(nets, distance) for nets, distance in self.tuples))

    @classmethod
    def decode(cls, data):
        need(len(data) >= 10, "RTMP Data cut")
        net, bits, node = struct.unpack_from(">HBB", data)
        need(bits == 8, "RTMP ID length wrong")
        tuples = parse_rtmp_tuples(data[4:])
        need(tuples and tuples[0][0].extended, "RTMP without cable range")
        return cls(Addr(net, node), tuples[0][0], tuples[1:])

    def distances(self):
        return {(nets.first, nets.last): distance for nets, distance in self.tuples}


# --- ZIP

def zip_query(nets):
    return bytes([1, len(nets)]) + b"".join(struct.pack(">H", net) for net in nets)


def parse_zip_query(data):
    need(len(data) >= 2 and data[0] == 1 and len(data) >= 2 + 2 * data[1], "ZIP Query cut")
    return list(struct.unpack_from(f">{data[1]}H", data, 2))


def zip_reply(pairs, total=None):
    """A Reply for (net, zone) pairs; an Extended Reply when the total of the list is given."""
    head = bytes([2, len(pairs)]) if total is None else bytes([8, total])
    return head + b"".join(struct.pack(">H", net) + pascal(name(zone)) for net, zone in pairs)


def parse_zip_reply(data):
    """(extended, count, [(net, zone)])"""
    need(len(data) >= 2 and data[0] in (2, 8), "no ZIP Reply")
    at, pairs = 2, []
    while at < len(data):
        need(at + 2 < len(data), "ZIP tuple cut")
        net, = struct.unpack_from(">H", data, at)
        zone, at = take_pascal(data, at + 2)
        pairs.append((net, zone))
    return data[0] == 8, data[1], pairs


def gni_request(zone=b""):
    return bytes([5, 0, 0, 0, 0, 0]) + pascal(name(zone))


@dataclass
class GniReply:
    flags: int
    cable: Range
    zone: bytes
    multicast: bytes
    default_zone: bytes = None

    def encode(self):
        out = (bytes([6, self.flags]) + struct.pack(">HH", self.cable.first, self.cable.last) +
               pascal(self.zone) + pascal(self.multicast))
        return out + pascal(self.default_zone) if self.flags & GNI_ZONE_INVALID else out

    @classmethod
    def decode(cls, data):
        need(len(data) >= 8 and data[0] == 6, "no GetNetInfo Reply")
        first, last = struct.unpack_from(">HH", data, 2)
        zone, at = take_pascal(data, 6)
        multicast, at = take_pascal(data, at)
        default = None
        if data[1] & GNI_ZONE_INVALID:
            default, at = take_pascal(data, at)
        need(at == len(data), "GetNetInfo Reply too long")
        return cls(data[1], Range(first, last), zone, multicast, default)


ZIP_GET_MY_ZONE, ZIP_GET_ZONE_LIST, ZIP_GET_LOCAL_ZONES = 7, 8, 9


def atp_zip_request(tid, function, index=0, control=0x40, bitmap=1):
    return struct.pack(">BBHBBH", control, bitmap, tid, function, 0, index)


def parse_atp_zip_request(data):
    need(len(data) >= 8 and data[0] & 0xC0 == 0x40, "no ATP request")
    _, bitmap, tid, function, _, index = struct.unpack_from(">BBHBBH", data)
    return tid, bitmap, function, index


def atp_zip_response(tid, last, zones):
    return (struct.pack(">BBHBBH", 0x90, 0, tid, last, 0, len(zones)) +
            b"".join(pascal(name(zone)) for zone in zones))


def parse_atp_zip_response(data):
    """(transaction, last, zones); the count must be right."""
    need(len(data) >= 8 and data[0] == 0x90 and data[1] == 0, "no ATP response")
    _, _, tid, last, _, count = struct.unpack_from(">BBHBBH", data)
    at, zones = 8, []
    for _ in range(count):
        zone, at = take_pascal(data, at)
        zones.append(zone)
    need(at == len(data), "ATP response too long")
    return tid, bool(last), zones


# --- NBP

@dataclass
class NbpTuple:
    addr: Addr
    socket: int
    enumerator: int
    object: bytes
    type: bytes
    zone: bytes

    def encode(self):
        return (struct.pack(">HBBB", self.addr.net, self.addr.node, self.socket, self.enumerator) +
                pascal(self.object) + pascal(self.type) + pascal(self.zone))


@dataclass
class Nbp:
    function: int
    id: int
    tuples: list

    def encode(self):
        return (bytes([self.function << 4 | len(self.tuples), self.id]) +
                b"".join(entity.encode() for entity in self.tuples))

    @classmethod
    def decode(cls, data):
        need(len(data) >= 2, "NBP cut")
        at, tuples = 2, []
        for _ in range(data[0] & 0xF):
            need(at + 5 <= len(data), "NBP tuple cut")
            net, node, socket, enumerator = struct.unpack_from(">HBBB", data, at)
            obj, at = take_pascal(data, at + 5)
            kind, at = take_pascal(data, at)
            zone, at = take_pascal(data, at)
            tuples.append(NbpTuple(Addr(net, node), socket, enumerator, obj, kind, zone))
        need(at == len(data), "NBP too long")
        return cls(data[0] >> 4, data[1], tuples)


def nbp_matches(pattern, value):
    """Inside AppleTalk ch. 7: `=` alone is anything, one `\\xc5` stands for any bytes."""
    if pattern == b"=":
        return True
    if pattern.count(b"\xc5") > 1:
        return False
    if b"\xc5" in pattern:
        head, tail = fold(pattern).split(b"\xc5")
        value = fold(value)
        return (len(value) >= len(head) + len(tail) and value.startswith(head) and
                value.endswith(tail))
    return same_name(pattern, value)
