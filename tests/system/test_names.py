"""Peers by name: names that nobody knows, then somebody does; several addresses, one alive."""

import time

import pytest

import aurp
from appletalk import Range
from daemon import peer_is
from lag import spent
from nameserver import NameServer
from world import World


@pytest.fixture
def town(binary):
    """A site, a name server, and a scripted peer."""
    with World() as world:
        site = world.site("a", 1)
        server = world.keep(NameServer(world.wan.ns, world.wan.own("10.99.0.53")))
        peer = world.peer(101, {Range(900, 900): (0, ["Far"])}, site)
        site.prepare(site.config({"p": "office.test"}), nameserver=server.address)
        yield site, server, peer


def test_a_name_is_resolved(town):
    site, server, peer = town
    server.names["office.test"] = [peer.address]
    site.daemon.start()
    site.daemon.wait_dump(peer_is("p", "connected", "unconnected"), 10)
    row = site.daemon.dump().row("peers", peer="p")
    assert (row["host"], row["addr"]) == ("office.test", f"{peer.address}:387")


def test_a_name_nobody_knows_is_said_once_and_resolved_later(town):
    site, server, peer = town
    site.daemon.start()
    about = lambda line: "office.test" in line and " debug: " not in line       # noqa: E731
    assert site.daemon.lines.wait(about, 20)
    time.sleep(8)
    assert server.asked.count("office.test") >= 2, "not asked again"
    assert len(site.daemon.lines.since(0, about)) == 1
    server.names["office.test"] = [peer.address]
    site.daemon.wait_dump(lambda d: d.route("900-900"), 60, "the name to be resolved")


def test_a_dead_address_among_several_is_passed_over(town):
    site, server, peer = town
    server.names["office.test"] = ["10.99.0.99", peer.address]
    site.daemon.start()
    assert peer.wait_for(aurp.OPEN_REQ, 120)
    site.daemon.wait_dump(lambda d: d.route("900-900"), 10)


def test_a_name_server_that_is_down_holds_nothing_up(town):
    site, server, peer = town
    server.close()
    config = site.config({"p": "office.test", "q": peer.address})
    site.daemon.write_config(config)
    began = time.monotonic()
    site.daemon.start()
    site.daemon.wait_dump(peer_is("q", "connected", "unconnected"), 10)
    assert spent(began) < 10
