import type { Diversion, DiversionReason, SignInFault, VoicemailView } from '../contract/generated';
import type { Message } from './en';

const say = (what: string, next: string): Message => ({ what, next });

const reasons: Record<DiversionReason, string> = {
  busy: 'was busy',
  no_answer: 'did not answer',
  away: 'was not there',
  always: 'forwards all calls',
  other: '',
};

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
      case 'unreachable':
        return say(
          `The phone system cannot be reached: ${fault.detail}`,
          'Check the server and your network, then try again.',
        );
      case 'refused':
        return say(`The phone system refused: ${fault.detail}`, 'Ask whoever runs it.');
      default:
        return null;
    }
  },
};
