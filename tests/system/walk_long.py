"""The long walk: what needs packages, a compiler, a firewall, another network set-up, a reboot."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import readme
from machine import Machine, run, say, tree
from walk import (CONF, LOG, PACKAGES, SITE_A, SITE_B, SOURCE, START, TAP, Walk, set_up)

BUILD = "cmake --preset release && cmake --build --preset release"
INSTALL = "sudo cmake --install build/release"
RESTART = "sudo systemctl daemon-reload && sudo systemctl restart aurpd"
REBOOT = "sudo systemctl reboot"
MEMBERS = "ip -br link show master br0"


class Cable:
    """A switch in a namespace; machines come with an eth0 in it, from their first moment on."""

    def __init__(self):
        self.ns = f"aurpd-walk-{os.getpid()}"
        self._n = 0
        run("ip", "netns", "add", self.ns)
        run("ip", "-n", self.ns, "link", "add", "switch", "type", "bridge")
        run("ip", "-n", self.ns, "link", "set", "switch", "up")

    def boot(self, machine, *options):
        self._n += 1
        far = f"w{os.getpid() % 100000}-{self._n}"
        plug = threading.Thread(target=self._plug, args=(far,))
        plug.start()            # what waits for its network while it starts gets it
        machine.boot(f"--network-veth-extra={far}:eth0", *options)
        plug.join()

    def _plug(self, far):
        for _ in range(600):
            if Path(f"/sys/class/net/{far}").exists():
                run("ip", "link", "set", far, "netns", self.ns)
                run("ip", "-n", self.ns, "link", "set", far, "master", "switch", "up")
                return
            time.sleep(0.1)

    def reboot(self, walk, machine):
        walk.do(machine, REBOOT, check=False)
        machine.wait_for_end()
        self.boot(machine)

    def close(self):
        subprocess.run(["ip", "netns", "del", self.ns], check=False)


def reader(base, place, name="reader"):
    """A machine before its first boot: it has the Internet of the host, for apt and git."""
    machine = Machine(name, base, place)
    machine.add_user()
    # Who installs something answers Y.
    machine.write("/etc/apt/apt.conf.d/90yes", 'APT::Get::Assume-Yes "true";\n')
    machine.as_root("apt-get -qq update", timeout=600)
    return machine


def fetch(walk, machine):
    address = "/srv/aurpd.git"
    walk.do(machine, "sudo apt install git", folder="~", timeout=900)
    run("git", "-c", "safe.directory=*", "clone", "-q", "--bare", SOURCE,
        machine.root / address.lstrip("/"))
    machine.as_root(f"chown -R {machine.user}: {address}")
    walk.do(machine, "git clone ADDRESS aurpd", folder="~", ADDRESS=address)
    walk.do(machine, "cd aurpd", folder="~")
    walk.do(machine, "sudo apt install build-essential cmake pkg-config libevent-dev "
            "libconfuse-dev", timeout=1800)
    machine.as_root("apt-get install -y python3", timeout=900)      # what the demo would install


def demonstrate(walk, machine):
    # The folder of `ip netns` stays, as after every use of that; a console that comes late is none
    # of ours.
    look = ("mkdir -p /run/netns; touch /run/agetty.reload; "
            "ls -a /run /tmp /var/lib /var/tmp /etc /dev/shm; ip netns; ip -br link")
    before = set(machine.as_root(look).stdout.splitlines())
    said = walk.do(machine, "sudo tests/demo.sh", timeout=1800)
    assert "Game Room" in said or "zones" in said, said
    after = set(machine.as_root(look).stdout.splitlines())
    assert after == before, after ^ before
    # By their names: the command line of whoever looks for it has the word, too.
    left = machine.as_root("grep -lx aurpd /proc/[0-9]*/comm", check=False).stdout
    assert left == "", left
    assert machine.as_user("git status --porcelain", folder="~/aurpd").stdout == ""
    others = machine.as_root(f"find /home/{machine.user}/aurpd -not -user {machine.user}").stdout
    assert others == "", others


def build_and_install(walk, machine):
    walk.do(machine, BUILD, timeout=1800)
    walk.do(machine, INSTALL)
    for path in ("/usr/sbin/aurpd", "/lib/systemd/system/aurpd.service", CONF,
                 "/usr/share/man/man8/aurpd.8", "/usr/share/man/man5/aurpd.conf.5"):
        machine.as_root(f"test -e {path}")


def upgrade(walk, machine):
    machine.write(CONF, SITE_A)
    walk.do(machine, START)
    first = machine.as_root("systemctl show -P MainPID aurpd").stdout
    walk.do(machine, "git pull")
    walk.do(machine, BUILD, timeout=1800)
    walk.do(machine, INSTALL)
    walk.do(machine, RESTART)
    assert machine.as_root("systemctl show -P MainPID aurpd").stdout != first
    assert machine.as_root(f"cat {CONF}").stdout == SITE_A, "the configuration was replaced"


def firewall(walk, machine, cable):
    place = "/etc/nftables.conf"
    stock = machine.as_root(f"cat {place}").stdout
    assert "chain input {" in stock
    table = readme.block_after("at the end of `/etc/nftables.conf`")
    machine.write(place, stock + table)
    walk.do(machine, "sudo systemctl enable nftables")
    walk.do(machine, "sudo systemctl restart nftables")
    for _ in range(2):
        rules = walk.do(machine, "sudo nft list ruleset")
        assert "table inet aurpd" in rules and "udp dport 387 drop" in rules, rules
        cable.reboot(walk, machine)
    # The line of step 5 in the stock chain.
    for line in stock.splitlines():
        if line.strip().startswith("type filter hook input"):
            machine.write(place, stock.replace(line, f"{line}\n\t\tudp dport 387 accept"))
    walk.do(machine, "sudo systemctl reload nftables")
    rules = walk.do(machine, "sudo nft list ruleset")
    assert "udp dport 387 accept" in rules and "table inet aurpd" not in rules, rules
    machine.write(place, stock)


def listen(walk, machine):
    machine.write(CONF, SITE_A.replace("museum.example.net", "192.168.7.77"))
    machine.as_root("ip link set eth0 up; ip address add 192.168.7.5/24 dev eth0; "
                    "systemctl restart aurpd")
    command = "sudo tcpdump -ni eth0 udp port 387"
    assert command in walk.known
    walk.done.add(command)
    machine.as_root("ip neigh replace 192.168.7.77 lladdr 02:00:00:00:00:77 dev eth0")
    said = machine.as_user(f"timeout -s INT 15 {command}", check=False, timeout=60).stdout
    assert "192.168.7.77.387: UDP" in said, said


NO_OFFLOAD = """
import fcntl, socket, struct
value = struct.pack("II", 0x17, 0)      # ETHTOOL_STXCSUM, off
import array
buffer = array.array("B", value)
request = struct.pack("16sP", b"eth0", buffer.buffer_info()[0])
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8946, request)
"""


def whole_checksums(machine):
    """Clients of DHCP read the bytes of the wire; a veth leaves checksums to a card."""
    run("nsenter", "-t", machine.pid, "-n", sys.executable, "-c", NO_OFFLOAD)


def dhcp_server(machine):
    machine.write("/etc/systemd/network/eth0.network",
                  "[Match]\nName=eth0\n[Network]\nAddress=192.168.7.1/24\nDHCPServer=yes\n")


def has_bridge(walk, machine):
    """The card and the tap are in the bridge, which has the address; the port is up."""
    machine.wait("ip -br -4 address show br0", lambda text: "192.168.7." in text, 60)
    members = walk.until(machine, MEMBERS, lambda text: "eth0" in text and "at0" in text)
    assert "192.168.7." not in machine.as_user("ip -br -4 address show eth0").stdout, members
    machine.as_user("ping -c 1 -W 5 192.168.7.1 || true")
    walk.until(machine, f"{LOG}", lambda text: "port lan is up" in text, 60)


def tap_port(walk, machine):
    machine.write(CONF, readme.block_after("First the port, in `/etc/aurpd"))
    walk.do(machine, "sudo mkdir -p /etc/systemd/system/aurpd.service.d")
    walk.do(machine, TAP)
    walk.do(machine, "sudo systemctl daemon-reload", check=False)
    machine.as_root("systemctl enable aurpd")


def bridge(walk, machine, cable, prepare):
    tap_port(walk, machine)
    prepare()
    for _ in range(2):
        cable.reboot(walk, machine)
        has_bridge(walk, machine)
        machine.as_root("journalctl --rotate; journalctl --vacuum-time=1s")


def by_ifupdown(machine):
    machine.write("/etc/network/interfaces", "auto lo\niface lo inet loopback\n" +
                  readme.block_after("in `/etc/network/interfaces`"))


def by_networkd(machine):
    text = readme.README.read_text(encoding="utf-8")
    for name in ("br0.netdev", "br0.network", "br0-ports.network", "at0.netdev"):
        body = next(body for _, body, _ in readme.blocks(text)
                    if body.startswith(f"# {name}\n"))
        machine.write(f"/etc/systemd/network/{name}", body)
    machine.as_root("systemctl enable systemd-networkd")


def by_network_manager(walk, machine):
    walk.until(machine, "nmcli connection", lambda text: "Wired connection 1" in text)
    for command in sorted(command for command in walk.known
                          if "nmcli connection add" in command and " br0" in command):
        walk.do(machine, command)
    walk.do(machine,
            'sudo nmcli connection modify "Wired connection 1" connection.autoconnect no')


BRIDGES = [("networkd", ""), ("ifupdown", "ifupdown isc-dhcp-client"),
           ("manager", "network-manager")]


def bridges(walk, base, place, cable):
    """Each of the three set-ups on a machine of its own, which has the installed aurpd."""
    for name, packages in BRIDGES:
        say(f"a bridge, set up by {name}")
        machine = reader(base, place, name)
        try:
            if packages:
                machine.as_root(f"apt-get install -y --no-install-recommends {packages}",
                                timeout=900)
            if name == "ifupdown":
                walk.do(machine, "sudo apt install bridge-utils", folder="~", timeout=900)
            run("cp", place / "installed.tar", machine.root / "srv")
            machine.as_root("tar -C / --keep-directory-symlink -xf /srv/installed.tar")
            machine.as_user("mkdir -p ~/aurpd")
            cable.boot(machine)
            walk.do(machine, "sudo systemd-sysusers && sudo systemctl daemon-reload")
            bridge(walk, machine, cable, {
                "networkd": lambda: by_networkd(machine),
                "ifupdown": lambda: by_ifupdown(machine),
                "manager": lambda: by_network_manager(walk, machine)}[name])
        finally:
            machine.close()


def walk(folder):
    """All of it, one after the other."""
    w = Walk()
    base = tree(folder, "bookworm", PACKAGES)
    cable = Cable()
    with tempfile.TemporaryDirectory(dir=folder, prefix="machines-") as name:
        place = Path(name)
        machine = reader(base, place)
        server = Machine("server", base, place)
        try:
            say("packages and source")
            fetch(w, machine)
            for package in ("sudo apt install nftables", "sudo apt install tcpdump"):
                w.do(machine, package, timeout=900)
            cable.boot(machine)
            say("the demonstration")
            demonstrate(w, machine)
            say("build, install, upgrade")
            build_and_install(w, machine)
            machine.as_root(f"tar -C / -cf /srv/installed.tar -T /home/{machine.user}/aurpd/"
                            f"build/release/install_manifest.txt {CONF}")
            run("cp", machine.root / "srv/installed.tar", place)
            set_up(w, machine, None, SITE_B)
            upgrade(w, machine)
            say("firewall")
            firewall(w, machine, cable)
            listen(w, machine)
            machine.close()
            dhcp_server(server)
            cable.boot(server)
            whole_checksums(server)
            server.as_root("systemctl enable --now systemd-networkd")
            bridges(w, base, place, cable)
            w.finish("long")
        finally:
            machine.close()
            server.close()
            cable.close()
