"""Sites that cannot be called, or share the address they are called at.

The README's promise that one forwarded port is enough, word by word; sites behind the one
address of a provider; and a neighbour behind that address who would like to be one of them.
"""

import os
import re
import time

import pytest

import aurp
from appletalk import Range
from daemon import ROOT, peer_is
from nameserver import NameServer
from peer import Peer
from translator import Translator
from world import World, has_zones

OTHER_PORTS = "to :10000-20000"
SOON = 20


def wait_joined(one, two, timeout=SOON):
    """`one` and `two`: sites; each knows the other's zones over both connections."""
    for site, other in ((one, two), (two, one)):
        site.daemon.wait_dump(lambda d, other=other: peer_is(other.name)(d) and has_zones(d, other),
                              timeout, f"{other.name} to be joined")


def readme_configuration():
    """What the README tells site A to write."""
    text = (ROOT / "README.md").read_text()
    return re.search(r"Write `/etc/aurpd/aurpd.conf`.*?```\n(.*?)```", text, re.DOTALL)[1]


@pytest.mark.parametrize("who", ("attic", "museum"))
@pytest.mark.parametrize("ports", ("", OTHER_PORTS), ids=("kept", "changed"))
@pytest.mark.timeout(300)
def test_one_forwarded_port_is_enough_as_the_readme_says(binary, who, ports):
    """Two real sites, step by step; the home router of `who` forwards, the other's does not."""
    with World(net="203.0.113") as world:
        boxes = {name: Translator(world, f"{name}-box", world.own(number), None, ports,
                                  memory=(30, 30))
                 for name, number in (("attic", 7), ("museum", 8))}
        boxes[who].open(387, boxes[who].inner(1), 387)
        attic = world.site("attic", 1, behind=boxes["attic"])
        museum = world.site("museum", 2, behind=boxes["museum"])
        server = world.keep(NameServer(world.wan.ns, world.wan.own(world.own(53))))
        server.names["museum.example.net"] = [museum.address]
        here = readme_configuration()
        assert attic.address in here and "museum.example.net" in here
        here = here.replace("eth0", "lan0")
        # "Site B is the same with its own name, address, network and zones"
        there = here.replace(attic.address, museum.address).replace(
            "100-101", "200-201").replace('"attic"', '"museum"').replace("Game Room", "Museum")
        there = re.sub(r'peer "museum" \{ .*? \}', f'peer "attic" {{ host = "{attic.address}" }}',
                       there)
        attic.zones, museum.zones = ["Game Room"], ["Museum"]
        for site, text in ((attic, here), (museum, there)):
            files = 'router {\n dump-file = "@dir@/dump"\n state-file = "@dir@/addresses"\n'
            site.run(text.replace("router {\n", files, 1), nameserver=server.address)
        wait_joined(attic, museum)
        ada, mona = attic.node(), museum.node()
        assert ada.echo(mona.addr, os.urandom(20)) and mona.echo(ada.addr, os.urandom(20))
        # "... and the traffic keeps it open", when nobody has any for a while
        time.sleep(40)
        assert ada.echo(mona.addr, os.urandom(20)) and mona.echo(ada.addr, os.urandom(20))


class Shared:
    """Sites b and c behind one address, and a hub."""

    def __init__(self, world, ports=OTHER_PORTS, **box):
        self.world = world
        self.hub = world.site("hub", 1)
        self.box = Translator(world, "box", world.own(2), None, ports, **box)
        self.sites = [world.site(name, number, behind=self.box)
                      for name, number in (("b", 2), ("c", 3))]

    def run(self, peers, more="", own="auto"):
        """`peers`: of the hub."""
        self.hub.run(self.hub.config(peers, tunnel_more=more))
        for site in self.sites:
            site.run(site.config({"hub": self.hub.address}, address=own))

    def join_first(self):
        """Site b alone, which the hub has by the address and nothing else."""
        b = self.sites[0]
        self.hub.run(self.hub.config({"b": self.box.address}))
        b.run(b.config({"hub": self.hub.address}, address="auto"))
        wait_joined(self.hub, b)

    def works(self, site):
        return site.node().echo(self.hub.node().addr, os.urandom(20))


def test_two_sites_behind_one_address_are_told_apart_by_their_ports(world):
    shared = Shared(world)
    b, c = shared.sites
    for outside, number in ((387, 1), (388, 2)):
        shared.box.open(outside, shared.box.inner(number), 387)
    address = shared.box.address
    shared.run({"b": address, "c": f'host = "{address}" port = 388'}, own=address)
    for site in (b, c):
        wait_joined(shared.hub, site)
        assert shared.works(site)


def test_two_sites_behind_one_address_are_told_apart_by_their_domain_identifiers(world):
    shared = Shared(world)
    address = shared.box.address
    shared.run({site.name: f'host = "{address}" domain-identifier = "{shared.box.inner(number)}"'
                for number, site in enumerate(shared.sites, 1)})
    for site in shared.sites:
        wait_joined(shared.hub, site)
        assert shared.works(site)


def test_with_neither_the_second_behind_an_address_is_a_stranger(world):
    shared = Shared(world)
    b, c = shared.sites
    shared.join_first()
    c.run(c.config({"hub": shared.hub.address}, address="auto"))
    deadline = time.monotonic() + 12
    while time.monotonic() < deadline:
        dump = shared.hub.daemon.dump()
        assert peer_is("b")(dump) and has_zones(dump, b) and not has_zones(dump, c)
        time.sleep(0.5)
    assert not has_zones(c.daemon.dump(), shared.hub)
    assert shared.works(b)


def test_with_neither_both_become_peers_where_strangers_are_let_in(world):
    shared = Shared(world)
    shared.run({}, more="accept-unknown = yes")
    for site in shared.sites:
        shared.hub.daemon.wait_dump(lambda d, s=site: has_zones(d, s), SOON, f"{site.name}'s zones")
        site.daemon.wait_dump(lambda d: peer_is("hub")(d) and has_zones(d, shared.hub), SOON)
        assert shared.works(site)


class Flat:
    """A site, and scripted routers that share one address."""

    def __init__(self, world, more="", **peers):
        self.world, self.site = world, world.site("a", 1)
        self.address = world.wan.own(world.own(50))
        self.site.run(self.site.config(
            {name: f'host = "{self.address}" {text}' for name, text in peers.items()},
            tunnel_more=more))

    def router(self, port, di, net):
        peer = Peer(self.world.wan.ns, self.address, {Range(net, net): (0, [f"Zone {net}"])},
                    self.site.address, port)
        peer.di = aurp.ip_di(di)
        return self.world.keep(peer)

    def call(self, peer, times=4):
        """It calls until it is answered, as everybody does; was it?"""
        for _ in range(times):
            mark = peer.mark()
            peer.open_req()
            if peer.wait_for(aurp.OPEN_RSP, 2.5, mark):
                return True
        return False

    def hears(self, net):
        self.site.daemon.wait_dump(lambda d: d.zones(f"{net}-{net}") == [f"Zone {net}"], 10,
                                   f"network {net}")


@pytest.mark.parametrize("first, second", (
    ((40001, "192.168.1.5"), (40002, "192.168.1.5")),   # the same address in two homes
    ((388, "10.99.0.50"), (387, "10.99.0.50")),         # both say the address that they share
    ((40001, "10.0.0.5"), (387, "10.0.0.6")),           # a translator kept the second one's port
))
def test_strangers_at_one_address_all_become_peers(world, first, second):
    flat = Flat(world, more="accept-unknown = yes")
    one, two = flat.router(*first, 500), flat.router(*second, 510)
    for peer, net in ((one, 500), (two, 510)):
        assert flat.call(peer)
        flat.hears(net)
    assert flat.site.daemon.dump().zones("500-500") == ["Zone 500"]


def test_a_neighbour_that_calls_itself_like_a_peer_is_said_to_be_a_stranger(world):
    flat = Flat(world, b="")
    one, two = flat.router(40001, "192.168.1.5", 500), flat.router(40002, "192.168.1.5", 510)
    assert flat.call(one)
    flat.hears(500)
    assert not flat.call(two, 3)
    assert flat.site.daemon.lines.wait(lambda line: "10.99.0.50:40002 wants to connect" in line, 5)
    assert flat.site.daemon.dump().row("peers", peer="b")["addr"] == "10.99.0.50:40001"


def test_an_identifier_counts_where_another_peer_is_dialled(world):
    """The translator has kept the port 387 of the one that stands second in our list."""
    flat = Flat(world, b='domain-identifier = "10.0.0.5"', c='domain-identifier = "10.0.0.6"')
    two, one = flat.router(387, "10.0.0.6", 510), flat.router(40001, "10.0.0.5", 500)
    assert flat.call(two)
    flat.hears(510)
    assert flat.call(one)
    flat.hears(500)
    dump = flat.site.daemon.dump()
    assert dump.row("peers", peer="b")["addr"] == "10.99.0.50:40001"
    assert dump.row("peers", peer="c")["addr"] == "10.99.0.50:387"
    assert dump.zones("510-510") == ["Zone 510"]


def test_aurp_X6_a_neighbour_behind_the_same_address_does_not_take_a_peers_place(world):
    """He can be called back at a place of his own and answers; but the peer still lives."""
    shared = Shared(world)
    b, other = shared.sites
    shared.join_first()
    bob, carol = b.node(), shared.hub.node()
    neighbour = world.keep(Peer(other.ns, shared.box.inner(2), {Range(900, 901): (0, ["Evil"])},
                                shared.hub.address))
    for _ in range(30):
        neighbour.open_req()
        time.sleep(0.5)
        assert carol.echo(bob.addr, os.urandom(20))
    assert neighbour.all_of(aurp.OPEN_REQ) == []
    assert neighbour.all_of(aurp.RI_RSP) == [] and neighbour.all_of(aurp.ZI_RSP) == []
    dump = shared.hub.daemon.dump()
    assert peer_is("b")(dump) and has_zones(dump, b) and not dump.route("900-901")
