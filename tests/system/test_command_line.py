"""aurpd as a person meets it first: options, configurations, refusals."""

import socket
import subprocess

import pytest

from daemon import BINARY, EX_CONFIG, EX_USAGE, aurpd, port_is_up
from net import inside
from world import ethertalk, router, tunnel

GOOD = """# two sites
router {
    name = "attic"
    public-address = 203.0.113.7
}
ethertalk "lan" {
    device  = eth0
    seed    = hard
    network = "100-101"
    zones   = { "Twilight Zone", "Café" }
}
tunnel "friends" {
    update-interval = 20
    peer "alice" { host = "alice.example.net" }
    peer "office" { host = "192.0.2.33"  port = 388 }
}
"""


@pytest.fixture
def config(tmp_path, binary):
    def write(text):
        path = tmp_path / "aurpd.conf"
        path.write_text(text, encoding="utf-8")
        return path
    return write


def test_t_prints_a_configuration_that_reads_back_to_itself(config):
    first = aurpd("-t", "-c", config(GOOD.replace("eth0", "lo")))
    assert first.returncode == 0 and first.stderr == ""
    for words in ("attic", "203.0.113.7", "100-101", "Twilight Zone", "Café", "alice.example.net",
                  "192.0.2.33", "388", "update-interval = 20"):
        assert words in first.stdout
    again = aurpd("-t", "-c", config(first.stdout))
    assert (again.returncode, again.stdout) == (0, first.stdout)


@pytest.mark.parametrize("was, becomes, line, words", [
    ('"100-101"', '"101-100"', 9, "101-100"),
    ('"100-101"', '"100-70000"', 9, "70000"),
    ('"100-101"', '"65280-65281"', 9, "65279"),
    ("seed    = hard", "seed    = maybe", 8, "maybe"),
    ("seed    = hard", "sead    = hard", 8, "sead"),
    ("Café", "日本", 10, "日"),
    ("Café", "x" * 33, 10, "32"),
    ("update-interval = 20", "update-interval = 9", 13, "update-interval"),
    ("update-interval = 20", "update-interval = 25", 13, "update-interval"),
    ("203.0.113.7", "203.0.113.700", 4, "203.0.113.700"),
    ("port = 388", "port = 99999", 15, "99999"),
    ('host = "192.0.2.33"', 'host = "not a host"', 15, "not a host"),
    ('peer "office"', 'peer "alice"', 15, "alice"),
    ("device  = eth0", f"device  = {'a' * 128}", 7, "127"),
])
def test_a_mistake_is_named_with_file_and_line(config, was, becomes, line, words):
    assert was in GOOD
    path = config(GOOD.replace(was, becomes, 1))
    for options in (["-t"], []):
        done = aurpd("-c", path, *options)
        assert done.returncode == EX_CONFIG
        said = [text for text in done.stderr.splitlines() if f"aurpd.conf:{line}: " in text]
        assert said and any(words in text for text in said), done.stderr


def test_t_warns_of_devices_that_this_machine_does_not_have(config):
    text = GOOD.replace("eth0", "nosuch0") + """
ltoudp "emulators" { device = nosuch1  network = 7  zone = "E" }
tashtalk "desk" { device = "/dev/nosuch2"  network = 8  zone = "D" }
tunnel "vpn" { listen = "127.0.0.1:388" device = nosuch3  peer "x" { host = "192.0.2.34" } }
""".replace("388", "389")
    done = aurpd("-t", "-c", config(text.replace('peer "alice"', 'peer "a"')))
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    for owner, device in (('port "lan"', "nosuch0"), ('port "emulators"', "nosuch1"),
                          ('port "desk"', "/dev/nosuch2"), ('tunnel "vpn"', "nosuch3")):
        assert [line for line in said if line.startswith("warning: ") and owner in line
                and device in line], done.stderr
    assert len(said) == 4
    assert 'device = "nosuch0"' in done.stdout


def test_q_says_errors_and_nothing_else(config):
    path = config(GOOD)
    done = aurpd("-t", "-q", "-c", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = aurpd("-tq", "-c", config(GOOD + 'tunnel "idle" { listen = "0.0.0.0:388" }\n'))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = aurpd("-tq", "-c", config(GOOD.replace('"100-101"', '"101-100"')))
    assert done.returncode == EX_CONFIG and "aurpd.conf:9: " in done.stderr
    assert aurpd("-q").returncode == EX_USAGE


def test_a_configuration_that_may_not_be_read_says_who_must(config):
    path = config(GOOD)
    path.chmod(0o600)
    path.parent.chmod(0o755)
    for folder in path.parents:
        if folder.parent.name == "tmp":
            folder.chmod(0o755)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--",
                           str(BINARY), "-t", "-c", str(path)], capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.returncode == EX_CONFIG
    assert "by the user nobody: Permission denied" in done.stderr
    assert "the service's user, aurpd" in done.stderr


def test_several_mistakes_are_named_at_once(config):
    broken = GOOD.replace('"100-101"', '"101-100"').replace("interval = 20", "interval = 9")
    path = config(broken.replace("port = 388", "prot = 388"))
    done = aurpd("-t", "-c", path)
    assert done.returncode == EX_CONFIG
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == [
        f"{path}:{line}:" for line in (9, 13, 15)]


def test_a_missing_brace_is_found(config):
    done = aurpd("-t", "-c", config(GOOD.rstrip().rstrip("}")))
    assert done.returncode == EX_CONFIG and "aurpd.conf:12: " in done.stderr


def test_atalk_Z38_a_port_that_learns_has_no_zones_of_its_own(config):
    done = aurpd("-t", "-c", config(GOOD.replace("seed    = hard", "seed    = none")))
    assert done.returncode == EX_CONFIG and "none" in done.stderr


def test_aurp_C25_O2_the_last_heard_timeout_is_never_below_30_seconds(config):
    done = aurpd("-t", "-c", config(GOOD.replace("update-interval = 20",
                                                 "last-heard-timeout = 29")))
    assert done.returncode == EX_CONFIG and "last-heard-timeout" in done.stderr
    done = aurpd("-t", "-c", config(GOOD.replace("update-interval = 20",
                                                 "last-heard-timeout = 30")))
    assert done.returncode == 0 and "last-heard-timeout = 30" in done.stdout


def test_no_file_says_which_and_where_the_example_is(tmp_path, binary):
    missing = tmp_path / "nothing.conf"
    for options in ((), ("-t",), ("-t", "-q")):
        done = aurpd("-c", missing, *options)
        assert done.returncode == EX_CONFIG
        assert str(missing) in done.stderr and "; an example is /" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_folder_is_no_file(tmp_path, binary):
    done = aurpd("-c", tmp_path)
    assert done.returncode == EX_CONFIG and str(tmp_path) in done.stderr


@pytest.mark.parametrize("args", [("-x",), ("surplus",), ("-c",), ("-l", "loud"), ("-l",)])
def test_wrong_usage_exits_64_and_says_how(binary, args):
    done = aurpd(*args)
    assert done.returncode == EX_USAGE and "usage" in done.stderr.lower()


@pytest.mark.parametrize("args, words", [
    (("-tx",), "there is no option -x"), (("--configs=a",), "there is no option --configs=a"),
    (("--config",), "--config wants a file"),
    (("--test=yes",), "--test=yes: this option takes no value"),
    (("-c",), "-c wants a file"), (("-t", "-l"), "-l wants a level"),
    (("--\x1b[2J",), "there is no option --?[2J"),
    (("surplus",), "no arguments besides the options"),
    (("-l", "loud"), "-l wants error, warning")])
def test_wrong_usage_says_what_is_wrong_first(binary, args, words):
    said = aurpd(*args).stderr.splitlines()
    assert said[0].startswith("aurpd: ") and words in said[0], said
    assert said[1].startswith("usage: ")


def test_every_option_has_a_word(config):
    path = config(GOOD)
    said = [aurpd(*args).stdout for args in (
        ("-t", "-c", path), ("--test", "--config", path), ("--test", f"--config={path}"))]
    assert said[0] and said[0] == said[1] == said[2]
    assert "level" in aurpd("--log-level=loud").stderr
    quiet = aurpd("--test", "--quiet", "--log-level=debug", "--config", path)
    assert quiet.returncode == 0 and not quiet.stdout


def test_help_and_version(binary):
    for option in ("-h", "--help"):
        shown = aurpd(option)
        assert shown.returncode == 0 and all(f"-{c}" in shown.stdout for c in "ctqlVh")
    for option in ("-V", "--version"):
        shown = aurpd(option)
        assert shown.returncode == 0 and shown.stdout.startswith("aurpd ")


CAPABILITIES = {"net_raw", "net_bind_service"}


def nobody_with(*capabilities):
    """A command that runs another as nobody, with these capabilities."""
    sets = "-all" + "".join(f",+{capability}" for capability in sorted(capabilities))
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps={sets}",
            f"--ambient-caps={sets}", f"--bounding-set={sets}", "--"]


@pytest.mark.parametrize("drop, names", [
    ("net_raw", "CAP_NET_RAW"), ("net_bind_service", "CAP_NET_BIND_SERVICE")])
def test_a_missing_capability_is_named_and_nothing_starts(world, drop, names):
    a = world.site("a", 1)
    with inside(a.ns):
        start = int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read())
    assert start > 387
    daemon = a.prepare(a.config({"b": "10.99.0.2"}), wrapper=nobody_with(*CAPABILITIES - {drop}))
    daemon.dir.chmod(0o777)
    daemon.spawn()
    assert daemon.wait(60) == 1
    assert names in daemon.log


@pytest.mark.parametrize("wrapper, ends, words", [
    (["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"],
     False, "there is no /dev/net/tun here"),
    (nobody_with(*CAPABILITIES), True, "needs the capability CAP_NET_ADMIN")])
def test_a_tap_that_the_service_may_not_have_names_the_drop_in(world, wrapper, ends, words):
    a = world.site("a", 1)
    lan = ethertalk(network=a.network, zones=a.zones).replace('device = "lan0"', "tap = at0")
    daemon = a.prepare(a.config({}, lan), wrapper=wrapper)
    daemon.dir.chmod(0o777)
    daemon.spawn()
    line = daemon.lines.wait(lambda line: words in line, 20)
    assert line and "port lan: at0 cannot be opened" in line and "aurpd-tap.conf" in line
    assert not ends or daemon.wait(60) == 1         # that will not be had by waiting


def test_both_capabilities_are_enough(world):
    a = world.site("a", 1)
    daemon = a.prepare(a.config({"b": "10.99.0.2"}), wrapper=nobody_with(*CAPABILITIES))
    daemon.dir.chmod(0o777)
    daemon.start()
    daemon.wait_dump(port_is_up("lan"), 10)


def test_a_port_387_in_use_is_said_once_and_tried_again(world):
    a = world.site("a", 1)
    with inside(a.ns):
        squatter = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        squatter.bind(("0.0.0.0", 387))
    peer = world.peer(101, {}, a)
    with squatter:
        a.run(a.config({"p": peer.address}))
        assert a.daemon.lines.wait(lambda line: "387" in line and "ss -lunp" in line, 20)
        a.daemon.wait_dump(port_is_up("lan"), 10)
        assert len(a.daemon.lines.since(0, lambda line: "ss -lunp" in line)) == 1
    assert peer.wait_for(8, 150), "no Open-Req after the port was free"


def test_no_ports_at_all_is_a_state_not_an_error(world):
    a = world.site("a", 1)
    a.run(router("a", a.address) + tunnel({}))
    status = a.daemon.messages.wait(lambda m: "STATUS" in m[1], 20)
    assert status and "port" in status[1]["STATUS"]


def test_a_debug_log_on_the_command_line(world):
    a = world.site("a", 1)
    a.prepare(a.config({}, log_level="error"), args=["-l", "debug"]).start()
    assert a.daemon.lines.wait(lambda line: "debug: " in line, 20)
