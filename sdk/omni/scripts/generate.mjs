// Writes src/generated.ts (names and types) and the reference in ../README.md from
// table/omni.json. With --check it only compares, and fails when something has drifted.
import { readFileSync, writeFileSync } from 'node:fs';
import { types } from './types.mjs';
import { reference } from './reference.mjs';

const at = (path) => new URL(path, import.meta.url);
const table = JSON.parse(readFileSync(at('../table/omni.json'), 'utf8'));

export function outputs() {
  const readme = readFileSync(at('../../README.md'), 'utf8');
  const [before, rest] = readme.split('<!-- reference -->\n');
  const after = rest?.split('<!-- /reference -->\n')[1];
  if (after === undefined) throw new Error('README.md has lost its reference marks');
  return [
    ['../src/generated.ts', types(table)],
    ['../../README.md', `${before}<!-- reference -->\n${reference(table)}<!-- /reference -->\n${after}`],
  ];
}

export function drifted() {
  return outputs()
    .filter(([path, text]) => readFileSync(at(path), { encoding: 'utf8', flag: 'a+' }) !== text)
    .map(([path]) => path);
}

if (process.argv[1]?.endsWith('generate.mjs')) {
  if (process.argv.includes('--check')) {
    const paths = drifted();
    if (paths.length > 0) {
      console.error(`Run npm run generate: ${paths.join(', ')} differ from table/omni.json`);
      process.exit(1);
    }
  } else {
    for (const [path, text] of outputs()) writeFileSync(at(path), text);
  }
}
