"""The machine fails the daemon in every way it can; the daemon goes on, and says what is wrong.

What cannot be brought about on a real machine is in tests/unit/test_faults.c.
Two sites are connected; after each fault everything is as before.
"""

import os
import re
import signal
from pathlib import Path

import pytest

import aurp
from daemon import Dump, peer_is, port_is_up
from faults import NoDescriptors, descriptors
from lag import rest
from net import run
from world import Pair, World, ethertalk, tunnel

@pytest.fixture(scope="module")
def whole(binary):
    with World() as world:
        yield Pair(world)


@pytest.fixture
def pair(whole):
    """Connected before; and afterwards, without having been away in between."""
    whole.mark = whole.a.daemon.lines.mark()
    yield whole
    whole.recovers()
    lost = whole.a.daemon.lines.since(whole.mark, lambda line: "peer b is gone" in line)
    assert not lost


# --- Descriptors

def test_without_descriptors_it_goes_on_and_says_what_it_cannot_do(pair):
    daemon = pair.a.daemon
    before = daemon.dump().text
    with NoDescriptors(daemon):
        mark = daemon.lines.mark()
        daemon.signal(signal.SIGUSR1)
        line = daemon.lines.wait(lambda line: "no dump written" in line, 20, mark)
        assert line and "Too many open files" in line and "LimitNOFILE" in line
        daemon.signal(signal.SIGHUP)
        assert daemon.lines.wait(lambda line: "goes on as before" in line, 20, mark)
        # Every address that comes or goes makes it look at all its devices.
        for _ in range(3):
            run("ip", "-n", pair.a.ns, "addr", "add", "198.51.100.9/32", "dev", "lo")
            run("ip", "-n", pair.a.ns, "addr", "del", "198.51.100.9/32", "dev", "lo")
        rest(1)
        assert pair.works()
        assert daemon.dump_file.read_text().splitlines()[1:5] == before.splitlines()[1:5]
        wrong = daemon.lines.since(mark, lambda line: "no interface" in line or "is down" in line)
        assert not wrong
    assert port_is_up("lan")(daemon.dump())
    mark = daemon.lines.mark()
    daemon.signal(signal.SIGHUP)
    assert daemon.lines.wait(lambda line: "again: 1 port," in line, 20, mark)


def test_an_interface_that_returns_while_there_are_no_descriptors_is_taken_later(pair):
    daemon = pair.a.daemon
    used = descriptors(daemon.pid)
    pair.a.cable.unplug()
    daemon.wait_dump(lambda d: not port_is_up("lan")(d), 10, "the port to be down")
    closed = used - descriptors(daemon.pid)
    assert closed
    # The socket's own number is free now; it must not be had either.
    run("prlimit", "--pid", daemon.pid, f"--nofile={min(closed)}:1024")
    try:
        mark = daemon.lines.mark()
        pair.a.cable.plug()
        assert daemon.lines.wait(lambda line: "Too many open files" in line, 20, mark)
        rest(6)             # it has tried again
        said = daemon.lines.since(mark, lambda line: "Too many open files" in line)
        assert len(said) == 1
    finally:
        run("prlimit", "--pid", daemon.pid, "--nofile=1024:1024")
    daemon.wait_dump(port_is_up("lan"), 20, "the port to be up again")


def test_the_watchdog_is_fed_without_descriptors(world):
    a = world.site("a", 1)
    a.prepare(a.config({})).start(WATCHDOG_USEC="1000000")
    with NoDescriptors(a.daemon):
        mark = a.daemon.messages.mark()
        fed = a.daemon.messages.count(lambda m: m[1].get("WATCHDOG") == "1", 4, 30, mark)
        assert len(fed) >= 4


def test_started_with_its_standard_files_closed_it_keeps_their_numbers_free_of_sockets(world):
    a = world.site("a", 1)
    watch = a.capture()
    a.run(a.config({}), wrapper=("sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh"))
    a.daemon.wait_dump(port_is_up("lan"), 12)
    for number in (0, 1, 2):
        assert os.readlink(f"/proc/{a.daemon.pid}/fd/{number}") == "/dev/null"
    assert not [f for f in watch.since() if not f.outgoing and not f.aarp and not f.ddp]


# --- The network

@pytest.mark.parametrize("kind, error", (("unreachable", "No route to host"),
                                         ("prohibit", "Permission denied"),
                                         ("blackhole", "Invalid argument")))
def test_a_peer_that_cannot_be_sent_to_is_said_and_survives(pair, kind, error):
    daemon = pair.a.daemon
    before = daemon.dump().drops("wan").get("send-refused", 0)
    run("ip", "-n", pair.a.ns, "route", "add", kind, f"{pair.b.address}/32")
    try:
        for _ in range(20):
            assert not pair.alice.echo(pair.bob.addr, os.urandom(4), timeout=0.1)
        dump = daemon.dump()
        assert dump.drops("wan")["send-refused"] >= before + 20
        assert peer_is("b")(dump)
    finally:
        run("ip", "-n", pair.a.ns, "route", "del", kind, f"{pair.b.address}/32")
    assert pair.works()
    said = daemon.lines.since(pair.mark, lambda line: "does not send" in line)
    assert len(said) <= 2, said
    assert all(error in line for line in said) or kind != "unreachable"


def test_the_interface_of_the_tunnel_is_deleted_and_made_again(whole):
    run("ip", "-n", whole.a.ns, "link", "del", "wan0")
    for _ in range(10):
        assert not whole.alice.echo(whole.bob.addr, os.urandom(4), timeout=0.1)
    assert whole.a.daemon.running
    whole.a.tap = whole.world.wan.join(whole.a.ns, whole.a.address)
    whole.recovers()


def test_an_address_to_listen_on_that_goes_and_comes(world):
    a = world.site("a", 1)
    peer = world.peer(101, {}, a)
    config = a.config({}) + tunnel({"p": peer.address}, "other", f"{a.address}:387")
    config = re.sub(r'tunnel "wan" \{.*?\n\}\n', "", config, flags=re.DOTALL)
    a.run(config)
    peer.connect()
    a.daemon.wait_dump(peer_is("p"), 20)
    run("ip", "-n", a.ns, "addr", "del", f"{a.address}/24", "dev", "wan0")
    rest(1)
    assert a.daemon.running
    run("ip", "-n", a.ns, "addr", "add", f"{a.address}/24", "dev", "wan0")
    mark = peer.mark()
    peer.send(aurp.TICKLE, peer.receiver_conn)
    assert peer.wait_for(aurp.TICKLE_ACK, 20, mark), "the socket is deaf"
    assert peer_is("p")(a.daemon.dump())


# --- Disks

class Disk:
    """A small disk of the daemon's own, in a mount namespace of its own."""

    def __init__(self, site, fill=""):
        self.site = site
        inner = f'mount -t tmpfs -o size=32k,mode=755 none "$0" && {fill or ":"} && exec "$@"'
        site.prepare(site.config({}).replace("@dir@/dump", "@dir@/disk/dump").replace(
            "@dir@/addresses", "@dir@/disk/addresses"),
            wrapper=("unshare", "--mount", "sh", "-c", inner, "@disk@"))
        folder = site.daemon.dir / "disk"
        folder.mkdir()
        site.daemon.wrapper[-1] = str(folder)
        site.daemon.start()
        self.folder = Path(f"/proc/{site.daemon.pid}/root{folder}")
        site.daemon.dump_file = self.folder / "dump"

    def fill(self):
        with open(self.folder / "fill", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1024))
            except OSError:
                pass

    def empty(self):
        (self.folder / "fill").unlink()

    def remount(self, option):
        folder = self.site.daemon.dir / "disk"
        # Its root, too: these tests may run in a chroot.
        run("nsenter", "-t", self.site.daemon.pid, "--mount", "--root", "mount", "-o",
            f"remount,{option}", folder)

    def refuses(self, reason):
        """A dump is asked for; it is refused for that reason, and the old one stays whole."""
        daemon = self.site.daemon
        before, mark = (self.folder / "dump").read_bytes(), daemon.lines.mark()
        daemon.signal(signal.SIGUSR1)
        line = daemon.lines.wait(lambda line: "no dump written" in line, 20, mark)
        assert line and reason in line
        assert (self.folder / "dump").read_bytes() == before and Dump(before.decode())
        assert not list(self.folder.glob("dump.*")), "a part of the new one was left behind"
        assert len(daemon.lines.since(mark, lambda line: "no dump written" in line)) == 1


def test_a_full_disk_leaves_the_old_dump_whole(world):
    a = world.site("a", 1)
    disk = Disk(a)
    a.daemon.wait_dump(port_is_up("lan"), 12)
    disk.fill()
    disk.refuses("No space left on device; make room")
    assert a.node
    disk.empty()
    assert port_is_up("lan")(a.daemon.dump())


def test_a_read_only_disk_leaves_the_old_dump_whole(world):
    a = world.site("a", 1)
    disk = Disk(a)
    a.daemon.wait_dump(port_is_up("lan"), 12)
    disk.remount("ro")
    disk.refuses("Read-only file system; the service may write into /run/aurpd")
    disk.remount("rw")
    assert port_is_up("lan")(a.daemon.dump())


def test_a_state_file_that_finds_no_room_is_said_once_and_written_later(world):
    a = world.site("a", 1)
    disk = Disk(a, fill='{ head -c 1M /dev/zero >"$0"/fill 2>/dev/null; true; }')
    assert a.daemon.lines.wait(lambda line: "addresses cannot be written: No space" in line, 40)
    rest(25)                # it has tried again, at the next RTMP Data or the one after
    assert len(a.daemon.lines.since(0, lambda line: "cannot be written" in line)) == 1
    disk.empty()
    a.daemon.wait_dump(lambda d: (disk.folder / "addresses").exists(), 40, "the state file")
    assert (disk.folder / "addresses").read_text().endswith(" lan\n")


# --- systemd

def test_systemd_that_does_not_listen_any_more_changes_nothing(pair):
    (pair.a.daemon.dir / "notify").unlink()
    mark = pair.a.daemon.lines.mark()
    pair.a.daemon.signal(signal.SIGHUP)
    assert pair.a.daemon.lines.wait(lambda line: "again: 1 port," in line, 20, mark)
    assert pair.works()


def test_the_port_is_whole_after_all_that(whole):
    lan = ethertalk(network=whole.a.network, zones=whole.a.zones)
    whole.a.daemon.write_config(whole.a.config({"b": whole.b.address}, lan))
    whole.a.daemon.signal(signal.SIGHUP)
    whole.recovers()
    assert len(descriptors(whole.a.daemon.pid)) <= 14
