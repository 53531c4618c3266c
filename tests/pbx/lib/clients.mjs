// The clients that are checked and measured, by name: how one is opened at a PBX. The first is
// what the others are compared with.

import { Softphone } from './softphone.mjs';

export const clients = {
  jssip: (rig, { url, ...phone }) => rig.browser.phone(url, { stack: 'jssip', ...phone }),
  sipjs: (rig, { url, ...phone }) => rig.browser.phone(url, { stack: 'sipjs', ...phone }),
  omnibar: (rig, phone) => Softphone.open(rig.pbx, phone),
};
