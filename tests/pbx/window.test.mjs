// The real window with nothing but an extension of the PBX: what an agent without a contact
// centre does all day, with another phone at the other end.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { App } from '../e2e/lib/app.mjs';
import { Desktop } from '../e2e/lib/desktop.mjs';
import { freePort, until } from '../e2e/lib/process.mjs';
import { Ear, play, tone } from '../e2e/lib/sound.mjs';
import { PASSWORD } from './lib/accounts.mjs';
import { Baresip } from './lib/baresip.mjs';
import { HOLD_MUSIC, Pbx } from './lib/pbx.mjs';
import { Report } from './lib/report.mjs';

/** WebDriver's names of keys. */
const TAB = '\uE004';
const ENTER = '\uE007';
const ALT = '\uE00A';
/** What the agent says, and what the two phones say, in Hz. */
const AGENT = 1100;
const DESK = 640;
const OTHER = 760;
const CLIENT = 'omnibar window';

const report = new Report('window');
let desktop, pbx, ear, voice, desk, other, app;

/** A check that is told in the report. */
const proves = (feature, peer, body) =>
  test(`${feature}, with ${peer}`, async () => {
    const entry = { feature, peer, client: CLIENT };
    try {
      const detail = await body();
      report.add({ ...entry, result: 'passed', ...(detail ? { detail } : {}) });
    } catch (error) {
      report.add({ ...entry, result: 'failed', detail: error.message });
      await picture(`failed-${feature.replace(/\W+/g, '-')}`).catch(() => {});
      throw error;
    }
  });

before(async () => {
  [desktop, pbx] = await Promise.all([Desktop.open(), Pbx.start()]);
  ear = new Ear(desktop, 'agent_speaker');
  voice = play(desktop, 'mic_cable', tone(AGENT));
  [desk, other] = await Promise.all([
    Baresip.open(pbx, { user: '2001', hertz: DESK, autoAnswer: false }),
    Baresip.open(pbx, { user: '2002', hertz: OTHER }),
  ]);
  app = await open();
});

after(async () => {
  await app?.close().catch(() => {});
  await desk?.close();
  await other?.close();
  await voice?.stop();
  await ear?.stop();
  await pbx?.stop();
  await desktop?.close();
});

function open(args = []) {
  return App.open(desktop, { name: 'exchange', sip: true, args });
}

/** For people: `OMNIBAR_PICTURES` is where they go. */
async function picture(name) {
  const dir = process.env.OMNIBAR_PICTURES;
  if (!dir) return;
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, `${name}.png`), await app.driver.screenshot());
}

const texts = (id) => app.driver.execute(
  `return [...document.querySelectorAll('[data-testid="${id}"]')].map((e) => e.innerText)`);
/** Waits until the first of those says that; the driver takes cut text for hidden. */
const says = (id, what) => until(`${id} to say ${what}`, async () => {
  const [text = ''] = await texts(id);
  return what.test(text) && text;
});
const state = (word) => until(`the call to be ${word}`, async () => (await app.state()).toLowerCase().includes(word));
const home = () => app.see('home');

/** Somebody calls; the agent answers, and both hear each other. */
async function called(number = '*31001') {
  const call = await desk.call(number);
  await app.click('offer-accept');
  await call.connected();
  await state('connected');
  await Promise.all([ear.hears(DESK), desk.hears({ [AGENT]: true })]);
  return call;
}

/** What the sign-in says that is wrong, once it says so. */
async function refused(server, what) {
  await app.type('signin-server', server);
  await app.click('signin-submit');
  await until(`"${what}"`, async () => (await texts('signin-fault')).some((said) => said.includes(what)));
  return what;
}

proves('what is wrong with a sign-in is said in words', 'Asterisk', async () => {
  await app.click('signin-way-exchange');
  await app.type('signin-address', '1001@pbx.test');
  await app.type('signin-password', 'wrong');
  await refused(`ws://127.0.0.1:${await freePort()}/ws`, 'Nothing listens at that port');
  await refused(pbx.ws.replace('/ws', '/nowhere'), 'There is no SIP over WebSocket at that path (HTTP 404)');
  await refused(pbx.wss, 'Nobody whom this computer trusts vouches for the server');
  await refused('ws://nobody.invalid/ws', 'There is no server of that name');
  await app.click('signin-more');
  await app.type('signin-ca', pbx.ca);
  await picture('sign-in');
  await refused(pbx.wss, 'The phone system does not accept this user name or password');
  await picture('sign-in-fault');
});

/** The steps of the connection test, each with how it went. */
const steps = () => app.driver.execute(
  `return [...document.querySelectorAll('[data-testid="connection-step"]')].map((e) => [e.dataset.step, e.dataset.state])`);

const testIs = (state) => until(`the test to be ${state}`, async () => (await app.driver.execute(
  `return document.querySelector('[data-testid="connection-test"]').dataset.state`)) === state, 40000);

/** Tests the connection; gives the step that failed, and what is said at the end. */
async function tested(ends) {
  // What was found before is about what stood there before.
  await testIs('idle');
  await app.click('connection-test-run');
  await testIs(ends);
  const [said] = await texts('connection-result');
  return { said, failed: (await steps()).find(([, state]) => state === 'failed')?.[0] };
}

/** The connection test stops at that step and says that. */
async function finds(step, what) {
  const { said, failed } = await tested('failed');
  assert.equal(failed, step, said);
  assert.match(said, what);
  const behind = await steps();
  assert.ok(behind.slice(behind.findIndex(([at]) => at === step) + 1).every(([, state]) => state === 'waiting'));
  return said;
}

proves('the connection test names what is wrong', 'Asterisk', async () => {
  const said = [];
  await app.type('signin-echo', '600');
  await app.type('signin-server', 'ws://nobody.invalid/ws');
  said.push(await finds('name', /no server of that name/));
  await app.type('signin-server', `ws://127.0.0.1:${await freePort()}/ws`);
  said.push(await finds('port', /Nothing listens at that port/));
  await app.type('signin-server', pbx.wss.replace('localhost', '127.0.0.1'));
  said.push(await finds('security', /for another name/));
  await app.type('signin-ca', `${pbx.ca}.none`);
  await app.type('signin-server', pbx.wss);
  said.push(await finds('security', /Certificates cannot be checked/));
  // The driver takes no empty text.
  await app.type('signin-ca', ' ');
  said.push(await finds('security', /Nobody whom this computer trusts vouches for the server/));
  await picture('test-fault');
  await app.type('signin-server', pbx.ws.replace('/ws', '/nowhere'));
  said.push(await finds('web_socket', /HTTP 404/));
  await app.type('signin-server', pbx.ws);
  said.push(await finds('registration', /does not accept this user name or password/));
  await app.type('signin-password', PASSWORD);
  await app.type('signin-echo', '699');
  said.push(await finds('call', /nobody at the echo number/));
  // It answers, and says nothing back.
  await app.type('signin-echo', '602');
  said.push(await finds('voice', /does not come back/));
  return said.join(' | ');
});

proves('the connection test: all is well, by keys alone; nothing of it stays registered', 'Asterisk', async () => {
  await app.type('signin-ca', pbx.ca);
  await app.type('signin-server', pbx.wss);
  await app.type('signin-echo', '600');
  await testIs('idle');
  await app.driver.execute(`document.querySelector('[data-testid="signin-submit"]').focus()`);
  await app.driver.press(TAB);
  assert.equal(await app.driver.execute('return document.activeElement.dataset.testid'), 'connection-test-run');
  await app.driver.press(ENTER);
  await until('the test to pass', async () => (await texts('connection-result')).some((said) => /voice passes both ways/.test(said)), 40000);
  assert.deepEqual((await steps()).map(([step, state]) => `${step} ${state}`), [
    'name passed', 'port passed', 'security passed', 'web_socket passed', 'registration passed', 'call passed', 'voice passed',
  ]);
  assert.equal(await app.driver.execute('return document.activeElement.dataset.testid'), 'connection-test-run');
  await picture('test-passed');
  await until('the extension to be free', async () => !/1001\/sip:/.test(await pbx.cli('pjsip show contacts')));
});

proves('a connection test that is stopped leaves nothing behind', 'Asterisk', async () => {
  // Rings, and is never answered.
  await app.type('signin-echo', '610');
  await app.click('connection-test-run');
  await until('the call', async () => (await steps()).some(([step, state]) => step === 'call' && state === 'running'));
  await app.click('connection-test-run');
  await says('connection-result', /stopped/);
  await until('no channel', async () => /0 active channels/.test(await pbx.cli('core show channels')));
  assert.doesNotMatch(await pbx.cli('pjsip show contacts'), /1001\/sip:/);
  await app.type('signin-echo', '600');
});

proves('signing in registers, without a question', 'Asterisk', async () => {
  await app.type('signin-voicemail', '621');
  await app.click('signin-remember');
  await app.type('signin-password', PASSWORD);
  await app.click('signin-submit');
  await home();
  await says('presence-state', /Available/);
  const contacts = await pbx.cli('pjsip show contacts');
  assert.match(contacts, /1001\/sip:/);
});

proves('a call that comes in: who it is, both hear each other, keys, hold, the row in the history', 'baresip', async () => {
  const call = await desk.call('*31001');
  await says('offer-name', /Zoë Customer/);
  await picture('offer');
  await app.click('offer-accept');
  await call.connected();
  await state('connected');
  await Promise.all([ear.hears(DESK), desk.hears({ [AGENT]: true })]);
  await says('call-number', /555 0123/);
  await picture('call');

  await app.click('keypad');
  for (const key of ['1', '5', '#']) {
    const pressed = call.digit(key);
    await app.driver.press(key);
    await pressed;
  }
  await app.click('keypad');

  await app.click('hold');
  await Promise.all([desk.hears({ [AGENT]: false, [HOLD_MUSIC]: true }), state('hold')]);
  await app.click('resume');
  await desk.hears({ [AGENT]: true, [HOLD_MUSIC]: false });
  await state('connected');

  await call.hangup();
  await home();
  const row = await says('recent', /Zoë Customer[^]*0:\d\d/);
  await picture('history');
  return row.replaceAll('\n', ' ');
});

proves('who forwarded a call is shown', 'baresip', async () => {
  const call = await desk.call('*11001');
  const forwarded = await says('offer-diverted', /Agent Three.*busy/);
  await picture('forwarded');
  await app.click('offer-reject');
  await call.ended();
  await home();
  return forwarded;
});

proves('a consulted transfer', 'two baresips', async () => {
  const call = await called();
  await app.click('transfer');
  await app.type('directory-search', '2002');
  await app.click('directory-result');
  await app.click('consult-first');
  await Promise.all([ear.hears(OTHER), other.hears({ [AGENT]: true, [DESK]: false })]);
  assert.deepEqual(
    await app.driver.execute(`return [...document.querySelectorAll('[data-testid="leg"]')].map((e) => e.dataset.legState)`),
    ['held', 'connected']);
  await picture('consult');
  await app.click('complete');
  await Promise.all([desk.hears({ [OTHER]: true }), other.hears({ [DESK]: true, [AGENT]: false })]);
  await home();
  await call.hangup();
});

/** The legs of the call on the screen: how each stands, and the party's name or number. */
const legs = () => app.driver.execute(
  `return [...document.querySelectorAll('[data-testid="leg"]')].map((e) => e.dataset.legState)`);

/** The agent, the customer and 2002 talk with each other. */
async function conferring() {
  const call = await called();
  await app.driver.press(ALT, 'c');
  await app.type('directory-search', '2002');
  await app.click('directory-result');
  await app.click('consult-first');
  await Promise.all([ear.hears(OTHER), other.hears({ [AGENT]: true, [DESK]: false })]);
  await app.driver.press(ALT, 'c');
  await says('call-state', /conference/i);
  await Promise.all([
    ear.hears(DESK), ear.hears(OTHER),
    desk.hears({ [AGENT]: true, [OTHER]: true, [HOLD_MUSIC]: false }),
    other.hears({ [AGENT]: true, [DESK]: true }),
  ]);
  assert.deepEqual(await legs(), ['connected', 'connected']);
  return call;
}

proves('a conference of three: each hears the two others; one is held apart, and dropped', 'two baresips', async () => {
  const call = await conferring();
  await picture('conference');
  const hold = async (at) => app.driver.execute(`document.querySelectorAll('[data-testid="leg-hold"]')[${at}].click()`);
  await hold(1);
  await Promise.all([
    other.hears({ [AGENT]: false, [DESK]: false, [HOLD_MUSIC]: true }),
    desk.hears({ [AGENT]: true, [OTHER]: false }),
  ]);
  assert.deepEqual(await legs(), ['connected', 'held']);
  await until('no guard', () => app.driver.execute(`return !document.querySelectorAll('[data-testid="leg-hold"]')[1].hasAttribute('data-guarded')`));
  await hold(1);
  await Promise.all([
    other.hears({ [AGENT]: true, [DESK]: true, [HOLD_MUSIC]: false }),
    desk.hears({ [AGENT]: true, [OTHER]: true }),
  ]);
  const drop = await until('the second party to be dropped', async () => app.driver.execute(`
    const [, second] = document.querySelectorAll('[data-testid="drop-leg"]');
    if (!second || second.hasAttribute('data-guarded')) return false;
    second.click();
    return true;`));
  assert.ok(drop);
  await Promise.all([desk.hears({ [AGENT]: true, [OTHER]: false }), state('connected')]);
  await call.hangup();
  await home();
});

proves('whoever leaves a conference leaves the others in a call; it ends when the agent hangs up', 'two baresips', async () => {
  const call = await conferring();
  await call.hangup();
  await says('call-number', /2002/);
  await Promise.all([ear.hears(OTHER), other.hears({ [AGENT]: true, [DESK]: false })]);
  await app.click('end');
  await home();

  await conferring();
  await app.click('end');
  await home();
  await until('no channel', async () => /0 active channels/.test(await pbx.cli('core show channels')));
});

proves('the connection test from the settings, and after it callers come through again', 'Asterisk', async () => {
  await app.click('settings');
  await app.click('settings-connection');
  await app.type('settings-echo', '600');
  await picture('settings-test');
  const { said } = await tested('passed');
  assert.match(said, /voice passes both ways/);
  await app.click('settings-close');
  await home();
  await until('the registration', async () => /1001\/sip:/.test(await pbx.cli('pjsip show contacts')));
  const call = await called();
  await app.click('settings');
  await app.click('settings-connection');
  assert.equal(await app.enabled('connection-test-run'), false);
  await app.click('settings-close');
  await app.click('end');
  await call.ended();
  await home();
});

proves('a blind transfer', 'two baresips', async () => {
  const call = await called();
  await app.click('transfer');
  await app.type('directory-search', '2002');
  await app.click('directory-result');
  await app.click('transfer-now');
  await Promise.all([desk.hears({ [OTHER]: true }), other.hears({ [DESK]: true, [AGENT]: false })]);
  await home();
  await call.hangup();
});

proves('a number that is busy says so', 'Asterisk', async () => {
  await app.type('dial-number', '608');
  await app.click('dial');
  await says('recent', /608[^]*The line is busy/);
});

proves('a contact is kept, found by its name and called', 'Asterisk', async () => {
  await app.click('recent-contact');
  await app.type('contact-name', 'Busy Bee');
  await app.click('contact-save');
  await says('recent', /Busy Bee/);
  await app.type('dial-number', 'bee');
  await picture('found');
  await app.click('found-call');
  await until('two rows of it', async () => (await texts('recent')).filter((row) => /Busy Bee/.test(row)).length === 2);
});

proves('do not disturb: the caller is told that the line is busy', 'baresip', async () => {
  await app.click('presence-menu');
  await app.click('presence-break-dnd');
  await says('presence-state', /Do not disturb/);
  const { status } = await (await desk.call('1001')).ended();
  assert.equal(status, 486);
  assert.equal(await app.is('offer'), false);
  await says('recent', /Desk One[^]*Do not disturb was on/);
  await picture('do-not-disturb');
  await app.click('presence-menu');
  await app.click('presence-available');
  await says('presence-state', /Available/);
  return `caller was told ${status}`;
});

proves('the voice mail light, which calls the box', 'Asterisk', async () => {
  // Somebody speaks for two seconds after the tone.
  await pbx.ami.action('Originate', {
    Channel: 'Local/620@phones/n', Application: 'Playback', Data: '/srv/pbx/sounds/played', Async: 'true',
  });
  await until('the light', async () =>
    (await app.driver.execute(`return document.querySelector('[data-testid="voicemail"]')?.dataset.new`)) === '1', 20000);
  await picture('voicemail');
  await app.click('voicemail');
  await state('connected');
  await says('call-number', /621/);
  await app.click('end');
  await home();
});

proves('calls and sign-in are there after a restart', 'Asterisk', async () => {
  await until('the sign-in to be kept', async () => /password = true/.test(await readFile(join(app.data, 'signin.toml'), 'utf8')));
  await app.close();
  app = await open();
  await app.click('signin-submit');
  await home();
  await until('the rows', async () => (await texts('recent')).some((row) => /Zoë Customer/.test(row)));
  const call = await called('1001');
  await app.click('end');
  await call.ended();
});

proves('nothing of it is in the log', 'Asterisk', async () => {
  const log = await readFile(app.log, 'utf8');
  for (const secret of [PASSWORD, '+15550123', 'Zoë']) assert.ok(!log.includes(secret), secret);
});
