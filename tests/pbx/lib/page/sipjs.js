// A phone made of SIP.js. Methods are what Node calls; events are what it is told.
import { now, report, sent, took, trace } from './wire.js';
import { path, Voice } from './voice.js';
import { Inviter, Registerer, SessionState, Subscriber, UserAgent, Web } from 'sip.js';

class Phone {
  constructor() {
    this.calls = new Map();
    this.ended = new Set();
    this.trace = trace;
  }

  async open({ user, password, domain, url, hertz, ice = {}, autoAnswer = 'never' }) {
    Object.assign(this, { domain, autoAnswer });
    this.voice = new Voice(hertz);
    await this.voice.ready();
    this.ua = new UserAgent({
      uri: UserAgent.makeURI(`sip:${user}@${domain}`), transportOptions: { server: url },
      authorizationUsername: user, authorizationPassword: password, logBuiltinEnabled: false,
      logLevel: 'warn', logConnector: (level, where, _label, text) => {
        if (level === 'warn' || level === 'error') report({ event: 'fault', level, where, text });
      },
      sessionDescriptionHandlerFactory: this.#describer(ice),
      sessionDescriptionHandlerFactoryOptions: {
        // Never by the clock: a description without an address is sent by a machine under load,
        // and the PBX answers it without ICE, which the browser then refuses.
        iceGatheringTimeout: 0,
        peerConnectionConfiguration: { iceServers: [], ...ice },
      },
      delegate: {
        onInvite: (invitation) => this.#comes(invitation),
        onConnect: () => report({ event: 'open' }),
        onDisconnect: () => report({ event: 'disconnected' }),
      },
    });
    await this.ua.start();
  }

  /** Descriptions leave with the first address that will do; one is enough on one machine. */
  #describer(ice) {
    const make = Web.defaultSessionDescriptionHandlerFactory(() => Promise.resolve(this.voice.microphone()));
    return (session, options) => {
      const handler = make(session, options);
      handler.peerConnection.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate && (ice.iceTransportPolicy !== 'relay' || candidate.type === 'relay')) handler.iceGatheringComplete();
      });
      return handler;
    };
  }

  register() {
    const since = now();
    this.registerer ??= new Registerer(this.ua, { expires: 120 });
    return new Promise((resolve, reject) => {
      this.registerer.register({
        requestDelegate: {
          onAccept: () => {
            report({ event: 'registered' });
            resolve({ ms: took('REGISTER', since), felt: now() - since });
          },
          onReject: (answer) => reject(new Error(`REGISTER: ${answer.message.statusCode}`)),
        },
      });
    });
  }

  call(number) {
    const since = now();
    const session = new Inviter(this.ua, this.#uri(number), { earlyMedia: true });
    const id = this.#keep(session);
    session.invite({
      requestDelegate: {
        onProgress: (answer) => report({ event: answer.message.body ? 'early' : 'ringing', call: id }),
        onReject: ({ message: { statusCode: status } }) =>
          this.#over(id, { by: status === 487 ? 'us' : 'far', status, cause: null }),
      },
    }).then(() => report({ event: 'sent', call: id, at: sent('INVITE', since), asked: since }));
    return id;
  }

  answer(id) {
    this.calls.get(id).accept();
  }

  reject(id, status) {
    this.calls.get(id).reject({ statusCode: status });
  }

  hangup(id) {
    const session = this.calls.get(id);
    this.ours = id;
    if (session.state === SessionState.Established) session.bye();
    else if (session instanceof Inviter) session.cancel();
    else session.reject();
  }

  hold(id) {
    return this.#reinvite(id, true);
  }

  resume(id) {
    return this.#reinvite(id, false);
  }

  #reinvite(id, hold) {
    const session = this.calls.get(id);
    const since = now();
    this.voice.hold(id, hold);
    session.sessionDescriptionHandlerOptionsReInvite = { hold };
    return new Promise((resolve, reject) => {
      session.invite({
        requestDelegate: {
          onAccept: () => resolve({ ms: took('INVITE', since), felt: now() - since }),
          onReject: (answer) => reject(new Error(`re-INVITE: ${answer.message.statusCode}`)),
        },
      });
    });
  }

  transfer(id, number) {
    return this.#refer(id, this.#uri(number));
  }

  /** Puts this call on hold and calls somebody to ask. */
  async consult(id, number) {
    await this.hold(id);
    return this.call(number);
  }

  /** The far side of `other` takes the place of this phone in `id`. */
  attend(id, other) {
    return this.#refer(id, this.calls.get(other));
  }

  #refer(id, target) {
    const since = now();
    return new Promise((resolve, reject) => {
      this.calls.get(id).refer(target, {
        requestDelegate: { onReject: (answer) => reject(new Error(`REFER was refused: ${answer.message.statusCode}`)) },
        onNotify: (notification) => {
          notification.accept();
          const status = Number(/^SIP\/2\.0 (\d{3})/.exec(notification.request.body)?.[1]);
          if (status >= 300) reject(new Error(`REFER failed: ${status}`));
          else if (status >= 200) resolve({ at: sent('REFER', since), asked: since });
        },
      });
    });
  }

  dtmf(id, keys, by) {
    const session = this.calls.get(id);
    if (by === 'rtp') {
      session.sessionDescriptionHandler.sendDtmf(keys, { duration: 120, interToneGap: 100 });
      return;
    }
    for (const key of keys) {
      const content = `Signal=${key}\r\nDuration=120\r\n`;
      const body = { contentDisposition: 'render', contentType: 'application/dtmf-relay', content };
      session.info({ requestOptions: { body } });
    }
  }

  async path(id) {
    return path(this.calls.get(id).sessionDescriptionHandler.peerConnection);
  }

  /** Subscribes to an event package (RFC 6665); its NOTIFYs are reported. */
  watch(number, about, accept) {
    const subscriber = new Subscriber(this.ua, this.#uri(number), about, { expires: 120, extraHeaders: [`Accept: ${accept}`] });
    subscriber.delegate = {
      onNotify: (notification) => {
        notification.accept();
        report({ event: 'notify', about, body: notification.request.body });
      },
    };
    return subscriber.subscribe();
  }

  #uri(number) {
    return UserAgent.makeURI(`sip:${number}@${this.domain}`);
  }

  #comes(invitation) {
    const id = this.#keep(invitation);
    const header = (name) => invitation.request.getHeader(name) ?? null;
    const headers = Object.fromEntries(['Alert-Info', 'Call-Info', 'Diversion', 'History-Info',
      'P-Asserted-Identity', 'Session-Expires', 'Min-SE'].map((name) => [name, header(name)]));
    const from = invitation.remoteIdentity;
    report({ event: 'incoming', call: id, number: from.uri.user, name: from.displayName, headers });
    const asked = /answer-after=0|auto-?answer/i.test(`${headers['Call-Info']} ${headers['Alert-Info']}`);
    if (this.autoAnswer === 'always' || (this.autoAnswer === 'asked' && asked)) this.answer(id);
  }

  #keep(session) {
    const id = session.id;
    this.calls.set(id, session);
    session.delegate = {
      onSessionDescriptionHandler: (handler) => this.voice.attend(id, handler.peerConnection),
      onInfo: (info) => {
        const key = /Signal\s*=\s*(\S)/.exec(info.request.body)?.[1];
        info.accept();
        report({ event: 'digit', call: id, key, by: 'info' });
      },
      onBye: (bye) => {
        bye.accept();
        this.#over(id, { by: 'far', status: null, cause: 'BYE' });
      },
      onCancel: () => this.#over(id, { by: 'far', status: null, cause: 'CANCEL' }),
    };
    session.stateChange.addListener((state) => {
      if (state === SessionState.Established) report({ event: 'connected', call: id });
      // What has a reason of its own is told first; the library itself may have given up as well.
      if (state === SessionState.Terminated) {
        setTimeout(() => this.#over(id, { by: 'us', status: null, cause: this.ours === id ? 'BYE' : 'given up' }));
      }
    });
    return id;
  }

  /** Tells the end of a call once. */
  #over(id, how) {
    if (this.ended.has(id)) return;
    this.ended.add(id);
    report({ event: 'ended', call: id, ...how });
  }

  levels(frequencies) {
    return this.voice.levels(frequencies);
  }
}

window.phone = new Phone();
