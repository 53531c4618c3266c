"""Two hosts with a line between them, and one sound server for both.

All microphones and speakers are channels of one null sink, and one stream records them
all: what A says and what B hears have the same clock, so mouth to ear is a difference
inside one file.

    channel 0, 1   what enters the microphones of A, B
    channel 2, 3   what leaves the speakers of A, B
"""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cost

HERE = Path(__file__).resolve().parent
RATE = 48000
CHANNELS = ('front-left', 'front-right', 'rear-left', 'rear-right')
BLOCK_MS = 10


def run(*words, **options):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True, **options).stdout


def attempt(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True)


class Lane:
    """`with Lane(0, work) as lane:` and everything of it is gone afterwards."""

    def __init__(self, number, work, drift=0.0):
        """`drift`: A's microphone has a clock so many ppm faster than the server's, and `feed.py` speaks into it."""
        self.number, self.drift = number, drift
        self.dir = Path(work).resolve() / f'lane{number}'
        self.dir.mkdir(parents=True, exist_ok=True)
        self.host = {side: f'voice{number}{side.lower()}' for side in 'AB'}
        self.ip = {'A': f'10.91.{number}.1', 'B': f'10.91.{number}.2'}
        self.pulse = f'unix:{self.dir}/pulse'
        self.running = []

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit('ended from outside'))
        try:
            self._network()
            self._sound()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for child in reversed(self.running):
            end(child)
        for side in 'AB':
            self._remove_host(side)

    # -- processes

    def start(self, words, side=None, **options):
        """Begins a program, on the host of `side` when that is given."""
        words = [str(w) for w in words]
        if side:
            words = ['ip', 'netns', 'exec', self.host[side], *words]
        child = subprocess.Popen(words, start_new_session=True, **options)
        favour(child.pid)
        self.running.append(child)
        return child

    def environment(self, side):
        """A client's: its own home, and only its own microphone and speaker."""
        home = self.dir / f'home-{side}'
        (home / 'run').mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = {k: v for k, v in os.environ.items() if k in ('PATH', 'LANG')}
        return kept | {
            'HOME': str(home), 'XDG_RUNTIME_DIR': str(home / 'run'), 'LC_ALL': 'C.UTF-8',
            'PULSE_SERVER': self.pulse, 'PULSE_SOURCE': f'{side}_mic', 'PULSE_SINK': f'{side}_spk',
        }

    # -- network

    def _network(self):
        for side in 'AB':
            self._remove_host(side)
            host, outer = self.host[side], self.host[side] + 'x'
            run('ip', 'netns', 'add', host)
            run('ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host)
            run('ip', 'link', 'set', outer, 'up')
            inside = ('ip', 'netns', 'exec', host)
            run(*inside, 'ip', 'link', 'set', 'lo', 'up')
            run(*inside, 'ip', 'link', 'set', 'eth0', 'up')
            run(*inside, 'ip', 'addr', 'add', self.ip[side] + '/24', 'dev', 'eth0')
            run(*inside, 'ip', 'route', 'add', 'default', 'dev', 'eth0')
            # Whole frames with their checksums, since they are copied as they are.
            run(*inside, 'ethtool', '-K', 'eth0', 'tx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off')
        self.hop = self.start([sys.executable, HERE / 'hop.py', *(self.host[s] + 'x' for s in 'AB')],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        if self.hop.stdout.readline() != 'ready\n':
            raise RuntimeError('the line between the hosts does not stand')

    def _remove_host(self, side):
        # The link first: the kernel frees a dead namespace when it likes.
        attempt('ip', 'link', 'del', self.host[side] + 'x')
        attempt('ip', 'netns', 'del', self.host[side])

    def impair(self, line, seed):
        self.hop.stdin.write(json.dumps({'line': line.as_dict(), 'seed': seed}) + '\n')

    def packets(self):
        """RTP packets since the line changed, from A and from B (hop.py)."""
        self.hop.stdin.write('count\n')
        return json.loads(self.hop.stdout.readline())

    # -- sound

    def _sound(self):
        script = self.dir / 'sound.pa'
        script.write_text('\n'.join(self._modules()) + '\n')
        private = self.dir / 'sound'
        private.mkdir(exist_ok=True, mode=0o700)
        environment = dict(os.environ, HOME=str(private), XDG_RUNTIME_DIR=str(private), PULSE_RUNTIME_PATH=str(private))
        with open(self.dir / 'sound.log', 'w') as log:
            self.server = self.start(
                ['pulseaudio', '-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--realtime=yes', '-F', script],
                env=environment, stdout=log, stderr=log)
        for _ in range(100):
            if attempt('pactl', '-s', self.pulse, 'info').returncode == 0:
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f'the sound server does not start, see {self.dir}/sound.log')
        cost.realtime([self.server.pid], 5)
        self.recorded = self.dir / 'recorded.s16'
        with open(self.recorded, 'wb') as file:
            self.recorder = self.start(
                ['parec', '-s', self.pulse, '-d', 'bench.monitor', '--raw', '--format=s16le', f'--rate={RATE}',
                 '--channels=4', '--channel-map=' + ','.join(CHANNELS), '--no-remix',
                 f'--latency-msec={BLOCK_MS}', f'--process-time-msec={BLOCK_MS}'],
                stdout=file)
        cost.realtime([self.recorder.pid], 4)

    def _modules(self):
        yield f'load-module module-native-protocol-unix socket={self.dir}/pulse auth-anonymous=1'
        yield f'load-module module-null-sink sink_name=bench rate={RATE} channels=4 channel_map={",".join(CHANNELS)}'
        part = 'channels=1 channel_map=mono remix=no master_channel_map'
        for index, side in enumerate('AB'):
            for name, channel in ((f'{side}_mouth', CHANNELS[index]), (f'{side}_spk', CHANNELS[2 + index])):
                yield (f'load-module module-remap-sink sink_name={name} master=bench {part}={channel} '
                       f'sink_properties=device.description={name}')
            name = f'{side}_mic'
            if self.drift and side == 'A':
                yield (f'load-module module-pipe-source source_name={name} file={self.dir}/{name} format=s16le rate={RATE} channels=1 '
                       f'source_properties=device.description={name}')
                continue
            yield (f'load-module module-remap-source source_name={name} master=bench.monitor {part}={CHANNELS[index]} '
                   f'source_properties=device.description={name}')

    def frames(self):
        """Recorded so far."""
        return self.recorded.stat().st_size // (2 * len(CHANNELS))

    def speak(self, side, file):
        """Plays raw 48 kHz 16-bit mono into a microphone."""
        if self.drift and side == 'A':
            self.feeder.stdin.write('speak\n')
        player = self.start(['paplay', '-s', self.pulse, '-d', f'{side}_mouth', '--latency-msec=100', '--raw',
                             '--format=s16le', f'--rate={RATE}', '--channels=1', file])
        cost.realtime([player.pid], 4)

    def feed(self, file):
        """Gives A's drifting microphone its clock; it is silent until A speaks."""
        self.feeder = self.start([sys.executable, HERE / 'feed.py', self.dir / 'A_mic', file, self.drift,
                                  self.recorded, 2 * len(CHANNELS)],
                                 stdin=subprocess.PIPE, text=True, bufsize=1)
        cost.realtime([self.feeder.pid], 4)

    def room(self, side):
        """From now on `side` has a loudspeaker: its microphone hears its speaker."""
        sounding = self.start([sys.executable, HERE / 'room.py', self.pulse, f'{side}_spk.monitor', f'{side}_mouth'])
        time.sleep(1)
        cost.realtime([sounding.pid], 4)

    def load_module(self, *words):
        return run('pactl', '-s', self.pulse, 'load-module', *words).strip()

    def stop_recording(self):
        end(self.recorder)


def favour(pid, nice=-15):
    """More weight for a session of ours (its autogroup) than for other work on this machine."""
    try:
        Path('/proc', str(pid), 'autogroup').write_text(str(nice))
    except OSError:
        pass


def end(child, grace=3):
    """Asks, then insists; the child's own group only."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            try:
                os.killpg(child.pid, 9)
            except ProcessLookupError:
                pass
            child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe:
            try:
                pipe.close()
            except OSError:
                pass
