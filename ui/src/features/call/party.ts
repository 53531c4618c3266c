import type { Interaction, Leg, Party, View } from '../../contract/generated';
import { isExtension } from '../../state/extension';
import { showNumber } from '../../state/number';
import { words } from '../../words';

/** What to call a party: name, else number, else what it is. */
export function who(party: Party): string {
  return party.name || showNumber(party.number) || words.unknown[party.kind];
}

/** Number under the name; nothing when the name is the number already. */
export function numberBeside(party: Party): string {
  return party.name ? showNumber(party.number) : '';
}

/** Queue if there is one, else campaign. */
export function origin(interaction: Pick<Interaction, 'queue' | 'campaign'>, view: View): string {
  const { session } = view.desk;
  // A telephone system has one campaign, whose name says nothing.
  if (session.state !== 'signed_in' || isExtension(session.centre)) return '';
  const queue = session.queues.find((q) => q.id === interaction.queue);
  return queue?.name ?? session.campaigns.find((c) => c.id === interaction.campaign)?.name ?? '';
}

/** The consulted party, while it is not merged. */
export function consultLeg(interaction: Interaction): Leg | undefined {
  return interaction.legs.find((l) => l.consult && l.state.state !== 'ended');
}

export function liveLegs(interaction: Interaction): Leg[] {
  return interaction.legs.filter((l) => l.state.state !== 'ended');
}
