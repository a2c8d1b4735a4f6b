"""Network namespaces for the tests: a laboratory of machines and cables.

Everything is created inside namespaces of our own prefix, nothing in the
namespace the tests run in, and everything goes when the Lab is closed.
Python opens its sockets inside a namespace by moving only the calling thread
there for a moment (setns).
"""

import contextlib
import ctypes
import itertools
import os
import socket
import struct
import subprocess
from pathlib import Path

PREFIX = "aurpt-"
CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
SOL_PACKET, PACKET_ADD_MEMBERSHIP, MR_PROMISC = 263, 1, 1
_libc = ctypes.CDLL(None, use_errno=True)
_serial = itertools.count()


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def hardware_address(ns, device):
    shown = run("ip", "-n", ns, "link", "show", device)
    return bytes.fromhex(shown.split("link/ether ")[1].split()[0].replace(":", ""))


def _setns(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        if _libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")
    finally:
        os.close(fd)


@contextlib.contextmanager
def inside(ns):
    """The calling thread is inside the namespace for the length of the block."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _setns(f"/run/netns/{ns}")
        yield
    finally:
        _libc.setns(home, CLONE_NEWNET)
        os.close(home)


class Cable:
    """An Ethernet cable between a machine's interface and our end of it.

    Our end, `far`, carries any number of Python stations: each has a MAC of
    its own and a packet socket that also hears what the others send.
    """

    def __init__(self, ns, device, far_ns, far):
        self.ns, self.device, self.far_ns, self.far = ns, device, far_ns, far

    def unplug(self):
        run("ip", "-n", self.far_ns, "link", "set", self.far, "down")

    def plug(self):
        run("ip", "-n", self.far_ns, "link", "set", self.far, "up")

    def isolate(self):
        """Our end leaves its bridge: nothing gets through, and nobody sees why."""
        run("ip", "-n", self.far_ns, "link", "set", self.far, "nomaster")

    def rejoin(self, bridge="br0"):
        run("ip", "-n", self.far_ns, "link", "set", self.far, "master", bridge)

    def socket(self):
        with inside(self.far_ns):
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sock.bind((self.far, ETH_P_ALL))
            # Frames for the stations' own addresses are for others in the kernel's eyes.
            membership = struct.pack("iHH8s", socket.if_nametoindex(self.far), MR_PROMISC, 0, b"")
            sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
        return sock


def sweep():
    """Removes what test runs left behind that were killed before they could."""
    for path in Path("/run/netns").glob(f"{PREFIX}*"):
        owner = path.name[len(PREFIX):].split("-")[0]
        if not Path("/proc", owner).exists():
            subprocess.run(["ip", "netns", "del", path.name], capture_output=True, check=False)


class Lab:
    """A set of namespaces: machines, their cables, and one IP network between them."""

    def __init__(self, tag=None):
        self.tag = tag or f"{PREFIX}{os.getpid()}-{next(_serial)}-"
        self.spaces = []
        self._ends = itertools.count()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for ns in reversed(self.spaces):
            subprocess.run(["ip", "netns", "del", ns], capture_output=True, check=False)
        self.spaces = []

    def machine(self, name):
        """A new namespace with its loopback up."""
        ns = self.tag + name
        run("ip", "netns", "add", ns)
        self.spaces.append(ns)
        with inside(ns):
            # Router solicitations and MLD would only be noise on the cables.
            for scope in ("all", "default"):
                path = Path(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6")
                if path.exists():
                    path.write_text("1")
        run("ip", "-n", ns, "link", "set", "lo", "up")
        return ns

    def cable(self, ns, device, mac=None):
        """A cable into a machine; our end lives in a namespace of all far ends."""
        cables = self.tag + "cables"
        if cables not in self.spaces:
            self.machine("cables")
        far = f"c{next(self._ends)}"
        self.veth(ns, device, cables, far, mac)
        return Cable(ns, device, cables, far)

    def veth(self, ns, device, far_ns, far, mac=None):
        run("ip", "link", "add", device, "netns", ns, *(("address", mac) if mac else ()),
            "type", "veth", "peer", "name", far, "netns", far_ns)
        run("ip", "-n", ns, "link", "set", device, "up")
        run("ip", "-n", far_ns, "link", "set", far, "up")


class Wan:
    """The IP network between the sites: a bridge on which we have addresses, too."""

    def __init__(self, lab, mtu=1500):
        self.lab, self.mtu = lab, mtu
        self.ns = lab.machine("wan")
        run("ip", "-n", self.ns, "link", "add", "br0", "mtu", mtu, "type", "bridge")
        run("ip", "-n", self.ns, "link", "set", "br0", "up")
        self._ports = {}

    def join(self, ns, address, device="wan0"):
        """Gives a machine an address of this network; returns the tap that sees its traffic."""
        port = f"p{len(self._ports)}"
        self.lab.veth(ns, device, self.ns, port)
        run("ip", "-n", self.ns, "link", "set", port, "mtu", self.mtu, "master", "br0")
        run("ip", "-n", ns, "link", "set", device, "mtu", self.mtu)
        run("ip", "-n", ns, "addr", "add", f"{address}/24", "dev", device)
        self._ports[ns] = port
        return Cable(ns, device, self.ns, port)

    def own(self, address):
        """An address of our own, for scripted peers."""
        run("ip", "-n", self.ns, "addr", "add", f"{address}/24", "dev", "br0")
        return address

    def tap(self, ns):
        return Cable(ns, "wan0", self.ns, self._ports[ns])
