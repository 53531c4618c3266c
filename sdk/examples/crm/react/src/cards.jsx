import { useEffect, useState } from 'react';
import { PHASES, callbackTime, clock, display, duration } from '../../shared/words.js';

export function Field({ label, wide = false, children }) {
  return (
    <label className={wide ? 'field wide' : 'field'}>
      <span>{label}</span>
      {children}
    </label>
  );
}

export function CallCard({ store, call, classes, busy }) {
  return (
    <section className="card call" aria-label="Call">
      <div className="head">
        <div>
          <h2>{call.name || display(call.phone) || 'Number withheld'}</h2>
          {call.name && <p className="quiet number">{display(call.phone)}</p>}
        </div>
        <p>
          <b>{PHASES[call.phase]}</b> <Timer since={call.since} />
        </p>
      </div>
      {call.phase === 'wrapping' && <WrapUp store={store} call={call} classes={classes} busy={busy} />}
    </section>
  );
}

function Timer({ since }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span className="number quiet">{duration(now - since)}</span>;
}

function WrapUp({ store, call, classes, busy }) {
  const [code, setCode] = useState('');
  const [when, setWhen] = useState('');
  const [notes, setNotes] = useState('');
  const submit = (event) => {
    event.preventDefault();
    const callback = when && {
      callbackTime: callbackTime(when),
      phone: call.phone ?? '',
      isSelfCallback: true,
    };
    void store.dispose(Number(code), notes, callback);
  };
  return (
    <form onSubmit={submit}>
      <div className="form">
        <Field label="Disposition">
          <select required value={code} onChange={({ target }) => setCode(target.value)}>
            <option value="">Choose how it ended</option>
            {classes.map(({ classId, className, dispositionCodeBean }) => (
              <optgroup key={classId} label={className}>
                {dispositionCodeBean.map(({ dispositionCodeId, dispositionCodeName }) => (
                  <option key={dispositionCodeId} value={dispositionCodeId}>
                    {dispositionCodeName}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </Field>
        <Field label="Call back at (optional)">
          <input type="datetime-local" value={when} onChange={({ target }) => setWhen(target.value)} />
        </Field>
        <Field label="Notes" wide>
          <textarea maxLength={2000} value={notes} onChange={({ target }) => setNotes(target.value)} />
        </Field>
      </div>
      <button className="button primary" disabled={busy}>
        {busy ? 'Closing' : 'Close the call'}
      </button>
    </form>
  );
}

export function MatchesCard({ store, found }) {
  return (
    <section className="card" aria-label="Who is calling">
      <h3>Several customers have this number</h3>
      <div className="buttons">
        {found.map(({ id, name, company }) => (
          <button key={id} className="button" type="button" onClick={() => store.select(id)}>
            {name}, {company}
          </button>
        ))}
      </div>
    </section>
  );
}

export function CustomerCard({ store, customer, dialling, live }) {
  if (!customer) return <p className="empty">Choose a customer, or wait: a call opens its own.</p>;
  const { name, company, phone, email, city, note, id, cases, activity } = customer;
  const facts = Object.entries({ Number: phone, Email: email, City: city, Record: id, Note: note });
  return (
    <article className="stack">
      <section className="card">
        <div className="head">
          <div>
            <h2>{name}</h2>
            <p className="quiet">{company}</p>
          </div>
          <button
            className="button primary"
            type="button"
            disabled={dialling || live}
            onClick={() => store.dial(phone, name)}
          >
            {dialling ? 'Calling' : `Call ${phone}`}
          </button>
        </div>
        <dl className="facts">
          {facts
            .filter(([, value]) => value)
            .map(([label, value]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd className="number">{value}</dd>
              </div>
            ))}
        </dl>
      </section>
      {cases.length > 0 && (
        <section className="card">
          <h3>Open cases</h3>
          <ul className="lines">
            {cases.map((one) => (
              <li key={one.id}>
                <time>{one.id}</time>
                {one.subject}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className="card">
        <h3>Activity</h3>
        {activity.length === 0 ? (
          <p className="quiet">Nothing yet. Calls are noted here by themselves.</p>
        ) : (
          <ul className="lines">
            {activity.map(({ at, text }) => (
              <li key={`${at} ${text}`}>
                <time>{clock(at)}</time>
                {text}
              </li>
            ))}
          </ul>
        )}
      </section>
    </article>
  );
}

export function DraftCard({ store, draft }) {
  const save = (form) => store.create(Object.fromEntries(form));
  return (
    <form className="card" action={save}>
      <h2>New customer</h2>
      <div className="form">
        <Field label="Name">
          <input name="name" required defaultValue={draft.name} autoComplete="off" />
        </Field>
        <Field label="Number">
          <input name="phone" type="tel" required defaultValue={draft.phone} autoComplete="off" />
        </Field>
        <Field label="Company (optional)">
          <input name="company" autoComplete="off" />
        </Field>
      </div>
      <div className="buttons">
        <button className="button primary">Save</button>
        <button className="button" type="button" onClick={store.dropDraft}>
          Discard
        </button>
      </div>
    </form>
  );
}
