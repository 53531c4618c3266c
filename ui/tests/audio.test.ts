import { describe, expect, it } from 'vitest';
import type { AudioView, DeviceView, Settings } from '../src/contract/generated';
import { banners } from '../src/features/banners/list';
import { freeFor, narrowed, secondsOf } from '../src/features/settings/devices';
import { call, view } from '../src/host/fixture/views';
import { world } from './world';

const audio = (change: Partial<AudioView>): AudioView => ({ ...view().audio, ...change });

describe('devices that ring', () => {
  const outputs: DeviceView[] = [
    { id: 'out1', name: 'Headset', is_default: true },
    { id: 'out2', name: 'Speakers', is_default: false },
    { id: 'out3', name: 'Screen', is_default: false },
  ];
  const settings = (also: string[], ringer: Settings['ringer']): Settings => ({
    ...view().settings,
    ringer,
    ringing: {
      louder_after: 0,
      also: also.map((id) => ({ device: { choice: 'device', id, name: id }, volume: 1, after: 0 })),
    },
  });

  it('offers the first device that does not ring yet', () => {
    const system = { choice: 'system_default' } as const;
    expect(freeFor(settings([], system), outputs)?.id).toBe('out2');
    expect(freeFor(settings(['out2'], system), outputs)?.id).toBe('out3');
    expect(freeFor(settings(['out2', 'out3'], system), outputs)).toBeUndefined();
    expect(freeFor(settings([], { choice: 'device', id: 'out2', name: '' }), outputs)?.id).toBe('out1');
  });

  it('keeps a delay that was set by hand', () => {
    expect(secondsOf(7)).toContain(7);
    expect(secondsOf(10).filter((s) => s === 10)).toHaveLength(1);
  });
});

describe('what stands on the screen', () => {
  const shown = async (change: Partial<AudioView>, muted: boolean) => {
    const { app } = await world(view({ desk: { calls: [call()], muted }, view: { audio: audio(change) } }));
    return banners(app).map((b) => b.id);
  };

  it('says that nobody hears him only while he is muted', async () => {
    expect(await shown({ talking_unheard: true }, true)).toContain('banner-talking');
    expect(await shown({ talking_unheard: true }, false)).not.toContain('banner-talking');
    expect(await shown({}, true)).not.toContain('banner-talking');
  });

  it('says that a Bluetooth headset sounds narrow', async () => {
    const speaker = { ...view().audio.speaker, narrow: 16_000 };
    expect(narrowed(audio({ speaker }))?.narrow).toBe(16_000);
    expect(await shown({ speaker }, false)).toContain('banner-narrow');
    expect(await shown({}, false)).not.toContain('banner-narrow');
  });
});
