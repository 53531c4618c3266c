"""Omnibar without a window and without a centre: `omnibar phone --direct`."""
import json
import os
import shutil
import subprocess
from pathlib import Path

from .client import Client, until

ROOT = Path(__file__).resolve().parents[4]
PORT = 5070


def program():
    """OMNIBAR_BIN, otherwise the release build."""
    return Path(os.environ.get('OMNIBAR_BIN', ROOT / 'target/release/omnibar'))


class Omnibar(Client):
    def __init__(self, lane, side, plain=False):
        super().__init__(lane, side)
        self.plain = plain

    def start(self):
        # Its user's settings: all as they come, or only voice processing switched off.
        data = self.home / 'data'
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        if self.plain:
            (data / 'settings.toml').write_text('[cleaning]\non = false\n')
        words = [program(), 'phone', '--direct', f'{self.lane.ip[self.side]}:{PORT}', '--auto-answer', '--data', data,
                 '--mic', f'{self.side}_mic', '--speaker', f'{self.side}_spk']
        self.child = self.run(words, stdin=subprocess.PIPE, text=True, bufsize=1)
        until(self.ready, 10, 'omnibar can be called')

    def ready(self):
        if self.child.poll() is not None:
            raise RuntimeError(f'omnibar ended at once, see {self.log.name}')
        return any(event.get('event') == 'ready' for event in self.events())

    def events(self):
        """What it has said so far, a JSON object a line; the log is in the same file."""
        whole = Path(self.log.name).read_text(errors='replace').split('\n')[:-1]
        return [json.loads(line) for line in whole if line.startswith('{')]

    def told(self):
        return {event['event']: event for event in self.events() if event.get('event') in ('connected', 'first_sound', 'quality')}

    def dial(self):
        self.child.stdin.write(f'call {self.lane.ip[self.other]}:{PORT}\n')

    def stop(self):
        if self.children and self.child.poll() is None:
            self.child.stdin.close()      # its sign to end
        super().stop()
