"""What was heard, judged against what was said in the same call.

    scores.py RECORDING.npz [--visqol]      prints the figures as JSON

Mouth to ear is found by correlation in half-second windows of speech; PESQ-WB is ITU-T
P.862.2, ViSQOL its speech mode; silent is the share of 20 ms frames in which somebody
spoke and the ear got nothing."""
import json
import sys

import numpy as np
from scipy.signal import fftconvolve, resample_poly

RATE = 48000
SLOW, WIDE = 8000, 16000           # Hz: for delay, for quality
WINDOW, STEP, REACH, EARLY = 0.5, 0.25, 1.5, 0.6     # s
ALIKE = 0.6                        # least correlation of a window that was heard
SOUND = 30                         # of 32768: more is sound and not rounding
FIRST = 0.003                      # of full scale: the first sound in a speaker


def windows(said, heard, begin, end, drift=0.0):
    """(time, delay, likeness) of each window in which the talker speaks; s. With `drift`
    (ppm) the true microphone ran so much faster than `said`: the words are looked for
    where they must have gone, and from a little before, for the two began apart."""
    found = []
    for at in np.arange(begin, end - WINDOW, STEP):
        early = at * drift / 1e6 + (EARLY if drift else 0)
        mouth = said[int(at * SLOW):int((at + WINDOW) * SLOW)]
        first = max(0, round((at - early) * SLOW))
        ear = heard[first:int((at + WINDOW + REACH) * SLOW)]
        if len(mouth) == 0 or len(ear) < len(mouth) + 10 or np.sqrt(np.mean(mouth ** 2)) < 0.01:
            continue
        product = fftconvolve(ear, mouth[::-1], 'valid')
        sums = np.concatenate([[0], np.cumsum(ear ** 2)])
        power = sums[len(mouth):] - sums[:-len(mouth)]
        alike = np.abs(product) / np.sqrt(np.maximum(power, 1e-9) * np.sum(mouth ** 2))
        best = int(np.argmax(alike))
        late = (first + best) / SLOW - at + at * drift / 1e6
        found.append((float(at), float(late), float(alike[best])))
    return found


def pesq_wb(said, heard):
    from pesq import NoUtterancesError, pesq
    try:
        return float(pesq(WIDE, said, heard, 'wb'))
    except NoUtterancesError:
        return 1.0                     # nothing like speech was heard: the scale's end


_visqol = None


def visqol(said, heard):
    global _visqol
    if _visqol is None:
        from visqol import VisqolApi
        _visqol = VisqolApi()
        _visqol.create(mode='speech')
    return float(_visqol.measure_from_arrays(said, heard, WIDE).moslqo)


def silent(said, heard):
    """(silent, spoken) frames of 20 ms. A frame counts as heard when there is something
    within one frame of it, so that a delay that moves does not look like a gap."""
    frame = WIDE // 50
    count = min(len(said), len(heard)) // frame
    power = [np.mean(np.reshape(x[:count * frame], (count, frame)) ** 2, axis=1) for x in (said, heard)]
    spoken = power[0] > 1e-4
    near = np.maximum.reduce([np.roll(power[1], k) for k in (-1, 0, 1)])
    return int(np.sum(spoken & (near < 1e-3 * power[0]))), int(np.sum(spoken))


def one_way(said, heard, dialled, sentences, shift, with_visqol=False, drift=0.0):
    """The figures of one direction. `said` and `heard` are 48 kHz, -1..1; `sentences` are
    in s of the plan, which began `shift` s into the recording. `drift` (ppm) is how much
    faster the true microphone ran than the channel that stands for it."""
    loud = np.flatnonzero(np.abs(heard[dialled:]) > FIRST)
    figures = {'setup': float(loud[0] / RATE) if len(loud) else None}
    slow = [resample_poly(x, 1, RATE // SLOW) for x in (said, heard)]
    wide = [resample_poly(x, 1, RATE // WIDE) for x in (said, heard)]
    spans = [(begin + shift, end + shift) for begin, end in sentences]
    track = [w for span in spans for w in windows(*slow, *span, drift)]
    good = [(at, late) for at, late, alike in track if alike > ALIKE]
    figures |= {'windows': len(track), 'windows_heard': len(good)}
    if len(good) < 3:
        return figures | {'pesq': [1.0] * len(spans)}
    delays = np.array([late for _, late in good]) * 1e3
    low, middle, high = (float(v) for v in np.percentile(delays, [5, 50, 95]))
    figures |= {'mouth_to_ear': middle, 'spread': high - low, 'low': low, 'high': high}
    # How the delay went: its median in each tenth of the call.
    figures['course'] = [float(np.median(part)) for part in np.array_split(delays, 10) if len(part)]
    quality, other, quiet, spoken = [], [], 0, 0
    for begin, end in spans:
        here = [late for at, late in good if begin <= at < end]
        late = float(np.median(here)) if here else middle / 1e3
        late -= begin * drift / 1e6
        mouth = wide[0][int(begin * WIDE):int(end * WIDE)]
        ear = wide[1][int((begin + late) * WIDE):int((end + late) * WIDE)]
        length = min(len(mouth), len(ear))
        quality.append(pesq_wb(mouth[:length], ear[:length]))
        if with_visqol:
            other.append(visqol(mouth[:length], ear[:length]))
        gaps, active = silent(mouth[:length], ear[:length])
        quiet, spoken = quiet + gaps, spoken + active
    figures |= {'pesq': quality, 'silent_percent': 100 * quiet / max(spoken, 1)}
    return figures | ({'visqol': other} if with_visqol else {})


def both_ways(recorded, dialled, plan, with_visqol=False, drift=0.0):
    """Figures of `A>B` and `B>A` from the four channels of a lane."""
    found = {}
    for name, mouth, ear in (('A>B', 0, 3), ('B>A', 1, 2)):
        side = name[0]
        begun = np.flatnonzero(np.abs(recorded[:, mouth]) > SOUND)
        if len(begun) == 0:
            raise ValueError(f'{side} has said nothing')
        shift = begun[0] / RATE - plan['onset'][side]
        found[name] = one_way(recorded[:, mouth] / 32768, recorded[:, ear] / 32768, dialled, plan['sentences'][side],
                              shift, with_visqol, drift if side == 'A' else 0.0)
    return found


def main():
    kept = np.load(sys.argv[1])
    told = json.loads(str(kept['told']))
    plan, dialled = told['plan'], told['dialled']
    if 'far' in plan:
        from echo import echo_figures
        figures = echo_figures(kept['recorded'], dialled, plan, kept['clean'] / 32768)
    else:
        few = len(plan['sentences']['A']) <= 4      # minutes of ViSQOL otherwise
        figures = both_ways(kept['recorded'], dialled, plan, few and '--visqol' in sys.argv, told['drift'])
    print(json.dumps(figures))


if __name__ == '__main__':
    main()
