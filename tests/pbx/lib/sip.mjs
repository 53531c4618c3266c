// The least SIP over WebSocket (RFC 7118) that can ask for something: what no library does, in
// plain sight, and nothing between a check and the PBX. It answers every request with 200.
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { DOMAIN, PASSWORD } from './accounts.mjs';
import { Events } from '../../e2e/lib/events.mjs';

const HASH = { MD5: 'md5', 'SHA-256': 'sha256' };

export class Sip {
  static async open(url, { user, algorithm = 'MD5', password = PASSWORD }) {
    const self = new Sip();
    Object.assign(self, { user, algorithm, password, number: 0, tag: randomUUID(), events: new Events(`SIP of ${user}`) });
    self.socket = new WebSocket(url, 'sip');
    self.socket.on('message', (data) => self.#comes(new Message(data.toString())));
    self.socket.on('close', () => self.events.end('the WebSocket was closed'));
    await once(self.socket, 'open');
    return self;
  }

  get contact() {
    return `<sip:${this.user}@rig.invalid;transport=ws>`;
  }

  /** REGISTER by digest (RFC 8760) to its final answer. `params`: more of the contact's. */
  register({ params = '', headers = [] } = {}) {
    return this.ask('REGISTER', `sip:${DOMAIN}`, {
      about: this.user, headers: [`Contact: ${this.contact}${params}`, 'Expires: 60', ...headers],
    });
  }

  /**
   * Any request to its final answer, with the proof that is asked for. `about`: whom it concerns;
   * `within`: the answer that made the dialog that it belongs to.
   */
  async ask(method, uri, { about, within, headers = [] } = {}) {
    const request = {
      method, uri, headers, call: within?.header('Call-ID') ?? randomUUID(),
      to: within?.header('To') ?? `<sip:${about}@${DOMAIN}>`,
    };
    const first = await this.#try(request);
    if (first.status !== 401 && first.status !== 407) return first;
    return this.#try({ ...request, headers: [...headers, this.#proof(request, first)] });
  }

  /** ACK for the 2xx of an INVITE. */
  confirm(answer) {
    this.#request({
      method: 'ACK', uri: answer.target, to: answer.header('To'), call: answer.header('Call-ID'), headers: [],
    }, Number.parseInt(answer.header('CSeq'), 10));
  }

  /** The first request of that method from `from` on whose text fits. */
  asked(method, fits, { from = 0, timeout } = {}) {
    return this.events.wait(`${method} with ${fits}`, (m) => m.method === method && fits.test(m.text), { from, timeout });
  }

  /** The keep-alive of RFC 5626, 3.5.1; an answer would be two bytes, and no message. */
  keepAlive() {
    this.socket.send('\r\n\r\n');
  }

  /** The keep-alive of WebSocket (RFC 6455, 5.5.2), and its answer. */
  async ping() {
    const pong = once(this.socket, 'pong', { signal: AbortSignal.timeout(5000) });
    this.socket.ping();
    await pong;
  }

  close() {
    this.socket.terminate();
  }

  #comes(message) {
    this.events.push(message);
    if (message.method === null || message.method === 'ACK') return;
    const to = message.header('To');
    this.socket.send([
      'SIP/2.0 200 OK', ...message.headers('Via').map((via) => `Via: ${via}`), `From: ${message.header('From')}`,
      `To: ${to}${to.includes(';tag=') ? '' : `;tag=${this.tag}`}`, `Call-ID: ${message.header('Call-ID')}`,
      `CSeq: ${message.header('CSeq')}`, 'Content-Length: 0', '', '',
    ].join('\r\n'));
  }

  async #try(request) {
    const number = ++this.number;
    const mine = `${number} ${request.method}`;
    const answer = this.events.wait(`an answer to ${request.method}`, (m) => m.status >= 200 && m.header('CSeq') === mine);
    this.#request(request, number);
    const said = await answer;
    // Anything but a 2xx is acknowledged within the same transaction.
    if (request.method === 'INVITE' && said.status >= 300) {
      this.#request({ ...request, method: 'ACK', to: said.header('To'), headers: [] }, number);
    }
    return said;
  }

  #request({ method, uri, to, call, headers }, number) {
    this.socket.send([
      `${method} ${uri} SIP/2.0`, `Via: SIP/2.0/WS rig.invalid;branch=z9hG4bK${call}${number}`, 'Max-Forwards: 70',
      `From: <sip:${this.user}@${DOMAIN}>;tag=${this.tag}`, `To: ${to}`, `Call-ID: ${call}`, `CSeq: ${number} ${method}`,
      ...headers, 'Content-Length: 0', '', '',
    ].join('\r\n'));
  }

  #proof({ method, uri }, { status, text }) {
    const [asked, given] = status === 401 ? ['WWW-Authenticate', 'Authorization'] : ['Proxy-Authenticate', 'Proxy-Authorization'];
    const challenge = text.match(new RegExp(`^${asked}: Digest (.*)$`, 'gim'))
      ?.find((line) => line.includes(`algorithm=${this.algorithm}`));
    if (!challenge) throw new Error(`${this.algorithm} was not offered: ${text}`);
    const field = (name) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
    const hash = (value) => createHash(HASH[this.algorithm]).update(value).digest('hex');
    const [realm, nonce, opaque] = [field('realm'), field('nonce'), field('opaque')];
    const [count, own] = ['00000001', randomUUID()];
    const secret = hash(`${this.user}:${realm}:${this.password}`);
    const response = hash(`${secret}:${nonce}:${count}:${own}:auth:${hash(`${method}:${uri}`)}`);
    return `${given}: Digest username="${this.user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", `
      + `algorithm=${this.algorithm}, cnonce="${own}", qop=auth, nc=${count}, opaque="${opaque}"`;
  }
}

/** One message: `status` of an answer, `method` of a request, null where it is the other. */
class Message {
  constructor(text) {
    this.text = text;
    const [first] = text.split('\r\n', 1);
    this.status = Number(/^SIP\/2\.0 (\d{3})/.exec(first)?.[1]) || null;
    this.method = this.status ? null : (/^([A-Z]+) \S+ SIP\/2\.0$/.exec(first)?.[1] ?? null);
  }

  headers(name) {
    return [...this.text.split('\r\n\r\n', 1)[0].matchAll(new RegExp(`^${name}\\s*:\\s*(.*?)\\r?$`, 'gim'))].map(([, value]) => value);
  }

  header(name) {
    return this.headers(name)[0] ?? null;
  }

  /** Where further requests of its dialog go. */
  get target() {
    return /<([^>]*)>/.exec(this.header('Contact'))?.[1];
  }
}
