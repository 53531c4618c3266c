// The same with SIP.js.
import { clients } from './lib/clients.mjs';
import { matrix } from './lib/matrix.mjs';

matrix('sipjs', clients.sipjs, {
  absent: {
    'REGISTER, SHA-256': 'SIP.js knows MD5 only',
    'DTMF from the PBX, RFC 4733': 'Chromium tells a page nothing of telephone events',
  },
});
