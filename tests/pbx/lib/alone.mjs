// One PBX and Omnibar's softphone there, for what no other client is asked for.
import { after, afterEach, before, test } from 'node:test';
import { Turn } from '../../e2e/lib/turn.mjs';
import { Baresip } from './baresip.mjs';
import { Pbx } from './pbx.mjs';
import { Relay } from './relay.mjs';
import { Report } from './report.mjs';
import { OURS } from './rig.mjs';
import { Softphone } from './softphone.mjs';

export class Alone {
  /** For a file of checks; `name` is its report's. */
  constructor(name) {
    this.report = new Report(name);
    this.parties = [];
    before(async () => {
      this.pbx = await Pbx.start();
    });
    after(() => this.pbx?.stop());
    afterEach(async () => {
      // A check that failed may have left it as it crashed.
      if (this.pbx && !this.pbx.runs) await this.pbx.again();
      await this.pbx?.ami?.cli('channel request hangup all');
      for (const each of this.parties.splice(0).reverse()) await each.close();
    });
  }

  /** A check, with an entry in the report. */
  proves(feature, peer, body, timeout = 90000) {
    test(feature, { timeout }, async () => {
      const entry = { feature, peer, client: 'omnibar' };
      try {
        this.report.add({ ...entry, result: 'passed', ...(await body()) });
      } catch (error) {
        this.report.add({ ...entry, result: 'failed', detail: error.message.split('\n', 1)[0] });
        throw error;
      }
    });
  }

  /** Closed when the check is over, the last one first. */
  keep(party) {
    this.parties.push(party);
    return party;
  }

  /** Omnibar, registered. */
  async phone(options) {
    const client = this.keep(await Softphone.open(this.pbx, { hertz: OURS, url: this.pbx.ws, ...options }));
    await client.register();
    return client;
  }

  /** A desk phone that answers every call. */
  async desk(options) {
    return this.keep(await Baresip.open(this.pbx, { user: '2001', autoAnswer: true, ...options }));
  }

  /** A way to the PBX that can be cut, and changed. */
  async relay() {
    return this.keep(await Relay.open(this.pbx.ws));
  }

  /** A TURN server; over TLS with a certificate by the PBX's authority. */
  async turn(options) {
    const tls = options.over === 'tls' ? await this.pbx.authority.issue('localhost') : undefined;
    return this.keep(await Turn.open({ dir: this.pbx.dir }, { password: 'not-a-secret', tls, ...options }));
  }
}
