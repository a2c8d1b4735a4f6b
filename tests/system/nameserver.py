"""A name server whose answers the test decides."""

import ipaddress
import select
import socket
import struct
import threading
import time

from net import inside

A, AAAA, IN, NXDOMAIN = 1, 28, 1, 3


class NameServer:
    """Answers questions for the addresses in `names` ({name: [address]}); no other name exists."""

    def __init__(self, ns, address):
        self.address = address
        self.names = {}
        self.asked = []
        self.times = []                 # when that was
        with inside(ns):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind((address, 53))
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        if self.sock.fileno() < 0:      # closed before
            return
        self._stop.send(b"x")
        self._thread.join()
        for sock in (self.sock, self._stop, self._stopped):
            sock.close()

    def _serve(self):
        while self._stopped not in select.select([self.sock, self._stopped], [], [])[0]:
            query, source = self.sock.recvfrom(512)
            self.sock.sendto(self._answer(query), source)

    def _answer(self, query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        question = query[12:at + 5]
        kind, = struct.unpack_from(">H", query, at + 1)
        asked = ".".join(labels)
        self.times.append(time.monotonic())
        self.asked.append(asked)
        known = self.names.get(asked)
        records = [record(address) for address in known or []
                   if kind == (A if ipaddress.ip_address(address).version == 4 else AAAA)]
        flags = 0x8580 | (0 if known else NXDOMAIN)
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + (
            question + b"".join(records))

    def asked_for(self, name, since=0.0):
        """When it was asked for, since then."""
        return [when for when, asked in zip(self.times, self.asked)
                if asked == name and when >= since]


def record(address):
    packed = ipaddress.ip_address(address).packed
    kind = A if len(packed) == 4 else AAAA
    return struct.pack(">HHHIH", 0xC00C, kind, IN, 1, len(packed)) + packed
