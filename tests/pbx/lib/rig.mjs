// One PBX and everybody who calls there, for a file of checks. What each says is a tone of its
// own, none a multiple of another, so that a leak is as visible as a silence.
import { Baresip } from './baresip.mjs';
import { Browser } from './browser.mjs';
import { Pbx } from './pbx.mjs';
import { Relay } from './relay.mjs';
import { Turn } from '../../e2e/lib/turn.mjs';

export const OURS = 450;
export const PEER = 640;
export const THIRD = 760;

export class Rig {
  /** `open(rig, { user, hertz, url, password?, ice?, autoAnswer? })` gives the client under test. */
  constructor(open) {
    this.open = open;
    this.parties = [];
  }

  async start() {
    this.pbx = await Pbx.start();
    this.browser = await Browser.open({ authority: this.pbx.authority });
  }

  async stop() {
    await this.browser?.close();
    await this.pbx?.stop();
  }

  /** Everybody leaves, and the PBX forgets them. */
  async clear() {
    // A check that failed may have left it as it crashed.
    if (this.pbx && !this.pbx.runs) await this.pbx.again();
    await this.pbx?.ami?.cli('channel request hangup all');
    for (const party of this.parties.splice(0).reverse()) await party.close();
  }

  /** The client under test, registered unless told otherwise. */
  async client({ user = '1001', hertz = OURS, url = this.pbx.ws, register = true, ...more } = {}) {
    const client = this.#keep(await this.open(this, { user, hertz, url, ...more }));
    if (register) await client.register();
    return client;
  }

  /**
   * The other party: `kind` is jssip, sipjs or baresip. It answers every call at once unless
   * told otherwise.
   */
  async peer(kind, { user, hertz = PEER, autoAnswer = true } = {}) {
    if (kind === 'baresip') {
      return this.#keep(await Baresip.open(this.pbx, { user: user ?? '2001', hertz, autoAnswer }));
    }
    const phone = this.#keep(await this.browser.phone(this.pbx.ws, {
      user: user ?? '1002', hertz, stack: kind, autoAnswer: autoAnswer ? 'always' : 'never',
    }));
    await phone.register();
    return phone;
  }

  /** Somebody in the phone network. */
  async outside({ number = '+15550123', hertz = PEER, autoAnswer = true } = {}) {
    return this.#keep(await Baresip.open(this.pbx, { number, hertz, autoAnswer }));
  }

  /** A way to the PBX that can be cut. */
  async relay() {
    return this.#keep(await Relay.open(this.pbx.ws));
  }

  /** A TURN server and the RTCConfiguration that allows nothing but it. */
  async turn() {
    const server = this.#keep(await Turn.open({ dir: this.pbx.dir }, { password: 'not-a-secret' }));
    const access = { urls: server.url, username: server.user, credential: server.password };
    return { iceServers: [access], iceTransportPolicy: 'relay' };
  }

  #keep(party) {
    this.parties.push(party);
    return party;
  }
}

/** Each hears the other; both levels in dB. */
export async function together(a, b) {
  const [left, right] = await Promise.all([a.hears({ [b.hertz]: true }), b.hears({ [a.hertz]: true })]);
  return `${a.user} hears ${JSON.stringify(left)}, ${b.user} hears ${JSON.stringify(right)}`;
}

/** A message or a recording has a length: everybody goes on speaking for so many ms. */
export function speaking(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
