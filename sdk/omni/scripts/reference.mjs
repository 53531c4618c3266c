// The reference in ../README.md: every call and event by namespace, and the errors.

export function reference({ apis, events, errors }) {
  const spaces = [...new Set([...apis, ...events].map((row) => row.namespace))];
  return `
## Calls

${spaces.map((space) => calls(space, apis)).join('')}## Events

${spaces.map((space) => eventTable(space, events)).join('')}## Error types

| errorType | errorCode | meaning |
|---|---|---|
${errors.map(({ type, code, meaning }) => `| \`${type}\` | ${code} | ${meaning} |`).join('\n')}

`;
}

function calls(space, apis) {
  const own = apis.filter((api) => api.namespace === space);
  if (own.length === 0) return '';
  return `### ${space === 'root' ? 'Module and handle' : space}\n\n${own.map(call).join('')}`;
}

function call({ id, namespace, name, aliases, summary, context, params, result, errors, note }) {
  const list = params.map((p) => (p.required ? p.name : `${p.name}?`)).join(', ');
  const lines = [
    `#### ${namespace === 'root' ? '' : `${namespace}.`}${name}(${list})`,
    '',
    `${summary} (${id})${context ? ` Only in context \`${context}\`.` : ''}`,
  ];
  if (note) lines.push('', note);
  if (aliases.length > 0) lines.push('', `Also as ${code(aliases)}.`);
  if (params.length > 0) {
    lines.push('', '| parameter | type | required | |', '|---|---|---|---|');
    for (const p of params) {
      lines.push(row(p, ''));
      for (const field of p.properties ?? []) lines.push(row(field, `${p.name}.`));
    }
  }
  const [gives, fails] = name === 'initialize' ? ['Returns', 'Throws'] : ['Resolves to', 'Rejects with'];
  lines.push('', `${gives} \`${result}\`. ${fails} ${code(errors)}.`, '', '');
  return lines.join('\n');
}

function row({ name, type, required, enum: values, aliases, note }, prefix) {
  const about = [values && code(values), aliases && `also named ${code(aliases)}`, note].filter(Boolean);
  return `| \`${prefix}${name}\` | \`${type.replaceAll('|', '\\|')}\` | ${required ? 'yes' : 'no'} | ${about.join('; ')} |`;
}

function eventTable(space, events) {
  const own = events.filter((event) => event.namespace === space);
  if (own.length === 0) return '';
  const rows = own.map(({ id, name, aliases, summary, payload, note }) => {
    const names = [`\`${name}\``, ...aliases.map((alias) => `\`${alias}\``)].join('<br>also ');
    const about = [summary, note].filter(Boolean).join(' ');
    return `| ${names} | \`${payload.replaceAll('|', '\\|')}\` | ${about}${id ? ` (${id})` : ''} |`;
  });
  return `### ${space === 'root' ? 'Omnibar' : space}\n\n| event | payload | when |\n|---|---|---|\n${rows.join('\n')}\n\n`;
}

const code = (list) => list.map((name) => `\`${name}\``).join(', ');
