import { Bridge } from './dock/bridge';
import { net, tokens } from './dock/browser';
import { DockLink } from './dock/link';
import { parentPage } from './dock/parent';

// The page sees nothing of this frame: it only asks and relays.
new Bridge(new DockLink(net, tokens), parentPage).start(window);
