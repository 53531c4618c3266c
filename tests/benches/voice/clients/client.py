"""What the bench asks of a softphone."""
import time
from pathlib import Path

import cost
from lane import end


class Client:
    """`start` returns when it can be called; `dial` begins the call; the far side
    answers by itself. `pids` are the processes whose trees are its cost."""

    priority = 2

    def __init__(self, lane, side):
        self.lane, self.side = lane, side
        self.other = 'B' if side == 'A' else 'A'
        self.environment = lane.environment(side)
        self.home = Path(self.environment['HOME'])
        self.log = open(lane.dir / f'{type(self).__name__.lower()}-{side}.log', 'w')
        self.children = []

    def start(self):
        raise NotImplementedError

    def dial(self):
        raise NotImplementedError

    def told(self):
        """What the client itself knows of the call, for the report."""
        return {}

    def run(self, words, **options):
        options = {'stdout': self.log, 'stderr': self.log} | options
        child = self.lane.start(words, side=self.side, env=self.environment, **options)
        self.children.append(child)
        return child

    @property
    def pids(self):
        return [child.pid for child in self.children if child.poll() is None]

    def stop(self):
        cost.realtime(self.pids, 0)       # a big client's end must not disturb others
        for child in self.children:
            end(child, 4)
        self.log.close()


def until(ready, seconds, what):
    """Waits for something true; says what was missing when it does not come."""
    late = time.monotonic() + seconds
    while not (value := ready()):
        if time.monotonic() > late:
            raise RuntimeError(f'{what}: not within {seconds} s')
        time.sleep(0.02)
    return value
