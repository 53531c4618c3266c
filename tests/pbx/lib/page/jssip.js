// A phone made of JsSIP. Methods are what Node calls; events are what it is told.
import { now, report, sent, took, trace } from './wire.js';
import { path, Voice } from './voice.js';
import JsSIP from 'jssip';

class Phone {
  constructor() {
    this.calls = new Map();
    this.trace = trace;
  }

  async open({ user, password, domain, url, hertz, ice = {}, autoAnswer = 'never' }) {
    Object.assign(this, { ice: { iceServers: [], ...ice }, autoAnswer });
    this.voice = new Voice(hertz);
    await this.voice.ready();
    this.ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(url)], uri: `sip:${user}@${domain}`, password,
      register: false, register_expires: 120, session_timers: true, user_agent: 'rig',
    });
    this.ua.on('newRTCSession', (e) => e.originator === 'remote' && this.#comes(e.session, e.request));
    this.ua.on('registered', () => report({ event: 'registered' }));
    this.ua.on('disconnected', () => report({ event: 'disconnected' }));
    this.ua.on('connected', () => report({ event: 'open' }));
    this.ua.on('sipEvent', (e) => report({ event: 'notify', about: e.event.event, body: e.request.body }));
    await new Promise((resolve, reject) => {
      this.ua.once('connected', resolve);
      this.ua.once('disconnected', () => reject(new Error(`${url} is not to be reached`)));
      this.ua.start();
    });
  }

  register() {
    const since = now();
    return new Promise((resolve, reject) => {
      this.ua.once('registered', () => resolve({ ms: took('REGISTER', since), felt: now() - since }));
      this.ua.once('registrationFailed', (e) => reject(new Error(`REGISTER: ${e.response?.status_code ?? e.cause}`)));
      this.ua.register();
    });
  }

  call(number) {
    const since = now();
    const session = this.ua.call(`sip:${number}@${this.ua.configuration.uri.host}`, {
      mediaStream: this.voice.microphone(), pcConfig: this.ice,
    });
    return this.#keep(session, since);
  }

  answer(id) {
    this.calls.get(id).answer({ mediaStream: this.voice.microphone(), pcConfig: this.ice });
  }

  reject(id, status) {
    this.calls.get(id).terminate({ status_code: status });
  }

  hangup(id) {
    this.calls.get(id).terminate();
  }

  hold(id) {
    return this.#reinvite(id, 'hold');
  }

  resume(id) {
    return this.#reinvite(id, 'unhold');
  }

  #reinvite(id, verb) {
    const session = this.calls.get(id);
    const since = now();
    this.voice.hold(id, verb === 'hold');
    return new Promise((resolve, reject) => {
      const done = () => resolve({ ms: took('INVITE', since, session._request.call_id), felt: now() - since });
      if (!session[verb]({}, done)) reject(new Error(`${verb} was refused`));
    });
  }

  transfer(id, number) {
    return this.#refer(id, `sip:${number}@${this.ua.configuration.uri.host}`, {});
  }

  /** Puts this call on hold and calls somebody to ask. */
  async consult(id, number) {
    await this.hold(id);
    return this.call(number);
  }

  /** The far side of `other` takes the place of this phone in `id`. */
  attend(id, other) {
    const replaces = this.calls.get(other);
    return this.#refer(id, replaces.remote_identity.uri, { replaces });
  }

  #refer(id, target, options) {
    const since = now();
    return new Promise((resolve, reject) => {
      const failed = (why) => (e) =>
        reject(new Error(`REFER ${why}: ${e.status_line?.status_code ?? e.response?.status_code ?? e.cause}`));
      this.calls.get(id).refer(target, {
        ...options,
        eventHandlers: {
          accepted: () => resolve({ at: sent('REFER', since), asked: since }),
          failed: failed('failed'), requestFailed: failed('was refused'),
        },
      });
    });
  }

  dtmf(id, keys, by) {
    const transportType = { rtp: 'RFC2833', info: 'INFO' }[by];
    this.calls.get(id).sendDTMF(keys, { transportType, duration: 120, interToneGap: 100 });
  }

  async path(id) {
    return path(this.calls.get(id).connection);
  }

  /** Subscribes to an event package (RFC 6665); its NOTIFYs are reported. */
  watch(number, about, accept) {
    const target = `${number}@${this.ua.configuration.uri.host}`;
    const subscriber = this.ua.subscribe(target, about, accept, { expires: 120 });
    subscriber.on('notify', (_final, _request, body) => report({ event: 'notify', about, body }));
    subscriber.on('terminated', (code, reason) => report({ event: 'unwatched', about, code, reason }));
    subscriber.subscribe();
  }

  #comes(session, request) {
    const id = this.#keep(session, now());
    const header = (name) => request.getHeader(name) ?? null;
    const headers = Object.fromEntries(['Alert-Info', 'Call-Info', 'Diversion', 'History-Info',
      'P-Asserted-Identity', 'Session-Expires', 'Min-SE'].map((name) => [name, header(name)]));
    const from = session.remote_identity;
    report({ event: 'incoming', call: id, number: from.uri.user, name: from.display_name, headers });
    const asked = /answer-after=0|auto-?answer/i.test(`${headers['Call-Info']} ${headers['Alert-Info']}`);
    if (this.autoAnswer === 'always' || (this.autoAnswer === 'asked' && asked)) this.answer(id);
  }

  #keep(session, since) {
    const id = session.id;
    this.calls.set(id, session);
    const tell = (event, more = {}) => report({ event, call: id, ...more });
    const attend = (connection) => this.voice.attend(id, connection);
    if (session.connection) attend(session.connection);
    session.on('peerconnection', (e) => attend(e.peerconnection));
    session.on('icecandidate', (e) => {
      // One address is enough on one machine; a relay must be waited for.
      if (this.ice.iceTransportPolicy !== 'relay' || e.candidate.type === 'relay') e.ready();
    });
    session.on('sending', () => queueMicrotask(() => setTimeout(() => tell('sent', { at: sent('INVITE', since), asked: since }))));
    session.on('progress', (e) => tell(e.response?.body ? 'early' : 'ringing'));
    session.on('accepted', (e) => e.originator === 'remote' && tell('connected'));
    session.on('confirmed', (e) => e.originator === 'remote' && tell('connected'));
    session.on('hold', (e) => e.originator === 'remote' && tell('held'));
    session.on('unhold', (e) => e.originator === 'remote' && tell('resumed'));
    session.on('newDTMF', (e) => e.originator === 'remote' && tell('digit', { key: e.dtmf.tone, by: 'info' }));
    const ended = (e) => tell('ended', {
      by: e.originator === 'local' ? 'us' : 'far', status: e.message?.status_code ?? null, cause: e.cause,
    });
    session.on('ended', ended);
    session.on('failed', ended);
    return id;
  }

  levels(frequencies) {
    return this.voice.levels(frequencies);
  }
}

window.phone = new Phone();
