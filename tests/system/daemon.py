"""The real aurpd in a namespace: configuration, start, signals, dump, messages to systemd."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from capture import Log

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("AURPD", ROOT / "build/dev/aurpd")).resolve()
EX_USAGE, EX_CONFIG = 64, 78
ROOM = 3        # how much longer a busy machine may take


def aurpd(*args, timeout=60, text=True, **more):
    """Runs aurpd to its end outside of any namespace of ours: -t, -h, wrong usage."""
    return subprocess.run([str(BINARY), *map(str, args)], capture_output=True, text=text,
                          timeout=timeout, check=False, **more)


# --- The dump

_WORD = r'(?:"(?:[^"\\]|\\.)*"|[^\s",]+)'
_PAIR = re.compile(rf'([a-z0-9-]+)=({_WORD}?(?:,{_WORD})*)')
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"|([^",]+)')


def _words(value):
    words = [quoted if quoted or not plain else plain for quoted, plain in _VALUE.findall(value)]
    return words if len(words) > 1 else (words[0] if words else "")


def parse_dump(content):
    """{section: [{key: value or list of values}]}; raises if a line is not key=value pairs."""
    sections, current = {}, None
    for line in content.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
            continue
        pairs, at = {}, 0
        while at < len(line):
            found = _PAIR.match(line, at)
            if not found or (found.end() < len(line) and line[found.end()] != " "):
                raise ValueError(f"dump line not understood at {at}: {line}")
            pairs[found[1]] = _words(found[2])
            at = found.end() + 1
        current.append(pairs)
    return sections


class Dump:
    """A parsed dump with the look-ups the tests need."""

    def __init__(self, content):
        self.text = content
        self.sections = parse_dump(content)

    def rows(self, section, **wanted):
        return [row for row in self.sections.get(section, [])
                if all(row.get(key.replace("_", "-")) == str(value)
                       for key, value in wanted.items())]

    def row(self, section, **wanted):
        rows = self.rows(section, **wanted)
        assert len(rows) == 1, f"{len(rows)} rows of [{section}] with {wanted} in:\n{self.text}"
        return rows[0]

    def route(self, net):
        """The route row of a range such as "100-101", or None. "7-7" and "7" are the same."""
        first, _, last = net.partition("-")
        rows = self.rows("routes", net=net) or (first == last and self.rows("routes", net=first))
        return rows[0] if rows else None

    def zones(self, net):
        """The zones of a good route, [] if there is none."""
        route = self.route(net)
        if not route or route["state"] != "good" or route["zones"] == "-":
            return []
        return route["zones"] if isinstance(route["zones"], list) else [route["zones"]]

    def drops(self, where=None):
        """{reason: count}"""
        found = {}
        for row in self.sections.get("counters", []):
            if "drop" in row and where in (None, row["drop"]):
                found[row["reason"]] = found.get(row["reason"], 0) + int(row["count"])
        return found


# --- The daemon

class Daemon:
    """One aurpd. Its files live in a temporary folder of its own."""

    def __init__(self, ns, config, args=(), wrapper=(), nameserver=None, journal=False):
        """`wrapper`: a command that runs the daemon, such as setpriv with its options.
        `nameserver`: the address in its /etc/resolv.conf, instead of the machine's.
        `journal`: stderr is the journal of systemd."""
        self.ns = ns
        self.dir = Path(tempfile.mkdtemp(prefix="aurpt-"))
        self.dir.chmod(0o755)
        self.config = self.dir / "aurpd.conf"
        self.dump_file = self.dir / "dump"
        self.log_file = self.dir / "log"
        self.args, self.wrapper = list(args), list(wrapper)
        self.journal = journal
        self.nameserver = nameserver
        self.write_config(config)
        self.messages = Log()           # of sd_notify: (time, {key: value})
        self.lines = Log()              # of stderr
        self.process = None
        self._born = 0                  # where the messages of this run begin

    def write_config(self, config):
        """The configuration from now on, never half of it; `@dir@` stands for our folder."""
        new = self.config.with_suffix(".new")
        new.write_text(config.replace("@dir@", str(self.dir)))
        new.replace(self.config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if self.running:
                self.kill()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def spawn(self, **environment):
        """Starts the process without waiting for anything."""
        self._born = self.messages.mark()
        path = self.dir / "notify"
        path.unlink(missing_ok=True)
        inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        inbox.bind(str(path))
        path.chmod(0o777)
        command = ["nsenter", f"--net=/run/netns/{self.ns}", "--"]
        if self.nameserver:
            resolv_conf = self.dir / "resolv.conf"
            resolv_conf.write_text(f"nameserver {self.nameserver}\n")
            command += ["unshare", "--mount", "sh", "-c",
                        'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(resolv_conf)]
        command += [*self.wrapper, str(BINARY), "-c", str(self.config), *self.args]
        environment = {**os.environ, "NOTIFY_SOCKET": str(path), **environment}
        ours, theirs = os.pipe()
        if self.journal:        # what systemd sets when stderr is its journal
            status = os.fstat(theirs)
            environment["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment,
                                        stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        for target, source in ((self._read_stderr, ours), (self._read_notify, inbox)):
            threading.Thread(target=target, args=(self.process, source), daemon=True).start()
        return self

    def start(self, **environment):
        """Starts it and waits until it says READY."""
        return self.spawn(**environment).wait_ready()

    def wait_ready(self, timeout=60):
        ready = self.messages.wait(lambda m: m[1].get("READY") == "1" or "EXIT" in m[1], timeout,
                                   self._born)
        assert ready and "EXIT" not in ready[1], f"aurpd did not get ready:\n{self.log}"
        return self

    def _read_stderr(self, process, stderr):
        with open(self.log_file, "ab", buffering=0) as kept, open(stderr, "rb") as stream:
            for line in stream:
                kept.write(line)
                self.lines.add(line.decode(errors="backslashreplace").rstrip("\n"))
        process.wait()
        self.messages.add((time.monotonic(), {"EXIT": str(process.returncode)}))

    def _read_notify(self, process, inbox):
        with inbox:
            inbox.settimeout(0.5)
            while True:
                try:
                    lines = inbox.recv(4096).decode().splitlines()
                    self.messages.add((time.monotonic(),
                                       dict(line.split("=", 1) for line in lines)))
                except TimeoutError:
                    if process.poll() is not None:
                        return

    @property
    def log(self):
        return "\n".join(self.lines.since())

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=30):
        """The exit status, once it ended by itself."""
        code = self.process.wait(timeout)
        # the last line was read
        self.messages.wait(lambda m: "EXIT" in m[1], 30, self._born)
        return code

    def stop(self, timeout=30):
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        """SIGKILL: no time for a last word."""
        self.process.kill()
        return self.wait()

    def dump(self, timeout=30):
        """SIGUSR1, then the parsed dump."""
        self.wait_ready()       # before that, nobody would hear the signal
        before = self._dump_identity()
        self.signal(signal.SIGUSR1)
        deadline = time.monotonic() + timeout
        while self._dump_identity() == before:
            assert time.monotonic() < deadline, f"no dump came:\n{self.log}"
            assert self.running, f"aurpd died:\n{self.log}"
            time.sleep(0.01)
        return Dump(self.dump_file.read_text())

    def _dump_identity(self):
        try:
            status = self.dump_file.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def wait_dump(self, condition, timeout, what="the dump to say so"):
        """Dumps again and again until condition(dump) holds; that dump.

        `timeout` is what it takes when nothing else runs on the machine.
        """
        deadline = time.monotonic() + ROOM * timeout
        while True:
            dump = self.dump()
            if condition(dump):
                return dump
            assert time.monotonic() < deadline, (
                f"waited in vain for {what}:\n{dump.text}\n{self.log}")
            time.sleep(0.1)

    def rss(self):
        """Resident memory in KiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def port_is_up(name):
    return lambda dump: any(row["state"] == "up" for row in dump.rows("ports", port=name))


def peer_is(name, receive="connected", send="connected"):
    return lambda dump: any((row["recv"], row["send"]) == (receive, send)
                            for row in dump.rows("peers", peer=name))
