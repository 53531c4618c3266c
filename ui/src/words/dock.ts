import type { Rights } from '../contract/generated';
import type { LinkState } from '../dock/link';
import type { Trouble } from '../dock/way';
import type { Message } from './en';

const troubles: Record<Trouble['trouble'], Message> = {
  denied: {
    what: 'Your browser does not let this page reach the Omnibar app',
    next: 'Allow “Apps on device” (or “Local network access”) for this page beside its address, then try again.',
  },
  not_delegated: {
    what: 'This page does not let the toolbar reach the Omnibar app',
    next: 'Its developer has to pass the browser’s permission on to the toolbar’s frame.',
  },
  not_running: {
    what: 'Omnibar is not running on this computer',
    next: 'Start the Omnibar app. This page connects by itself.',
  },
  wrong_centre: {
    what: 'Omnibar on this computer is not signed in to this centre',
    next: 'Sign in to it in the Omnibar window.',
  },
};

const absent: Message = {
  what: 'Omnibar is not signed in, or not running',
  next: 'Sign in in the Omnibar window. This page connects by itself.',
};

/** Sentences about pages that dock, in the app's window and in the page. */
export const dock = {
  trouble: ({ trouble }: Trouble): Message => troubles[trouble],
  absent,

  /** How the frame reaches the app, for the page's developer and the agent. */
  way(state: LinkState): string {
    switch (state.state) {
      case 'idle':
        return 'Waiting for the page';
      case 'finding':
        return state.asking
          ? 'The browser asks whether pages may reach the Omnibar app'
          : 'Looking for Omnibar';
      case 'connecting':
        return 'Connecting';
      case 'asking':
        return 'Omnibar is asking you in its own window';
      case 'up':
        return state.way === 'loopback'
          ? 'Directly to the app on this computer'
          : `Through the centre${state.why ? `: ${uncapital(troubles[state.why.trouble].what)}` : ''}`;
      case 'unpaired': {
        const said = dock.trouble(state.why);
        return `${said.what}. ${said.next} Or pair this page with the code from the Omnibar window.`;
      }
      case 'refused':
        return state.error.description;
      case 'away': {
        if (state.absent) return `${absent.what}. ${absent.next}`;
        const said = state.why && state.why.trouble !== 'not_running' ? dock.trouble(state.why) : null;
        return said ? `${said.what}. ${said.next}` : 'The connection to Omnibar is gone. Trying again';
      }
      default: {
        const unknown: never = state;
        return unknown;
      }
    }
  },

  noSuchExtension: (extension: string) =>
    `A docked page asks for the extension “${extension}”, which is not one of yours.`,

  // The frame, while it is not connected
  waitingForPage: 'Waiting for the page',
  waitingForPageNext: 'The page that shows this toolbar has not loaded the Omni SDK yet.',
  looking: 'Looking for Omnibar…',
  browserAsks: 'Your browser is asking you',
  browserAsksNext: 'Allow it to reach apps on this device. Omnibar is one: it carries your calls.',
  askingTitle: 'Omnibar is asking you in its own window',
  askingNext: 'Decide there what this page may do. It cannot be decided here.',
  refusedTitle: 'This page may not use Omnibar',
  refusedNext: 'Change it in the Omnibar window: Settings, Docked pages.',
  awayTitle: 'The connection to Omnibar is gone',
  awayNext: 'Your calls go on in the Omnibar app. Trying again…',
  tryAgain: 'Try again',
  pairTitle: 'Pair this page',
  pairLead: 'Type the six digits from the Omnibar window: Settings, Docked pages, Show a code.',
  pairLabel: 'Pairing code',
  pair: 'Pair',
  pairWrong: 'A code has six digits',

  signInThere: 'Sign in in the Omnibar window',
  signInThereNext: 'Passwords are typed there only. This toolbar follows by itself.',

  // The question in the app's window
  askTitle: 'A page wants to dock',
  askCareful:
    'Only allow a page that you have just opened and whose address you know. Settings changes it later.',
  barAsks: (origin: string) => `A page wants to dock: ${origin}`,
  decide: 'Decide',
  punycode: 'This address has letters of other alphabets, which can look like ones you know. Check it first.',
  notEncrypted: 'This page is not encrypted: others on the network can read what it learns.',
  mayTitle: 'What it may do',
  rights: {
    events: { name: 'See what happens', hint: 'When calls come, change and end, and your state.' },
    control: { name: 'Control calls', hint: 'Answer, hold, transfer and end calls, change your state.' },
    customers: { name: 'Read customer data', hint: 'Names, numbers and records of your callers.' },
    dial: { name: 'Dial', hint: 'Call numbers in your name.' },
  } satisfies Record<keyof Rights, { name: string; hint: string }>,
  all: 'Choose all',
  none: 'Choose none',
  allow: 'Allow',
  notNow: 'Not now',
  block: 'Block',
  moreAsk: (count: number) => `${count} more ${count === 1 ? 'page is' : 'pages are'} waiting`,

  // Settings
  pages: 'Docked pages',
  pagesLead: 'Web pages that may work with Omnibar, and what each may do.',
  noPages: 'No page has asked yet. Open your CRM: the first time it docks, Omnibar asks you here.',
  standings: { asking: 'Waiting for you', allowed: 'Allowed', blocked: 'Blocked' },
  docked: (count: number) => (count === 1 ? '1 page docked' : `${count} pages docked`),
  seen: (when: string) => `last seen ${when}`,
  blockedHint: 'Its pages are turned away without asking you.',
  allowAgain: 'Allow again',
  forget: 'Forget',
  forgetPage: (origin: string) => `Forget ${origin}: it has to ask again`,
  blockPage: (origin: string) => `Block ${origin}`,
  pairing: 'Pair a page',
  pairingLead: 'For a page that cannot reach this app directly. Type this code into it, nowhere else.',
  showCode: 'Show a code',
  newCode: 'New code',
  hideCode: 'Hide',
  codeLeft: (time: string) => `valid for ${time}`,
  codeLabel: (code: string) => `Pairing code ${[...code].join(' ')}`,

  // What pages ask to show
  says: (origin: string) => `${origin} says:`,
  records: 'In the CRM',
  recordsNone: 'The CRM found nothing for this number.',
  record: (type: string) => type || 'Record',
  openRecord: (name: string) => `Open ${name} in the CRM`,
  attach: 'Link',
  attachRecord: (name: string) => `Link ${name} to this call`,
  detach: 'Unlink',
  detachRecord: (name: string) => `Unlink ${name} from this call`,
  linked: 'Linked',
  linkOpen: 'Link the record that is open in the CRM',
  askOpen: 'Ask which record is open',
  createCase: 'New case',
  preview: 'Preview',
  previewNumber: 'Look this number up in the CRM',
  previewOf: (number: string) => `CRM records for ${number}`,
  previewSearching: 'Asking the CRM…',
  pageLoading: 'The CRM page is still loading',

  // Workspace
  workspace: 'Omnibar workspace',
  crmTab: 'CRM',
  noCrm: 'No CRM page is set up',
  noCrmNext: 'Your administrator can give the centre a page that opens here at sign-in and at each call.',
  crmNotWeb: 'The CRM’s address is not a web page',
  frameTitle: (name: string) => `${name}, a page of its own`,
};

function uncapital(text: string): string {
  return text.startsWith('Omnibar') ? text : text.charAt(0).toLowerCase() + text.slice(1);
}
