"""Stock Chromium without a window: one page of ours, reached through bridge.py, which
speaks Omnibar's exchange of descriptions (docs/direct.md)."""
import json
import select
import shutil
import subprocess
import sys
from pathlib import Path

from .client import Client, until

HERE = Path(__file__).resolve().parent
PORT, PAGE = 5070, 8099
SWITCHES = (
    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-extensions', '--disable-sync', '--disable-quic',
    '--disable-background-networking', '--disable-component-update', '--no-first-run', '--no-default-browser-check',
    '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required',
)


class Chromium(Client):
    priority = 1      # bursts of a whole browser come after other clients

    def __init__(self, lane, side, processing=False, idle=False):
        super().__init__(lane, side)
        self.processing, self.idle = processing, idle

    def start(self):
        # The bridge is not the browser's cost, so it is no child of the client.
        self.bridge = self.lane.start(
            [sys.executable, HERE / 'bridge.py', self.lane.ip[self.side], PORT, PAGE], side=self.side,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, bufsize=1)
        self.expect('listening')
        profile = self.lane.dir / f'profile-{self.side}'
        shutil.rmtree(profile, ignore_errors=True)
        page = f'http://127.0.0.1:{PAGE}/?processing={int(self.processing)}&idle={int(self.idle)}'
        self.run(['chromium', *SWITCHES, f'--user-data-dir={profile}', f'--app={page}'])
        self.expect('ready')

    def expect(self, word, seconds=40):
        """The next thing that the bridge says."""
        if not select.select([self.bridge.stdout], [], [], seconds)[0]:
            raise RuntimeError(f'chromium: no "{word}" within {seconds} s')
        said = json.loads(self.bridge.stdout.readline() or '{"say":"nothing"}')
        if said['say'] != word:
            raise RuntimeError(f'chromium: {said} instead of "{word}"')
        return said

    def dial(self):
        self.order({'do': 'call', 'to': [self.lane.ip[self.other], PORT]})

    def told(self):
        self.order({'do': 'statistics'})
        return self.expect('statistics', 5)['figures']

    def order(self, what):
        self.bridge.stdin.write(json.dumps(what) + '\n')

    def stop(self):
        super().stop()
        if hasattr(self, 'bridge'):
            self.bridge.terminate()
            until(lambda: self.bridge.poll() is not None, 3, 'the end of the bridge')
