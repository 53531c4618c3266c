import type { Campaign, DispositionClass, DispositionCode, DispositionId } from '../../contract/generated';

export interface Found {
  class: string;
  code: DispositionCode;
}

/** Codes whose own or whose class's name holds every word of the text. */
export function search(classes: DispositionClass[], text: string): Found[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return classes.flatMap((c) =>
    c.codes
      .filter((code) => {
        const name = `${c.name} ${code.name}`.toLowerCase();
        return wanted.every((w) => name.includes(w));
      })
      .map((code) => ({ class: c.name, code })),
  );
}

/** Where the chosen code stands. */
export function find(classes: DispositionClass[], id: DispositionId | null): Found | null {
  for (const c of classes) {
    const code = c.codes.find((d) => d.id === id);
    if (code) return { class: c.name, code };
  }
  return null;
}

export function dispositionsOf(campaigns: Campaign[], id: string): DispositionClass[] {
  return campaigns.find((c) => c.id === id)?.dispositions ?? [];
}
