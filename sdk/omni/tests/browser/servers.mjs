// A centre (module, toolbar, bridge) and a CRM, each an origin of its own on 127.0.0.1.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const MODULE = readFileSync(new URL('../../dist/ameyo-sdk.js', import.meta.url));

// The frame's side of the protocol as src/messages.ts has it, with a core that gives the
// answers it was told, and echoes other calls.
const frame = (answers) => `
  const answers = ${JSON.stringify(answers)};
  const rights = { events: true, control: true, customers: true, dial: true };
  const events = JSON.parse(sessionStorage.getItem('events') ?? '[]');
  addEventListener('message', ({ data, source, origin }) => {
    if (source !== parent || data?.say !== 'hello') return;
    window.greeted = { origin, config: data.config };
    const { port1, port2 } = new MessageChannel();
    window.port = port1;
    parent.postMessage({ omnibar: 1, say: 'port' }, origin, [port2]);
    port1.onmessage = ({ data: { id, api, arguments: list } }) => port1.postMessage(api in answers ? { id, ...answers[api] } : { id, value: { api, list } });
    const { last } = data.config;
    const newest = events.length;
    const from = last?.epoch === 'e1' ? last.seq : newest;
    port1.postMessage({ say: 'way', way: 'loopback', words: '' });
    port1.postMessage({ say: 'welcome', epoch: 'e1', rights, lost: 0, seq: from });
    for (const event of events) if (event.seq > from) port1.postMessage(event);
  });
  window.raise = (event, payload) => {
    const made = { seq: events.length + 1, namespace: 'interaction', event, payload };
    events.push(made);
    sessionStorage.setItem('events', JSON.stringify(events));
    window.port.postMessage(made);
  };
  parent.postMessage({ omnibar: 1, say: 'ready' }, '*');
`;

// The workspace's side: it holds the app's frame, and knows a sandboxed one by its window only.
const WORKSPACE = `
  const query = new URLSearchParams(location.search);
  const app = document.createElement('iframe');
  app.id = 'app';
  if (query.has('sandbox')) app.setAttribute('sandbox', 'allow-scripts');
  addEventListener('message', ({ data, source, origin }) => {
    if (source !== app.contentWindow || data?.say !== 'hello') return;
    window.greeted = { origin, config: data.config };
    const { port1, port2 } = new MessageChannel();
    app.contentWindow.postMessage({ omnibar: 1, say: 'port' }, origin === 'null' ? '*' : origin, [port2]);
    port1.onmessage = ({ data: { id, api } }) => port1.postMessage({ id, value: api });
    port1.postMessage({ say: 'way', way: 'loopback', words: '' });
    const rights = { events: true, control: true, customers: true, dial: true };
    port1.postMessage({ say: 'welcome', epoch: 'e1', rights, lost: 0, seq: 0 });
  });
  app.src = query.get('app');
  document.body.append(app);
`;

const page = (script, body = '') =>
  `<!doctype html><html lang="en"><title>Test</title><link rel="icon" href="data:,">${body}<script type="module">${script}</script></html>`;

async function listen(answer) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  };
}

/** `ancestors` is the frame-ancestors of the toolbar. */
export function centre(ancestors = '*', answers = {}) {
  return listen(({ url }, response) => {
    const { pathname } = new URL(url, 'http://centre');
    const html = { 'content-type': 'text/html' };
    if (pathname === '/omniapp/sdk/ameyo-sdk.js') {
      response.writeHead(200, { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' });
      response.end(MODULE);
    } else if (pathname === '/omniapp/toolbar/index.html') {
      response.writeHead(200, { ...html, 'content-security-policy': `frame-ancestors ${ancestors}` });
      response.end(page(frame(answers), '<p>Toolbar</p>'));
    } else if (pathname === '/omniapp/toolbar/bridge.html') {
      response.writeHead(200, html);
      response.end(page(frame(answers)));
    } else if (pathname === '/omniapp/workspace/') {
      response.writeHead(200, html);
      response.end(page(WORKSPACE));
    } else {
      response.writeHead(404).end();
    }
  });
}

/** A page with the SDK of `centre`; `div` is the style of its place for the toolbar. */
export function crm(centreOrigin, { div = '', csp = '', layout, context = 'crm' } = {}) {
  const script = `
    const { default: sdk } = await import('${centreOrigin}/omniapp/sdk/ameyo-sdk.js');
    window.states = [];
    window.events = [];
    window.sdk = sdk.initialize({ context: '${context}', origin: location.origin, layout: ${JSON.stringify(layout)} });
    window.sdk.ui.register('omnibar:dock', (state) => window.states.push(state));
    await new Promise((resolve) => setTimeout(resolve, 50));
    window.sdk.crm.register('showCrm', (payload) => window.events.push(payload));
  `;
  return listen((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', ...(csp && { 'content-security-policy': csp }) });
    response.end(page(script, `<div id="ameyoIframeDiv" style="${div}"></div>`));
  });
}
