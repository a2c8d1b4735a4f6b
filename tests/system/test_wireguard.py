"""The tunnel inside WireGuard, as the README's section on security tells people to set it up.

wg-quick makes the interface: with the kernel's WireGuard where there is one, else with
wireguard-go. On the network outside an eavesdropper sees nothing of AppleTalk, and a
forger reaches nobody.
"""

import os
import random
import subprocess

import pytest

import aurp
from daemon import peer_is
from junk import Wire, open_request
from net import hardware_address, run
from world import World, ethertalk, has_zones, router, section

PORT = 51820
INSIDE = {"a": "10.87.0.1", "b": "10.87.0.2"}


def make_key():
    private = run("wg", "genkey").strip()
    public = subprocess.run(["wg", "pubkey"], input=private, text=True, capture_output=True,
                            check=True).stdout.strip()
    return private, public


class Vpn:
    """One end of the VPN: a file for wg-quick, and the interface that it makes."""

    def __init__(self, site, folder, keys, other):
        self.site, self.name = site, f"wg-{site.name}"
        self.file = folder / f"{self.name}.conf"
        self.file.write_text("\n".join((
            "[Interface]", f"Address = {INSIDE[site.name]}/24", f"ListenPort = {PORT}",
            f"PrivateKey = {keys[site.name][0]}", "",
            "[Peer]", f"PublicKey = {keys[other.name][1]}", f"Endpoint = {other.address}:{PORT}",
            f"AllowedIPs = {INSIDE[other.name]}/32", "PersistentKeepalive = 25", "")))
        self.file.chmod(0o600)

    def quick(self, word):
        run("ip", "netns", "exec", self.site.ns, "wg-quick", word, self.file)

    def close(self):
        self.quick("down")


def inside_config(site, other):
    return (router(site.name) + ethertalk(network=site.network, zones=site.zones) +
            section('tunnel "wan"', f'listen = "{INSIDE[site.name]}:387"',
                    f"device = wg-{site.name}",
                    f'peer "{other.name}" {{ host = "{INSIDE[other.name]}" }}'))


def spoofable(site):
    """No help from the kernel: a source that came the wrong way is believed."""
    for scope in ("all", "wan0"):
        run("ip", "netns", "exec", site.ns, "sysctl", "-qw", f"net.ipv4.conf.{scope}.rp_filter=0")


@pytest.fixture(scope="module")
def vpn(binary, tmp_path_factory):
    folder, keys = tmp_path_factory.mktemp("wireguard"), {"a": make_key(), "b": make_key()}
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        outside = a.capture_tunnel()
        for site, other in ((a, b), (b, a)):
            site.run(inside_config(site, other))
        # The router is there before its interface: it waits for it.
        assert a.daemon.lines.wait(lambda line: "no interface wg-a yet" in line, 20)
        ends = [world.keep(Vpn(site, folder, keys, other)) for site, other in ((a, b), (b, a))]
        for end in ends:
            end.quick("up")
            spoofable(end.site)
        for site, other in ((a, b), (b, a)):
            site.daemon.wait_dump(lambda d, other=other: has_zones(d, other), 40, "the zones")
        yield world, a, b, ends, outside


def test_zones_and_data_cross(vpn):
    _, a, b, _, _ = vpn
    alice, bob = a.node(), b.node()
    assert sorted(alice.get_zone_list()) == [b"Zone A", b"Zone B"]
    for size in (20, 585):
        assert alice.echo(bob.addr, os.urandom(size))
    row = a.daemon.dump().row("tunnels", tunnel="wan")
    assert (row["di"], row["listen"]) == (INSIDE["a"], f"{INSIDE['a']}:387")


def test_outside_nothing_of_appletalk_is_seen(vpn):
    _, a, b, _, outside = vpn
    alice, bob = a.node(), b.node()
    secret = os.urandom(30)
    assert alice.echo(bob.addr, secret)
    frames = outside.since()
    through = [f for f in frames if f.raw[12:14] == b"\x08\x00" and f.raw[23] == 17]
    ports = {int.from_bytes(f.raw[at:at + 2], "big") for f in through for at in (34, 36)}
    assert through and ports == {PORT}
    for clear in (secret, b"Zone A", b"Zone B", aurp.ip_di(INSIDE["a"]), aurp.ip_di(INSIDE["b"])):
        assert not [f for f in frames if clear in f.raw]


def test_a_forger_outside_reaches_nobody(vpn):
    """To the outer address, and to the inner one by the outer wire, in the name of the peer."""
    world, a, b, _, _ = vpn
    control = world.site("c", 3)
    run("ip", "-n", control.ns, "addr", "add", "10.87.0.9/32", "dev", "lo")
    spoofable(control)
    control.run(router("c") + ethertalk(network=control.network, zones=control.zones) +
                section('tunnel "wan"', 'listen = "10.87.0.9:387"'))
    rng = random.Random(1504)
    sender = world.keep(control.capture_tunnel())

    def forge(site, target, source, sock):
        wire = Wire(hardware_address(site.ns, "wan0"), b"\2\0\0\0\0\x66", target)
        for _ in range(50):
            sock.send(wire.frame(source, open_request(rng, wire, source)))

    forge(control, "10.87.0.9", "10.87.0.77", sender.sock)
    control.daemon.wait_dump(lambda d: d.drops().get("peer-unknown") == 50, 20,
                             "what a socket without an interface of its own hears")

    stranger = world.peer(66, {}, a)
    before = a.daemon.dump().drops()
    mark = stranger.mark()
    for _ in range(10):
        stranger.open_req()
    watch = world.keep(a.capture_tunnel())
    for target in (a.address, INSIDE["a"]):
        for source in (stranger.address, INSIDE["b"]):
            forge(a, target, source, watch.sock)
    assert a.node().echo(b.node().addr), "what was sent before has been read by now"
    dump = a.daemon.dump()
    assert dump.drops() == before and peer_is("b")(dump)
    assert not stranger.since(mark)


def test_the_vpn_goes_and_comes(vpn):
    _, a, b, ends, _ = vpn
    ends[0].quick("down")
    a.daemon.wait_dump(lambda d: d.row("tunnels", tunnel="wan")["state"] == "down", 20)
    ends[0].quick("up")
    a.daemon.wait_dump(lambda d: d.row("tunnels", tunnel="wan")["state"] == "up", 40)
    a.daemon.wait_dump(peer_is("b"), 90)
    a.daemon.wait_dump(lambda d: has_zones(d, b), 40)
    assert a.node().echo(b.node().addr)
