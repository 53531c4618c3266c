import type { Ask, Refusal, Verb } from '../contract/generated';

/** Part of the screen beside whose controls a refusal is shown. */
export type Area = 'window' | 'presence' | 'offer' | 'call' | 'wrap_up' | 'dial';

const OF_VERB: Record<Verb, Area> = {
  sign_in: 'window',
  choose: 'window',
  sign_out: 'presence',
  set_presence: 'presence',
  select: 'call',
  accept: 'offer',
  reject: 'offer',
  dial: 'dial',
  hold: 'call',
  resume: 'call',
  mute: 'call',
  dtmf: 'call',
  transfer: 'call',
  consult: 'call',
  complete: 'call',
  conference: 'call',
  drop: 'call',
  end: 'call',
  note: 'wrap_up',
  dispose: 'wrap_up',
};

/** `null`: the ask has no place of its own. */
export function areaOf(ask: Ask['do']): Area | null {
  switch (ask) {
    case 'toggle_hold':
      return OF_VERB.hold;
    case 'toggle_mute':
      return OF_VERB.mute;
    case 'dismiss':
      return null;
    default:
      return OF_VERB[ask];
  }
}

/** `last`: where the agent last asked for something. */
export function areaOfRefusal(refusal: Refusal, last: Area): Area {
  switch (refusal.reason) {
    case 'not_now':
    case 'pending':
    case 'centre':
      return OF_VERB[refusal.verb];
    case 'no_such_break':
      return 'presence';
    case 'no_such_disposition':
    case 'note_too_long':
      return 'wrap_up';
    case 'no_such_leg':
      return 'call';
    case 'not_signed_in':
    case 'already_signed_in':
    case 'interactions_open':
    case 'centre_away':
    case 'no_such_call':
    case 'no_such_campaign':
    case 'no_such_extension':
    case 'bad_digits':
    case 'finish_call_first':
      return last;
    default: {
      const unknown: never = refusal;
      return unknown;
    }
  }
}
