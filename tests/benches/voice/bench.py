"""Omnibar beside other softphones, as black boxes, in one session (README.md).

    bench.py [--quick] [--clients A,B] [--conditions A,B] [--seeds 1,2,3] [--lanes 1] [--add]

Prints a table, ratios and a verdict for each goal; writes target/reports/voice.json."""
import argparse
import json
import os
import platform
import queue
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import conditions
import verdicts
from clients import CLIENTS, omnibar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / 'target/voice'
REPORT = ROOT / 'target/reports/voice.json'
FULL = ['omnibar', 'chromium', 'linphone']
MIXED = ['omnibar-chromium', 'chromium-omnibar']
IDLE = ['omnibar', 'chromium-idle', 'linphone']


def plan(chosen):
    """(client, condition, seed) in the order of measuring: one seed of all comes first, and
    the clients of one network follow each other, so that the machine's load falls on all."""
    listed = lambda text: text.split(',') if text else None
    seeds = [int(s) for s in listed(chosen.seeds) or ([1] if chosen.quick else [1, 2, 3])]
    if chosen.quick or chosen.clients or chosen.conditions:
        clients = listed(chosen.clients) or FULL
        networks = listed(chosen.conditions) or (['clean', 'loss10'] if chosen.quick else conditions.USUAL)
        pairs = [(client, network) for network in networks for client in clients]
    else:
        pairs = [('wire', 'clean'), ('chromium-dsp', 'clean'), ('omnibar-plain', 'clean')]
        pairs += [(client, network) for network in conditions.USUAL for client in FULL]
        pairs += [(client, network) for network in conditions.GOALS for client in MIXED]
        pairs += [('omnibar', network) for network in ('echo', 'drift+200', 'drift-200')] + [('chromium-dsp', 'echo')]
    for client, network in pairs:
        if client not in CLIENTS or network not in conditions.ALL:
            raise SystemExit(f'voice: there is no client {client} or no network {network}')
    calls = []
    for seed in seeds:
        networks = sorted({network for _, network in pairs}, key=list(conditions.ALL).index)
        random.Random(seed).shuffle(networks)
        # Minutes long, and without a pattern that a seed would change.
        short = [n for n in networks if not conditions.ALL[n].seconds or seed == seeds[0]]
        calls += [(client, network, seed) for network in short for client, of in pairs if of == network]
    return calls


running = set()


def child(script, *words, nice=0):
    process = subprocess.Popen(['nice', '-n', str(nice), sys.executable, HERE / script, *map(str, words)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    running.add(process)
    out, complaint = process.communicate()
    running.discard(process)
    if process.returncode:
        raise RuntimeError(complaint.strip().splitlines()[-1] if complaint.strip() else f'{script} ended with {process.returncode}')
    return json.loads(out.splitlines()[-1])


class Session:
    """Measures on its lanes, scores meanwhile at low priority."""

    def __init__(self, calls, lanes, visqol, minutes):
        self.todo, self.scoring, self.ended, self.done = queue.Queue(), queue.Queue(), queue.Queue(), []
        self.lanes, self.visqol, self.minutes, self.total = lanes, visqol, minutes, len(calls)
        for call in calls:
            self.todo.put(call)

    def run(self):
        scorer = threading.Thread(target=self._score)
        scorer.start()
        for number in range(self.lanes):
            threading.Thread(target=self._lane, args=(number,)).start()
        try:
            self._wait_for_lanes()
        except KeyboardInterrupt:
            print('voice: stopped; what is done is reported', flush=True)
            self.todo.queue.clear()
            for process in list(running):
                process.terminate()
            self._wait_for_lanes()
        self.scoring.put(None)
        scorer.join()
        return self.done

    def _wait_for_lanes(self):
        # Not Thread.join: one that was interrupted takes a thread that runs for ended.
        while self.lanes:
            self.ended.get()
            self.lanes -= 1

    def _lane(self, number):
        while True:
            try:
                client, condition, seed = self.todo.get_nowait()
            except queue.Empty:
                self.ended.put(number)
                return
            recording = WORK / f'{client}-{condition}-{seed}.npz'
            try:
                seconds = self.minutes * 60 if conditions.ALL[condition].seconds else 0
                measured = child('call.py', client, condition, seed, number, WORK, recording, seconds)
            except (RuntimeError, ValueError) as cause:
                measured = {'client': client, 'condition': condition, 'seed': seed, 'failed': str(cause)}
            self.scoring.put((measured, recording))

    def _score(self):
        while (next_one := self.scoring.get()) is not None:
            call, recording = next_one
            try:
                if 'failed' not in call:
                    call['ways'] = child('scores.py', recording, *(['--visqol'] if self.visqol else []), nice=10)
            except (RuntimeError, ValueError) as cause:
                call['failed'] = f'not scored: {cause}'
            recording.unlink(missing_ok=True)
            self.done.append(call)
            print(f'{len(self.done):3d}/{self.total} {brief(call)}', flush=True)


def brief(call):
    text = f'{call["client"]:17s} {call["condition"]:9s} seed {call["seed"]}'
    if 'failed' in call:
        return f'{text}  FAILED: {call["failed"]}'
    base = conditions.ALL[call['condition']].base
    for name, way in call['ways'].items():
        quality = ' '.join(f'{p:.2f}' for p in way.get('pesq', [])[:4])
        ear = f'{way["mouth_to_ear"] - base:.0f} ms' if 'mouth_to_ear' in way else 'unlike'
        text += f' | {name} {ear} PESQ {quality}'
    return f'{text} | load {max(call["load"]):.0f}, stall {call["stall"]["worst_ms"]:.0f} ms'


def version(*words):
    try:
        return subprocess.run(words, capture_output=True, text=True).stdout.strip().splitlines()[0]
    except (OSError, IndexError):
        return None


def about():
    """The machine, and what was measured: a development build of Omnibar costs more."""
    commit = version('git', '-C', str(ROOT), 'rev-parse', '--short', 'HEAD')
    ours = omnibar.program()
    built = {'file': str(ours), 'built': ours.stat().st_mtime, 'bytes': ours.stat().st_size} if ours.exists() else None
    return {'cpus': os.cpu_count(), 'kernel': platform.release(), 'commit': commit,
            'programs': {'omnibar': built, 'chromium': version('chromium', '--version'),
                         'linphone': version('dpkg-query', '-W', '-f=${Version}', 'linphone-cli')}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--quick', action='store_true', help='clean and loss10, one seed')
    parser.add_argument('--clients', help=', '.join(CLIENTS))
    parser.add_argument('--conditions', help=', '.join(conditions.ALL))
    parser.add_argument('--seeds', help='1,2,3 when not given')
    parser.add_argument('--lanes', type=int, default=1, help='calls at once: more than one disturb each other')
    parser.add_argument('--minutes', type=float, default=10, help='of a call with drifting clocks')
    parser.add_argument('--add', action='store_true', help='keep what the report has of other calls')
    parser.add_argument('--no-visqol', action='store_true')
    parser.add_argument('--idle', action='store_true', help='also what clients cost in no call; the full bench does that anyway')
    parser.add_argument('--no-calls', action='store_true', help='only what clients cost in no call')
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit('voice: network namespaces and real-time priority need root; run it as root')
    calls = [] if chosen.no_calls else plan(chosen)
    if any('omnibar' in client for client, *_ in calls) and not omnibar.program().exists():
        raise SystemExit(f'voice: {omnibar.program()} is not there: build it, or name it with OMNIBAR_BIN')
    WORK.mkdir(parents=True, exist_ok=True)
    began = time.time()
    print(f'voice: {len(calls)} calls, about {len(calls) * 0.6 / chosen.lanes:.0f} minutes, load {os.getloadavg()[0]:.1f}', flush=True)
    done = Session(calls, chosen.lanes, not chosen.no_visqol, chosen.minutes).run()
    idle = []
    if chosen.idle or chosen.no_calls or not (chosen.quick or chosen.clients or chosen.conditions):
        idle = [child('idle.py', client, 0, WORK) for client in IDLE]
    report(chosen, began, done, idle)
    sys.exit(any('failed' in call for call in done))


def report(chosen, began, done, idle):
    fresh = [c for c in done]
    if chosen.add and REPORT.exists():
        before = json.loads(REPORT.read_text())
        key = lambda c: (c['client'], c['condition'], c['seed'])
        again, idle_again = {key(c) for c in done}, {i['client'] for i in idle}
        done = [c for c in before['calls'] if key(c) not in again] + done
        idle = [i for i in before['idle'] if i['client'] not in idle_again] + idle
    judged = verdicts.verdicts(done, idle)
    shown = verdicts.table(done) + [''] + verdicts.verdict_lines(judged)
    print('\n' + '\n'.join(shown))
    for entry in idle:
        print(f'no call: {entry["client"]:14s} {entry["pss"]:.0f} MiB PSS, {entry["wakeups"]:.0f} wake-ups a second, '
              f'{entry["cpu_seconds_a_minute"]:.2f} CPU s a minute, ready in {entry["ready_s"]:.2f} s')
    missed = sum(row['verdict'].startswith('missed') for row in judged)
    met = sum(row['verdict'].startswith('met') for row in judged)
    failed = [c for c in fresh if 'failed' in c]
    stalled = len(done) - len(verdicts.usable(done)) - sum('failed' in c for c in done)
    print(f'\n{met} goals met, {missed} missed; {len(failed)} calls failed, {stalled} left out for stalls of the machine')
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps({
        'about': about(), 'began': began, 'ended': time.time(), 'load': os.getloadavg(),
        'networks': {name: c.line.as_dict() for name, c in conditions.ALL.items()},
        'calls': done, 'idle': idle, 'verdicts': judged, 'table': shown}, indent=1) + '\n')


if __name__ == '__main__':
    main()
