import type { CallView, ChatView, Conversation } from '../contract/generated';

/**
 * A chat in the shape of a call, for what they have in common: the offer, the records of
 * the CRM and the wrap-up.
 */
export function asCall({ chat, can, pending }: ChatView): CallView {
  return {
    interaction: {
      id: chat.id,
      channel: 'chat',
      direction: chat.direction,
      campaign: chat.campaign,
      queue: chat.queue,
      customer: chat.customer,
      customer_id: chat.customer_id,
      record: chat.record,
      owner: true,
      conversation: conversation(chat.phase),
      since: chat.since,
      connected_at: chat.assigned_at,
      legs: [],
      diverted: [],
      conference: false,
      recording: false,
      recording_paused: false,
      monitored: null,
      cause: chat.cause,
      note: chat.note,
    },
    voice: 'none',
    can: {
      accept: can.accept,
      reject: can.reject,
      hold: false,
      resume: false,
      mute: false,
      dtmf: false,
      transfer: false,
      consult: false,
      complete: false,
      conference: false,
      drop: false,
      end: can.end,
      dispose: can.dispose,
    },
    pending,
    sent_to: null,
  };
}

function conversation(phase: ChatView['chat']['phase']): Conversation {
  return phase.state === 'open' ? { state: 'connected' } : phase;
}
