import { afterEach, expect, it, vi } from 'vitest';
import { account, exchange, session } from '../src/host/fixture/exchangescenes';
import { offer, maria } from '../src/host/fixture/views';
import { isServer, readExtension } from '../src/state/extension';
import { words } from '../src/words';
import { world } from './world';

afterEach(() => void vi.useRealTimers());

const fresh = { centre: '', user: null, password: false };
const out = (fault: { fault: 'wrong_credentials' } | null = null) =>
  ({ session: { state: 'signed_out', fault } }) as const;

it('signs in to a phone system with what was typed', async () => {
  const w = await world(exchange({ desk: out(), view: { remembered: fresh } }));
  await w.click('signin-way-exchange');
  await w.type('signin-address', ' 1001@pbx.example ');
  await w.type('signin-password', 'demo');
  expect((w.get('signin-submit') as HTMLButtonElement).disabled).toBe(true);
  await w.type('signin-server', 'wss://pbx.example/ws ');
  await w.type('signin-display', 'Robin Vale');
  await w.type('signin-voicemail', '621');
  await w.click('signin-submit');
  expect(w.sent()).toContainEqual({
    to: 'sign_in',
    centre: 'sip:1001@pbx.example',
    user: '1001',
    account,
    password: 'demo',
    remember: false,
    take_over: false,
  });
});

it('offers the extension that is remembered, with the password in the keychain', async () => {
  const remembered = { centre: 'sip:1001@pbx.example', user: '1001', password: true, account };
  const w = await world(exchange({ desk: out(), view: { remembered } }));
  expect((w.get('signin-server') as HTMLInputElement).value).toBe('wss://pbx.example/ws');
  await w.click('signin-submit');
  expect(w.sent().find((i) => i.to === 'sign_in')).toMatchObject({ password: null, account });
  // The centre's own fields are empty: an extension is no centre.
  await w.click('signin-way-centre');
  expect((w.get('signin-centre') as HTMLInputElement).value).toBe('');
  expect((w.get('signin-user') as HTMLInputElement).value).toBe('');
});

it('keeps the password for the account that it belongs to', async () => {
  const remembered = { centre: 'sip:1001@pbx.example', user: '1001', password: true, account };
  const w = await world(exchange({ desk: out(), view: { remembered } }));
  await w.type('signin-address', 'sip:1002@pbx.example');
  expect((w.get('signin-submit') as HTMLButtonElement).disabled).toBe(true);
});

it('says what is wrong with an address once it is left', async () => {
  const w = await world(exchange({ desk: out(), view: { remembered: fresh } }));
  await w.click('signin-way-exchange');
  await w.type('signin-address', 'nobody');
  expect(document.body.textContent).not.toContain('An address looks like');
  w.get('signin-address').blur();
  await w.pass(0);
  expect(document.body.textContent).toContain('An address looks like sip:1001@pbx.example');
});

it('says a fault in words about a phone system', async () => {
  const w = await world(exchange({ desk: out({ fault: 'wrong_credentials' }) }));
  expect(w.get('signin-fault').textContent).toContain('The phone system does not accept');
});

it('has words and a next step for each answer to a registration', () => {
  const said = [403, 404, 408, 500, null].map((status) =>
    words.signInFault({ fault: 'not_registered', status }, true),
  );
  expect(new Set(said.map(({ what }) => what)).size).toBe(4);
  for (const { what, next } of said) {
    expect(what).toMatch(/^[A-Z][^{}]+$/);
    expect(next).toMatch(/^[A-Z].+\.$/);
  }
});

it('reads addresses and servers as people write them', () => {
  const read = (text: string) => readExtension(text)?.address ?? null;
  expect(read('1001@pbx.example')).toBe('sip:1001@pbx.example');
  expect(read(' SIPS:1001@pbx.example:5061 ')).toBe('SIPS:1001@pbx.example:5061');
  expect(readExtension('sip:1001@pbx.example:5061')).toMatchObject({ user: '1001', host: 'pbx.example' });
  for (const bad of ['', '1001', 'sip:pbx.example', 'a b@c', 'wss://pbx.example/ws', `${'x'.repeat(65)}@h`]) {
    expect(read(bad)).toBeNull();
  }
  expect(isServer('wss://pbx.example/ws')).toBe(true);
  for (const bad of ['', 'pbx.example', 'https://pbx.example', 'wss://']) expect(isServer(bad)).toBe(false);
});

it('lights up for voice mail and calls the box', async () => {
  const w = await world(exchange());
  await w.settle();
  const light = w.get('voicemail');
  expect(light.textContent?.trim()).toBe('2');
  expect(light.getAttribute('aria-label')).toBe('2 new voice mails. Call the box');
  await w.click('voicemail');
  expect(w.asks()).toContainEqual({ do: 'dial', number: '621', campaign: null });
});

it('is dark without new voice mail, and cannot be pressed without a number', async () => {
  const w = await world(exchange({ view: { voicemail: { new: 0, old: 3, urgent: 0, number: null } } }));
  expect(w.get('voicemail').textContent?.trim()).toBe('');
  expect((w.get('voicemail') as HTMLButtonElement).disabled).toBe(true);
  await w.push(exchange({ view: { voicemail: null } }));
  expect(w.find('voicemail')).toBeNull();
});

it('shows nothing that only a centre has', async () => {
  const w = await world(exchange());
  expect(w.find('callbacks-open')).toBeNull();
  await w.type('dial-number', '+1 555 0134');
  expect(w.find('chat-start')).toBeNull();
});

it('shows who forwarded an offer, and no countdown', async () => {
  const by = { kind: 'agent', name: 'Agent Three', number: '1003' } as const;
  const offered = offer({ campaign: 'phone', queue: null, diverted: [{ by, reason: 'busy' }] });
  const w = await world(exchange({ desk: { calls: [offered] } }));
  expect(w.get('offer-diverted').textContent).toBe('For Agent Three, who was busy');
  expect(w.find('offer-seconds')).toBeNull();
  expect(w.get('offer').textContent).not.toContain('Telephone');
});

it('finds contacts by what is typed, and calls them', async () => {
  const w = await world(exchange());
  await w.type('dial-number', 'mar');
  await w.pass(500);
  expect(w.sent()).toContainEqual({ to: 'search', ask: { do: 'directory', text: 'mar' } });
  const entries = [
    { destination: { kind: 'number', id: maria.number! }, name: maria.name, available: true } as const,
  ];
  await w.push(exchange({ view: { directory: { text: 'mar', searching: false, entries: [...entries] } } }));
  await w.settle();
  await w.click('found-call');
  expect(w.asks()).toContainEqual({ do: 'dial', number: maria.number, campaign: null });
  expect((w.get('dial-number') as HTMLInputElement).value).toBe('');
});

it('keeps a caller as a contact', async () => {
  const w = await world(exchange());
  await w.settle();
  await w.click('recent-contact');
  await w.type('contact-name', 'Maria from Lisbon');
  await w.click('contact-save');
  const ask = { do: 'keep_contact', number: maria.number, name: 'Maria from Lisbon' } as const;
  expect(w.sent()).toContainEqual({ to: 'settings', ask });
  expect(w.find('contact-name')).toBeNull();
});

it('says why a call did not come about', async () => {
  const w = await world(exchange());
  expect(w.all('recent')[1]!.textContent).toContain('The line is busy');
});

it('misses the phone system, not a centre', async () => {
  const link = { state: 'reconnecting', attempt: 1, next_try_ms: 4_000 } as const;
  const w = await world(exchange({ desk: { session, link } }));
  expect(w.get('banner-link').textContent).toContain('The phone system is away');
});
