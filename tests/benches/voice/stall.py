"""Watches the machine, not a client: sleeps 2 ms again and again at a high real-time
priority until its input ends, then prints the worst oversleep (ms) and how many were
longer than 10 ms. A call during a long stall says nothing about a softphone."""
import json
import os
import select
import time

NAP = 0.002
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
worst, many, before = 0.0, 0, time.monotonic()
while not select.select([0], [], [], NAP)[0]:
    now = time.monotonic()
    late = (now - before - NAP) * 1e3
    before, worst, many = now, max(worst, late), many + (late > 10)
print(json.dumps({'worst_ms': round(worst, 1), 'over_10_ms': many}))
