"""A loudspeaker and a microphone in one room: room.py PULSE SPEAKER-MONITOR MOUTH

Plays what the speaker gives into the microphone, through a room of 120 ms: a direct path
and a tail that dies away, together ECHO dB below what the speaker gives."""
import subprocess
import sys

import numpy as np

RATE, BLOCK, ECHO, LENGTH = 48000, 480, -10.0, 0.12


def impulse_response(seed=1):
    noise = np.random.default_rng(seed).standard_normal(int(LENGTH * RATE))
    tail = noise * np.exp(-6.9 * np.arange(len(noise)) / len(noise))      # 60 dB over its length
    tail[:96] = 0
    tail[96] = 8 * np.abs(tail).max()
    return tail * 10 ** (ECHO / 20) / np.sqrt(np.sum(tail ** 2))


def main(pulse, monitor, mouth):
    common = ['-s', pulse, '--raw', '--format=s16le', f'--rate={RATE}', '--channels=1']
    heard = subprocess.Popen(['parec', *common, '-d', monitor, '--latency-msec=10'], stdout=subprocess.PIPE, bufsize=0)
    played = subprocess.Popen(['pacat', *common, '-d', mouth, '--latency-msec=30'], stdin=subprocess.PIPE, bufsize=0)
    response = impulse_response()
    size = 1 << (len(response) + BLOCK - 1).bit_length()
    spectrum, tail = np.fft.rfft(response, size), np.zeros(size)
    pending = b''
    while read := heard.stdout.read(2 * BLOCK):
        pending += read
        while len(pending) >= 2 * BLOCK:
            block, pending = np.frombuffer(pending[:2 * BLOCK], '<i2'), pending[2 * BLOCK:]
            tail += np.fft.irfft(np.fft.rfft(block, size) * spectrum, size)
            played.stdin.write(np.clip(tail[:BLOCK], -32768, 32767).astype('<i2').tobytes())
            tail = np.concatenate([tail[BLOCK:], np.zeros(BLOCK)])


if __name__ == '__main__':
    main(*sys.argv[1:4])
