/** `sip:1001@pbx.example`, where a centre has `wss://centre.example`. */
export function isExtension(address: string): boolean {
  return /^sips?:/i.test(address.trim());
}

/** An address as people write it, with its scheme; `null`: it names nobody. */
export function readExtension(text: string): { address: string; user: string; host: string } | null {
  const typed = text.trim();
  const address = isExtension(typed) ? typed : `sip:${typed}`;
  const read = /^sips?:([^@:;?\s]{1,64})@([^@;?\s]+)$/i.exec(address);
  return read ? { address, user: read[1]!, host: read[2]!.replace(/:\d+$/, '') } : null;
}

/** Where a telephone system takes SIP (RFC 7118). */
export function isServer(text: string): boolean {
  try {
    const url = new URL(text.trim());
    return (url.protocol === 'ws:' || url.protocol === 'wss:') && url.hostname !== '';
  } catch {
    return false;
  }
}
