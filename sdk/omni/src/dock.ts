import type { Peer } from './link.js';
import { createShell, type Layout, type Shell } from './shell.js';
import type { Config } from './types.js';

/** Where the host page wants the toolbar. */
export const DIV = 'ameyoIframeDiv';

const ALLOW = 'loopback-network; local-network-access; local-network; clipboard-write';

export type Dock = ReturnType<typeof createDock>;

/** The toolbar's frame in the page. */
export function createDock(config: Config, instanceId: string, base: () => string) {
  let shell: Shell | undefined;
  let frame: HTMLIFrameElement | undefined;
  let loaded = () => {};

  function peer(kind: 'toolbar' | 'bridge'): Peer {
    return {
      kind,
      origin: new URL(base()).origin,
      window: () => frame?.contentWindow ?? null,
      open(onLoad) {
        loaded = onLoad;
        put(kind);
      },
    };
  }

  function put(kind: 'toolbar' | 'bridge'): void {
    const src = address(base(), kind, instanceId, config.context);
    if (!frame) {
      frame = existing(instanceId) ?? document.createElement('iframe');
      frame.id = instanceId;
      frame.title = 'Omnibar';
      frame.setAttribute('allow', ALLOW);
      frame.addEventListener('load', () => loaded());
    }
    // A frame that the page has made itself stays where the page wants it.
    if (frame.isConnected && !shell) {
      frame.src = src;
      return;
    }
    frame.src = src;
    if (!shell) {
      shell = createShell(instanceId);
      shell.hold(frame);
      keep(shell.root);
    }
    shell.show(kind === 'bridge' ? 'hidden' : layout(config.layout, document.getElementById(DIV)), frame);
  }

  // Single-page hosts throw their elements away and make them again.
  function keep(root: HTMLElement): void {
    const { ownerDocument: page } = root;
    const attach = () => {
      if (root.isConnected) return;
      const place = config.context === 'crm' ? page.getElementById(DIV) : page.body;
      if (!place) return;
      if (frame && root.dataset.omnibar !== 'hidden') shell?.show(layout(config.layout, place), frame);
      place.append(root);
    };
    attach();
    new MutationObserver(attach).observe(page, { childList: true, subtree: true });
  }

  return {
    /** To be tried in turn. */
    peers: (): Peer[] => (config.context === 'crm' ? [peer('toolbar'), peer('bridge')] : [peer('bridge')]),
    /** Why nothing has loaded, if the page is the cause. */
    missing: () => (frame?.isConnected === false ? `this page has no element with the id ${DIV}` : ''),
    ring: (on: boolean) => shell?.ring(on),
    /** Said in place of the toolbar. */
    say: (words: string) => shell?.say(words),
  };
}

/** The workspace, when it is what frames this page. */
export function workspace(base: string): Peer | null {
  const { origin } = new URL(base);
  if (parent === self || outer() !== origin) return null;
  return {
    kind: 'workspace',
    origin,
    window: () => parent,
    open: (loaded) => loaded(),
  };
}

// Without ancestorOrigins (Firefox) the referrer of a framed page is its parent's address.
function outer(): string {
  const [ancestor] = location.ancestorOrigins ?? [];
  if (ancestor) return ancestor;
  return URL.canParse(document.referrer) ? new URL(document.referrer).origin : '';
}

function address(base: string, kind: 'toolbar' | 'bridge', instance: string, context: string): string {
  const file = kind === 'toolbar' ? 'index' : 'bridge';
  return `${base}/omniapp/toolbar/${file}.html?${new URLSearchParams({ instance, context }).toString()}`;
}

function existing(id: string): HTMLIFrameElement | null {
  const found = document.getElementById(id);
  return found instanceof HTMLIFrameElement ? found : null;
}

function layout(wanted: Config['layout'], place: HTMLElement | null): Layout {
  if (wanted === 'docked' || wanted === 'floating') return wanted;
  const { width = 0, height = 0 } = place?.getBoundingClientRect() ?? {};
  return width > 0 && height > 0 ? 'docked' : 'floating';
}
