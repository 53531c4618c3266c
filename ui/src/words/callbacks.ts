import type { Days } from '../features/callbacks/list';
import type { ScheduleProblem, When } from '../features/callbacks/schedule';

const days: Record<Days, string> = {
  all: 'Any date',
  late: 'Overdue',
  today: 'Today',
  tomorrow: 'Tomorrow',
  week: 'Next 7 days',
};

const whens: Record<When, string> = {
  soon: '15 min',
  hour: '1 hour',
  tomorrow: 'Tomorrow 9:00',
  date: 'Date…',
};

const problems: Record<ScheduleProblem, string> = {
  no_time: 'Choose a date and a time',
  past: 'Choose a time that is still to come',
  far: 'Choose a time within a year',
  empty: 'Type the number to call back',
  too_long: 'A number has at most 32 digits',
  bad_character: 'Only digits, *, # and a leading + can be dialled',
};

/** Sentences about callbacks. */
export const callbacks = {
  days,
  whens,
  problems,

  // Booking one
  title: 'Callback',
  self: 'Self callback',
  selfShort: 'Self',
  selfHint: (campaign: string) => `Not ticked, anyone of ${campaign} may make it.`,
  when: 'When',
  date: 'Date',
  time: 'Time',
  number: 'Number',
  existing: 'Existing number',
  alternate: 'Alternate number',
  alternateHint: 'Number to call back',
  willBe: (name: string, time: string) => `${name} is to be called back: ${time}`,
  save: 'Save and dispose',
  change: 'Choose another disposition',

  // The list
  list: 'Callbacks',
  open: (count: number) => (count === 1 ? '1 callback' : `${count} callbacks`),
  dueCount: (count: number) => `${count} due`,
  none: 'No callbacks. Book one with a call’s disposition.',
  noneFits: 'No callback fits these filters.',
  filterDate: 'Date',
  filterCampaign: 'Campaign',
  allCampaigns: 'All campaigns',
  removeFilter: (filter: string) => `Remove the filter ${filter}`,
  filters: 'Filters',
  dial: (name: string) => `Call back ${name} now`,
  move: (name: string) => `Move the callback of ${name}`,
  cancel: (name: string) => `Cancel the callback of ${name}`,
  moveTitle: 'New date and time',
  moveIt: 'Move',
  reason: 'Reason',
  cancelReason: 'Why is it cancelled?',
  cancelIt: 'Cancel callback',
  keep: 'Keep it',
  anyone: 'anyone',
  bookedBy: (name: string) => `booked by ${name}`,
  tomorrow: 'Tomorrow',

  // A due one
  callBack: (name: string) => `Call back ${name}`,
  dueNow: 'due now',
  dueSince: (time: string) => `due ${time}`,
  moreDue: (count: number) => `${count} more due`,
  call: 'Call',
  later: 'Later',
  laterHint: 'Remind again in 10 minutes',
};
