"""The softphones, each as a black box. `CLIENTS` says who is on which side."""
from .chromium import Chromium
from .linphone import Linphone
from .omnibar import Omnibar
from .wire import Wire


def _both(kind, **options):
    return {side: (kind, options) for side in 'AB'}


# Name -> side -> (class, options). Side A dials; side B answers by itself.
CLIENTS = {
    'omnibar': _both(Omnibar),
    'omnibar-plain': _both(Omnibar, plain=True),          # voice processing off
    'chromium': _both(Chromium),
    'chromium-dsp': _both(Chromium, processing=True),     # as a web application has it
    'linphone': _both(Linphone),
    'omnibar-chromium': {'A': (Omnibar, {}), 'B': (Chromium, {})},
    'chromium-omnibar': {'A': (Chromium, {}), 'B': (Omnibar, {})},
    'chromium-idle': _both(Chromium, idle=True),          # for the figures outside calls
    'wire': _both(Wire),                                  # no softphone: what the bench adds
}


def make(name, lane):
    return {side: kind(lane, side, **options) for side, (kind, options) in CLIENTS[name].items()}
