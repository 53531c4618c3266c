import type { Ask, Interaction } from '../../contract/generated';
import { consultLeg } from './party';

/**
 * Talk to the other side of a consult: hold the one who is connected, resume the
 * one who waits. `null` while the consulted party rings.
 */
export function swap(interaction: Interaction): Ask[] | null {
  const consult = consultLeg(interaction);
  const customer = interaction.legs.find((l) => !l.consult && l.state.state !== 'ended');
  if (!consult || !customer || consult.state.state === 'ringing') return null;
  const consultWaits = consult.state.state === 'held';
  const [held, resumed] = consultWaits ? [customer, consult] : [consult, customer];
  return [
    { do: 'hold', interaction: interaction.id, leg: held.id },
    { do: 'resume', interaction: interaction.id, leg: resumed.id },
  ];
}
