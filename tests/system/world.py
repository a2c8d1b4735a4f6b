"""Sites: a namespace with an aurpd, its EtherTalk cable and its place on the IP network."""

import contextlib
import os

from appletalk import Addr, Range, mac
from capture import Capture
from daemon import Daemon, peer_is
from net import Lab, Wan
from node import Node, ScriptedRouter
from peer import Peer


def quoted(words):
    return "{ " + ", ".join(f'"{word}"' for word in words) + " }"


def section(head, *lines):
    """A section of the configuration file; empty lines are left out."""
    return "\n".join((f"{head} {{", *(f"    {line}" for line in lines if line), "}\n"))


def ethertalk(name="lan", device="lan0", network="100-101", zones=("Zone A",), seed="hard",
              more=""):
    return section(f'ethertalk "{name}"', f'device = "{device}"', f"seed = {seed}",
                   network and f'network = "{network}"', network and f"zones = {quoted(zones)}",
                   more)


def localtalk(kind, name, device, network, zone, seed="hard", more=""):
    """A port of kind ltoudp or tashtalk."""
    return section(f'{kind} "{name}"', f'device = "{device}"', f"seed = {seed}",
                   network and f"network = {network}", network and f'zone = "{zone}"', more)


def tunnel(peers, name="wan", listen="0.0.0.0:387", more=""):
    """`peers`: {name: host}, or the whole text of a section in the place of a host."""
    sections = {peer: host if "=" in host else f'host = "{host}"' for peer, host in peers.items()}
    return section(f'tunnel "{name}"', f'listen = "{listen}"', more,
                   *(f'peer "{peer}" {{ {text} }}' for peer, text in sections.items()))


def router(name, address="auto", log_level="debug"):
    return section("router", f'name = "{name}"', f'public-address = "{address}"',
                   'dump-file = "@dir@/dump"', 'state-file = "@dir@/addresses"',
                   f"log-level = {log_level}")


class Site:
    """Where one aurpd lives. `address` is its place on the IP network, for the others: that of
    its translator if it is behind one."""

    def __init__(self, world, name, number, cables=("lan0",), behind=None):
        self.world, self.name, self.number = world, name, number
        self.ns = world.lab.machine(name)
        self.address = behind.address if behind else world.own(number)
        self.tap = behind.join(self.ns) if behind else world.wan.join(self.ns, self.address)
        self.cables = {device: world.lab.cable(self.ns, device) for device in cables}
        self.cable = self.cables.get("lan0")
        self.range = Range(number * 100, number * 100 + 1)
        self.zones = [f"Zone {name.upper()}"]
        self.daemon = None

    @property
    def network(self):
        return f"{self.range.first}-{self.range.last}"

    def config(self, peers, lan=None, tunnel_more="", log_level="debug", address=None):
        """The plain configuration: a hard-seeded cable and one tunnel. `peers`: see tunnel()."""
        lan = lan if lan is not None else ethertalk(network=self.network, zones=self.zones)
        return (router(self.name, address or self.address, log_level) + lan +
                tunnel(peers, more=tunnel_more))

    def run(self, config, **more):
        """Makes the daemon and starts it; it is stopped with the world."""
        return self.prepare(config, **more).start()

    def prepare(self, config, **more):
        self.daemon = Daemon(self.ns, config, **more)
        self.world.daemons.append(self.daemon)
        return self.daemon

    def node(self, zone=b"", device="lan0", **more):
        """A new end node on the cable, with an address; its router is ours, whoever else is one."""
        node = self.world.keep(Node(self.cables[device]))
        node.acquire(zone, **more)
        node.router, node.loyal = self.port_address(device), True
        return node

    def port_address(self, device="lan0"):
        """Address and MAC of aurpd's port on this device."""
        row = self.daemon.dump().row("ports", kind="ethertalk", device=device)
        net, number = row["addr"].split(".")
        return Addr(int(net), int(number)), mac(row["mac"])

    def bare_node(self, device="lan0"):
        """A station on the cable that has done nothing yet."""
        return self.world.keep(Node(self.cables[device]))

    def router(self, addr, nets, device="lan0"):
        return self.world.keep(ScriptedRouter(self.cables[device], addr, nets))

    def capture(self, device="lan0"):
        return self.world.keep(Capture(self.cables[device]))

    def capture_tunnel(self):
        return self.world.keep(Capture(self.tap))


class World:
    """A laboratory with sites; closing it stops every daemon in good order.

    `net`: the IP network between the sites, three of its four numbers.
    """

    def __init__(self, mtu=1500, tag=None, net="10.99.0"):
        self.lab, self.net = Lab(tag), net
        self.wan = Wan(self.lab, mtu)
        self.daemons, self._kept = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def own(self, number):
        """An address of the network between the sites."""
        return f"{self.net}.{number}"

    def site(self, name, number, cables=("lan0",), behind=None):
        return Site(self, name, number, cables, behind)

    def peer(self, number, networks=None, dut=None):
        """A scripted peer with that number on the IP network; `dut` is the site it talks to."""
        address = self.wan.own(self.own(number))
        return self.keep(Peer(self.wan.ns, address, networks, dut and dut.address))

    def keep(self, closable):
        self._kept.append(closable)
        return closable

    def close(self):
        """Ends everything; a daemon that does not end well is a failure."""
        with contextlib.ExitStack() as rest:
            rest.callback(self.lab.close)
            for closable in self._kept:
                rest.callback(closable.close)
            problems = end_all(self.daemons)
        assert not problems, "\n".join(problems)


def end_all(daemons):
    """SIGTERM to all at once; what was wrong with their ends or their logs."""
    problems = []
    running = [daemon for daemon in daemons if daemon.running]
    for daemon in running:
        daemon.process.terminate()
    for daemon in running:
        try:
            code = daemon.wait(60)
        except Exception:       # the reason does not matter: it had to end and did not
            problems.append(f"aurpd did not end on SIGTERM:\n{daemon.log}")
            continue
        if code:
            problems.append(f"aurpd ended with status {code}:\n{daemon.log}")
    for daemon in daemons:
        if "Sanitizer" in daemon.log or "runtime error" in daemon.log:
            problems.append(f"a sanitizer complained:\n{daemon.log}")
        daemon.close()
    return problems


def connect_pair(one, two, **more):
    """Runs aurpd at both sites, each the other's peer, and waits until both are connected."""
    one.prepare(one.config({two.name: two.address}, **more)).spawn()
    two.prepare(two.config({one.name: one.address}, **more)).spawn()
    for site, other in ((one, two), (two, one)):
        site.daemon.wait_dump(peer_is(other.name), 20, "the tunnel to be connected")
        site.daemon.wait_dump(lambda dump, other=other: has_zones(dump, other), 20, "zones")


def has_zones(dump, site):
    """Does the dump show the other site's network with all its zones?"""
    return set(site.zones) <= set(dump.zones(site.network))


class Pair:
    """Sites a and b, connected, with a node on either cable."""

    def __init__(self, world, **more):
        self.world = world
        self.a, self.b = world.site("a", 1), world.site("b", 2)
        connect_pair(self.a, self.b, **more)
        self.alice, self.bob = self.a.node(), self.b.node()

    def works(self):
        return self.alice.echo(self.bob.addr, os.urandom(20))

    def recovers(self, timeout=90):
        """The tunnel and everything behind it are there again."""
        for site, other in ((self.a, self.b), (self.b, self.a)):
            site.daemon.wait_dump(peer_is(other.name), timeout, "the tunnel to be connected")
            site.daemon.wait_dump(lambda d, other=other: has_zones(d, other), timeout, "zones")
        assert self.works()
