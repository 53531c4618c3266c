/** What a framed page is told of the workspace's looks (contract: TB-15). */
export interface ThemeMessage {
  omnibar: 1;
  say: 'theme';
  theme: 'light' | 'dark';
  density: 'comfortable' | 'compact';
  /** Per cent. */
  textSize: number;
  /** CSS colours by name of the design token, without the dashes. */
  colours: Record<string, string>;
}

const COLOURS = ['bg', 'surface', 'ink', 'ink-2', 'line', 'accent', 'on-accent', 'ok', 'danger'] as const;

/** Tells the page now and at each change; it may ask again with `{omnibar: 1, say: "theme"}`. */
export function sendTheme(page: () => Window | null): () => void {
  // Looks are no secret, and the page may be of an origin that has no name.
  const send = () => page()?.postMessage(readTheme(), '*');
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const observer = new MutationObserver(send);
  observer.observe(document.documentElement, { attributes: true });
  const onAsk = (event: MessageEvent) => {
    const data: unknown = event.data;
    const asks = typeof data === 'object' && data !== null && 'say' in data && data.say === 'theme';
    if (asks && event.source === page()) send();
  };
  dark.addEventListener('change', send);
  window.addEventListener('message', onAsk);
  send();
  return () => {
    observer.disconnect();
    dark.removeEventListener('change', send);
    window.removeEventListener('message', onAsk);
  };
}

export function readTheme(): ThemeMessage {
  const root = document.documentElement;
  const chosen = root.dataset.theme;
  const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  return {
    omnibar: 1,
    say: 'theme',
    theme: dark ? 'dark' : 'light',
    density: root.dataset.density === 'compact' ? 'compact' : 'comfortable',
    textSize: Number.parseFloat(root.style.fontSize) || 100,
    colours: Object.fromEntries(COLOURS.map((name) => [name, colour(name)])),
  };
}

/** The colour as it is in force now: `light-dark()` means nothing in another page. */
function colour(name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
