// Which ids of the contract were exercised. Every test file is a process of its own and
// leaves what it covered in a directory that run.mjs reads.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { IDS } from '../contract.mjs';

const covered = new Set();

/** After the check that proves it: this id was used by a real page or over real HTTP. */
export function covers(...ids) {
  for (const id of ids) {
    if (!IDS.includes(id)) throw new Error(`${id} is no id of the contract`);
    covered.add(id);
  }
}

const into = process.env.OMNIBAR_SDK_COVERED;
if (into) {
  process.on('exit', () => {
    mkdirSync(into, { recursive: true });
    writeFileSync(join(into, `${basename(process.argv[1])}.json`), JSON.stringify([...covered].sort()));
  });
}
