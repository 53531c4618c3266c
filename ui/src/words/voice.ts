import type {
  Affected,
  Diagnosis,
  Finding,
  LinkKind,
  PathKind,
  Remedy,
  VoiceFault,
  VoiceFigures,
  VoiceLayer,
  Whose,
} from '../contract/generated';
import type { Message } from './en';

const links: Record<LinkKind, string> = {
  cable: 'network cable',
  wi_fi: 'Wi-Fi',
  mobile: 'mobile network',
  vpn: 'VPN',
  local: 'own computer',
  unknown: 'network',
};

const linkNames: Record<LinkKind, string> = {
  cable: 'Cable',
  wi_fi: 'Wi-Fi',
  mobile: 'Mobile network',
  vpn: 'VPN',
  local: 'This computer',
  unknown: 'Not known',
};

const paths: Record<PathKind, string> = {
  host: 'direct',
  reflexive: 'through a router',
  relay: 'over a TURN server',
  unknown: 'not known',
};

const layers: Record<VoiceLayer, string> = {
  retransmission: 'lost packets sent again',
  copies: 'copies',
  fec: 'error correction',
  deep: 'deep redundancy',
  short: '10 ms packets',
};

const remedies: Record<Remedy, string> = {
  unmute_microphone: 'Unmute it',
  switch_microphone: 'Use another',
  unmute_speaker: 'Unmute it',
  raise_speaker: 'Turn it up',
  restart_voice: 'Reconnect voice',
};

/** What to do about a link that fails. */
const linkAdvice: Record<LinkKind, string> = {
  cable: 'Check the cable, and stop large downloads.',
  wi_fi: 'Move nearer to the access point, or use a cable.',
  mobile: 'Look for better reception, or use another network.',
  vpn: 'Try without the VPN, or ask your administrator.',
  local: 'Close programs that are not needed.',
  unknown: 'Stop large downloads, or use another network.',
};

const hears: Record<Affected, string> = {
  agent: 'You hear',
  customer: 'The customer hears',
  both: 'You and the customer hear',
};

const owner = (whose: Whose) =>
  whose.whose === 'own' ? `your ${links[whose.link]}` : "the customer's network";

const advice = (whose: Whose) =>
  whose.whose === 'own' ? linkAdvice[whose.link] : 'Nothing to do at your end: call back if it stays.';

/** What is wrong with the voice, whose fault it is, and what to do. */
function diagnosis({ affected, fault }: Diagnosis): Message {
  const who = hears[affected];
  switch (fault.fault) {
    case 'nothing_arrives':
      return say(`You hear nothing: no voice comes over your ${links[fault.link]}`, 'Reconnect the voice.');
    case 'nothing_leaves':
      return say(
        `The customer does not hear you: your voice gets lost on your ${links[fault.link]}`,
        'Reconnect the voice.',
      );
    case 'microphone_muted':
      return say(
        `The customer does not hear you: ${fault.device || 'the microphone'} is muted in the system`,
        '',
      );
    case 'microphone_silent':
      return fault.better
        ? say(
            `The customer does not hear you: ${fault.device || 'the microphone'} is silent, ${fault.better} hears you`,
            `Use ${fault.better}.`,
          )
        : say(
            `The customer does not hear you: ${fault.device || 'the microphone'} is silent`,
            'Look for a mute switch at the headset, or use another microphone.',
          );
    case 'speaker_muted':
      return say(`You hear nothing: ${fault.device || 'the speaker'} is muted in the system`, '');
    case 'speaker_at_zero':
      return say(`You hear nothing: the volume of ${fault.device || 'the speaker'} is at zero`, '');
    case 'loss':
      return say(`${who} gaps: ${owner(fault.whose)} loses ${fault.percent} %`, advice(fault.whose));
    case 'jitter':
      return say(
        `${who} gaps: ${owner(fault.whose)} delivers unevenly, by ${fault.ms} ms`,
        advice(fault.whose),
      );
    case 'delay':
      return say(
        `You and the customer hear each other late: ${(fault.ms / 1000).toFixed(1)} s one way`,
        `Leave pauses. ${linkAdvice[fault.link]}`,
      );
    case 'overloaded':
      return say(
        `${who} gaps: this computer is too busy, ${fault.ms} ms late`,
        'Close programs that are not needed.',
      );
    case 'speaker_starved':
      return say(
        `You hear gaps: ${fault.device || 'the speaker'} does not keep time`,
        'Plug it in again, or use another.',
      );
    case 'far_silent':
      return say(
        "You hear nothing: the customer's microphone is silent",
        'The connection is good: ask them to unmute.',
      );
    default:
      return never(fault);
  }
}

/** A finding's grade, what it is, and what to do. */
function finding(f: Finding): { grade: 'ok' | 'warn' | 'danger'; message: Message } {
  const ok = (what: string, next = '') => ({ grade: 'ok' as const, message: say(what, next) });
  const warn = (what: string, next: string) => ({ grade: 'warn' as const, message: say(what, next) });
  const bad = (what: string, next: string) => ({ grade: 'danger' as const, message: say(what, next) });
  switch (f.finding) {
    case 'microphone':
      return ok(`Microphone works: ${f.name}`);
    case 'no_microphone':
      return bad('No microphone', 'Plug a headset in, then check again.');
    case 'microphone_muted':
      return bad(`${f.name} is muted in the system`, 'Unmute it, then check again.');
    case 'microphone_silent':
      return warn(`${f.name} is silent`, 'Look for a mute switch, or choose another microphone.');
    case 'microphone_dead':
      return bad(`${f.name} does not deliver`, 'Plug it in again, or choose another microphone.');
    case 'speaker':
      return ok(`Speaker works: ${f.name}`);
    case 'no_speaker':
      return bad('No speaker', 'Plug a headset in, then check again.');
    case 'speaker_muted':
      return bad(`${f.name} is muted in the system`, 'Unmute it, then check again.');
    case 'speaker_at_zero':
      return bad(`The volume of ${f.name} is at zero`, 'Turn it up.');
    case 'speaker_dead':
      return bad(`${f.name} does not play`, 'Plug it in again, or choose another speaker.');
    case 'line': {
      const trip = f.round_trip === null ? '' : `, ${Math.round(f.round_trip)} ms there and back`;
      const text = `Voice connection is up: ${linkNames[f.link]}, ${paths[f.path]}${trip}`;
      return (f.round_trip ?? 0) > 300 ? warn(text, linkAdvice[f.link]) : ok(text);
    }
    case 'no_line':
      return bad('The voice connection to the centre is not up', `Check your network. ${linkAdvice[f.link]}`);
    case 'network': {
      const most = Math.max(f.lost_out, f.lost_back);
      const text = `Your ${links[f.link]} loses ${percent(f.lost_out)} there and ${percent(f.lost_back)} back`;
      if (most >= 3) return bad(text, linkAdvice[f.link]);
      if (most >= 1) return warn(text, linkAdvice[f.link]);
      return f.jitter >= 40
        ? warn(`Your ${links[f.link]} delivers unevenly, by ${Math.round(f.jitter)} ms`, linkAdvice[f.link])
        : ok(text);
    }
    case 'network_silent':
      return bad(
        `Nothing came back over your ${links[f.link]}`,
        'A firewall may stop voice: ask your administrator.',
      );
    case 'relay':
      return ok(`TURN server answers: ${f.url}`);
    case 'relay_silent':
      return warn(
        `TURN server does not answer: ${f.url}`,
        'Ask your administrator whether a firewall is between.',
      );
    case 'relay_refused':
      return warn(`TURN server refuses name or password: ${f.url}`, 'Correct them under Connection.');
    case 'relay_untrusted':
      return warn(
        `No secure connection to the TURN server: ${f.url}`,
        'Ask your administrator whether this computer trusts its certificate.',
      );
    default:
      return { grade: 'warn', message: never(f) };
  }
}

const percent = (value: number) => `${value < 0.05 ? 0 : value.toFixed(value < 10 ? 1 : 0)} %`;

/** Sentences about the voice of a call. */
export const voice = {
  diagnosis,
  finding,
  remedies,
  linkNames,
  paths,
  layers,
  percent,

  details: 'Voice details',
  showDetails: 'Show voice details',
  hideDetails: 'Hide voice details',
  youHear: 'You hear',
  theyHear: 'They hear',
  opinion: 'Quality (MOS)',
  loss: 'Lost',
  gaps: 'Still missing',
  jitter: 'Jitter',
  delay: 'Buffered',
  roundTrip: 'There and back',
  link: 'Network',
  path: 'Path',
  against: 'Against loss',
  nothing: 'nothing needed',
  microphone: 'Microphone',
  speaker: 'Speaker',
  notTold: 'not told',
  ms: (value: number) => `${Math.round(value)} ms`,
  mos: (value: number) => value.toFixed(1),
  copies: (n: number) => (n === 1 ? '1 copy' : `${n} copies`),

  // Of a past call
  record: 'Voice of this call',
  least: (f: VoiceFigures) => `${(f.mos_mean / 100).toFixed(1)}, worst ${(f.mos_least / 100).toFixed(1)}`,
  most: (f: VoiceFigures) => `${percent(f.loss_mean / 100)}, worst ${percent(f.loss_most / 100)}`,
  reconnects: 'Reconnected',
  times: (n: number) => (n === 1 ? 'once' : `${n} times`),
  measured: 'Measured',

  // The check
  check: 'Check before calls',
  checkHint: 'Microphone, speaker, voice connection, network and TURN servers. Takes about five seconds.',
  run: 'Check now',
  again: 'Check again',
  running: 'Checking microphone, speaker and network…',
  interrupted: 'A call came first. Check again after it.',
  allGood: 'Ready for calls',
  someBad: 'Not ready for calls',
  someWarn: 'Ready, with a warning',
} as const;

function say(what: string, next: string): Message {
  return { what, next };
}

function never(unknown: never): Message {
  return say(JSON.stringify(unknown as VoiceFault), '');
}
