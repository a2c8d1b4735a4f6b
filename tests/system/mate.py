"""A router of another make, as a scripted peer with a life of its own: it starts, stops, dies.

It behaves as the most common of the living routers does on the wire, faults included:

- An Open-Req when it starts, then every 10 s, six in all; after that only when it is called.
- Any Open-Req replaces the connection of its sending half at once, without a probe.
  Its receiving half stays on the connection that it believes in: packets of another one
  count as a sign of life and are dropped.
- After 90 s of silence a Tickle every 10 s, ten times, with the ID of that connection, then
  the routes go. While its receiving half is closed it probes with null RI-Upds, and an
  answer to one makes it open again.
- It understands a Router Down of the data receiver only, and says no other.
- It answers to port 387, whatever port it was called from.
"""

import select
import socket
import threading
import time

import aurp
from appletalk import Malformed
from aurp import Packet
from net import inside

RETRY, OPEN_TRIES, UPDATE_TRIES, TICKLE_TRIES, LAST_HEARD = 10, 5, 5, 10, 90


class Half:
    """One of the two connections: its state, its ID, and the packet that waits for an answer."""

    def __init__(self):
        self.state, self.conn, self.seq = "unconnected", 0, 1

    def close(self):
        self.state, self.seq = "unconnected", 1


class Mate:
    """Lives at `address` in the namespace; `dut` is the router that it lists as its peer."""

    def __init__(self, ns, address, dut):
        self.ns, self.address, self.dut = ns, address, dut
        self.networks = {}              # range -> zones; may differ from life to life
        self.next_conn = int(address.rsplit(".", maxsplit=1)[-1]) * 100
        self.told, self.zones = set(), {}
        self.receiver, self.sender = Half(), Half()
        self._thread = None
        self._awake = threading.Event()
        self._cut = self._leaving = self._dazed = False
        self._life = None               # a socket pair whose end is the end

    def close(self):
        if self._thread:
            self.die()

    # --- what may happen to it

    def start(self, networks):
        """A process begins; it knows nothing of the one before."""
        self.networks, self.told, self.zones = dict(networks), set(), {}
        self.receiver, self.sender = Half(), Half()
        self._leaving = False
        self.next_conn += 7
        self.receiver.conn = self.next_conn
        self._due = self._heard = time.monotonic()
        self._tries, self._sent = 0, None
        self._awake.set()
        with inside(self.ns):
            self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._sock.bind((self.address, aurp.PORT))
        self._life, theirs = socket.socketpair()
        self._thread = threading.Thread(target=self._live, args=(theirs,), daemon=True)
        self._thread.start()

    def die(self):
        """Killed: no last word."""
        self._awake.set()
        self._life.close()
        self._thread.join()
        self._thread = None
        self._sock.close()

    def stop(self):
        """Told to stop: one Router Down, as the data receiver, if it has anybody to tell it to.

        Who answers within its last tenth of a second is called by a new life that is none.
        """
        if self.sender.state != "unconnected":
            self._leaving = True
            self._send(self.receiver.conn, aurp.RD, 0, aurp.ERR_NORMAL_CLOSE.to_bytes(
                2, "big", signed=True))
            time.sleep(0.1)
        self.die()

    def freeze(self):
        """Stopped as a process; what is sent to it waits in its socket."""
        self._awake.clear()

    def thaw(self, hears_first=False):
        """Goes on: first with the clock, or first with what came meanwhile, which then is new."""
        self._dazed = hears_first
        self._awake.set()

    def cut(self):
        """Its line is dead in both directions, and it does not know."""
        self._cut = True

    def mend(self):
        self._cut = False

    # --- what it knows

    def knows(self, nets, zone):
        return nets in self.told and zone.encode() in self.zones.get(nets.first, ())

    # --- its life

    def _live(self, theirs):
        self._open()
        while True:
            ready = select.select([self._sock, theirs], [], [], 0.05)[0]
            self._awake.wait()
            while self._dazed and select.select([self._sock], [], [], 0)[0]:
                self._hear(self._sock.recv(65536))
                ready = []
            self._dazed = False
            if theirs in ready:
                theirs.close()
                return
            if self._sock in ready:
                self._hear(self._sock.recv(65536))
            self._watch_the_time(time.monotonic())

    def _send(self, conn, command, seq=0, body=b"", flags=0):
        if self._cut:
            return
        packet = Packet(aurp.ip_di(self.dut), aurp.ip_di(self.address), aurp.ROUTING, 1, conn, seq,
                        command, flags, body)
        self._sock.sendto(packet.encode(), (self.dut, aurp.PORT))

    def _open(self):
        self._send(self.receiver.conn, aurp.OPEN_REQ, 0, aurp.open_req_body(), aurp.SUI_ALL)
        self.receiver.state = "wait-open-rsp"
        self._due = time.monotonic() + RETRY

    def _close_receiver(self):
        self.receiver.close()
        self.receiver.conn += 1

    def _say(self, seq, command, body, flags=0):
        """What the other side must acknowledge."""
        self._sent = (seq, command, body, flags)
        self._send(self.sender.conn, command, seq, body, flags)
        self.sender.state = "wait-ack"
        self._due = time.monotonic() + RETRY

    def _watch_the_time(self, now):
        if self.receiver.state == "connected" and now - self._heard > LAST_HEARD:
            self.receiver.state, self._tries = "wait-tickle-ack", 0
            self._send(self.receiver.conn, aurp.TICKLE)
            self._due = now + RETRY
        if now < self._due:
            return
        self._due, self._tries = now + RETRY, self._tries + 1
        if self.receiver.state == "wait-tickle-ack":
            if self._tries > TICKLE_TRIES:
                self._lose()
            else:
                self._send(self.receiver.conn, aurp.TICKLE)
        elif self.receiver.state == "wait-open-rsp":
            if self._tries > OPEN_TRIES:
                self._close_receiver()
            else:
                self._open()
        elif self.receiver.state == "wait-ri-rsp":
            if self._tries > OPEN_TRIES:
                self._lose()
            else:
                self._send(self.receiver.conn, aurp.RI_REQ, 0, b"", aurp.SUI_ALL)
        elif self.sender.state == "wait-ack":
            if self._tries > UPDATE_TRIES:
                self.sender.close()
            else:
                self._send(self.sender.conn, self._sent[1], self._sent[0], *self._sent[2:])
        elif self.receiver.state == "unconnected" and self.sender.state == "connected":
            self.sender.seq += 1
            self._say(self.sender.seq, aurp.RI_UPD, aurp.event_tuple(aurp.NULL))

    def _lose(self):
        self._close_receiver()
        self.told, self.zones = set(), {}

    # --- hearing

    def _hear(self, raw):
        try:
            packet = Packet.decode(raw)
        except Malformed:
            return
        if packet.type != aurp.ROUTING or self._cut:
            return
        if self._leaving:
            if self.receiver.state != "wait-open-rsp":
                self._close_receiver()
                self._open()
            return
        self._heard = time.monotonic()
        handler = {
            aurp.OPEN_REQ: self._on_open_req, aurp.OPEN_RSP: self._on_open_rsp,
            aurp.RI_REQ: self._on_ri_req, aurp.RI_ACK: self._on_ri_ack,
            aurp.RI_RSP: self._on_sequenced, aurp.RI_UPD: self._on_sequenced,
            aurp.ZI_REQ: self._on_zi_req, aurp.ZI_RSP: self._on_zi_rsp,
            aurp.TICKLE: self._on_tickle, aurp.TICKLE_ACK: self._on_tickle_ack,
            aurp.RD: self._on_rd,
        }.get(packet.command)
        receivers = (aurp.OPEN_RSP, aurp.RI_RSP, aurp.RI_UPD, aurp.ZI_RSP, aurp.TICKLE_ACK)
        wanted = self.receiver.conn if packet.command in receivers else self.sender.conn
        if handler and (packet.command == aurp.OPEN_REQ or wanted in (0, packet.conn)):
            handler(packet)

    def _on_open_req(self, packet):
        self.sender.conn = packet.conn
        refused = packet.body[2:3] != b"\0"             # it takes no options
        self._send(packet.conn, aurp.OPEN_RSP, 0,
                   aurp.open_rsp_body(aurp.ERR_OPTIONS if refused else 1))
        if not refused:
            self.sender.state = "connected"
        if self.receiver.state == "unconnected":
            self._tries = 0
            self._open()

    def _on_open_rsp(self, packet):
        if packet.value < 0:
            self._close_receiver()
            return
        self.receiver.state, self.receiver.seq, self._tries = "wait-ri-rsp", 1, 0
        self._send(self.receiver.conn, aurp.RI_REQ, 0, b"", aurp.SUI_ALL)
        self._due = time.monotonic() + RETRY

    def _on_ri_req(self, _):
        self.sender.seq = 1
        self._say(1, aurp.RI_RSP, b"".join(aurp.network_tuple(nets, 0) for nets in self.networks),
                  aurp.LAST)

    def _on_ri_ack(self, packet):
        if packet.seq != self.sender.seq:
            return
        self.sender.state, self._tries = "connected", 0
        if packet.flags & aurp.SZI and self._sent and self._sent[1] == aurp.RI_RSP:
            self._tell_zones(nets.first for nets in self.networks)
        if self.receiver.state == "unconnected":
            self._open()

    def _tell_zones(self, asked):
        asked = set(asked)
        self._send(self.sender.conn, aurp.ZI_RSP, 0, aurp.zi_rsp_body(
            [(nets.first, zone) for nets, zones in self.networks.items() if nets.first in asked
             for zone in zones]))

    def _on_zi_req(self, packet):
        self._tell_zones(aurp.parse_zi_req(packet.body))

    def _on_sequenced(self, packet):
        if packet.seq == self.receiver.seq % 0xFFFF + 1:
            self._close_receiver()
            return
        if packet.seq not in (self.receiver.seq, self.receiver.seq - 1):
            return
        self._send(self.receiver.conn, aurp.RI_ACK, packet.seq, b"", aurp.SZI)
        if packet.seq != self.receiver.seq:
            return
        self.receiver.seq = self.receiver.seq % 0xFFFF + 1
        if packet.command == aurp.RI_UPD:
            for event, nets, _ in packet.events():
                (self.told.add if event in (aurp.NA, aurp.NDC) else self.told.discard)(nets)
            return
        self.told.update(packet.networks())
        if packet.flags & aurp.LAST:
            self.receiver.state = "connected"

    def _on_zi_rsp(self, packet):
        for net, zone in aurp.parse_zi_rsp(packet.body)[2]:
            self.zones.setdefault(net, set()).add(zone)

    def _on_tickle(self, _):
        self._send(self.sender.conn, aurp.TICKLE_ACK)   # 0 before anybody called: nobody takes it

    def _on_tickle_ack(self, _):
        self.receiver.state = "connected"

    def _on_rd(self, packet):
        self._send(packet.conn, aurp.RI_ACK, packet.seq)
        self._lose()
        self.sender.close()
        self.sender.conn = 0
