// A certificate authority of this run: programs of this run that are told so believe it, and
// nothing else on the machine does.
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from '../../lib/desktop.mjs';
import { run } from '../../lib/process.mjs';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

export class Authority {
  static async open(desktop) {
    const self = new Authority();
    self.dir = await mkdtemp(join(desktop.dir, 'authority-'));
    self.key = join(self.dir, 'ca-key.pem');
    self.file = join(self.dir, 'ca.pem');
    await run('openssl', ['req', '-x509', ...KEY, '-subj', '/CN=Omnibar test authority',
      '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign',
      '-keyout', self.key, '-out', self.file]);
    return self;
  }

  /** Key and certificate (files) for a host name. */
  async issue(name) {
    const [key, cert] = [join(this.dir, `${name}-key.pem`), join(this.dir, `${name}.pem`)];
    await run('openssl', ['req', '-x509', ...KEY, '-subj', `/CN=${name}`, '-CA', this.file, '-CAkey', this.key,
      '-addext', `subjectAltName=DNS:${name}`, '-addext', 'basicConstraints=critical,CA:FALSE',
      '-addext', 'extendedKeyUsage=serverAuth', '-keyout', key, '-out', cert]);
    return { name, key, cert };
  }

  /** The same, read. */
  async identity(name) {
    const { key, cert } = await this.issue(name);
    return { key: await readFile(key), cert: await readFile(cert) };
  }

  /** Browsers that keep what they trust in this directory (NSS) trust this authority. */
  async enter(directory) {
    await mkdir(directory, { recursive: true });
    await run('certutil', ['-d', `sql:${directory}`, '-N', '--empty-password']);
    await run('certutil', ['-d', `sql:${directory}`, '-A', '-n', 'omnibar-test', '-t', 'C,,', '-i', this.file]);
  }
}

/** A start script of the app, for which these names are this machine. */
export async function resolving(desktop, names) {
  const dir = await mkdtemp(join(desktop.dir, 'names-'));
  const [hosts, script] = [join(dir, 'hosts'), join(dir, 'omnibar.sh')];
  await writeFile(hosts, `127.0.0.1 localhost ${names.join(' ')}\n`);
  await writeFile(script, `#!/bin/sh
exec unshare --map-current-user --keep-caps --mount sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' ${hosts} ${binary} "$@"
`, { mode: 0o755 });
  return script;
}
