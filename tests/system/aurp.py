"""AURP (RFC 1504), bytes to values and back; independent of the C code."""

import ipaddress
import struct
from dataclasses import dataclass, field

from appletalk import Range, name, need, pascal, take_pascal

PORT = 387
DATA, ROUTING = 2, 3

RI_REQ, RI_RSP, RI_ACK, RI_UPD, RD, ZI_REQ, ZI_RSP = 1, 2, 3, 4, 5, 6, 7
OPEN_REQ, OPEN_RSP, TICKLE, TICKLE_ACK = 8, 9, 14, 15
NAMES = {RI_REQ: "RI-Req", RI_RSP: "RI-Rsp", RI_ACK: "RI-Ack", RI_UPD: "RI-Upd", RD: "RD",
         ZI_REQ: "ZI-Req", ZI_RSP: "ZI-Rsp", OPEN_REQ: "Open-Req", OPEN_RSP: "Open-Rsp",
         TICKLE: "Tickle", TICKLE_ACK: "Tickle-Ack"}

SUI_ALL = 0x7800
LAST = 0x8000
SZI = 0x4000

NULL, NA, ND, NRC, NDC, ZC = range(6)

ERR_NORMAL_CLOSE, ERR_LOOP, ERR_OUT_OF_SYNC, ERR_OPTIONS, ERR_VERSION, ERR_RESOURCES, ERR_AUTH = (
    -1, -2, -3, -4, -5, -6, -7)


def ip_di(address):
    return bytes.fromhex("07010000") + ipaddress.IPv4Address(address).packed


NULL_DI = bytes.fromhex("0100")


def take_di(data, at):
    need(at < len(data), "domain identifier missing")
    end = at + 1 + data[at]
    need(data[at] % 2 == 1 and end <= len(data), "domain identifier cut")
    return data[at:end], end


@dataclass
class Packet:
    """One UDP payload: domain header and, for routing packets, the AURP header."""
    dst_di: bytes
    src_di: bytes
    type: int = ROUTING
    version: int = 1
    conn: int = 0
    seq: int = 0
    command: int = 0
    flags: int = 0
    body: bytes = b""
    time: float = field(default=0.0, compare=False)
    source: tuple = field(default=None, compare=False)
    raw: bytes = field(default=b"", compare=False, repr=False)

    def encode(self):
        head = self.dst_di + self.src_di + struct.pack(">HHH", self.version, 0, self.type)
        if self.type != ROUTING:
            return head + self.body
        return (head + struct.pack(">HHHH", self.conn, self.seq, self.command, self.flags) +
                self.body)

    @classmethod
    def decode(cls, data):
        dst, at = take_di(data, 0)
        src, at = take_di(data, at)
        need(at + 6 <= len(data), "domain header cut")
        version, _, kind = struct.unpack_from(">HHH", data, at)
        at += 6
        need(version == 1 and kind in (DATA, ROUTING), "domain header unknown")
        if kind == DATA:
            return cls(dst, src, kind, version, body=data[at:], raw=data)
        need(at + 8 <= len(data), "AURP header cut")
        conn, seq, command, flags = struct.unpack_from(">HHHH", data, at)
        return cls(dst, src, kind, version, conn, seq, command, flags, data[at + 8:], raw=data)

    @property
    def name(self):
        return "data" if self.type == DATA else NAMES.get(self.command, str(self.command))

    @property
    def value(self):
        """The signed word that Open-Rsp and RD begin with."""
        need(len(self.body) >= 2, f"{self.name} cut")
        return struct.unpack_from(">h", self.body)[0]

    def networks(self):
        return parse_networks(self.body)

    def events(self):
        return parse_events(self.body)

    def __str__(self):
        if self.type == DATA:
            return f"data {len(self.body)} bytes"
        return (f"{self.name} conn={self.conn} seq={self.seq} flags={self.flags:04x} "
                f"{self.body.hex()}")


def open_req_body(version=1, options=()):
    return struct.pack(">HB", version, len(options)) + b"".join(
        bytes([1 + len(data), kind]) + data for kind, data in options)


def open_rsp_body(rate_or_error=1):
    return struct.pack(">hB", rate_or_error, 0)


def network_tuple(nets, distance):
    if nets.extended:
        return struct.pack(">HBHB", nets.first, 0x80 | distance, nets.last, 0)
    return struct.pack(">HB", nets.first, distance)


def parse_networks(data):
    at, found = 0, {}
    while at < len(data):
        need(at + 3 <= len(data), "network tuple cut")
        first, distance = struct.unpack_from(">HB", data, at)
        if distance & 0x80:
            need(at + 6 <= len(data), "network tuple cut")
            last, = struct.unpack_from(">H", data, at + 3)
            found[Range(first, last)] = distance & 0x7F
            at += 6
        else:
            found[Range(first, first, False)] = distance
            at += 3
    return found


def event_tuple(event, nets=None, distance=0):
    if event == NULL:
        return bytes(4)
    if nets.extended:
        return struct.pack(">BHBH", event, nets.first, 0x80 | distance, nets.last)
    return struct.pack(">BHB", event, nets.first, distance)


def parse_events(data):
    """[(event, range or None, distance)]; zero bytes at the end are null events."""
    at, found = 0, []
    while at < len(data):
        event = data[at]
        if event == NULL:
            need(not any(data[at:]), "bytes after a null event")
            found.append((NULL, None, 0))
            break
        need(event in (NA, ND, NRC, NDC), "event unknown")
        need(at + 4 <= len(data), "event tuple cut")
        first, distance = struct.unpack_from(">HB", data, at + 1)
        if distance & 0x80:
            need(at + 6 <= len(data), "event tuple cut")
            last, = struct.unpack_from(">H", data, at + 4)
            found.append((event, Range(first, last), distance & 0x7F))
            at += 6
        else:
            found.append((event, Range(first, first, False), distance))
            at += 4
    return found


def zi_req_body(nets):
    return struct.pack(">H", 1) + b"".join(struct.pack(">H", net) for net in nets)


def parse_zi_req(body):
    need(len(body) >= 2 and body[:2] == b"\0\1", "no ZI-Req")
    count = (len(body) - 2) // 2
    return list(struct.unpack_from(f">{count}H", body, 2))


def zi_rsp_body(pairs, subcode=1, count=None):
    return struct.pack(">HH", subcode, len(pairs) if count is None else count) + b"".join(
        struct.pack(">H", net) + pascal(name(zone)) for net, zone in pairs)


def parse_zi_rsp(body):
    """(subcode, count, [(net, zone)]), optimised tuples resolved."""
    need(len(body) >= 4, "ZI-Rsp cut")
    subcode, count = struct.unpack_from(">HH", body)
    need(subcode in (1, 2), "ZI-Rsp subcode unknown")
    at, pairs, starts, base = 4, [], set(), 6
    while at < len(body):
        need(at + 3 <= len(body), "zone tuple cut")
        net, length = struct.unpack_from(">HB", body, at)
        if length & 0x80:
            need(at + 4 <= len(body), "zone tuple cut")
            target = base + (struct.unpack_from(">H", body, at + 2)[0] & 0x7FFF)
            need(target in starts, "offset does not start a name")
            zone, _ = take_pascal(body, target)
            at += 4
        else:
            starts.add(at + 2)
            zone, at = take_pascal(body, at + 2)
        pairs.append((net, zone))
    return subcode, count, pairs


def gzn_req_body(zone):
    return struct.pack(">H", 3) + pascal(name(zone))


def gdzl_req_body(index):
    return struct.pack(">HH", 4, index)


def udp_of(frame):
    """(source, destination, payload, checksum) of an unfragmented IPv4 UDP frame, else None."""
    if frame[12:14] != b"\x08\x00" or len(frame) < 42 or frame[23] != 17:
        return None
    if struct.unpack_from(">H", frame, 20)[0] & 0x3FFF:
        return None
    at = 14 + (frame[14] & 0xF) * 4
    sport, dport, length, total = struct.unpack_from(">HHHH", frame, at)
    source = (str(ipaddress.IPv4Address(frame[26:30])), sport)
    target = (str(ipaddress.IPv4Address(frame[30:34])), dport)
    return source, target, frame[at + 8:at + length], total


