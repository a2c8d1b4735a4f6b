"""Things that happen at the wrong moment: while it ends, while it reloads, while nothing opens."""

import re
import signal
import time
from pathlib import Path

import aurp
from appletalk import Range
from daemon import peer_is, port_is_up
from faults import NoDescriptors
from lag import rest
from net import run
from world import ethertalk


def reload(daemon, config):
    mark = daemon.lines.mark()
    daemon.write_config(config)
    daemon.signal(signal.SIGHUP)
    assert daemon.lines.wait(lambda line: "again:" in line, 20, mark)


def test_a_reload_while_it_ends_changes_nothing(world):
    a = world.site("a", 1)
    peer = world.peer(101, {Range(900, 900): (0, ["Far"])}, a)
    a.run(a.config({"p": peer.address}))
    peer.connect()
    a.daemon.wait_dump(peer_is("p"), 10)
    peer.auto.clear()               # it does not confirm our farewell: there is time
    mark = a.daemon.lines.mark()
    a.daemon.signal(signal.SIGTERM)
    assert a.daemon.lines.wait(lambda line: "ending" in line, 20, mark)
    a.daemon.write_config(a.config({"p": peer.address, "q": "10.99.0.9"}))
    a.daemon.signal(signal.SIGHUP)
    assert a.daemon.wait() == 0
    assert not a.daemon.lines.since(mark, lambda line: "again:" in line or "peer q" in line)
    assert peer.all_of(aurp.RD)


def test_a_file_that_somebody_begins_to_write_ends_nothing(world):
    a = world.site("a", 1)
    peer = world.peer(101, {}, a)
    a.run(a.config({"p": peer.address}))
    peer.connect()
    a.daemon.wait_dump(peer_is("p"), 10)
    whole = a.daemon.config.read_text()
    for part in ("", "# no port yet\n", "router { name = x }\n"):
        mark = a.daemon.lines.mark()
        a.daemon.write_config(part)
        a.daemon.signal(signal.SIGHUP)
        assert a.daemon.lines.wait(lambda line: "no port and no tunnel any more" in line, 20, mark)
    a.daemon.write_config(whole)
    mark = a.daemon.lines.mark()
    a.daemon.signal(signal.SIGHUP)
    assert a.daemon.lines.wait(lambda line: "again: 1 port, 1 tunnel" in line, 20, mark)
    assert peer_is("p")(a.daemon.dump()) and not peer.all_of(aurp.RD)


def ignored(daemon):
    """The signals that the process ignores, as a bit mask."""
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    return int(re.search(r"SigIgn:\s+(\w+)", status)[1], 16)


def test_who_asks_before_it_is_ready_is_passed_over_and_kills_nothing(world):
    a = world.site("a", 1)
    requests = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
    mask = sum(1 << number - 1 for number in requests)
    many = {f"p{n}": f"h{n}.example.net" for n in range(8000)}      # reading takes a moment
    a.prepare(a.config(many)).spawn()
    deadline = time.monotonic() + 30
    while ignored(a.daemon) & mask != mask:
        assert a.daemon.running and time.monotonic() < deadline, a.daemon.log
    for number in requests:
        a.daemon.signal(number)
    a.daemon.wait_ready()
    a.daemon.write_config(a.config({}))
    a.daemon.signal(signal.SIGHUP)
    assert a.daemon.lines.wait(lambda line: "again: 1 port," in line, 20)


def test_two_ports_swap_their_devices(world):
    a = world.site("a", 1, cables=("lan0", "lan1"))
    one, two = ("one", "100-101", ["One"]), ("two", "200-201", ["Two"])

    def config(first, second):
        return a.config({}, ethertalk(first[0], "lan0", first[1], first[2]) +
                        ethertalk(second[0], "lan1", second[1], second[2]))

    a.run(config(one, two))
    for port in ("one", "two"):
        a.daemon.wait_dump(port_is_up(port), 12)
    assert a.node(device="lan0").get_local_zones() == [b"One"]
    reload(a.daemon, config(two, one))
    for port in ("one", "two"):
        a.daemon.wait_dump(port_is_up(port), 12)
    assert a.node(device="lan0").get_local_zones() == [b"Two"]
    assert a.node(device="lan1").get_local_zones() == [b"One"]


def test_a_state_file_that_moves_is_written_where_it_is_now(world):
    a = world.site("a", 1)
    a.run(a.config({}))
    a.daemon.wait_dump(port_is_up("lan"), 12)
    old, new = a.daemon.dir / "addresses", a.daemon.dir / "moved"
    a.daemon.wait_dump(lambda _: old.exists(), 5, "the state file")
    reload(a.daemon, a.config({}).replace("@dir@/addresses", "@dir@/moved"))
    a.daemon.wait_dump(lambda _: new.exists(), 5, "the state file in its new place")
    assert new.read_text() == old.read_text()


def test_a_tap_that_is_deleted_while_nothing_can_be_opened(world):
    a = world.site("a", 1, cables=())
    a.run(a.config({}, ethertalk(network=a.network, zones=a.zones).replace(
        'device = "lan0"', "tap = at0")))
    a.daemon.wait_dump(port_is_up("lan"), 12)
    with NoDescriptors(a.daemon):
        before = a.daemon.cpu_seconds()
        run("ip", "-n", a.ns, "link", "del", "at0")
        rest(3)
        assert a.daemon.running
        assert a.daemon.cpu_seconds() - before < 1, "it turns and turns around a dead descriptor"
    a.daemon.wait_dump(port_is_up("lan"), 20, "the tap to be made anew")
    assert "tun type tap" in run("ip", "-n", a.ns, "-d", "link", "show", "at0")
