// Asterisk's manager interface: commands, and what happens inside, as events.
import { once } from 'node:events';
import { connect } from 'node:net';
import { Events } from '../../e2e/lib/events.mjs';

export class Ami {
  /** Connects and signs in; the PBX may still be starting (`booted` tells). */
  static async open({ port, user, password }) {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    const self = new Ami();
    self.socket = socket;
    self.events = new Events('the PBX');
    self.number = 0;
    self.#listen();
    self.booted = self.events.wait('a booted PBX', (e) => e.Event === 'FullyBooted', { from: 0, timeout: 30000 });
    await self.action('Login', { Username: user, Secret: password });
    return self;
  }

  #listen() {
    let rest = '';
    this.socket.setEncoding('utf8');
    this.socket.on('data', (text) => {
      // The greeting is a line of its own, without the empty one.
      rest = (rest + text).replace(/^Asterisk Call Manager[^\n]*\n/, '');
      for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
        this.events.push(message(rest.slice(0, end)));
        rest = rest.slice(end + 4);
      }
    });
    this.socket.on('error', (error) => this.events.end(error.message));
    this.socket.on('close', () => this.events.end('the connection was closed'));
  }

  /** Does it; fails when the PBX says that it failed. */
  async action(name, fields = {}) {
    const id = `${++this.number}`;
    const answer = this.events.wait(`the answer to ${name}`, (e) => e.Response && e.ActionID === id);
    const lines = Object.entries({ Action: name, ActionID: id, ...fields }).map(([k, v]) => `${k}: ${v}\r\n`);
    this.socket.write(`${lines.join('')}\r\n`);
    const said = await answer;
    if (said.Response === 'Error') throw new Error(`${name}: ${said.Message}`);
    return said;
  }

  /** What a command of the console prints. */
  async cli(command) {
    const said = await this.action('Command', { Command: command });
    return said.Output ?? '';
  }

  /** The next event of that name whose fields are these. */
  wait(name, fields = {}, options) {
    return this.events.wait(
      `${name} ${JSON.stringify(fields)}`,
      (e) => e.Event === name && Object.entries(fields).every(([k, v]) => e[k] === v),
      options,
    );
  }

  close() {
    this.socket.destroy();
  }
}

/** `Key: value` lines; a key that comes again adds a line to its value. */
function message(text) {
  const fields = {};
  for (const line of text.split('\r\n')) {
    const at = line.indexOf(':');
    const [key, value] = [line.slice(0, at), line.slice(at + 1).trimStart()];
    fields[key] = key in fields ? `${fields[key]}\n${value}` : value;
  }
  return fields;
}
