import type { DeviceChoice, DeviceView } from '../../contract/generated';
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
