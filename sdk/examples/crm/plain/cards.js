import { PHASES, callbackTime, clock, display, duration } from '../shared/words.js';
import { field, h } from './dom.js';

export function callCard(store, call, classes, busy) {
  const head = h(
    'div',
    { class: 'head' },
    h(
      'div',
      {},
      h('h2', {}, call.name || display(call.phone) || 'Number withheld'),
      h('p', { class: 'quiet number' }, call.name ? display(call.phone) : ''),
    ),
    h(
      'p',
      {},
      h('b', {}, PHASES[call.phase]),
      ' ',
      h('span', { class: 'number quiet', id: 'timer' }, duration(Date.now() - call.since)),
    ),
  );
  return h(
    'section',
    { class: 'card call', 'aria-label': 'Call' },
    head,
    call.phase === 'wrapping' && wrapUp(store, call, classes, busy),
  );
}

function wrapUp(store, call, classes, busy) {
  const code = h(
    'select',
    { required: true },
    h('option', { value: '' }, 'Choose how it ended'),
    classes.map(({ className, dispositionCodeBean }) =>
      h(
        'optgroup',
        { label: className },
        dispositionCodeBean.map(({ dispositionCodeId, dispositionCodeName }) =>
          h('option', { value: dispositionCodeId }, dispositionCodeName),
        ),
      ),
    ),
  );
  const notes = h('textarea', { maxlength: 2000 });
  const when = h('input', { type: 'datetime-local' });
  const submit = (event) => {
    event.preventDefault();
    const callback = when.value && {
      callbackTime: callbackTime(when.value),
      phone: call.phone ?? '',
      isSelfCallback: true,
    };
    void store.dispose(Number(code.value), notes.value, callback);
  };
  return h(
    'form',
    { onsubmit: submit },
    h(
      'div',
      { class: 'form' },
      field('Disposition', code),
      field('Call back at (optional)', when),
      field('Notes', notes, true),
    ),
    h('button', { class: 'button primary', disabled: busy }, busy ? 'Closing' : 'Close the call'),
  );
}

export function matchesCard(store, ids, list) {
  if (ids.length === 0) return null;
  const found = list.filter(({ id }) => ids.includes(id));
  return h(
    'section',
    { class: 'card', 'aria-label': 'Who is calling' },
    h('h3', {}, 'Several customers have this number'),
    h(
      'div',
      { class: 'buttons' },
      found.map(({ id, name, company }) =>
        h(
          'button',
          { class: 'button', type: 'button', onclick: () => store.select(id) },
          `${name}, ${company}`,
        ),
      ),
    ),
  );
}

export function customerCard(store, customer, busy, live) {
  if (!customer) return h('p', { class: 'empty' }, 'Choose a customer, or wait: a call opens its own.');
  const { name, company, phone, email, city, note, id, cases, activity } = customer;
  const dial = h(
    'button',
    {
      class: 'button primary',
      type: 'button',
      disabled: busy || live,
      onclick: () => store.dial(phone, name),
    },
    busy ? 'Calling' : `Call ${phone}`,
  );
  const facts = { Number: phone, Email: email, City: city, Record: id, Note: note };
  return h(
    'article',
    { class: 'stack' },
    h(
      'section',
      { class: 'card' },
      h('div', { class: 'head' }, h('div', {}, h('h2', {}, name), h('p', { class: 'quiet' }, company)), dial),
      h(
        'dl',
        { class: 'facts' },
        Object.entries(facts)
          .filter(([, value]) => value)
          .map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', { class: 'number' }, value))),
      ),
    ),
    cases.length > 0 &&
      h(
        'section',
        { class: 'card' },
        h('h3', {}, 'Open cases'),
        h(
          'ul',
          { class: 'lines' },
          cases.map((one) => h('li', {}, h('time', {}, one.id), one.subject)),
        ),
      ),
    h(
      'section',
      { class: 'card' },
      h('h3', {}, 'Activity'),
      activity.length === 0
        ? h('p', { class: 'quiet' }, 'Nothing yet. Calls are noted here by themselves.')
        : h(
            'ul',
            { class: 'lines' },
            activity.map(({ at, text }) => h('li', {}, h('time', {}, clock(at)), text)),
          ),
    ),
  );
}

export function draftCard(store, { name, phone }) {
  const inputs = {
    name: h('input', { required: true, value: name, autocomplete: 'off' }),
    phone: h('input', { required: true, type: 'tel', value: phone, autocomplete: 'off' }),
    company: h('input', { autocomplete: 'off' }),
  };
  const submit = (event) => {
    event.preventDefault();
    store.create(Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, input.value.trim()])));
  };
  return h(
    'form',
    { class: 'card', onsubmit: submit },
    h('h2', {}, 'New customer'),
    h(
      'div',
      { class: 'form' },
      field('Name', inputs.name),
      field('Number', inputs.phone),
      field('Company (optional)', inputs.company),
    ),
    h(
      'div',
      { class: 'buttons' },
      h('button', { class: 'button primary' }, 'Save'),
      h('button', { class: 'button', type: 'button', onclick: store.dropDraft }, 'Discard'),
    ),
  );
}
