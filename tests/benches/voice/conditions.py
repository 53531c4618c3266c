"""The networks and situations that are measured."""
from dataclasses import dataclass

from fate import Line

BASE = 20     # ms one way of every line but `clean`; taken off the figures


@dataclass(frozen=True)
class Condition:
    line: Line
    voices: str = 'first'        # a set of speech.py
    reseed: int = 0              # added to the seed: patterns that no other condition has
    drift: float = 0             # ppm by which A's microphone is faster than the server's clock
    seconds: float = 0           # of speech to score when not the usual two sentences
    echo: bool = False           # B's voice leaves A's speaker and enters A's microphone

    @property
    def base(self):
        return self.line.delay


def _line(**figures):
    return Condition(Line(delay=BASE, **figures))


def _loss(share, **more):
    return Condition(Line(delay=BASE, loss=share), **more)


# Those of the goals; a burst is four packets on average, whatever their length.
GOALS = {
    'clean': Condition(Line()),
    'loss1': _loss(0.01),
    'loss5': _loss(0.05),
    'loss10': _loss(0.10),
    'loss20': _loss(0.20),
    'burst10': _line(loss=0.10, burst=4),
    'jitter20': _line(jitter=20),
    'jitter50': _line(jitter=50),
    'jitter100': _line(jitter=100),
    'wifi120': _line(stall=120),
}

# Ours: nobody has been tuned to these.
OTHERS = {
    'fade10': _line(loss=0.10, fade=80),
    'gilbert3': _line(loss=0.03, burst=3),
    'reorder': _line(late=0.08, lateness=45),
    'voices10': _loss(0.10, voices='second', reseed=100),
    'mobile': Condition(Line(delay=60, jitter=15, loss=0.03, burst=2, stall=200), voices='second', reseed=200),
    'drift+200': Condition(Line(delay=BASE), drift=200, seconds=600),
    'drift-200': Condition(Line(delay=BASE), drift=-200, seconds=600),
    'echo': Condition(Line(delay=BASE), voices='echo', echo=True),
}

ALL = GOALS | OTHERS
USUAL = [*GOALS, 'fade10', 'gilbert3', 'reorder', 'voices10']
