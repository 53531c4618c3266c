import type {
  AgentState,
  AudioFault,
  Cause,
  Conversation,
  Destination,
  Direction,
  Fault,
  HeadsetView,
  LegState,
  NoticeKind,
  PartyKind,
  QualityView,
  Refusal,
  SignInFault,
  TestState,
  Verb,
  VoicePath,
} from '../contract/generated';
import type { NumberProblem } from '../state/number';
import { bridge } from './bridge';
import { callbacks } from './callbacks';
import { chat } from './chat';
import { connection } from './connection';
import { dock } from './dock';
import { exchange } from './exchange';
import { labels } from './labels';
import { voice } from './voice';

/** What happened, and what to do about it. */
export interface Message {
  what: string;
  next: string;
}

const causes: Record<Cause, string> = {
  agent_hung_up: 'You ended the call',
  customer_hung_up: 'The customer hung up',
  abandoned: 'The customer left before it was answered',
  rejected: 'You rejected the call',
  no_answer: 'Nobody answered',
  busy: 'The line was busy',
  transferred: 'Transferred',
  dropped: 'Dropped from the call',
  unreachable: 'The number could not be reached',
  media_failed: 'The voice connection failed',
  switch_lost: 'The centre lost the call',
};

const conversations: Record<Conversation['state'], string> = {
  offered: 'Incoming',
  ringing: 'Ringing',
  connected: 'Connected',
  held: 'On hold',
  wrapping: 'Wrap-up',
  ended: 'Ended',
};

const agentStates: Record<AgentState['state'], string> = {
  offline: 'Offline',
  available: 'Available',
  break: 'Break',
  busy: 'Busy',
  wrap_up: 'Wrap-up',
  missed: 'Missed a call',
};

const legStates: Record<LegState['state'], string> = {
  ringing: 'Ringing',
  connected: 'Connected',
  held: 'On hold',
  ended: 'Left',
};

const parties: Record<PartyKind, string> = {
  customer: 'Customer',
  agent: 'Colleague',
  queue: 'Queue',
  ivr: 'Voice menu',
  external: 'Outside number',
};

const destinations: Record<Destination['kind'], string> = {
  agent: 'People',
  queue: 'Queues',
  ivr: 'Voice menus',
  number: 'Numbers',
};

const verbs: Record<Verb, string> = {
  sign_in: 'sign in',
  choose: 'choose campaigns',
  sign_out: 'sign out',
  set_presence: 'change your state',
  select: 'switch to this call',
  accept: 'accept',
  reject: 'reject',
  dial: 'dial',
  hold: 'hold',
  resume: 'resume',
  mute: 'mute',
  dtmf: 'send digits',
  transfer: 'transfer',
  consult: 'consult',
  complete: 'complete the transfer',
  conference: 'start the conference',
  drop: 'drop this party',
  end: 'end the call',
  record: 'change the recording',
  note: 'save the note',
  dispose: 'dispose',
  say: 'send the message',
  start_chat: 'start the chat',
  callback: 'change the callback',
  monitor: 'take part in the call',
};

const voicePaths: Record<VoicePath, string | null> = {
  none: null,
  connecting: 'Connecting voice…',
  flowing: null,
  lost: 'No sound is arriving. The call is still up',
  recovering: 'Voice is coming back…',
};

const tests: Record<TestState, string> = {
  idle: '',
  tone: 'Playing a tone…',
  recording: 'Recording: say something for five seconds…',
  playing_back: 'Playing back what the microphone heard…',
  metering: '',
};

const numbers: Record<NumberProblem, string> = {
  empty: 'Type a number first',
  too_long: 'A number has at most 32 digits',
  bad_character: 'Only digits, *, # and a leading + can be dialled',
};

const directions: Record<Direction, string> = { inbound: 'Inbound', outbound: 'Outbound' };

export const en = {
  ...labels,
  bridge,
  callbacks,
  chat,
  connection,
  voice,
  dock,
  exchange,
  causes,
  conversations,
  agentStates,
  legStates,
  parties,
  destinations,
  voicePaths,
  tests,
  numbers,
  directions,

  /** `atExchange`: of a telephone system, not of a centre. */
  signInFault(fault: SignInFault, atExchange = false): Message {
    const own = atExchange ? exchange.signInFault(fault) : null;
    if (own) return own;
    switch (fault.fault) {
      case 'wrong_credentials':
        return say('User or password is wrong', 'Check both and try again.');
      case 'elsewhere':
        return say('You are signed in on another computer', 'Take over here to sign that one out.');
      case 'too_many_tries':
        return say('Too many tries', 'Wait a minute, then sign in again.');
      case 'bad_address':
        return say('That is not the address of a centre', 'It looks like wss://centre.example.');
      case 'unreachable':
        return say(
          `The centre cannot be reached: ${fault.detail}`,
          'Check the address and your network, then try again.',
        );
      case 'version':
        return say('This Omnibar and the centre do not match', 'Update Omnibar, or ask your administrator.');
      case 'expired':
        return say('Your session has expired', 'Sign in again.');
      case 'taken_over':
        return say('You signed in somewhere else', 'Sign in again to go on working here.');
      case 'removed':
        return say('Your administrator ended the session', 'Ask your administrator, then sign in again.');
      case 'refused':
        return say(`The centre refused: ${fault.detail}`, 'Ask your administrator.');
      case 'server':
      case 'not_registered':
        return exchange.signInFault(fault) ?? never(fault as never);
      default:
        return never(fault);
    }
  },

  refusal(reason: Refusal, atExchange = false): Message {
    switch (reason.reason) {
      case 'not_signed_in':
        return say('You are not signed in', 'Sign in first.');
      case 'already_signed_in':
        return say('You are signed in already', 'Sign out first to change this.');
      case 'interactions_open':
        return atExchange
          ? say('A call is still open', 'End it first.')
          : say('A call or a chat is still open', 'End and dispose it first.');
      case 'centre_away':
        return say(
          atExchange ? exchange.away : 'The centre is away',
          'Voice goes on. Try again once it is back.',
        );
      case 'no_such_call':
        return say('That call is over', 'Nothing to do.');
      case 'no_such_chat':
        return say('That chat is over', 'Nothing to do.');
      case 'no_such_leg':
        return say('That party has left', 'Nothing to do.');
      case 'no_such_campaign':
        return say('That campaign is not yours', 'Choose another campaign.');
      case 'no_such_extension':
        return say('That extension is not yours', 'Choose another extension.');
      case 'no_such_break':
        return say('That break no longer exists', 'Choose another one.');
      case 'no_such_disposition':
        return say('That disposition no longer exists', 'Choose another one.');
      case 'not_now':
        return say(`Cannot ${verbs[reason.verb]} right now`, 'Wait for the call to change, then try again.');
      case 'pending':
        return say('Already under way', 'Give it a moment.');
      case 'bad_digits':
        return say('Only 0–9, * and # can be sent', 'At most 32 at a time.');
      case 'note_too_long':
        return say('The note is too long', 'Shorten it and try again.');
      case 'bad_chat_text':
        return say('That message cannot be sent', 'Write something, with at most 4,000 characters.');
      case 'finish_call_first':
        return say(
          'Another call is open',
          atExchange ? 'Hold or end it first.' : 'Hold, end or dispose it first.',
        );
      case 'centre':
        return say(`Could not ${verbs[reason.verb]}: ${reason.message}`, '');
      default:
        return never(reason);
    }
  },

  audioFault(fault: AudioFault): Message {
    switch (fault.fault) {
      case 'no_sound_server':
        return say('No sound service is running', 'Calls work without sound. Start PulseAudio or PipeWire.');
      case 'no_microphone':
        return say('No microphone found', 'Plug one in: callers cannot hear you.');
      case 'no_speaker':
        return say('No speaker found', 'Plug a headset in: you cannot hear callers.');
      case 'device_lost':
        return fault.using === null
          ? say(`${fault.name} unplugged`, 'Plug it in again or choose another device.')
          : say(`${fault.name} unplugged`, `Using: ${fault.using}.`);
      case 'denied':
        return say('The system blocks the microphone', 'Allow it for Omnibar in the system settings.');
      default:
        return never(fault);
    }
  },

  talkingUnheard: say('You are talking, but you are muted', 'Unmute to be heard.'),
  narrowSound: say(
    'Your Bluetooth headset is in call mode: narrow sound',
    'Another microphone, or a cable, gives it its full sound back.',
  ),

  headsetState({ name, state }: HeadsetView): Message {
    switch (state.state) {
      case 'works':
        return say(name, '');
      case 'denied':
        return say(
          `${name}: this system does not let Omnibar use the buttons`,
          'On Linux, copy 70-omnibar-headsets.rules to /etc/udev/rules.d, then plug the headset in again. The Omnibar package brings the file along.',
        );
      case 'unusable':
        return say(`${name}: the buttons cannot be used`, `Use the keys instead: ${state.detail}.`);
      default:
        return never(state);
    }
  },

  notice(kind: NoticeKind): Message {
    switch (kind.notice) {
      case 'keychain_unavailable':
        return say(
          'Your password is kept for this session only',
          `The keychain cannot be used: ${kind.detail}`,
        );
      case 'settings_unreadable':
        return say(
          'Your settings could not be read',
          `Defaults are in use; the old file is ${kind.kept_as}.`,
        );
      case 'settings_not_saved':
        return say('Your settings could not be saved', kind.detail);
      case 'logs_exported':
        return say('Logs exported', kind.path);
      case 'keys_taken':
        return say(`Another program uses ${kind.keys.join(', ')}`, 'These keys work in this window only.');
      case 'centre_not_started':
        return say('The demo centre did not start', kind.detail);
      default:
        return never(kind);
    }
  },

  fault(fault: Fault): Message {
    switch (fault.fault) {
      case 'unreadable':
        return say('Omnibar did not understand that', fault.detail);
      case 'not_here':
        return say('Not available here', 'Use the Omnibar window.');
      case 'closing':
        return say('Omnibar is closing', 'Start it again to go on.');
      default:
        return never(fault);
    }
  },

  /** `Good`, `Fair`, `Poor`. */
  quality(quality: QualityView): 'good' | 'fair' | 'poor' {
    if (quality.problem === 'nothing_received' || quality.mos < 3.1) return 'poor';
    return quality.mos < 3.8 || quality.problem !== null ? 'fair' : 'good';
  },

  qualityWords: { good: 'Good', fair: 'Fair', poor: 'Poor' } as const,
};

function say(what: string, next: string): Message {
  return { what, next };
}

/** A case without words does not compile; one from a newer core shows as it is. */
function never(unknown: never): Message {
  return say(JSON.stringify(unknown), '');
}
