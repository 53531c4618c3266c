"""Checks of the bench itself, without a network or a sound server:
python -m unittest discover -s tests/benches/voice"""
import asyncio
import subprocess
import sys
import tempfile
import unittest
import wave
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / 'clients')]

import bridge
import conditions
import echo
import feed
import room
import scores
import verdicts
from fate import Fate, Line, Pacing, is_rtp

RATE = 48000
WORDS = ('The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. '
         'It is easy to tell the depth of a well. These days a chicken leg is a rare dish.')


def spoken():
    """Some seconds of speech, 48 kHz, -1..1."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, 'said.wav')
        subprocess.run(['espeak-ng', '-w', file, WORDS], check=True)
        with wave.open(str(file)) as read:
            own, sound = read.getframerate(), np.frombuffer(read.readframes(read.getnframes()), '<i2') / 32768
    from scipy.signal import resample_poly
    return resample_poly(sound, RATE, own)[:8 * RATE]


def pattern(line, packets=4000, seed=1, direction=0, pace=0.02, others=0):
    """Which of so many RTP packets are lost; `others` are packets between them."""
    fate = Fate(line, seed, direction)
    lost = []
    for number in range(packets):
        lost.append(fate.of(True, number * pace) is None)
        for _ in range(others):
            fate.of(False, number * pace)
    return lost


def bursts(lost):
    lengths, run = [], 0
    for one in [*lost, False]:
        if not one and run:
            lengths.append(run)
        run = run + 1 if one else 0
    return lengths


class TheLine(unittest.TestCase):
    def test_a_seed_gives_the_same_losses_whatever_else_passes(self):
        for name in ('loss10', 'burst10'):
            line = conditions.ALL[name].line
            self.assertEqual(pattern(line), pattern(line, others=3))
            self.assertNotEqual(pattern(line), pattern(line, seed=2))
            self.assertNotEqual(pattern(line), pattern(line, direction=1))

    def test_as_many_are_lost_as_the_condition_says(self):
        for name, condition in conditions.ALL.items():
            lost = pattern(condition.line, 40000)
            self.assertAlmostEqual(np.mean(lost), condition.line.loss, delta=0.012, msg=name)

    def test_a_burst_has_its_length_in_packets_and_a_fade_in_time(self):
        self.assertAlmostEqual(np.mean(bursts(pattern(conditions.ALL['burst10'].line, 40000))), 4, delta=0.4)
        fade = conditions.ALL['fade10'].line
        self.assertAlmostEqual(np.mean(bursts(pattern(fade, 40000))) * 20, fade.fade, delta=8)
        self.assertAlmostEqual(np.mean(bursts(pattern(fade, 40000, pace=0.01))) * 10, fade.fade, delta=8)

    def test_jitter_keeps_the_order_and_reordering_does_not(self):
        def arrivals(line):
            fate = Fate(line, 1, 0)
            return [fate.of(True, number * 0.02) for number in range(2000)]
        jittered = arrivals(conditions.ALL['jitter50'].line)
        self.assertEqual(jittered, sorted(jittered))
        late = [at - number * 0.02 for number, at in enumerate(jittered)]
        self.assertTrue(min(late) > 0.0199 and max(late) < 0.02 + 0.1 + 0.081)
        overtaken = arrivals(conditions.ALL['reorder'].line)
        self.assertGreater(sum(b < a for a, b in zip(overtaken, overtaken[1:])), 100)

    def test_a_stall_holds_everything_and_lets_it_go_at_once(self):
        fate = Fate(conditions.ALL['wifi120'].line, 1, 0)
        late = [fate.of(True, number * 0.01) - number * 0.01 - 0.02 for number in range(6000)]
        self.assertAlmostEqual(max(late), 0.12, delta=0.012)
        stalls = sum(b > 0.1 > a for a, b in zip(late, late[1:]))
        self.assertTrue(20 <= stalls <= 45, stalls)

    def test_rtp_is_told_from_what_shares_its_port(self):
        self.assertTrue(is_rtp(bytes([0x80, 111]) + bytes(20)))
        self.assertTrue(is_rtp(bytes([0x90, 0x80 | 63]) + bytes(20)))
        self.assertFalse(is_rtp(bytes([0x80, 201]) + bytes(20)), 'RTCP')
        self.assertFalse(is_rtp(bytes([0, 1]) + bytes(20)), 'STUN')
        self.assertFalse(is_rtp(bytes([22, 254, 253]) + bytes(20)), 'DTLS')
        self.assertFalse(is_rtp(b'\x80'))

    def test_uneven_sending_is_seen_and_repeats_are_not(self):
        even, uneven = Pacing(), Pacing()
        for number in range(500):
            payload = bytes(4) + (number * 960 % 2 ** 32).to_bytes(4, 'big')
            for _ in range(2):
                even.came(payload, number * 0.02)
            uneven.came(payload, number * 0.02 + (0.015 if number % 10 == 0 else 0))
        self.assertEqual(even.uneven(), [0.0, 0.0])
        self.assertEqual(uneven.uneven(), [15.0, 15.0])


class TheScores(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.said = spoken()

    def heard(self, ear, **more):
        return scores.one_way(self.said, ear, 0, [[0.0, 7.0]], 0.0, **more)

    def late(self, seconds, sound=None):
        sound = self.said if sound is None else sound
        return np.concatenate([np.zeros(int(seconds * RATE)), sound, np.zeros(RATE)])

    def test_a_perfect_line_has_its_delay_and_the_top_of_the_scale(self):
        found = self.heard(self.late(0.173))
        self.assertAlmostEqual(found['mouth_to_ear'], 173, delta=0.2)
        self.assertLess(found['spread'], 0.3)
        self.assertGreater(found['pesq'][0], 4.6)
        self.assertEqual((found['silent_percent'], found['windows']), (0, found['windows_heard']))

    def test_lost_packets_cost_quality_and_are_gaps(self):
        worst = None
        for name in ('loss1', 'loss10', 'burst10'):
            lost = pattern(conditions.ALL[name].line, len(self.said) // 960)
            kept = self.said.copy()
            for number in np.flatnonzero(lost):
                kept[number * 960:(number + 1) * 960] = 0
            found = self.heard(self.late(0.1, kept))
            self.assertLess(found['pesq'][0], worst or 4.4, name)
            worst = worst or found['pesq'][0]
        self.assertGreater(found['silent_percent'], 3, 'bursts')

    def test_a_delay_that_moves_is_followed(self):
        half = len(self.said) // 2
        ear = np.concatenate([np.zeros(RATE // 10), self.said[:half], np.zeros(RATE // 20), self.said[half:], np.zeros(RATE)])
        course = self.heard(ear)['course']
        self.assertAlmostEqual(course[0], 100, delta=0.5)
        self.assertAlmostEqual(course[-1], 150, delta=0.5)

    def test_silence_is_not_mistaken_for_a_call(self):
        found = self.heard(np.zeros(9 * RATE))
        self.assertIsNone(found['setup'])
        self.assertEqual((found['windows_heard'], found['pesq']), (0, [1.0]))

    def test_a_known_drift_is_taken_off(self):
        ppm = 500
        fast = np.interp(np.arange(len(self.said)) * (1 + ppm / 1e6), np.arange(len(self.said)), self.said)
        found = self.heard(self.late(0.1, fast), drift=ppm)
        self.assertAlmostEqual(found['mouth_to_ear'], 100, delta=1)
        self.assertLess(found['spread'], 0.6)        # 3.5 ms otherwise

    def test_echo_and_its_removal_are_told_apart(self):
        far, near = self.said, self.said[::-1].copy()     # speech, and as loud without being it
        quiet = np.zeros(8 * RATE)
        b_says, a_says = np.concatenate([far, far, quiet]), np.concatenate([quiet, near, near])
        returned = np.convolve(b_says, room.impulse_response()[:2000])[:len(b_says)]
        recorded = np.zeros((len(b_says) + RATE, 4))
        recorded[:len(b_says), 0], recorded[:len(b_says), 1] = a_says + returned, b_says
        recorded[:len(b_says), 2] = b_says
        plan = {'onset': {'B': float(np.flatnonzero(np.abs(b_says * 32768) > 30)[0] / RATE)},
                'far': [1.0, 7.0], 'double': [8.5, 15.0], 'single': [16.5, 23.0]}
        for left, heard_near, loss in ((0.01, 0.5, 6.02), (1.0, 1.0, 0.0)):
            both = np.where(np.arange(len(a_says)) < 16 * RATE, heard_near, 1.0) * a_says
            recorded[4800:4800 + len(b_says), 3] = both + left * returned
            found = echo.echo_figures(recorded * 32768, 0, plan, a_says)['A>B']
            self.assertAlmostEqual(found['echo_loss'], -20 * np.log10(left), delta=1)
            self.assertAlmostEqual(found['double_talk_loss'], loss, delta=0.7)
            self.assertEqual(found['room_moved'], 0)

    def test_echo_is_not_judged_while_the_room_moves(self):
        said = np.tile(self.said, 3)
        back = np.concatenate([np.zeros(RATE // 50), said])[:len(said)]
        jumped = np.concatenate([np.zeros(RATE // 10), said])[:len(said)]
        came = np.where(np.arange(len(said)) < 8 * RATE, back, jumped)
        slow = [echo.resample_poly(x, 1, RATE // scores.SLOW) for x in (said, came)]
        calm, moved = echo.settled(*slow, 5.0, 18.0)
        self.assertGreaterEqual(moved, 1)
        self.assertFalse([t for t in calm if 7.6 < t < 7.6 + echo.SETTLED])
        self.assertTrue([t for t in calm if t < 7.5] and [t for t in calm if t > 13])
        self.assertEqual(echo.settled(slow[0], slow[1] * 0, 5.0, 18.0)[0], [])


class TheDriftingClock(unittest.TestCase):
    def test_the_servers_clock_is_followed_however_its_count_grows(self):
        for ppm in (0, 300):
            at = [0.0]
            count = lambda: at[0] * feed.RATE * (1 + ppm / 1e6) // 960 * 960      # 20 ms at a time
            clock = feed.Clock(count, lambda: at[0])
            told = []
            for block in range(6000):
                at[0] = block * 0.0101
                told.append((at[0], clock.read()))
            settled = np.array(told[1000:])
            rate, _ = np.polyfit(settled[:, 0], settled[:, 1], 1)
            self.assertAlmostEqual(rate / feed.RATE, 1 + ppm / 1e6, delta=5e-6)
            steps = np.diff(settled[:, 1]) / feed.RATE * 1e3
            self.assertLess(np.abs(steps - 10.1).max(), 0.25, 'ms')


class TheVerdicts(unittest.TestCase):
    @staticmethod
    def call(client, condition='clean', ear=60.0, pesq=4.4, seed=1, stall=3.0):
        way = {'setup': 0.1, 'windows': 10, 'windows_heard': 10, 'mouth_to_ear': ear, 'spread': 1.0, 'low': ear, 'high': ear,
               'course': [ear], 'pesq': [pesq], 'silent_percent': 0.0}
        side = {'cpu_seconds_a_minute': 1.0, 'pss': 30.0, 'wakeups': 5.0}
        return {'client': client, 'condition': condition, 'seed': seed, 'ways': {'A>B': dict(way), 'B>A': dict(way)},
                'call': {'A': side, 'B': side}, 'stall': {'worst_ms': stall}, 'load': [1, 1]}

    def row(self, calls, what):
        return next(r for r in verdicts.verdicts(calls, []) if r['what'] == what)

    def test_a_goal_is_met_missed_or_not_measured(self):
        what = 'mouth to ear, clean, ms'
        self.assertEqual(self.row([], what)['verdict'], 'not measured')
        peer = self.call('chromium', ear=140)
        found = self.row([self.call('omnibar', ear=70), peer], what)
        self.assertEqual((found['verdict'], found['ratio']), ('met', 2.0))
        self.assertEqual(self.row([self.call('omnibar', ear=71), peer], what)['verdict'], 'missed')
        self.assertEqual(self.row([self.call('omnibar', ear=70 + 5e-12), peer], what)['verdict'], 'met')
        self.assertEqual(self.row([self.call('omnibar', ear=60), self.call('linphone', ear=50)], what)['verdict'], 'met, a peer is better')

    def test_the_line_itself_is_not_counted(self):
        self.assertEqual(self.row([self.call('omnibar', 'loss10', ear=105)], 'mouth to ear, loss10, ms')['value'], 85)

    def test_medians_are_over_seeds_and_stalled_machines_say_nothing(self):
        calls = [self.call('omnibar', pesq=q, seed=s) for s, q in enumerate((4.5, 4.4, 1.2))] + [self.call('omnibar', pesq=1.0, stall=90)]
        self.assertEqual(self.row(calls, 'PESQ-WB, clean')['value'], 4.4)

    def test_mixed_pairs_are_judged_by_who_hears(self):
        mixed = self.call('chromium-omnibar')
        mixed['ways']['B>A']['pesq'] = [3.0]       # what Chromium hears of Omnibar
        calls = [mixed, self.call('chromium', pesq=4.3, ear=140)]
        self.assertEqual(self.row(calls, 'omnibar hears chromium, clean, pesq')['verdict'], 'met')
        self.assertEqual(self.row(calls, 'chromium hears omnibar, clean, pesq')['verdict'], 'missed')

    def test_every_goal_has_a_line_in_the_report(self):
        self.assertEqual(len({g.what for g in verdicts.GOALS}), len(verdicts.GOALS))
        lines = verdicts.verdict_lines(verdicts.verdicts([self.call('omnibar')], []))
        self.assertTrue(any('mouth to ear, clean' in line and 'met' in line for line in lines))


class TheBridge(unittest.IsolatedAsyncioTestCase):
    async def test_two_pages_exchange_descriptions(self):
        bridges = [bridge.Bridge() for _ in 'AB']
        server = await asyncio.start_server(bridges[1].called, '127.0.0.1', 0)
        heard = []

        async def page(which, results):
            for result in results:
                heard.append((which, await bridges[which].orders.get()))
                bridges[which].waiting.pop(0).set_result(result)

        pages = [asyncio.create_task(page(0, [{'sdp': 'o', 'candidates': []}, None])),
                 asyncio.create_task(page(1, [{'sdp': 'a', 'candidates': []}]))]
        calling = asyncio.create_task(bridges[0].call(server.sockets[0].getsockname()))
        await asyncio.wait_for(asyncio.gather(*pages), 5)
        self.assertEqual([(who, order['do']) for who, order in heard], [(0, 'offer'), (1, 'answer'), (0, 'answered')])
        self.assertEqual(heard[1][1]['offer']['sdp'], 'o')
        self.assertEqual(heard[2][1]['answer']['sdp'], 'a')
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        server.close()
        await asyncio.wait_for(asyncio.gather(*bridges[1].calls), 5)


if __name__ == '__main__':
    unittest.main()
