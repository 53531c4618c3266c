// When things happened, on one clock: processes of one machine keep the same wall clock, and a
// browser's and this program's finer ones are corrected by it.
import { readFile } from 'node:fs/promises';

/** What `performance.timeOrigin + performance.now()` lacks to the wall clock, ms. */
export function lag() {
  let most = -Infinity;
  const fine = () => performance.timeOrigin + performance.now();
  const end = fine() + 20;
  // Date.now() is cut to whole ms: it is nearest just after it has turned.
  while (fine() < end) most = Math.max(most, Date.now() - fine());
  return most;
}

export const lagOf = (page) => page.evaluate(`(${lag})()`);

/** A centre that notes when it hands something to an agent's socket. */
export const NOTING = { env: { OMNIBAR_LOG: 'debug', NO_COLOR: '1' } };

/**
 * When the centre handed something to sockets, ms since 1970, by its own log: a notification,
 * or the answer to a command, from which the desktop knows of its change as well.
 */
export async function sendings(centre) {
  const found = [];
  for (const line of (await readFile(centre.log, 'utf8')).split('\n')) {
    const told = line.match(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)Z DEBUG .*rpc::connection: (?:news|answer) /);
    if (told) found.push(Date.parse(`${told[1]}Z`) + Number(told[2]) * 1000);
  }
  return found;
}

export const quantile = (list, q) => list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];

export const spread = (list) => Math.max(...list) - Math.min(...list);

/** Longer than anything measured takes, and in step with nothing. */
export const pause = (ms = 120) => new Promise((resolve) => setTimeout(resolve, ms + Math.random() * 40));

/** The events of that name which the page was told since `from`, when there are `count` of them. */
export async function all(crm, name, from, count) {
  const few = ([name, from, count]) => window.told.slice(from).filter((e) => e.event === name).length >= count;
  await crm.page.waitForFunction(few, [name, from, count]);
  return (await crm.told()).slice(from).filter((e) => e.event === name);
}

/**
 * The agent goes on a break and comes back, `rounds` times. Gives for each change when the
 * command was given, when the centre sent the first word of it, and when the handler of each page ran
 * (`pages`: Crm). Nobody asks the pages anything meanwhile.
 */
export async function changes({ bench, phone, pages, rounds }) {
  const froms = await Promise.all(pages.map((crm) => crm.mark()));
  const here = lag();
  const lags = await Promise.all(pages.map((crm) => lagOf(crm.page)));
  const commands = [];
  for (let i = 0; i < rounds; i++) {
    const heard = phone.wait('presence', (e) => e.event === 'presence');
    commands.push(performance.timeOrigin + performance.now() + here);
    phone.say(i % 2 ? 'break tea' : 'ready');
    await heard;
    await pause();
  }
  const sent = await sendings(bench.centre);
  if (sent.length < rounds) throw new Error(`the centre's log has ${sent.length} sendings of ${rounds}: was it opened with NOTING?`);
  const told = await Promise.all(pages.map((crm, i) => all(crm, 'userAvailabilityChanged', froms[i], rounds)));
  const handled = told.map((list, i) => list.map((e) => e.at + lags[i]));
  if (handled.some((list) => list.length !== rounds)) throw new Error('more events than changes');
  return commands.map((command, i) => ({
    command,
    sent: sent.find((at) => at > command),
    handled: handled.map((list) => list[i]),
  }));
}
