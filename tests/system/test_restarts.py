"""Routers of another make that stop, die, freeze, or lose their line beside us; and we ourselves.

All play their parts at the same time, as listed peers and as strangers that are let in: each
test waits for the end of one story. A router that comes back has another network than before,
so that nothing of its former life can be taken for its new one.
"""

import threading
import time

import pytest

from appletalk import Range
from daemon import Daemon
from lag import spent
from mate import Mate
from world import World

# Seconds: four and fifteen are wanted, and what the mates' threads wait for each other on a
# busy machine. Without the memory of a refused call a restart costs ten or more, and being
# away costs two minutes.
RESTART, RETURN, REMINDED = 5, 20, 18
LAST_HEARD, AWAY = 30, 100      # as 200 s are with the 90 s that are the default
QUICK = ("stopped-0", "stopped-1", "killed-2", "killed-5", "killed-10", "killed-20")
LONG = ("frozen", "dazed", "cut")
NAMES = QUICK + LONG


class Story:
    """One mate, what happens to it, and how long it took until both sides knew all again."""

    def __init__(self, world, site, number, name):
        self.site, self.name = site, name
        self.mate = world.keep(Mate(world.wan.ns, world.wan.own(f"10.99.0.{number}"),
                                    site.address))
        self.before = Range(10 * number, 10 * number + 1)
        self.after = self.before if name in LONG else Range(10 * number + 5, 10 * number + 6)
        self.began = self.heard = self.told = None

    def start(self, nets):
        self.mate.start({nets: [f"Zone {nets.first}"]})

    def here(self, dump, nets):
        return dump.zones(f"{nets.first}-{nets.last}") == [f"Zone {nets.first}"]

    def there(self):
        return self.mate.knows(self.site.range, self.site.zones[0])

    def is_at_peace(self, dump):
        return self.here(dump, self.before) and self.there() and self.both_connected(dump)

    def both_connected(self, dump):
        """Also for the moment in which the answer to a tickle or to an update is on its way."""
        rows = [row for row in dump.rows("peers") if self.mate.address in str(row)]
        return len(rows) == 1 and rows[0]["recv"] in ("connected", "wait-tickle-ack") and \
            rows[0]["send"] in ("connected", "wait-ri-upd-ack", "wait-probe-ack")

    def play(self):
        """Its misfortune, and the moment that it is over."""
        kind, _, pause = self.name.partition("-")
        away, back = {
            "stopped": (self.mate.stop, lambda: self.start(self.after)),
            "killed": (self.mate.die, lambda: self.start(self.after)),
            "frozen": (self.mate.freeze, self.mate.thaw),
            "dazed": (self.mate.freeze, lambda: self.mate.thaw(hears_first=True)),
            "cut": (self.mate.cut, self.mate.mend),
        }[kind]
        away()
        time.sleep(float(pause or AWAY))
        back()
        self.began = time.monotonic()

    def look(self, dump, now):
        """Notes since when all is well, as far as the dump and the mate know."""
        if not (self.here(dump, self.after) and self.both_connected(dump)):
            self.heard = None
        elif self.heard is None:
            self.heard = now
        if not self.there():
            self.told = None
        elif self.told is None:
            self.told = now

    @property
    def well_since(self):
        """When its end was good, as long as it is."""
        if not (self.began and self.heard and self.told):
            return None
        return max(self.began, self.heard, self.told)

    def took(self):
        assert self.well_since, f"{self.name}: heard={self.heard} told={self.told}"
        return spent(self.began, self.well_since)


def look_on(stories, seconds):
    """Looks at the dumps until all stories have been well for three seconds."""
    deadline, now = time.monotonic() + seconds, 0
    while now < deadline:
        for site in {story.site for story in stories}:
            dump, now = site.daemon.dump(), time.monotonic()
            for story in stories:
                if story.site is site:
                    story.look(dump, now)
        if all(story.well_since and now - story.well_since > 3 for story in stories):
            return
        time.sleep(0.2)


@pytest.fixture(scope="module")
def tales(binary):
    """{(how the mate may be a peer, what happened to it): its story}, told to the end."""
    with World() as world:
        listed, unlisted = world.site("a", 1), world.site("b", 2)
        stories = {}
        for site, how, first in ((listed, "listed", 21), (unlisted, "unlisted", 31)):
            for number, name in enumerate(NAMES, first):
                stories[how, name] = Story(world, site, number, name)
        patience = f"last-heard-timeout = {LAST_HEARD}"
        listed.run(listed.config({name: story.mate.address
                                  for (how, name), story in stories.items() if how == "listed"},
                                 tunnel_more=patience))
        unlisted.run(unlisted.config({}, tunnel_more=patience + "\n    accept-unknown = yes"))
        for story in stories.values():
            story.start(story.before)
        for story in stories.values():
            story.site.daemon.wait_dump(story.is_at_peace, 30, f"{story.name} to be connected")
        time.sleep(11)          # nothing is owed to anybody any more
        threads = [threading.Thread(target=story.play, daemon=True) for story in stories.values()]
        for thread in threads:
            thread.start()
        look_on(stories.values(), AWAY + 120)
        yield stories


def restarted(world, end, pause):
    """Our own restart beside a mate that lives on: seconds until both know all again."""
    a = world.site("a", 1)
    story = Story(world, a, 21, "frozen")       # it keeps its network
    a.run(a.config({"mate": story.mate.address}))
    story.start(story.before)
    a.daemon.wait_dump(story.is_at_peace, 30, "the mate to be connected")
    time.sleep(11)
    end(a.daemon)
    story.mate.told.clear()
    time.sleep(pause)
    a.daemon.start()
    story.began = time.monotonic()
    look_on([story], 90)
    return story.took()


def test_aurp_C32_our_own_restart_is_over_when_the_port_is_up(world):
    assert restarted(world, Daemon.stop, 1) < RESTART


def test_our_own_death_is_mended_by_a_reminder(world):
    """The mate keeps its receiving half on the connection that died with us: see its faults."""
    assert restarted(world, Daemon.kill, 1) < REMINDED


@pytest.mark.timeout(400)
@pytest.mark.parametrize("how", ("listed", "unlisted"))
@pytest.mark.parametrize("name", QUICK)
def test_aurp_C17_a_mate_that_starts_again_is_back_at_once(tales, how, name):
    assert tales[how, name].took() < RESTART


@pytest.mark.timeout(400)
@pytest.mark.parametrize("how", ("listed", "unlisted"))
@pytest.mark.parametrize("name", LONG)
def test_a_mate_that_was_away_is_back_soon(tales, how, name):
    assert tales[how, name].took() < RETURN
