import type {
  CertificateFault,
  Diversion,
  DiversionReason,
  ServerFault,
  SignInFault,
  VoicemailView,
} from '../contract/generated';
import type { Message } from './en';

const say = (what: string, next: string): Message => ({ what, next });

const reasons: Record<DiversionReason, string> = {
  busy: 'was busy',
  no_answer: 'did not answer',
  away: 'was not there',
  always: 'forwards all calls',
  other: '',
};

function certificate(fault: CertificateFault, detail: string): Message {
  switch (fault) {
    case 'unknown_authority':
      return say(
        'Nobody whom this computer trusts vouches for the server',
        'If the company has an authority of its own, name its certificate file under More at sign-in.',
      );
    case 'wrong_name':
      return say(
        'The certificate of the server is for another name',
        'Use the name that it is for, or ask whoever runs the server for another certificate.',
      );
    case 'expired':
      return say(
        'The certificate of the server has expired',
        'Ask whoever runs the server to renew it, and check the clock of this computer.',
      );
    case 'not_yet_valid':
      return say('The certificate of the server is not valid yet', 'Check the clock of this computer.');
    case 'other':
      return say(
        `The certificate of the server is not accepted: ${detail}`,
        'Ask whoever runs the server to look at it.',
      );
    default: {
      const unknown: never = fault;
      return say(String(unknown), detail);
    }
  }
}

/** The way to the server, as far as it led: name, port, TLS, WebSocket, SIP. */
export function server(fault: ServerFault): Message {
  switch (fault.server) {
    case 'name_not_found':
      return say('There is no server of that name', 'Check the name of the server, and your network.');
    case 'closed':
      return say(
        'Nothing listens at that port of the server',
        'Check the port, for example wss://pbx.example:8089/ws.',
      );
    case 'timed_out':
      return say(
        'The server does not answer',
        'A firewall may keep you from it. Try another network or a VPN.',
      );
    case 'no_way':
      return say(
        `Your network does not lead to the server: ${fault.detail}`,
        'Check your network, then try again.',
      );
    case 'no_trust':
      return say(`Certificates cannot be checked: ${fault.detail}`, 'Check the certificate file under More.');
    case 'certificate':
      return certificate(fault.fault, fault.detail);
    case 'tls':
      return say(
        `The server speaks no TLS there: ${fault.detail}`,
        'Check the port, or try ws:// instead of wss://.',
      );
    case 'http':
      return say(
        `There is no SIP over WebSocket at that path (HTTP ${fault.status})`,
        'Check what follows the host; often it is /ws.',
      );
    case 'no_sip':
      return say('The server is there, but does not speak SIP', 'Check port and path of the server.');
    case 'broken':
      return say(`The connection to the server broke: ${fault.detail}`, 'Try again in a moment.');
    default: {
      const unknown: never = fault;
      return say(JSON.stringify(unknown), '');
    }
  }
}

function notRegistered(status: number | null): Message {
  switch (status) {
    case 403:
      return say(
        'The phone system does not allow this extension here (403)',
        'Ask whoever runs it to let the extension register over WebSocket.',
      );
    case 404:
      return say('The phone system does not know this extension (404)', 'Check the number in the address.');
    case null:
    case 408:
      return say('The server is there, but the phone system does not answer', 'Try again in a moment.');
    default:
      return say(`The phone system refused to register this extension (${status})`, 'Ask whoever runs it.');
  }
}

/** Where there is a telephone system instead of a centre. */
export const exchange = {
  ways: { centre: 'Contact centre', exchange: 'Phone system (SIP)' },
  way: 'Account',
  lead: 'Use the extension that your phone system gave you.',
  address: 'Address',
  addressWrong: 'An address looks like sip:1001@pbx.example',
  server: 'Server',
  serverHint: 'Where the phone system takes SIP over WebSocket.',
  serverWrong: 'A server looks like wss://pbx.example/ws',
  more: 'More',
  user: 'User name',
  userHint: 'Only if it is not the one in the address.',
  display: 'Your name',
  displayHint: 'Shown to those you call.',
  voicemail: 'Voice mail number',
  voicemailHint: 'Called by the light that shows new messages.',
  ca: 'Certificate file',
  caHint: 'PEM file of an authority that this computer does not trust yet.',

  away: 'The phone system is away',
  noRecent: 'No calls yet. Dial a number, or wait for one to come in.',
  missedNext: 'Call back, or find it under Recent later.',
  searchHint: 'Name or number',
  dialLabel: 'Name or number to call',
  contacts: 'Contacts and callers',
  keepContact: (name: string) => `Keep ${name} as a contact`,
  contactOf: (number: string) => `Who is ${number}?`,
  save: 'Save',
  saveHint: 'An empty name takes the contact away.',
  servers: 'Used for calls that begin from now on, for example behind a strict firewall.',

  /** A light: its words are read out. */
  messages({ new: fresh, urgent }: VoicemailView): string {
    if (fresh === 0) return 'No new voice mail';
    const many = fresh === 1 ? '1 new voice mail' : `${fresh} new voice mails`;
    return urgent > 0 ? `${many}, ${urgent} urgent` : many;
  },
  listen: (messages: string) => `${messages}. Call the box`,
  noBox: (messages: string) => `${messages}. Give the number of the box at sign-in to call it`,

  /** How a call came here: the last one who passed it on, and why. */
  diverted(diverted: Diversion[], who: (party: Diversion['by']) => string): string {
    const last = diverted.at(-1);
    if (!last) return '';
    const why = reasons[last.reason];
    return why ? `For ${who(last.by)}, who ${why}` : `For ${who(last.by)}`;
  },

  signInFault(fault: SignInFault): Message | null {
    switch (fault.fault) {
      case 'wrong_credentials':
        return say(
          'The phone system does not accept this user name or password',
          'Check address, user name and password, then try again.',
        );
      case 'bad_address':
        return say(
          'Address or server cannot be right',
          'They look like sip:1001@pbx.example and wss://pbx.example/ws.',
        );
      case 'server':
        return server(fault.server);
      case 'not_registered':
        return notRegistered(fault.status);
      default:
        return null;
    }
  },
};
