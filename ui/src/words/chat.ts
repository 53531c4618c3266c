import type { Cause } from '../contract/generated';

const causes: Record<Cause, string> = {
  agent_hung_up: 'You ended the chat',
  customer_hung_up: 'The customer has left',
  abandoned: 'The customer left before it was answered',
  rejected: 'You rejected the chat',
  no_answer: 'Nobody answered',
  busy: 'The customer writes with somebody else',
  transferred: 'Transferred',
  dropped: 'Dropped from the chat',
  unreachable: 'The customer could not be reached',
  media_failed: 'The connection failed',
  switch_lost: 'The centre lost the chat',
};

/** Sentences about web chats. */
export const chat = {
  causes,
  chat: 'Chat',
  incoming: 'Incoming chat',
  incomingFrom: (name: string) => `Incoming chat from ${name}`,
  firstWords: 'The customer writes',
  with: (name: string) => `Chat with ${name}`,
  yours: 'Your chats',
  end: 'End chat',
  toStart: 'To the start screen; the chat stays open',
  backToCall: 'Back to the call',
  next: (others: number) => `Next chat (${others} more)`,
  openChats: (count: number) => (count === 1 ? '1 chat' : `${count} chats`),
  unread: (count: number) => (count === 1 ? '1 unread message' : `${count} unread messages`),
  unreadFrom: (name: string, count: number) => `${name}: ${chat.unread(count)}`,

  transcript: 'Messages',
  you: 'You',
  customer: 'Customer',
  centre: 'Centre',
  /** Read out before a message. */
  says: (who: string) => `${who}:`,
  older: 'Earlier messages are kept at the centre.',
  nothingYet: 'Nothing has been written yet.',
  newest: 'New messages',
  sending: 'Sending…',
  notSent: 'Not sent yet: waiting for the centre',
  away: 'The customer’s page is closed at the moment. What you write is kept for him.',
  message: 'Message',
  hint: 'Write a message',
  keys: 'Enter sends, Shift+Enter begins a new line',
  send: 'Send',
  tooLong: (over: number) => `${over} characters too many`,

  wrapUp: 'Wrap-up',
  conversation: 'Conversation',
  talked: (time: string) => `lasted ${time}`,
  start: 'Start a chat with this customer',
};
