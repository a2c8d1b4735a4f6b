"""What goes over a cable, with the time: a packet socket read by a thread."""

import select
import socket
import threading
import time
from dataclasses import dataclass

import appletalk
from appletalk import Aarp, Ddp, Malformed
from aurp import Packet, udp_of


@dataclass
class Frame:
    """One captured frame; `aarp`, `ddp` and `tunnel` are set when it is one."""
    time: float
    outgoing: bool
    raw: bytes
    dst: bytes = b""
    src: bytes = b""
    aarp: Aarp = None
    ddp: Ddp = None
    tunnel: Packet = None

    @classmethod
    def of(cls, raw, outgoing, now):
        frame = cls(now, outgoing, raw, raw[:6], raw[6:12])
        try:
            udp = udp_of(raw)
            if udp:
                frame.tunnel = Packet.decode(udp[2])
                frame.tunnel.source, frame.tunnel.time = udp[0], now
                return frame
            _, _, snap, body = appletalk.parse_elap(raw)
            if snap == appletalk.SNAP_AARP:
                frame.aarp = Aarp.decode(body)
            else:
                frame.ddp = Ddp.decode(body)
        except Malformed:
            pass
        return frame


class Log:
    """Things that arrived, in order; one can wait for the next of a kind."""

    def __init__(self):
        self._items = []
        self._arrival = threading.Condition()

    def add(self, item):
        with self._arrival:
            self._items.append(item)
            self._arrival.notify_all()

    def mark(self):
        """A place to look from later."""
        with self._arrival:
            return len(self._items)

    def since(self, mark=0, wanted=lambda item: True):
        with self._arrival:
            return [item for item in self._items[mark:] if wanted(item)]

    def wait(self, wanted, timeout, mark=0):
        """The first wanted item at or after the mark, or None when the time is over."""
        deadline = time.monotonic() + timeout
        at = mark
        with self._arrival:
            while True:
                for at in range(at, len(self._items)):
                    if wanted(self._items[at]):
                        return self._items[at]
                at = len(self._items)
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._arrival.wait(left)

    def count(self, wanted, number, timeout, mark=0):
        """Waits until that many wanted items are there; returns those that are."""
        deadline = time.monotonic() + timeout
        with self._arrival:
            while True:
                found = [item for item in self._items[mark:] if wanted(item)]
                left = deadline - time.monotonic()
                if len(found) >= number or left <= 0:
                    return found
                self._arrival.wait(left)


class Capture(Log):
    """Every frame on a cable, both directions, from the moment it is made."""

    def __init__(self, cable):
        super().__init__()
        self.cable = cable
        self.sock = cable.socket()
        self.sock.setblocking(False)
        self._busy = threading.Lock()
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

    def on_frame(self, frame):
        """Called by the reading thread for each frame, before it is logged."""

    def _read(self):
        while self._stopped not in select.select([self.sock, self._stopped], [], [])[0]:
            with self._busy:
                try:
                    raw, address = self.sock.recvfrom(65536)
                except OSError:         # nothing there after all; or the cable was unplugged
                    continue
                frame = Frame.of(raw, address[2] == 4, time.monotonic())
                self.on_frame(frame)
                self.add(frame)

    def _catch_up(self):
        """Waits until nothing that is on the cable by now is missing in the log."""
        while self.sock.fileno() >= 0 and select.select([self.sock], [], [], 0)[0]:
            time.sleep(0.001)
        with self._busy:
            pass

    def mark(self):
        self._catch_up()
        return super().mark()

    def since(self, mark=0, wanted=lambda frame: True):
        self._catch_up()
        return super().since(mark, wanted)

    def routing(self, wanted=lambda packet: True, mark=0):
        """The AURP routing packets so far."""
        return [frame.tunnel for frame in self.since(mark)
                if frame.tunnel and frame.tunnel.type == 3 and wanted(frame.tunnel)]
