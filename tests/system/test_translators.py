"""Sites behind home routers that translate addresses, and what such routers do to a tunnel.

A hub that everybody can reach, and beside each other the sites of people whose home routers do
everything that home routers do: keep the port or change it, forget it, come back with another
one; reject, close or take what nobody asked for; stand behind the router of a provider.
"""

import os
import time
from types import SimpleNamespace

import pytest

import aurp
from capture import Capture
from daemon import peer_is
from lag import spent
from translator import Translator
from world import World, connect_pair, has_zones

OTHER_PORTS = "to :10000-20000"
HOMES = {                       # what a home router does: (ports, unwanted)
    "keeps": ("", "dropped"),
    "keeps-rejects": ("", "rejected"),
    "keeps-closed": ("", "closed"),
    "keeps-taken": ("", "taken"),
    "changes": (OTHER_PORTS, "dropped"),
    "changes-closed": (OTHER_PORTS, "closed"),
    "random": (OTHER_PORTS + " random", "rejected"),
    "provider": (OTHER_PORTS, "dropped"),       # behind another one, of the provider
}
SOON = 20               # seconds from the start until all is known on both sides
FORGOTTEN = 100         # seconds: keep-alive, the old place is given up, calls; a busy machine
QUIET = 70              # longer than a cheap translator remembers
MEMORY = (30, 30)


class Home:
    """A site behind a translator, whose peer is the hub, and the hub's view of it."""

    def __init__(self, world, hub, number, name, **box):
        self.hub, self.name = hub, name
        ports, unwanted = HOMES.get(name, ("", "dropped"))
        box = {"ports": ports, "unwanted": unwanted, "memory": MEMORY, **box}
        place, address = None, world.own(number)
        self.provider = None
        if name == "provider":
            self.provider = place = Translator(world, "cgn", address, **box)
            address = place.inner(1)
        self.box = Translator(world, f"{name}-box", address, place, **box)
        self.outside = self.provider or self.box        # as the hub sees it
        self.site = world.site(name, number, behind=self.box)
        self.node = None

    def run(self, address="auto", **options):
        self.site.run(self.site.config({"hub": self.hub.address}, address=address, **options))

    def is_joined(self):
        """Do both sides know each other's zones, over two connections?"""
        ours, theirs = self.site.daemon.dump(), self.hub.daemon.dump()
        return (peer_is("hub")(ours) and has_zones(ours, self.hub) and
                peer_is(self.name)(theirs) and has_zones(theirs, self.site))

    def join(self, timeout):
        """Waits until it is joined; how long that took."""
        began = time.monotonic()
        while not self.is_joined():
            assert spent(began) < timeout, (f"{self.name}:\n{self.site.daemon.dump().text}\n"
                                            f"{self.hub.daemon.dump().text}")
            time.sleep(0.2)
        return spent(began)


@pytest.fixture(scope="module")
def homes(binary):
    """The hub and {name: Home}, all of them started."""
    with World() as world:
        hub = world.site("hub", 1)
        found = {name: Home(world, hub, number, name) for number, name in enumerate(HOMES, 2)}
        hub.run(hub.config({name: home.outside.address for name, home in found.items()}))
        for home in found.values():
            home.run()
        caller = hub.node()
        for home in found.values():
            home.node = home.site.node()
        yield SimpleNamespace(world=world, hub=hub, caller=caller, of=found)


def is_reached(homes, home):
    """From outside; who speaks first is the one that a translator does not expect."""
    return homes.caller.echo(home.node.addr, os.urandom(20))


def works(homes, home):
    return is_reached(homes, home) and home.node.echo(homes.caller.addr, os.urandom(20))


@pytest.mark.parametrize("name", HOMES)
def test_a_site_behind_a_translator_that_lists_only_the_hub_is_connected(homes, name):
    home = homes.of[name]
    home.join(SOON)
    assert works(homes, home)


@pytest.fixture(scope="module")
def neighbours(homes):
    """Pairs of sites that can be called, one for each `keepalive`: {keepalive: (one, two)}."""
    world, pairs = homes.world, {}
    for number, keepalive in enumerate(("auto", "0", "10")):
        one, two = (world.site(f"{side}{number}", 20 + 2 * number + i)
                    for i, side in enumerate("xy"))
        connect_pair(one, two, tunnel_more=f"keepalive = {keepalive}")
        pairs[keepalive] = one, two
    return pairs


@pytest.fixture(scope="module")
def quiet(homes, neighbours):
    """All are joined, and nothing happens for longer than their translators remember."""
    taps = {name: home.outside.tap for name, home in homes.of.items()}
    taps |= {name: pair[0].tap for name, pair in neighbours.items()}
    time.sleep(12)              # what the start itself had to tell is told
    watch = {name: homes.world.keep(Capture(tap)) for name, tap in taps.items()}
    time.sleep(QUIET)
    return {name: [f.tunnel for f in watch[name].since() if f.tunnel] for name in watch}


@pytest.mark.timeout(QUIET + 180)
@pytest.mark.parametrize("name", HOMES)
def test_a_tickle_in_time_keeps_the_translator_from_forgetting(homes, quiet, name):
    home, packets = homes.of[name], quiet[name]
    assert is_reached(homes, home)
    assert {p.name for p in packets} <= {"Tickle", "Tickle-Ack"}, [str(p) for p in packets]
    ports = {p.source for p in packets if p.source[0] == home.outside.address}
    assert len(ports) == 1, "the translator has forgotten"
    tickles = [p for p in packets if p.command == aurp.TICKLE]
    assert QUIET // 25 <= len(tickles) <= 2 * (QUIET // 25 + 1)


@pytest.mark.timeout(QUIET + 180)
@pytest.mark.parametrize("keepalive, tickles", (("auto", 0), ("0", 0), ("10", QUIET // 10)))
def test_sites_that_can_be_called_stay_quiet_unless_told_otherwise(neighbours, quiet, keepalive,
                                                                   tickles):
    packets = quiet[keepalive]
    # One of them comes first each time; the other has sent its answer then.
    addresses = [site.address for site in neighbours[keepalive]]
    sent = [p for p in packets if p.source[0] in addresses and p.command == aurp.TICKLE]
    assert abs(len(sent) - tickles) <= 2 + tickles // 2
    assert tickles or len(packets) <= 4, [str(p) for p in packets]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", HOMES)
def test_what_a_translator_forgets_comes_back_by_itself(homes, forgotten, name):
    assert forgotten[name] is not None and forgotten[name] < FORGOTTEN


def back_after(homes, event):
    """{name: seconds} until each site is reached from outside and joined again, None: never."""
    marks, took = {}, {}
    for name, home in homes.of.items():
        home.join(SOON)
        event(home)
        marks[name], took[name] = time.monotonic(), None
    deadline = time.monotonic() + 3 * FORGOTTEN
    while None in took.values() and time.monotonic() < deadline:
        for name, home in homes.of.items():
            if took[name] is None and home.is_joined() and homes.caller.echo(
                    home.node.addr, os.urandom(20), timeout=0.3):
                took[name] = spent(marks[name])
    return took


@pytest.fixture(scope="module")
def forgotten(homes, quiet):
    """Every translator forgets everything."""
    return back_after(homes, lambda home: home.outside.forget())


@pytest.fixture(scope="module")
def rebooted(homes, forgotten):
    """Every translator is away for two seconds, and those that change ports give others now."""
    def reboot(home):
        home.outside.reboot(home.outside.ports.replace("10000-20000", "30000-40000"))
    return back_after(homes, reboot)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", HOMES)
def test_a_translator_that_reboots_moves_the_site_to_another_port(homes, rebooted, name):
    assert rebooted[name] is not None and rebooted[name] < FORGOTTEN
    assert works(homes, homes.of[name])
