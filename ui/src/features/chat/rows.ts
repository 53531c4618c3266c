import type { ChatFrom, ChatView } from '../../contract/generated';

export interface Row {
  key: string;
  from: ChatFrom;
  text: string;
  /** On the wall's clock, ms since 1970. */
  at: number;
  /** Under it stands when it was said; those of the same minute share one. */
  timed: boolean;
  /** The first of one side's: whose it is is read out. */
  first: boolean;
  /** Said by the agent, and not at the centre yet. */
  waits: boolean;
}

const minute = (at: number) => Math.floor(at / 60_000);

/** Everything that was said, and what waits to be. `wall` turns the core's clock into the wall's. */
export function rows({ chat, sending }: ChatView, wall: (at: number) => number): Row[] {
  const all = [
    ...chat.messages.map((m) => ({
      key: `${m.seq}`,
      from: m.from,
      text: m.text,
      at: wall(m.at),
      waits: false,
    })),
    ...sending.map((s) => ({
      key: `sending ${s.command}`,
      from: 'agent' as const,
      text: s.text,
      at: wall(s.since),
      waits: true,
    })),
  ];
  return all.map((row, i) => {
    const [before, after] = [all[i - 1], all[i + 1]];
    return {
      ...row,
      first: before?.from !== row.from,
      timed: !row.waits && (after?.from !== row.from || after.waits || minute(after.at) !== minute(row.at)),
    };
  });
}

/** The last that was said, on one line; empty when nothing was. */
export function lastWords({ chat, sending }: ChatView): string {
  const last = sending.at(-1)?.text ?? chat.messages.findLast((m) => m.from !== 'notice')?.text ?? '';
  return last.replaceAll('\n', ' ');
}
