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
        fragments = [f for f in watch.since() if f.raw[12:14] == b"\x08\x00" and
                     int.from_bytes(f.raw[20:22], "big") & 0x3FFF]
        assert fragments, "nothing was fragmented: this link proves nothing"
        assert max(len(f.raw) for f in watch.since()) <= 14 + 576
