import type { Ask, ChatAsk, Refusal, Verb } from '../contract/generated';

/** Part of the screen beside whose controls a refusal is shown. */
export type Area = 'window' | 'presence' | 'offer' | 'call' | 'wrap_up' | 'dial' | 'chat';

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
  record: 'call',
  note: 'wrap_up',
  dispose: 'wrap_up',
  say: 'chat',
  start_chat: 'dial',
  callback: 'dial',
  monitor: 'window',
};

/** `null`: the ask has no place of its own. */
export function areaOf(ask: Ask): Area | null {
  switch (ask.do) {
    case 'toggle_hold':
      return OF_VERB.hold;
    case 'toggle_mute':
      return OF_VERB.mute;
    case 'stop_monitoring':
      return OF_VERB.monitor;
    case 'dismiss':
      return null;
    case 'chat':
      return areaOfChat(ask.ask);
    default:
      return OF_VERB[ask.do];
  }
}

function areaOfChat({ do: wish }: ChatAsk): Area {
  switch (wish) {
    case 'start':
      return OF_VERB.start_chat;
    case 'say':
    case 'end':
      return 'chat';
    case 'accept':
    case 'reject':
    case 'dispose':
      return OF_VERB[wish];
    default: {
      const unknown: never = wish;
      return unknown;
    }
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
    case 'bad_chat_text':
      return 'chat';
    case 'not_signed_in':
    case 'already_signed_in':
    case 'interactions_open':
    case 'centre_away':
    case 'no_such_call':
    case 'no_such_campaign':
    case 'no_such_extension':
    case 'no_such_chat':
    case 'bad_digits':
    case 'finish_call_first':
      return last;
    default: {
      const unknown: never = refusal;
      return unknown;
    }
  }
}
