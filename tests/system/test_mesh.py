"""Three sites, each connected with each; and what a reload changes and leaves alone."""

import os
import signal
import threading

import pytest

import aurp
from daemon import peer_is
from world import World, has_zones

ALL_ZONES = [b"Zone A", b"Zone B", b"Zone C"]


def hosts_but(own, sites):
    return {site.name: site.address for site in sites if site is not own}


@pytest.fixture(scope="module")
def mesh(binary):
    with World() as world:
        sites = [world.site(name, number) for number, name in enumerate("abc", 1)]
        watch = {site.name: site.capture_tunnel() for site in sites}
        for site in sites:
            site.prepare(site.config(hosts_but(site, sites))).spawn()
        for site in sites:
            for other in sites:
                if other is not site:
                    site.daemon.wait_dump(
                        lambda d, other=other: peer_is(other.name)(d) and has_zones(d, other), 25)
        yield sites, watch


def test_every_site_sees_the_zones_of_all(mesh):
    sites, _ = mesh
    for site in sites:
        assert sorted(site.node().get_zone_list()) == ALL_ZONES


def test_names_are_found_at_every_other_site(mesh):
    sites, _ = mesh
    nodes = {site.name: site.node() for site in sites}
    for name, node in nodes.items():
        node.register(f"Server {name}", "AFPServer")
    for name, node in nodes.items():
        for other in nodes:
            if other != name:
                found = node.lookup("=", "AFPServer", f"Zone {other.upper()}")
                assert (f"Server {other}".encode(), b"AFPServer") in found


def test_aurp_T19_the_way_from_site_to_site_is_direct(mesh):
    sites, watch = mesh
    a, b, c = sites
    bob, carol = b.node(), c.node()
    mark, data = watch["a"].mark(), os.urandom(40)
    assert bob.echo(carol.addr, data)
    assert not [f for f in watch["a"].since(mark) if f.tunnel and data in f.tunnel.raw]
    for site in sites:
        dump = site.daemon.dump()
        for other in sites:
            if other is not site:
                route = dump.route(other.network)
                assert (route["dist"], route["via"]) == ("1", other.name)


def test_when_one_site_leaves_the_others_stay(mesh):
    a, b, c = mesh[0]
    assert c.daemon.stop() == 0
    for site in (a, b):
        site.daemon.wait_dump(lambda d: not has_zones(d, c), 3)
    assert a.node().echo(b.node().addr)
    c.daemon.start()
    for site in (a, b):
        site.daemon.wait_dump(lambda d: has_zones(d, c), 30)


class Pinger:
    """Echoes on and on until the block ends; counts what was lost."""

    def __init__(self, node, to):
        self.node, self.to = node, to
        self.sent = self.lost = 0
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._quit.wait(0.02):
            self.sent += 1
            self.lost += not self.node.echo(self.to, os.urandom(16), timeout=20)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._quit.set()
        self._thread.join()


def test_a_reload_adds_and_removes_a_peer_and_disturbs_nobody(binary):
    with World() as world:
        a, b, c = (world.site(name, number) for number, name in enumerate("abc", 1))
        for site, peers in ((a, [b]), (b, [a, c]), (c, [a, b])):
            site.prepare(site.config({peer.name: peer.address for peer in peers})).spawn()
        a.daemon.wait_dump(lambda d: has_zones(d, b), 25)
        c.daemon.wait_dump(lambda d: has_zones(d, b), 25)
        watch, alice, bob = a.capture_tunnel(), a.node(), b.node()
        before = a.daemon.dump().row("peers", peer="b")

        with Pinger(alice, bob.addr) as pinger:
            mark = watch.mark()
            a.daemon.write_config(a.config({"b": b.address, "c": c.address}))
            a.daemon.signal(signal.SIGHUP)
            a.daemon.wait_dump(lambda d: peer_is("c")(d) and has_zones(d, c), 15)
            assert sorted(alice.get_zone_list()) == ALL_ZONES

            a.daemon.write_config(a.config({"b": b.address}))
            a.daemon.signal(signal.SIGHUP)
            a.daemon.wait_dump(lambda d: not d.rows("peers", peer="c") and not has_zones(d, c), 10)
        assert pinger.sent >= 10 and pinger.lost == 0

        with_b = watch.routing(lambda p: b.address in (p.source[0], str_of(p.dst_di)), mark)
        assert not [p for p in with_b if p.command in (aurp.OPEN_REQ, aurp.RI_REQ, aurp.RD)]
        with_c = watch.routing(lambda p: p.source[0] == a.address and str_of(p.dst_di) == c.address,
                               mark)
        assert [p for p in with_c if p.command == aurp.RD], "c was not told"
        after = a.daemon.dump().row("peers", peer="b")
        assert (after["recv"], after["send"]) == ("connected", "connected")
        assert (after["routes"], after["told"]) == (before["routes"], before["told"])


def str_of(di):
    return ".".join(map(str, di[4:]))


def test_a_wrong_file_changes_nothing_at_reload(mesh):
    a, b, _ = mesh[0]
    mark = a.daemon.lines.mark()
    good = a.daemon.config.read_text()
    a.daemon.write_config(good.replace("seed = hard", "sead = hard"))
    a.daemon.signal(signal.SIGHUP)
    line = a.daemon.lines.wait(lambda line: "aurpd.conf:" in line, 20, mark)
    number = 1 + good[:good.index("seed = hard")].count("\n")
    assert line and f"aurpd.conf:{number}: " in line and "sead" in line
    dump = a.daemon.dump()
    assert peer_is("b")(dump) and has_zones(dump, b)
    a.daemon.write_config(good)
