import { memo, useState, useSyncExternalStore } from 'react';
import { search } from '../../shared/customers.js';
import { notice, standing } from '../../shared/words.js';
import { Bench } from './Bench.jsx';
import { CallCard, CustomerCard, DraftCard, MatchesCard } from './cards.jsx';

const TABS = { customers: 'Customers', bench: 'SDK bench' };

export function App({ store }) {
  const state = useSyncExternalStore(store.watch, store.get);
  const [tab, setTab] = useState('customers');
  const { tone, text } = standing(state);
  return (
    <div className="app" data-tab={tab}>
      <header className="top">
        <h1>Lantern CRM</h1>
        <nav className="tabs" aria-label="Pages">
          {Object.entries(TABS).map(([name, label]) => (
            <button
              key={name}
              className="tab"
              type="button"
              aria-current={name === tab ? 'page' : undefined}
              onClick={() => setTab(name)}
            >
              {label}
            </button>
          ))}
          <a className="tab" href="../plain/">
            The same in plain JavaScript
          </a>
        </nav>
        <p className="standing" role="status" data-tone={tone}>
          {text}
        </p>
      </header>
      <List store={store} customers={state.customers} selected={state.selected} />
      <main className="main">
        <Notices store={store} fault={state.fault} words={notice(state)} />
        {tab === 'bench' ? <Bench store={store} state={state} /> : <Customers store={store} state={state} />}
      </main>
      <Toolbar />
    </div>
  );
}

function List({ store, customers, selected }) {
  const [query, setQuery] = useState('');
  const found = search(customers, query);
  return (
    <aside className="list" aria-label="Customers">
      <div className="search">
        <label className="field">
          <span>Search</span>
          <input
            type="search"
            placeholder="Name, company, number"
            autoComplete="off"
            value={query}
            onChange={({ target }) => setQuery(target.value)}
          />
        </label>
      </div>
      <ul className="rows">
        {found.map(({ id, name, company }) => (
          <li key={id}>
            <button
              className="row"
              type="button"
              aria-current={id === selected ? 'true' : undefined}
              onClick={() => store.select(id)}
            >
              <b>{name}</b>
              <span>{company}</span>
            </button>
          </li>
        ))}
        {found.length === 0 && (
          <li className="empty">Nobody matches. Try a part of the name or the number.</li>
        )}
      </ul>
    </aside>
  );
}

function Customers({ store, state }) {
  const { customers, selected, draft, call, matches, dispositions, busy } = state;
  const customer = customers.find(({ id }) => id === selected);
  return (
    <div className="stack">
      {call && (
        <CallCard
          key={call.id}
          store={store}
          call={call}
          classes={dispositions}
          busy={busy === 'disposeInteraction'}
        />
      )}
      {matches.length > 0 && (
        <MatchesCard store={store} found={customers.filter(({ id }) => matches.includes(id))} />
      )}
      {draft ? (
        <DraftCard key={draft.phone} store={store} draft={draft} />
      ) : (
        <CustomerCard
          store={store}
          customer={customer}
          dialling={busy === 'initiateInteraction'}
          live={call !== null}
        />
      )}
    </div>
  );
}

function Notices({ store, fault, words }) {
  return (
    <div className="stack" id="notices">
      {words && (
        <p className="notice" role="status">
          {words}
        </p>
      )}
      {fault && (
        <div className="notice" data-tone="bad" role="alert">
          <p>{fault}</p>
          <button className="button" type="button" onClick={store.clearFault}>
            Dismiss
          </button>
        </div>
      )}
    </div>
  );
}

// The SDK puts the toolbar in here; React never touches the inside.
const Toolbar = memo(function Toolbar() {
  return (
    <aside className="toolbar" aria-label="Omnibar">
      <div id="ameyoIframeDiv" />
    </aside>
  );
});
