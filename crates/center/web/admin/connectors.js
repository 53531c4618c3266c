import { ask } from './ask.js';
import { day, doing, el, labelled } from './parts.js';

const KINDS = { directory: 'the centre itself', salesforce: 'Salesforce', web: 'web services' };
const FORMS = { salesforce, web };

const STEPS = {
  dns: 'Name',
  tls: 'Certificate',
  connection: 'Connection',
  sign_in: 'Sign-in',
  rights: 'Rights',
  version: 'API version',
  objects: 'Objects and fields',
  answer: 'Answer',
  centre: 'Centre',
};

export function connectors(section, state, reload) {
  section.querySelector('.list').replaceChildren(...state.connectors.map((one) => card(one, reload)));
}

/** Once: an empty form below the others, which is gone when it was kept. */
export function adding(section, reload) {
  for (const kind of ['salesforce', 'web']) {
    section.querySelector(`#add-${kind}`).addEventListener('click', () => {
      const list = section.querySelector('.list');
      list.querySelector('[data-new]')?.remove();
      const name = kind === 'web' ? 'Web services' : 'Salesforce';
      const made = card({ id: null, kind, name, domain: '', settings: null, used: false }, reload);
      made.dataset.new = '';
      list.append(made);
      made.elements.name.focus();
    });
  }
}

function card(one, reload) {
  const fresh = one.id === null;
  const parts = FORMS[one.kind]?.(one) ?? null;
  const tested = el('p', { class: 'tested', role: 'status' });
  const form = el(
    'form',
    { class: 'item', novalidate: true, autocomplete: 'off' },
    el(
      'header',
      {},
      el('h3', {}, one.name),
      el('span', { class: 'quiet' }, KINDS[one.kind] + (fresh ? '' : `, number ${one.id}, changed ${day(one.changed_at)}`)),
      one.used ? el('strong', { class: 'used' }, 'in use') : null,
    ),
    ...(parts?.nodes ?? []),
    el('p', { class: 'fault', role: 'alert', hidden: true }),
    tested,
    el(
      'div',
      { class: 'bar' },
      parts ? el('button', { class: 'primary', type: 'submit' }, fresh ? 'Add' : 'Save') : null,
      fresh ? null : el('button', { type: 'button', name: 'test', onclick: () => doing(form, test) }, 'Test connection'),
      fresh || one.used ? null : el('button', { type: 'button', name: 'use', onclick: () => doing(form, use) }, 'Use this one'),
      fresh || !parts ? null : el('button', { class: 'danger', type: 'button', onclick: () => doing(form, remove) }, 'Remove'),
      el('span', { class: 'saved', role: 'status' }),
    ),
  );
  if (!fresh) form.dataset.connector = one.id;

  async function test() {
    tested.textContent = 'Asking the CRM …';
    tested.dataset.works = '';
    const told = await ask('POST', `connectors/${one.id}/test`).catch((error) => {
      tested.textContent = '';
      throw error;
    });
    tested.dataset.works = told.works;
    const objects = Object.entries(told.objects ?? {}).map(([name, fields]) => `${name} (${fields.join(', ')})`);
    tested.textContent = told.works ? `It works: ${objects.join(', ')}` : `${STEPS[told.step] ?? told.step}: ${told.message}`;
  }
  async function use() {
    await ask('PUT', 'connector', { id: one.id });
    await reload();
  }
  async function remove() {
    if (!confirm(`Remove ${one.name}? Pages find no records of it any more, and its secrets are gone.`)) return;
    await ask('DELETE', `connectors/${one.id}`);
    await reload();
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    doing(form, async () => {
      const given = parts.read();
      if (fresh) await ask('POST', 'connectors', given);
      else await ask('PUT', `connectors/${one.id}`, given);
      await reload();
    });
  });
  return form;
}

function text(field, value, more = {}) {
  return el('input', { name: field, value, spellcheck: 'false', autocomplete: 'off', maxlength: '2048', ...more });
}

function salesforce({ id, name, domain, settings }) {
  const kept = id === null ? '' : 'kept; empty leaves it';
  const secret = (field) => text(field, '', { type: 'password', autocomplete: 'new-password', placeholder: kept });
  const objects = Object.entries(settings?.objects ?? {}).map(([object, fields]) => `${object}: ${fields.join(', ')}`);
  const inputs = {
    name: text('name', name, { maxlength: '64' }),
    domain: text('domain', domain, { inputmode: 'url', placeholder: 'https://example.my.salesforce.com' }),
    login: text('login', settings?.login ?? '', { inputmode: 'url', placeholder: 'https://login.salesforce.com' }),
    version: text('version', settings?.api_version ?? '', { inputmode: 'decimal', placeholder: '62.0', maxlength: '16' }),
    client_id: text('client_id', '', { placeholder: kept }),
    client_secret: secret('client_secret'),
    refresh_token: secret('refresh_token'),
    objects: el('textarea', { name: 'objects', rows: '3', spellcheck: 'false', placeholder: 'Case: Id, Subject, Description' }),
  };
  inputs.objects.value = objects.join('\n');
  const nodes = [
    labelled('Name', inputs.name),
    labelled('Address of the instance', inputs.domain),
    el('div', { class: 'pair' }, labelled('Address of the sign-in', inputs.login), labelled('API version', inputs.version)),
    labelled('Client id of the connected app', inputs.client_id),
    el('div', { class: 'pair' }, labelled('Client secret', inputs.client_secret), labelled('OAuth refresh token', inputs.refresh_token)),
    labelled('Objects and fields, an object a line', inputs.objects),
  ];
  const read = () => ({
    kind: 'salesforce',
    name: inputs.name.value,
    domain: inputs.domain.value,
    login: inputs.login.value,
    api_version: inputs.version.value,
    objects: lines(inputs.objects.value),
    client_id: inputs.client_id.value,
    client_secret: inputs.client_secret.value,
    refresh_token: inputs.refresh_token.value,
  });
  return { nodes, read };
}

function web({ id, name, settings }) {
  const kept = id === null ? 'none' : 'kept; empty leaves it';
  const secret = (field) => text(field, '', { type: 'password', autocomplete: 'new-password', placeholder: kept });
  const address = (field, placeholder) => text(field, settings?.[field] ?? '', { inputmode: 'url', placeholder });
  const inputs = {
    name: text('name', name, { maxlength: '64' }),
    object: text('object', settings?.object ?? 'Contact', { maxlength: '64' }),
    fields: text('fields', (settings?.fields ?? []).map((f) => `${f.name} ${f.type}`).join(', '), {
      placeholder: 'Id id, Name string, Phone phone',
    }),
    get: address('get', 'https://crm.example/contacts?phone={phone}'),
    records: text('records', settings?.records ?? '', { placeholder: 'data.items; empty: the answer itself' }),
    post: address('post', 'https://crm.example/contacts/{id}; empty: shown only'),
    push: address('push', 'https://crm.example/events; empty: told nothing'),
    authorization: secret('authorization'),
    push_key: secret('push_key'),
  };
  const nodes = [
    el('div', { class: 'pair' }, labelled('Name', inputs.name), labelled('Kind of record', inputs.object)),
    labelled('Fields with their types', inputs.fields),
    labelled('GET: finds records ({phone}, {field}, {text}, {limit}, {offset})', inputs.get),
    labelled('Where the records are in the answer', inputs.records),
    labelled('POST: changes and makes records ({id})', inputs.post),
    labelled('PUSH: is told what happens to interactions', inputs.push),
    el('div', { class: 'pair' }, labelled('Authorization header', inputs.authorization), labelled('Key that signs PUSH', inputs.push_key)),
  ];
  const read = () => ({
    kind: 'web',
    name: inputs.name.value,
    settings: {
      object: inputs.object.value.trim(),
      fields: inputs.fields.value
        .split(',')
        .map((field) => field.trim().split(/\s+/))
        .filter(([field]) => field)
        .map(([field, type = 'string']) => ({ name: field, type })),
      get: inputs.get.value.trim(),
      records: inputs.records.value.trim(),
      post: inputs.post.value.trim(),
      push: inputs.push.value.trim(),
    },
    authorization: inputs.authorization.value,
    push_key: inputs.push_key.value,
  });
  return { nodes, read };
}

/** `Case: Id, Subject` by object. */
function lines(text) {
  const rows = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    rows.map((line) => {
      const [object, fields = ''] = line.split(':');
      return [object.trim(), fields.split(',').map((field) => field.trim()).filter(Boolean)];
    }),
  );
}
