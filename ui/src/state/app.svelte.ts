import { getContext, setContext } from 'svelte';
import type {
  Ask,
  AudioIntent,
  CallView,
  Channel,
  ChatAsk,
  ChatView,
  ConnectionIntent,
  DockIntent,
  Fault,
  Intent,
  InteractionId,
  Meter,
  Moment,
  OriginView,
  Refusal,
  SearchIntent,
  SessionView,
  Settings,
  SettingsIntent,
  Shape,
  View,
  VoiceIntent,
  WindowIntent,
} from '../contract/generated';

import { asFault, type Host } from '../host/host';
import { meaning, selectedCall, type KeyAction, type Meaning } from '../keys';
import { applyAppearance } from './appearance';
import { areaOf, areaOfRefusal, type Area } from './areas';
import { Chats } from './chats.svelte';
import { Clock } from './clock.svelte';
import { Drafts } from './drafts.svelte';
import { layoutChanged } from './guard';
import { isExtension } from './extension';
import { asCall } from './talk';

/** What covers the screen beside what the core's state asks for. */
export type Panel =
  | 'none'
  | 'keypad'
  | 'transfer'
  | 'conference'
  | 'settings'
  | 'callbacks'
  | 'keys'
  | 'presence'
  | 'sign_in'
  | 'ask';

/** What a bar of 48 px cannot show. */
const NEEDS_ROOM: ReadonlySet<Panel> = new Set(['settings', 'callbacks', 'keys', 'sign_in', 'ask']);

const SILENT: Meter = {
  microphone: 0,
  speaker: 0,
  quality: null,
  signs: {
    nothing_received: 0,
    unheard: 0,
    microphone_silent: 0,
    microphone_heard: false,
    far_silent: 0,
    starved: 0,
    late: 0,
  },
};

/**
 * The state of the page: the newest view, and what only this page knows (which
 * panel is open, what is being typed). Components read it and post intents.
 */
export class App {
  view: View | null = $state.raw(null);
  meter: Meter = $state.raw(SILENT);
  /** The last intent that could not be taken at all. */
  fault: Fault | null = $state.raw(null);
  /** The agent has read that his headset sounds narrow: once a session is enough. */
  narrowRead = $state(false);
  panel: Panel = $state('none');
  /** Digits sent from the keypad since it was opened. */
  dialled: string = $state('');
  /** What stands in the dial field; an offer that covers it does not lose it. */
  dialText: string = $state('');
  /** What a page filled it in for. */
  dialFor: Channel = $state('voice');
  /** A press of the dispose key that the disposition panel should answer. */
  disposeAsked: number = $state(0);
  /** When the link came to be as it is: its next try is counted from there. */
  linkSince: Moment = $state(0);
  /** When the present pairing code came. */
  codeSince: Moment = $state(0);

  readonly clock = new Clock();
  readonly drafts: Drafts;
  readonly chats = new Chats();

  /** Where the agent last asked for something: a refusal without a verb is shown there. */
  #lastArea: Area = $state('window');
  /** Settings that were sent and are not yet in a view. */
  #sent: { base: string; settings: Settings } | null = $state.raw(null);
  /** Which offer stands first, and since when (page clock, ms). */
  #firstOffer: { id: InteractionId | null; at: number } = { id: null, at: 0 };
  /** Shape to go back to when the panel that needed room is closed. */
  #shapeBefore: Shape | null = null;

  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
    this.drafts = new Drafts((interaction, note) => {
      // A chat's note goes with its disposition.
      if (!this.chatOf(interaction)) void this.desk({ do: 'note', interaction, note });
    });
  }

  /** This is the app's own window, in which the agent decides about pages. */
  get decides(): boolean {
    return this.#host.decides;
  }

  /** Takes the host's doors; returns how to let them go. */
  connect(): () => void {
    const offs = [
      this.#host.onView((view) => this.take(view)),
      this.#host.onMeter((meter) => (this.meter = meter)),
      this.#host.onKey((action) => this.act(action)),
    ];
    return () => offs.forEach((off) => off());
  }

  /** Takes a view unless a newer one is shown. */
  take(view: View): void {
    const before = this.view;
    if (before && view.revision <= before.revision) return;
    this.clock.set(view.now);
    if (JSON.stringify(before?.desk.link) !== JSON.stringify(view.desk.link)) {
      this.linkSince = view.now;
    }
    if (before?.dock.pairing_code !== view.dock.pairing_code) this.codeSince = view.now;
    // What stood in the view when this page was loaded is not news.
    const { draft } = view.dock;
    if (before && draft && draft.number !== before.dock.draft?.number) {
      this.dialText = draft.phone;
      this.dialFor = draft.channel;
    }
    this.view = view;
    if (this.#sent && JSON.stringify(view.settings) !== this.#sent.base) this.#sent = null;
    applyAppearance(this.settings ?? view.settings);
    this.drafts.follow([...view.desk.calls.map((c) => c.interaction), ...view.desk.chats.map((c) => c.chat)]);
    this.chats.follow(view.desk.chats, this.taken);
    const { refusal } = view.desk;
    if (
      refusal?.interaction &&
      refusal.since !== before?.desk.refusal?.since &&
      refusedToSay(refusal.reason)
    ) {
      this.chats.giveBack(refusal.interaction);
    }
    if (layoutKey(before) !== layoutKey(view)) layoutChanged();
    const first = this.offers[0]?.interaction.id ?? null;
    if (first !== this.#firstOffer.id) this.#firstOffer = { id: first, at: performance.now() };
    this.#closeWhatNoLongerFits();
  }

  get session(): SessionView | undefined {
    return this.view?.desk.session;
  }

  /** Signed in to a telephone system: there is no centre. */
  get atExchange(): boolean {
    const session = this.session;
    return session?.state === 'signed_in' && isExtension(session.centre);
  }

  /** The call that keys and buttons act on. */
  get call(): CallView | undefined {
    return this.view ? selectedCall(this.view) : undefined;
  }

  /** Calls, then chats: a caller hears the ringing. */
  get offers(): CallView[] {
    const { calls, chats } = this.view?.desk ?? { calls: [], chats: [] };
    return [
      ...calls.filter((c) => c.interaction.conversation.state === 'offered'),
      ...chats.filter((c) => c.chat.phase.state === 'offered').map(asCall),
    ];
  }

  /** For how long the first offer has been the first, ms; `null`: there is none. */
  get offerAge(): number | null {
    return this.#firstOffer.id === null ? null : performance.now() - this.#firstOffer.at;
  }

  /** Calls that were taken or dialled, in the order in which they arrived. */
  get taken(): CallView[] {
    return this.view?.desk.calls.filter((c) => c.interaction.conversation.state !== 'offered') ?? [];
  }

  /** What the screen is about: the selected call, unless it is only offered. */
  get current(): CallView | undefined {
    const call = this.call;
    return call && call.interaction.conversation.state !== 'offered' ? call : this.taken[0];
  }

  /** Chats that were taken, in the order in which they arrived. */
  get talks(): ChatView[] {
    return this.view?.desk.chats.filter((c) => c.chat.phase.state !== 'offered') ?? [];
  }

  /** The chat that the screen is about, if it is not about a call. */
  get talk(): ChatView | undefined {
    return this.chats.on(this.talks, this.taken);
  }

  chatOf(id: InteractionId): ChatView | undefined {
    return this.view?.desk.chats.find((c) => c.chat.id === id);
  }

  /** Origins that wait for the agent, oldest first; nothing is decided in a page. */
  get asking(): OriginView[] {
    return this.decides ? (this.view?.dock.origins.filter((o) => o.standing === 'asking') ?? []) : [];
  }

  /** A page is docked that can show records. */
  get hasPages(): boolean {
    if (!this.decides) return true;
    return this.view?.dock.origins.some((o) => o.standing === 'allowed' && o.pages > 0) ?? false;
  }

  get settings(): Settings | undefined {
    return this.#sent?.settings ?? this.view?.settings;
  }

  get isBar(): boolean {
    return this.view?.window.shape.dock === 'bar';
  }

  /** What is open does not fit into a bar. */
  get needsRoom(): boolean {
    return NEEDS_ROOM.has(this.panel);
  }

  /** Where the present refusal is to be shown. */
  get refusalArea(): Area | null {
    const refusal = this.view?.desk.refusal;
    if (!refusal) return null;
    const area = areaOfRefusal(refusal.reason, this.#lastArea);
    return area === 'call' && refusal.interaction && this.chatOf(refusal.interaction) ? 'chat' : area;
  }

  /** Takes an offer, or does not. */
  answer(offer: CallView, how: 'accept' | 'reject'): Promise<boolean> {
    const { id, channel } = offer.interaction;
    if (channel === 'voice') return this.desk({ do: how, interaction: id });
    if (how === 'accept') this.chats.show(id);
    return this.chat({ do: how, chat: id });
  }

  /** Brings a call to the front. */
  select(interaction: InteractionId): void {
    this.chats.front = { is: 'newest' };
    layoutChanged();
    void this.desk({ do: 'select', interaction });
  }

  /** Brings a chat to the front. */
  turnTo(chat: InteractionId): void {
    this.chats.show(chat);
    layoutChanged();
  }

  /** To the start screen; the chats stay open. */
  goHome(): void {
    this.chats.home();
    layoutChanged();
  }

  /** Sends what is in the message box. */
  async say(chat: InteractionId, text: string): Promise<void> {
    this.chats.said(chat);
    if (!(await this.chat({ do: 'say', chat, text }))) this.chats.giveBack(chat);
  }

  chat(ask: ChatAsk): Promise<boolean> {
    return this.desk({ do: 'chat', ask });
  }

  desk(ask: Ask): Promise<boolean> {
    this.#lastArea = areaOf(ask) ?? this.#lastArea;
    return this.post({ to: 'desk', ask });
  }

  audio(ask: AudioIntent): Promise<boolean> {
    return this.post({ to: 'audio', ask });
  }

  voice(ask: VoiceIntent): Promise<boolean> {
    return this.post({ to: 'voice', ask });
  }

  connection(ask: ConnectionIntent): Promise<boolean> {
    return this.post({ to: 'connection', ask });
  }

  search(ask: SearchIntent): Promise<boolean> {
    return this.post({ to: 'search', ask });
  }

  dock(ask: DockIntent): Promise<boolean> {
    return this.post({ to: 'dock', ask });
  }

  window(ask: WindowIntent): Promise<boolean> {
    return this.post({ to: 'window', ask });
  }

  preferences(ask: SettingsIntent): Promise<boolean> {
    return this.post({ to: 'settings', ask });
  }

  /** Saves some settings; shown at once. False when they were not taken. */
  async save(change: Partial<Settings>): Promise<boolean> {
    const view = this.view;
    if (!view) return false;
    const settings = { ...(this.settings ?? view.settings), shape: view.window.shape, ...change };
    this.#sent = { base: JSON.stringify(view.settings), settings };
    applyAppearance(settings);
    const ok = await this.preferences({ do: 'save', settings });
    if (!ok) {
      this.#sent = null;
      if (this.view) applyAppearance(this.view.settings);
    }
    return ok;
  }

  /** False, and `fault` set, when the intent was not taken. */
  async post(intent: Intent): Promise<boolean> {
    try {
      await this.#host.intent(intent);
      this.fault = null;
      return true;
    } catch (thrown) {
      this.fault = asFault(thrown);
      return false;
    }
  }

  /** A key, from this window or from the system. */
  act(action: KeyAction): void {
    if (!this.view) return;
    const what = this.#meaning(action, this.view);
    switch (what.mean) {
      case 'intent':
        if (what.intent.to === 'desk') void this.desk(what.intent.ask);
        break;
      case 'open':
        if (what.panel === 'disposition') {
          this.panel = 'none';
          this.disposeAsked += 1;
        } else {
          this.chats.front = { is: 'newest' };
          this.toggle(what.panel);
        }
        break;
      case 'nothing':
        break;
      default: {
        const unknown: never = what;
        return unknown;
      }
    }
  }

  toggle(panel: Exclude<Panel, 'none'>): void {
    if (this.panel === panel) this.close();
    else this.open(panel);
  }

  open(panel: Exclude<Panel, 'none'>): void {
    if (panel === 'keypad') this.dialled = '';
    this.panel = panel;
    layoutChanged();
    const shape = this.view?.window.shape;
    // A bar has no room for these; the window goes back when they are closed.
    if (shape?.dock === 'bar' && NEEDS_ROOM.has(panel)) {
      this.#shapeBefore = shape;
      void this.window({ do: 'set_shape', shape: { dock: 'floating', edge: shape.edge } });
    }
  }

  close(): void {
    this.panel = 'none';
    layoutChanged();
    if (this.#shapeBefore) {
      void this.window({ do: 'set_shape', shape: this.#shapeBefore });
      this.#shapeBefore = null;
    }
  }

  /** The agent chose a shape himself: there is none to go back to. */
  setShape(shape: Shape): void {
    this.#shapeBefore = null;
    void this.window({ do: 'set_shape', shape });
  }

  digit(digit: string): void {
    this.dialled = (this.dialled + digit).slice(-32);
    void this.desk({ do: 'dtmf', interaction: null, digits: digit });
  }

  /** Beside a call, keys mean the call; but a wrap-up is ended where it is seen. */
  #meaning(action: KeyAction, view: View): Meaning {
    const talk = this.talk;
    const what = talk && action === 'dispose' ? ({ mean: 'nothing' } as const) : meaning(action, view);
    if (!talk || what.mean !== 'nothing') return what;
    if (action === 'dispose' && talk.can.dispose) return { mean: 'open', panel: 'disposition' };
    if (action === 'end' && talk.can.end && !this.call) {
      const ask: Ask = { do: 'chat', ask: { do: 'end', chat: talk.chat.id } };
      return { mean: 'intent', intent: { to: 'desk', ask } };
    }
    return what;
  }

  #closeWhatNoLongerFits(): void {
    const can = this.call?.can;
    const gone =
      (this.panel === 'sign_in' && this.session?.state === 'signed_in') ||
      (this.panel === 'ask' && this.asking.length === 0) ||
      (this.panel === 'keypad' && !can?.dtmf) ||
      (this.panel === 'transfer' && !can?.transfer && !can?.consult) ||
      (this.panel === 'conference' && !can?.consult);
    if (gone) this.close();
  }
}

function refusedToSay(reason: Refusal): boolean {
  return reason.reason === 'bad_chat_text' || ('verb' in reason && reason.verb === 'say');
}

/** Changes when what stands on the screen does, so that clicks are held back. */
function layoutKey(view: View | null): string {
  if (!view) return '';
  const { desk } = view;
  return [
    desk.session.state,
    desk.selected,
    desk.link.state,
    desk.line,
    desk.refusal?.since,
    desk.missed?.id,
    view.audio.fault?.fault,
    view.audio.talking_unheard && desk.muted,
    ...view.voice.diagnoses.map((d) => d.fault.fault),
    view.voice.check.state,
    view.connection.state,
    view.window.shape.dock,
    ...view.notices.map((n) => n.id),
    view.callbacks.find((c) => c.due)?.id,
    ...view.dock.toasts.map((t) => t.id),
    ...view.dock.origins.map((o) => (o.standing === 'asking' ? o.origin : '')),
    ...view.dock.records.map((r) => `${r.interaction}${r.records.length}`),
    view.dock.loading,
    ...desk.calls.map(
      (c) => `${c.interaction.id}${c.interaction.conversation.state}${c.interaction.legs.length}`,
    ),
    ...desk.chats.map((c) => `${c.chat.id}${c.chat.phase.state}`),
  ].join('|');
}

const KEY = Symbol('app');

export function provideApp(app: App): App {
  return setContext(KEY, app);
}

export function useApp(): App {
  return getContext<App>(KEY);
}
