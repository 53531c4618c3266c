"""What the line does to each packet: a pure function of the condition, a seed, the
direction and the packet's number, so that every client meets the same misfortune."""
import random
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Line:
    """One network, both directions alike. All times are ms, all shares 0..1."""
    delay: float = 0       # of every packet, one way
    jitter: float = 0      # more delay, normal(J, J/2) cut to 0..2J, order kept
    loss: float = 0        # share of packets lost
    burst: float = 0       # mean length of a burst in packets (0: each loss by itself)
    fade: float = 0        # mean length of a burst in ms, whatever the packets' length
    stall: float = 0       # every 1 to 3 s the link stops for so long, then sends all at once
    late: float = 0        # share of packets that others overtake
    lateness: float = 0    # how long those are held

    def as_dict(self):
        return asdict(self)


SLOT = 0.02                # s: a fade begins and ends on a grid of one usual packet


@dataclass
class Fate:
    """One direction of a line."""
    line: Line
    seed: int = 1
    direction: int = 0
    began: float = 0.0
    seen: int = 0          # RTP packets so far
    lost: int = 0
    _bad: bool = False
    _slot: int = -1
    _last: float = 0.0
    _stall: float = field(default=0.0)

    def __post_init__(self):
        key = f'{self.seed}/{self.direction}'
        self._rtp = random.Random(f'rtp/{key}')       # drawn from by RTP packets only
        self._rest = random.Random(f'rest/{key}')     # STUN, DTLS, RTCP
        self._time = random.Random(f'time/{key}')     # fades and stalls, by the clock
        self._stall = self.began + 1 + self._time.random()

    def of(self, rtp, now):
        """When a packet that came at `now` (s) goes on, or None when it is lost."""
        line = self.line
        draw = self._rtp if rtp else self._rest
        # Always the same number of draws a packet, so that no outcome moves the pattern.
        chance, swing, held = draw.random(), draw.gauss(0, 1), draw.random()
        self.seen += rtp
        if self._drops(rtp, chance, now):
            self.lost += rtp
            return None
        at = now + line.delay / 1e3
        if line.jitter:
            at += min(max(line.jitter + swing * line.jitter / 2, 0), 2 * line.jitter) / 1e3
        if line.stall:
            at = max(at, self._stalled(now) + line.delay / 1e3)
        if held < line.late:
            return at + line.lateness / 1e3           # overtaken: the order is not kept
        at = self._last = max(at, self._last)
        return at

    def _drops(self, rtp, chance, now):
        line = self.line
        if line.fade:
            while self._slot < int((now - self.began) / SLOT):
                self._slot += 1
                self._turn(self._time.random(), line.fade / 1e3 / SLOT)
            return self._bad
        if line.burst and rtp:
            self._turn(chance, line.burst)
            return self._bad
        return chance < line.loss

    def _turn(self, chance, length):
        """Gilbert's two states: bursts of `length` on average, `loss` lost over all."""
        leave = 1 / length
        enter = self.line.loss * leave / (1 - self.line.loss)
        self._bad = chance > leave if self._bad else chance < enter

    def _stalled(self, now):
        """The end of the stall that `now` falls into, otherwise `now`."""
        length = self.line.stall / 1e3
        while now > self._stall + length:
            self._stall += length + 1 + 2 * self._time.random()
        return self._stall + length if now >= self._stall else now


def is_rtp(payload):
    """RTP, but neither RTCP (RFC 5761 section 4) nor STUN nor DTLS (RFC 7983)."""
    return len(payload) > 12 and payload[0] >> 6 == 2 and not 64 <= payload[1] & 127 <= 95


class Pacing:
    """How evenly a sender's packets come: arrival against RTP's own time (48 kHz), ms."""

    def __init__(self):
        self.newest = None
        self.late = []

    def came(self, payload, now):
        stamp = int.from_bytes(payload[4:8], 'big')
        if self.newest is not None:
            ahead = (stamp - self.newest[0] + 2 ** 31) % 2 ** 32 - 2 ** 31
            if ahead <= 0:
                return                    # sent again, or a part of a frame before
            if ahead < 48000:
                self.late.append((now - self.newest[1]) * 1e3 - ahead / 48)
        self.newest = (stamp, now)

    def uneven(self):
        """95th percentile and most of the deviation between neighbours, ms."""
        ordered = sorted(abs(late) for late in self.late)
        if not ordered:
            return None
        return [round(ordered[int(len(ordered) * 0.95)], 1), round(ordered[-1], 1)]
