// What the browser itself costs: a page, in it a frame of another origin, one WebSocket in the
// frame and one MessagePort between them, and nothing of ours. Stands beside the dock's figures.
import { createHash } from 'node:crypto';
import { html, Server } from './server.mjs';

const PAGE = (frame) => `<script>
window.heard = [];
addEventListener('message', ({ origin, ports }) => {
  if (origin !== '${frame}') return;
  ports[0].onmessage = ({ data }) => heard.push({ ...data, at: performance.timeOrigin + performance.now() });
});
</script><iframe src="${frame}" style="width:400px;height:700px"></iframe>`;

const FRAME = `<script>
const { port1, port2 } = new MessageChannel();
parent.postMessage('port', '*', [port2]);
const socket = new WebSocket('ws://' + location.host);
socket.onmessage = ({ data }) => port1.postMessage(JSON.parse(data));
</script>`;

/** Names of the handshake (RFC 6455 section 1.3). */
const KEY = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export class Echo {
  static async open() {
    const self = new Echo();
    self.sockets = new Set();
    self.inner = await Server.open((_, response) => html(response, FRAME));
    self.inner.server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + KEY).digest('base64');
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
      socket.setNoDelay(true);
      self.sockets.add(socket);
      for (const over of ['close', 'error']) socket.on(over, () => self.sockets.delete(socket));
    });
    self.outer = await Server.open((_, response) => html(response, PAGE(self.inner.origin)));
    return self;
  }

  /** One more page of the browser that listens. */
  async page(chrome) {
    const before = this.sockets.size;
    const page = await chrome.page(this.outer.origin);
    while (this.sockets.size === before) await new Promise((resolve) => setTimeout(resolve, 10));
    return page;
  }

  /** To all pages at once; the text is as long as an event's. */
  send(n) {
    const body = Buffer.from(JSON.stringify({ n, filling: '.'.repeat(160) }));
    const frame = Buffer.concat([Buffer.from([0x81, 126, body.length >> 8, body.length & 0xff]), body]);
    const at = performance.timeOrigin + performance.now();
    for (const socket of this.sockets) socket.write(frame);
    return at;
  }

  async close() {
    await this.inner.close();
    await this.outer.close();
  }
}

/** Sends `rounds` texts, each followed by `between`, and gives for each when it was sent and when each page's handler ran, ms since 1970. */
export async function floor(echo, pages, rounds, between) {
  const sent = [];
  for (let n = 0; n < rounds; n++) {
    sent.push(echo.send(n));
    await between(n);
  }
  await Promise.all(pages.map((page) => page.waitForFunction((all) => window.heard.length >= all, rounds)));
  const heard = await Promise.all(pages.map((page) => page.evaluate(() => window.heard)));
  return sent.map((at, n) => ({ at, heard: heard.map((list) => list.find((each) => each.n === n).at) }));
}
