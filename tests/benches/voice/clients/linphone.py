"""Linphone of Debian, its console program."""
import shutil
import subprocess
import time

from .client import Client, until

SETTINGS = """\
[sip]
sip_port=5060
use_ipv6=0
guess_hostname=1
contact=sip:{name}@{ip}
[net]
firewall_policy=0
mtu=1300
[video]
enabled=0
capture=0
display=0
[sound]
echocancellation=0
capture_dev_id=PulseAudio Unknown: {side}_mic
playback_dev_id=PulseAudio Unknown: {side}_spk
ringer_dev_id=PulseAudio Unknown: {side}_spk
local_ring=/none.wav
remote_ring=/none.wav
"""
OPUS = '[audio_codec_0]\nmime=opus\nrate=48000\nchannels=2\nenabled=1\nrecv_fmtp=useinbandfec=1\n'
OFF = [('speex', 32000), ('speex', 16000), ('speex', 8000), ('PCMU', 8000), ('PCMA', 8000), ('GSM', 8000), ('G722', 8000)]


class Linphone(Client):
    def start(self):
        for folder in ('.local', '.config'):
            shutil.rmtree(self.home / folder, ignore_errors=True)
        (self.home / '.local/share/linphone').mkdir(parents=True)
        settings = self.home / 'linphonerc'
        others = (f'[audio_codec_{k}]\nmime={mime}\nrate={rate}\nchannels=1\nenabled=0\n' for k, (mime, rate) in enumerate(OFF, 1))
        filled = SETTINGS.format(name=self.side.lower(), ip=self.lane.ip[self.side], side=self.side)
        settings.write_text(filled + OPUS + ''.join(others))
        self.child = self.run(['linphonec', '-a', '-c', settings], stdin=subprocess.PIPE, text=True, bufsize=1)
        until(self.listens, 10, 'linphonec listens')
        time.sleep(2)                     # it takes calls only after its first turns of its loop

    def listens(self):
        table = subprocess.run(['ip', 'netns', 'exec', self.lane.host[self.side], 'ss', '-lunH'],
                               capture_output=True, text=True).stdout
        return ':5060 ' in table

    def dial(self):
        self.say(f'call sip:{self.other.lower()}@{self.lane.ip[self.other]}')

    def say(self, words):
        self.child.stdin.write(words + '\n')

    def stop(self):
        if self.children and self.child.poll() is None:
            try:
                self.say('terminate')
                time.sleep(0.3)
                self.say('quit')
                self.child.wait(3)
            except (OSError, subprocess.TimeoutExpired):
                pass
        super().stop()
