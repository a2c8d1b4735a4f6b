"""Routers that die without a word, and those that come back."""

import pytest

import aurp
from daemon import peer_is
from world import World, connect_pair, has_zones


def open_ids(watch, source, mark=0):
    return [p.conn for p in watch.routing(
        lambda p: p.command == aurp.OPEN_REQ and p.source[0] == source.address, mark)]


@pytest.fixture
def pair(binary):
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        watch = a.capture_tunnel()
        connect_pair(a, b)
        yield a, b, watch


def test_aurp_C7_C31_a_killed_router_comes_back_and_both_see_each_other_again(pair):
    a, b, watch = pair
    alice, bob = a.node(), b.node()
    assert alice.echo(bob.addr)
    before = open_ids(watch, b)[-1]
    b.daemon.kill()
    assert not alice.echo(bob.addr, timeout=0.5)
    mark = watch.mark()
    b.daemon.start()
    a.daemon.wait_dump(lambda d: peer_is("b")(d) and has_zones(d, b), 100, "b to be back")
    b.daemon.wait_dump(lambda d: peer_is("a")(d) and has_zones(d, a), 100, "a to be seen by b")
    assert before not in open_ids(watch, b, mark)
    # A datagram may be lost while the nodes of b's cable notice that their router is back.
    assert any(alice.echo(bob.addr, timeout=4) for _ in range(4))
    assert sorted(bob.get_zone_list()) == [b"Zone A", b"Zone B"]


def test_aurp_C23_a_killed_router_that_stays_away_is_noticed(binary):
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        connect_pair(a, b, tunnel_more="last-heard-timeout = 30")
        alice = a.node()
        b.daemon.kill()
        a.daemon.wait_dump(lambda d: not has_zones(d, b), 80, "b to be missed")
        a.daemon.wait_dump(lambda d: not d.route(b.network), 65, "b to be forgotten")
        assert alice.get_zone_list() == [b"Zone A"]


def test_aurp_C7_every_start_uses_another_connection_id(world):
    a = world.site("a", 1)
    peer = world.peer(101, {}, a)
    peer.auto.clear()
    seen = []
    a.prepare(a.config({"p": peer.address}))
    for _ in range(5):
        mark = peer.mark()
        a.daemon.spawn()
        seen.append(peer.wait_for(aurp.OPEN_REQ, 10, mark).conn)
        a.daemon.kill()
    assert len(set(seen)) == len(seen) and 0 not in seen
