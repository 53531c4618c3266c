"""No softphone: the sound server's own loop from one side's microphone to the other's
speaker. It shows what the bench adds, and the top of its scale."""
from .client import Client

LATENCY = 20      # ms


class Wire(Client):
    def start(self):
        pass

    def dial(self):
        for said, heard in ((self.side, self.other), (self.other, self.side)):
            self.lane.load_module('module-loopback', f'source={said}_mic', f'sink={heard}_spk',
                                  f'latency_msec={LATENCY}', 'channels=1', 'rate=48000')
