"""Peers by name: names that do not resolve, then do, then mean another address."""

import time

import pytest

import aurp
from appletalk import Range
from daemon import peer_is
from world import World


def hosts(**names):
    return "127.0.0.1 localhost\n" + "".join(f"{address} {name}.test\n"
                                             for name, address in names.items())


@pytest.fixture
def site(binary):
    with World() as world:
        yield world.site("a", 1)


def test_a_name_is_resolved(site):
    peer = site.world.peer(101, {Range(900, 900): (0, ["Far"])}, site)
    site.run(site.config({"p": "office.test"}), hosts=hosts(office=peer.address))
    site.daemon.wait_dump(peer_is("p", "connected", "unconnected"), 10)
    row = site.daemon.dump().row("peers", peer="p")
    assert (row["host"], row["addr"]) == ("office.test", f"{peer.address}:387")


def test_a_name_nobody_knows_is_said_once_and_resolved_later(site):
    peer = site.world.peer(101, {Range(900, 900): (0, ["Far"])}, site)
    site.run(site.config({"p": "office.test", "q": peer.address.replace("101", "102")}),
             hosts=hosts())
    line = site.daemon.lines.wait(lambda line: "office.test" in line, 10)
    assert line
    time.sleep(8)
    assert len(site.daemon.lines.since(0, lambda line: "office.test" in line and
                                       "debug" not in line.lower())) <= 2
    site.daemon.hosts.write_text(hosts(office=peer.address))
    site.daemon.wait_dump(lambda d: d.route("900-900"), 60, "the name to be resolved")


def test_a_dead_address_among_several_is_passed_over(site):
    peer = site.world.peer(101, {Range(900, 900): (0, ["Far"])}, site)
    both = hosts() + f"10.99.0.99 office.test\n{peer.address} office.test\n"
    site.run(site.config({"p": "office.test"}), hosts=both)
    assert peer.wait_for(aurp.OPEN_REQ, 60)
    site.daemon.wait_dump(lambda d: d.route("900-900"), 10)
