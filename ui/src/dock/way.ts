/** Where the app's loopback socket may be: it takes the first port that is free. */
export const LOOPBACK_PORTS = [47620, 47621, 47622, 47623, 47624] as const;

/** How long an app on this machine may take to answer, ms. */
const ANSWER_MS = 1_500;
/** How long the agent may think about the browser's own question, ms. */
const QUESTION_MS = 30_000;

/** Why the app on this machine cannot be reached directly. */
export type Trouble =
  /** The agent, or a policy of the organisation, has said no to the browser's question. */
  | { trouble: 'denied' }
  /** The page that holds the frame does not pass the permission on (`allow`). */
  | { trouble: 'not_delegated' }
  | { trouble: 'not_running' }
  /** Something answers, but not to pages of this centre: the app is signed in elsewhere. */
  | { trouble: 'wrong_centre' };

export type Found = { port: number } | Trouble;

export type Permission = 'granted' | 'prompt' | 'denied' | 'unknown';

/** What finding the app takes from the browser. */
export interface Surroundings {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Whether pages may reach this machine (Local Network Access). */
  permission(): Promise<Permission>;
  /** The page that holds this frame lets it ask. */
  delegated(): boolean;
  /** Whether a WebSocket opens there; where it is asked about no more than a fetch: `null`. */
  knock: ((url: string, patience: number) => Promise<boolean>) | null;
}

export const browser: Surroundings = {
  fetch: (url, init) => fetch(url, init),

  async permission() {
    for (const name of ['loopback-network', 'local-network-access']) {
      try {
        const status = await navigator.permissions.query({ name: name as PermissionName });
        return status.state;
      } catch {
        // This browser knows the permission by another name, or not at all.
      }
    }
    return 'unknown';
  },

  delegated() {
    const { featurePolicy: policy } = document as Document & { featurePolicy?: FeaturePolicy };
    const known = policy?.features().filter((f) => PERMISSIONS.includes(f)) ?? [];
    return known.length === 0 || known.some((name) => policy?.allowsFeature(name));
  },

  // Firefox guards fetch and not yet sockets: no question where none is needed.
  knock: navigator.userAgent.includes('Firefox/') ? knock : null,
};

function knock(url: string, patience: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    const done = (open: boolean) => {
      clearTimeout(timer);
      resolve(open);
      socket.close();
    };
    const timer = setTimeout(done, patience, false);
    socket.onopen = () => done(true);
    socket.onclose = () => done(false);
  });
}

interface FeaturePolicy {
  features(): string[];
  allowsFeature(name: string): boolean;
}

const PERMISSIONS = ['loopback-network', 'local-network-access'];

/**
 * Looks for the app on this machine, one port after the other. The first request is
 * the one at which the browser asks the agent; `asking` is called before it does.
 */
export async function findLoopback(world: Surroundings, asking: () => void): Promise<Found> {
  const before = await world.permission();
  if (before === 'denied') return { trouble: world.delegated() ? 'denied' : 'not_delegated' };
  let patience = ANSWER_MS;
  if (before === 'prompt') {
    for (const port of world.knock ? LOOPBACK_PORTS : []) {
      if (await world.knock?.(`ws://127.0.0.1:${port}/dock`, ANSWER_MS)) return { port };
    }
    patience = QUESTION_MS;
    asking();
  }
  for (const port of LOOPBACK_PORTS) {
    if (await isOurs(world, port, patience)) return { port };
    if (before === 'prompt' && (await world.permission()) === 'denied') return { trouble: 'denied' };
    // The question has been answered, or was none.
    patience = ANSWER_MS;
  }
  const answers = await Promise.all(LOOPBACK_PORTS.map((port) => isThere(world, port)));
  return { trouble: answers.includes(true) ? 'wrong_centre' : 'not_running' };
}

async function isOurs(world: Surroundings, port: number, patience: number): Promise<boolean> {
  try {
    const response = await ask(world, port, patience, 'cors');
    const said: unknown = await response.json();
    return response.ok && typeof said === 'object' && said !== null && 'omnibar' in said;
  } catch {
    return false;
  }
}

/** Whether anything answers, though it does not let this page read what. */
async function isThere(world: Surroundings, port: number): Promise<boolean> {
  try {
    await ask(world, port, ANSWER_MS, 'no-cors');
    return true;
  } catch {
    return false;
  }
}

function ask(world: Surroundings, port: number, patience: number, mode: RequestMode): Promise<Response> {
  const signal = AbortSignal.timeout(patience);
  const init: RequestInit = { mode, credentials: 'omit', cache: 'no-store', signal };
  return world.fetch(`http://127.0.0.1:${port}/dock/hello`, init);
}
