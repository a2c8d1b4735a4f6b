#!/usr/bin/env python3
"""Does what the README says, word for word, on fresh Debians with systemd as PID 1.

    walk.py prepare FOLDER          makes the tree that the machines are made of, and keeps it
    walk.py short FOLDER BUILD      install (from a build of the host), configure, start, tunnel
                                    between two machines, reload, dump, messages, remove
    walk.py long FOLDER             the rest: packages, source, builds, demo, bridges, firewall, VPN
    walk.py trixie FOLDER           builds with Debian 13's compiler, warnings being errors, and
                                    runs what that built

Run as root. Exit status 77: this machine cannot do it, and says why in one line.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import readme
from machine import Impossible, Machine, run, say, skip, tree
from walk_plan import PLAN

SOURCE = Path(__file__).resolve().parents[2]
# What a Debian 12 without a desktop has of what the README takes for granted; no procps.
PACKAGES = ["systemd-sysv", "dbus", "iproute2", "sudo", "man-db", "libevent-core-2.1-7",
            "libevent-extra-2.1-7", "libconfuse2"]


class Walk:
    """Remembers which commands of the README were run."""

    def __init__(self):
        self.known = set(readme.commands())
        self.done = set()

    def do(self, machine, command, check=True, folder="~/aurpd", timeout=120, **places):
        """A command as it stands in the README, by its user, in the folder with the source."""
        assert command in self.known, f"the README does not say: {command}"
        self.done.add(command)
        for word, meaning in places.items():
            command = command.replace(word, meaning)
        return machine.as_user(command, check, timeout, folder).stdout

    def until(self, machine, command, good, timeout=60):
        assert command in self.known, f"the README does not say: {command}"
        self.done.add(command)
        return machine.wait(f"cd ~/aurpd && {command}", good, timeout)

    def finish(self, kind):
        left = [command for command, where in PLAN.items()
                if where == kind and command not in self.done]
        assert not left, f"not run: {left}"


DUMP = "sudo systemctl kill -s USR1 aurpd; sudo cat /run/aurpd/dump"
LOG = "sudo journalctl -u aurpd"
RELOAD = "sudo systemctl reload aurpd"
START = "sudo systemctl enable --now aurpd"
DAEMON_RELOAD = "sudo systemctl daemon-reload"
TAP = ("sudo cp /usr/share/doc/aurpd/examples/aurpd-tap.conf "
       "/etc/systemd/system/aurpd.service.d/tap.conf")
TASHTALK = TAP.replace("tap.conf", "tashtalk.conf")
CONF = "/etc/aurpd/aurpd.conf"

SITE_A = readme.block_after("Site A, whose public")
SITE_B = (SITE_A.replace("attic", "museum").replace("203.0.113.7", "198.51.100.9")
          .replace("100-101", "200-201").replace("Game Room", "Museum")
          .replace('peer "museum" { host = "museum.example.net" }',
                   'peer "attic" { host = "203.0.113.7" }'))


def install(machine, build):
    """As `sudo cmake --install build/release` does it, with the cmake of the host."""
    run("cmake", "--install", build, env={**os.environ, "DESTDIR": str(machine.root)})
    folder = machine.root / f"home/{machine.user}/aurpd/build/release"
    folder.mkdir(parents=True)
    shutil.copy(Path(build) / "install_manifest.txt", folder)


def set_up(walk, machine, build, conf):
    walk.do(machine, "sudo systemd-sysusers && sudo systemctl daemon-reload")
    assert "aurpd" in machine.as_user("getent passwd aurpd").stdout
    assert machine.as_root("systemctl show -P LoadState aurpd").stdout.strip() == "loaded"
    machine.write(CONF, conf)


def check_manual(walk, machine):
    walk.do(machine, "sudo mandb -q", timeout=300)
    found = walk.do(machine, "man -k appletalk")
    assert "aurpd (8)" in found and "aurpd.conf (5)" in found, found
    assert "AURP" in machine.as_user("man aurpd | cat").stdout


def check_devices(walk, machine):
    assert "eth0" in walk.do(machine, "ip -br link")
    said = machine.as_user("sudo aurpd -t 2>&1 >/dev/null").stdout
    assert said == "", said
    assert 'device = "eth0"' in walk.do(machine, "sudo aurpd -t")
    machine.write(CONF, SITE_A.replace("eth0", "enp9s9"))
    said = machine.as_user("sudo aurpd -t 2>&1 >/dev/null").stdout
    assert "no interface enp9s9" in said and "eth0" in said, said
    machine.write(CONF, SITE_A)
    said = machine.as_user("command -v aurpd; /usr/sbin/aurpd -t >/dev/null", check=False)
    assert said.returncode in (0, 78)


def check_running(walk, machine, other_net, peer):
    walk.until(machine, DUMP, lambda text: f"net={other_net} " in text and "recv=connected" in text)
    status = walk.until(machine, "systemctl status aurpd",
                        lambda text: "1 port, 1 of 1 peer, 2 networks" in text)
    assert "enabled" in status and "active (running)" in status, status
    assert f"peer {peer} is connected" in walk.do(machine, LOG)
    assert "aurpd" in walk.do(machine, "sudo ss -lunp 'sport = :387'")
    assert "aurpd" not in machine.as_user("ss -lunp 'sport = :387'").stdout, "needs no sudo?"
    machine.as_root("test -s /var/lib/aurpd/addresses")


def check_reload(walk, machine):
    assert not (machine.root / "usr/bin/kill").exists(), "procps is there: this proves nothing"
    machine.write(CONF, SITE_A.replace('"Game Room"', '"Game Room", "Cellar"'))
    walk.do(machine, RELOAD)
    log = walk.until(machine, LOG, lambda text: "again: 1 port, 1 tunnel" in text)
    assert "last-heard-timeout" not in log, "the journal has the whole configuration"
    assert "list of zones has changed" in log, log
    machine.write(CONF, SITE_A.replace('"100-101"', '"101-100"'))
    assert machine.as_user(RELOAD, check=False).returncode != 0
    assert "aurpd.conf:" in walk.do(machine, LOG)
    machine.as_root("systemctl is-active aurpd")
    machine.write(CONF, SITE_A)
    walk.do(machine, RELOAD)
    walk.do(machine, "sudo systemctl kill -s USR2 aurpd")
    walk.until(machine, LOG, lambda text: "dialling those that are away" in text)


def with_router(option):
    return SITE_A.replace('name = "attic"', f'name = "attic"\n    {option}')


def check_messages(walk, machine):
    """What the sandbox of the unit makes of ordinary wishes, in the words of the log."""
    machine.write(CONF, with_router('dump-file = "/tmp/dump"'))
    walk.do(machine, RELOAD)
    machine.as_user("sudo systemctl kill -s USR1 aurpd")
    log = walk.until(machine, LOG, lambda text: "for all others the file is" in text)
    place = log.split("for all others the file is ")[1].split()[0]
    assert "[ports]" in machine.as_user(f"sudo cat {place}").stdout
    machine.write(CONF, with_router('dump-file = "/opt/dump"'))
    walk.do(machine, RELOAD)
    machine.as_user("sudo systemctl kill -s USR1 aurpd")
    log = walk.until(machine, LOG, lambda text: "no dump written to /opt/dump" in text)
    assert "/run/aurpd" in log and "ReadWritePaths=" in log, log
    machine.write(CONF, SITE_A.replace("device  = eth0", "tap = at0"))
    walk.do(machine, RELOAD)
    walk.until(machine, LOG, lambda text: "aurpd-tap.conf" in text and "at0" in text)
    machine.write(CONF, SITE_A)
    machine.as_root(f"chmod 600 {CONF}")
    assert machine.as_user(RELOAD, check=False).returncode != 0
    assert "by the user aurpd: Permission denied" in walk.do(machine, LOG)
    machine.as_root(f"chmod 644 {CONF}")


def check_crash(walk, machine):
    walk.do(machine, RELOAD)
    walk.until(machine, DUMP, lambda text: "[counters]" in text)
    before = machine.as_root("cat /run/aurpd/dump; systemctl kill -s KILL aurpd").stdout
    machine.wait("systemctl show -P NRestarts aurpd; systemctl is-active aurpd",
                 lambda text: text.split() == ["1", "active"], 30)
    assert machine.as_root("cat /run/aurpd/dump").stdout == before


def check_drop_ins(walk, machine):
    walk.do(machine, "sudo mkdir -p /etc/systemd/system/aurpd.service.d")
    walk.do(machine, TASHTALK)
    walk.do(machine, "sudo systemctl daemon-reload && sudo systemctl restart aurpd")
    machine.as_root("systemctl is-active aurpd")
    wants = machine.as_root("systemctl show -P Wants aurpd").stdout
    assert "modprobe@usbserial.service" in wants and "modprobe@cdc_acm.service" in wants, wants
    allowed = machine.as_root("systemctl show -P DeviceAllow aurpd").stdout
    assert all(f"char-{kind} rw" in allowed for kind in ("ttyUSB", "ttyACM", "ttyAMA")), allowed
    machine.as_root("rm /etc/systemd/system/aurpd.service.d/tashtalk.conf")
    walk.do(machine, TAP)
    walk.do(machine, DAEMON_RELOAD)
    machine.write(CONF, SITE_A.replace("device  = eth0", "tap     = at0"))
    machine.as_root("systemctl restart aurpd")
    walk.until(machine, LOG, lambda text: "port lan is up" in text.split("tap device")[-1])
    walk.until(machine, DUMP, lambda text: "device=at0 state=up" in text
               or 'device="at0" state=up' in text)
    machine.as_root("ip link show at0")


def remove(walk, machine):
    walk.do(machine, "sudo systemctl disable --now aurpd")
    walk.do(machine, "sudo xargs -d '\\n' rm -f <build/release/install_manifest.txt")
    walk.do(machine, "sudo rm -rf /etc/aurpd /etc/systemd/system/aurpd.service.d "
            "/var/lib/aurpd /usr/share/doc/aurpd")
    walk.do(machine, DAEMON_RELOAD)
    walk.do(machine, "sudo userdel aurpd")
    left = machine.as_root("find / /run -xdev \\( -path /home -o -path /var/log -o -path "
                           "/var/cache/man \\) -prune -o -iname '*aurpd*' -print").stdout
    assert left == "", left
    machine.as_root("! getent passwd aurpd && ! getent group aurpd")


def between(machines, router):
    """Two sites in the Internet: a router between their networks."""
    run("ip", "netns", "add", router)
    run("ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    for machine, address, gateway in machines:
        machine.plug("eth0", address, gateway, router)


def short(folder, build):
    walk = Walk()
    base = tree(folder, "bookworm", PACKAGES)
    router = f"aurpd-walk-{os.getpid()}"
    with tempfile.TemporaryDirectory(dir=folder, prefix="machines-") as place:
        a, b = (Machine(name, base, Path(place)) for name in ("attic", "museum"))
        try:
            for machine, conf in ((a, SITE_A), (b, SITE_B)):
                install(machine, build)
                machine.boot()
                machine.add_user()
                machine.as_root(f"chown -R {machine.user}: /home/{machine.user}; echo "
                                "198.51.100.9 museum.example.net >>/etc/hosts")
                set_up(walk, machine, build, conf)
            say("two machines run, aurpd is installed")
            between([(a, "203.0.113.7", "203.0.113.1"), (b, "198.51.100.9", "198.51.100.1")],
                    router)
            check_devices(walk, a)
            for machine in (a, b):
                walk.do(machine, START)
            check_running(walk, a, "200-201", "museum")
            check_running(walk, b, "100-101", "attic")
            for check in (check_reload, check_messages, check_crash, check_drop_ins, check_manual,
                          remove):
                say(f"{check.__name__}".replace("_", " "))
                check(walk, a)
            walk.finish("short")
        finally:
            a.close()
            b.close()
            subprocess.run(["ip", "netns", "del", router], check=False)


def trixie(folder):
    base = tree(folder, "trixie", ["build-essential", "cmake", "pkg-config", "libevent-dev",
                                   "libconfuse-dev", "libcmocka-dev", "python3", "git"])
    with tempfile.TemporaryDirectory(dir=folder, prefix="machines-") as place:
        machine = Machine("trixie", base, Path(place))
        try:
            run("git", "-c", "safe.directory=*", "clone", "-q", SOURCE, machine.root / "src")
            said = machine.as_root(
                "cd /src && cmake --preset dev && cmake --build --preset dev -j2 2>&1 && "
                "ctest --preset dev -LE 'system|lint' -j2", timeout=3600).stdout
            assert "warning:" not in said, said
            assert "100% tests passed" in said, said[-2000:]
            machine.as_root("cd /src && cmake --preset release && cmake --build --preset release "
                            "-j2 && build/release/aurpd -V", timeout=1800)
        finally:
            machine.close()


def main(kind="", folder="", build=""):
    if kind not in ("prepare", "short", "long", "trixie") or not folder:
        sys.exit(__doc__)
    try:
        if kind == "prepare":
            tree(Path(folder).resolve(), "bookworm", PACKAGES)
        elif kind == "short":
            short(Path(folder).resolve(), Path(build).resolve())
        elif kind == "trixie":
            trixie(Path(folder).resolve())
        else:
            import walk_long
            walk_long.walk(Path(folder).resolve())
    except Impossible as why:
        skip(why)
    say(f"README walk, {kind}: done")


if __name__ == "__main__":
    main(*sys.argv[1:])
