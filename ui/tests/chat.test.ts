import { afterEach, describe, expect, it, vi } from 'vitest';
import { chatOffer, chatWrapping, hostile, messages, talk, waits } from '../src/host/fixture/chats';
import { empty } from '../src/host/fixture/dock';
import { call, NOW, offer, view } from '../src/host/fixture/views';
import { rows } from '../src/features/chat/rows';
import { TEXT_MAX } from '../src/state/chats.svelte';
import type { ChatAsk, ChatView } from '../src/contract/generated';
import { world, type World } from './world';

afterEach(() => void vi.useRealTimers());

const chats = (...list: ChatView[]) => view({ desk: { chats: list } });
const asked = (w: World): ChatAsk[] => w.asks().flatMap((a) => (a.do === 'chat' ? [a.ask] : []));
const box = (w: World) => w.get('chat-text') as HTMLTextAreaElement;
const said = (w: World) => w.all('chat-message').map((m) => m.querySelector('.text')?.textContent);
const unread = (w: World) => w.all('chat-line').map((l) => l.querySelector('.unread')?.textContent ?? '0');

describe('an offered chat', () => {
  it('says who writes and what about, and is accepted or rejected as a chat', async () => {
    const w = await world(chats(chatOffer()));
    expect(w.get('offer').getAttribute('aria-label')).toBe('Incoming chat from Maria Costa');
    expect(w.get('offer-about').textContent).toContain('My router blinks red');
    await w.settle();
    await w.click('offer-reject');
    await w.click('offer-accept');
    expect(asked(w)).toEqual([
      { do: 'reject', chat: 'chat-offer' },
      { do: 'accept', chat: 'chat-offer' },
    ]);
  });

  it('takes Enter and Escape, after calls that ring', async () => {
    const w = await world(view({ desk: { calls: [offer()], chats: [chatOffer()], selected: null } }));
    await w.settle();
    await w.press('Enter');
    expect(w.asks()).toEqual([{ do: 'accept', interaction: 'offer1' }]);
    await w.push(chats(chatOffer()));
    await w.settle();
    await w.press('Escape');
    expect(asked(w)).toEqual([{ do: 'reject', chat: 'chat-offer' }]);
  });

  it('comes to the front when it was accepted here, with the message box at hand', async () => {
    const w = await world(chats(talk(), chatOffer()));
    await w.settle();
    await w.click('offer-accept');
    await w.push(chats(talk(), talk({ id: 'chat-offer', customer: waits().chat.customer })));
    expect(w.get('chat-name').textContent).toBe('Ines Duarte');
    expect(document.activeElement).toBe(box(w));
  });
});

describe('the message box', () => {
  it('sends with Enter, breaks the line with Shift+Enter, and leaves an input method alone', async () => {
    const w = await world(chats(talk()));
    await w.type('chat-text', 'Tomorrow.');
    await w.press('Enter', { shiftKey: true });
    await w.press('Enter', { isComposing: true });
    expect(w.asks()).toEqual([]);
    await w.press('Enter');
    expect(asked(w)).toEqual([{ do: 'say', chat: 'c1', text: 'Tomorrow.' }]);
    expect(box(w).value).toBe('');
    await w.press('Enter');
    expect(asked(w)).toHaveLength(1);
  });

  it('Enter in it never accepts an offer', async () => {
    const w = await world(view({ desk: { calls: [offer()], chats: [talk()], selected: null } }));
    await w.settle();
    await w.type('chat-text', 'One moment');
    await w.press('Enter');
    await w.press('Enter');
    expect(w.asks().map((a) => a.do)).toEqual(['chat']);
  });

  it('says how much is too much', async () => {
    const w = await world(chats(talk()));
    await w.type('chat-text', '😀'.repeat(TEXT_MAX));
    expect((w.get('chat-send') as HTMLButtonElement).disabled).toBe(false);
    await w.type('chat-text', '😀'.repeat(TEXT_MAX + 2));
    expect((w.get('chat-send') as HTMLButtonElement).disabled).toBe(true);
    expect(document.body.textContent).toContain('2 characters too many');
  });

  it('keeps what was typed in each chat while the agent looks elsewhere', async () => {
    const w = await world(chats(talk(), waits()));
    await w.settle();
    await w.type('chat-text', 'half a sen');
    w.all('chat-line')[1]!.click();
    await w.pass(0);
    expect(box(w).value).toBe('');
    await w.settle();
    w.all('chat-line')[0]!.click();
    await w.pass(0);
    expect(box(w).value).toBe('half a sen');
  });

  it('gives back what was refused, unless something newer is there', async () => {
    const refused = (since: number) =>
      view({
        desk: {
          chats: [talk()],
          refusal: {
            interaction: 'c1',
            reason: { reason: 'centre', verb: 'say', message: 'The chat is full' },
            since,
          },
        },
      });
    const w = await world(chats(talk()));
    await w.type('chat-text', 'first');
    await w.press('Enter');
    await w.push(refused(NOW));
    expect(box(w).value).toBe('first');
    expect(w.get('refusal').textContent).toContain('Could not send the message: The chat is full');
    await w.press('Enter');
    await w.type('chat-text', 'newer');
    await w.push(refused(NOW + 1));
    expect(box(w).value).toBe('newer');
  });
});

describe('the transcript', () => {
  it('shows text as text, whatever is in it, and nothing to press', async () => {
    const w = await world(chats(hostile()));
    expect(said(w)[0]).toBe('<script>alert(1)</script><a href="javascript:alert(1)">press</a>');
    const log = w.get('chat-log');
    expect(log.querySelectorAll('a, script, img, iframe')).toHaveLength(0);
    expect(w.get('chat-name').textContent).toBe('<img src=x onerror=alert(1)>');
    expect(document.querySelectorAll('[data-testid="chat-screen"] img')).toHaveLength(0);
  });

  it('is a log that is read out, and says whose words they are', async () => {
    const w = await world(chats(talk()));
    const log = w.get('chat-log');
    expect([log.getAttribute('role'), log.getAttribute('aria-live')]).toEqual(['log', 'polite']);
    expect(w.all('chat-message').map((m) => m.dataset.from)).toEqual([
      'customer',
      'notice',
      'agent',
      'customer',
      'agent',
    ]);
    expect(w.all('chat-message')[0]!.textContent).toMatch(/^Maria Costa:/);
    expect(w.all('chat-message')[2]!.textContent).toMatch(/^You:/);
  });

  it('tells what is on its way from what waits for the centre', async () => {
    const sending = [{ command: 7, text: 'On its way', since: NOW - 100 }];
    const w = await world(chats(talk({}, { sending })));
    expect(said(w).at(-1)).toBe('On its way');
    expect(w.get('chat-waits').textContent).toContain('Sending');
    const link = { state: 'reconnecting', attempt: 1, next_try_ms: 500 } as const;
    await w.push(view({ desk: { chats: [talk({}, { sending })], link } }));
    expect(w.get('chat-waits').textContent).toContain('Not sent yet');
    expect(box(w).disabled).toBe(false);
    await w.push(chats(talk({ messages: messages([['agent', 'On its way', 0]]) })));
    expect(w.find('chat-waits')).toBeNull();
  });

  it('says when the customer’s page is closed, and that earlier words are elsewhere', async () => {
    const later = messages().map((m) => ({ ...m, seq: m.seq + 40 }));
    const w = await world(chats(talk({ customer_present: false, messages: later })));
    expect(w.get('chat-away').textContent).toContain('closed at the moment');
    expect(w.get('chat-log').textContent).toContain('Earlier messages are kept at the centre');
  });

  it('one time stands under words of the same minute', () => {
    const list = messages([
      ['customer', 'a', 125_000],
      ['customer', 'b', 121_000],
      ['customer', 'c', 30_000],
      ['agent', 'd', 1_000],
    ]);
    const sending = [{ command: 1, text: 'e', since: NOW }];
    const shown = rows(talk({ messages: list }, { sending }), (at) => 60_000_000 + at - NOW);
    expect(shown.map((r) => [r.text, r.first, r.timed, r.waits])).toEqual([
      ['a', true, false, false],
      ['b', false, true, false],
      ['c', false, true, false],
      ['d', true, true, false],
      ['e', false, false, true],
    ]);
  });
});

describe('several chats, and a call beside them', () => {
  it('counts what is unread; reading and answering, here or elsewhere, end that', async () => {
    const w = await world(chats(talk(), waits()));
    expect(unread(w)).toEqual(['0', '2']);
    await w.settle();
    w.all('chat-line')[1]!.click();
    await w.pass(0);
    expect(unread(w)).toEqual(['0', '0']);
    const more = messages([...Array(7)].map((_, i) => ['customer', `${i}`, 0]));
    await w.push(chats(talk({ messages: more, last_seq: 7 }), waits()));
    expect(unread(w)).toEqual(['2', '0']);
    await w.push(
      chats(talk({ messages: [...more, { seq: 8, from: 'agent', text: 'there', at: NOW }] }), waits()),
    );
    expect(unread(w)).toEqual(['0', '0']);
  });

  it('a call and a chat are one press apart', async () => {
    const w = await world(view({ desk: { calls: [call()], chats: [waits()] } }));
    expect(w.find('call-card')).not.toBeNull();
    await w.settle();
    await w.click('chat-line');
    expect(w.find('call-card')).toBeNull();
    expect(w.get('chat-name').textContent).toBe('Ines Duarte');
    await w.settle();
    await w.click('call-line');
    expect(w.find('call-card')).not.toBeNull();
    expect(w.asks()).toEqual([{ do: 'select', interaction: 'i1' }]);
  });

  it('a call that begins comes to the front, and the chat keeps its words', async () => {
    const w = await world(chats(talk()));
    await w.settle();
    await w.type('chat-text', 'I am loo');
    await w.push(view({ desk: { calls: [call()], chats: [talk()] } }));
    expect(w.find('call-card')).not.toBeNull();
    await w.settle();
    await w.click('chat-line');
    expect(box(w).value).toBe('I am loo');
  });

  it('keys mean the call while there is one, else the chat', async () => {
    const w = await world(view({ desk: { calls: [call()], chats: [talk()] } }));
    await w.settle();
    await w.click('chat-line');
    await w.press('e', { altKey: true });
    expect(w.asks()).toEqual([{ do: 'end', interaction: null }]);
    await w.push(chats(talk()));
    await w.press('e', { altKey: true });
    expect(asked(w)).toEqual([{ do: 'end', chat: 'c1' }]);
  });

  it('the start screen is there beside open chats', async () => {
    const w = await world(chats(talk()));
    await w.settle();
    await w.click('chat-home');
    expect(w.find('dial-number')).not.toBeNull();
    await w.settle();
    await w.click('chat-line');
    expect(w.find('chat-screen')).not.toBeNull();
  });
});

describe('a chat that the agent begins', () => {
  const draft = (channel: 'voice' | 'chat', number: number) =>
    view({ view: { dock: { ...empty, draft: { channel, phone: '+15550134', number } } } });

  it('with the number that stands in the field, typed or filled in by a page', async () => {
    const w = await world(view());
    expect(w.find('chat-start')).toBeNull();
    await w.push(draft('chat', 1));
    expect(w.get('chat-start').className).toContain('ok');
    await w.settle();
    await w.click('chat-start');
    expect(asked(w)).toEqual([
      { do: 'start', campaign: null, customer: { name: null, number: '+15550134', customer_id: null } },
    ]);
    expect((w.get('dial-number') as HTMLInputElement).value).toBe('+15550134');
    await w.push(draft('voice', 2));
    expect(w.get('chat-start').className).not.toContain('ok');
  });

  it('comes to the front, and the centre’s words when it cannot be stand under the field', async () => {
    const w = await world(chats(talk()));
    await w.settle();
    await w.click('chat-home');
    await w.type('dial-number', '+1 555 0134');
    await w.settle();
    await w.click('chat-start');
    const message = 'The customer has no chat page open';
    const refusal = {
      interaction: null,
      reason: { reason: 'centre', verb: 'start_chat', message },
      since: NOW,
    } as const;
    await w.push(view({ desk: { chats: [talk()], refusal } }));
    expect(w.get('refusal').textContent).toContain(`Could not start the chat: ${message}`);
    await w.push(chats(talk(), { ...waits(), chat: { ...waits().chat, direction: 'outbound' } }));
    expect(w.get('chat-name').textContent).toBe('Ines Duarte');
  });
});

describe('the end of a chat', () => {
  it('is asked for once the button has stood there', async () => {
    const w = await world(chats(talk()));
    await w.click('chat-end');
    expect(w.asks()).toEqual([]);
    await w.settle();
    await w.click('chat-end');
    expect(asked(w)).toEqual([{ do: 'end', chat: 'c1' }]);
  });

  it('is disposed as a chat, with its note, which goes nowhere before', async () => {
    const w = await world(chats(chatWrapping()));
    expect(w.get('call-cause').textContent).toBe('The customer has left');
    await w.settle();
    await w.type('note', 'Order found.');
    await w.pass(5_000);
    await w.click('disposition-class');
    await w.settle();
    await w.click('disposition-code');
    await w.click('dispose');
    expect(w.asks()).toEqual([
      { do: 'chat', ask: { do: 'dispose', chat: 'c1', disposition: 'answered', note: 'Order found.' } },
    ]);
  });

  it('what was said can be read again before', async () => {
    const w = await world(chats(chatWrapping()));
    await w.click('chat-read');
    expect(said(w)[0]).toContain('order 7731');
    expect(w.find('chat-text')).toBeNull();
  });
});

describe('in a bar', () => {
  const bar = { shape: { dock: 'bar', edge: 'bottom' }, can_shape: true, demo: false } as const;

  it('the last words, the box and the way to the others fit in', async () => {
    const w = await world(view({ desk: { chats: [talk(), waits()] }, view: { window: bar } }));
    expect(w.get('chat-screen').textContent).toContain('It left the warehouse');
    await w.settle();
    await w.click('chat-next');
    expect(w.get('chat-name').textContent).toBe('Ines Duarte');
    await w.type('chat-text', 'I am here');
    await w.press('Enter');
    expect(asked(w)).toEqual([{ do: 'say', chat: 'c2', text: 'I am here' }]);
  });

  it('beside a call too, and back', async () => {
    const w = await world(view({ desk: { calls: [call()], chats: [waits()] }, view: { window: bar } }));
    await w.settle();
    await w.click('chat-next');
    expect(w.find('call-card')).toBeNull();
    await w.settle();
    await w.click('chat-back-to-call');
    expect(w.find('call-card')).not.toBeNull();
  });
});
