"""Routers that leave in good order: the others are told, and know at once."""

import signal
import time

import pytest

import appletalk as at
import aurp
from appletalk import Range
from daemon import peer_is
from lag import spent
from node import Silence
from world import World, connect_pair


@pytest.fixture
def pair(binary):
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        watch = a.capture_tunnel()
        connect_pair(a, b)
        yield a, b, watch


def test_aurp_C32_C33_C37_U1_a_router_that_leaves_says_so_and_is_forgotten_at_once(pair):
    a, b, watch = pair
    lan, alice = a.capture(), a.node()
    mark, began = watch.mark(), time.monotonic()
    assert b.daemon.stop() == 0
    assert spent(began) < 8
    down = watch.wait(lambda f: f.tunnel and f.tunnel.command == aurp.RD, 20, mark).tunnel
    assert down.source[0] == b.address and down.value == aurp.ERR_NORMAL_CLOSE
    assert watch.wait(lambda f: f.tunnel and f.tunnel.command == aurp.RI_ACK and
                      f.tunnel.source[0] == a.address and f.tunnel.seq == down.seq and
                      f.tunnel.conn == down.conn, 20, mark)
    a.daemon.wait_dump(lambda d: d.route(b.network)["state"] == "bad", 2, "b to be missed")
    assert lan.wait(lambda f: f.ddp and f.ddp.type == at.RTMP_DATA and at.RtmpData.decode(
        f.ddp.data).distances().get((200, 201)) == at.DISTANCE_POISON, 40)
    # A bad entry is poison for a while; its zones go with it.
    a.daemon.wait_dump(lambda d: not d.route(b.network), 65, "b to be forgotten")
    assert alice.get_zone_list() == [b"Zone A"]


def test_atalk_R33_N28_a_router_that_leaves_poisons_its_networks_and_answers_no_more(pair):
    a, b, _ = pair
    lan, alice = a.capture(), a.node()
    mark = lan.mark()
    a.daemon.signal(signal.SIGTERM)
    poison = lan.wait(lambda f: f.ddp and f.ddp.type == at.RTMP_DATA and at.RtmpData.decode(
        f.ddp.data).distances().get((200, 201)) == at.DISTANCE_POISON, 20, mark)
    assert poison
    assert a.daemon.wait() == 0
    with pytest.raises(Silence):
        alice.get_net_info(tries=1)
    with pytest.raises(Silence):
        alice.lookup("=", "AppleRouter", "Zone A")


def test_a_router_leaves_in_time_even_if_nobody_answers(world):
    a = world.site("a", 1)
    peer = world.peer(101, {Range(900, 900): (0, ["Far"])}, a)
    a.run(a.config({"p": peer.address}))
    peer.connect()
    a.daemon.wait_dump(peer_is("p"), 10)
    peer.auto.clear()
    mark, began = peer.mark(), time.monotonic()
    assert a.daemon.stop() == 0
    assert spent(began) < 9
    *downs, last = peer.all_of(aurp.RD, mark)
    assert len(downs) >= 2 and {p.raw for p in downs} == {downs[0].raw}
    assert downs[0].conn == peer.receiver_conn and downs[0].seq != 0
    # In the end as the data receiver, for who hears only that.
    assert (last.conn, last.seq) == (peer.sender_conn, 0)
    assert (downs[0].conn, downs[0].seq) == (peer.receiver_conn, peer.expected)
