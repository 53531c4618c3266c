"""A microphone with a clock of its own: feed.py FIFO FILE PPM RECORDED FRAME

Writes 48000 * (1 + PPM / 1e6) samples a second into a pipe that module-pipe-source reads:
silence, then from the first line on standard input FILE (raw 16-bit mono), then silence.
What nobody reads is gone, as with a real microphone.

A second is one of the sound server, as the recording tells it (a file that grows by FRAME bytes
a sample): the server's own clock has been seen to be 80 to 300 ppm fast."""
import fcntl
import os
import select
import sys
import time

RATE, BLOCK = 48000, 480
FOLLOW = 0.01                             # of the error, at each block: a mean over a second


class Clock:
    """The server's samples so far, from a count of them that grows by fits and starts."""

    def __init__(self, count, now=time.monotonic):
        self.count, self.now = count, now
        self.at, self.told = now(), float(count())

    def read(self):
        at = self.now()
        self.told += (at - self.at) * RATE
        self.at = at
        self.told += (self.count() - self.told) * FOLLOW
        return self.told


def main(fifo, file, ppm, recorded, frame):
    with open(file, 'rb') as sound:
        speech = sound.read()
    pipe = os.open(fifo, os.O_WRONLY)
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(pipe, False)
    count = lambda: os.stat(recorded).st_size / frame
    while not count():
        time.sleep(BLOCK / RATE)              # the recording begins with the server's clock
    clock = Clock(count)
    began, blocks, at, speaking = clock.read(), 0, 0, False
    while True:
        blocks += 1
        due = began + blocks * BLOCK / (1 + ppm / 1e6)
        time.sleep(max(0, (due - clock.read()) / RATE))
        if not speaking and select.select([0], [], [], 0)[0]:
            if not os.read(0, 100):
                break
            speaking = True
        piece = speech[at:at + 2 * BLOCK] if speaking else b''
        at += len(piece)
        try:
            os.write(pipe, piece.ljust(2 * BLOCK, b'\0'))
        except BlockingIOError:
            pass                              # nobody has opened the microphone


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
