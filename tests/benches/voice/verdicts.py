"""Tables and verdicts from measured calls."""
import statistics
from dataclasses import dataclass

import conditions

PEERS = ('chromium', 'linphone')
WORST_STALL = 40       # ms: the machine itself stood still, the call says nothing
SAME = {'pesq': 0.05, 'mouth_to_ear': 5}     # the bench's own resolution between pairs


def usable(calls):
    return [c for c in calls if 'failed' not in c and c['stall']['worst_ms'] < WORST_STALL]


def heard(calls, client, condition):
    """The figures of every direction of a pair's calls on a network."""
    return [way for c in calls if c['client'] == client and c['condition'] == condition for way in c['ways'].values()]


def listened(calls, listener, talker, condition):
    """The directions of mixed calls in which `listener` hears `talker`."""
    return ([c['ways']['A>B'] for c in calls if c['client'] == f'{talker}-{listener}' and c['condition'] == condition]
            + [c['ways']['B>A'] for c in calls if c['client'] == f'{listener}-{talker}' and c['condition'] == condition])


def middle(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def figure(ways, name, base=0):
    """The median of a figure over directions and sentences; delays without the line's own."""
    if name in ('pesq', 'visqol'):
        return middle(p for way in ways for p in way.get(name, []))
    if name == 'mouth_to_ear':
        return middle(way['mouth_to_ear'] - base for way in ways if 'mouth_to_ear' in way)
    if name == 'wander':     # how far the delay ever went from its middle
        return max((max(abs(p - way['mouth_to_ear']) for p in (way['low'], way['high'], *way['course']))
                    for way in ways if 'mouth_to_ear' in way), default=None)
    return middle(way.get(name) for way in ways)


def cost_of(calls, client, name, condition='clean'):
    return middle(side[name] for c in calls if c['client'] == client and c['condition'] == condition for side in c['call'].values())


@dataclass(frozen=True)
class Goal:
    """`most`: the figure shall not be above, otherwise not below `bound`."""
    what: str
    name: str
    bound: float | None
    condition: str = 'clean'
    most: bool = False
    client: str = 'omnibar'
    peers: tuple = PEERS
    source: str = 'heard'       # heard, cost, idle


def _goals():
    ear = {'clean': 70, 'loss1': 90, 'loss5': 90, 'loss10': 90, 'loss20': 90, 'burst10': None, 'fade10': None,
           'jitter20': 110, 'jitter50': 175, 'jitter100': 300, 'wifi120': 170, 'gilbert3': 90, 'reorder': None, 'voices10': 90}
    quality = {'clean': 4.39, 'loss1': 4.3, 'loss5': 4.2, 'loss10': 4.0, 'loss20': 3.6, 'burst10': 3.2, 'fade10': 3.2,
               'jitter20': 4.39, 'jitter50': 4.35, 'jitter100': 4.2, 'wifi120': 4.4, 'gilbert3': 4.2, 'reorder': 4.35, 'voices10': 4.0}
    for condition, bound in ear.items():
        yield Goal(f'mouth to ear, {condition}, ms', 'mouth_to_ear', bound, condition, most=True)
    for condition, bound in quality.items():
        yield Goal(f'PESQ-WB, {condition}', 'pesq', bound, condition)
    yield Goal('both talk, headset, processing on, PESQ', 'pesq', 4.0, peers=('chromium-dsp',))
    yield Goal('set-up: dial to first sound, s', 'setup', 0.20, most=True)
    yield Goal('CPU s a minute of call, processing on', 'cpu_seconds_a_minute', 3.0, most=True, peers=('chromium-dsp',), source='cost')
    yield Goal('CPU s a minute of call, processing off', 'cpu_seconds_a_minute', 2.0, most=True, client='omnibar-plain', source='cost')
    yield Goal('no call: memory PSS, MiB', 'pss', 40, most=True, source='idle', peers=('chromium-idle', 'linphone'))
    yield Goal('no call: wake-ups a second', 'wakeups', 10, most=True, source='idle', peers=('chromium-idle', 'linphone'))
    for sign in '+-':
        yield Goal(f'drift {sign}200 ppm: delay leaves its middle by, ms', 'wander', 10, f'drift{sign}200', most=True)
        yield Goal(f'drift {sign}200 ppm: silent, %', 'silent_percent', 0, f'drift{sign}200', most=True)
    yield Goal('echo return loss, loudspeaker, settled, dB', 'echo_loss', 40, 'echo', peers=('chromium-dsp',))
    yield Goal('double talk over a loudspeaker loses, dB', 'double_talk_loss', 3, 'echo', most=True, peers=('chromium-dsp',))


GOALS = tuple(_goals())


def value_of(goal, client, calls, idle):
    if goal.source == 'idle':
        return middle(i[goal.name] for i in idle if i['client'] == client)
    if goal.source == 'cost':
        return cost_of(calls, client, goal.name, goal.condition)
    return figure(heard(calls, client, goal.condition), goal.name, conditions.ALL[goal.condition].base)


def judge(goal, calls, idle):
    ours = value_of(goal, goal.client, calls, idle)
    peers = {peer: value_of(goal, peer, calls, idle) for peer in goal.peers}
    known = [v for v in peers.values() if v is not None]
    best = (min if goal.most else max)(known) if known else None
    row = {'what': goal.what, 'value': ours, 'goal': goal.bound, 'most': goal.most, 'peers': peers,
           'ratio': None, 'verdict': 'not measured'}
    if ours is None:
        return row
    if best and ours and ours > 0:
        row['ratio'] = best / ours if goal.most else ours / best
    if goal.bound is None:
        row['verdict'] = 'no goal'
    else:
        # A difference of two times that is one block is 10.000000000005 ms.
        judged = round(ours, 6)
        row['verdict'] = 'met' if (judged <= goal.bound if goal.most else judged >= goal.bound) else 'missed'
    if row['ratio'] is not None and row['ratio'] < 1:
        row['verdict'] += ', a peer is better'
    return row


def judge_mixed(calls):
    """With stock Chromium at the other end it is never worse than Chromium with itself."""
    for listener, talker in (('omnibar', 'chromium'), ('chromium', 'omnibar')):
        for condition in conditions.ALL:
            ways, alone = listened(calls, listener, talker, condition), heard(calls, 'chromium', condition)
            if not ways:
                continue
            for name, most in (('pesq', False), ('mouth_to_ear', True)):
                base = conditions.ALL[condition].base
                ours, theirs = figure(ways, name, base), figure(alone, name, base)
                row = {'what': f'{listener} hears {talker}, {condition}, {name.replace("_", " ")}', 'value': ours, 'goal': theirs,
                       'most': most, 'peers': {'chromium': theirs}, 'ratio': None, 'verdict': 'not measured'}
                if ours is not None and theirs is not None:
                    worse = (ours - theirs if most else theirs - ours) > SAME[name]
                    row |= {'ratio': theirs / ours if most else ours / theirs, 'verdict': 'missed' if worse else 'met'}
                yield row


def verdicts(calls, idle):
    calls = usable(calls)
    return [judge(goal, calls, idle) for goal in GOALS] + list(judge_mixed(calls))


def span(values, digits):
    values = [v for v in values if v is not None]
    if not values:
        return '-'
    text = f'{statistics.median(values):.{digits}f}'
    return text if len(values) == 1 else f'{text} [{min(values):.{digits}f}-{max(values):.{digits}f}]'


def table(calls):
    """A row for each client and network: medians, and in brackets the extremes."""
    calls, rows = usable(calls), []
    order = list(conditions.ALL)
    pairs = sorted({(order.index(c['condition']), c['client']) for c in calls})
    for index, client in pairs:
        condition = order[index]
        chosen = [c for c in calls if c['client'] == client and c['condition'] == condition]
        ways, base = heard(calls, client, condition), conditions.ALL[condition].base
        lost = [100 - 100 * w['windows_heard'] / w['windows'] for w in ways if w['windows']]
        rows.append([client, condition, str(len(chosen)),
                     span([w['mouth_to_ear'] - base for w in ways if 'mouth_to_ear' in w], 0),
                     span([w['spread'] for w in ways if 'spread' in w], 0),
                     span([p for w in ways for p in w.get('pesq', [])], 2), span([p for w in ways for p in w.get('visqol', [])], 2),
                     span([w.get('silent_percent') for w in ways], 1), span(lost, 0), span([w['setup'] for w in ways], 2),
                     span([s['cpu_seconds_a_minute'] for c in chosen for s in c['call'].values()], 1),
                     span([s['pss'] for c in chosen for s in c['call'].values()], 0), span([max(c['load']) for c in chosen], 0)])
    head = ['client', 'network', 'calls', 'mouth to ear ms', 'its p5..p95 ms', 'PESQ-WB', 'ViSQOL', 'silent %', 'unlike %',
            'set-up s', 'CPU s/min', 'PSS MiB', 'load']
    return lines([head, *rows])


def lines(rows):
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ['  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def verdict_lines(rows):
    number = lambda v: '-' if v is None else f'{v:.0f}' if abs(v) >= 100 else f'{v:.2f}'
    shown = [['goal', 'omnibar', 'shall be', 'peers', 'ratio', 'verdict']]
    for row in rows:
        if row['verdict'] == 'not measured':
            continue
        bound = '-' if row['goal'] is None else f'{"<=" if row["most"] else ">="} {number(row["goal"])}'
        peers = ', '.join(f'{name} {number(value)}' for name, value in row['peers'].items() if value is not None)
        shown.append([row['what'], number(row['value']), bound, peers or '-', number(row['ratio']), row['verdict']])
    return lines(shown) if len(shown) > 1 else []
