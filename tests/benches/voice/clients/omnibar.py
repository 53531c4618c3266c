"""Omnibar without a window and without a centre: `omnibar phone --direct`."""
import json
import os
import subprocess
from pathlib import Path

from .client import Client, until

ROOT = Path(__file__).resolve().parents[4]
PORT = 5070


def program():
    """OMNIBAR_BIN, otherwise the release build."""
    found = Path(os.environ.get('OMNIBAR_BIN', ROOT / 'target/release/omnibar'))
    if not found.exists():
        raise FileNotFoundError(f'{found} is not there: build it, or set OMNIBAR_BIN')
    return found


class Omnibar(Client):
    def __init__(self, lane, side, plain=False):
        super().__init__(lane, side)
        self.plain = plain

    def start(self):
        words = [program(), 'phone', '--direct', f'{self.lane.ip[self.side]}:{PORT}', '--auto-answer', '--data', self.home / 'data',
                 '--mic', f'{self.side}_mic', '--speaker', f'{self.side}_spk']
        self.child = self.run(words, stdin=subprocess.PIPE, text=True, bufsize=1)
        until(self.ready, 10, 'omnibar can be called')

    def ready(self):
        if self.child.poll() is not None:
            raise RuntimeError(f'omnibar ended at once, see {self.log.name}')
        return any(event.get('event') == 'ready' for event in self.events())

    def events(self):
        """What it has said so far, a JSON object a line."""
        found = []
        for line in Path(self.log.name).read_text(errors='replace').splitlines():
            if line.startswith('{') and line.endswith('}'):
                found.append(json.loads(line))
        return found

    def told(self):
        return {event['event']: event for event in self.events() if event.get('event') in ('connected', 'first_sound', 'quality')}

    def dial(self):
        self.child.stdin.write(f'call {self.lane.ip[self.other]}:{PORT}\n')

    def stop(self):
        if self.children and self.child.poll() is None:
            self.child.stdin.close()      # its sign to end
        super().stop()
