// A PBX to try by hand, or from a program that is not written in JavaScript.
//   node serve.mjs [--sip PORT] [--http PORT] [--https PORT] [--ami PORT] [--network PORT] [--trace]
// The first line on standard output says where it is, as JSON; then each line on standard input
// is a command of Asterisk's console, or `restart` or `crash`. It ends with its standard input.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ARI, DOMAIN, PASSWORD } from './lib/accounts.mjs';
import { Pbx } from './lib/pbx.mjs';

const PORTS = ['sip', 'http', 'https', 'ami', 'network'];

const { values } = parseArgs({
  options: { trace: { type: 'boolean' }, ...Object.fromEntries(PORTS.map((name) => [name, { type: 'string' }])) },
});
const ports = {};
for (const name of PORTS) {
  if (values[name] === undefined) continue;
  ports[name] = Number(values[name]);
  if (!Number.isInteger(ports[name]) || ports[name] < 1 || ports[name] > 65535) {
    throw new Error(`--${name} takes a port, 1 to 65535, not ${values[name]}`);
  }
}

const pbx = await Pbx.start({ ports, trace: values.trace });
console.log(JSON.stringify({
  ws: pbx.ws, wss: pbx.wss, ca: pbx.ca, domain: DOMAIN, password: PASSWORD, ari: pbx.ari, ariUser: ARI.user,
  ariPassword: ARI.password, ports: pbx.ports, log: `${pbx.dir}/log/full`,
}));
for await (const line of createInterface({ input: process.stdin })) {
  const command = line.trim();
  if (command === 'restart' || command === 'crash') await pbx.restart({ crash: command === 'crash' });
  else if (command) console.log(await pbx.cli(command));
}
await pbx.stop();
