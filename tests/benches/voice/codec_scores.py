"""What each codec leaves of a voice, without loss and with: PESQ-WB (ITU-T P.862.2), and for those
that end at 4 kHz PESQ (P.862.1) beside it, of what
`cargo bench -p omnibar-media --bench codecs -- SPEECH.wav DIR` has written.

    codec_scores.py wav SPEECH_DIR SPEECH.wav     both talkers of a conversation, as speech.py makes
                                                  one, one behind the other
    codec_scores.py scores SPEECH_DIR DIR         a row a codec, a column a loss; medians of the
                                                  sentences

The speech is SPEECH_DIR's A.s16 and B.s16, with where its sentences are in plan.json."""
import json
import statistics
import sys
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly
from scores import RATE, SLOW, one_way

TALKERS = 'AB'
CODECS = ('opus', 'G722', 'PCMU', 'PCMA')
# PESQ-WB counts what is above as missing.
NARROW = ('PCMU', 'PCMA')
LATEST = 0.2                       # s; what comes later is not of the sentence
LOSSES = (0, 1, 3, 5, 10)


def spoken(folder):
    """Both talkers one behind the other, and where their sentences are, in s."""
    plan = json.loads((folder / 'plan.json').read_text())
    sides = [np.fromfile(folder / f'{talker}.s16', np.int16) for talker in TALKERS]
    starts = np.cumsum([0] + [len(side) / RATE for side in sides[:-1]])
    spans = [(begin + start, end + start)
             for talker, start in zip(TALKERS, starts) for begin, end in plan['sentences'][talker]]
    return np.concatenate(sides), spans


def main(task, folder, other):
    said, spans = spoken(Path(folder))
    if task == 'wav':
        soundfile.write(other, said, RATE, 'PCM_16')
        return
    print('codec', *(f'{loss} %' for loss in LOSSES))
    for codec in CODECS:
        all_heard = [recorded(Path(other) / f'{codec}-{loss}.wav') for loss in LOSSES]
        row(codec, (one_way(said / 32768, heard, 0, spans, 0.0)['pesq'] for heard in all_heard))
        if codec in NARROW:
            row(f'{codec} (narrow)', (narrow(said / 32768, heard, spans) for heard in all_heard))


def recorded(path):
    heard, rate = soundfile.read(path)
    if rate != RATE:
        raise ValueError(f'{path} has {rate} Hz, not {RATE}')
    return heard


def narrow(said, heard, spans):
    from pesq import pesq
    mouth, ear = (resample_poly(each, 1, RATE // SLOW) for each in (said, heard))
    return [float(pesq(SLOW, mouth[int(begin * SLOW):int(end * SLOW)],
                       ear[int(begin * SLOW):int((end + LATEST) * SLOW)], 'nb')) for begin, end in spans]


def row(name, scores):
    print(name, *(f'{statistics.median(each):.2f}' for each in scores))


if __name__ == '__main__':
    main(*sys.argv[1:])
