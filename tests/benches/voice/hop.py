"""The network between two hosts: passes frames between two interfaces, and does to UDP
what a Line says. In user space, because not every kernel has netem.

    hop.py IF1 IF2      standard input, a line each: {"line": {...}, "seed": 1} or "count";
                        it says "ready" once, and answers "count" with the RTP packets from IF1 and IF2:
                [{"seen": n, "lost": n, "uneven_ms": [95th percentile, most]}, {..}]
"""
import heapq
import json
import os
import select
import socket
import sys
import time

from fate import Fate, Line, Pacing, is_rtp

IPV4, UDP, ETHERNET = b'\x08\x00', 17, 14


def tap(name):
    every_protocol = socket.htons(3)
    tapped = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, every_protocol)
    tapped.bind((name, 0))
    tapped.setblocking(False)
    return tapped


def udp_payload(frame):
    if len(frame) < 42 or frame[12:14] != IPV4 or frame[23] != UDP:
        return None
    return frame[ETHERNET + (frame[ETHERNET] & 15) * 4 + 8:]


class Hop:
    def __init__(self, names):
        self.taps = [tap(name) for name in names]
        self.waiting = []                 # heap of (when, number, to, frame)
        self.number = 0
        self.orders = b''
        self.change(Line(), 1)

    def change(self, line, seed):
        now = time.monotonic()
        self.fates = [Fate(line, seed, direction, began=now) for direction in (0, 1)]
        self.pacing = [Pacing(), Pacing()]

    def run(self):
        while True:
            self.send_due()
            pause = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else 1
            ready, _, _ = select.select([*self.taps, 0], [], [], pause)
            if 0 in ready and not self.obey(os.read(0, 65536)):
                return
            for index, tapped in enumerate(self.taps):
                if tapped in ready:
                    self.take(index, tapped)

    def send_due(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, to, frame = heapq.heappop(self.waiting)
            self.send(to, frame)

    def send(self, to, frame):
        try:
            self.taps[to].send(frame)
        except OSError:
            pass                          # a host that is going down

    def take(self, index, tapped):
        while True:
            try:
                frame, address = tapped.recvfrom(65536)
            except (BlockingIOError, OSError):
                return
            if address[2] == socket.PACKET_OUTGOING:
                continue                  # what this program has sent itself
            payload = udp_payload(frame)
            if payload is None:           # ARP and TCP meet no misfortune
                self.send(1 - index, frame)
                continue
            now = time.monotonic()
            rtp = is_rtp(payload)
            if rtp:
                self.pacing[index].came(payload, now)
            when = self.fates[index].of(rtp, now)
            if when is None:
                continue
            if when <= now:
                self.send(1 - index, frame)
            else:
                self.number += 1
                heapq.heappush(self.waiting, (when, self.number, 1 - index, frame))

    def obey(self, read):
        self.orders += read
        while b'\n' in self.orders:
            order, self.orders = self.orders.split(b'\n', 1)
            if order == b'count':
                print(json.dumps([{'seen': f.seen, 'lost': f.lost, 'uneven_ms': p.uneven()}
                                  for f, p in zip(self.fates, self.pacing)]), flush=True)
            else:
                told = json.loads(order)
                self.change(Line(**told['line']), told['seed'])
        return bool(read)


if __name__ == '__main__':
    hop = Hop(sys.argv[1:3])
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
    print('ready', flush=True)
    hop.run()
