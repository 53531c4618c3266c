// What holds the frame in the page: filling the div, or floating over the page with a bar
// to move it by and a button in the corner. Styles are set one by one, since a page's
// Content-Security-Policy may refuse style sheets; system colours follow the page's theme.

export type Layout = 'docked' | 'floating' | 'hidden';

const WIDTH = 375;
const HEIGHT = 667;
const BAR = 36;
const EDGE = 16;
const STEP = 16;
const TOP = '2147483000';

interface Place {
  /** Distance from the window's right and bottom edges, so that it stays at its corner. */
  right: number;
  bottom: number;
  small: boolean;
}

export type Shell = ReturnType<typeof createShell>;

export function createShell(instanceId: string) {
  const key = `omnibar:place:${instanceId}`;
  const place = read(key);
  let layout: Layout = 'hidden';

  const { root, bar, corner, pill, words } = parts();

  corner.onclick = () => resize(true);
  pill.onclick = () => resize(false);
  addEventListener('resize', () => draw());
  movable(bar, place, () => (save(key, place), draw()));

  function resize(small: boolean): void {
    place.small = small;
    save(key, place);
    draw();
    (small ? pill : corner).focus();
  }

  function draw(): void {
    const floats = layout === 'floating';
    root.dataset.omnibar = layout;
    bar.style.display = floats ? 'flex' : 'none';
    pill.style.display = floats && place.small ? 'block' : 'none';
    words.style.display = words.textContent && layout === 'hidden' ? 'block' : 'none';
    if (!floats) {
      style(root, { cssText: layout === 'docked' ? 'width:100%;height:100%' : '' });
      return;
    }
    place.right = clamp(place.right, innerWidth - WIDTH);
    place.bottom = clamp(place.bottom, innerHeight - HEIGHT - BAR);
    style(root, floating(place));
    pill.style.visibility = 'visible';
  }

  return {
    root,

    hold(frame: HTMLIFrameElement): void {
      words.after(frame);
    },

    show(next: Layout, frame: HTMLIFrameElement): void {
      layout = next;
      frame.style.cssText =
        next === 'hidden'
          ? 'display:none'
          : `display:block;border:0;width:100%;height:100%;flex:1;min-width:${WIDTH}px;${
              next === 'docked' ? `min-height:${HEIGHT}px` : 'min-height:0'
            }`;
      draw();
    },

    /** Said in place of the toolbar while it may not be shown. */
    say(text: string): void {
      words.textContent = text;
      draw();
    },

    /** A minimised toolbar must not hide that somebody calls. */
    ring(on: boolean): void {
      pill.textContent = on ? 'Incoming call' : 'Omnibar';
      style(
        pill,
        on ? { background: '#187741', color: '#fff' } : { background: 'Canvas', color: 'CanvasText' },
      );
    },
  };
}

function parts() {
  const root = element('div', {});
  const bar = element('div', BAR_STYLE);
  bar.tabIndex = 0;
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', 'Omnibar: move with the arrow keys');
  const corner = button('Minimise', { padding: '8px' });
  const pill = button('Omnibar', PILL_STYLE);
  const words = element('p', { margin: '0', padding: '16px', font: '400 14px/1.5 system-ui, sans-serif' });
  words.setAttribute('role', 'status');
  bar.append('Omnibar', corner);
  root.append(bar, words, pill);
  return { root, bar, corner, pill, words };
}

const BAR_STYLE = {
  display: 'flex',
  flex: 'none',
  alignItems: 'center',
  justifyContent: 'space-between',
  height: `${BAR}px`,
  paddingInline: '12px 4px',
  boxSizing: 'border-box',
  cursor: 'move',
  touchAction: 'none',
  userSelect: 'none',
  font: '500 13px/1 system-ui, sans-serif',
};

const PILL_STYLE = {
  position: 'fixed',
  insetInlineEnd: `${EDGE}px`,
  bottom: `${EDGE}px`,
  zIndex: TOP,
  height: '44px',
  padding: '0 20px',
  borderRadius: '22px',
  border: '1px solid GrayText',
  boxShadow: '0 2px 8px rgb(0 0 0 / 0.24)',
};

function floating({ right, bottom, small }: Place): Partial<CSSStyleDeclaration> {
  return {
    position: 'fixed',
    zIndex: TOP,
    right: `${right}px`,
    bottom: `${bottom}px`,
    width: `${WIDTH}px`,
    height: `min(${HEIGHT + BAR}px, 100dvh)`,
    display: 'flex',
    flexDirection: 'column',
    overflow: 'hidden',
    background: 'Canvas',
    color: 'CanvasText',
    borderRadius: '10px',
    boxShadow: '0 0 0 1px GrayText, 0 8px 28px rgb(0 0 0 / 0.24)',
    // The frame goes on running, and keeps its place in the layout.
    visibility: small ? 'hidden' : 'visible',
  };
}

function movable(bar: HTMLElement, place: Place, moved: () => void): void {
  let from: { x: number; y: number; right: number; bottom: number } | null = null;
  bar.onpointerdown = (event) => {
    if (event.target !== bar || event.button !== 0) return;
    bar.setPointerCapture(event.pointerId);
    from = { x: event.clientX, y: event.clientY, right: place.right, bottom: place.bottom };
  };
  bar.onpointermove = ({ clientX, clientY }) => {
    if (!from) return;
    place.right = from.right + from.x - clientX;
    place.bottom = from.bottom + from.y - clientY;
    moved();
  };
  bar.onpointerup = bar.onpointercancel = () => (from = null);
  bar.onkeydown = (event) => {
    const [x, y] =
      { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [];
    if (x === undefined || y === undefined || event.target !== bar) return;
    event.preventDefault();
    place.right += x * STEP;
    place.bottom += y * STEP;
    moved();
  };
}

function button(text: string, styles: Partial<CSSStyleDeclaration>): HTMLButtonElement {
  const made = element('button', {
    font: '500 13px/1 system-ui, sans-serif',
    border: '0',
    borderRadius: '6px',
    background: 'Canvas',
    color: 'CanvasText',
    cursor: 'pointer',
    ...styles,
  });
  made.type = 'button';
  made.textContent = text;
  return made;
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, styles: Partial<CSSStyleDeclaration>) {
  const made = document.createElement(tag);
  style(made, styles);
  return made;
}

function style(target: HTMLElement, styles: Partial<CSSStyleDeclaration>): void {
  Object.assign(target.style, styles);
}

const clamp = (value: number, most: number) => Math.max(0, Math.min(value, most));

function read(key: string): Place {
  try {
    const { right, bottom, small } = JSON.parse(localStorage.getItem(key) ?? 'null') as Place;
    if ([right, bottom].every(Number.isFinite)) return { right, bottom, small: small === true };
  } catch {
    // No place remembered, or none can be.
  }
  return { right: EDGE, bottom: EDGE, small: false };
}

function save(key: string, place: Place): void {
  try {
    localStorage.setItem(key, JSON.stringify(place));
  } catch {
    // Storage is refused or full: the toolbar starts at its corner next time.
  }
}
