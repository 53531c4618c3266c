import { ask } from './ask.js';
import { checkbox, choice, doing, el, labelled } from './parts.js';

const POLICIES = [
  ['none', 'no sign-in, nothing kept'],
  ['cookie', 'cookies are kept'],
  ['sso', 'single sign-on'],
];

export function campaigns(section, state) {
  section.querySelector('.list').replaceChildren(...state.campaigns.map((one) => card(one, state.placeholders)));
}

function card(one, placeholders) {
  const landing = address('Knowledge Base URL', one.landing_url, placeholders.landing_url);
  const call = address('Call URL', one.call_url, placeholders.call_url);
  const policy = choice(POLICIES, one.session_policy);
  const mask = checkbox("Hide customers' numbers from agents and pages", one.mask_numbers);
  const record = checkbox('Record customers while an agent has them', one.record);
  const tell = checkbox('Show agents when a supervisor listens', one.tell_monitored);
  const form = el(
    'form',
    { class: 'item', novalidate: true },
    el('header', {}, el('h3', {}, one.name), el('span', { class: 'quiet' }, `${one.kind}, campaignId ${one.number}`)),
    landing.label,
    call.label,
    el('div', { class: 'pair' }, labelled("CRM's session", policy), el('div', {}, mask.label, record.label, tell.label)),
    el('p', { class: 'fault', role: 'alert', hidden: true }),
    el(
      'div',
      { class: 'bar' },
      el('button', { class: 'primary', type: 'submit' }, 'Save'),
      el('span', { class: 'saved', role: 'status' }),
    ),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    doing(form, () =>
      ask('PUT', `campaigns/${encodeURIComponent(one.id)}`, {
        landing_url: landing.input.value,
        call_url: call.input.value,
        session_policy: policy.value,
        mask_numbers: mask.box.checked,
        record: record.box.checked,
        tell_monitored: tell.box.checked,
      }),
    );
  });
  return form;
}

function address(text, value, placeholders) {
  const input = el('input', { value, inputmode: 'url', spellcheck: 'false', autocomplete: 'off', maxlength: '2048' });
  const names = placeholders.map((name) => `{${name}}`).join(' ');
  const hint = el('details', {}, el('summary', { class: 'quiet' }, 'Placeholders'), el('code', {}, names));
  return { input, label: el('div', {}, labelled(text, input), hint) };
}
