import { mount } from 'svelte';
import './app.css';
import { Bridge } from './dock/bridge';
import { net, tokens } from './dock/browser';
import Docked from './dock/Docked.svelte';
import { DockLink } from './dock/link';
import { parentPage } from './dock/parent';
import { whenSeen } from './dock/seen';
import { socketHost } from './host/socket';
import { App } from './state/app.svelte';

const link = new DockLink(net, tokens);
const host = socketHost(link);
whenSeen((seen) => host.seen(seen));
new Bridge(link, parentPage).start(window);
if (window.parent === window) {
  // Opened by itself, in a tab or a window of the browser: the centre's own page.
  const { origin } = location;
  link.begin(() => ({ origin, context: 'crm', instance: 'toolbar', app: '', app_version: '', last: null }));
}
const target = document.getElementById('app');
if (target) mount(Docked, { target, props: { app: new App(host), link } });
