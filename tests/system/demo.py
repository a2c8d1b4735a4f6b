#!/usr/bin/env python3
"""The demonstration behind tests/demo.sh: builds two sites, shows them, cleans up.

With --keep a background process owns the two sites; the other commands find
them through a small state file.
"""

import json
import os
import signal
import sys
import textwrap
import time
from pathlib import Path

import appletalk as at
from appletalk import Addr, Range
from daemon import BINARY, Dump, peer_is
from localtalk import UdpNode
from net import Cable, Lab
from node import Node, Silence
from world import World, ethertalk, has_zones, localtalk

TAG = "aurpd-demo-"
STATE = Path("/run/aurpd-demo.json")
RANGES = {"attic": Range(100, 101), "museum": Range(200, 201)}
ZONES = {"attic": ["Game Room", "Café"], "museum": ["Museum"]}
EMULATORS = ("102", "Emulators")        # a third network, of the attic: LocalTalk over UDP


def heading(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}")


def show(text, indent="    "):
    print(textwrap.indent(text.rstrip(), indent), flush=True)


# --- The two sites

def build():
    """Two sites with a router each; at either a Mac with something to offer."""
    world = World(tag=TAG)
    try:
        attic, museum = world.site("attic", 1), world.site("museum", 2)
        for site in (attic, museum):
            site.range, site.zones = RANGES[site.name], ZONES[site.name]
        for site, other in ((attic, museum), (museum, attic)):
            lan = ethertalk(network=site.network, zones=site.zones)
            if site is attic:
                lan += localtalk("ltoudp", "emulators", "lan0", *EMULATORS)
            site.prepare(site.config({other.name: other.address}, lan, log_level="info")).spawn()
        return world, attic, museum
    except BaseException:
        world.close()
        raise


def settle(attic, museum):
    for site, other in ((attic, museum), (museum, attic)):
        site.daemon.wait_dump(
            lambda dump, other=other: peer_is(other.name)(dump) and has_zones(dump, other), 20,
            f"{site.name} to see the zones of {other.name}")
    museum.daemon.wait_dump(lambda dump: dump.zones(EMULATORS[0]) == [EMULATORS[1]], 20,
                            "museum to see the zone of the emulators")


def furnish(attic, museum):
    quadra, printer, guest = attic.node("Café"), attic.node("Café"), museum.node("Museum")
    quadra.register("Quadra 700", "AFPServer", 129)
    printer.register("LaserWriter II", "LaserWriter", 130)
    guest.register("Macintosh SE/30", "Workstation", 131)
    emulator = attic.world.keep(UdpNode(attic.ns, "lan0")).acquire()
    emulator.register("Mini vMac", "Workstation", 132)
    return quadra, guest, emulator


def story(attic, museum):
    began = time.monotonic()
    heading("Two sites: an Ethernet each, emulators at one, aurpd on both, IP between them")
    show(f"""\
 attic                                       museum
 Quadra 700, LaserWriter II                  Macintosh SE/30
      |                                           |
 EtherTalk {attic.network}, "Game Room", "Café"     EtherTalk {museum.network}, "Museum"
      |   Mini vMac                               |
      |   LocalTalk {EMULATORS[0]}, "{EMULATORS[1]}"              |
      |    |                                      |
 aurpd {attic.address} ======= AURP, UDP 387 ====== aurpd {museum.address}""")
    heading("The configuration of the attic")
    show(attic.daemon.config.read_text())
    settle(attic, museum)
    heading("Connected")
    show(f"{time.monotonic() - began:.1f} s after the start both sites know each other's zones.")

    quadra, guest, emulator = furnish(attic, museum)
    heading("At the museum, a Mac opens the Chooser")
    show(f"It took the address {guest.addr} on the cable {museum.network} by itself, "
         f"and its router told it these zones:")
    zones = guest.get_zone_list()
    show("\n".join(at.text(zone) for zone in sorted(zones)), "        ")
    wanted = {at.name(zone) for names in ZONES.values() for zone in names}
    assert set(zones) == wanted | {at.name(EMULATORS[1])}, "the zones are not those of both sites"

    heading('It looks for everything in the zone "Café", at the other site')
    found = lookup(guest, "=", "=", "Café", 2)
    assert {(b"Quadra 700", b"AFPServer"), (b"LaserWriter II", b"LaserWriter")} <= set(found)

    heading("It sends an echo to the Quadra, through both routers")
    assert echo(guest, quadra.addr), "the Quadra did not answer"

    heading("The emulator at the attic, node "
            f"{emulator.addr} on LocalTalk, looks for the Mac at the museum")
    found = lookup(emulator, "=", "Workstation", "Museum")
    assert {e.addr for e in found.values()} == {guest.addr}, "the Mac was not found"
    heading("... and the Mac for the emulator")
    found = lookup(guest, "=", "Workstation", EMULATORS[1])
    assert {e.addr for e in found.values()} == {emulator.addr}, "the emulator was not found"
    assert echo(emulator, guest.addr), "the Mac did not answer"

    heading("What the router of the museum knows (SIGUSR1)")
    show(museum.daemon.dump().text)


# --- What can be done at a site

def lookup(node, obj, kind, zone, enough=1):
    found = node.lookup(obj, kind, zone, enough=enough)
    for entity in found.values():
        show(f"{at.text(entity.object)}:{at.text(entity.type)}  "
             f"at {entity.addr}, socket {entity.socket}", "        ")
    if not found:
        show("nothing found", "        ")
    return found


def echo(node, addr, number=5):
    answers = 0
    for turn in range(number):
        data, sent = os.urandom(32), time.monotonic()
        answer = node.echo(addr, data)
        if answer:
            answers += 1
            hops = f"{answer.ddp.hops} hop{'s'[answer.ddp.hops == 1:]}"
            show(f"{len(data)} bytes from {answer.ddp.src}: {hops}, "
                 f"{(answer.time - sent) * 1000:.2f} ms", "        ")
        else:
            show(f"no answer from {addr} ({turn + 1})", "        ")
    return answers


def play(words):
    """One of the commands that need a running demonstration."""
    if not STATE.exists():
        sys.exit("no demonstration is running: start one with 'sudo tests/demo.sh --keep'")
    state = json.loads(STATE.read_text())
    if words == ["--stop"]:
        return stop(state["pid"])
    needed = {"zones": 2, "dump": 2, "log": 2, "echo": 3, "lookup": 5}
    if len(words) != needed.get(words[0]) or words[1] not in state["sites"]:
        sys.exit("see tests/demo.sh --help; the sites are attic and museum")
    site = state["sites"][words[1]]
    if words[0] == "log":
        show(Path(site["log"]).read_text(), "")
    elif words[0] == "dump":
        before = Path(site["dump"]).stat().st_ino if Path(site["dump"]).exists() else None
        os.kill(site["pid"], signal.SIGUSR1)
        while not Path(site["dump"]).exists() or Path(site["dump"]).stat().st_ino == before:
            time.sleep(0.02)
        show(Dump(Path(site["dump"]).read_text()).text, "")
    else:
        with Node(Cable(*site["cable"])) as node:
            node.acquire()
            if words[0] == "zones":
                show("\n".join(at.text(zone) for zone in sorted(node.get_zone_list())), "")
            elif words[0] == "lookup":
                return 0 if lookup(node, *words[2:]) else 1
            else:
                net, _, number = words[2].partition(".")
                return 0 if echo(node, Addr(int(net), int(number))) else 1
    return 0


# --- Beginning and end

def stop(pid):
    os.kill(pid, signal.SIGTERM)
    for _ in range(200):
        if not STATE.exists():
            print("stopped; nothing is left behind")
            return 0
        time.sleep(0.1)
    sys.exit(f"process {pid} does not stop")


def still_running():
    """Is there a kept demonstration? One that died is cleaned up."""
    if STATE.exists():
        try:
            os.kill(json.loads(STATE.read_text())["pid"], 0)
            return True
        except ProcessLookupError:
            STATE.unlink()
    leftover = Lab(TAG)
    leftover.spaces = [ns.name for ns in Path("/run/netns").glob(f"{TAG}*")]
    leftover.close()
    return False


def keep(sites):
    """Stays in the background and owns the sites until SIGTERM."""
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    STATE.write_text(json.dumps({"pid": os.getpid(), "sites": {
        site.name: {"pid": site.daemon.pid, "dump": str(site.daemon.dump_file),
                    "log": str(site.daemon.log_file),
                    "cable": [site.cable.ns, site.cable.device, site.cable.far_ns, site.cable.far]}
        for site in sites}}))
    heading("It keeps running. Play with it:")
    show("""\
sudo tests/demo.sh zones museum
sudo tests/demo.sh lookup museum = LaserWriter Café
sudo tests/demo.sh echo museum 100.0
sudo tests/demo.sh dump attic
sudo tests/demo.sh log attic
sudo ip netns exec aurpd-demo-wan tcpdump -ni br0 udp port 387
sudo tests/demo.sh --stop""")
    release_terminal()
    while not told:
        time.sleep(0.2)


def run(kept):
    world, attic, museum = build()
    try:
        story(attic, museum)
        if kept:
            keep((attic, museum))
    finally:
        world.close()
        STATE.unlink(missing_ok=True)
    heading("All of it worked. Nothing is left behind.")


def release_terminal():
    """The one who waits for us may go on; what we say from now on nobody reads."""
    sys.stdout.flush()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.write(DONE, b"x")
    os.close(DONE)


DONE = -1


def in_background():
    """The parent waits for the story to end; the child becomes the owner of the sites."""
    global DONE
    told, DONE = os.pipe()
    if os.fork():
        os.close(DONE)
        return 0 if os.read(told, 1) else 1
    os.close(told)
    os.setsid()
    run(True)
    return 0


def main(words):
    if words and words[0] != "--keep":
        return play(words)
    if not BINARY.exists():
        sys.exit(f"no aurpd at {BINARY}")
    if still_running():
        sys.exit("a demonstration is running already: 'sudo tests/demo.sh --stop' ends it")
    if words:
        return in_background()
    run(False)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (AssertionError, Silence) as failure:
        sys.exit(f"\nThe demonstration failed: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
