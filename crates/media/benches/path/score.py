#!/usr/bin/env python3
"""What the bench `path` wrote, scored: score.py SPEECH_DIR OUT_DIR

SPEECH_DIR/timeline.json has the sentences: {"segments": {"A": [[from, to], ...], "B": ...}} in s.
Per condition the medians of PESQ-WB (ITU-T P.862.2) and of the delay mouth to ear without
devices, and with what devices and their rings add. Needs numpy, scipy and pesq."""
import json
import pathlib
import sys
import wave
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from pesq import pesq
from scipy.signal import fftconvolve, resample_poly

RATE, DEVICES, LINE = 48000, 25, 20
GOALS = {  # mouth to ear ms, PESQ-WB; what Chromium and Linphone reach
    "clean": (70, 4.39, "143 4.39 | 103 4.13"),
    "loss1": (90, 4.3, "132 3.96 | 105 3.67"),
    "loss5": (90, 4.2, "134 3.46 | 105 3.74"),
    "loss10": (90, 4.0, "136 2.99 | 105 3.27"),
    "loss20": (90, 3.6, "138 2.11 | 105 2.47"),
    "burst10": (None, 3.2, "143 2.48 | 117 1.95"),
    "jitter20": (110, 4.39, "181 4.39 | 136 4.16"),
    "jitter50": (175, 4.35, "257 4.39 | 235 4.12"),
    "jitter100": (300, 4.2, "400 4.19 | 416 4.01"),
    "wifi120": (170, 4.4, "235 4.41 | 177 4.08"),
}


def delays(said, heard, rate, begin, end):
    """Delay of each half second in which somebody speaks."""
    found = []
    for at in np.arange(begin, end - 0.5, 0.25):
        a = said[int(at * rate):int((at + 0.5) * rate)]
        b = heard[int(at * rate):int((at + 1.5) * rate)]
        if np.sqrt(np.mean(a ** 2)) < 0.01 or len(b) < len(a) + 10:
            continue
        product = fftconvolve(b, a[::-1], "valid")
        power = np.convolve(b ** 2, np.ones(len(a)), "valid")
        alike = np.abs(product) / np.sqrt(np.maximum(power, 1e-9) * (a ** 2).sum())
        if alike.max() > 0.6:
            found.append(int(np.argmax(alike)) / rate)
    return found


def score(job):
    said_file, heard_file, segments = job
    said = np.fromfile(said_file, "<i2") / 32768
    with wave.open(str(heard_file)) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    said8, heard8 = resample_poly(said, 1, 6), resample_poly(heard, 1, 6)
    said16, heard16 = resample_poly(said, 1, 3), resample_poly(heard, 1, 3)
    scores, all_delays = [], []
    for begin, end in segments:
        found = delays(said8, heard8, 8000, begin, end)
        all_delays += found
        late = float(np.median(found)) if found else 0
        a = said16[int(begin * 16000):int(end * 16000)]
        b = heard16[int((begin + late) * 16000):int((end + late) * 16000)]
        length = min(len(a), len(b))
        scores.append(float(pesq(16000, a[:length], b[:length], "wb")))
    return scores, [1000 * delay for delay in all_delays]


def main(speech, out):
    segments = json.load(open(speech / "timeline.json"))["segments"]
    jobs = {}
    for file in sorted(out.glob("*.wav")):
        condition, _, side = file.stem.rsplit("-", 2)
        other = "BA"["AB".index(side)]
        jobs.setdefault(condition, []).append((speech / f"{other}.raw", file, segments[other]))
    print("condition       PESQ-WB [least-most] goal   m2e p5-p95  +devices goal  Chromium | Linphone")
    with ProcessPoolExecutor(2) as pool:
        done = {name: pool.map(score, list_) for name, list_ in jobs.items()}
        for name in sorted(done, key=lambda n: list(GOALS).index(n) if n in GOALS else 99):
            results = list(done[name])
            scores = [value for one, _ in results for value in one]
            late = np.array([value for _, one in results for value in one])
            if name != "clean":
                late = late - LINE
            low, middle, high = np.percentile(late, [5, 50, 95])
            m2e, quality, peers = GOALS.get(name, (None, None, ""))
            print(f"{name:14s} {np.median(scores):6.2f} [{min(scores):.2f}-{max(scores):.2f}] "
                  f"{quality or '':>5} {middle:6.0f} {low:.0f}-{high:.0f} {middle + DEVICES:6.0f} "
                  f"{m2e or '':>5}   {peers}", flush=True)


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
