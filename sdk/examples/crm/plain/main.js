import { customers, search } from '../shared/customers.js';
import { loadSdk } from '../shared/sdk.js';
import { createStore } from '../shared/store.js';
import { duration, notice, standing } from '../shared/words.js';
import { bench } from './bench.js';
import { callCard, customerCard, draftCard, matchesCard } from './cards.js';
import { h, section } from './dom.js';

const find = (selector) => document.querySelector(selector);

try {
  start(createStore(await loadSdk(), customers, sessionStorage));
} catch (error) {
  find('.standing').textContent = 'The contact centre does not answer';
  find('.standing').dataset.tone = 'bad';
  const text = `The SDK could not be loaded: ${error.description ?? error.message}. Start the contact centre, then load this page again.`;
  find('#notices').append(h('p', { class: 'notice', 'data-tone': 'bad', role: 'alert' }, text));
}

function start(store) {
  const query = find('#search');
  const sections = [
    section(
      find('.rows'),
      ({ customers: list, selected }) => [...search(list, query.value), selected],
      (...shown) => rows(store, shown.slice(0, -1), shown.at(-1)),
    ),
    section(
      find('#notices'),
      (state) => [state.fault, notice(state)],
      (fault, words) => notices(store, fault, words),
    ),
  ];
  const main = find('#customers');
  const slots = { call: h('div'), matches: h('div'), customer: h('div') };
  main.append(...Object.values(slots));
  sections.push(
    section(
      slots.call,
      ({ call, dispositions, busy }) => [call, dispositions, busy === 'disposeInteraction'],
      (call, list, busy) => call && callCard(store, call, list, busy),
    ),
    section(
      slots.matches,
      ({ matches, customers: list }) => [matches, list],
      (ids, list) => matchesCard(store, ids, list),
    ),
    section(
      slots.customer,
      ({ customers: list, selected, draft, busy, call }) => [
        list.find(({ id }) => id === selected),
        draft,
        busy === 'initiateInteraction',
        call !== null,
      ],
      (customer, draft, ...dialling) =>
        draft ? draftCard(store, draft) : customerCard(store, customer, ...dialling),
    ),
  );
  bench(store, find('#bench'));

  function draw(state) {
    const { tone, text } = standing(state);
    const status = find('.standing');
    if (status.textContent !== text) status.textContent = text;
    status.dataset.tone = tone;
    for (const update of sections) update(state);
    for (const slot of Object.values(slots)) slot.hidden = slot.childElementCount === 0;
  }

  query.addEventListener('input', () => draw(store.get()));
  // Pressed before there was a script, a tab would have done nothing.
  for (const tab of document.querySelectorAll('button.tab')) {
    tab.addEventListener('click', () => show(tab.dataset.tab));
    tab.disabled = false;
  }
  setInterval(() => {
    const { call } = store.get();
    const timer = find('#timer');
    if (call && timer) timer.textContent = duration(Date.now() - call.since);
  }, 1000);
  store.watch(draw);
  draw(store.get());
  store.listen();
}

function show(name) {
  find('.app').dataset.tab = name;
  for (const tab of document.querySelectorAll('button.tab')) {
    if (tab.dataset.tab === name) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
  }
  for (const id of ['customers', 'bench']) find(`#${id}`).hidden = id !== name;
}

function rows(store, list, selected) {
  if (list.length === 0)
    return h('li', { class: 'empty' }, 'Nobody matches. Try a part of the name or the number.');
  return list.map((customer) =>
    h(
      'li',
      {},
      h(
        'button',
        {
          class: 'row',
          type: 'button',
          'aria-current': customer.id === selected && 'true',
          onclick: () => store.select(customer.id),
        },
        h('b', {}, customer.name),
        h('span', {}, customer.company),
      ),
    ),
  );
}

function notices(store, fault, words) {
  return [
    words && h('p', { class: 'notice', role: 'status' }, words),
    fault &&
      h(
        'div',
        { class: 'notice', 'data-tone': 'bad', role: 'alert' },
        h('p', {}, fault),
        h('button', { class: 'button', type: 'button', onclick: store.clearFault }, 'Dismiss'),
      ),
  ];
}
