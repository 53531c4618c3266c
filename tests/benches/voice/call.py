"""One call, measured: call.py CLIENT CONDITION SEED LANE WORK OUT.npz [SECONDS]

Prints a JSON line with what was measured in it; the recording goes to OUT, for scores.py."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import conditions
import cost
import speech
from clients import make
from lane import Lane, favour

SETTLE = 3.0      # s from the sound server's start: an idle null sink is 2 s ahead
DIAL, IMPAIR = 1.5, 5.0     # s from the first word


def until(moment):
    time.sleep(max(0, moment - time.monotonic()))


class Meter:
    """CPU, wake-ups and context switches between two moments."""

    def __init__(self, pids):
        self.pids, self.at = pids, time.monotonic()
        self.cpu, self.before = cost.cpu_seconds(pids), cost.switches(pids)

    def read(self):
        lasted = time.monotonic() - self.at
        # A thread that has ended meanwhile takes its count with it.
        turns = [(now, self.before.get(thread, (0, 0))) for thread, now in cost.switches(self.pids).items()]
        return {'cpu_seconds_a_minute': 60 * (cost.cpu_seconds(self.pids) - self.cpu) / lasted,
                'wakeups': sum(now[0] - was[0] for now, was in turns) / lasted,
                'switches': sum(sum(now) - sum(was) for now, was in turns) / lasted}


def measure(lane, clients, condition, seed, plan, folder):
    begun = time.monotonic()
    result = {}
    if condition.drift:
        lane.feed(folder / 'A.s16')
    if condition.echo:
        lane.room('A')
    for side in 'AB':
        clients[side].start()
    until(begun + SETTLE)
    result['idle'] = {side: cost.memory(clients[side].pids) for side in 'AB'}
    skip = lane.frames()
    for client in clients.values():
        cost.realtime(client.pids, client.priority)
    first_word = time.monotonic()
    for side in 'AB':
        lane.speak(side, folder / f'{side}.s16')
    until(first_word + DIAL)
    dialled = lane.frames() - skip
    clients['A'].dial()
    watch = lane.start([sys.executable, Path(__file__).with_name('stall.py')], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    until(first_word + IMPAIR)
    lane.impair(condition.line, seed + condition.reseed)
    until(first_word + plan['lead'])
    meters = {side: Meter(clients[side].pids) for side in 'AB'}
    server = Meter([lane.server.pid])
    until(first_word + plan['length'] - 0.5)
    result['call'] = {side: meters[side].read() | cost.memory(clients[side].pids) for side in 'AB'}
    result['sound_server'] = server.read()
    result['packets'] = lane.packets()
    result['told'] = {side: clients[side].told() for side in 'AB'}
    time.sleep(1.2)
    result['stall'] = json.loads(watch.communicate('')[0])
    lane.stop_recording()
    recorded = np.fromfile(lane.recorded, '<i2')
    return result, recorded[:len(recorded) // 4 * 4].reshape(-1, 4)[skip:], dialled


def main(name, condition_name, seed, number, work, out, seconds=0.0):
    favour(os.getpid())
    condition = conditions.ALL[condition_name]
    folder = speech.ensure(Path(work) / 'speech', condition.voices, seconds or condition.seconds)
    plan = json.loads((folder / 'plan.json').read_text())
    result = {'client': name, 'condition': condition_name, 'seed': seed, 'when': time.time(), 'load': [os.getloadavg()[0]]}
    with Lane(number, work, condition.drift) as lane:
        clients = make(name, lane)
        try:
            measured, recorded, dialled = measure(lane, clients, condition, seed, plan, folder)
        finally:
            for client in clients.values():
                client.stop()
    result['load'].append(os.getloadavg()[0])
    clean = np.fromfile(folder / 'A.s16', '<i2')
    np.savez(out, recorded=recorded, clean=clean, told=json.dumps({'dialled': dialled, 'plan': plan, 'drift': condition.drift}))
    print(json.dumps(result | measured))


if __name__ == '__main__':
    client, condition, seed, lane, work, out = sys.argv[1:7]
    main(client, condition, int(seed), int(lane), work, out, float(sys.argv[7]) if len(sys.argv) > 7 else 0.0)
