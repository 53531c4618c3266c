// A scripted shift through the real window, with sound. Leaves target/shift/:
// report.json, a screenshot per step, what each side heard, the event log.
import { mkdir, rm, writeFile, copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { App } from './lib/app.mjs';
import { Desktop, root } from './lib/desktop.mjs';
import { Phone } from './lib/phone.mjs';
import { Ear, level, play, RATE } from './lib/sound.mjs';
import { run, until } from './lib/process.mjs';
import { Shift } from './lib/shift.mjs';
import { readWav, writeWav } from './lib/wav.mjs';

const out = process.argv[2] ?? join(root, 'target/shift');
await rm(out, { recursive: true, force: true });
await mkdir(join(out, 'customers'), { recursive: true });

const shift = new Shift(out);
let desktop, app, colleague, ear, voice;
try {
  await shift.step('open', async () => {
    desktop = await Desktop.open();
    app = await App.open(desktop, { record: join(out, 'customers') });
    shift.camera = () => app.driver.screenshot();
    ear = new Ear(desktop, 'agent_speaker');
    voice = play(desktop, 'mic_cable', await speech());
    await app.see('signin-submit');
  });
  await shift.step('sign in', () => app.begin());
  await shift.step('go available', async () => {
    await app.click('presence-menu');
    await app.click('presence-available');
  });
  await shift.step('a customer calls', () => app.see('offer-accept', 10000));
  await shift.step('answer', async () => {
    await app.click('offer-accept');
    await shift.state(app, /connected/i);
  });
  await shift.step('talk: the agent hears the customer', () => heard(ear));
  await shift.step('hold', async () => {
    await app.click('hold');
    await shift.state(app, /hold/i);
  });
  await shift.step('resume', async () => {
    await app.click('resume');
    await shift.state(app, /connected/i);
  });
  await shift.step('mute', async () => {
    await app.click('mute');
    await app.see('muted');
  });
  await shift.step('unmute', async () => {
    await app.click('mute');
    await shift.gone(app, 'muted');
  });
  await shift.step('press keys', async () => {
    await app.click('keypad');
    for (const key of ['key-1', 'key-2', 'key-hash']) await app.click(key);
    await app.click('keypad');
  });
  await shift.step('a colleague signs in', async () => {
    colleague = await Phone.open(desktop, {
      centre: app.centre, user: 'agent2', mic: 'second_mic', speaker: 'agent_headset',
      args: ['--auto-answer', '--campaign', 'outreach'],
    });
    await colleague.signedIn();
    colleague.say('ready');
    await colleague.wait('available', (e) => e.event === 'presence' && e.agent.state === 'available', { from: 0 });
  });
  await shift.step('consult the colleague', async () => {
    const answered = colleague.call('connected');
    await reach('transfer', 'agent2', 'agent:agent2', 'consult-first');
    await answered;
    await app.see('complete');
  });
  await shift.step('complete the warm transfer', async () => {
    await app.click('complete');
    await shift.state(app, /wrap/i);
  });
  await shift.step('dispose', () => dispose('Customer helped; handed over.'));
  await shift.step('the colleague has the customer', async () => {
    const ended = colleague.call('wrapping', { from: 0 });
    colleague.say('hangup');
    await ended;
    colleague.say('dispose resolved handed over by agent1');
    await colleague.wait('the end', (e) => e.event === 'gone');
    colleague.say('break lunch');
  });
  await shift.step('answer the next customer', answerNext);
  await shift.step('cold transfer to a queue', async () => {
    await reach('transfer', 'Sales', 'queue:sales', 'transfer-now');
    await shift.state(app, /wrap/i);
    await dispose('To sales.');
  });
  await shift.step('answer the customer who was sent to the queue', answerNext);
  await shift.step('conference with a number', async () => {
    await reach('conference', '+15550101', 'number:+15550101', 'consult-first');
    await app.click('merge', 20000);
    await app.see('drop-leg');
    await heard(ear);
  });
  await shift.step('drop one party', async () => {
    await app.driver.click('[data-testid="leg"]:last-of-type [data-testid="drop-leg"]');
    await shift.gone(app, 'drop-leg');
  });
  await shift.step('end', async () => {
    await app.click('end');
    await shift.state(app, /wrap/i);
  });
  await shift.step('dispose the last call', () => dispose('All done.'));
  await shift.step('take a break', async () => {
    await app.click('presence-menu');
    await app.click('presence-break-tea');
  });
} catch (error) {
  shift.fault ??= error;
} finally {
  if (ear) await writeWav(join(out, 'agent-heard.wav'), ear.all(), RATE);
  await voice?.stop();
  await ear?.stop();
  if (colleague) {
    await writeFile(join(out, 'colleague-events.jsonl'), colleague.events.map((e) => JSON.stringify(e)).join('\n'));
    await colleague.close();
  }
  shift.camera = null;
  await app?.close().catch(() => {});
  if (app) await copyFile(app.log, join(out, 'events.log')).catch(() => {});
  await desktop?.close();
}
await shift.step('the customers heard the agent', customersHeard).catch(() => {});
process.exitCode = await shift.finish();

/** Every customer's recording has, on its right channel, something that was said. */
async function customersHeard() {
  const folder = join(out, 'customers');
  const files = (await readdir(folder)).filter((f) => /^customer.*\.wav$/.test(f));
  if (files.length < 2) throw new Error(`only ${files.length} customers recorded what they heard`);
  for (const file of files) {
    const [, heardByCustomer] = await readWav(join(folder, file));
    if (level(heardByCustomer) < 0.005) throw new Error(`${file}: the customer heard nothing`);
  }
}

/** Speech for the agent's microphone. */
async function speech() {
  const raw = await run('sh', ['-c', 'espeak-ng -v en-us -s 150 --stdout "$1" | sox -t wav - -t s16 -r 48000 -c 1 -', 'sh',
    'Thank you for calling. My name is agent one. I have your account in front of me, and I am going to help you with that right away.'],
  { binary: true });
  return Float32Array.from({ length: raw.length >> 1 }, (_, i) => raw.readInt16LE(2 * i) / 32768);
}

/** Something louder than the noise of a quiet line, within eight seconds. */
async function heard(listener) {
  for (let i = 0; i < 16; i++) {
    if (level(await listener.next(0.5)) > 0.01) return;
  }
  throw new Error('nothing was heard');
}

async function reach(panel, text, destination, how) {
  await app.click(panel);
  await app.type('directory-search', text);
  // Results that have just moved take no click: press again, as a person would.
  await until(`${destination} to be chosen`, async () => {
    await app.driver.click(`[data-destination="${destination}"]`);
    return app.enabled(how);
  });
  await app.click(how);
}

async function answerNext() {
  await app.click('presence-menu');
  await app.click('presence-available');
  await app.click('offer-accept', 15000);
  await shift.state(app, /connected/i);
}

async function dispose(note) {
  await app.click('disposition-class');
  await app.click('disposition-code');
  await app.type('note', note);
  await app.click('dispose');
  await shift.gone(app, 'dispose');
}
