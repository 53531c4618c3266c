// What passes on the WebSocket, and when: the page's clock beside every SIP message. Must be
// loaded before a SIP library takes hold of `WebSocket`.

/** ms since 1970, finer than a millisecond; the same in all pages of a machine. */
export const now = () => performance.timeOrigin + performance.now();

/** Tells Node; `report` is put into the page before any script runs. */
export const report = (event) => window.report({ at: now(), ...event });

const seen = [];

function note(out, text) {
  if (typeof text !== 'string' || !text.includes('\r\n\r\n') || text.length < 16) return;
  const head = text.slice(0, text.indexOf('\r\n\r\n'));
  const field = (name) => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'im').exec(head)?.[1].trim() ?? '';
  const [first] = head.split('\r\n', 1);
  const status = /^SIP\/2\.0 (\d{3})/.exec(first);
  seen.push({
    at: now(), out, first,
    status: status ? Number(status[1]) : null,
    method: field('CSeq').split(/\s+/)[1],
    call: field('Call-ID'),
  });
  if (seen.length > 1000) seen.shift();
}

window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    this.addEventListener('message', (event) => note(false, event.data));
  }

  send(data) {
    note(true, data);
    super.send(data);
  }
};

/** When the first request of that method went out since `since`; null when none did. */
export function sent(method, since, call = null) {
  const fits = (m) => m.out && m.status === null && m.method === method && (!call || m.call === call);
  return seen.find((m) => m.at >= since && fits(m))?.at ?? null;
}

/** ms from the first such request to its 2xx, challenge and all. */
export function took(method, since, call = null) {
  const began = sent(method, since, call);
  const answer = seen.find((m) => began !== null && m.at >= began && !m.out && m.method === method
    && m.status >= 200 && m.status < 300 && (!call || m.call === call));
  if (!answer) throw new Error(`no 2xx to ${method} was seen`);
  return answer.at - began;
}

/** The first lines of the newest messages, for whoever looks for a fault. */
export const trace = () => seen.slice(-40).map((m) => `${m.at.toFixed(1)} ${m.out ? '>' : '<'} ${m.first}`);
