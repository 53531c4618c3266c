import { render } from '@testing-library/svelte';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { appPath, readPlace } from '../src/workspace/place';
import { sandboxOf } from '../src/workspace/sandbox';
import { readTheme } from '../src/workspace/theme';
import Workspace from '../src/workspace/Workspace.svelte';

beforeEach(() => {
  const query = { matches: false, addEventListener: () => undefined, removeEventListener: () => undefined };
  vi.stubGlobal('matchMedia', () => query);
  location.hash = '';
});

const crm = 'https://crm.example/pop?phone=%2B15550101&i=i1';
const at = (...parts: string[]) => `#${parts.join('&')}`;
const shown = (url: string) => `crm=${encodeURIComponent(url)}`;

describe('what the workspace shows', () => {
  it('is the CRM’s page and the apps of the slots', () => {
    expect(readPlace(at(shown(crm), 'app=notes%2F1.0%2Fpanel-4', 'app=map%2F2%2Fscreen-1'))).toEqual({
      crm,
      apps: [
        { name: 'notes', version: '1.0', slot: 'panel-4' },
        { name: 'map', version: '2', slot: 'screen-1' },
      ],
    });
    expect(appPath({ name: 'notes', version: '1.0', slot: '' })).toBe('/si/notes/1.0/');
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//evil.example', 'x', ''])(
    'is no page of the web: %s',
    (url) => expect(readPlace(at(shown(url))).crm).toBeNull(),
  );

  it.each(['../admin/x', 'a', '/b', 'a/../b', '%2e%2e/1', 'a b/1'])('is no app: %s', (app) => {
    expect(readPlace(`#app=${encodeURIComponent(app)}`).apps).toEqual([]);
  });
});

it('an app gets no origin, and nothing may lead the workspace elsewhere', () => {
  expect(sandboxOf('notes')).not.toContain('allow-same-origin');
  expect(sandboxOf('')).toContain('allow-same-origin');
  for (const sandbox of [sandboxOf('notes'), sandboxOf('')]) expect(sandbox).not.toContain('top-navigation');
});

it('frames are told the looks', () => {
  document.documentElement.dataset.theme = 'dark';
  expect(readTheme()).toMatchObject({
    omnibar: 1,
    say: 'theme',
    theme: 'dark',
    density: 'comfortable',
    textSize: 100,
  });
  delete document.documentElement.dataset.theme;
  expect(readTheme().theme).toBe('light');
});

describe('the page', () => {
  const frames = () => [...document.querySelectorAll<HTMLIFrameElement>('[data-testid="workspace-frame"]')];
  const go = async (hash: string) => {
    location.hash = hash;
    window.dispatchEvent(new HashChangeEvent('hashchange'));
    await tick();
  };

  it('says that nothing is set up', () => {
    render(Workspace);
    expect(document.querySelector('[data-testid="workspace-empty"]')?.textContent).toContain('No CRM page');
    expect(frames()).toEqual([]);
  });

  it('follows the call, and leaves the apps running', async () => {
    location.hash = at(shown('about:blank'), 'app=notes%2F1.0%2Fpanel-4');
    render(Workspace);
    const [notes] = frames();
    expect(notes?.getAttribute('src')).toBe('/si/notes/1.0/');
    expect(notes?.getAttribute('sandbox')).toBe(sandboxOf('notes'));
    await go(at(shown(crm), 'app=notes%2F1.0%2Fpanel-4'));
    expect(frames().map((f) => f.getAttribute('src'))).toEqual([crm, '/si/notes/1.0/']);
    expect(frames()[1]).toBe(notes);
    // Whose page it is can be read beside it.
    expect(document.querySelector('[data-testid="workspace-crm"]')?.textContent).toContain('crm.example');
    await go(at(shown('https://crm.example/next'), 'app=notes%2F1.0%2Fpanel-4'));
    expect(frames()[0]?.getAttribute('src')).toBe('https://crm.example/next');
  });
});
