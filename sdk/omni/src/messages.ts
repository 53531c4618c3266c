// What the SDK in a page and the toolbar's frame say to each other. The frame's side
// imports these types; nothing here exists at run time but the constants.
//
//   page                                          frame (toolbar, bridge or workspace)
//    │                       ready, to anybody  ◀──│  its script runs (again)
//    │──▶ hello, to the base's exact origin        │
//    │       port, to the hello's exact origin  ◀──│  with one MessagePort
//    │                                             │
//    │  on the port:             way, asking    ◀──│  while it looks for the app
//    │──▶ session.login, session.forceLogin        │  may come before welcome
//    │                              welcome     ◀──│  every time the core lets it in
//    │──▶ calls                                    │  nothing else before welcome
//    │              answers, events, way        ◀──│
//
// On `window` both sides take a message only from the other's exact `source` and
// `origin`. Who holds the port is who was checked, so frames on it are not checked again.
// A page that says hello again (a reload of either side) gets a new port; the frame drops
// the old one.

/** Marks messages on `window` as ours, and is the version of this protocol. */
export const OMNIBAR = 1;

/** Longest JSON of one call's arguments, in bytes; longer ones are refused in the page. */
export const LONGEST_CALL = 190_000;

export type Context = 'crm' | 'app';

/** The last event that the page handled, so that a reload misses nothing. */
export interface LastEvent {
  epoch: string;
  seq: number;
}

export interface Hello {
  omnibar: typeof OMNIBAR;
  say: 'hello';
  config: {
    context: Context;
    /** What the page says of itself; the frame believes `event.origin` only. */
    origin: string;
    /** The frame's id in the page. */
    instanceId: string;
    /** `name` of a custom app's manifest, or empty. */
    app: string;
    last: LastEvent | null;
  };
}

/** From the frame to `window.parent` with target `*`: it tells nothing but "say hello". */
export interface Ready {
  omnibar: typeof OMNIBAR;
  say: 'ready';
}

/** The answer to hello; `event.ports[0]` is the port. */
export interface Port {
  omnibar: typeof OMNIBAR;
  say: 'port';
}

export interface Rights {
  events: boolean;
  control: boolean;
  customers: boolean;
  dial: boolean;
}

export type ErrorType =
  'TIMEOUT' | 'INVALID_ORIGIN' | 'REQUIRED_FIELD_MISSING' | 'HTTP_ERROR' | 'DATA_NOT_FOUND';

/** The value with which every call of the SDK is rejected. */
export interface SdkError {
  errorType: ErrorType;
  errorCode: 1000 | 1003 | 2001 | 3000 | 4000;
  description: string;
}

/** How the frame reaches the app: on this machine, through the centre, or not now. */
export type Way = 'loopback' | 'relay' | 'none';

/** On the port, page to frame. `arguments` is JSON; a form stands in it as `FormParts`. */
export interface Call {
  id: number;
  /** `namespace.name` or an alias of it; root calls have no namespace. */
  api: string;
  /** Positional, or one object that names them. */
  arguments: unknown[];
}

/** A FormData in `arguments`: its parts in order, files as base64. */
export interface FormParts {
  $form: FormPart[];
}

export type FormPart =
  { name: string; value: string } | { name: string; filename: string; type: string; base64: string };

/** On the port, frame to page. */
export type FromFrame =
  | { id: number; value: unknown }
  | { id: number; error: SdkError }
  | { seq: number; namespace: string; event: string; payload: unknown }
  /** `words` explain the way to the agent, above all a permission the browser denied. */
  | { say: 'way'; way: Way; words: string }
  /** The agent is being asked in the app's window. */
  | { say: 'asking' }
  /**
   * The core let the page in. `lost`: newest event too old to be sent again, 0 if none;
   * `seq`: where events go on, for a page that has no last event of this epoch.
   */
  | { say: 'welcome'; epoch: string; rights: Rights; lost: number; seq: number }
  /** The core sent the page away; calls are rejected with it until the next welcome. */
  | { say: 'refused'; error: SdkError };
