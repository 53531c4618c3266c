// The baseline: what JsSIP in Chromium can do with this PBX.
import { clients } from './lib/clients.mjs';
import { matrix } from './lib/matrix.mjs';

matrix('jssip', clients.jssip, {
  absent: {
    'REGISTER, SHA-256': { why: 'JsSIP knows MD5 only', fails: /REGISTER: / },
    'DTMF from the PBX, RFC 4733': {
      why: 'Chromium tells a page nothing of telephone events', fails: /digit of a call|instead of digit/,
    },
  },
});
