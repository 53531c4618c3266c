import type { ToastVariant } from '../../contract/generated';
import type { App } from '../../state/app.svelte';
import { isShown } from '../../state/shown.svelte';
import { words } from '../../words';
import type { Message } from '../../words/en';
import { narrowed } from '../settings/devices';
import { linkMessage, lineMessage } from './link';

/** Messages of pages that are shown at a time; newer ones take the place of older ones. */
const TOASTS = 3;

type Tone = 'info' | 'ok' | 'warn' | 'danger';

const TONES: Record<ToastVariant, Tone> = { info: 'info', success: 'ok', warning: 'warn', error: 'danger' };

export interface Banner {
  /** Also its test id. */
  id: string;
  /** Several notices may stand together. */
  key: string;
  message: Message;
  tone: Tone;
  urgent: boolean;
  close?: () => void;
  /** Choosing another device would help. */
  devices?: boolean;
  /** Unmuting would help. */
  unmute?: boolean;
}

/** Everything that stays on the screen until mended or dismissed, gravest first. */
export function banners(app: App): Banner[] {
  const view = app.view;
  if (!view) return [];
  const list: Banner[] = [];
  const add = (id: string, message: Message | null, rest: Partial<Banner> = {}) => {
    if (message) list.push({ id, key: id, message, tone: 'warn', urgent: false, ...rest });
  };

  // Before the sign-in there is no link to miss.
  const signedIn = view.desk.session.state === 'signed_in';
  const link = signedIn ? linkMessage(view.desk.link, app.linkSince, app.clock.now, app.atExchange) : null;
  add('banner-link', link, { tone: 'danger', urgent: true });
  // Without the centre the voice path says nothing new.
  if (!link) add('banner-line', lineMessage(view.desk.line), { urgent: true });
  const { fault } = view.audio;
  if (fault) {
    const tone = fault.fault === 'device_lost' ? 'warn' : 'danger';
    add('banner-audio', words.audioFault(fault), {
      tone,
      urgent: true,
      devices: fault.fault !== 'no_sound_server' && fault.fault !== 'denied',
    });
  }
  if (view.audio.talking_unheard && view.desk.muted) {
    add('banner-talking', words.talkingUnheard, { unmute: true });
  }
  if (view.desk.calls.length > 0 && narrowed(view.audio) && !app.narrowRead) {
    add('banner-narrow', words.narrowSound, {
      tone: 'info',
      devices: true,
      close: () => (app.narrowRead = true),
    });
  }
  if (app.fault) {
    add('banner-fault', words.fault(app.fault), { tone: 'danger', close: () => (app.fault = null) });
  }
  const refusal = view.desk.refusal;
  if (refusal && app.refusalArea && !isShown(app.refusalArea)) {
    add('refusal', words.refusal(refusal.reason, app.atExchange), {
      close: () => void app.desk({ do: 'dismiss' }),
    });
  }
  for (const { id, message, variant, origin } of view.dock.toasts.slice(-TOASTS)) {
    add(
      'toast',
      { what: words.dock.says(origin), next: message },
      {
        key: `toast-${id}`,
        tone: TONES[variant],
        close: () => void app.dock({ do: 'dismiss_toast', id }),
      },
    );
  }
  if (view.dock.loading) add('dock-loading', { what: words.dock.pageLoading, next: '' }, { tone: 'info' });
  for (const { id, kind } of view.notices) {
    add('notice', words.notice(kind), {
      key: `notice-${id}`,
      tone: kind.notice === 'logs_exported' ? 'info' : 'warn',
      close: () => void app.preferences({ do: 'dismiss_notice', id }),
    });
  }
  return list;
}
