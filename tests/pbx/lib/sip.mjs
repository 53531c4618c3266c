// The least SIP over WebSocket (RFC 7118) that can register: what no library does, in plain
// sight, and nothing between a check and the PBX.
import { createHash, randomUUID } from 'node:crypto';
import { on, once } from 'node:events';
import { WebSocket } from 'ws';
import { DOMAIN, PASSWORD } from './accounts.mjs';

const HASH = { MD5: 'md5', 'SHA-256': 'sha256' };

export class Sip {
  static async open(url, options) {
    const self = new Sip();
    self.socket = new WebSocket(url, 'sip', options);
    self.messages = on(self.socket, 'message', { close: ['close'] });
    await once(self.socket, 'open');
    return self;
  }

  /** Registers by digest (RFC 8760) and gives the last status. */
  async register(user, algorithm, password = PASSWORD) {
    const call = randomUUID();
    const first = await this.#ask(request(user, call, 1));
    if (first.status !== 401) return first.status;
    const challenge = first.text.match(/^WWW-Authenticate: Digest (.*)$/gim)
      .find((line) => line.includes(`algorithm=${algorithm}`));
    if (!challenge) throw new Error(`${algorithm} was not offered: ${first.text}`);
    const answer = authorization(challenge, { user, password, algorithm });
    return (await this.#ask(request(user, call, 2, answer))).status;
  }

  async #ask(text) {
    this.socket.send(text);
    for (;;) {
      const { value, done } = await this.messages.next();
      if (done) throw new Error('the PBX closed the WebSocket');
      const said = value[0].toString();
      const status = /^SIP\/2\.0 (\d{3})/.exec(said)?.[1];
      // The PBX may ask something of its own meanwhile.
      if (status) return { status: Number(status), text: said };
    }
  }

  close() {
    this.socket.terminate();
  }
}

function request(user, call, number, more = '') {
  return [
    `REGISTER sip:${DOMAIN} SIP/2.0`,
    `Via: SIP/2.0/WS rig.invalid;branch=z9hG4bK${call}${number}`,
    'Max-Forwards: 70',
    `From: <sip:${user}@${DOMAIN}>;tag=${call.slice(0, 8)}`,
    `To: <sip:${user}@${DOMAIN}>`,
    `Call-ID: ${call}`,
    `CSeq: ${number} REGISTER`,
    `Contact: <sip:${user}@rig.invalid;transport=ws>`,
    'Expires: 60',
    ...(more ? [more] : []),
    'Content-Length: 0', '', '',
  ].join('\r\n');
}

function authorization(challenge, { user, password, algorithm }) {
  const field = (name) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
  const hash = (text) => createHash(HASH[algorithm]).update(text).digest('hex');
  const [realm, nonce, opaque, uri] = [field('realm'), field('nonce'), field('opaque'), `sip:${DOMAIN}`];
  const [count, own] = ['00000001', randomUUID()];
  const secret = hash(`${user}:${realm}:${password}`);
  const response = hash(`${secret}:${nonce}:${count}:${own}:auth:${hash(`REGISTER:${uri}`)}`);
  return `Authorization: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", `
    + `response="${response}", algorithm=${algorithm}, cnonce="${own}", qop=auth, nc=${count}, opaque="${opaque}"`;
}
