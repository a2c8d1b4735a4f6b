"""The rig of the router tests: two cables, a neighbour router, an end node on either cable.

    node, neighbour --- cable 3-5 (EtherTalk, Café) --- aurpd --- cable 6-6 (Lab) --- other

The neighbour, 5.200, has network 20 (zone Far, distance 2) and 30-34 (zones
East and Café, distance 1).
"""

import contextlib
import os

import appletalk as at
from appletalk import Addr, Ddp, Range
from daemon import port_is_up
from lag import rest
from world import World, ethertalk

CABLE, OTHER_CABLE = Range(3, 5), Range(6, 6)
FAR, EAST = Range(20, 20), Range(30, 34)


class Rig:
    def __init__(self, world):
        a = world.site("a", 1, ("lan0", "lan1"))
        self.site = a
        self.neighbour = a.router(Addr(5, 200), CABLE)
        self.neighbour.routes = {FAR: 2, EAST: 1}
        self.neighbour.zones = {CABLE: ["EtherTalk", "Café"], FAR: ["Far"], EAST: ["East", "Café"]}
        self.watch = a.capture("lan0")
        self.other_watch = a.capture("lan1")
        lans = (ethertalk("lan", "lan0", "3-5", ("EtherTalk", "Café")) +
                ethertalk("other", "lan1", "6-6", ("Lab",)))
        self.daemon = a.run(a.config({}, lans))
        self.neighbour.start_announcing()
        self.daemon.wait_dump(lambda d: port_is_up("lan")(d) and port_is_up("other")(d), 12)
        self.daemon.wait_dump(lambda d: len(d.rows("zones")) == 5, 12, "all five zones")
        self.node, self.other = a.node(), a.node(device="lan1")
        self.addr, self.mac = self.node.router
        self.other_addr, self.other_mac = self.other.router

    def mark(self):
        return self.watch.mark(), self.other_watch.mark()

    def said(self, marks, kinds=None):
        """What the router sent on both cables since, but RTMP Data and its talk with its peers."""
        found = []
        for watch, mark in zip((self.watch, self.other_watch), marks):
            found += [f for f in watch.since(mark) if not f.outgoing and (f.ddp or f.aarp) and
                      not (f.ddp and f.ddp.type in (at.RTMP_DATA, at.ZIP) and
                           f.ddp.dst_socket in (at.RTMP_SOCKET, at.ZIP_SOCKET))]
        return [f for f in found if kinds is None or (f.ddp and f.ddp.type in kinds)]

    @contextlib.contextmanager
    def silence(self, wait=0.4):
        """Nothing but its regular traffic may leave the router because of the block.

        It hears the block and goes on: what is sent after it, on the same cable, is answered.
        """
        marks = self.mark()
        yield
        rest(wait)
        assert not (said := self.said(marks)), said
        self.lives()

    def lives(self):
        assert self.node.echo(self.addr, os.urandom(8)), "the router is dead"

    def tells(self, data, src=None, mac=None, **more):
        """A datagram of RTMP to the router's socket, from the neighbour unless said otherwise."""
        sender = self.neighbour
        ddp = Ddp(Addr(0, 0xFF), at.RTMP_SOCKET, src or sender.addr, at.RTMP_SOCKET, at.RTMP_DATA,
                  data, **more)
        sender.send_frame(at.elap(at.BROADCAST_MAC, mac or sender.mac, at.SNAP_DDP, ddp.encode()))

    def routes(self):
        return {row["net"]: (row["dist"], row["via"], row["state"])
                for row in self.daemon.dump().rows("routes")}

    def drops(self):
        return self.daemon.dump().drops()


@contextlib.contextmanager
def rig():
    with World() as world:
        yield Rig(world)
