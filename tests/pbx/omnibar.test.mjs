// Omnibar's own softphone without a window, with what browsers cannot be asked for.
import { clients } from './lib/clients.mjs';
import { answering } from './lib/features/answering.mjs';
import { conferring } from './lib/features/conferring.mjs';
import { surviving } from './lib/features/surviving.mjs';
import { telling } from './lib/features/telling.mjs';
import { matrix } from './lib/matrix.mjs';

const ONLY_OPUS = { why: 'it speaks Opus only', fails: /instead of|no_common_media/ };

matrix('omnibar', clients.omnibar, {
  groups: [answering, conferring, surviving, telling],
  absent: {
    'echo in audio/G722': ONLY_OPUS,
    'echo in audio/PCMU': ONLY_OPUS,
    // 1006, which takes keys as messages, has G.711 only.
    'DTMF to the PBX, INFO': ONLY_OPUS,
    'TURN only': { why: 'it takes TURN servers from a centre only', fails: /no TURN server/ },
  },
});
