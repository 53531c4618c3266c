// Serves the demo CRM on 127.0.0.1: node serve.mjs [PORT] [CENTRE]
//   PORT    0 takes a free one; 5151 by default
//   CENTRE  where the contact centre is, http://127.0.0.1:7340 by default
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const FOLDERS = { plain: 'plain', shared: 'shared', react: join('react', 'dist') };
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

const [port = '5151', address = 'http://127.0.0.1:7340'] = process.argv.slice(2);
const { origin: centre } = new URL(address);

const POLICY = [
  "default-src 'none'",
  `script-src 'self' ${centre}`,
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  `frame-src ${centre}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The file of a request; `null` for what is not the demo's. */
function file(url) {
  const { pathname } = new URL(url, 'http://crm');
  const [, folder, ...rest] = normalize(decodeURIComponent(pathname)).split(sep);
  if (!Object.hasOwn(FOLDERS, folder)) return null;
  const name = rest.join(sep) || 'index.html';
  return extname(name) in TYPES ? join(ROOT, FOLDERS[folder], name) : null;
}

async function answer(url) {
  if (url === '/') return [302, { location: '/plain/' }, ''];
  let path = null;
  try {
    path = file(url);
    if (!path) return [404, {}, 'Not here'];
    const content = await readFile(path, 'utf8');
    const text = content.replace(
      '<meta name="centre" content="" />',
      `<meta name="centre" content="${centre}" />`,
    );
    return [200, { 'content-type': `${TYPES[extname(path)]}; charset=utf-8` }, text];
  } catch {
    const unbuilt = path?.includes(FOLDERS.react) ? ': build it with npm ci && npm run build in react/' : '';
    return [404, {}, `Not here${unbuilt}`];
  }
}

const server = createServer(async ({ url, method }, response) => {
  const [status, headers, text] = method === 'GET' ? await answer(url) : [405, { allow: 'GET' }, ''];
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(text);
});
server.listen(Number(port), '127.0.0.1', () => {
  console.log(
    `The demo CRM is at http://127.0.0.1:${server.address().port}/plain/ and /react/, the centre at ${centre}`,
  );
});
