// Omnibar's own softphone without a window, with what browsers cannot be asked for.
import { clients } from './lib/clients.mjs';
import { answering } from './lib/features/answering.mjs';
import { conferring } from './lib/features/conferring.mjs';
import { sleeping } from './lib/features/sleeping.mjs';
import { surviving } from './lib/features/surviving.mjs';
import { telling } from './lib/features/telling.mjs';
import { matrix } from './lib/matrix.mjs';

matrix('omnibar', clients.omnibar, { groups: [answering, conferring, sleeping, surviving, telling] });
