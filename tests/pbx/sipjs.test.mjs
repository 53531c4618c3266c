// The same with SIP.js.
import { matrix } from './lib/matrix.mjs';

matrix('sipjs', (rig, { url, ...phone }) => rig.browser.phone(url, { stack: 'sipjs', ...phone }), {
  absent: {
    'REGISTER, SHA-256': 'SIP.js knows MD5 only',
    'DTMF from the PBX, RFC 4733': 'Chromium tells a page nothing of telephone events',
  },
});
