import { describe, expect, it } from 'vitest';
import { words } from '../src/words';
import type {
  AudioFault,
  Cause,
  Fault,
  NoticeKind,
  Refusal,
  SignInFault,
  Verb,
} from '../src/contract/generated';
import { good } from '../src/host/fixture/views';

// `satisfies Record<…>` breaks this file, not the agent's screen, when the core learns a new word.
const signInFaults = {
  wrong_credentials: { fault: 'wrong_credentials' },
  elsewhere: { fault: 'elsewhere' },
  too_many_tries: { fault: 'too_many_tries' },
  bad_address: { fault: 'bad_address' },
  unreachable: { fault: 'unreachable', detail: 'connection refused' },
  version: { fault: 'version' },
  expired: { fault: 'expired' },
  taken_over: { fault: 'taken_over' },
  removed: { fault: 'removed' },
  refused: { fault: 'refused', detail: 'maintenance' },
  server: { fault: 'server', server: { server: 'closed' } },
  not_registered: { fault: 'not_registered', status: 403 },
} satisfies { [K in SignInFault['fault']]: Extract<SignInFault, { fault: K }> };

const refusals = {
  not_signed_in: { reason: 'not_signed_in' },
  already_signed_in: { reason: 'already_signed_in' },
  interactions_open: { reason: 'interactions_open' },
  centre_away: { reason: 'centre_away' },
  no_such_call: { reason: 'no_such_call' },
  no_such_chat: { reason: 'no_such_chat' },
  no_such_leg: { reason: 'no_such_leg' },
  no_such_campaign: { reason: 'no_such_campaign' },
  no_such_extension: { reason: 'no_such_extension' },
  no_such_break: { reason: 'no_such_break' },
  no_such_disposition: { reason: 'no_such_disposition' },
  not_now: { reason: 'not_now', verb: 'hold' },
  pending: { reason: 'pending', verb: 'hold' },
  bad_digits: { reason: 'bad_digits' },
  note_too_long: { reason: 'note_too_long' },
  bad_chat_text: { reason: 'bad_chat_text' },
  finish_call_first: { reason: 'finish_call_first' },
  centre: { reason: 'centre', verb: 'transfer', message: 'Nobody is there' },
} satisfies { [K in Refusal['reason']]: Extract<Refusal, { reason: K }> };

const audioFaults = {
  no_sound_server: { fault: 'no_sound_server' },
  no_microphone: { fault: 'no_microphone' },
  no_speaker: { fault: 'no_speaker' },
  device_lost: { fault: 'device_lost', name: 'Headset', using: 'Built-in audio' },
  denied: { fault: 'denied' },
} satisfies { [K in AudioFault['fault']]: Extract<AudioFault, { fault: K }> };

const notices = {
  keychain_unavailable: { notice: 'keychain_unavailable', detail: 'no secret service' },
  settings_unreadable: { notice: 'settings_unreadable', kept_as: 'settings.toml.bad' },
  settings_not_saved: { notice: 'settings_not_saved', detail: 'disk full' },
  logs_exported: { notice: 'logs_exported', path: 'omnibar-logs.zip' },
  keys_taken: { notice: 'keys_taken', keys: ['Alt+H'] },
  centre_not_started: { notice: 'centre_not_started', detail: 'port taken' },
} satisfies { [K in NoticeKind['notice']]: Extract<NoticeKind, { notice: K }> };

const faults = {
  unreadable: { fault: 'unreadable', detail: 'bad number' },
  not_here: { fault: 'not_here' },
  closing: { fault: 'closing' },
} satisfies { [K in Fault['fault']]: Extract<Fault, { fault: K }> };

describe('every fault has a cause in words and a next step', () => {
  const all = [
    ...Object.values(signInFaults).map((f) => words.signInFault(f)),
    ...Object.values(audioFaults).map((f) => words.audioFault(f)),
    ...Object.values(notices).map((n) => words.notice(n)),
    ...Object.values(faults).map((f) => words.fault(f)),
    ...Object.values(refusals)
      .filter((r) => r.reason !== 'centre')
      .map((r) => words.refusal(r)),
  ];

  it.each(all)('$what', ({ what, next }) => {
    expect(what).toMatch(/^[A-Z][^{}_]{5,}$/);
    expect(next).toMatch(/^[^{}]{5,}$/);
    expect(what, 'the screen puts the full stop').not.toMatch(/\.$/);
  });
});

it('passes on what the centre says in its own words', () => {
  expect(words.refusal(refusals.centre).what).toBe('Could not transfer: Nobody is there');
});

it('names the device that took the place of a lost one', () => {
  expect(words.audioFault(audioFaults.device_lost)).toEqual({
    what: 'Headset unplugged',
    next: 'Using: Built-in audio.',
  });
});

it('has a sentence for every cause and a phrase for every verb', () => {
  const causes: Cause[] = ['agent_hung_up', 'customer_hung_up', 'abandoned', 'rejected', 'no_answer', 'busy'];
  for (const cause of causes) expect(words.causes[cause]).toMatch(/^[A-Z]/);
  const verbs: Verb[] = ['hold', 'resume', 'dispose', 'set_presence', 'dtmf'];
  for (const verb of verbs) expect(words.refusal({ reason: 'not_now', verb }).what).not.toContain('_');
});

describe('quality in plain words', () => {
  it('grades by MOS, and never calls a path with a problem good', () => {
    expect(words.quality(good)).toBe('good');
    expect(words.quality({ ...good, mos: 3.5 })).toBe('fair');
    expect(words.quality({ ...good, problem: 'jitter' })).toBe('fair');
    expect(words.quality({ ...good, mos: 2.9 })).toBe('poor');
    expect(words.quality({ ...good, problem: 'nothing_received' })).toBe('poor');
  });
});
