import { SvelteMap } from 'svelte/reactivity';
import type { CallView, ChatView, InteractionId } from '../contract/generated';

/** Longest message, in characters: what the core takes. */
export const TEXT_MAX = 4_000;

/** What the agent has turned to: a chat, the start screen beside his chats, or whatever is newest. */
export type Front = { is: 'newest' } | { is: 'chat'; id: InteractionId } | { is: 'home' };

/**
 * What only this page knows about chats: which one is looked at, what has been read, and
 * what is being written in each. Nothing typed is lost by looking elsewhere.
 */
export class Chats {
  front: Front = $state.raw({ is: 'newest' });
  /** Text in the message boxes. */
  #typed = new SvelteMap<InteractionId, string>();
  /** What was said last in each, should it come back. */
  #said = new Map<InteractionId, string>();
  /** Number of the last message that was read. */
  #read = new SvelteMap<InteractionId, number>();
  /** What has been on the screen: a new call, or a chat that the agent has begun, comes to the front. */
  #calls = new Set<InteractionId>();
  #begun = new Set<InteractionId>();

  typed(id: InteractionId): string {
    return this.#typed.get(id) ?? '';
  }

  type(id: InteractionId, text: string): void {
    this.#typed.set(id, text);
  }

  said(id: InteractionId): void {
    this.#said.set(id, this.typed(id));
    this.#typed.delete(id);
  }

  /** It was not taken: it stands in the box again, unless something newer does. */
  giveBack(id: InteractionId): void {
    const said = this.#said.get(id);
    if (said !== undefined && this.typed(id) === '') this.type(id, said);
    this.#said.delete(id);
  }

  show(id: InteractionId): void {
    this.front = { is: 'chat', id };
  }

  home(): void {
    this.front = { is: 'home' };
  }

  /** Of several chats the one that is looked at, when no call is. */
  on(taken: ChatView[], calls: CallView[]): ChatView | undefined {
    const { front } = this;
    if (front.is === 'home') return undefined;
    const chosen = front.is === 'chat' ? taken.find((c) => c.chat.id === front.id) : undefined;
    return chosen ?? (calls.length === 0 ? taken[0] : undefined);
  }

  /** Everything in it has been on the screen. */
  saw({ chat }: ChatView): void {
    if ((this.#read.get(chat.id) ?? 0) < chat.last_seq) this.#read.set(chat.id, chat.last_seq);
  }

  /** The customer's messages that were neither read here nor answered anywhere. */
  unread({ chat }: ChatView): number {
    const answered = chat.messages.findLast((m) => m.from === 'agent')?.seq ?? 0;
    const known = Math.max(this.#read.get(chat.id) ?? 0, answered);
    return chat.messages.filter((m) => m.from === 'customer' && m.seq > known).length;
  }

  follow(chats: ChatView[], taken: CallView[]): void {
    const live = new Set(chats.map((c) => c.chat.id));
    for (const map of [this.#typed, this.#said, this.#read]) {
      for (const id of [...map.keys()]) if (!live.has(id)) map.delete(id);
    }
    const { front } = this;
    const begun = chats.filter((c) => c.chat.direction === 'outbound').map((c) => c.chat.id);
    const mine = begun.find((id) => !this.#begun.has(id));
    this.#begun = new Set(begun);
    const calls = new Set(taken.map((c) => c.interaction.id));
    const came = [...calls].some((id) => !this.#calls.has(id));
    this.#calls = calls;
    if (mine !== undefined) this.show(mine);
    else if (
      came ||
      (front.is === 'chat' && !live.has(front.id)) ||
      (front.is === 'home' && live.size === 0)
    ) {
      this.front = { is: 'newest' };
    }
  }
}
