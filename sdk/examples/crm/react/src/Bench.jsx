import { useState } from 'react';
import { ACTIONS, FIELDS } from '../../shared/bench.js';
import { clock } from '../../shared/words.js';
import { Field } from './cards.jsx';

export function Bench({ store, state }) {
  const [typed, setTyped] = useState({});
  const { call, campaigns, log } = state;
  // What is known already, unless the agent has typed something.
  const known = { interactionId: call?.id, campaignId: call?.campaignId ?? campaigns[0]?.campaignId };
  const value = (name) => String(typed[name] ?? known[name] ?? '');
  const enter = ({ target: { name, value } }) => setTyped((now) => ({ ...now, [name]: value }));
  // What comes between the click into a field and the first key would stand before what is typed.
  const leave = ({ target: { name, value } }) => {
    if (value === '' || value === String(known[name])) setTyped(({ [name]: _, ...rest }) => rest);
  };
  const values = () => Object.fromEntries(FIELDS.map(({ name }) => [name, value(name).trim()]));
  return (
    <div className="stack">
      <form className="card" aria-label="SDK bench" onSubmit={(event) => event.preventDefault()}>
        <h2>SDK bench</h2>
        <div className="form">
          {FIELDS.map(({ name, label, autocomplete = 'off', inputmode, type }) => (
            <Field key={name} label={label}>
              <input
                name={name}
                type={type}
                inputMode={inputmode}
                autoComplete={autocomplete}
                value={value(name)}
                onFocus={enter}
                onChange={enter}
                onBlur={leave}
              />
            </Field>
          ))}
        </div>
        <div className="buttons">
          {ACTIONS.map(({ label, api, run }) => (
            <button
              key={label}
              className="button"
              type="button"
              title={api}
              onClick={() => store.call(api, (sdk) => run(sdk, values()))}
            >
              {label}
            </button>
          ))}
        </div>
      </form>
      <section className="card" aria-label="Event log">
        <div className="head">
          <h3>Event log</h3>
          <button className="button" type="button" onClick={store.clearLog}>
            Clear
          </button>
        </div>
        <div className="log">
          {log.length === 0 && <p className="quiet">Every event, answer and error appears here.</p>}
          {log.map(({ id, at, kind, name, data }) => (
            <details key={id} data-kind={kind}>
              <summary>
                <span className="number">{clock(at)}</span>
                <b>{name}</b>
                <i>{kind}</i>
              </summary>
              <pre>{JSON.stringify(data, null, 1) ?? 'nothing'}</pre>
            </details>
          ))}
        </div>
      </section>
    </div>
  );
}
