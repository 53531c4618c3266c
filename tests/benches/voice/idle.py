"""What a softphone costs in no call: idle.py CLIENT LANE WORK prints a JSON line."""
import json
import os
import sys
import time

import cost
from call import Meter
from clients import make
from lane import Lane

SETTLE, SECONDS = 5, 10


def main(name, number, work):
    with Lane(number, work) as lane:
        client = make(name, lane)['A']
        try:
            begun = time.monotonic()
            client.start()
            ready = time.monotonic() - begun
            time.sleep(SETTLE)
            meter = Meter(client.pids)
            time.sleep(SECONDS)
            figures = meter.read() | cost.memory(client.pids)
        finally:
            client.stop()
    print(json.dumps({'client': name, 'ready_s': ready, 'load': os.getloadavg()[0]} | figures))


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
