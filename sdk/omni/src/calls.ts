import { failure } from './errors.js';
import { sendable } from './forms.js';
import type { Call, SdkError } from './messages.js';

/** A call that is not answered in this time is rejected. */
export const CALL_TIMEOUT_MS = 20_000;
/** Calls open at once; more are refused, so that a page in a loop harms itself only. */
export const MOST_CALLS = 1000;

// They let a page in, so they cannot wait until it is in.
const EARLY = new Set(['session.login', 'session.forceLogin']);

interface Open {
  api: string;
  call?: Call;
  /** False while a form is being read. */
  ready: boolean;
  sent: boolean;
  resolve(value: unknown): void;
  reject(error: SdkError): void;
}

export type Calls = ReturnType<typeof createCalls>;

/** Calls from the page's question to the frame's answer. `why` explains a wait in words. */
export function createCalls(why: () => string) {
  const open = new Map<number, Open>();
  let port: MessagePort | null = null;
  let welcome = false;
  let refusal: SdkError | null = null;
  let last = 0;

  function settle(id: number, act: (call: Open) => void): void {
    const call = open.get(id);
    open.delete(id);
    if (call) act(call);
  }

  function flush(): void {
    for (const [id, waiting] of open) {
      const early = EARLY.has(waiting.api);
      if (waiting.sent || !waiting.ready) continue;
      if (port && (welcome || early)) {
        waiting.sent = true;
        if (waiting.call) port.postMessage(waiting.call);
        else settle(id, (entry) => entry.resolve(undefined));
      } else if (refusal && !early) {
        const error = refusal;
        settle(id, (entry) => entry.reject(error));
      }
    }
  }

  // `args` null: nothing is sent, only the page's entry is waited for.
  function ask(api: string, args: unknown[] | null): Promise<unknown> {
    if (open.size >= MOST_CALLS) {
      return Promise.reject(failure('TIMEOUT', `${api}: ${MOST_CALLS} calls are waiting already`));
    }
    const id = (last = (last % 0xffff_ffff) + 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const words = open.get(id)?.sent ? 'Omnibar has not answered' : why();
        settle(id, (call) => call.reject(failure('TIMEOUT', `${api}: ${words}`)));
      }, CALL_TIMEOUT_MS);
      const entry: Open = {
        api,
        ready: !args,
        sent: false,
        resolve: (value) => (clearTimeout(timer), resolve(value)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      };
      open.set(id, entry);
      if (!args) return flush();
      sendable(args).then(
        (list) => {
          entry.call = { id, api, arguments: list };
          entry.ready = true;
          flush();
        },
        (error: SdkError) => settle(id, (call) => call.reject(error)),
      );
    });
  }

  // Whether a call that was sent has been done is unknown: it is not sent again. A sign-in
  // is what the frame may find a way with: `kept`, it is the frame's to answer; `again`, the
  // frame that had it is gone or has greeted anew, and a second one does no harm.
  function lost(signIns?: 'kept' | 'again'): void {
    welcome = false;
    for (const [id, call] of open) {
      if (signIns && EARLY.has(call.api)) {
        if (signIns === 'again') call.sent = false;
        continue;
      }
      const words = `${call.api}: the connection to Omnibar was lost before the answer; it may have been done`;
      if (call.sent) settle(id, ({ reject }) => reject(failure('TIMEOUT', words)));
    }
  }

  return {
    call: ask as (api: string, args: unknown[]) => Promise<unknown>,
    /** Resolves when the page is let in. */
    entry: (what: string) => ask(what, null) as Promise<void>,
    answer: (id: number, value: unknown) => settle(id, (call) => call.resolve(value)),
    fail: (id: number, error: SdkError) => settle(id, (call) => call.reject(error)),
    lost,

    /** A new line to the frame, or none. */
    line(next: MessagePort | null): void {
      lost('again');
      port = next;
      refusal = null;
      flush();
    },

    welcome(): void {
      welcome = true;
      refusal = null;
      flush();
    },

    refuse(error: SdkError): void {
      lost();
      refusal = error;
      flush();
    },
  };
}
