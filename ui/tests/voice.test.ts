import { describe, expect, it, vi } from 'vitest';
import type { Diagnosis, Finding, Meter, VoiceFault, VoiceView } from '../src/contract/generated';
import { call, good, lossy, measured, quiet, signs, theyHearGaps, view } from '../src/host/fixture/views';
import { words } from '../src/words';
import { world } from './world';

const meter: Meter = { microphone: 0.5, speaker: 0.4, quality: lossy, signs };
const own = { whose: 'own', link: 'wi_fi' } as const;

// `satisfies Record<…>` breaks this file, not the agent's screen, when the core learns a new word.
const faults = {
  nothing_arrives: { fault: 'nothing_arrives', link: 'vpn' },
  nothing_leaves: { fault: 'nothing_leaves', link: 'cable' },
  microphone_muted: { fault: 'microphone_muted', device: 'Headset' },
  microphone_silent: { fault: 'microphone_silent', device: 'Headset', better: 'Built-in' },
  speaker_muted: { fault: 'speaker_muted', device: 'Headset' },
  speaker_at_zero: { fault: 'speaker_at_zero', device: 'Headset' },
  loss: { fault: 'loss', percent: 6, whose: own },
  jitter: { fault: 'jitter', ms: 85, whose: { whose: 'theirs' } },
  delay: { fault: 'delay', ms: 540, link: 'mobile' },
  overloaded: { fault: 'overloaded', ms: 90 },
  speaker_starved: { fault: 'speaker_starved', device: 'Headset' },
  far_silent: { fault: 'far_silent' },
} satisfies { [K in VoiceFault['fault']]: Extract<VoiceFault, { fault: K }> };

const findings = {
  microphone: { finding: 'microphone', name: 'Headset' },
  no_microphone: { finding: 'no_microphone' },
  microphone_muted: { finding: 'microphone_muted', name: 'Headset' },
  microphone_silent: { finding: 'microphone_silent', name: 'Headset' },
  microphone_dead: { finding: 'microphone_dead', name: 'Headset' },
  speaker: { finding: 'speaker', name: 'Headset' },
  no_speaker: { finding: 'no_speaker' },
  speaker_muted: { finding: 'speaker_muted', name: 'Headset' },
  speaker_at_zero: { finding: 'speaker_at_zero', name: 'Headset' },
  speaker_dead: { finding: 'speaker_dead', name: 'Headset' },
  line: { finding: 'line', link: 'wi_fi', path: 'relay', round_trip: 24 },
  no_line: { finding: 'no_line', link: 'wi_fi' },
  network: { finding: 'network', link: 'wi_fi', lost_out: 6, lost_back: 0, jitter: 4 },
  network_silent: { finding: 'network_silent', link: 'wi_fi' },
  relay: { finding: 'relay', url: 'turn:turn.example:3478', took: 12 },
  relay_silent: { finding: 'relay_silent', url: 'turn:turn.example:3478' },
  relay_refused: { finding: 'relay_refused', url: 'turn:turn.example:3478' },
  relay_untrusted: { finding: 'relay_untrusted', url: 'turns:turn.example' },
} satisfies { [K in Finding['finding']]: Extract<Finding, { finding: K }> };

const said = (fault: VoiceFault, affected: Diagnosis['affected'] = 'customer') =>
  words.voice.diagnosis({ affected, fault, remedy: null });

describe('a diagnosis in words', () => {
  it('names who hears it, and whose link it is', () => {
    expect(words.voice.diagnosis(theyHearGaps).what).toBe('The customer hears gaps: your Wi-Fi loses 6 %');
    expect(said(faults.loss, 'agent').what).toBe('You hear gaps: your Wi-Fi loses 6 %');
    const theirs = { ...faults.loss, whose: { whose: 'theirs' } } as const;
    expect(said(theirs, 'agent').what).toBe("You hear gaps: the customer's network loses 6 %");
    expect(said(faults.microphone_silent).what).toContain('Headset is silent, Built-in hears you');
    expect(said(faults.delay, 'both').what).toContain('0.5 s');
  });

  it('has a cause for every fault, and no code in it', () => {
    for (const fault of Object.values(faults)) {
      const { what, next } = said(fault);
      expect(what.length, fault.fault).toBeGreaterThan(20);
      expect(what + next).not.toMatch(/[{}_]|undefined|null/);
    }
  });

  it('has words for every finding, and a next step for every bad one', () => {
    for (const finding of Object.values(findings)) {
      const { grade, message } = words.voice.finding(finding);
      expect(message.what).not.toMatch(/[{}_]|undefined/);
      expect(message.next === '', finding.finding).toBe(grade === 'ok');
    }
    expect(words.voice.finding({ ...findings.network, lost_out: 0.2 }).grade).toBe('ok');
    expect(words.voice.finding({ ...findings.network, lost_out: 0, jitter: 55 }).grade).toBe('warn');
  });
});

const talking = (voice: Partial<VoiceView>) =>
  view({ desk: { calls: [call()] }, view: { voice: { ...quiet, ...voice } } });

describe('the call card', () => {
  it('shows the diagnosis, and mends what can be mended', async () => {
    const w = await world(talking({ diagnoses: [theyHearGaps] }), meter);
    expect(w.get('diagnosis').textContent).toContain('The customer hears gaps: your Wi-Fi loses 6 %');
    expect(w.find('mend')).toBeNull();
    const muted: Diagnosis = {
      affected: 'customer',
      fault: faults.microphone_muted,
      remedy: 'unmute_microphone',
    };
    await w.push(talking({ diagnoses: [muted, theyHearGaps] }));
    expect(w.all('diagnosis')).toHaveLength(1);
    await w.settle();
    await w.click('quality');
    expect(w.all('diagnosis')).toHaveLength(2);
    await w.click('quality');
    await w.settle();
    await w.click('mend');
    expect(w.sent().at(-1)).toEqual({ to: 'voice', ask: { do: 'mend', remedy: 'unmute_microphone' } });
    await w.push(talking({}));
    expect(w.find('diagnosis')).toBeNull();
  });

  it('opens the figures of both directions', async () => {
    const w = await world(talking({ path: 'relay' }), { ...meter, quality: good });
    expect(w.find('voice-details')).toBeNull();
    await w.settle();
    await w.click('quality');
    const text = w.get('voice-details').textContent ?? '';
    expect(text).toContain('They hear');
    expect(text).toContain('4.3');
    expect(text).toContain('4.2');
    expect(text).toContain('over a TURN server');
    expect(text).toContain('1 copy, lost packets sent again, 10 ms packets');
    expect(w.get('quality').getAttribute('aria-expanded')).toBe('true');
    await w.click('quality');
    expect(w.find('voice-details')).toBeNull();
  });

  it('says that the far side does not tell instead of making figures up', async () => {
    const w = await world(talking({}), { ...meter, quality: { ...good, sent: null } });
    await w.settle();
    await w.click('quality');
    const row = [...w.get('voice-details').querySelectorAll('tbody tr')][0];
    expect(row?.lastElementChild?.textContent).toBe('–');
  });
});

describe('the check before calls', () => {
  const at = (check: Partial<VoiceView['check']>) =>
    view({ view: { voice: { ...quiet, check: { ...quiet.check, ...check } } } });

  it('is not in the way when all is well', async () => {
    const w = await world(at({ state: 'running', items: [] }));
    expect(w.find('check')).toBeNull();
    await w.push(at({ state: 'done', items: [findings.microphone, findings.speaker, findings.line] }));
    expect(w.find('check')).toBeNull();
  });

  it('stands with cause and next step until it has been read', async () => {
    const w = await world(at({ state: 'done', items: [findings.microphone, findings.relay_silent] }));
    expect(w.get('check-state').textContent).toContain('Ready, with a warning');
    expect(w.all('finding')).toHaveLength(1);
    expect(w.get('finding').textContent).toContain('does not answer: turn:turn.example:3478');
    await w.settle();
    await w.click('check-dismiss');
    expect(w.sent().at(-1)).toEqual({ to: 'voice', ask: { do: 'dismiss_check' } });
    await w.push(at({ state: 'done', items: [findings.no_microphone] }));
    expect(w.get('check-state').textContent).toContain('Not ready');
    await w.click('check-run');
    expect(w.sent().at(-1)).toEqual({ to: 'voice', ask: { do: 'check' } });
  });

  it('can be run from the settings, which show all of it', async () => {
    const w = await world(at({ state: 'done', items: [findings.microphone, findings.line] }));
    w.app.open('settings');
    await w.settle();
    await vi.dynamicImportSettled();
    await w.settle();
    expect(w.all('finding')).toHaveLength(2);
    expect(w.get('check-run').textContent).toContain('Check again');
  });
});

describe('the history', () => {
  it('shows what a call was like, where it was measured', async () => {
    const shown = view();
    const [first, ...others] = shown.history.entries;
    const entries = [{ ...first!, voice: measured }, ...others];
    const w = await world({ ...shown, history: { ...shown.history, entries } });
    expect(w.all('recent-voice')).toHaveLength(1);
    expect(w.find('past-voice')).toBeNull();
    await w.settle();
    await w.click('recent-voice');
    const text = w.get('past-voice').textContent ?? '';
    expect(text).toContain('4.3, worst 3.4');
    expect(text).toContain('1.4 %, worst 9.0 %');
    expect(text).toMatch(/Reconnected\s*once/);
    expect(text).toContain('Headset');
    await w.click('recent-voice');
    expect(w.find('past-voice')).toBeNull();
  });
});
