"""EtherTalk stations in Python: an end node such as a Mac, and a scripted router.

A station is a thread that hears everything on its cable (Capture), answers
what such a machine answers by itself, and logs it all. The test's thread
speaks through it and waits on the log.
"""

import errno
import itertools
import random
import threading
import time

import appletalk as at
from appletalk import Aarp, Addr, Ddp, Malformed, Nbp, NbpTuple, Range, name
from capture import Capture

_serial = itertools.count(1)
STARTUP = Range(0xFF00, 0xFFFE)
ANY_NETWORK = Range(0, 0)


class Silence(AssertionError):
    """An answer that had to come did not."""


def fresh_mac():
    return bytes.fromhex("020000aa") + next(_serial).to_bytes(2, "big")


class Client:
    """What a person at an end node does, whatever the cable: zones, names, echoes.

    Needs a Log of frames with `ddp` and `src`, `send_ddp`, and of us `mac` (our
    address on the link), `addr` and `router`.
    """

    def __init__(self):
        self.zone = None
        self.names = []             # (object, type, socket)
        self._tid = random.randrange(1, 0x8000)
        self._nbp_id = random.randrange(256)

    def ask(self, send, wanted, what, tries=15, patience=1.0):
        """send() until a wanted frame comes back."""
        for _ in range(tries):
            mark = self.mark()
            send()
            frame = self.wait(lambda f: f.src != self.mac and f.ddp and wanted(f), patience, mark)
            if frame:
                return frame
        raise Silence(f"no {what}")

    # --- zones

    def _atp(self, function, index, router=None):
        self._tid += 1
        tid, router = self._tid, router or self.router[0]

        def mine(frame):
            return (frame.ddp.type == at.ATP and frame.ddp.dst == self.addr and
                    frame.ddp.data[2:4] == tid.to_bytes(2, "big"))

        frame = self.ask(lambda: self.send_ddp(router, at.ZIP_SOCKET, at.ATP,
                                               at.atp_zip_request(tid, function, index)),
                         mine, "answer to a zone request")
        return at.parse_atp_zip_response(frame.ddp.data)[1:]

    def _all_zones(self, function, router=None):
        index, zones = 1, []
        while True:
            last, found = self._atp(function, index, router)
            zones += found
            if last:
                return zones
            index += len(found)

    def get_zone_list(self):
        return self._all_zones(at.ZIP_GET_ZONE_LIST)

    def get_local_zones(self, router=None):
        return self._all_zones(at.ZIP_GET_LOCAL_ZONES, router)

    def get_my_zone(self, router=None):
        return self._atp(at.ZIP_GET_MY_ZONE, 0, router)[1]

    # --- names

    def register(self, obj, kind, socket=252):
        self.names.append((name(obj), name(kind), socket))

    def names_asked_for(self, asked):
        """Those of our names that an NBP look-up is about."""
        if asked.zone not in (b"*", b"") and not (self.zone and
                                                  at.same_name(asked.zone, self.zone)):
            return []
        return [NbpTuple(self.addr, socket, 1, obj, kind, b"*") for obj, kind, socket in self.names
                if at.nbp_matches(asked.object, obj) and at.nbp_matches(asked.type, kind)]

    def lookup(self, obj, kind, zone, patience=1.0, tries=10, enough=1):
        """The entities found, by (object, type); asks again while there are not enough."""
        self._nbp_id = (self._nbp_id + 1) % 256
        asked = NbpTuple(self.addr, 253, 0, name(obj), name(kind), name(zone))
        query = Nbp(at.BRRQ, self._nbp_id, [asked]).encode()
        found, mark = {}, self.mark()

        def note(frame):
            if frame.ddp and frame.ddp.type == at.NBP and frame.ddp.dst == self.addr:
                nbp = Nbp.decode(frame.ddp.data)
                if nbp.function == at.LKUP_REPLY and nbp.id == self._nbp_id:
                    found.update({(e.object, e.type): e for e in nbp.tuples})
            return len(found) >= enough

        for _ in range(tries):
            self.send_ddp(self.router[0], at.NBP_SOCKET, at.NBP, query)
            if self.wait(note, patience, mark):
                break
        return found

    # --- echo

    def echo(self, dst, data=b"Hi", timeout=10.0, **more):
        """The frame of the answer, or None."""
        mark = self.mark()
        self.send_ddp(dst, at.AEP_SOCKET, at.AEP, b"\1" + data, 253, **more)
        return self.wait(lambda f: f.src != self.mac and f.ddp and f.ddp.type == at.AEP and
                         f.ddp.dst == self.addr and f.ddp.data == b"\2" + data, timeout, mark)


class Station(Capture):
    """Link level: AARP, sending datagrams, hearing those meant for us."""

    def __init__(self, cable, mac=None):
        self.mac = mac or fresh_mac()
        self.addr = None            # claimed address
        self.range = ANY_NETWORK    # of the cable, once known
        self.router = None          # address and MAC of the router heard last
        self.loyal = False          # stay with that router, whatever others say
        self.multicast = None       # of our zone
        self.amt = {}
        self.mute = False           # hear everything, say nothing by itself
        self.echo_server = True
        self._tentative = None
        self._taken = threading.Event()
        super().__init__(cable)

    # --- hearing

    def on_frame(self, frame):
        if frame.src == self.mac or self.mute:
            return
        if frame.dst != self.mac and not frame.dst[0] & 1:
            return
        try:
            if frame.aarp:
                self._on_aarp(frame)
            elif frame.ddp and self.is_for_us(frame):
                self.on_ddp(frame)
        except Malformed:
            pass                    # logged all the same; the test decides what it means

    def _on_aarp(self, frame):
        aarp = frame.aarp
        if aarp.function == at.AARP_PROBE:
            self.amt.pop(aarp.dst, None)
        else:
            self.amt[aarp.src] = aarp.src_mac
        if self._tentative and (
                (aarp.function == at.AARP_RESPONSE and aarp.src == self._tentative) or
                (aarp.function == at.AARP_PROBE and aarp.dst == self._tentative)):
            self._taken.set()
        if self.addr and aarp.dst == self.addr and aarp.function != at.AARP_RESPONSE:
            self.send_aarp(at.AARP_RESPONSE, self.addr, aarp.src, aarp.src_mac, aarp.src_mac)

    def is_for_us(self, frame):
        dst = frame.ddp.dst
        if frame.dst[0] & 1 and frame.dst not in (at.BROADCAST_MAC, self.multicast):
            return False
        if dst.node == 0xFF:
            return dst.net == 0 or (self.addr and dst.net == self.addr.net)
        return dst == self.addr or dst == self._tentative

    def on_ddp(self, frame):
        """A datagram for us."""
        ddp = frame.ddp
        if ddp.type == at.RTMP_DATA and ddp.dst_socket == at.RTMP_SOCKET and len(ddp.data) >= 4:
            if self.loyal:
                return
            self.router = (Addr(int.from_bytes(ddp.data[:2], "big"), ddp.data[3]), frame.src)
        elif (ddp.type == at.AEP and ddp.dst_socket == at.AEP_SOCKET and self.addr and
                self.echo_server and ddp.data[:1] == b"\1"):
            self.answer(frame, at.AEP_SOCKET, at.AEP, b"\2" + ddp.data[1:])

    # --- speaking

    def send_frame(self, frame):
        """Onto the cable; a frame for a cable that is unplugged is lost, as it would be."""
        for _ in range(2):      # the first error may be of an unplugging that is over
            try:
                self.sock.send(frame)
                return
            except OSError as error:
                if error.errno != errno.ENETDOWN:
                    raise

    def send_aarp(self, function, src, dst, dst_mac=bytes(6), to=at.BROADCAST_MAC):
        aarp = Aarp(function, self.mac, src, dst_mac, dst)
        self.send_frame(at.elap(to, self.mac, at.SNAP_AARP, aarp.encode()))

    def send_to_mac(self, mac, ddp):
        self.send_frame(at.elap(mac, self.mac, at.SNAP_DDP, ddp.encode()))

    def send_ddp(self, dst, socket, kind, data, src_socket=253, **more):
        """Sends a datagram the way an end node does: AARP on the cable, else the router."""
        ddp = Ddp(dst, socket, self.addr, src_socket, kind, data, **more)
        self.send_to_mac(self.mac_for(dst), ddp)
        return ddp

    def answer(self, frame, src_socket, kind, data):
        """Back to who sent the frame, by the MAC it came from."""
        ddp = frame.ddp
        self.send_to_mac(frame.src, Ddp(ddp.src, ddp.src_socket, self.addr, src_socket, kind, data))

    def mac_for(self, dst):
        if dst.node == 0xFF and (dst.net == 0 or dst.net in self.range):
            return at.BROADCAST_MAC
        if dst.node and (dst.net in self.range or dst.net in STARTUP):
            return self.resolve(dst)
        if not self.router:
            raise Silence(f"no router heard, but {dst} is not on our cable")
        return self.router[1]

    def resolve(self, dst, tries=50):
        for _ in range(tries):
            if dst in self.amt:
                return self.amt[dst]
            mark = self.mark()
            self.send_aarp(at.AARP_REQUEST, self.addr, dst)
            self.wait(lambda f: f.aarp and f.aarp.function == at.AARP_RESPONSE and
                      f.aarp.src == dst, 0.2, mark)
        raise Silence(f"nobody answers AARP for {dst}")

    def probe(self, candidate, probes=10, interval=0.2):
        """Tries to claim an address; False if somebody has it."""
        self._taken.clear()
        self._tentative = candidate
        try:
            for _ in range(probes):
                self.send_aarp(at.AARP_PROBE, candidate, candidate)
                if self._taken.wait(interval):
                    return False
        finally:
            self._tentative = None
        self.addr = candidate
        return True


class Node(Client, Station):
    """An end node: acquires an address, browses zones, looks names up, has names, echoes."""

    def __init__(self, cable, mac=None):
        Client.__init__(self)
        Station.__init__(self, cable, mac)

    def on_ddp(self, frame):
        super().on_ddp(frame)
        ddp = frame.ddp
        if ddp.type == at.NBP and ddp.dst_socket == at.NBP_SOCKET and self.addr:
            nbp = Nbp.decode(ddp.data)
            if nbp.function == at.LKUP and nbp.tuples:
                self._on_lookup(nbp)

    def _on_lookup(self, nbp):
        asked = nbp.tuples[0]
        found = self.names_asked_for(asked)
        if found:
            # mac_for() may have to wait for AARP, which this very thread reads.
            threading.Thread(target=self.send_ddp, daemon=True, args=(
                asked.addr, asked.socket, at.NBP, Nbp(at.LKUP_REPLY, nbp.id, found).encode(),
                at.NBP_SOCKET)).start()

    # --- address acquisition (Inside AppleTalk ch. 4 and 8)

    def acquire(self, zone=b"", probes=3, interval=0.05, node=None):
        """Provisional address, GetNetInfo, final address: what a Mac does when it starts."""
        provisional = Addr(random.randrange(STARTUP.first, STARTUP.last), random.randrange(1, 0xFE))
        while not self.probe(provisional, probes, interval):
            provisional = Addr(provisional.net, random.randrange(1, 0xFE))
        reply = self.get_net_info(zone)
        self.range = reply.cable
        self.multicast = reply.multicast
        invalid = reply.flags & at.GNI_ZONE_INVALID
        self.zone = reply.default_zone if invalid else name(zone)
        while True:
            candidate = Addr(random.randint(reply.cable.first, reply.cable.last),
                             node or random.randrange(1, 0xFE))
            if self.probe(candidate, probes, interval):
                return reply
            node = None

    def get_net_info(self, zone=b"", tries=15):
        def send():
            self.send_to_mac(at.BROADCAST_MAC, Ddp(Addr(0, 0xFF), at.ZIP_SOCKET, self.addr,
                                                   at.ZIP_SOCKET, at.ZIP, at.gni_request(zone)))
        frame = self.ask(send, lambda f: f.ddp.type == at.ZIP and f.ddp.data[:1] == b"\6" and
                         f.dst in (self.mac, at.BROADCAST_MAC), "GetNetInfo Reply", tries)
        if not self.loyal:
            self.router = (frame.ddp.src, frame.src)
        return at.GniReply.decode(frame.ddp.data)


class ScriptedRouter(Station):
    """Another router on the cable: says what the test tells it to.

    `routes` maps ranges to distances, `zones` ranges to zone lists (the
    cable's own included, default first). What lies behind it is played by the
    station itself: it answers echoes for every address there.
    """

    def __init__(self, cable, addr, nets, mac=None):
        self.routes = {}
        self.zones = {}
        self.answer_zip = True
        self.queries = []
        self._quit = threading.Event()
        self._announcer = None
        super().__init__(cable, mac)
        self.addr, self.range = addr, nets

    def close(self):
        self.stop_announcing()
        super().close()

    def announce(self, routes=None, cable=None):
        """One RTMP Data packet, now."""
        data = at.RtmpData(self.addr, cable or self.range,
                           list((self.routes if routes is None else routes).items()))
        self.send_to_mac(at.BROADCAST_MAC, Ddp(Addr(0, 0xFF), at.RTMP_SOCKET, self.addr,
                                               at.RTMP_SOCKET, at.RTMP_DATA, data.encode()))

    def start_announcing(self, interval=10.0):
        def loop():
            while True:
                self.announce()
                if self._quit.wait(interval):
                    return
        self._announcer = threading.Thread(target=loop, daemon=True)
        self._announcer.start()

    def stop_announcing(self):
        """Falls silent, as a router does that lost its power."""
        self._quit.set()
        if self._announcer:
            self._announcer.join()
            self._announcer = None
        self._quit.clear()

    def is_for_us(self, frame):
        dst = frame.ddp.dst
        return super().is_for_us(frame) or any(dst.net in nets for nets in self.routes) or (
            dst.node == 0 and (dst.net == 0 or dst.net in self.range))

    def on_ddp(self, frame):
        ddp = frame.ddp
        if any(ddp.dst.net in nets for nets in self.routes):
            if ddp.type == at.AEP and ddp.data[:1] == b"\1":
                self.send_to_mac(frame.src, Ddp(ddp.src, ddp.src_socket, ddp.dst, at.AEP_SOCKET,
                                                at.AEP, b"\2" + ddp.data[1:], hops=1))
            return
        super().on_ddp(frame)
        if ddp.type == at.ZIP and ddp.dst_socket == at.ZIP_SOCKET and self.answer_zip:
            if ddp.data[:1] == b"\1":
                self._on_query(frame)
            elif ddp.data[:1] == b"\5" and self.range in self.zones:
                self._on_gni(frame)
        elif ddp.type == at.RTMP_REQUEST and ddp.data == b"\1":
            cable = at.RtmpData(self.addr, self.range)
            self.answer(frame, at.RTMP_SOCKET, at.RTMP_DATA, cable.encode())

    def _on_query(self, frame):
        asked = at.parse_zip_query(frame.ddp.data)
        self.queries.append((time.monotonic(), asked))
        for nets, zones in self.zones.items():
            if any(net in nets for net in asked):
                pairs = [(nets.first, zone) for zone in zones]
                self.answer(frame, at.ZIP_SOCKET, at.ZIP, at.zip_reply(pairs, len(zones)))

    def _on_gni(self, frame):
        asked, _ = at.take_pascal(frame.ddp.data, 6)
        zones = [name(zone) for zone in self.zones[self.range]]
        valid = any(at.same_name(asked, zone) for zone in zones)
        flags = (0 if valid else at.GNI_ZONE_INVALID) | (
            at.GNI_ONLY_ONE_ZONE if len(zones) == 1 else 0)
        multicast = at.zone_multicast(asked if valid else zones[0])
        reply = at.GniReply(flags, self.range, asked, multicast, None if valid else zones[0])
        self.answer(frame, at.ZIP_SOCKET, at.ZIP, reply.encode())
