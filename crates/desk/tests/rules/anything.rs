//! What no sequence of inputs brings about, however senseless.

use crate::bench::{chosen, interaction, leg, start};
use omnibar_desk::*;
use omnibar_model::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// More effects than any single input needs: each of 32 calls may end with a sound
/// and an alert, each of 64 commands may run out, and the desk settles.
const EFFECTS_MAX: usize = 200;

/// A configuration and inputs with their moments.
pub(crate) fn shifts() -> impl Strategy<Value = (Config, Vec<(Moment, Input)>)> {
    let config = (any::<bool>(), select(vec![0, 1, 60_000]), select(vec![0, 1, 60_000])).prop_map(
        |(auto_answer, hold_reminder_ms, mute_reminder_ms)| Config {
            auto_answer,
            hold_reminder_ms,
            mute_reminder_ms,
        },
    );
    let pause = prop_oneof![4 => 0..50_u64, 2 => 0..20_000_u64, 1 => 0..1_000_000_u64];
    (config, any::<bool>(), select(vec!["centre", "1001"]), vec((pause, inputs()), 0..60)).prop_map(
        |(config, signed_in, extension, rest)| {
            let mut shift = Vec::new();
            if signed_in {
                shift.extend(morning(extension).into_iter().map(|input| (Moment(1), input)));
            }
            let mut now = 1;
            for (pause, input) in rest {
                now += pause;
                shift.push((Moment(now), input));
            }
            (config, shift)
        },
    )
}

fn morning(extension: &str) -> Vec<Input> {
    let sign_in = Ask::SignIn { centre: "c".into(), user: "agent1".into(), take_over: false };
    let campaigns = vec!["in".into(), "out".into()];
    let choose = Ask::Choose { campaigns, extension: extension.into() };
    vec![
        Input::Ask { ask: sign_in },
        Input::SessionOpened { start: start(false) },
        Input::Ask { ask: choose },
        chosen(),
        Input::LineChanged { line: LineState::Up },
    ]
}

fn ids() -> impl Strategy<Value = InteractionId> {
    (0..4).prop_map(|n| InteractionId::new(&format!("i{n}")))
}

fn leg_ids() -> impl Strategy<Value = LegId> {
    (0..4).prop_map(|n| LegId::new(&format!("l{n}")))
}

fn moments() -> impl Strategy<Value = Moment> + Clone {
    prop_oneof![0..2_000_000_u64, Just(u64::MAX)].prop_map(Moment)
}

fn presences() -> impl Strategy<Value = Presence> + Clone {
    let reason = select(vec!["lunch", "nap"]).prop_map(str::to_owned);
    prop_oneof![
        Just(Presence::Offline),
        Just(Presence::Available),
        reason.prop_map(|reason| Presence::Break { reason }),
    ]
}

fn causes() -> impl Strategy<Value = Option<Cause>> {
    option::of(select(vec![
        Cause::AgentHungUp,
        Cause::CustomerHungUp,
        Cause::Abandoned,
        Cause::NoAnswer,
        Cause::Busy,
        Cause::SwitchLost,
    ]))
}

fn leg_states() -> impl Strategy<Value = LegState> {
    select(vec![
        LegState::Ringing,
        LegState::Connected,
        LegState::Held,
        LegState::Ended { cause: Cause::Busy },
    ])
}

fn interactions() -> impl Strategy<Value = Interaction> {
    let conversation = prop_oneof![
        moments().prop_map(|expires| Conversation::Offered { expires }),
        Just(Conversation::Ringing),
        Just(Conversation::Connected),
        Just(Conversation::Held),
        option::of(moments()).prop_map(|until| Conversation::Wrapping { until }),
        Just(Conversation::Ended),
    ];
    let legs = vec((leg_ids(), leg_states(), any::<bool>()), 0..4);
    (ids(), conversation, legs, causes(), any::<bool>(), "[a-zé]{0,8}").prop_map(
        |(id, conversation, legs, cause, outbound, note)| Interaction {
            legs: legs
                .into_iter()
                .map(|(id, state, consult)| Leg { consult, ..leg(id.as_str(), state) })
                .collect(),
            direction: if outbound { Direction::Outbound } else { Direction::Inbound },
            cause,
            note,
            ..interaction(id.as_str(), conversation)
        },
    )
}

fn asks() -> impl Strategy<Value = Ask> {
    let to = || Just(Destination::Queue("q1".into()));
    let id = || option::of(ids());
    let number = PhoneNumber::parse("+15550101").unwrap();
    let campaigns = vec(select(vec!["in", "out", "none"]).prop_map(CampaignId::new), 0..3);
    let extension = select(vec!["centre", "1001", "none"]).prop_map(ExtensionId::new);
    let code = select(vec!["done", "none"]).prop_map(DispositionId::new);
    let calls = prop_oneof![
        id().prop_map(|interaction| Ask::Accept { interaction }),
        id().prop_map(|interaction| Ask::Reject { interaction }),
        (id(), option::of(leg_ids())).prop_map(|(interaction, leg)| Ask::Hold { interaction, leg }),
        (id(), option::of(leg_ids()))
            .prop_map(|(interaction, leg)| Ask::Resume { interaction, leg }),
        id().prop_map(|interaction| Ask::ToggleHold { interaction }),
        (id(), "[0-9a#]{0,3}").prop_map(|(interaction, digits)| Ask::Dtmf { interaction, digits }),
        (id(), to()).prop_map(|(interaction, to)| Ask::Transfer { interaction, to }),
        (id(), to()).prop_map(|(interaction, to)| Ask::Consult { interaction, to }),
        id().prop_map(|interaction| Ask::Complete { interaction }),
        id().prop_map(|interaction| Ask::Conference { interaction }),
        (id(), leg_ids()).prop_map(|(interaction, leg)| Ask::Drop { interaction, leg }),
        id().prop_map(|interaction| Ask::End { interaction }),
        (id(), any::<bool>()).prop_map(|(interaction, on)| Ask::Record { interaction, on }),
        (id(), "\\PC{0,5}").prop_map(|(interaction, note)| Ask::Note { interaction, note }),
        (id(), code).prop_map(|(interaction, disposition)| Ask::Dispose {
            interaction,
            disposition,
            note: String::new(),
            callback: None
        }),
    ];
    let whole = prop_oneof![
        Just(Ask::SignIn { centre: "c".into(), user: "agent1".into(), take_over: true }),
        (campaigns, extension)
            .prop_map(|(campaigns, extension)| Ask::Choose { campaigns, extension }),
        Just(Ask::SignOut),
        presences().prop_map(|presence| Ask::SetPresence { presence }),
        ids().prop_map(|interaction| Ask::Select { interaction }),
        Just(Ask::Dial { number, campaign: None }),
        any::<bool>().prop_map(|on| Ask::Mute { on }),
        Just(Ask::ToggleMute),
        Just(Ask::Monitor { agent: "agent2".into(), mode: MonitorMode::Whisper }),
        Just(Ask::StopMonitoring),
        Just(Ask::Callback { callback: "c1".into(), act: CallbackAct::Take }),
        Just(Ask::Callback {
            callback: "c1".into(),
            act: CallbackAct::Cancel { reason: "r".into() }
        }),
        Just(Ask::Dismiss),
    ];
    let chats = chat_asks().prop_map(|ask| Ask::Chat { ask });
    prop_oneof![3 => calls, 1 => whole, 1 => chats]
}

fn chat_asks() -> impl Strategy<Value = ChatAsk> {
    prop_oneof![
        ids().prop_map(|chat| ChatAsk::Accept { chat }),
        ids().prop_map(|chat| ChatAsk::Reject { chat }),
        (ids(), "\\PC{0,2}").prop_map(|(chat, text)| ChatAsk::Say { chat, text }),
        ids().prop_map(|chat| ChatAsk::End { chat }),
        ids().prop_map(|chat| ChatAsk::Dispose {
            chat,
            disposition: "done".into(),
            note: String::new()
        }),
        Just(ChatAsk::Start { campaign: None, customer: ChatTarget::default() }),
    ]
}

fn chats() -> impl Strategy<Value = Chat> {
    let phases = select(vec![
        ChatPhase::Offered { expires: Moment(1_000) },
        ChatPhase::Open,
        ChatPhase::Wrapping { until: None },
        ChatPhase::Ended,
    ]);
    let from = select(vec![ChatFrom::Customer, ChatFrom::Agent, ChatFrom::Notice]);
    let message = (0..9_u32, from, "\\PC{0,2}", moments())
        .prop_map(|(seq, from, text, at)| ChatMessage { seq, from, text, at });
    (ids(), phases, vec(message, 0..4), moments()).prop_map(|(id, phase, messages, at)| Chat {
        id,
        direction: Direction::Inbound,
        campaign: "in".into(),
        queue: None,
        customer: Party { kind: PartyKind::Customer, name: String::new(), number: None },
        customer_id: None,
        record: None,
        phase,
        since: at,
        opened_at: at,
        assigned_at: None,
        customer_present: true,
        cause: None,
        note: String::new(),
        last_seq: 9,
        messages,
    })
}

fn inputs() -> impl Strategy<Value = Input> {
    let states = select(vec![
        AgentState::Offline,
        AgentState::Available,
        AgentState::Break,
        AgentState::Busy,
        AgentState::WrapUp { until: None },
        AgentState::Missed,
    ]);
    let agent = (states, moments(), presences(), option::of(presences()));
    let links = select(vec![
        Link::Down,
        Link::Up,
        Link::Up,
        Link::Reconnecting { attempt: 1, next_try_ms: u64::MAX },
    ]);
    let lines = select(vec![
        LineState::Closed,
        LineState::Connecting,
        LineState::Up,
        LineState::Lost,
        LineState::Recovering,
        LineState::Failed,
    ]);
    let faults = select(vec![
        SignInFault::WrongCredentials,
        SignInFault::Unreachable { detail: "x".into() },
        SignInFault::Server { server: ServerFault::NoSip },
        SignInFault::NotRegistered { status: Some(403) },
        SignInFault::Expired,
    ]);
    let answers = (0..40_u64, any::<bool>()).prop_map(|(n, yes)| Input::Answered {
        command: CommandId(n),
        result: if yes { Ok(()) } else { Err("no".into()) },
    });
    prop_oneof![
        20 => asks().prop_map(|ask| Input::Ask { ask }),
        20 => interactions().prop_map(|interaction| Input::InteractionChanged { interaction }),
        8 => answers,
        4 => Just(Input::Tick),
        4 => lines.prop_map(|line| Input::LineChanged { line }),
        3 => links.prop_map(|link| Input::LinkChanged { link }),
        3 => agent.clone().prop_map(|(state, since, presence, next)| Input::AgentChanged {
            state, since, presence, next, monitoring: None
        }),
        2 => (agent, vec(interactions(), 0..5)).prop_map(
            |((state, since, presence, next), interactions)| Input::Synchronised {
                state, since, presence, next, monitoring: None, interactions, chats: vec![]
            }
        ),
        6 => chats().prop_map(|chat| Input::ChatChanged { chat }),
        1 => any::<bool>().prop_map(|resumed| Input::SessionOpened { start: start(resumed) }),
        1 => Just(chosen()),
        1 => faults.clone().prop_map(|fault| Input::SignInFailed { fault }),
        1 => option::of(faults).prop_map(|fault| Input::SessionEnded { fault }),
        1 => Just(Input::LineGone),
        1 => Just(Input::NetworkChanged),
        1 => ids().prop_map(|interaction| Input::CallMeasured {
            interaction,
            record: VoiceRecord::default(),
        }),
        1 => any::<bool>().prop_map(|auto_answer| Input::Configured {
            config: Config { auto_answer, ..Config::default() }
        }),
    ]
}

/// What the outside has been told so far.
#[derive(Default)]
struct World {
    ringing: bool,
    microphone: bool,
    in_call: bool,
    line: bool,
}

impl World {
    fn perform(&mut self, effect: &Effect) -> Result<(), TestCaseError> {
        let (level, to) = match effect {
            Effect::StartRinging => (&mut self.ringing, true),
            Effect::StopRinging => (&mut self.ringing, false),
            Effect::SetMicrophone { open } => (&mut self.microphone, *open),
            Effect::SetInCall { on } => (&mut self.in_call, *on),
            Effect::OpenLine => {
                self.line = true;
                return Ok(());
            }
            Effect::CloseLine => (&mut self.line, false),
            Effect::RestartLine => {
                prop_assert!(self.line, "a restart of a line that was never opened");
                return Ok(());
            }
            Effect::OpenSession { .. }
            | Effect::CloseSession
            | Effect::Order { .. }
            | Effect::Play { .. }
            | Effect::Alert { .. }
            | Effect::Refused { .. }
            | Effect::Changed => return Ok(()),
        };
        prop_assert_ne!(*level, to, "{:?} twice", effect);
        *level = to;
        Ok(())
    }
}

fn step(
    desk: &mut Desk,
    world: &mut World,
    now: Moment,
    input: Input,
) -> Result<(), TestCaseError> {
    let before = desk.snapshot();
    desk.handle(now, input);
    let effects: Vec<Effect> = std::iter::from_fn(|| desk.poll_effect()).collect();
    prop_assert!(effects.len() <= EFFECTS_MAX, "{} effects", effects.len());
    for effect in &effects {
        world.perform(effect)?;
    }
    if let Some(deadline) = desk.deadline() {
        prop_assert!(deadline > now, "deadline {:?} at {:?}", deadline, now);
    }
    let view = desk.snapshot();
    prop_assert_eq!(effects.contains(&Effect::Changed), view != before);
    prop_assert!(view.calls.len() <= 32);
    prop_assert!(view.calls.iter().map(|c| c.pending.len()).sum::<usize>() <= 64);
    prop_assert!(
        view.calls.iter().all(|c| !matches!(c.interaction.conversation, Conversation::Ended))
    );
    prop_assert_eq!(view.selected.is_some(), !view.calls.is_empty());
    let heard = view.calls.iter().any(|c| {
        let accepted = c.pending.iter().any(|p| p.verb == Verb::Accept);
        let connected = c.interaction.legs.iter().any(|l| matches!(l.state, LegState::Connected));
        match c.interaction.conversation {
            Conversation::Offered { .. } => accepted,
            Conversation::Connected => true,
            Conversation::Held => connected,
            Conversation::Ringing | Conversation::Wrapping { .. } | Conversation::Ended => false,
        }
    });
    prop_assert!(!world.microphone || (heard && !view.muted && world.in_call));
    let offers = view
        .calls
        .iter()
        .any(|c| matches!(c.interaction.conversation, Conversation::Offered { .. }));
    prop_assert!(!world.ringing || offers);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_leaks_or_hangs((config, shift) in shifts()) {
        let (mut desk, mut world) = (Desk::new(config), World::default());
        let mut now = Moment::ZERO;
        for (at, input) in shift {
            while let Some(due) = desk.deadline().filter(|due| *due <= at) {
                now = due;
                step(&mut desk, &mut world, now, Input::Tick)?;
            }
            now = at;
            step(&mut desk, &mut world, now, input)?;
        }
        for call in desk.snapshot().calls {
            let interaction =
                Interaction { conversation: Conversation::Ended, ..call.interaction };
            step(&mut desk, &mut world, now, Input::InteractionChanged { interaction })?;
        }
        prop_assert!(desk.snapshot().calls.is_empty());
        step(&mut desk, &mut world, now, Input::Synchronised {
            state: AgentState::Available,
            since: now,
            presence: Presence::Available,
            next: None,
            monitoring: None,
            interactions: vec![],
            chats: vec![],
        })?;
        prop_assert!(!world.ringing && !world.microphone && !world.in_call);
        step(&mut desk, &mut world, now, Input::SessionEnded { fault: None })?;
        prop_assert!(!world.line);
        step(&mut desk, &mut world, now, Input::Ask { ask: Ask::Dismiss })?;
        let rest = desk.deadline();
        prop_assert_eq!(rest, None, "an empty desk waits for nothing");
    }
}
