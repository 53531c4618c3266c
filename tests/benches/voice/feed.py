"""A microphone with a clock of its own: feed.py FIFO FILE PPM

Writes 48000 * (1 + PPM / 1e6) samples a second into a pipe that module-pipe-source reads:
silence, then from the first line on standard input FILE (raw 16-bit mono), then silence.
What nobody reads is gone, as with a real microphone."""
import fcntl
import os
import select
import sys
import time

RATE, BLOCK = 48000, 480

fifo, file, ppm = sys.argv[1], sys.argv[2], float(sys.argv[3])
with open(file, 'rb') as sound:
    speech = sound.read()
pipe = os.open(fifo, os.O_WRONLY)
fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
os.set_blocking(pipe, False)
block = BLOCK / (RATE * (1 + ppm / 1e6))      # s
began, blocks, at, speaking = time.monotonic(), 0, 0, False
while True:
    blocks += 1
    time.sleep(max(0, began + blocks * block - time.monotonic()))
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
