import type { Settings } from '../contract/generated';

/** Puts the settings on the document, and keeps them for public/boot.js. */
export function applyAppearance(settings: Pick<Settings, 'theme' | 'density' | 'text_size'>): void {
  const root = document.documentElement;
  const textSize = Math.min(200, Math.max(100, settings.text_size || 100));
  if (settings.theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = settings.theme;
  if (settings.density === 'compact') root.dataset.density = 'compact';
  else delete root.dataset.density;
  root.style.fontSize = textSize === 100 ? '' : `${textSize}%`;
  try {
    const kept = { theme: settings.theme, density: settings.density, textSize };
    localStorage.setItem('omnibar.appearance', JSON.stringify(kept));
  } catch {
    // No storage: the next start shows the system's theme until the first view.
  }
}
