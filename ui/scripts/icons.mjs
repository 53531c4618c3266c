// Renders ../icons/*.svg to the PNGs that the shell and the bundles need.
// Run by hand after a change of an SVG: `node scripts/icons.mjs`.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const icons = new URL('../../icons/', import.meta.url);
const wanted = [
  ['icon.svg', '32x32.png', 32],
  ['icon.svg', '128x128.png', 128],
  ['icon.svg', '256x256.png', 256],
  ['icon.svg', 'icon.png', 512],
  ...['available', 'break', 'busy', 'offline'].map((s) => [`tray-${s}.svg`, `tray-${s}.png`, 32]),
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage();
for (const [source, target, size] of wanted) {
  const svg = await readFile(new URL(source, icons), 'utf8');
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>html,body{margin:0;background:none}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`,
  );
  const path = fileURLToPath(new URL(target, icons));
  await page.screenshot({ path, omitBackground: true });
}
await browser.close();
