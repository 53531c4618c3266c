// What a phone can do, whatever it is made of. Checks and benches are written for this; a phone
// is one that extends `Client`, does the verbs and pushes the events.
//
// Verbs, through `act(verb, …)`:
//   register()            → { ms, felt }  REGISTER to its 200, challenge and all
//   call(number)          → call's id     it has its call before the PBX knows
//   answer(id), reject(id, status), hangup(id)
//   hold(id), resume(id)  → { ms, felt }  re-INVITE to its 200
//   transfer(id, number)  → { at, asked } when the REFER left; done when the far side says so,
//                                       or "REFER failed: 486", as its NOTIFY says (RFC 3515)
//   consult(id, number)   → call's id     holds the call and calls somebody to ask
//   attend(id, other)     → { at, asked } the same with Replaces
//   dtmf(id, keys, by)                  `by`: rtp (RFC 4733) or info
//   watch(number, about, accept)        SUBSCRIBE
//   levels([hertz])       → [dB]          what its loudspeaker plays of each, newest 0.2 s
//   path(id)              → { codec, local }   MIME type; host, relay … of the path's near end
//
// `ms` is from message to message on the wire; `felt` from the verb to its end, and `asked` when
// the verb was, in ms since 1970: what a person waits for, and not only for the PBX.
//
// Events, with `at` in ms since 1970, and `call` where there is one:
//   registered (each time),
//   incoming { number, name, headers }, sent { asked } (its INVITE), ringing, early, connected,
//   media (first RTP has come), held, resumed (by the far side), digit { key, by },
//   ended { by: us | far, status, cause }, notify { about, body }, fault { text }
import { until } from '../../e2e/lib/process.mjs';
import { Events } from '../../e2e/lib/events.mjs';

/** Louder than this is heard; a voice has about −25 dB, what codecs add stays below −60. */
const AUDIBLE = -48;
/** Listened for so often in a row before it is believed, 100 ms apart. */
const SURE = 3;

export class Client {
  /** `name`: for messages and reports; `user`: its number; `hertz`: what it says. */
  constructor({ name, user, hertz }) {
    Object.assign(this, { name, user, hertz, events: new Events(`${name} ${user}`), known: 0 });
  }

  register() {
    return this.act('register');
  }

  /** Calls a number and gives the call at once. */
  async call(number) {
    const from = this.events.length;
    return new Call(this, await this.act('call', number), from);
  }

  /** The next call that comes and was not given out before. */
  async incoming(timeout = 15000) {
    const from = this.known;
    const event = await this.events.wait('a call that comes', (e) => e.event === 'incoming', { from, timeout });
    this.known = this.events.all.indexOf(event) + 1;
    return Object.assign(new Call(this, event.call, from), {
      number: event.number, caller: event.name, headers: event.headers, diverted: event.diverted, replaces: event.replaces,
    });
  }

  watch(number, about, accept) {
    return this.act('watch', number, about, accept);
  }

  /** Waits for a NOTIFY of that package with that text in it. */
  notified(about, text, { from = 0, timeout } = {}) {
    return this.events.wait(`${about} with ${text}`,
      (e) => e.event === 'notify' && e.about === about && text.test(e.body ?? ''), { from, timeout });
  }

  /** Waits until each frequency is heard, or not: `{ 450: true, 880: false }`. */
  async hears(frequencies, timeout = 10000) {
    const list = Object.keys(frequencies).map(Number);
    let levels;
    let sure = 0;
    await until(`${this.name} ${this.user} hearing ${JSON.stringify(frequencies)}`, async () => {
      levels = await this.act('levels', list);
      sure = list.every((hertz, i) => levels[i] > AUDIBLE === frequencies[hertz]) ? sure + 1 : 0;
      return sure === SURE;
    }, timeout, 100).catch((error) => {
      const said = levels?.map((level, i) => `${list[i]} Hz ${level.toFixed(0)} dB`).join(', ');
      return this.fails(new Error(`${error.message}; levels: ${said}`));
    });
    return Object.fromEntries(list.map((hertz, i) => [hertz, Math.round(levels[i])]));
  }

  /** Fails with that, and with what passed between it and the PBX where it can tell. */
  async fails(error) {
    const trace = await this.trace?.().catch(() => []);
    throw new Error([error.message, ...(trace ?? [])].join('\n'));
  }
}

export class Call {
  constructor(client, id, from) {
    Object.assign(this, { client, id, from });
  }

  /** Its next event of that name; a call that ends instead is told at once. */
  #wait(event, more = () => true, timeout = 15000) {
    const found = this.#look(event, more, timeout);
    // One that was begun early may fail while the check is busy elsewhere; whoever awaits it is
    // still told.
    found.catch(() => {});
    return found;
  }

  async #look(event, more, timeout) {
    const found = await this.client.events.wait(`${event} of a call`,
      (e) => e.call === this.id && ((e.event === event && more(e)) || e.event === 'ended'), { from: this.from, timeout })
      .catch((error) => this.client.fails(error));
    if (found.event === event) return found;
    const faults = this.client.events.all.filter((e) => e.event === 'fault').map((e) => JSON.stringify(e));
    return this.client.fails(new Error([`a call ended instead of ${event}: ${JSON.stringify(found)}`, ...faults].join('\n')));
  }

  #act(verb, ...args) {
    return this.client.act(verb, this.id, ...args);
  }

  ringing() {
    return this.#wait('ringing');
  }

  /** Sound before the answer (183 with a description). */
  early() {
    return this.#wait('early');
  }

  connected() {
    return this.#wait('connected');
  }

  /** Connected and with sound from the far side; `ms` and `felt` until the first packet. */
  async up() {
    const [, media, sent] = await Promise.all([this.connected(), this.media(), this.#wait('sent')]);
    return { ms: media.at - sent.at, felt: media.at - sent.asked };
  }

  media() {
    return this.#wait('media');
  }

  held() {
    return this.#wait('held');
  }

  digit(key) {
    return this.#wait('digit', (e) => e.key === key);
  }

  ended(timeout) {
    return this.#wait('ended', undefined, timeout);
  }

  /** Whether something of that name has happened to this call. */
  has(event) {
    return this.client.events.all.some((e) => e.event === event && e.call === this.id);
  }

  answer() {
    return this.#act('answer');
  }

  reject(status = 486) {
    return this.#act('reject', status);
  }

  async hangup() {
    const over = this.ended();
    await this.#act('hangup');
    return over;
  }

  hold() {
    return this.#act('hold');
  }

  resume() {
    return this.#act('resume');
  }

  transfer(number) {
    return this.#act('transfer', number);
  }

  /** Holds this call, and calls somebody to ask. */
  async consult(number) {
    const from = this.client.events.length;
    return new Call(this.client, await this.#act('consult', number), from);
  }

  /** The far side of `other` takes this phone's place here. */
  attend(other) {
    return this.#act('attend', other.id);
  }

  dtmf(keys, by = 'rtp') {
    return this.#act('dtmf', keys, by);
  }

  path() {
    return this.#act('path');
  }
}
