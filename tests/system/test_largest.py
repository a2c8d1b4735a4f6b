"""A tunnel over links that carry no more than 576 bytes at a time."""

import os

import appletalk as at
from world import World, connect_pair


def test_aurp_T14_datagrams_of_599_bytes_cross_a_link_of_576(binary):
    with World(mtu=576) as world:
        a, b = world.site("a", 1), world.site("b", 2)
        connect_pair(a, b)
        watch = a.capture_tunnel()
        alice, bob = a.node(), b.node()
        for size in (400, 513, 514, 541, at.AEP_DATA_MAX):
            data = os.urandom(size)
            assert alice.echo(bob.addr, data, checksum=None), f"{size} bytes did not come back"
        packets = [f.raw for f in watch.since() if f.raw[12:14] == b"\x08\x00"]
        words = [int.from_bytes(raw[20:22], "big") for raw in packets]
        assert any(word & 0x3FFF for word in words), "no fragments: this link proves nothing"
        assert not any(word & 0x4000 for word in words), "a narrow link further on would drop it"
        assert max(map(len, packets)) <= 14 + 576
