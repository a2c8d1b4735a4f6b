"""Bytes nobody should send: floods of nonsense, cut packets, strangers.

After each of them the router answers as before, has counted what it dropped,
and has learnt nothing.
"""

import os
import random
import re
import time
from types import SimpleNamespace

import pytest

import appletalk as at
import aurp
from appletalk import Addr, Ddp, Range
from daemon import ROOT, peer_is, port_is_up
from lag import rest
from world import World

STORM = 3000
STORM_KIB = 64          # of memory that four more storms may cost: 6 bytes a packet are a leak


def vectors(name):
    """{name: bytes} of one of the vector files of the unit tests."""
    found, current = {}, None
    for line in (ROOT / "tests/vectors" / name).read_text().splitlines():
        if line.startswith(("\t", " ")):
            found[current] += bytes.fromhex(line)
        elif line and not line.startswith("#"):
            current = line.split()[0]
            found[current] = b""
    assert len(found) > 20
    return found


@pytest.fixture(scope="module")
def fort(binary):
    with World() as world:
        a = world.site("a", 1)
        friend = world.peer(101, {Range(900, 901): (0, ["Friendly"])}, a)
        a.run(a.config({"friend": friend.address}))
        friend.connect()
        a.daemon.wait_dump(lambda d: port_is_up("lan")(d) and peer_is("friend")(d) and
                           d.route("900-901"), 15)
        enemy = world.peer(102, {}, a)
        enemy.auto.clear()
        yield SimpleNamespace(a=a, daemon=a.daemon, friend=friend, enemy=enemy, node=a.node(),
                              random=random.Random(1504))


@pytest.fixture(autouse=True)
def stands(fort):
    """Before and after: the same routes and zones, and an answer to an echo."""
    routes = [row["net"] for row in fort.daemon.dump().rows("routes")]
    yield
    dump = fort.daemon.wait_dump(lambda d: True, 5)
    assert [row["net"] for row in dump.rows("routes")] == routes
    assert port_is_up("lan")(dump) and peer_is("friend")(dump)
    assert fort.node.echo(fort.node.router[0], os.urandom(20), timeout=30)
    assert sorted(fort.node.get_zone_list()) == [b"Friendly", b"Zone A"]


def pace(number):
    if number % 100 == 99:
        time.sleep(0.005)       # the storm shall reach the daemon, not the kernel's limits


def test_atalk_D37_random_bytes_as_datagrams(fort):
    mark = fort.node.mark()
    for number in range(STORM):
        body = fort.random.randbytes(fort.random.randrange(0, 620))
        fort.node.send_frame(at.elap(fort.node.router[1], fort.node.mac, at.SNAP_DDP, body))
        pace(number)
    rest(0.5)
    said = fort.node.since(mark, lambda f: f.dst == fort.node.mac and f.ddp)
    assert not said
    assert sum(fort.daemon.dump().drops("lan").values()) >= STORM * 0.9


def test_random_contents_in_well_addressed_datagrams(fort):
    router, mac = fort.node.router
    for number in range(STORM):
        socket, kind = fort.random.choice([(1, 1), (1, 5), (2, 2), (4, 4), (6, 6), (6, 3)])
        data = fort.random.randbytes(fort.random.choice((0, 1, 2, 5, 8, 20, 100, 586)))
        if kind == at.RTMP_DATA:
            data = b"\xff" + data[1:]   # a sender from nowhere: what it says must not count
        ddp = Ddp(fort.random.choice((router, Addr(0, 255))), socket, fort.node.addr,
                  fort.random.randrange(1, 255), kind, data)
        fort.node.send_to_mac(mac if ddp.dst == router else at.BROADCAST_MAC, ddp)
        pace(number)
    drops = fort.daemon.dump().drops("lan")
    for reason in ("rtmp-malformed", "zip-malformed", "nbp-malformed", "aep-malformed"):
        assert drops.get(reason, 0) > 0, reason


def test_atalk_E08_every_vector_cut_at_every_length_as_a_frame(fort):
    own = fort.node.mac
    for name, whole in vectors("atalk.txt").items():
        if len(whole) < 60:
            continue
        for length in range(14, len(whole)):
            fort.node.send_frame(whole[:6] + own + whole[12:length])
        time.sleep(0.005)
        assert name


def test_random_bytes_from_a_peer(fort):
    before = sum(fort.daemon.dump().drops().values())
    for number in range(STORM):
        fort.friend.send_raw(fort.random.randbytes(fort.random.randrange(0, 700)))
        pace(number)
    rest(0.3)
    assert sum(fort.daemon.dump().drops().values()) - before >= STORM * 0.9


def test_aurp_T27_X5_every_vector_cut_at_every_length_from_a_peer(fort):
    di = aurp.ip_di(fort.a.address) + fort.friend.di
    for name, whole in vectors("aurp.txt").items():
        whole = di + whole[len(di):] if whole[:4] == di[:4] else whole
        for length in range(len(whole) + 1):
            fort.friend.send_raw(whole[:length])
        time.sleep(0.005)
        assert name


def test_random_bodies_in_the_live_connection(fort):
    friend = fort.friend
    for number in range(STORM):
        conn = fort.random.choice((friend.sender_conn, friend.receiver_conn))
        command = fort.random.choice((6, 7, 0, 10, 11, 12, 13, 16, 0xFFFF))
        friend.send(command, conn, 0, fort.random.randrange(0x10000),
                    fort.random.randbytes(fort.random.randrange(0, 60)))
        pace(number)
    rest(0.3)
    drops = fort.daemon.dump().drops()
    assert drops.get("aurp-unknown-command", 0) > 0


def test_a_storm_of_strangers_is_one_line_in_the_log(fort):
    mark, lines = fort.enemy.mark(), fort.daemon.lines.mark()
    for number in range(STORM):
        fort.enemy.open_req()
        pace(number)
    rest(1.2)
    assert not fort.enemy.since(mark)
    assert fort.daemon.dump().drops()["peer-unknown"] >= STORM * 0.9
    said = fort.daemon.lines.since(lines, lambda line: fort.enemy.address in line)
    assert len(said) <= 3, said[:5]


def test_nothing_from_the_network_reaches_the_log_or_the_dump_raw(fort):
    evil = b"\x1b[2J\x07\r\n\"evil\""
    friend, net = fort.friend, Range(950, 951)
    # The second one is said, as nobody could choose it: so the log has it, too.
    friend.networks[net] = (1, [evil, b" " + evil])
    mark, lines = friend.mark(), fort.daemon.lines.mark()
    friend.update((aurp.NA, net, 1))
    assert friend.wait_for(aurp.RI_ACK, 20, mark)
    dump = fort.daemon.wait_dump(lambda d: any("evil" in row["zone"] for row in d.rows("zones")), 5)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", dump.text)
    assert evil in fort.node.get_zone_list()
    assert fort.daemon.lines.wait(lambda line: r'\x1B[2J\x07\x0D\x0A\"evil\"' in line, 20, lines)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", fort.daemon.log)
    mark = friend.mark()
    del friend.networks[net]
    friend.update((aurp.ND, net, 0))
    assert friend.wait_for(aurp.RI_ACK, 20, mark)
    # Bad entries are poison for a while; zones go with the route.
    fort.daemon.wait_dump(lambda d: not d.route("950-951"), 90)


@pytest.mark.measure
def test_after_the_storms_the_memory_is_what_it_was(fort):
    """The first storms of each kind fill buffers that stay; the second ones find them there."""
    before = fort.daemon.rss()
    test_atalk_D37_random_bytes_as_datagrams(fort)
    test_random_contents_in_well_addressed_datagrams(fort)
    test_random_bytes_from_a_peer(fort)
    test_random_bodies_in_the_live_connection(fort)
    after = fort.daemon.rss()
    assert after <= before + STORM_KIB, (before, after)
    assert after < 8 * 1024


def test_aurp_T29_with_accept_unknown_anybody_may_connect(binary):
    with World() as world:
        a = world.site("a", 1)
        a.run(a.config({}, tunnel_more="accept-unknown = yes"))
        guest = world.peer(150, {Range(800, 800): (0, ["Guest"])}, a)
        guest.connect()
        assert guest.wait_for(aurp.OPEN_REQ, 20)
        a.daemon.wait_dump(lambda d: d.route("800-800"), 10)
        assert guest.wait_until(lambda: guest.knows(a.range, "Zone A"), 15)
