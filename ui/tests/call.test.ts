import { describe, expect, it } from 'vitest';
import type { Interaction } from '../src/contract/generated';
import { call, view } from '../src/host/fixture/views';
import { world } from './world';

const shown = (change: Partial<Interaction>) => world(view({ desk: { calls: [call(change)] } }));

describe('the call card', () => {
  it('says that what is said is kept', async () => {
    const w = await shown({ recording: true });
    expect(w.get('recording').textContent).toContain('Recording');
    expect(w.find('recording-paused')).toBeNull();
    expect(w.find('monitored')).toBeNull();
  });

  it('says that the recording is paused', async () => {
    const w = await shown({ recording: false, recording_paused: true });
    expect(w.find('recording')).toBeNull();
    expect(w.get('recording-paused').textContent).toContain('Recording paused');
  });

  it('says how a supervisor takes part', async () => {
    const w = await shown({ monitored: 'whisper' });
    expect(w.get('monitored').textContent).toContain('speaks to you alone');
  });
});
