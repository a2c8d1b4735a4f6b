"""aurpd under systemd: what it says over the notification socket and in its log."""

import re
import signal
import stat
import subprocess
from pathlib import Path

from daemon import BINARY, port_is_up
from lag import spent

CONF = Path(__file__).resolve().parents[2] / "conf"


def statements(path):
    """A unit file as pairs of word and value."""
    return [tuple(line.split("=", 1)) for line in path.read_text().splitlines()
            if "=" in line and not line.startswith("#")]


def test_the_unit_checks_quietly_and_needs_no_program_of_others_to_reload(world):
    """What systemd runs at a reload, run as it does it: with nothing but a shell."""
    unit = statements(CONF / "aurpd.service")
    check, tell = (value for word, value in unit if word == "ExecReload")
    assert ("RuntimeDirectoryPreserve", "restart") in unit
    a = world.site("a", 1)
    a.run(a.config({}))
    words = check.replace("/usr/sbin/aurpd", str(BINARY)).split() + ["-c", a.daemon.config]
    done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    shell, option, command = tell.split(" ", 2)
    assert (shell, option) == ("/bin/sh", "-c")
    mark = a.daemon.lines.mark()
    subprocess.run([shell, option, command.strip("'").replace("$$", "$")], check=True,
                   env={"MAINPID": str(a.daemon.pid), "PATH": "/nowhere"}, timeout=60)
    assert a.daemon.lines.wait(lambda line: "again: 1 port, 1 tunnel" in line, 20, mark)


def test_the_drop_in_for_tashtalk_loads_the_drivers_first():
    drop_in = statements(CONF / "examples/aurpd-tashtalk.conf")
    for word in ("Wants", "After"):
        assert (word, "modprobe@usbserial.service modprobe@cdc_acm.service") in drop_in
    for kind in ("ttyUSB", "ttyACM", "ttyAMA"):
        assert ("DeviceAllow", f"char-{kind} rw") in drop_in


def keys(daemon, key):
    return daemon.messages.since(0, lambda message: key in message[1])


def test_ready_and_status(world):
    a = world.site("a", 1)
    a.run(a.config({"b": "10.99.0.2"}))
    a.daemon.wait_dump(port_is_up("lan"), 10)
    status = a.daemon.messages.wait(lambda m: m[1].get("STATUS", "").startswith("1 of 1 port"), 20)
    status = status or keys(a.daemon, "STATUS")[-1]
    text = status[1]["STATUS"]
    assert "1 port, 0 of 1 peer, 1 network" in text


def test_the_watchdog_is_fed_in_half_its_time(world):
    a = world.site("a", 1)
    a.prepare(a.config({}))
    a.daemon.start(WATCHDOG_USEC="1000000")
    fed = a.daemon.messages.count(lambda m: m[1].get("WATCHDOG") == "1", 5, 40)
    times = [when for when, _ in fed]
    assert len(times) >= 5
    assert max(spent(*pair) for pair in zip(times, times[1:])) <= 0.95, times
    assert len(times) <= 25


def test_no_watchdog_is_fed_that_nobody_wants(world):
    a = world.site("a", 1)
    a.run(a.config({}))
    assert not a.daemon.messages.wait(lambda m: "WATCHDOG" in m[1], 1.5)


def test_reloading_and_ready_again(world):
    a = world.site("a", 1)
    a.run(a.config({}))
    mark = a.daemon.messages.mark()
    a.daemon.write_config(a.config({"b": "10.99.0.2"}))
    a.daemon.signal(signal.SIGHUP)
    begun = a.daemon.messages.wait(lambda m: m[1].get("RELOADING") == "1", 20, mark)
    assert begun and int(begun[1]["MONOTONIC_USEC"]) > 0
    ready = a.daemon.messages.wait(lambda m: m[1].get("READY") == "1", 20, mark)
    assert ready and ready[0] >= begun[0]


def test_stopping_is_announced(world):
    a = world.site("a", 1)
    a.run(a.config({}))
    assert a.daemon.stop() == 0
    assert keys(a.daemon, "STOPPING")


def test_an_interrupt_from_the_keyboard_ends_it_as_well(world):
    a = world.site("a", 1)
    a.run(a.config({}))
    a.daemon.signal(signal.SIGINT)
    assert a.daemon.wait() == 0


def test_lines_carry_their_priority_only_in_the_journal(world):
    a, b = world.site("a", 1), world.site("b", 2)
    a.run(a.config({}), journal=True)
    b.run(b.config({}))
    for site in (a, b):
        site.daemon.wait_dump(port_is_up("lan"), 10)
    assert all(re.match(r"<[3467]>\S", line) for line in a.daemon.lines.since())
    assert b.daemon.log and not re.search(r"^<\d>", b.daemon.log, re.MULTILINE)


def test_the_dump_is_whole_and_not_for_everybody(world):
    a = world.site("a", 1)
    a.run(a.config({}))
    seen = set()
    for _ in range(20):
        dump = a.daemon.dump()
        seen.add(a.daemon.dump_file.stat().st_ino)
        assert dump.rows("ports") and "[counters]" in dump.text
    assert len(seen) > 1, "written in place: a reader could see half of it"
    assert stat.S_IMODE(a.daemon.dump_file.stat().st_mode) == 0o640
    assert [path.name for path in a.daemon.dir.glob("dump*")] == ["dump"]


def test_a_dump_that_cannot_be_written_is_said_and_no_more(world):
    a = world.site("a", 1)
    a.run(a.config({}).replace("@dir@/dump", "@dir@/nowhere/dump"))
    a.daemon.signal(signal.SIGUSR1)
    assert a.daemon.lines.wait(lambda line: "nowhere/dump" in line, 20)
    assert a.daemon.running
