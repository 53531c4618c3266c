import type { CallView, Intent, View } from './contract/generated';

/**
 * Every key of the app in one place: what is pressed, what it is called on screen,
 * and what it asks for. The shell sends the same actions for system-wide keys.
 */
export const KEY_ACTIONS = ['hold', 'conference', 'transfer', 'mute', 'end', 'dispose'] as const;
export type KeyAction = (typeof KEY_ACTIONS)[number];

const LETTER: Record<KeyAction, string> = {
  hold: 'h',
  conference: 'c',
  transfer: 't',
  mute: 'm',
  end: 'e',
  dispose: 'd',
};

const MAC = typeof navigator !== 'undefined' && navigator.platform.startsWith('Mac');

/** For a tooltip or the cheat sheet, for example `Alt+H` or `⌥H`. */
export function keyLabel(action: KeyAction): string {
  const letter = LETTER[action].toUpperCase();
  return MAC ? `⌥${letter}` : `Alt+${letter}`;
}

/** For `aria-keyshortcuts`. */
export function ariaKey(action: KeyAction): string {
  return `Alt+${LETTER[action].toUpperCase()}`;
}

export function isKeyAction(text: string): text is KeyAction {
  return (KEY_ACTIONS as readonly string[]).includes(text);
}

/** What the window should do about a key press. */
export type Pressed =
  | { press: 'action'; action: KeyAction }
  | { press: 'answer' }
  | { press: 'reject' }
  | { press: 'close' }
  | { press: 'cheat_sheet' }
  | { press: 'digit'; digit: string };

export interface KeyContext {
  /** A panel, dialog or menu that Escape closes is open. */
  open: boolean;
  /** An offer is on the screen and has been for at least 300 ms. */
  offer: boolean;
  /** The keypad is open, so that digits are dialled. */
  keypad: boolean;
}

/** Reads a key press; `null` leaves it to the browser. */
export function read(event: KeyboardEvent, context: KeyContext): Pressed | null {
  if (event.isComposing || event.repeat || event.defaultPrevented) return null;
  if (event.altKey && !event.ctrlKey && !event.metaKey) {
    const action = KEY_ACTIONS.find((a) => isLetter(event, LETTER[a]));
    return action ? { press: 'action', action } : null;
  }
  if (event.ctrlKey || event.metaKey) return null;

  const typing = isTextField(event.target);
  if (event.key === 'Escape') {
    if (context.open) return { press: 'close' };
    return context.offer && !typing ? { press: 'reject' } : null;
  }
  if (typing) return null;
  if (event.key === 'Enter') {
    // Enter on a focused control means that control.
    return context.offer && !isControl(event.target) ? { press: 'answer' } : null;
  }
  if (event.key === '?') return { press: 'cheat_sheet' };
  if (context.keypad && /^[0-9*#]$/.test(event.key)) return { press: 'digit', digit: event.key };
  return null;
}

/** What an action means now: an intent, a panel to open, or nothing. */
export type Meaning =
  | { mean: 'intent'; intent: Intent }
  | { mean: 'open'; panel: 'transfer' | 'conference' | 'disposition' }
  | { mean: 'nothing' };

/** The core decides what is possible; keys only follow `can`. */
export function meaning(action: KeyAction, view: View): Meaning {
  const call = selectedCall(view);
  if (!call) return { mean: 'nothing' };
  const can = call.can;
  switch (action) {
    case 'hold':
      return can.hold || can.resume ? desk({ do: 'toggle_hold', interaction: null }) : NOTHING;
    case 'mute':
      return can.mute ? desk({ do: 'toggle_mute' }) : NOTHING;
    case 'end':
      return can.end ? desk({ do: 'end', interaction: null }) : NOTHING;
    case 'transfer':
      return can.transfer || can.consult ? { mean: 'open', panel: 'transfer' } : NOTHING;
    case 'conference':
      if (can.conference) return desk({ do: 'conference', interaction: null });
      return can.consult ? { mean: 'open', panel: 'conference' } : NOTHING;
    case 'dispose':
      return can.dispose ? { mean: 'open', panel: 'disposition' } : NOTHING;
    default: {
      const unknown: never = action;
      return unknown;
    }
  }
}

export function selectedCall(view: View): CallView | undefined {
  return view.desk.calls.find((c) => c.interaction.id === view.desk.selected);
}

const NOTHING: Meaning = { mean: 'nothing' };

function desk(ask: Extract<Intent, { to: 'desk' }>['ask']): Meaning {
  return { mean: 'intent', intent: { to: 'desk', ask } };
}

/** By letter, or by place where Alt makes another character of it (macOS). */
function isLetter(event: KeyboardEvent, letter: string): boolean {
  const key = event.key.toLowerCase();
  if (key.length === 1 && key >= 'a' && key <= 'z') return key === letter;
  return event.code === `Key${letter.toUpperCase()}`;
}

function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  return (
    target instanceof HTMLInputElement &&
    !['button', 'checkbox', 'radio', 'range', 'submit'].includes(target.type)
  );
}

function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('button, a[href], input, select, [role="menuitem"], [role="option"], [tabindex="0"]') !==
      null
  );
}
