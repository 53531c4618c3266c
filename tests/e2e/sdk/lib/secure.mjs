// https with a certificate made for this run, which only this run's browser accepts: its own
// word for it (`args`), or an authority of the run that it trusts (`identity`).
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { request as ask } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { run } from '../../lib/process.mjs';

export class Secure {
  /** Serves `https://<name>.test:<port>`; without an `identity` the browser needs `args`. */
  static async open(desktop, answer, name = 'crm', identity = null) {
    const self = new Secure();
    const { key, cert, args } = identity ?? (await certificate(desktop));
    self.args = args;
    self.server = createServer({ key, cert }, answer);
    self.server.listen(0, '127.0.0.1');
    await once(self.server, 'listening');
    self.port = self.server.address().port;
    self.origin = `https://${name}.test:${self.port}`;
    return self;
  }

  /** The same in front of a server of this machine, sockets too, as a hosted centre has it. */
  static async before(desktop, port, name = 'centre', identity = null) {
    const pass = { host: '127.0.0.1', port };
    const self = await Secure.open(desktop, (request, response) => {
      const onward = ask({ ...pass, method: request.method, path: request.url, headers: forwarded(request) }, (back) => {
        response.writeHead(back.statusCode, back.headers);
        back.pipe(response);
      });
      onward.on('error', () => response.writeHead(502).end());
      request.pipe(onward);
    }, name, identity);
    self.server.on('upgrade', (request, socket, head) => {
      const onward = connect(pass, () => {
        const lines = Object.entries(forwarded(request)).map(([name, value]) => `${name}: ${value}`);
        onward.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      for (const each of [onward, socket]) each.on('error', () => { onward.destroy(); socket.destroy(); });
    });
    return self;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

function forwarded(request) {
  return { ...request.headers, 'x-forwarded-proto': 'https', 'x-forwarded-host': request.headers.host };
}

let made;
function certificate(desktop) {
  made ??= make(desktop);
  return made;
}

async function make(desktop) {
  const dir = await mkdtemp(join(desktop.dir, 'certificate-'));
  const [keyFile, certFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-days', '2', '-subj', '/CN=omnibar test', '-addext', 'subjectAltName=DNS:crm.test,DNS:centre.test',
    '-keyout', keyFile, '-out', certFile]);
  const cert = await readFile(certFile);
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  const pin = createHash('sha256').update(spki).digest('base64');
  return {
    key: await readFile(keyFile),
    cert,
    args: [`--ignore-certificate-errors-spki-list=${pin}`, '--host-resolver-rules=MAP *.test 127.0.0.1'],
  };
}
