import { afterEach, describe, expect, it, vi } from 'vitest';
import type {
  CallFault,
  CertificateFault,
  ConnectionTestState,
  ServerFault,
  StepFault,
  View,
} from '../src/contract/generated';
import { account, exchange, tested } from '../src/host/fixture/exchangescenes';
// Loaded when it is opened; here before the clock stands still.
import '../src/features/settings/Settings.svelte';
import { call, offer } from '../src/host/fixture/views';
import { words } from '../src/words';
import { world } from './world';

afterEach(() => void vi.useRealTimers());

const out = { session: { state: 'signed_out', fault: null } } as const;
const fresh = { centre: '', user: null, password: false };
const kept = { centre: 'sip:1001@pbx.example', user: '1001', password: true, account };
const signIn = (view: Partial<View> = {}) => exchange({ desk: out, view: { remembered: kept, ...view } });
const button = (w: { get(id: string): HTMLElement }) => w.get('connection-test-run') as HTMLButtonElement;

it('tests what was typed, with the echo number, once all of it is there', async () => {
  const w = await world(exchange({ desk: out, view: { remembered: fresh } }));
  expect(w.find('connection-test')).toBeNull();
  await w.click('signin-way-exchange');
  await w.type('signin-address', '1001@pbx.example');
  await w.type('signin-server', account.server);
  expect(button(w).disabled).toBe(true);
  await w.type('signin-password', 'demo');
  await w.type('signin-echo', ' 600 ');
  expect(button(w).disabled).toBe(false);
  await w.click('connection-test-run');
  expect(w.sent().filter((i) => i.to === 'connection')).toEqual([
    {
      to: 'connection',
      ask: {
        do: 'test',
        of: {
          address: 'sip:1001@pbx.example',
          user: '1001',
          account: { ...account, display: '', voicemail: '', echo: '600' },
          password: 'demo',
        },
        echo: '600',
      },
    },
  ]);
});

it('leaves the password in the keychain where it is', async () => {
  const w = await world(signIn());
  await w.click('connection-test-run');
  const sent = w.sent().find((i) => i.to === 'connection');
  expect(sent).toMatchObject({ ask: { do: 'test', of: { password: null, account } } });
});

it('shows each step as it goes, says it, and can be stopped with the same button', async () => {
  const w = await world(signIn());
  const pressed = button(w);
  pressed.focus();
  await w.push(signIn({ connection: tested('web_socket') }));
  expect(w.all('connection-step').map((e) => e.dataset.state)).toEqual([
    'passed',
    'passed',
    'passed',
    'running',
    'waiting',
    'waiting',
    'waiting',
  ]);
  const said = w.get('connection-result');
  expect(said.getAttribute('role')).toBe('status');
  expect(said.textContent).toBe('Step 4 of 7: WebSocket ');
  expect(document.activeElement).toBe(pressed);
  expect(pressed.textContent).toContain('Stop');
  await w.settle();
  await w.click('connection-test-run');
  expect(w.sent()).toContainEqual({ to: 'connection', ask: { do: 'stop' } });
});

it('names what is wrong and what to do, and reads every step out', async () => {
  const server = { server: 'certificate', fault: 'expired', detail: 'long ago' } as const;
  const w = await world(signIn({ connection: tested('security', { fault: 'server', server }) }));
  const said = w.get('connection-result').textContent;
  expect(said).toContain('The certificate of the server has expired.');
  expect(said).toContain('renew it');
  const read = w.all('connection-step').map((e) => e.querySelector('.sr-only')!.textContent);
  expect(read).toEqual(['is well', 'is well', 'failed', 'not tried', 'not tried', 'not tried', 'not tried']);
});

it('forgets what was found when something else is typed, and stops what runs', async () => {
  const w = await world(signIn({ connection: tested(null) }));
  await w.type('signin-password', 'd');
  expect(w.sent()).toContainEqual({ to: 'connection', ask: { do: 'dismiss' } });
  await w.push(signIn({ connection: tested('port') }));
  await w.type('signin-server', 'wss://other.example/ws');
  expect(w.sent()).toContainEqual({ to: 'connection', ask: { do: 'stop' } });
});

it('tests the extension that is signed in from the settings, but not during a call', async () => {
  const w = await world(exchange());
  w.app.open('settings');
  await w.settle();
  await vi.dynamicImportSettled();
  await w.settle();
  await w.click('settings-connection');
  await w.type('settings-echo', '600');
  await w.click('connection-test-run');
  expect(w.sent()).toContainEqual({ to: 'connection', ask: { do: 'test', of: null, echo: '600' } });
  await w.push(exchange({ desk: { calls: [call()] } }));
  expect(w.find('connection-test-run') === null || button(w).disabled).toBe(true);
  await w.push(exchange({ desk: { calls: [offer()] } }));
  expect(w.find('connection-test-run') === null || button(w).disabled).toBe(true);
});

it('is not there at a contact centre', async () => {
  const w = await world(exchange({ desk: out, view: { remembered: fresh } }));
  expect(w.find('connection-test')).toBeNull();
});

describe('words', () => {
  const detail = 'unknown issuer';
  const certificates = {
    unknown_authority: 0,
    wrong_name: 0,
    expired: 0,
    not_yet_valid: 0,
    other: 0,
  } satisfies Record<CertificateFault, 0>;
  const servers: ServerFault[] = [
    { server: 'name_not_found' },
    { server: 'closed' },
    { server: 'timed_out' },
    { server: 'no_way', detail },
    { server: 'no_trust', detail },
    ...(Object.keys(certificates) as CertificateFault[]).map(
      (fault) => ({ server: 'certificate', fault, detail }) as const,
    ),
    { server: 'tls', detail },
    { server: 'http', status: 404 },
    { server: 'no_sip' },
    { server: 'broken', detail },
  ];
  const calls: CallFault[] = [
    { call: 'no_such_number' },
    { call: 'not_allowed' },
    { call: 'no_common_codec' },
    { call: 'ended', said: 'The line is busy.' },
    { call: 'unanswered' },
    { call: 'no_path' },
    { call: 'nothing_comes' },
    { call: 'nothing_returns' },
  ];
  const faults: StepFault[] = [
    ...servers.map((server) => ({ fault: 'server', server }) as const),
    { fault: 'refused', why: { fault: 'wrong_credentials' } },
    ...[403, 404, 500].map(
      (status) => ({ fault: 'refused', why: { fault: 'not_registered', status } }) as const,
    ),
    { fault: 'no_answer' },
    { fault: 'relay_refused', url: 'turn:relay.example' },
    { fault: 'relay_untrusted', url: 'turns:relay.example' },
    { fault: 'relay_silent', url: 'turn:relay.example' },
    ...calls.map((call) => ({ fault: 'call', call }) as const),
  ];

  it('has a cause of its own and a next step for each fault', () => {
    const said = faults.map((fault) => words.connection.fault(fault));
    expect(new Set(said.map(({ what }) => what)).size).toBe(faults.length);
    for (const { what, next } of said) {
      expect(what).toMatch(/^[A-Z][^{}]+[^.]$/);
      expect(next).toMatch(/^[A-Z].+\.$/);
    }
  });

  it('says how every test ended, and that voice was not tested where it was not', () => {
    const ends = {
      stopped: /stopped/,
      interrupted: /call came first/,
      in_call: /needs your line/,
      bad_address: /cannot be right/,
      no_password: /password is missing/,
    } satisfies Partial<Record<ConnectionTestState, RegExp>>;
    for (const [state, what] of Object.entries(ends)) {
      const said = words.connection.summary({ state: state as ConnectionTestState, steps: [] });
      expect(said.what).toMatch(what);
    }
    expect(words.connection.summary(tested(null)).what).toContain('voice passes both ways');
    const { steps } = tested(null);
    const some = { state: 'passed', steps: steps.slice(0, 5) } as const;
    expect(words.connection.summary(some).what).toContain('Voice was not tested');
  });
});
