"""A Debian of its own with systemd as PID 1, in a container: what the README is tried on.

A tree is made once with mmdebstrap and kept; each machine is an overlay over it, so nothing
of one is seen by the next. systemd-nspawn needs no systemd on the host.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
CGROUPS = Path("/sys/fs/cgroup")


class Impossible(Exception):
    """This host cannot do it: no mirror, no containers. No fault of ours."""


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def mirror_of(suite):
    """As the host's apt has it for the suite that it is itself; else Debian's own."""
    for name in sorted(Path("/etc/apt").glob("sources.list*/*.sources")):
        words = name.read_text(encoding="utf-8").split()
        if suite in words and "URIs:" in words:
            return words[words.index("URIs:") + 1]
    return MIRROR


def tree(folder, suite, packages):
    """The folder with this Debian; made if it is not there yet."""
    key = hashlib.sha256(" ".join([suite, *packages]).encode()).hexdigest()[:12]
    place = folder / f"{suite}-{key}"
    if place.is_dir():
        return place
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{place.name}.{os.getpid()}"
    mirror = mirror_of(suite)
    done = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(packages)}",
         "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/locale/*",
         "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
         "--aptopt=APT::Install-Recommends false",
         "--aptopt=Acquire::Retries 3", suite, str(new), f"deb {mirror} {suite} main"],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise Impossible(f"no {suite} from {mirror}: {done.stderr.strip()[-300:]}")
    new.rename(place)
    return place


class Machine:
    """One container; as_user() and as_root() run shell commands in it."""

    def __init__(self, name, base, folder, suite_user="mac"):
        self.name, self.user = name, suite_user
        self.folder = folder / name
        self.root = self.folder / "root"
        self.pid = None
        self._nspawn = None
        self._cgroups = []
        for part in ("root", "upper", "work"):
            (self.folder / part).mkdir(parents=True)
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={base},upperdir={self.folder}/upper,workdir={self.folder}/work", self.root)
        self.write("/etc/hostname", f"{name}\n")
        self.write("/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {name}\n")

    # --- life

    def _enter_cgroup(self):
        """A host without systemd has one group for all; the container gets its own."""
        for place in (CGROUPS, CGROUPS / "systemd", CGROUPS / "unified"):
            if not (place / "cgroup.procs").exists():
                continue
            group = place / f"aurpt-{os.getpid()}-{self.name}"
            group.mkdir(exist_ok=True)
            self._cgroups.append(group)

    def boot(self, *options):
        """Returns when its systemd has started everything."""
        command = ["systemd-nspawn", "--register=no", "--keep-unit", "--private-network", "--boot",
                   "--quiet", f"--hostname={self.name}",
                   # Its hardware addresses come from this name.
                   f"--machine={self.name}-{os.getpid()}", "--console=read-only",
                   "--timezone=off", "--resolv-conf=off", "-D", str(self.root), *options]
        if Path("/run/systemd/system").exists():
            command = ["systemd-run", "--scope", "--quiet", "-p", "Delegate=yes", *command]
        else:
            self._enter_cgroup()
        with open(self.folder / "console", "wb") as console:
            self._nspawn = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=self._join)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if self._nspawn.poll() is not None:
                raise Impossible(f"systemd-nspawn ends: {self._console()}")
            if self._find_pid() and self._is_started():
                # udev's rule for it; there is no udev in a container.
                self.as_root("mkdir -p /dev/net; rm -f /dev/net/tun; "
                             "mknod -m 666 /dev/net/tun c 10 200")
                return self
            time.sleep(0.1)
        raise Impossible(f"no systemd after two minutes: {self._console()}")

    def _join(self):
        for group in self._cgroups:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    def _console(self):
        return (self.folder / "console").read_text(errors="replace")[-500:]

    def _find_pid(self):
        """PID 1 of the container, seen from here."""
        if self.pid:
            return True
        found = [self._nspawn.pid]
        for _ in range(3):      # systemd-run and nspawn may stand between
            children = []
            for pid in found:
                try:
                    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
                except OSError:
                    continue
                children += [int(word) for word in text.split()]
            for pid in children:
                try:
                    if "\nNSpid:" in (status := Path(f"/proc/{pid}/status").read_text()) and \
                            status.split("\nNSpid:")[1].split("\n")[0].split()[-1:] == ["1"] \
                            and Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                        self.pid = pid
                        return True
                except OSError:
                    continue
            found = children
        return False

    def _is_started(self):
        done = self.as_root("systemctl is-system-running", check=False)
        return done.stdout.strip() in ("running", "degraded")

    def wait_for_end(self):
        """Of a machine that was told to reboot: nspawn ends, and the next boot() is the reboot."""
        self._nspawn.wait(60)
        self.stop()

    def stop(self):
        if self._nspawn:
            if self.pid:
                try:
                    os.kill(self.pid, signal.SIGRTMIN + 4)      # poweroff
                except ProcessLookupError:
                    pass
            try:
                self._nspawn.wait(20)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
        self._nspawn = self.pid = None
        for group in self._cgroups:
            for below in sorted(group.glob("**/"), key=lambda path: -len(path.parts)):
                try:
                    below.rmdir()
                except OSError:
                    pass
        self._cgroups = []

    def close(self):
        self.stop()
        if self.root.is_mount():
            run("umount", self.root)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- commands

    def as_root(self, command, check=True, timeout=120):
        """In a booted machine: in all its namespaces; else in its tree, on the host's network."""
        if self.pid:
            words = ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "--"]
        else:
            words = ["systemd-nspawn", "--register=no", "--keep-unit", "--quiet", "--as-pid2",
                     "--pipe", "--timezone=off", "--resolv-conf=copy-host", "-D", str(self.root)]
        words += ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                  "DEBIAN_FRONTEND=noninteractive", "SYSTEMD_PAGER=cat", "SYSTEMD_COLORS=0",
                  "sh", "-c", command]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace",
                              check=False, timeout=timeout, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: {command}\n  exits with {done.returncode}: "
                                 f"{done.stdout}{done.stderr}")
        return done

    def as_user(self, command, check=True, timeout=120, folder=None):
        """As the user who reads the README, in the shell that a login gives."""
        inner = f"cd {folder} && {command}" if folder else command
        quoted = inner.replace("'", "'\\''")
        return self.as_root(f"exec su -l {self.user} -c '{quoted}'", check, timeout)

    def add_user(self):
        self.as_root(f"useradd -m -s /bin/bash {self.user}; mkdir -p /etc/sudoers.d; "
                     f"echo '{self.user} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{self.user}")

    def write(self, path, text):
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def wait(self, command, good, timeout=60):
        """Repeats a command of the user until its output is good."""
        end = time.monotonic() + timeout
        while True:
            done = self.as_user(command, check=False)
            if good(done.stdout):
                return done.stdout
            if time.monotonic() > end:
                raise AssertionError(f"{self.name}: {command}\n  stays at: {done.stdout}"
                                     f"{done.stderr}")
            time.sleep(0.3)

    # --- its network

    def plug(self, device, address, gateway, router_ns):
        """An Ethernet from it to a namespace that routes; the gateway's end is there."""
        far = f"{self.name[:8]}-{os.getpid() % 100000}"
        run("ip", "link", "add", far, "type", "veth", "peer", "name", device, "netns", self.pid)
        run("ip", "link", "set", far, "netns", router_ns)
        run("ip", "-n", router_ns, "address", "add", f"{gateway}/24", "dev", far)
        run("ip", "-n", router_ns, "link", "set", far, "up")
        self.as_root(f"ip link set {device} up; ip address add {address}/24 dev {device}; "
                     f"ip route add default via {gateway}")


def say(text):
    print(text, flush=True)


def skip(why):
    """One counted line."""
    say(f"README walk: skipped: {why}")
    sys.exit(77)
