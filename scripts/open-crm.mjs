// Opens the demo CRM in the agent's browser when the centre is there:
//   node scripts/open-crm.mjs HEALTH PAGE
import { spawn } from 'node:child_process';

const [health, page] = process.argv.slice(2);
const PATIENCE_MS = 60_000;
const until = performance.now() + PATIENCE_MS;

const isUp = () => fetch(health).then((r) => r.ok, () => false);
while (!(await isUp()) && performance.now() < until) await new Promise((r) => setTimeout(r, 300));

console.log(`run: the demo CRM is at ${page}`);
const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
spawn(opener, [page], { stdio: 'ignore', detached: true }).on('error', () => {}).unref();
