// The real TURN server of the package coturn, on loopback.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { end, start, until } from './process.mjs';

export class Turn {
  /** `near`: relays to this machine's own addresses too. */
  static async open(desktop, { user = 'branch7', password, name = 'turn', near = true }) {
    const self = new Turn();
    Object.assign(self, { user, password, port: await freeUdpPort() });
    const dir = join(desktop.dir, name);
    await mkdir(dir);
    self.passwordFile = join(dir, 'password');
    await writeFile(self.passwordFile, `${password}\n`, { mode: 0o600 });
    self.child = start('turnserver', [
      '-n', '-L', '127.0.0.1', '-E', '127.0.0.1', '-p', `${self.port}`,
      '--lt-cred-mech', '--user', `${user}:${password}`, '--realm', 'example.test',
      ...(near ? ['--allow-loopback-peers'] : []), '--no-cli', '--no-tls', '--no-dtls', '--no-tcp',
      '--userdb', join(dir, 'users'), '--pidfile', join(dir, 'pid'), '--log-file', 'stdout',
    ], { log: join(dir, 'log') });
    await until('the TURN server', () => answers(self.port));
    return self;
  }

  get url() {
    return `turn:127.0.0.1:${this.port}`;
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
