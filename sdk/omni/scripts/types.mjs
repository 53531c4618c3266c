// TypeScript of the table: names for the run time, namespaces and events for the types.

export function types({ apis, events }) {
  const spaces = [...new Set(apis.map((api) => api.namespace))].filter((space) => space !== 'root');
  spaces.splice(spaces.indexOf('ui') + 1, 0, 'notification');
  return `// Generated from table/omni.json by scripts/generate.mjs.
import type { Registry } from './handle.js';
import type * as T from './types.js';

/** Calls by namespace, separated by spaces; \`alias=name\` for an alias. */
export const CALLS = {
${spaces.map((space) => `  ${space}: '${names(apis.filter((api) => api.namespace === space))}',`).join('\n')}
} as const;

/** Events, separated by spaces; \`alias=name\` for an alias. */
export const EVENTS =
  '${names(events)}';

/** Payload by event; aliases carry the same. */
export interface Events {
${events.flatMap(eventLines).join('\n')}
}

${spaces.map((space) => namespace(space, apis)).join('\n\n')}

export interface Namespaces {
${spaces.map((space) => `  ${space}: ${title(space)};`).join('\n')}
}
`;
}

function names(list) {
  return list.flatMap(({ name, aliases }) => [name, ...aliases.map((alias) => `${alias}=${name}`)]).join(' ');
}

function eventLines({ id, name, aliases, summary, payload, note }) {
  const about = [summary, note, id]
    .filter(Boolean)
    .join(' ')
    .replace(/ (EVT-\d+)$/, ' ($1)');
  return [
    `  /** ${about} */\n  ${key(name)}: ${qualified(payload)};`,
    ...aliases.map((alias) => `  /** Alias of \`${name}\`. */\n  ${alias}: ${qualified(payload)};`),
  ];
}

function namespace(space, apis) {
  const own = apis.filter((api) => api.namespace === space);
  const lines = own.flatMap((api) => [
    `  /** ${[api.summary, api.note].filter(Boolean).join(' ')} (${api.id}) */`,
    ...signatures(api.name, api),
    ...api.aliases.flatMap((alias) => [`  /** Alias of \`${api.name}\`. */`, ...signatures(alias, api)]),
  ]);
  return `export interface ${title(space)} extends Registry {\n${lines.join('\n')}\n}`.replace(
    '{\n\n}',
    '{}',
  );
}

function signatures(name, { params, result }) {
  const answer = `Promise<${qualified(result)}>`;
  const positional = params.map((p) => `${p.name}${p.required ? '' : '?'}: ${parameter(p)}`).join(', ');
  const lines = [`  ${name}(${positional}): ${answer};`];
  if (params.length > 1) {
    const fields = params.map((p) => `${p.name}${p.required ? '' : '?'}: ${parameter(p)}`).join('; ');
    lines.push(`  ${name}(named: { ${fields} }): ${answer};`);
  }
  return lines;
}

function parameter({ type, enum: values, properties }) {
  if (values) return literals(values);
  if (type === 'object' && properties) {
    const fields = properties.map((p) =>
      p.name === '[key]'
        ? '[key: string]: unknown'
        : `${p.name}${p.required ? '' : '?'}: ${qualified(p.type)}`,
    );
    return `{ ${fields.join('; ')} }`;
  }
  return qualified(type);
}

// The contract's values, and any other spelling that a page already uses.
function literals(values) {
  return `${values.map((value) => `'${value}'`).join(' | ')} | (string & {})`;
}

function qualified(type) {
  return type
    .replace(/\bany\b/g, 'unknown')
    .replace(/^object$/, '{ [key: string]: unknown }')
    .replace(/\b(?!Record\b|FormData\b)([A-Z][A-Za-z]+)\b/g, 'T.$1');
}

const key = (name) => (/^\w+$/.test(name) ? name : `'${name}'`);
const title = (space) => `${space[0].toUpperCase()}${space.slice(1)}Calls`;
