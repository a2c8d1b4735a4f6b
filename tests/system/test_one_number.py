"""One number at two sites, and zones that nobody could choose: what a third site shows."""

from appletalk import Range
from daemon import peer_is
from world import World, ethertalk

NET = "300-301"


def run(site, peers, zones):
    site.range, site.zones = Range(300, 301), zones
    site.run(site.config(peers, ethertalk(network=NET, zones=zones)))


def test_the_chooser_shows_the_zones_of_the_site_that_is_reached(binary):
    with World() as world:
        a, b, c = (world.site(name, number) for number, name in enumerate("abc", 1))
        a.run(a.config({"b": b.address, "c": c.address}))
        run(b, {"a": a.address}, ["Zone B", "Both"])
        a.daemon.wait_dump(lambda d: set(d.zones(NET)) == {"Zone B", "Both"}, 30)
        run(c, {"a": a.address}, ["Both", "Zone C"])
        a.daemon.wait_dump(peer_is("c"), 30)
        row = a.daemon.wait_dump(
            lambda d: d.route(NET).get("other-zones") == "c", 15).route(NET)
        assert row["via"] == "b"
        assert a.daemon.lines.wait(lambda line: "different zones" in line and NET in line and
                                   " b " in line and " c " in line, 5)
        mac = a.node()
        assert sorted(mac.get_zone_list()) == [b"Both", b"Zone A", b"Zone B"]

        b.daemon.process.terminate()
        a.daemon.wait_dump(lambda d: d.route(NET).get("via") == "c", 20)
        assert sorted(mac.get_zone_list()) == [b"Both", b"Zone A", b"Zone C"]


def test_names_that_nobody_could_choose_are_hidden_and_said(binary):
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        a.run(a.config({"b": b.address}))
        run(b, {"a": a.address}, ["Zone B", " Blank"])
        assert b.daemon.lines.wait(lambda line: '" Blank"' in line and "blank" in line and
                                   "warning" in line, 5)
        a.daemon.wait_dump(lambda d: d.zones(NET) == ["Zone B"], 30)
        assert a.daemon.dump().route(NET)["unfit-zones"] == "1"
        assert a.daemon.lines.wait(lambda line: '" Blank"' in line and "not shown" in line, 5)
        assert sorted(a.node().get_zone_list()) == [b"Zone A", b"Zone B"]
        # At home it is a zone like others: its nodes live there.
        assert b" Blank" in b.node().get_zone_list()
