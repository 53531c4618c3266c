import { ask } from './ask.js';
import { checkbox, choice, day, doing, el, labelled, size } from './parts.js';

const KINDS = ['string', 'number', 'boolean', 'date', 'datetime', 'email', 'phone', 'url', 'picklist', 'id'];

const RIGHTS = [
  ['events', 'see calls and presence'],
  ['control', "control the agent's calls and session"],
  ['customers', "read customers' names, numbers and records"],
  ['dial', 'dial'],
];

export function apps(section, state, reload) {
  const list = state.apps.map((app) => card(app, state.slots, reload));
  const none = el('p', { class: 'quiet' }, 'No app has been uploaded.');
  section.querySelector('.list').replaceChildren(...(list.length > 0 ? list : [none]));
}

/** Once: the form outlives what it uploads. */
export function uploads(section, reload) {
  const form = section.querySelector('form');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    doing(section, async () => {
      const file = form.elements.package.files[0];
      if (!file) throw new Error('Choose a package first.');
      await ask('POST', 'apps', file);
      form.reset();
      await reload();
    });
  });
}

function card(app, slots, reload) {
  const slot = choice([['', 'nowhere'], ...slots.map((name) => [name, name])], app.slot ?? '');
  const rights = RIGHTS.map(([right, text]) => {
    const asked = app.asks[right] && !app.rights[right] ? ' (the app asks for it)' : '';
    const { box, label } = checkbox(`${text}${asked}`, app.rights[right]);
    box.name = right;
    return label;
  });
  const fields = el('div', { class: 'list' }, ...app.fields.map(field));
  const url = `/si/${app.name}/${app.version}/`;
  const form = el(
    'form',
    { class: 'item', novalidate: true },
    el(
      'header',
      {},
      el('h3', {}, `${app.name} ${app.version}`),
      el('span', { class: 'quiet' }, `${app.files} files, ${size(app.size)}, ${app.uploaded_by}, ${day(app.uploaded_at)}`),
      el('a', { href: url, target: '_blank', rel: 'noreferrer' }, url),
    ),
    labelled('Slot', slot),
    el('fieldset', {}, el('legend', {}, 'The app may'), ...rights),
    el('strong', {}, 'CRM fields'),
    fields,
    el('p', { class: 'fault', role: 'alert', hidden: true }),
    el(
      'div',
      { class: 'bar' },
      el('button', { class: 'primary', type: 'submit' }, 'Save'),
      el('button', { type: 'button', onclick: () => fields.append(field({})) }, 'Add a field'),
      el('button', { class: 'danger', type: 'button', onclick: () => doing(form, remove) }, 'Remove'),
      el('span', { class: 'saved', role: 'status' }),
    ),
  );
  async function remove() {
    if (!confirm(`Remove ${app.name} ${app.version}? Agents who have it open lose it.`)) return;
    await ask('DELETE', `apps/${app.id}`);
    await reload();
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const rows = [...fields.children].map((row) => row.read());
    const granted = Object.fromEntries(RIGHTS.map(([right]) => [right, form.elements[right].checked]));
    doing(form, () => ask('PUT', `apps/${app.id}`, { slot: slot.value || null, fields: rows, rights: granted }));
  });
  return form;
}

function field({ key = '', label = '', type = 'string' }) {
  const name = el('input', { value: key, placeholder: 'Key', 'aria-label': 'Key', maxlength: '64' });
  const text = el('input', { value: label, placeholder: 'Label', 'aria-label': 'Label', maxlength: '128' });
  const kind = choice(KINDS.map((word) => [word, word]), type);
  kind.setAttribute('aria-label', 'Type');
  const row = el(
    'div',
    { class: 'field' },
    name,
    text,
    kind,
    el('button', { type: 'button', onclick: () => row.remove() }, 'Remove'),
  );
  row.read = () => ({ key: name.value.trim(), label: text.value.trim(), type: kind.value });
  return row;
}
