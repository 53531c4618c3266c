import type { TurnServer } from '../../contract/generated';

/** Reads a STUN or TURN address (RFC 7064, RFC 7065); `null` when it is none. */
export function readServerUrl(text: string): string | null {
  const url = text.trim();
  const host = '(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9.-]+)';
  const stun = new RegExp(`^stuns?:${host}(:\\d{1,5})?$`, 'i');
  const turn = new RegExp(`^turns?:${host}(:\\d{1,5})?(\\?transport=(udp|tcp))?$`, 'i');
  return stun.test(url) || turn.test(url) ? url : null;
}

/** One server asks one user for one password. */
export function isSame(a: TurnServer, b: TurnServer): boolean {
  return a.url === b.url && a.username === b.username;
}
