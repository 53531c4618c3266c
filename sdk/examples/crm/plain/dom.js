/** An element with properties (`class`, `data-*`, `on*`, attributes) and children. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Draws `into` again only when what it shows has changed, so that typing is not lost. */
export function section(into, pick, draw) {
  let shown;
  return (state) => {
    const next = pick(state);
    if (shown?.length === next.length && next.every((value, at) => Object.is(value, shown[at]))) return;
    shown = next;
    into.replaceChildren(...[draw(...next)].flat().filter(Boolean));
  };
}

export function field(label, control, wide = false) {
  return h('label', { class: wide ? 'field wide' : 'field' }, h('span', {}, label), control);
}
