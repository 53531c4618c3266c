import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import sdk, { type Config, type DockState, type OmniSdk } from '../src/ameyo-sdk';
import { CALLS } from '../src/generated';
import { MOST_CALLS } from '../src/calls';
import { SILENT_MS } from '../src/link';
import { BASE, arrive, line, settled, welcome } from './frame';

let instance = 0;

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
  localStorage.clear();
  document.body.innerHTML = '<div id="ameyoIframeDiv"></div>';
});

afterEach(() => vi.useRealTimers());

function initialize(over: Partial<Config> = {}): { handle: OmniSdk; id: string } {
  const id = `frame${(instance += 1)}`;
  const handle = sdk.initialize({
    context: 'crm',
    origin: location.origin,
    baseUrl: BASE,
    instanceId: id,
    ...over,
  });
  return { handle, id };
}

const frame = (id: string) => document.getElementById(id) as HTMLIFrameElement;

function connect(id: string) {
  const port = line();
  const { contentWindow: source } = frame(id);
  arrive({ data: { omnibar: 1, say: 'port' }, source, origin: BASE, ports: [port.near] });
  return port;
}

describe('initialize', () => {
  test('throws what is missing or wrong', () => {
    const thrown = (config: unknown) => {
      try {
        sdk.initialize(config as Config);
      } catch (error) {
        return (error as { errorCode: number }).errorCode;
      }
    };
    expect(thrown(undefined)).toBe(2001);
    expect(thrown({ context: 'crm' })).toBe(2001);
    expect(thrown({ origin: location.origin })).toBe(2001);
    expect(thrown({ context: 'page', origin: location.origin })).toBe(2001);
    expect(thrown({ context: 'crm', origin: 'https://other.example' })).toBe(1003);
    expect(thrown({ context: 'crm', origin: location.origin, baseUrl: 'javascript:alert(1)' })).toBe(2001);
  });

  test('takes an origin with a path, as some pages have it', () => {
    expect(initialize({ origin: `${location.origin}/crm/` }).handle.session).toBeDefined();
  });

  test('returns the same handle for the same frame', () => {
    const { handle, id } = initialize();
    expect(sdk.initialize({ context: 'crm', origin: location.origin, instanceId: id })).toBe(handle);
    expect(initialize().handle).not.toBe(handle);
    expect(document.querySelectorAll(`[id=${id}]`)).toHaveLength(1);
  });

  test('puts the toolbar in the div with what it needs', () => {
    const { id } = initialize();
    const made = frame(id);
    expect(document.getElementById('ameyoIframeDiv')?.contains(made)).toBe(true);
    expect(made.src).toBe(`${BASE}/omniapp/toolbar/index.html?instance=${id}&context=crm`);
    expect(made.getAttribute('allow')).toBe(
      'loopback-network; local-network-access; local-network; clipboard-write',
    );
    expect(made.title).toBe('Omnibar');
  });

  test('waits for the div, and comes back when the page makes it again', async () => {
    document.body.innerHTML = '';
    const { id } = initialize();
    expect(frame(id)).toBeNull();
    for (let i = 0; i < 2; i += 1) {
      document.body.innerHTML = '<main><div id="ameyoIframeDiv"></div></main>';
      await settled();
      expect(frame(id).isConnected).toBe(true);
    }
  });

  test('uses a frame that the page has made itself', () => {
    document.body.innerHTML = '<iframe id="mine"></iframe>';
    sdk.initialize({ context: 'crm', origin: location.origin, baseUrl: BASE, instanceId: 'mine' });
    expect(document.querySelectorAll('iframe')).toHaveLength(1);
    expect(frame('mine').src).toContain('/omniapp/toolbar/index.html');
    expect(frame('mine').getAttribute('allow')).toContain('loopback-network');
  });

  test('in an app that nobody frames speaks by a hidden bridge', () => {
    document.body.innerHTML = '';
    const { id } = initialize({ context: 'app' });
    expect(frame(id).src).toBe(`${BASE}/omniapp/toolbar/bridge.html?instance=${id}&context=app`);
    expect(frame(id).style.display).toBe('none');
  });
});

describe('layout', () => {
  const root = (id: string) => frame(id).parentElement as HTMLElement;

  test('floats over a page whose div has no size, and fills one that has', () => {
    const { id: floating } = initialize();
    expect(root(floating).dataset.omnibar).toBe('floating');
    const size = { width: 400, height: 700 } as DOMRect;
    vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(size);
    const { id: docked } = initialize();
    expect(root(docked).dataset.omnibar).toBe('docked');
    expect(frame(docked).style.minHeight).toBe('667px');
    const { id: asked } = initialize({ layout: 'floating' });
    expect(root(asked).style.width).toBe('375px');
  });

  test('moves by the arrow keys and remembers where', () => {
    const { id } = initialize();
    const bar = root(id).querySelector('[role=group]') as HTMLElement;
    bar.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' }));
    bar.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' }));
    expect(root(id).style.right).toBe('48px');
    expect(JSON.parse(localStorage.getItem(`omnibar:place:${id}`) ?? '')).toMatchObject({ right: 48 });
  });

  test('folds into a corner button that says when somebody calls', () => {
    const { id } = initialize();
    const [corner, pill] = root(id).querySelectorAll('button') as unknown as [HTMLElement, HTMLElement];
    expect(pill.style.display).toBe('none');
    corner.click();
    expect(root(id).style.visibility).toBe('hidden');
    expect([pill.style.display, pill.textContent]).toEqual(['block', 'Omnibar']);
    const { say } = connect(id);
    say(welcome(), { seq: 1, namespace: 'interaction', event: 'callRinging', payload: {} });
    expect(pill.textContent).toBe('Incoming call');
    say({ seq: 2, namespace: 'interaction', event: 'interactionConnected', payload: {} });
    expect(pill.textContent).toBe('Omnibar');
    pill.click();
    expect(root(id).style.visibility).toBe('visible');
    expect(document.activeElement).toBe(corner);
  });

  test('a refused toolbar leaves words in its place and a bridge behind them', () => {
    vi.spyOn(console, 'info').mockImplementation(() => undefined);
    const { handle, id } = initialize({ layout: 'docked' });
    const states: DockState[] = [];
    void handle.ui.register('omnibar:dock', (state) => states.push(state));
    frame(id).dispatchEvent(new Event('load'));
    vi.advanceTimersByTime(SILENT_MS);
    expect(frame(id).src).toContain('/bridge.html');
    expect(frame(id).style.display).toBe('none');
    connect(id).say({ say: 'way', way: 'loopback', words: '' }, welcome());
    const status = root(id).querySelector('[role=status]') as HTMLElement;
    expect(status.textContent).toMatch(/may not be shown in this page/);
    expect(status.style.display).toBe('block');
    expect(states.at(-1)).toMatchObject({
      frame: 'bridge',
      state: 'open',
      way: 'loopback',
      words: status.textContent,
    });
    expect(console.info).toHaveBeenCalledTimes(1);
  });
});

describe('the handle', () => {
  test('has every call by name and alias, and sends the name', async () => {
    const { handle, id } = initialize();
    const { say, got } = connect(id);
    say(welcome());
    const sent: string[] = [];
    for (const [space, names] of Object.entries(CALLS)) {
      for (const entry of names.split(' ').filter(Boolean)) {
        const [name = '', canonical = name] = entry.split('=');
        const own = handle[space as keyof typeof CALLS] as unknown as Record<string, () => Promise<unknown>>;
        own[name]?.().catch(() => undefined);
        sent.push(`${space}.${canonical}`);
      }
    }
    void handle.onLoadHandler(true).catch(() => undefined);
    await settled();
    expect(sent.length).toBeLessThan(MOST_CALLS);
    expect(got.map((call) => (call as { api: string }).api)).toEqual([...sent, 'onLoadHandler']);
    expect(new Set(sent).size).toBe(42);
  });

  test('registers before the page is let in, and resolves then', async () => {
    const { handle, id } = initialize();
    const heard = vi.fn();
    const resolved = vi.fn();
    handle.interaction.register('integrationInitiated', heard).then(resolved, resolved);
    const { say } = connect(id);
    await settled();
    expect(resolved).not.toHaveBeenCalled();
    say(welcome(), {
      seq: 1,
      namespace: 'interaction',
      event: 'interactionInitiated',
      payload: { campaignId: 1 },
    });
    await settled();
    expect(resolved).toHaveBeenCalledWith(undefined);
    expect(heard).toHaveBeenCalledWith({ campaignId: 1 });
    await handle.crm.unregister('interactionInitiated', heard);
    say({ seq: 2, namespace: 'interaction', event: 'interactionInitiated', payload: {} });
    expect(heard).toHaveBeenCalledTimes(1);
  });

  test('rejects an event that does not exist', async () => {
    const { handle } = initialize();
    const wrong = handle.crm.register('showCard' as 'showCrm', () => undefined);
    await expect(wrong).rejects.toEqual({
      errorType: 'DATA_NOT_FOUND',
      errorCode: 4000,
      description: 'there is no event showCard',
    });
  });

  test('tells the page\u2019s own state without the toolbar', async () => {
    const { handle } = initialize();
    const states: string[] = [];
    const visible: boolean[] = [];
    await handle.ui.register('sendLifecycleEvent', (state) => states.push(state));
    await handle.ui.register('windowVisibilityChanged', ({ isVisible }) => visible.push(isVisible));
    expect(states).toEqual(['loaded', expect.stringMatching(/^(focused|blurred)$/)]);
    states.length = 0;
    for (const name of ['blur', 'focus', 'pagehide']) dispatchEvent(new Event(name));
    expect(states).toEqual(['blurred', 'focused', 'unloaded']);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(visible).toEqual([true]);
  });

  test('says in a TIMEOUT why it waited', async () => {
    document.body.innerHTML = '';
    const { handle } = initialize();
    const call = handle.session.getCurrentUser();
    const rejected = expect(call).rejects.toMatchObject({
      errorCode: 1000,
      description: /id ameyoIframeDiv/,
    });
    await settled();
    vi.advanceTimersByTime(20_000);
    await rejected;
  });

  test('reads and changes the base', async () => {
    const { handle, id } = initialize();
    expect(await handle.getBaseUrl()).toBe(BASE);
    await expect(handle.setBaseUrl('')).rejects.toMatchObject({ errorCode: 2001 });
    await expect(handle.setBaseUrl('data:text/html,x')).rejects.toMatchObject({ errorCode: 2001 });
    await handle.setBaseUrl('https://other.example/');
    expect(await sdk.getBaseUrl()).toBe('https://other.example');
    expect(frame(id).src).toContain('https://other.example/omniapp/toolbar/index.html');
    // The old centre has nothing to say any more.
    const old = line();
    const { contentWindow: source } = frame(id);
    arrive({ data: { omnibar: 1, say: 'port' }, source, origin: BASE, ports: [old.near] });
    old.say(welcome());
    const login = handle.session.login('agent1', 'secret').catch(() => undefined);
    await settled();
    expect(old.got).toEqual([]);
    vi.advanceTimersByTime(20_000);
    await login;
  });
});
