// The real TURN server of the package coturn, on loopback.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { end, freePort, start, until } from './process.mjs';

/** How it is spoken to; it takes no other way. */
const WAYS = {
  udp: { refused: ['--no-tcp', '--no-tls'], url: (port) => `turn:127.0.0.1:${port}` },
  tcp: { refused: ['--no-udp', '--no-tls'], url: (port) => `turn:127.0.0.1:${port}?transport=tcp` },
  // The name is that of the certificate.
  tls: { refused: ['--no-udp', '--no-tcp'], url: (port) => `turns:localhost:${port}` },
};

export class Turn {
  /**
   * `near`: relays to this machine's own addresses too. `over`: udp, tcp or tls, the last with a
   * certificate for localhost (`{ key, cert }`, files).
   */
  static async open(desktop, { user = 'branch7', password, name = 'turn', near = true, over = 'udp', tls }) {
    const self = new Turn();
    Object.assign(self, { user, password, over, port: await (over === 'udp' ? freeUdpPort() : freePort()) });
    const dir = join(desktop.dir, name);
    await mkdir(dir);
    self.passwordFile = join(dir, 'password');
    await writeFile(self.passwordFile, `${password}\n`, { mode: 0o600 });
    self.options = [
      '-n', '-L', '127.0.0.1', '-E', '127.0.0.1', over === 'tls' ? '--tls-listening-port' : '-p', `${self.port}`,
      '--lt-cred-mech', '--user', `${user}:${password}`, '--realm', 'example.test',
      ...(near ? ['--allow-loopback-peers'] : []), '--no-cli', '--no-dtls', ...WAYS[over].refused,
      ...(tls ? ['--cert', tls.cert, '--pkey', tls.key] : []),
      '--userdb', join(dir, 'users'), '--pidfile', join(dir, 'pid'), '--log-file', 'stdout',
    ];
    self.log = join(dir, 'log');
    await self.#start();
    return self;
  }

  async #start() {
    this.child = start('turnserver', this.options, { log: this.log });
    await until('the TURN server', () => (this.over === 'udp' ? answers : accepts)(this.port));
  }

  /** The same, anew: whoever had a relay there has none. */
  async again() {
    await this.close();
    await this.#start();
  }

  get url() {
    return WAYS[this.over].url(this.port);
  }

  /** For `omnibar-center`. */
  get args() {
    return ['--turn', this.url, '--turn-user', this.user, '--turn-password-file', this.passwordFile];
  }

  close() {
    return end(this.child, 500);
  }
}

async function freeUdpPort() {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A STUN binding request (RFC 8489 section 5) gets an answer. */
async function answers(port) {
  const request = Buffer.alloc(20);
  request.writeUInt16BE(1, 0);
  request.writeUInt32BE(0x2112a442, 4);
  const socket = createSocket('udp4');
  try {
    socket.send(request, port, '127.0.0.1');
    return await Promise.race([
      once(socket, 'message').then(() => true),
      new Promise((resolve) => setTimeout(resolve, 100, false)),
    ]);
  } finally {
    socket.close();
  }
}

async function accepts(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
