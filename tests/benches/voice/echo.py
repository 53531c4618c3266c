"""What comes back to the far talker, and what double talk costs, over a loudspeaker."""
import numpy as np
from scipy.signal import fftconvolve, resample_poly

from room import impulse_response
from scores import ALIKE, FIRST, RATE, SLOW, SOUND, STEP, WINDOW, windows

SURE = 0.8                       # likeness of an echo to what the room makes of its sound
SAME = 0.001                     # s: a room whose sound comes back later by more has moved
SETTLED = 4.0                    # s after which a canceller has had its time with a room
SMALLEST = (1 / 32768) ** 2      # power of one step of 16 bits


def decibel(power):
    return 10 * np.log10(max(power, SMALLEST))


def power(sound, begin, end):
    return float(np.mean(sound[int(begin * RATE):int(end * RATE)] ** 2))


def settled(returned, mouth, begin, end):
    """Moments, each the begin of STEP s, before which `returned` has come back after the same time
    for SETTLED s; and how often that time changed. The room is made by a program, whose delay
    jumps when the sound server pauses: what is measured then is not a settled canceller."""
    seen = [(at, late) for at, late, alike in windows(returned, mouth, begin - SETTLED, end) if alike > SURE]
    moved = sum(abs(late - before) > SAME for (_, before), (_, late) in zip(seen, seen[1:]))
    calm = []
    for moment in np.arange(begin, end, STEP):
        lates = [late for at, late in seen if moment - SETTLED <= at <= moment + WINDOW]
        if len(lates) >= 3 and max(lates) - min(lates) <= SAME:
            calm.append(moment)
    return calm, moved


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
    returned = fftconvolve(recorded[:, 2] / 32768, impulse_response())[:len(mouth)]
    calm, moved = settled(*(resample_poly(x, 1, RATE // SLOW) for x in (returned, mouth)), begin, end)
    came, left = (np.mean([power(sound, t, t + STEP) for t in calm]) if calm else 0.0 for sound in (mouth, ear))
    said = np.concatenate([np.zeros(int(shift * RATE)), clean])
    slow = [resample_poly(x, 1, RATE // SLOW) for x in (said, ear)]
    double, single = (gain(*slow, *(t + shift for t in plan[name])) for name in ('double', 'single'))
    loud = np.flatnonzero(np.abs(ear[dialled:]) > FIRST)
    whole = windows(*slow, plan['single'][0] + shift, plan['single'][1] + shift)
    figures = {'setup': float(loud[0] / RATE) if len(loud) else None, 'windows': len(whole),
               'windows_heard': sum(alike > ALIKE for *_, alike in whole),
               'echo_in_microphone_db': decibel(came), 'echo_at_far_ear_db': decibel(left),
               'far_talker_db': decibel(power(far, begin, end)), 'settled_seconds': len(calm) * STEP, 'room_moved': moved}
    if single is not None and calm:  # otherwise silence would look like a perfect canceller
        figures['echo_loss'] = decibel(came) - decibel(left)
        if double is not None:
            figures['double_talk_loss'] = single - double
    return {'A>B': figures}
