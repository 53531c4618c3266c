/** An element: attributes by name, `on…` listeners, and children that are nodes or text. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name in made && typeof value !== 'string') made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function labelled(text, control) {
  return el('label', {}, text, control);
}

export function checkbox(text, checked) {
  const box = el('input', { type: 'checkbox', checked });
  return { box, label: el('label', { class: 'check' }, box, text) };
}

export function choice(options, chosen) {
  const made = options.map(([value, text]) => el('option', { value, selected: value === chosen }, text));
  return el('select', {}, ...made);
}

export function day(ms) {
  return new Date(ms).toLocaleDateString(undefined, { dateStyle: 'medium' });
}

export function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * Runs what a button or form began: disabled meanwhile, and a refusal is shown where
 * `within` has its place for it.
 */
export async function doing(within, work) {
  const fault = within.querySelector('.fault');
  const saved = within.querySelector('.saved');
  const buttons = [...within.querySelectorAll('button')].filter((button) => !button.disabled);
  if (fault) fault.hidden = true;
  if (saved) saved.textContent = '';
  for (const button of buttons) button.disabled = true;
  try {
    await work();
    if (saved) saved.textContent = 'Saved';
  } catch (error) {
    if (!fault) throw error;
    fault.textContent = error.message;
    fault.hidden = false;
    if (error.status === 401) document.dispatchEvent(new Event('signed-out'));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}
