// The same with SIP.js.
import { clients } from './lib/clients.mjs';
import { matrix } from './lib/matrix.mjs';

matrix('sipjs', clients.sipjs, {
  absent: {
    'REGISTER, SHA-256': { why: 'SIP.js knows MD5 only', fails: /REGISTER: / },
    'DTMF from the PBX, RFC 4733': {
      why: 'Chromium tells a page nothing of telephone events', fails: /digit of a call|instead of digit/,
    },
    'registered again after the PBX has crashed': {
      why: 'SIP.js leaves it to the page to connect again', fails: /waited .* for a registration/,
    },
  },
});
