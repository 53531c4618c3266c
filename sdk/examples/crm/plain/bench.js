import { ACTIONS, FIELDS } from '../shared/bench.js';
import { clock } from '../shared/words.js';
import { field, h, section } from './dom.js';

export function bench(store, into) {
  const inputs = Object.fromEntries(
    FIELDS.map(({ name, label, ...attributes }) => [
      name,
      h('input', { name, autocomplete: 'off', ...attributes }),
    ]),
  );
  const values = () =>
    Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]));
  const log = h('div', { class: 'log' });
  into.append(
    h(
      'form',
      { class: 'card', 'aria-label': 'SDK bench', onsubmit: (event) => event.preventDefault() },
      h('h2', {}, 'SDK bench'),
      h(
        'div',
        { class: 'form' },
        FIELDS.map(({ name, label }) => field(label, inputs[name])),
      ),
      h(
        'div',
        { class: 'buttons' },
        ACTIONS.map(({ label, api, run }) =>
          h(
            'button',
            {
              class: 'button',
              type: 'button',
              title: api,
              onclick: () => store.call(api, (sdk) => run(sdk, values())),
            },
            label,
          ),
        ),
      ),
    ),
    h(
      'section',
      { class: 'card', 'aria-label': 'Event log' },
      h(
        'div',
        { class: 'head' },
        h('h3', {}, 'Event log'),
        h('button', { class: 'button', type: 'button', onclick: store.clearLog }, 'Clear'),
      ),
      log,
    ),
  );
  const drawn = new Map();
  const draw = section(
    log,
    ({ log: entries }) => [entries],
    (entries) => lines(entries, drawn),
  );
  const update = (state) => {
    fill(inputs.interactionId, state.call?.id);
    fill(inputs.campaignId, state.call?.campaignId ?? state.campaigns[0]?.campaignId);
    draw(state);
  };
  store.watch(update);
  update(store.get());
}

// What is known already, unless the agent has typed something or is about to: a value that comes
// between the click into an empty field and the first key would stand before what is typed.
function fill(input, value) {
  if (value === undefined || input === document.activeElement) return;
  if (input.value && input.value !== input.dataset.filled) return;
  input.value = input.dataset.filled = String(value);
}

// Entries keep their element, so that an open one stays open.
function lines(entries, drawn) {
  if (entries.length === 0) return h('p', { class: 'quiet' }, 'Every event, answer and error appears here.');
  const kept = new Set(entries);
  for (const entry of drawn.keys()) if (!kept.has(entry)) drawn.delete(entry);
  return entries.map((entry) => {
    if (!drawn.has(entry)) drawn.set(entry, line(entry));
    return drawn.get(entry);
  });
}

function line({ at, kind, name, data }) {
  return h(
    'details',
    { 'data-kind': kind },
    h('summary', {}, h('span', { class: 'number' }, clock(at)), h('b', {}, name), h('i', {}, kind)),
    h('pre', {}, JSON.stringify(data, null, 1) ?? 'nothing'),
  );
}
