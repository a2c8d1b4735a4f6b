"""Names from outside are data: whatever bytes they are, no terminal and no file gets them raw.

A peer and a router on the cable offer zones with every byte there is, and with
what terminals, shells, formats and parsers like least. Every byte of the log,
the dump, the state file and what -t prints is looked at.
"""

import re
import unicodedata
from types import SimpleNamespace

import pytest

import appletalk as at
import aurp
from appletalk import Addr, Range
from daemon import aurpd, peer_is, port_is_up
from world import World, ethertalk

EVERY_BYTE = [bytes(range(first, first + 32)) for first in range(0, 256, 32)]
NASTY = [b"\x1b]0;title\x07", b"\x1b[2J\x1b[1;1H", b"\x1bP+q\x1b\\", b"\x9b31m",
         b"\x84\x85\x90\x9d",
         b"a\nport lan is down", b"a\r\n<0>panic", b'"; reboot; "', b"\\", b"\\\\x1B", b"\\x1B[2J",
         b"%s%s%n%n", b"{peer}{name}", b"$(reboot)`reboot`", b"zone=x nets=1 dist=0", b"a\0b",
         b" lead", b"trail ", b"\xca\xca", b"\xc2\x9b", b"\xe2\x80\xae", b"\xff\xfe", b"\x7f" * 32,
         b"[routes]", b"# aurpd"]
NAMES = EVERY_BYTE + NASTY


def is_shown(name):
    """A name with a blank at an end is hidden (and said): nobody could choose it."""
    return not {name[:1], name[-1:]} & {b" ", b"\xca"}


FROM_PEER, FROM_CABLE = Range(900, 900), (Range(910, 919), Range(920, 929))


def check(content):
    """Printable UTF-8 and line feeds, nothing else."""
    text = content.decode("utf-8")      # raises if it is none
    bad = {hex(ord(c)) for c in text
           if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")}
    assert not bad, bad
    return text


def original(quoted_name):
    """The MacRoman bytes of a name as the dump writes it."""
    out, rest = b"", quoted_name
    while rest:
        found = re.match(r'\\x([0-9A-F]{2})|\\([\\"])|([^\\])', rest, re.DOTALL)
        out += bytes.fromhex(found[1]) if found[1] else at.name(found[2] or found[3])
        rest = rest[found.end():]
    return out


@pytest.fixture(scope="module")
def town(binary):
    """Site a learns everything from both sides; site c starts next to a router that differs."""
    with World() as world:
        a, c = world.site("a", 1), world.site("c", 3)
        peer = world.peer(101, {FROM_PEER: (0, NAMES)}, a)
        neighbour = a.router(Addr(100, 3), a.range)
        neighbour.routes = {net: 1 for net in FROM_CABLE}
        marked = [b"#" + name[:31] for name in NAMES]
        neighbour.zones = {a.range: ["Zone A"], FROM_CABLE[0]: marked[::2],
                           FROM_CABLE[1]: marked[1::2]}
        a.run(a.config({"p": peer.address}))
        neighbour.start_announcing()
        peer.connect()
        other = c.router(Addr(300, 9), c.range)
        other.zones = {c.range: [NASTY[0], *NASTY[1:8]]}
        other.start_announcing()
        c.run(c.config({}))
        a.daemon.wait_dump(lambda d: port_is_up("lan")(d) and peer_is("p")(d) and
                           len(d.rows("zones")) > sum(map(is_shown, NAMES + marked)), 60,
                           "all zones")
        yield SimpleNamespace(world=world, a=a, c=c, peer=peer, neighbour=neighbour, node=a.node())


def speak(town):
    """Every other place where a name, or something like one, can be said to us."""
    node, peer = town.node, town.peer
    for name in NAMES:
        for function in (at.BRRQ, at.LKUP, at.FWDREQ):
            entity = at.NbpTuple(node.addr, 253, 0, name, name, name)
            node.send_ddp(node.router[0], at.NBP_SOCKET, at.NBP,
                          at.Nbp(function, 1, [entity]).encode())
        node.send_ddp(node.router[0], at.ZIP_SOCKET, at.ZIP, at.gni_request(name))
        node.send_ddp(node.router[0], at.ZIP_SOCKET, at.ZIP, at.zip_reply([(910, name)]))
        peer.send(aurp.ZI_REQ, peer.receiver_conn, 0, 0, aurp.gdzl_req_body(1))
        peer.send(aurp.ZI_REQ, peer.receiver_conn, 0, 0, aurp.gzn_req_body(name))
        peer.send(aurp.OPEN_REQ, 0x4444, 0, aurp.SUI_ALL, aurp.open_req_body(1, [(9, name)]))
        peer.send_raw(aurp.ip_di(town.a.address) + bytes([len(name) | 1]) + name)


def test_every_name_is_kept_byte_for_byte(town):
    listed = town.node.get_zone_list()
    for name in NAMES:
        assert any(at.same_name(name, zone) for zone in listed) == is_shown(name), name
    in_dump = {original(row["zone"]) for row in dump_rows(town)}
    assert in_dump == set(listed)


def dump_rows(town):
    """The zones, as they are written."""
    text = town.a.daemon.dump().text
    return [{"zone": match[1]} for match in
            re.finditer(r'^zone="((?:[^"\\]|\\.)*)" nets=', text, re.MULTILINE)]


def test_nothing_raw_in_the_log_the_dump_and_the_state_file(town):
    speak(town)
    dump = town.a.daemon.dump()
    assert [row["net"] for row in dump.rows("routes")] == ["100-101", "900-900", "910-919",
                                                             "920-929"]
    assert town.c.daemon.lines.wait(lambda line: "another list of zones" in line, 40)
    for site in (town.a, town.c):
        site.daemon.dump()
        for path in (site.daemon.dump_file, site.daemon.log_file, site.daemon.dir / "addresses"):
            if path.exists():
                assert check(path.read_bytes()), path
    said = town.c.daemon.lines.wait(lambda line: "another list of zones" in line, 1)
    assert re.search(r'zone ("[^"]*\\x1B[^"]*"|"Zone C") is in only', said)


def test_what_the_dump_says_is_what_a_configuration_takes(town, tmp_path):
    """A quoted name may be copied into a file, with its backslashes doubled, and means itself."""
    file, taken = tmp_path / "aurpd.conf", 0
    for row in dump_rows(town):
        words = re.findall(r'\\x[0-9A-F]{2}|\\.|[^\\]', row["zone"])
        plain = "".join(r"\x22" if word == r'\"' else word for word in words)
        escaped = plain.replace("\\", "\\\\")
        file.write_text(ethertalk(zones=[escaped]))
        done = aurpd("-t", "-c", file, text=False)
        printed = check(re.sub(rb"\n\t+", b"\n", done.stdout))
        check(done.stderr)
        if done.returncode == 0:
            taken += 1
            zone = re.search(r'zones = \{ "(.*)" \}', printed)[1]
            assert original(re.sub(r"\\(.)", r"\1", zone)) == original(row["zone"])
    assert taken >= sum(map(is_shown, NAMES))


def test_what_is_wrong_in_a_configuration_is_said_in_plain_text(tmp_path):
    file = tmp_path / "aurpd.conf"
    for name in NAMES:
        file.write_bytes(b'router { name = "' + name + b'" }\nethertalk "' + name +
                         b'" { device = "' + name + b'" zones = { "' + name + b'" } ' + name +
                         b" }")
        done = aurpd("-t", "-c", file, text=False)
        check(done.stdout)
        check(done.stderr)
        assert done.returncode == 78
