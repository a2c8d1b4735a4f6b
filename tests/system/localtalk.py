"""LocalTalk stations in Python: LLAP nodes on UDP multicast, or behind an emulated TashTalk.

A second implementation, as appletalk.py is: LLAP and LToUDP from Inside
AppleTalk ch. 1 and the LToUDP description, TashTalk from its documentation.
"""

import os
import pty
import random
import select
import socket
import struct
import termios
import threading
import time
import tty
from dataclasses import dataclass

import appletalk as at
from appletalk import Addr, Ddp, Malformed, Nbp, need
from capture import Log
from net import inside
from node import Client, Silence

GROUP, PORT = "239.192.76.84", 1954
SHORT, LONG, ENQ, ACK, RTS, CTS = 0x01, 0x02, 0x81, 0x82, 0x84, 0x85
EVERYBODY = 0xFF
IP_RECVTTL, IP_MULTICAST_ALL, SO_REUSEPORT, SO_BINDTODEVICE = 12, 49, 15, 25


def fcs(data):
    """The frame check sequence (CRC-16/X-25) as it is sent, low byte first."""
    total = 0xFFFF
    for byte in data:
        total ^= byte
        for _ in range(8):
            total = total >> 1 ^ (0x8408 if total & 1 else 0)
    return struct.pack("<H", total ^ 0xFFFF)


def short_header(ddp):
    body = bytes([ddp.dst_socket, ddp.src_socket, ddp.type]) + ddp.data
    return struct.pack(">H", 2 + len(body)) + body


def parse_short(data, net, dst, src):
    need(len(data) >= 5, "DDP header cut")
    length, dsock, ssock, kind = struct.unpack_from(">HBBB", data)
    need(5 <= length <= len(data), "DDP length wrong")
    return Ddp(Addr(net, dst), dsock, Addr(net, src), ssock, kind, data[5:length])


@dataclass
class Packet:
    """One LLAP packet heard; `ddp` is set when it holds a datagram."""
    time: float
    raw: bytes
    sender: bytes = b""         # LToUDP: the sender ID
    ip: str = ""
    port: int = 0
    ttl: int = 0
    ddp: Ddp = None

    def _byte(self, at):
        return self.raw[at] if at < len(self.raw) else None

    @property
    def dst(self):
        return self._byte(0)

    @property
    def src(self):
        return self._byte(1)

    @property
    def type(self):
        return self._byte(2)


class LocalTalkNode(Client, Log):
    """An end node without a medium: the subclass has transmit() and calls hear()."""

    def __init__(self):
        Client.__init__(self)
        Log.__init__(self)
        self.node = 0               # ours; 0 while there is none
        self.net = 0                # as RTMP told it
        self.router = None          # (address, node) of the router heard last
        self.long = False           # send long headers on the own network, too
        self.loyal = False          # stay with that router, whatever others say
        self.mute = False
        self._candidate = None
        self._taken = threading.Event()

    @property
    def mac(self):
        return self.node

    @property
    def addr(self):
        return Addr(self.net, self.node)

    # --- hearing

    def hear(self, packet):
        try:
            self._decode(packet)
            if not self.mute:
                self._react(packet)
        except Malformed:
            pass                    # logged all the same; the test decides what it means
        self.add(packet)

    def _decode(self, packet):
        need(len(packet.raw) >= 3, "LLAP packet cut")
        if packet.type == SHORT:
            packet.ddp = parse_short(packet.raw[3:], self.net, packet.dst, packet.src)
        elif packet.type == LONG:
            packet.ddp = Ddp.decode(packet.raw[3:])

    def _react(self, packet):
        if self._candidate and packet.src == self._candidate and packet.type in (ENQ, ACK):
            self._taken.set()
        if self.node and packet.raw == bytes([self.node, self.node, ENQ]):
            self.transmit(bytes([self.node, self.node, ACK]))
        elif packet.ddp and packet.src != self.node and packet.dst in (self.node, EVERYBODY):
            self.on_ddp(packet)

    def on_ddp(self, packet):
        ddp = packet.ddp
        if ddp.type == at.RTMP_DATA and ddp.dst_socket == at.RTMP_SOCKET and len(ddp.data) >= 4:
            self.net = int.from_bytes(ddp.data[:2], "big")
            if not self.loyal:
                self.router = (Addr(self.net, ddp.data[3]), packet.src)
        elif not self.node or ddp.dst.node not in (self.node, EVERYBODY):
            return
        elif ddp.type == at.AEP and ddp.dst_socket == at.AEP_SOCKET and ddp.data[:1] == b"\1":
            self.send_ddp(ddp.src, ddp.src_socket, at.AEP, b"\2" + ddp.data[1:], at.AEP_SOCKET)
        elif ddp.type == at.NBP and ddp.dst_socket == at.NBP_SOCKET:
            nbp = Nbp.decode(ddp.data)
            is_asked = nbp.function == at.LKUP and nbp.tuples
            found = self.names_asked_for(nbp.tuples[0]) if is_asked else []
            if found:
                asked = nbp.tuples[0]
                self.send_ddp(asked.addr, asked.socket, at.NBP,
                              Nbp(at.LKUP_REPLY, nbp.id, found).encode(), at.NBP_SOCKET)

    # --- speaking

    def send_llap(self, dst, kind, data=b"", src=None):
        self.transmit(bytes([dst, self.node if src is None else src, kind]) + data)

    def send_ddp(self, dst, socket, kind, data, src_socket=253, **more):
        """As an end node does: to the node itself on our network, else to the router."""
        ddp = Ddp(dst, socket, self.addr, src_socket, kind, data, **more)
        if dst.net in (0, self.net):
            if self.long or more:
                self.send_llap(dst.node, LONG, ddp.encode())
            else:
                self.send_llap(dst.node, SHORT, short_header(ddp))
        elif not self.router:
            raise Silence(f"no router heard, but {dst} is not on our network")
        else:
            self.send_llap(self.router[1], LONG, ddp.encode())
        return ddp

    # --- how it comes to an address

    def claim(self, node, tries=3, interval=0.05):
        """ENQs for a node; False if somebody has it."""
        self._taken.clear()
        self._candidate = node
        try:
            for _ in range(tries):
                self.transmit(bytes([node, node, ENQ]))
                if self._taken.wait(interval):
                    return False
        finally:
            self._candidate = None
        self.node = node
        return True

    def acquire(self, node=None):
        """A node number of a workstation, then the network's number and zone from the router."""
        node = node or random.randrange(1, 0x80)
        while not self.claim(node):
            node = random.randrange(1, 0x80)
        self.learn()
        self.zone = self.get_my_zone()[0]
        return self

    def learn(self):
        """RTMP Request: what a node does that does not want to wait for the next Data."""
        for _ in range(8):
            mark = self.mark()
            self.send_ddp(Addr(0, EVERYBODY), at.RTMP_SOCKET, at.RTMP_REQUEST, b"\1", 1)
            if self.wait(lambda p: p.src != self.node and p.ddp and p.ddp.type == at.RTMP_DATA,
                         0.5, mark):
                return
        raise Silence("no router answers an RTMP Request")


class UdpNode(LocalTalkNode):
    """A node on LToUDP, as an emulator on that interface of that machine is one."""

    def __init__(self, ns, device, sender=None):
        super().__init__()
        self.sender = sender or os.urandom(4)
        with inside(ns):
            index = socket.if_nametoindex(device)
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        where = struct.pack("4s4si", socket.inet_aton(GROUP), bytes(4), index)
        for level, option, value in (
                (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
                (socket.SOL_SOCKET, SO_REUSEPORT, 1),
                # else Linux spreads an interface's packets over all that share the port
                (socket.SOL_SOCKET, SO_BINDTODEVICE, device.encode()),
                (socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20),
                (socket.IPPROTO_IP, IP_MULTICAST_ALL, 0),
                (socket.IPPROTO_IP, IP_RECVTTL, 1),
                (socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1),
                (socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where),
                (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, where)):
            self.sock.setsockopt(level, option, value)
        self.sock.bind(("", PORT))
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self):
        if self.sock.fileno() < 0:
            return
        self._stop.send(b"x")
        self._thread.join()
        for sock in (self.sock, self._stop, self._stopped):
            sock.close()

    def _read(self):
        while self._stopped not in select.select([self.sock, self._stopped], [], [])[0]:
            data, control, _, (ip, port) = self.sock.recvmsg(65536, 64)
            ttl = next((struct.unpack("i", value)[0] for _, kind, value in control
                        if kind == socket.IP_TTL), 0)
            if data[:4] != self.sender or self.mute:
                self.hear(Packet(time.monotonic(), data[4:], data[:4], ip, port, ttl))

    def transmit(self, raw):
        self.send_datagram(self.sender + raw)

    def send_datagram(self, data):
        self.sock.sendto(data, (GROUP, PORT))


# --- TashTalk

ESCAPES = {0xFD: "end", 0xFE: "framing", 0xFA: "aborted", 0xFC: "fcs"}


def escaped(frame, end=0xFD):
    """A frame as the adapter hands it to its host."""
    return frame.replace(b"\0", b"\0\xff") + bytes([0, end])


@dataclass
class Command:
    """What the host told the adapter: its bytes without those of no-operation."""
    time: float
    raw: bytes
    silence: int = 0            # no-operations before it

    @property
    def frame(self):
        """Of a transmit command: the LLAP packet and its FCS."""
        return self.raw[1:]


class TashTalk(Log):
    """An adapter on a pty, with a LocalTalk bus behind it; `path` is its serial device.

    The log has the Commands. Nodes on the bus are BusNodes. `path` is a link
    that leads to the pty while the adapter is plugged in.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.nodes = []             # BusNodes
        self.ours = set()           # node IDs the adapter answers for
        self.reading = threading.Event()
        self.reading.set()          # cleared: it takes no bytes
        self.master = None
        self.plug()

    def plug(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)           # until its host says otherwise
        self.name = os.ttyname(slave)
        os.close(slave)
        self._stop, self._stopped = socket.socketpair()
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(self.name)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def unplug(self):
        self._stop.send(b"x")
        self._thread.join()
        self.path.unlink()
        os.close(self.master)
        self._stop.close()
        self._stopped.close()
        self.master, self.ours = None, set()

    def close(self):
        if self.master is not None:
            self.unplug()

    @property
    def termios(self):
        """The attributes the host has set: what tcgetattr() returns."""
        return termios.tcgetattr(self.master)

    # --- from the host

    def _read(self):
        left, silence = b"", 0
        while True:
            ready = select.select([self.master, self._stopped], [], [], 0.5)[0]
            if self._stopped in ready:
                return
            if not ready or not self.reading.is_set():
                time.sleep(0.02)
                continue
            try:
                left += os.read(self.master, 4096)
            except OSError:         # nobody has the other end open
                time.sleep(0.02)
                continue
            while left:
                n = self._length(left)
                if n is None or n > len(left):
                    break
                if left[0] == 0:
                    silence += 1
                else:
                    self._obey(Command(time.monotonic(), left[:n], silence))
                    silence = 0
                left = left[n:]

    @staticmethod
    def _length(data):
        """Of the first command, or None while that is not known yet."""
        if data[0] == 1:
            if len(data) < 4 or (data[3] < 0x80 and len(data) < 6):
                return None
            if data[3] >= 0x80:
                return 1 + 5
            return 1 + 3 + (int.from_bytes(data[4:6], "big") & 0x3FF) + 2
        return {0: 1, 2: 33, 3: 2}.get(data[0], 1)

    def _obey(self, command):
        if command.raw[0] == 2:
            self.ours = {8 * i + bit for i, byte in enumerate(command.raw[1:])
                         for bit in range(8) if byte >> bit & 1}
        elif command.raw[0] == 1 and command.frame[-2:] == fcs(command.frame[:-2]):
            for node in self.nodes:
                node.hear(Packet(time.monotonic(), command.frame[:-2]))
        self.add(command)

    # --- to the host

    def write(self, data):
        while data:
            data = data[os.write(self.master, data):]

    def deliver(self, raw, sender=None):
        """A frame on the bus: to the host, and to the other nodes."""
        packet = Packet(time.monotonic(), raw)
        if packet.type == ENQ and packet.dst in self.ours:
            for node in self.nodes:
                node.hear(Packet(time.monotonic(), bytes([packet.dst, packet.dst, ACK])))
        self.write(escaped(raw + fcs(raw)))
        for node in self.nodes:
            if node is not sender:
                node.hear(packet)

    def frames(self, mark=0):
        """The LLAP packets the host has transmitted, without FCS."""
        return [c.frame[:-2] for c in self.since(mark) if c.raw[0] == 1]


class BusNode(LocalTalkNode):
    """A node on the bus of an emulated TashTalk."""

    def __init__(self, adapter):
        super().__init__()
        self.adapter = adapter
        adapter.nodes.append(self)

    def transmit(self, raw):
        self.adapter.deliver(raw, self)

    def close(self):
        self.adapter.nodes.remove(self)
