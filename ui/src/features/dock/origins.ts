import type { Rights } from '../../contract/generated';

export const NO_RIGHTS: Rights = { events: false, control: false, customers: false, dial: false };
export const ALL_RIGHTS: Rights = { events: true, control: true, customers: true, dial: true };
export const RIGHTS = ['events', 'control', 'customers', 'dial'] as const;

/** An origin in parts, so that what names its owner can stand out. */
export interface Address {
  scheme: string;
  host: string;
  /** With its colon, or empty. */
  port: string;
  /** Letters beyond ASCII, which can look like others (RFC 3492): the host is in punycode. */
  punycode: boolean;
  /** Others on the network can read along. */
  open: boolean;
}

export function address(origin: string): Address {
  // What is no URL is shown as it is.
  if (!URL.canParse(origin)) {
    return { scheme: '', host: origin, port: '', punycode: false, open: false };
  }
  const url = new URL(origin);
  const labels = url.hostname.split('.');
  return {
    scheme: `${url.protocol}//`,
    host: url.hostname,
    port: url.port && `:${url.port}`,
    punycode: labels.some((label) => label.startsWith('xn--')),
    open: url.protocol !== 'https:' && !isThisMachine(url.hostname),
  };
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || host.startsWith('127.');
}
