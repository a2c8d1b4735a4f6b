"""Home routers: a namespace between a site and the Internet that translates addresses (nft).

Its outside is an address of the IP network between the sites, or a place behind another
translator; its inside is a network of its own, 192.168.x.0/24, with itself as 192.168.x.1.
"""

import socket
import struct
import subprocess
import time

from net import Cable, inside, run

NETLINK_NETFILTER = 12
CT_DELETE = 1 << 8 | 2          # of the subsystem that keeps the mappings
REQUEST_WITH_ACK = 5

# What becomes of UDP from outside that nobody inside asked for.
UNWANTED = {
    "dropped": "drop",
    "rejected": "reject",       # an ICMP error; nothing is remembered of the packet
    "closed": "accept",         # it comes to the router itself, which has no such port ...
    "taken": "accept",          # ... or has
}


class Translator:
    """`ports`: what the source port becomes, in the words of nft, "" if it is kept where that is
    possible. `memory`: after how many seconds of silence it forgets a mapping, and one that was
    used in both directions."""

    def __init__(self, world, name, address, place=None, ports="", unwanted="dropped",
                 memory=(30, 120)):
        self.lab, self.address = world.lab, address
        self.ports, self.unwanted = ports, unwanted
        self.ns = world.lab.machine(name)
        self.forward = {}
        self.net = f"192.168.{len(world.lab.spaces)}"
        self.tap = (place or world.wan).join(self.ns, address, "out0")
        run("ip", "-n", self.ns, "link", "add", "in0", "type", "bridge")
        run("ip", "-n", self.ns, "addr", "add", f"{self.net}.1/24", "dev", "in0")
        run("ip", "-n", self.ns, "link", "set", "in0", "up")
        self._inside = 0
        for name, value in (("ipv4.ip_forward", 1),
                            ("netfilter.nf_conntrack_udp_timeout", memory[0]),
                            ("netfilter.nf_conntrack_udp_timeout_stream", memory[1])):
            run("ip", "netns", "exec", self.ns, "sysctl", "-qw", f"net.{name}={value}")
        if unwanted == "taken":
            with inside(self.ns):
                taker = world.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                taker.bind((address, 387))
        self._load()

    def _load(self):
        source = "".join(
            f"ip saddr {to} udp sport {port} masquerade to :{outside}\n"
            for outside, (to, port) in self.forward.items() if outside != port)
        destination = "".join(f'iifname "out0" udp dport {outside} dnat to {to}:{port}\n'
                              for outside, (to, port) in self.forward.items())
        verdict = UNWANTED[self.unwanted]
        rules = f"""flush ruleset
            table ip home {{
                chain after {{
                    type nat hook postrouting priority srcnat
                    oifname != "out0" return
                    {source}
                    meta l4proto udp masquerade {self.ports}
                    masquerade
                }}
                chain before {{
                    type nat hook prerouting priority dstnat
                    {destination}
                }}
                chain through {{
                    type filter hook forward priority filter
                    iifname "out0" ct state new ct status & dnat == 0 {verdict}
                }}
                chain own {{
                    type filter hook input priority filter
                    iifname "out0" ct state new {verdict}
                }}
            }}"""
        done = subprocess.run(["ip", "netns", "exec", self.ns, "nft", "-f", "-"], input=rules,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"nft: {done.stderr}\n{rules}")

    def join(self, ns, address=None, device="wan0"):
        """A machine, or another translator, behind this one. Returns the tap of its cable."""
        self._inside += 1
        port = f"p{self._inside}"
        address = address or self.inner(self._inside)
        self.lab.veth(ns, device, self.ns, port)
        run("ip", "-n", self.ns, "link", "set", port, "master", "in0")
        run("ip", "-n", ns, "addr", "add", f"{address}/24", "dev", device)
        run("ip", "-n", ns, "route", "add", "default", "via", f"{self.net}.1")
        return Cable(ns, device, self.ns, port)

    def inner(self, number):
        """The address of the machine that joins as the first, second ... one."""
        return f"{self.net}.{number + 1}"

    def open(self, outside, address, port):
        """Forwards a port from now on."""
        self.forward[outside] = (address, port)
        self._load()

    def forget(self):
        """All mappings, at once."""
        with inside(self.ns):
            wire = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        with wire:
            wire.send(struct.pack("=IHHIIBBH", 20, CT_DELETE, REQUEST_WITH_ACK, 1, 0, 0, 0, 0))
            error = struct.unpack_from("=i", wire.recv(4096), 16)[0]
        if error:
            raise OSError(-error, "cannot delete the mappings")

    def reboot(self, ports=None, seconds=2):
        """Away for a while; afterwards it knows nothing, and may give other ports."""
        way = run("ip", "-n", self.ns, "route", "show", "default").split()
        run("ip", "-n", self.ns, "link", "set", "out0", "down")
        time.sleep(seconds)
        self.forget()
        self.ports = self.ports if ports is None else ports
        self._load()
        run("ip", "-n", self.ns, "link", "set", "out0", "up")
        if way:
            run("ip", "-n", self.ns, "route", "replace", *way)
