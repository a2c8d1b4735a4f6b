"""A station that measures how soon it is answered while its cable is flooded.

It asks one question at a time and lets the kernel keep everything from it that
is not from the router, so that the flood costs it nothing.
"""

import ctypes
import os
import select
import socket
import struct
import time

import appletalk as at
from appletalk import Aarp, Addr, Ddp, Malformed

SO_ATTACH_FILTER = 26
LIMIT = 5.0             # seconds; no answer until then is none


def only_from(sock, mac):
    """A classic BPF program: frames whose source is this hardware address."""
    high, low = struct.unpack(">IH", mac)
    code = [(0x20, 0, 0, 6), (0x15, 0, 3, high), (0x28, 0, 0, 10), (0x15, 0, 1, low),
            (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in code))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HL", len(code), ctypes.addressof(program)))


class Prober:
    def __init__(self, cable, router, router_mac, addr, mac=bytes.fromhex("020000cc0001")):
        self.router, self.router_mac = router, router_mac
        self.addr, self.mac = addr, mac
        self.sock = cable.socket()
        only_from(self.sock, router_mac)
        self.sock.setblocking(False)

    def close(self):
        self.sock.close()

    def _send(self, snap, payload, to):
        self.sock.send(at.elap(to, self.mac, snap, payload))

    def _frames(self, until):
        """What the router says; its questions for our hardware address are answered."""
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.sock], [], [], left)[0]:
                return
            raw = self.sock.recv(65536)
            try:
                _, _, snap, body = at.parse_elap(raw)
                if snap == at.SNAP_DDP:
                    yield Ddp.decode(body)
                    continue
                aarp = Aarp.decode(body)
            except Malformed:
                continue
            if aarp.function == at.AARP_REQUEST and aarp.dst == self.addr:
                answer = Aarp(at.AARP_RESPONSE, self.mac, self.addr, aarp.src_mac, aarp.src)
                self._send(at.SNAP_AARP, answer.encode(), self.router_mac)
            elif aarp.function == at.AARP_RESPONSE and aarp.dst_mac == self.mac:
                yield aarp

    def _measure(self, send, wanted):
        began = time.monotonic()
        send()
        for thing in self._frames(began + LIMIT):
            if wanted(thing):
                return time.monotonic() - began
        return None

    def aarp(self):
        """Seconds until the router has told us its hardware address, or None."""
        asked = Aarp(at.AARP_REQUEST, self.mac, self.addr, bytes(6), self.router)
        return self._measure(
            lambda: self._send(at.SNAP_AARP, asked.encode(), at.BROADCAST_MAC),
            lambda thing: isinstance(thing, Aarp) and thing.src == self.router)

    def echo(self, dst: Addr):
        """Seconds until an echo comes back from the router, or from anywhere through it."""
        data = os.urandom(12)
        ddp = Ddp(dst, at.AEP_SOCKET, self.addr, 253, at.AEP, b"\1" + data)
        return self._measure(
            lambda: self._send(at.SNAP_DDP, ddp.encode(), self.router_mac),
            lambda thing: isinstance(thing, Ddp) and thing.data == b"\2" + data)
