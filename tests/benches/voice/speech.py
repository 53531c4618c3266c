"""What the two microphones hear: recorded voices of Debian's asterisk-core-sounds-*-g722,
7 kHz wide, which suits PESQ-WB and ViSQOL's speech mode.

    speech.py DIR        writes DIR/SET/{A,B}.s16 (48 kHz mono) and DIR/SET/plan.json

A plan begins with LEAD s of talk, in which the call is set up and its buffers settle;
then come scored sentences. Both sides talk at once, so a call gives twice the figures and
half-duplex processing shows."""
import json
import sys
from pathlib import Path

import numpy as np

RATE, LEAD, SENTENCE, PAUSE = 48000, 7.0, 7.0, 0.5
SOUNDS = Path('/usr/share/asterisk/sounds')
ENGLISH, SPANISH, FRENCH, ITALIAN, RUSSIAN = (
    'en_US_f_Allison', 'es_MX_f_Allison', 'fr_CA_f_June', 'it_IT_m_Carlo', 'ru_RU_f_IvrvoiceRU')

# (voice, recording, first second) of the lead's halves and of each sentence.
SETS = {
    'first': {
        'A': [(ENGLISH, 'demo-instruct', 40), (ITALIAN, 'demo-instruct', 40),
              (ENGLISH, 'demo-instruct', 1), (ITALIAN, 'demo-instruct', 1)],
        'B': [(FRENCH, 'demo-instruct', 40), (RUSSIAN, 'demo-instruct', 40),
              (ITALIAN, 'demo-instruct', 15), (FRENCH, 'demo-instruct', 15)],
    },
    'second': {
        'A': [(SPANISH, 'demo-instruct', 30), (RUSSIAN, 'demo-congrats', 1),
              (SPANISH, 'demo-congrats', 2), (RUSSIAN, 'priv-callee-options', 3)],
        'B': [(ITALIAN, 'demo-congrats', 8), (FRENCH, 'priv-callee-options', 10),
              (ITALIAN, 'priv-callee-options', 4), (ENGLISH, 'demo-congrats', 6)],
    },
}
LONG = {'A': ENGLISH, 'B': FRENCH}


def read(voice, recording):
    import av                                     # G.722 is not among SciPy's formats
    from scipy.signal import resample_poly
    with av.open(str(SOUNDS / voice / f'{recording}.g722')) as file:
        sound = np.concatenate([f.to_ndarray().ravel() for f in file.decode(audio=0)]) / 32768
    return level(resample_poly(sound, RATE // 16000, 1))


def level(sound, decibel=-26.0):
    """The speech in it, without pauses, at the level that ITU-T P.56 tests use."""
    active = sound[np.abs(sound) > 0.02 * np.abs(sound).max()]
    return sound * 10 ** (decibel / 20) / np.sqrt(np.mean(active ** 2))


def piece(voice, recording, at, seconds):
    sound = read(voice, recording)
    cut = sound[int(at * RATE):int((at + seconds) * RATE)]
    if len(cut) < int(seconds * RATE):
        raise ValueError(f'{voice}/{recording} ends before {at + seconds} s')
    return cut


def side(pieces):
    """The signal, and where its scored sentences are, in s."""
    lead = [piece(*p, LEAD / 2) for p in pieces[:2]]
    parts, sentences, at = lead, [], LEAD
    for each in pieces[2:]:
        parts += [np.zeros(int(PAUSE * RATE)), piece(*each, SENTENCE)]
        sentences.append([at + PAUSE, at + PAUSE + SENTENCE])
        at += PAUSE + SENTENCE
    return np.concatenate([*parts, np.zeros(int(0.3 * RATE))]), sentences


def long_side(voice, seconds):
    """Minutes of one voice, in sentences of 7 s."""
    sound = read(voice, 'demo-instruct')
    turns = int(np.ceil((LEAD + seconds) * RATE / len(sound)))
    sound = np.tile(sound, turns)[:int((LEAD + seconds) * RATE)]
    count = int(seconds // SENTENCE)
    return sound, [[LEAD + k * SENTENCE, LEAD + (k + 1) * SENTENCE] for k in range(count)]


# s of the plan `echo`: B alone over A's loudspeaker once settled, both, A alone.
ECHO = {'far': [14.0, 24.0], 'double': [26.0, 33.0], 'single': [34.0, 41.0]}


def echo_side(name):
    sound, _ = long_side(LONG[name], 35)
    if name == 'A':
        sound[:int(25 * RATE)] = 0
    else:
        sound[int(33.5 * RATE):] = 0
    return sound, [ECHO['double']]


def write(folder, signals, **more):
    folder.mkdir(parents=True, exist_ok=True)
    plan = {'lead': LEAD, 'sentences': {}, 'onset': {}} | more
    for name, (sound, sentences) in signals.items():
        samples = (np.clip(sound, -1, 1) * 32767).astype('<i2')
        (folder / f'{name}.s16').write_bytes(samples.tobytes())
        plan['sentences'][name] = sentences
        # From here on the recording knows where the plan began.
        plan['onset'][name] = float(np.flatnonzero(np.abs(samples) > 30)[0] / RATE)
        plan['length'] = len(samples) / RATE
    (folder / 'plan.json').write_text(json.dumps(plan))


def ensure(folder, name, seconds=0):
    """The folder of a set, made when it is not there."""
    target = Path(folder) / (f'{name}-{seconds:.0f}s' if seconds else name)
    if not (target / 'plan.json').exists():
        if name == 'echo':
            write(target, {s: echo_side(s) for s in 'AB'}, **ECHO)
        elif seconds:
            write(target, {s: long_side(LONG[s], seconds) for s in 'AB'})
        else:
            write(target, {s: side(SETS[name][s]) for s in 'AB'})
    return target


if __name__ == '__main__':
    for each in [*SETS, 'echo']:
        print(ensure(sys.argv[1], each))
