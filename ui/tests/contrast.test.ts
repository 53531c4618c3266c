import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** WCAG 2.2: 1.4.3 text 4.5:1, 1.4.11 controls 3:1, for tokens that meet on the screen. */
const tokens = readTokens(readFileSync('src/tokens.css', 'utf8'));

const text: [string, string[]][] = [
  ['ink', ['bg', 'surface', 'sunken', 'raised', 'hover', 'accent-soft']],
  ['ink-2', ['bg', 'surface', 'sunken', 'raised', 'hover', 'accent-soft']],
  ['ink-3', ['bg', 'surface', 'sunken', 'raised', 'hover']],
  ['on-accent', ['accent', 'accent-hover']],
  ['on-ok', ['ok', 'ok-hover']],
  ['on-danger', ['danger', 'danger-hover']],
  ['accent-ink', ['bg', 'surface', 'accent-soft', 'hover']],
  ['ok-ink', ['bg', 'surface', 'raised', 'ok-soft', 'hover']],
  ['warn-ink', ['bg', 'surface', 'warn-soft']],
  ['danger-ink', ['bg', 'surface', 'raised', 'danger-soft']],
  ['bg', ['ink']],
];

const controls: [string, string[]][] = [
  ['outline', ['bg', 'surface', 'sunken', 'raised']],
  ['focus', ['bg', 'surface', 'raised', 'sunken']],
  ['accent', ['bg', 'surface']],
  ['ok', ['bg', 'surface']],
  ['danger', ['bg', 'surface']],
  ['on-accent', ['outline']],
];

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it.each(pairs(text))('%s on %s reads (4.5:1)', (front, back) => {
    expect(contrast(colour(front, theme), colour(back, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(pairs(controls))('%s on %s is seen (3:1)', (front, back) => {
    expect(contrast(colour(front, theme), colour(back, theme))).toBeGreaterThanOrEqual(3);
  });
});

it('no component names a colour of its own', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) =>
    f.endsWith('.svelte'),
  );
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    const style = /<style>([\s\S]*)<\/style>/.exec(readFileSync(`src/${file}`, 'utf8'))?.[1] ?? '';
    expect(style, file).not.toMatch(/#[0-9a-f]{3,8}\b|\brgb\(|\bhsl\(/i);
  }
});

function pairs(list: [string, string[]][]): [string, string][] {
  return list.flatMap(([front, backs]) => backs.map((back): [string, string] => [front, back]));
}

function readTokens(css: string): Map<string, [string, string]> {
  const found = new Map<string, [string, string]>();
  for (const [, name, light, dark] of css.matchAll(
    /--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g,
  )) {
    found.set(name!, [light!, dark!]);
  }
  for (const [, name, both] of css.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g))
    found.set(name!, [both!, both!]);
  return found;
}

function colour(name: string, theme: 'light' | 'dark'): string {
  const both = tokens.get(name);
  if (!both) throw new Error(`there is no token --${name}`);
  return both[theme === 'light' ? 0 : 1];
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}
