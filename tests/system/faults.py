"""What a machine can do to a running daemon."""

from pathlib import Path

from net import run


def descriptors(pid):
    return {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}


class NoDescriptors:
    """The daemon may open nothing any more, for the length of the block."""

    def __init__(self, daemon):
        self.pid = daemon.pid

    def __enter__(self):
        used = descriptors(self.pid)
        free = min(set(range(len(used) + 1)) - used)
        run("prlimit", "--pid", self.pid, f"--nofile={free}:1024")
        return self

    def __exit__(self, *_):
        run("prlimit", "--pid", self.pid, "--nofile=1024:1024")
