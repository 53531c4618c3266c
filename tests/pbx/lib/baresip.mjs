// A desk phone, or the phone network: baresip with plain SIP and RTP, a tone as its microphone,
// and a recording of what it hears.
import { connect } from 'node:net';
import { open, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { end, freePort, start, until } from '../../e2e/lib/process.mjs';
import { DOMAIN, PASSWORD } from './accounts.mjs';
import { Client } from './client.mjs';
import { level } from './tone.mjs';

const MODULES = process.env.OMNIBAR_BARESIP_MODULES ?? '/usr/lib/baresip/modules';
/** Newest sound that a level is taken of, in seconds. */
const SPAN = 0.2;

export class Baresip extends Client {
  /**
   * Starts one. With a `user` it is that extension; with an outside `number` instead it is the
   * subscriber of the phone network who has it. It answers every call at once, or, if told so,
   * none by itself.
   */
  static async open(pbx, { user = null, number = null, hertz, autoAnswer = true }) {
    const self = new Baresip({ name: 'baresip', user: user ?? number, hertz });
    self.dir = await mkdtemp(join(tmpdir(), 'omnibar-baresip-'));
    self.sounds = join(self.dir, 'sounds');
    self.pbx = pbx;
    const address = user ? '127.0.0.1' : '127.0.0.9';
    const port = user ? await freePort() : pbx.ports.network;
    const control = await freePort();
    const account = [
      `<sip:${self.user}@127.0.0.1:${pbx.ports.sip}>`,
      ...(user ? [`auth_user=${user}`, `auth_pass=${PASSWORD}`] : []),
      `regint=${user ? 60 : 0}`, `answermode=${autoAnswer ? 'auto' : 'manual'}`, 'audio_codecs=pcmu',
    ].join(';');
    await mkdir(self.sounds);
    await writeFile(join(self.dir, 'accounts'), `${account}\n`);
    await writeFile(join(self.dir, 'contacts'), '');
    await writeFile(join(self.dir, 'config'), config({ address, port, control, hertz, sounds: self.sounds }));
    const registered = user && pbx.ami.wait('ContactStatus', { AOR: user });
    self.child = start('baresip', ['-f', self.dir], { log: join(self.dir, 'log') });
    self.child.once('error', (error) => self.events.end(error.message));
    self.child.once('exit', (code) => self.events.end(`baresip ended with ${code}`));
    try {
      self.socket = await until('baresip', () => dial(control), 5000, 20);
      self.#listen();
      // It may have registered before it took commands, and then says nothing of it any more.
      await registered;
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  #listen() {
    let rest = Buffer.alloc(0);
    this.socket.on('error', () => {});
    this.socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      // Netstrings: length, colon, text, comma.
      for (;;) {
        const colon = rest.indexOf(':');
        const length = Number(rest.subarray(0, colon).toString());
        if (colon < 0 || rest.length < colon + length + 2) return;
        this.#told(JSON.parse(rest.subarray(colon + 1, colon + 1 + length).toString()));
        rest = rest.subarray(colon + length + 2);
      }
    });
  }

  #told(message) {
    const at = performance.timeOrigin + performance.now();
    if (message.response) {
      this.events.push({ at, event: 'answer', token: message.token, ok: message.ok, text: message.data });
      return;
    }
    const call = message.id;
    const number = /^(?:sips?:)?([^@;]*)/.exec(message.peeruri ?? '')?.[1];
    // It does not announce what it answers by itself.
    const seen = this.events.all.some((e) => e.event === 'incoming' && e.call === call);
    if (message.type === 'CALL_ESTABLISHED' && message.direction === 'incoming' && !seen) {
      this.#told({ ...message, type: 'CALL_INCOMING' });
    }
    const events = {
      CALL_INCOMING: { event: 'incoming', number, name: message.peerdisplayname ?? null, headers: {} },
      CALL_RINGING: { event: 'ringing' },
      CALL_PROGRESS: { event: 'early' },
      CALL_ESTABLISHED: { event: 'connected' },
      CALL_RTPESTAB: { event: 'media' },
      CALL_HOLD: { event: 'held' },
      CALL_RESUME: { event: 'resumed' },
      CALL_CLOSED: { event: 'ended', by: 'far', status: Number(/^(\d{3}) /.exec(message.param)?.[1]) || null, cause: message.param },
    };
    if (message.type === 'CALL_DTMF_START') {
      this.events.push({ at, event: 'digit', call, key: message.param, by: 'rtp' });
    } else if (message.type in events) {
      this.events.push({ at, call, ...events[message.type] });
    }
  }

  async #command(command, params) {
    const token = `${++this.token || (this.token = 1)}`;
    const text = JSON.stringify({ command, params, token });
    const from = this.events.length;
    this.socket.write(`${Buffer.byteLength(text)}:${text},`);
    const said = await this.events.wait(`the answer to ${command}`, (e) => e.event === 'answer' && e.token === token, { from });
    if (!said.ok) throw new Error(`baresip does not ${command}: ${said.text}`);
    return said.text;
  }

  /** It has one call at a time, so the call's id is its own knowledge only. */
  async act(verb, ...args) {
    switch (verb) {
      case 'call': {
        const from = this.events.length;
        await this.#command('dial', `sip:${args[0]}@127.0.0.1:${this.pbx.ports.sip}`);
        const first = await this.events.wait('a call that goes out', (e) => e.call, { from });
        return first.call;
      }
      case 'answer': return this.#command('accept');
      case 'reject':
      case 'hangup': return this.#command('hangup');
      case 'hold': return this.#command('hold');
      case 'resume': return this.#command('resume');
      case 'transfer': return this.#command('transfer', `sip:${args[1]}@${DOMAIN}`);
      case 'dtmf': for (const key of args[1]) await this.#command('sndcode', key); return null;
      case 'levels': return this.#levels(args[0]);
      default: throw new Error(`this desk phone cannot ${verb}`);
    }
  }

  async #levels(frequencies) {
    const { sound, rate } = await newest(this.sounds);
    return frequencies.map((hertz) => level(sound, hertz, rate));
  }

  async close() {
    this.socket?.destroy();
    await end(this.child, 1000);
    if (!process.env.OMNIBAR_KEEP) await rm(this.dir, { recursive: true, force: true });
  }
}

function config({ address, port, control, hertz, sounds }) {
  const modules = ['opus', 'g711', 'ausine', 'aubridge', 'sndfile'];
  return `${[
    'poll_method epoll', 'net_interface 127.0.0.1', `sip_listen ${address}:${port}`, 'call_local_timeout 120', 'call_max_calls 4',
    'audio_player aubridge,sink', `audio_source ausine,${hertz}`, 'audio_alert aubridge,sink',
    // Its tone knows nothing else.
    'ausrc_srate 48000', 'auplay_srate 48000', 'ausrc_channels 2', 'auplay_channels 2',
    `module_path ${MODULES}`, ...modules.map((name) => `module ${name}.so`),
    'module_tmp uuid.so', 'module_tmp account.so',
    ...['auloop', 'contact', 'menu', 'ctrl_tcp'].map((name) => `module_app ${name}.so`),
    `ctrl_tcp_listen 127.0.0.1:${control}`, 'rtp_ports 30000-39999', 'jitter_buffer_delay 5-10', `snd_path ${sounds}`,
  ].join('\n')}\n`;
}

function dial(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** The end of the newest recording of the far side, while it is being written. */
async function newest(dir) {
  const names = (await readdir(dir)).filter((name) => name.endsWith('-dec.wav')).sort();
  if (names.length === 0) return { sound: new Float32Array(0), rate: 8000 };
  const file = await open(join(dir, names.at(-1)));
  try {
    const head = Buffer.alloc(44);
    await file.read(head, 0, 44, 0);
    const [channels, rate] = [head.readUInt16LE(22), head.readUInt32LE(24)];
    const frame = 2 * channels;
    const frames = Math.floor(((await file.stat()).size - 44) / frame);
    const count = Math.min(frames, Math.round(SPAN * rate));
    const data = Buffer.alloc(Math.max(0, count) * frame);
    await file.read(data, 0, data.length, 44 + (frames - count) * frame);
    return { sound: Float32Array.from({ length: Math.max(0, count) }, (_, i) => data.readInt16LE(i * frame) / 32768), rate };
  } finally {
    await file.close();
  }
}
