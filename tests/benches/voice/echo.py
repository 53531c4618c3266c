"""What comes back to the far talker, and what double talk costs, over a loudspeaker."""
import numpy as np
from scipy.signal import resample_poly

from scores import ALIKE, FIRST, RATE, SLOW, SOUND, WINDOW, windows

SMALLEST = (1 / 32768) ** 2      # power of one step of 16 bits


def decibel(power):
    return 10 * np.log10(max(power, SMALLEST))


def power(sound, begin, end):
    return float(np.mean(sound[int(begin * RATE):int(end * RATE)] ** 2))


def gain(said, heard, begin, end):
    """How much louder than in `said` the same words are in `heard`, dB; None: not found.
    Correlation sees those words only, whatever else is heard with them."""
    found = []
    for at, late, alike in windows(said, heard, begin, end):
        mouth = said[int(at * SLOW):int((at + WINDOW) * SLOW)]
        ear = heard[int((at + late) * SLOW):int((at + late) * SLOW) + len(mouth)]
        if alike > ALIKE / 2 and len(ear) == len(mouth):
            found.append(abs(np.dot(mouth, ear)) / np.dot(mouth, mouth))
    return 20 * float(np.log10(np.median(found))) if len(found) >= 3 else None


def echo_figures(recorded, dialled, plan, clean):
    """Of A>B, where A sits before a loudspeaker. `clean` is what A says, without the room,
    as in the plan."""
    mouth, far, ear = (recorded[:, k] / 32768 for k in (0, 1, 3))
    shift = np.flatnonzero(np.abs(recorded[:, 1]) > SOUND)[0] / RATE - plan['onset']['B']
    begin, end = (t + shift for t in plan['far'])
    came, left = power(mouth, begin, end), power(ear, begin, end)
    said = np.concatenate([np.zeros(int(shift * RATE)), clean])
    slow = [resample_poly(x, 1, RATE // SLOW) for x in (said, ear)]
    double, single = (gain(*slow, *(t + shift for t in plan[name])) for name in ('double', 'single'))
    loud = np.flatnonzero(np.abs(ear[dialled:]) > FIRST)
    whole = windows(*slow, plan['single'][0] + shift, plan['single'][1] + shift)
    figures = {'setup': float(loud[0] / RATE) if len(loud) else None, 'windows': len(whole),
               'windows_heard': sum(alike > ALIKE for *_, alike in whole),
               'echo_in_microphone_db': decibel(came), 'echo_at_far_ear_db': decibel(left),
               'far_talker_db': decibel(power(far, begin, end))}
    if single is not None:           # otherwise silence would look like a perfect canceller
        figures['echo_loss'] = decibel(came) - decibel(left)
        if double is not None:
            figures['double_talk_loss'] = single - double
    return {'A>B': figures}
