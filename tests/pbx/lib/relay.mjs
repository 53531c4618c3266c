// A way between a phone and the PBX that can be cut, shut and listened to: a WebSocket on this
// side, and one to the PBX behind it. What is said passes unchanged unless a check wants otherwise.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { Events } from '../../e2e/lib/events.mjs';

export class Relay {
  /** `target`: the PBX's own address for SIP over WebSocket. */
  static async open(target) {
    const self = new Relay();
    self.target = target;
    self.ways = new Set();
    /** `{ from: phone | pbx, text }` */
    self.said = new Events('the relay');
    /** What becomes of a message: `(text, from) => text`. */
    self.change = (text) => text;
    self.shutUp = false;
    self.sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'sip' });
    self.server = createServer();
    self.server.on('upgrade', (request, socket, head) => {
      if (self.shutUp) return socket.destroy();
      self.sockets.handleUpgrade(request, socket, head, (phone) => self.#pass(phone));
      return undefined;
    });
    self.server.listen(0, '127.0.0.1');
    await once(self.server, 'listening');
    return self;
  }

  get url() {
    return `ws://127.0.0.1:${this.server.address().port}/ws`;
  }

  #pass(phone) {
    const pbx = new WebSocket(this.target, 'sip');
    const way = [phone, pbx];
    this.ways.add(way);
    const early = [];
    const hand = (from, to, data) => {
      const text = this.change(data.toString(), from);
      this.said.push({ from, text });
      if (to.readyState === WebSocket.OPEN) to.send(text);
      else if (to.readyState === WebSocket.CONNECTING) early.push(text);
    };
    pbx.on('open', () => { for (const text of early.splice(0)) pbx.send(text); });
    phone.on('message', (data) => hand('phone', pbx, data));
    pbx.on('message', (data) => hand('pbx', phone, data));
    for (const [one, other] of [way, way.toReversed()]) {
      // Whichever side breaks, the other hears of it by the close that follows.
      one.on('error', () => {});
      one.on('close', () => {
        this.ways.delete(way);
        other.terminate();
      });
    }
  }

  /** Ends every connection without a word; a new one may be made at once. */
  cut() {
    for (const way of this.ways) for (const end of way) end.terminate();
  }

  /** Cuts, and lets nobody in until `open`. */
  shut() {
    this.shutUp = true;
    this.cut();
  }

  open() {
    this.shutUp = false;
  }

  /** The next message from that side whose text fits. */
  hears(from, fits, options) {
    return this.said.wait(`${fits} from the ${from}`, (e) => e.from === from && fits.test(e.text), options);
  }

  close() {
    this.shut();
    this.sockets.close();
    this.server.close();
  }
}

/** A message with another description in it, whose length it tells. */
export function described(text, change) {
  const [head, body] = text.split('\r\n\r\n', 2);
  if (!body) return text;
  const changed = change(body);
  return `${head.replace(/^(Content-Length|l)\s*:.*$/im, `Content-Length: ${Buffer.byteLength(changed)}`)}\r\n\r\n${changed}`;
}

/** The value of a field in a message. */
export function field(text, name) {
  return new RegExp(`^${name}\\s*:\\s*(.*?)\\r?$`, 'im').exec(text)?.[1] ?? null;
}
