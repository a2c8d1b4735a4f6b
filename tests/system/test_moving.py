"""Peers whose address changes, and our own that does: found again soon."""

import socket
import struct
import time

import pytest

import aurp
from appletalk import Range
from daemon import peer_is
from lag import rest, spent
from nameserver import NameServer
from net import inside, run
from peer import Peer
from world import World, ethertalk, has_zones, router, tunnel

NAME, OTHER = "office.test", "attic.test"
FAR = {Range(900, 900): (0, ["Far"])}


class Town:
    """A site, a name server, and scripted peers that move."""

    def __init__(self, world):
        self.world, self.site = world, world.site("a", 1)
        self.server = world.keep(NameServer(world.wan.ns, world.wan.own("10.99.0.53")))

    def peer(self, number):
        return self.world.peer(number, FAR, self.site)

    def start(self, config):
        self.site.prepare(config, nameserver=self.server.address)
        return self.site.daemon.start()

    def connected(self, timeout):
        self.site.daemon.wait_dump(peer_is("p", "connected", "unconnected"), timeout)

    def says(self, *words, timeout=20):
        line = self.site.daemon.lines.wait(lambda l: all(word in l for word in words), timeout)
        assert line, self.site.daemon.log
        return line


@pytest.fixture
def town(binary):
    with World() as world:
        yield Town(world)


def test_a_lost_peer_is_back_15_s_after_its_name_moved(town):
    old = town.peer(101)
    town.server.names[NAME] = [old.address]
    town.start(town.site.config({"p": NAME}))
    town.connected(10)
    old.router_down()
    town.says("peer p is gone")
    old.close()
    rest(22)                        # the name lags behind
    town.peer(102)
    town.server.names[NAME] = ["10.99.0.102"]
    moved = time.monotonic()
    town.connected(15)
    assert spent(moved) <= 15
    lost = town.server.asked_for(NAME)[1:]
    assert lost[1] - lost[0] < 4, "not soon after the loss"
    assert max(b - a for a, b in zip(lost, lost[1:])) < 11


def test_a_peer_that_never_answered_is_found_when_its_name_is_right(town):
    town.server.names[NAME] = ["10.99.0.99"]
    town.start(town.site.config({"p": NAME}))
    rest(17)
    town.peer(102)
    town.server.names[NAME] = ["10.99.0.102"]
    moved = time.monotonic()
    town.connected(15)
    assert spent(moved) <= 15


@pytest.mark.parametrize("silent", (False, True))
def test_a_name_server_that_was_away_is_asked_at_once_when_it_is_back(town, silent):
    """Nobody at its port, or nobody at all: our own line was cut."""
    town.server.names[NAME] = ["10.99.0.99"]
    town.start(town.site.config({"p": NAME}))
    rest(2)
    town.server.close()
    if silent:
        run("ip", "-n", town.world.wan.ns, "addr", "del", "10.99.0.53/24", "dev", "br0")
    rest(47)
    town.peer(102)
    if silent:
        town.world.wan.own("10.99.0.53")
    back = time.monotonic()
    server = town.world.keep(NameServer(town.world.wan.ns, "10.99.0.53"))
    server.names[NAME] = ["10.99.0.102"]
    town.connected(15)
    assert spent(back) <= 15


def test_a_peer_that_is_back_is_not_asked_for(town):
    peer = town.peer(101)
    town.server.names[NAME] = [peer.address]
    town.start(town.site.config({"p": NAME}))
    town.connected(10)
    connected = time.monotonic()
    rest(16)
    assert not town.server.asked_for(NAME, connected)


def quiet_until_next_question(town, name):
    """Just after a question: the next one by itself is ten seconds away."""
    asked = len(town.server.asked_for(name))
    deadline = time.monotonic() + 40
    while len(town.server.asked_for(name)) == asked:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    rest(1)


@pytest.mark.parametrize("accepts", ("no", "yes"))
def test_a_call_of_a_stranger_asks_for_the_lost_name_and_gives_him_nothing(town, accepts):
    town.server.names[NAME] = ["10.99.0.99"]
    town.server.names[OTHER] = ["10.99.0.98"]
    config = town.site.config({"p": NAME}, tunnel_more=f"accept-unknown = {accepts}").replace(
        'peer "p"', f'peer "q" {{ host = "{OTHER}" }}\n    peer "p"')
    config = config.replace(f'host = "{NAME}"', f'host = "{NAME}"\n domain-identifier = "10.9.9.9"')
    stranger = town.peer(103)
    stranger.auto.clear()           # it calls, and answers nothing
    stranger.di = aurp.ip_di("10.9.9.9")
    town.start(config)
    rest(17)                        # the questions are ten seconds apart
    quiet_until_next_question(town, NAME)
    town.server.names[NAME] = ["10.99.0.102"]
    town.peer(102)
    called = time.monotonic()
    stranger.open_req()
    town.connected(4)
    asked = town.server.asked_for(NAME, called)
    assert asked and asked[0] - called < 2, "not because of the call"
    assert not town.server.asked_for(OTHER, called) or (
        town.server.asked_for(OTHER, called)[0] - called > 2), "the other one's identifier"
    answers = stranger.since(0)
    if accepts == "no":
        assert not answers
    else:                           # what everybody gets who calls
        assert {packet.command for packet in answers} == {aurp.OPEN_REQ}


def test_a_moved_peer_that_was_let_in_as_a_stranger_gets_its_name_back(town):
    town.server.names[NAME] = ["10.99.0.99"]
    town.start(town.site.config({"p": NAME}, tunnel_more="accept-unknown = yes"))
    peer = town.peer(102)
    peer.connect()                  # nobody knows it by now: a peer without a name
    town.site.daemon.wait_dump(peer_is("10.99.0.102"), 10)
    town.server.names[NAME] = [peer.address]
    moved = time.monotonic()
    town.connected(15)
    peer.connect()                  # its call is answered under the name
    town.site.daemon.wait_dump(peer_is("p"), 10)
    assert spent(moved) <= 15
    assert not town.site.daemon.dump().rows("peers", peer="10.99.0.102")


# --- names that are no use

def test_a_name_with_ipv6_addresses_only_says_so(town):
    town.server.names[NAME] = ["2001:db8::7"]
    town.start(town.site.config({"p": NAME}))
    town.says("warning: peer p", NAME, "it has no IPv4 address")
    row = town.site.daemon.dump().row("names", peer="p")
    assert row["host"] == NAME and "no IPv4 address" in row["trouble"]
    peer = town.peer(101)
    town.server.names[NAME] = ["2001:db8::7", peer.address]
    town.connected(15)
    assert not town.site.daemon.dump().rows("names")


@pytest.mark.parametrize("address", ("0.0.0.0", "127.0.1.1", "224.0.0.1", "240.0.0.1",
                                     "255.255.255.255"))
def test_a_name_that_resolves_to_no_host_is_refused_and_said(town, address):
    peer = town.peer(101)
    town.server.names[NAME] = [address]
    sent = town.site.capture_tunnel()
    town.start(town.site.config({"p": NAME}))
    town.says("warning: peer p", f"resolves to {address}:387, where no router can be")
    rest(4)
    assert not sent.since(0, lambda f: f.tunnel)
    assert not town.site.daemon.lines.since(0, lambda line: "connecting to" in line)
    assert address in town.site.daemon.dump().row("names", peer="p")["trouble"]
    town.server.names[NAME] = [address, peer.address]       # the other one is good
    town.connected(15)
    said = town.site.daemon.lines.since(0, lambda line: "no router can be" in line)
    assert len(said) == 1


@pytest.mark.parametrize("host", (NAME, "10.99.0.1"))
def test_our_own_entry_in_a_list_is_skipped(town, host):
    peer = town.peer(101)
    town.server.names[NAME] = ["10.99.0.1"]
    town.start(town.site.config({"me": host, "p": peer.address}))
    town.connected(10)
    town.says("warning: peer me", "is this router itself")
    dump = town.site.daemon.dump()
    assert dump.row("peers", peer="me")["addr"] == "-"
    assert "is this router itself" in dump.row("names", peer="me")["trouble"]


def test_another_trouble_with_a_name_is_said_at_once(town):
    town.server.names[NAME] = ["2001:db8::7"]
    town.start(town.site.config({"p": NAME}))
    town.says("warning: peer p", "it has no IPv4 address")
    town.server.names[NAME] = ["127.0.0.1"]
    town.says("warning: peer p", "where no router can be")
    town.server.names[NAME] = ["10.99.0.1"]
    town.says("warning: peer p", "is this router itself")
    assert "is this router itself" in town.site.daemon.dump().row("names", peer="p")["trouble"]


def test_another_tunnel_of_ours_is_skipped(town):
    peer = town.peer(101)
    town.start(router("a") + ethertalk() + tunnel({"p": peer.address}) +
               tunnel({"x": "10.99.0.1"}, name="two", listen="0.0.0.0:388"))
    town.says("warning: peer x", "is this router itself (10.99.0.1:387)")
    town.connected(10)
    assert town.site.daemon.dump().row("peers", peer="x")["addr"] == "-"


def test_an_address_that_becomes_ours_is_known_then(town):
    """The machine gets its address after the daemon's start."""
    peer = town.peer(101)
    town.start(town.site.config({"me": "10.99.0.77", "p": peer.address}))
    town.connected(10)
    run("ip", "-n", town.site.ns, "addr", "add", "10.99.0.77/24", "dev", "wan0")
    town.says("peer me", "is this router itself")


def test_the_same_port_number_at_another_address_of_ours_is_another_router(town):
    run("ip", "-n", town.site.ns, "addr", "add", "10.99.0.77/24", "dev", "wan0")
    peer = town.peer(101)
    config = town.site.config({"other": "10.99.0.77", "p": peer.address}).replace(
        "0.0.0.0:387", "10.99.0.1:387")
    town.start(config)
    town.connected(10)
    assert town.site.daemon.dump().row("peers", peer="other")["addr"] == "10.99.0.77:387"
    assert not town.site.daemon.dump().rows("names")


def test_our_own_call_that_comes_back_is_known(town):
    """As from a home router that translates it back to us (hairpin)."""
    mirror, peer = town.peer(103), town.peer(101)
    mirror.auto.clear()
    town.start(town.site.config({"me": mirror.address, "p": peer.address}))
    call = mirror.wait_for(aurp.OPEN_REQ, 10)
    mirror.send_raw(call.encode())
    town.says("warning: peer me is this router itself", "10.99.0.103:387 came back")
    town.connected(10)
    row = town.site.daemon.dump().row("peers", peer="me")
    assert (row["recv"], row["send"], row["is-us"]) == ("unconnected", "unconnected", "yes")
    mark = mirror.mark()
    rest(8)
    assert not mirror.since(mark), "called again, or answered"


def test_our_public_address_in_a_list_is_said_and_called(town):
    peer = town.peer(101)
    config = router("a", peer.address) + ethertalk() + tunnel({"p": peer.address})
    town.start(config)
    town.says("warning: peer p", "has our own public-address (10.99.0.101:387)")
    town.connected(10)


def test_two_names_with_one_address_are_said_as_the_configuration_says_it(town):
    peer = town.peer(101)
    town.server.names[NAME] = [peer.address]
    town.server.names[OTHER] = [peer.address]
    town.start(town.site.config({"p": NAME, "q": OTHER}))
    line = town.says("warning: peers", "are the same router (10.99.0.101:387): remove one")
    assert " p " in line and " q " in line
    assert len(town.site.daemon.dump().rows("peers", same_as="p")) + len(
        town.site.daemon.dump().rows("peers", same_as="q")) == 1
    town.connected(10)


# --- ICMP

def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forged_unreachable(source, destination, code):
    """ICMP that says so of a packet from source:387 to destination:387."""
    inner = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 60, 7, 0, 63, socket.IPPROTO_UDP, 0,
                        socket.inet_aton(source), socket.inet_aton(destination))
    inner += struct.pack(">HHHH", 387, 387, 40, 0)
    head = struct.pack(">BBHI", 3, code, 0, 0)
    return head[:2] + struct.pack(">H", checksum(head + inner)) + head[4:] + inner


def forge(town, peer, seconds):
    """As many as we can; how many that were."""
    packets = [forged_unreachable(town.site.address, peer.address, code) for code in (3, 1, 13)]
    with inside(town.world.wan.ns):
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    with raw:
        sent, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            for packet in packets:
                raw.sendto(packet, (town.site.address, 0))
            sent += len(packets)
    return sent


def test_a_peer_whose_router_does_not_run_is_said_and_harms_no_other(town):
    peer = town.peer(101)
    town.world.wan.own("10.99.0.102")          # a machine, and nobody at its port
    town.start(town.site.config({"dead": "10.99.0.102", "p": peer.address}))
    town.connected(10)
    town.says("warning: peer dead: 10.99.0.102", "10.99.0.102:387 (ICMP, code 3)",
              "its router does not run, or its home router forwards nothing")
    peer.connect()
    rest(8)                                     # more calls, more ICMP
    assert "send-refused" not in town.site.daemon.dump().drops()
    said = town.site.daemon.lines.since(0, lambda line: "(ICMP" in line)
    assert len(said) == 1, said


def test_forged_icmp_makes_a_line_and_nothing_else(town):
    peer = town.peer(101)
    town.start(town.site.config({"p": peer.address}))
    town.connected(10)
    peer.connect()
    mark = peer.mark()
    assert forge(town, peer, 4) > 10_000
    town.says("warning: peer p: ", "(ICMP, code 3)")
    assert peer_is("p")(town.site.daemon.dump())
    assert not peer.all_of(aurp.OPEN_REQ, mark)
    assert not town.site.daemon.dump().drops().get("send-refused")
    said = town.site.daemon.lines.since(0, lambda line: "(ICMP" in line)
    assert len(said) == 1, said
    before = town.site.daemon.cpu_seconds()
    rest(2)
    assert town.site.daemon.cpu_seconds() - before < 0.3, "errors are left in the kernel"


# --- our own address

def test_a_new_address_of_ours_is_told_when_its_route_is_there(town):
    """DHCP: the address goes, another comes, the default route some seconds after it."""
    wan, site = town.world.wan, town.site
    wan.own("10.99.0.254")
    run("ip", "-n", wan.ns, "addr", "add", "10.98.0.101/32", "dev", "lo")
    run("ip", "-n", site.ns, "route", "add", "default", "via", "10.99.0.254")
    far = town.world.keep(Peer(wan.ns, "10.98.0.101", FAR, site.address))
    town.start(router("a") + ethertalk() + tunnel({"p": "10.98.0.101"}))
    town.connected(10)
    assert site.daemon.dump().row("tunnels", tunnel="wan")["di"] == "10.99.0.1"
    run("ip", "-n", site.ns, "addr", "del", "10.99.0.1/24", "dev", "wan0")
    run("ip", "-n", site.ns, "addr", "add", "10.99.0.51/24", "dev", "wan0")
    rest(3)
    far.dialog = "10.99.0.51"
    mark = far.mark()
    run("ip", "-n", site.ns, "route", "add", "default", "via", "10.99.0.254")
    site.daemon.wait_dump(
        lambda d: d.row("tunnels", tunnel="wan")["di"] == "10.99.0.51", 5, "our new identifier")
    call = far.wait_for(aurp.OPEN_REQ, 10, mark)
    assert call and call.src_di == aurp.ip_di("10.99.0.51"), "the peer was not told"
    town.connected(10)


def test_a_site_that_moves_is_back_15_s_after_it_was_missed(town):
    """Two real routers, the moving one behind a name; the other notices by silence."""
    a, b = town.site, town.world.site("b", 2)
    town.server.names["b.test"] = [b.address]
    a.prepare(a.config({"b": "b.test"}, tunnel_more="last-heard-timeout = 30"),
              nameserver=town.server.address).spawn()
    b.run(router("b") + ethertalk(network=b.network, zones=b.zones) + tunnel({"a": a.address}))
    for site, other in ((a, b), (b, a)):
        site.daemon.wait_dump(lambda d, other=other: has_zones(d, other), 30, "zones")
    run("ip", "-n", b.ns, "addr", "del", f"{b.address}/24", "dev", "wan0")
    run("ip", "-n", b.ns, "addr", "add", "10.99.0.52/24", "dev", "wan0")
    rest(8)
    town.server.names["b.test"] = ["10.99.0.52"]
    assert a.daemon.lines.wait(lambda line: "peer b is gone" in line, 90), a.daemon.log
    missed = time.monotonic()
    for site, other in ((a, b), (b, a)):
        site.daemon.wait_dump(lambda d, other=other: has_zones(d, other), 15, "zones")
        site.daemon.wait_dump(peer_is(other.name), 15)
    assert spent(missed) <= 15
    assert a.daemon.dump().row("peers", peer="b")["addr"] == "10.99.0.52:387"
    assert b.daemon.dump().row("tunnels", tunnel="wan")["di"] == "10.99.0.52"
