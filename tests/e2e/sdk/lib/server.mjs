// Small web servers of a test: each a port, and so an origin, of its own.
import { once } from 'node:events';
import { createServer } from 'node:http';

export class Server {
  /** `answer(request, response)`; without one every path is a page with nothing on it. */
  static async open(answer = (_, response) => html(response, '')) {
    const self = new Server();
    self.asked = [];
    self.server = createServer((request, response) => {
      self.asked.push({ method: request.method, url: request.url, headers: request.headers });
      answer(request, response);
    });
    // A socket that became a WebSocket is no connection of the server's any more.
    self.sockets = new Set();
    self.server.on('connection', (socket) => {
      self.sockets.add(socket);
      socket.on('close', () => self.sockets.delete(socket));
    });
    self.server.listen(0, '127.0.0.1');
    await once(self.server, 'listening');
    self.port = self.server.address().port;
    self.origin = `http://127.0.0.1:${self.port}`;
    return self;
  }

  async close() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }
}

export function html(response, body, headers = {}) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers });
  response.end(`<!doctype html><meta charset="utf-8"><title>page</title>${body}`);
}
