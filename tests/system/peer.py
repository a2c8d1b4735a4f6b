"""A scripted exterior router: speaks AURP on UDP 387 and says what the test wants.

By itself it behaves like a decent peer: answers Open-Req, RI-Req, ZI-Req and
Tickle, acknowledges what is sequenced, keeps a table of what it was told.
Each of these can be taken over by the test (`peer.auto.discard("open")`), or
all of them (`peer.auto.clear()`).
"""

import random
import select
import socket
import threading
import time

import aurp
from appletalk import Malformed, fold, name
from aurp import Packet
from capture import Log
from net import inside

EVERYTHING = ("open", "ri", "ack", "zi", "tickle")


class Peer(Log):
    def __init__(self, ns, address, networks=None, dialog=None, port=aurp.PORT):
        """Listens on `address`:`port` inside the namespace. `networks`: {range: (distance,
        zones)}."""
        super().__init__()
        self.address = address
        self.networks = dict(networks or {})
        self.auto = set(EVERYTHING)
        self.source_port = aurp.PORT
        self.dialog = dialog            # the DUT's address, once known
        self.dialog_port = aurp.PORT
        self.di = aurp.ip_di(address)
        # As data sender: the connection that the other router opened to us.
        self.sender_conn = 0
        self.sender_seq = 0
        self.sui = 0
        # As data receiver: the connection that we opened.
        self.receiver_conn = 0
        self.expected = 1
        self.told = {}                  # range -> distance
        self.zones = {}                 # net -> [zone]
        with inside(ns):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.bind((address, port))
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.sock.fileno() < 0:      # closed before
            return
        self._stop.send(b"x")
        self._thread.join()
        for sock in (self.sock, self._stop, self._stopped):
            sock.close()

    # --- speaking

    def send_raw(self, payload):
        self.sock.sendto(payload, (self.dialog, self.dialog_port))

    def send(self, command, conn, seq=0, flags=0, body=b""):
        packet = Packet(aurp.ip_di(self.dialog), self.di, aurp.ROUTING, 1, conn, seq, command,
                        flags, body)
        self.send_raw(packet.encode())

    def send_data(self, ddp):
        packet = Packet(aurp.ip_di(self.dialog), self.di, aurp.DATA, body=ddp.encode())
        self.send_raw(packet.encode())

    def open_req(self, conn=None, sui=aurp.SUI_ALL, version=1, options=()):
        """Sends an Open-Req; a new connection unless `conn` says otherwise."""
        if conn is None:
            conn = random.randrange(1, 0x10000)
        self.receiver_conn, self.expected = conn, 1
        self.send(aurp.OPEN_REQ, conn, 0, sui, aurp.open_req_body(version, options))
        return conn

    def connect(self, timeout=30.0, sui=aurp.SUI_ALL):
        """Opens our receiving connection and takes the whole table with its zones."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            mark = self.mark()
            self.open_req(sui=sui)
            if self.wait_for(aurp.OPEN_RSP, 2, mark):
                break
        else:
            raise AssertionError("no Open-Rsp")
        self.send(aurp.RI_REQ, self.receiver_conn, 0, sui)
        last = self.wait(lambda p: p.command == aurp.RI_RSP and p.flags & aurp.LAST, timeout, mark)
        assert last, "no RI-Rsp"
        return self

    def update(self, *events):
        """Sends one RI-Upd of (event, range, distance) as data sender; the next one may follow."""
        body, seq = b"".join(aurp.event_tuple(*event) for event in events), self.sender_seq
        self.send(aurp.RI_UPD, self.sender_conn, seq, 0, body)
        assert self.wait_until(lambda: self.sender_seq != seq, 20), "an RI-Upd without RI-Ack"

    def router_down(self, error=aurp.ERR_NORMAL_CLOSE):
        self.send(aurp.RD, self.sender_conn, self.sender_seq, 0,
                  error.to_bytes(2, "big", signed=True))

    # --- waiting

    def wait_for(self, command, timeout, mark=0, wanted=lambda packet: True):
        return self.wait(lambda p: p.type == aurp.ROUTING and p.command == command and wanted(p),
                         timeout, mark)

    def all_of(self, command, mark=0):
        return self.since(mark, lambda p: p.type == aurp.ROUTING and p.command == command)

    def wait_until(self, condition, timeout):
        """Waits until condition() holds; what we know only changes when a packet arrives."""
        return self.wait(lambda _: condition(), timeout) is not None or condition()

    # --- hearing

    def _read(self):
        while self._stopped not in select.select([self.sock, self._stopped], [], [])[0]:
            try:
                raw, source = self.sock.recvfrom(65536)
            except OSError:         # an ICMP error of an earlier datagram
                continue
            try:
                packet = Packet.decode(raw)
            except Malformed:
                packet = Packet(b"", b"", raw=raw)
            packet.time, packet.source = time.monotonic(), source
            if self.dialog is None:
                self.dialog = source[0]
            if packet.type == aurp.ROUTING:
                self._on_routing(packet)
            self.add(packet)

    def _on_routing(self, packet):
        handler = {
            aurp.OPEN_REQ: self._on_open_req, aurp.RI_REQ: self._on_ri_req,
            aurp.RI_ACK: self._on_ri_ack, aurp.ZI_REQ: self._on_zi_req,
            aurp.TICKLE: self._on_tickle, aurp.RI_RSP: self._on_sequenced,
            aurp.RI_UPD: self._on_sequenced, aurp.RD: self._on_sequenced,
            aurp.ZI_RSP: self._on_zi_rsp,
        }.get(packet.command)
        if handler:
            handler(packet)

    def _on_open_req(self, packet):
        if "open" in self.auto:
            self.sender_conn, self.sender_seq, self.sui = packet.conn, 1, packet.flags
            self.send(aurp.OPEN_RSP, packet.conn, 0, 0, aurp.open_rsp_body())

    def _on_ri_req(self, packet):
        if "ri" in self.auto and packet.conn == self.sender_conn:
            body = b"".join(aurp.network_tuple(nets, distance)
                            for nets, (distance, _) in self.networks.items())
            self.send(aurp.RI_RSP, packet.conn, self.sender_seq, aurp.LAST, body)

    def _on_ri_ack(self, packet):
        if packet.conn == self.sender_conn and packet.seq == self.sender_seq:
            self.sender_seq = self.sender_seq % 0xFFFF + 1
            if packet.flags & aurp.SZI and "zi" in self.auto:
                self.send_zones(nets.first for nets in self.networks)

    def _on_zi_req(self, packet):
        if "zi" in self.auto and packet.conn == self.sender_conn:
            self.send_zones(aurp.parse_zi_req(packet.body))

    def send_zones(self, asked):
        asked = set(asked)
        pairs = [(nets.first, zone) for nets, (_, zones) in self.networks.items()
                 if nets.first in asked for zone in zones]
        self.send(aurp.ZI_RSP, self.sender_conn, 0, 0, aurp.zi_rsp_body(pairs))

    def _on_tickle(self, packet):
        if "tickle" in self.auto and packet.conn == self.sender_conn:
            self.send(aurp.TICKLE_ACK, packet.conn)

    def _on_sequenced(self, packet):
        if "ack" not in self.auto or packet.conn != self.receiver_conn:
            return
        if packet.command == aurp.RD and packet.seq == 0:
            return
        if packet.seq == self.expected:
            self.expected = self.expected % 0xFFFF + 1
            self._learn(packet)
        self.send(aurp.RI_ACK, packet.conn, packet.seq,
                  aurp.SZI if packet.command in (aurp.RI_RSP, aurp.RI_UPD) else 0)

    def _learn(self, packet):
        if packet.command == aurp.RI_RSP:
            self.told.update(packet.networks())
        elif packet.command == aurp.RI_UPD:
            for event, nets, distance in packet.events():
                if event in (aurp.NA, aurp.NDC):
                    self.told[nets] = distance
                elif event in (aurp.ND, aurp.NRC):
                    self.told.pop(nets, None)
                    self.zones.pop(nets.first, None)

    def _on_zi_rsp(self, packet):
        if packet.body[:2] in (b"\0\1", b"\0\2"):
            for net, zone in aurp.parse_zi_rsp(packet.body)[2]:
                zones = self.zones.setdefault(net, [])
                if zone not in zones:
                    zones.append(zone)

    def knows(self, nets, *zones):
        """Were we told of the network, with these zones?"""
        have = {fold(zone) for zone in self.zones.get(nets.first, [])}
        return nets in self.told and {fold(name(zone)) for zone in zones} <= have
