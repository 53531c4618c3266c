// A network of a run's own, so that nothing of the machine's is in its way.
import { run } from '../../e2e/lib/process.mjs';

/** Loopback, and the one more address without which the PBX offers no path (RFC 5737). */
const APART = ['unshare', '-n', 'sh', '-c',
  'ip link set lo up && ip addr add 192.0.2.1/32 dev lo && exec "$@"', 'sh'];

/** The command in such a network; as it is, and a word about that, where none is to be had. */
export async function apart(command) {
  const [program, ...args] = APART;
  const had = await run(program, [...args, 'true']).then(() => true, () => false);
  if (!had) console.log('# no network namespaces are to be had here: in the machine\'s own network');
  return had ? [...APART, ...command] : command;
}
