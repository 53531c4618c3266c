// The far side of the SDK in unit tests: a frame's window, and what it says on its port.
import { vi } from 'vitest';
import type { FromFrame, Hello } from '../src/messages';

export const BASE = 'https://centre.example';
export const RIGHTS = { events: true, control: true, customers: true, dial: true };

export interface Said {
  hello: Hello;
  target: string;
}

export function farWindow() {
  const said: Said[] = [];
  const window = {
    postMessage: (hello: Hello, target: string) => said.push({ hello: structuredClone(hello), target }),
  };
  return { said, window: window as unknown as Window };
}

/** As the browser delivers it. jsdom knows neither sources nor ports of its own messages. */
export function arrive(message: {
  data: unknown;
  source: unknown;
  origin: string;
  ports?: MessagePort[];
}): void {
  const event = new Event('message');
  for (const [key, value] of Object.entries({ ports: [], ...message }))
    Object.defineProperty(event, key, { value });
  dispatchEvent(event);
}

/** A port whose far end notes what it gets, synchronously: no clock is needed to wait for it. */
export function line() {
  const got: unknown[] = [];
  const near = {
    onmessage: null as ((event: { data: FromFrame }) => void) | null,
    postMessage: (data: unknown) => void got.push(structuredClone(data)),
    close: vi.fn(),
  };
  return {
    got,
    near: near as unknown as MessagePort,
    closed: near.close,
    say: (...frames: FromFrame[]) => frames.forEach((data) => near.onmessage?.({ data })),
  };
}

export function welcome(over: Partial<Extract<FromFrame, { say: 'welcome' }>> = {}): FromFrame {
  return { say: 'welcome', epoch: 'e1', rights: RIGHTS, lost: 0, seq: 0, ...over };
}

/** Lets promises go on, whatever the clock. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 12; i += 1) await Promise.resolve();
}
