// What was found out, for people and for the next step: target/reports/pbx.json, a list with one
// entry a feature and peer. Every file of checks keeps its own part beside it, so that files can
// run at the same time and one can be run again alone.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const directory = process.env.OMNIBAR_REPORTS ?? fileURLToPath(new URL('../../../target/reports', import.meta.url));
const parts = join(directory, 'pbx');

export class Report {
  /** `part`: whose entries these are; what was there of it is forgotten. */
  constructor(part) {
    this.file = join(parts, `${part}.json`);
    this.entries = [];
    mkdirSync(parts, { recursive: true });
    this.#write();
  }

  /** `{ feature, peer, client, result: passed | failed | absent, ms?, felt?, detail? }` */
  add(entry) {
    this.entries.push(entry);
    this.#write();
  }

  #write() {
    replace(this.file, this.entries);
    Report.merge();
  }

  /** Makes one list of all parts. */
  static merge() {
    const names = readdirSync(parts).filter((name) => name.endsWith('.json')).sort();
    const all = names.flatMap((name) => JSON.parse(readFileSync(join(parts, name), 'utf8')));
    replace(join(directory, 'pbx.json'), all);
    return all;
  }

  /** Before a run of everything. */
  static forget() {
    rmSync(parts, { recursive: true, force: true });
    rmSync(join(directory, 'pbx.json'), { force: true });
  }
}

/** Whoever reads it meanwhile sees the old one or the new one. */
function replace(file, value) {
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(value, null, 1)}\n`);
  renameSync(next, file);
}
