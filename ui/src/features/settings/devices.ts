import type { AudioView, DeviceChoice, DeviceView, RoleView, Settings } from '../../contract/generated';
import { words } from '../../words';

export const SYSTEM = '';

export function valueOf(choice: DeviceChoice): string {
  return choice.choice === 'device' ? choice.id : SYSTEM;
}

/** The system's default first; a chosen device that is away stays in the list. */
export function optionsOf(choice: DeviceChoice, devices: DeviceView[]) {
  const options: { value: string; label: string; hint?: string }[] = [
    { value: SYSTEM, label: words.systemDefault },
    ...devices.map((d) => ({ value: d.id, label: d.name })),
  ];
  if (choice.choice === 'device' && !devices.some((d) => d.id === choice.id)) {
    options.push({ value: choice.id, label: choice.name, hint: words.unplugged });
  }
  return options;
}

export function choiceOf(id: string, devices: DeviceView[], present: DeviceChoice): DeviceChoice {
  if (id === SYSTEM) return { choice: 'system_default' };
  const device = devices.find((d) => d.id === id);
  return device ? { choice: 'device', id, name: device.name } : present;
}

/** As many as the core keeps. */
export const ALSO_MAX = 3;

/** Delays to choose from; one that was set by hand stays in the list. */
export function secondsOf(present: number): number[] {
  return [...new Set([0, 5, 10, 15, 20, 30, present])].sort((a, b) => a - b);
}

/** The first speaker that does not ring yet. */
export function freeFor(settings: Settings, outputs: DeviceView[]): DeviceView | undefined {
  const ringers = [settings.ringer, ...settings.ringing.also.map((a) => a.device)];
  const rings = (device: DeviceView) =>
    ringers.some((r) => (r.choice === 'device' ? r.id === device.id : device.is_default));
  return outputs.find((device) => !rings(device));
}

/** A Bluetooth headset in its call profile that is in use in a call. */
export function narrowed(audio: AudioView): RoleView | null {
  return [audio.microphone, audio.speaker].find((role) => role.narrow !== null) ?? null;
}
