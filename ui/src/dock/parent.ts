import type { Peer } from './bridge';

/** The page that holds this frame. */
export const parentPage: Peer = {
  window: () => (window.parent === window ? null : window.parent),
  context: 'crm',
  opaque: null,
  app: '',
  appVersion: '',
  instance: null,
};
