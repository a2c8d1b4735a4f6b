"""What the system tests share: the binary must be there, and we must be root."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from daemon import BINARY  # noqa: E402
from net import sweep  # noqa: E402
from world import World, connect_pair  # noqa: E402


def pytest_sessionstart(session):
    if os.geteuid() != 0:
        pytest.exit("the system tests need root: they make network namespaces", 2)
    sweep()


def pytest_addoption(parser):
    parser.addoption("--part", metavar="K/N", default="1/1", help="every Nth test, from the Kth on")


def pytest_collection_modifyitems(config, items):
    part, parts = map(int, config.getoption("--part").split("/"))
    items[:] = items[part - 1::parts]


@pytest.fixture(scope="session")
def binary():
    assert BINARY.exists(), f"no aurpd at {BINARY}: build it, or say where it is with AURPD="
    return BINARY


@pytest.fixture
def world(binary):
    with World() as world:
        yield world


@pytest.fixture(scope="module")
def two_sites(binary):
    """Sites a and b, connected, for tests that only look.

    a is the cable 100-101 with "Zone A", b the cable 200-201 with "Zone B".
    """
    with World() as world:
        a, b = world.site("a", 1), world.site("b", 2)
        connect_pair(a, b)
        yield a, b
