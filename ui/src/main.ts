import { mount } from 'svelte';
import './app.css';
import Root from './App.svelte';
import type { Host } from './host/host';
import { inTauri, tauri } from './host/tauri';
import { App } from './state/app.svelte';
import { fontReady } from './state/font';
import { words } from './words';

async function host(): Promise<Host | null> {
  if (__FIXTURES__) {
    const name = new URLSearchParams(location.search).get('fixture');
    if (name) return (await import('./host/fixture')).fixture(name);
  }
  return inTauri() ? tauri : null;
}

// Asked for at once: a page that is not shown yet would not.
void fontReady();
const target = document.getElementById('app');
const found = await host();
if (target && found) mount(Root, { target, props: { app: new App(found) } });
else if (target) target.textContent = `${words.notHere}. ${words.notHereNext}`;
