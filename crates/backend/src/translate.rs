//! The desk's words in the centre protocol's, and back.

use omnibar_contract::{DirectoryEntry, HistoryEntry};
use omnibar_desk::{ChatAsk, Order, SessionStart};
use omnibar_model::{CampaignId, Moment};
use omnibar_protocol::{Command, SessionOpened, wire};
use omnibar_softphone::{AgentNews, IceServer, SipExtension};

pub(crate) fn command(order: Order) -> Command {
    match order {
        Order::Choose { campaigns, extension } => Command::SessionSelect { campaigns, extension },
        Order::SetPresence { presence } => Command::PresenceSet { presence },
        Order::Accept { interaction } => Command::Accept { interaction },
        Order::Reject { interaction } => Command::Reject { interaction },
        Order::Dial { campaign, number } => Command::Dial { campaign, number },
        Order::Hold { interaction, leg } => Command::Hold { interaction, leg },
        Order::Resume { interaction, leg } => Command::Resume { interaction, leg },
        Order::Dtmf { interaction, digits } => Command::Dtmf { interaction, digits },
        Order::Transfer { interaction, to } => Command::Transfer { interaction, to },
        Order::Consult { interaction, to } => Command::Consult { interaction, to },
        Order::Complete { interaction } => Command::Complete { interaction },
        Order::Conference { interaction } => Command::Conference { interaction },
        Order::Drop { interaction, leg } => Command::Drop { interaction, leg },
        Order::End { interaction } => Command::End { interaction },
        Order::Record { interaction, on } => Command::Record { interaction, on },
        Order::Note { interaction, note } => Command::Note { interaction, note },
        Order::Measured { interaction, record } => Command::Measured { interaction, record },
        Order::Chat { ask } => chat(ask),
        Order::Dispose { interaction, disposition, note, callback } => {
            Command::Dispose { interaction, disposition, note, callback }
        }
        Order::Callback { callback, act } => Command::CallbackAct { callback, act },
        Order::Monitor { agent, mode } => Command::Monitor { agent, mode },
        Order::StopMonitoring => Command::MonitorEnd {},
    }
}

fn chat(ask: ChatAsk) -> Command {
    match ask {
        ChatAsk::Accept { chat } => Command::ChatAccept { chat },
        ChatAsk::Reject { chat } => Command::ChatReject { chat },
        ChatAsk::Say { chat, text } => Command::ChatSay { chat, text },
        ChatAsk::End { chat } => Command::ChatEnd { chat },
        ChatAsk::Dispose { chat, disposition, note } => {
            Command::ChatDispose { chat, disposition, note }
        }
        ChatAsk::Start { campaign, customer } => {
            // The desk names one always; a centre finds none by this name and says so.
            let campaign = campaign.unwrap_or_else(|| CampaignId::new(""));
            Command::ChatStart { campaign, customer }
        }
    }
}

pub(crate) fn start(opened: SessionOpened) -> SessionStart {
    SessionStart {
        handle: opened.handle,
        name: opened.name,
        centre: opened.centre,
        resumed: opened.resumed,
        campaigns: opened.campaigns,
        extensions: opened.extensions,
        unasked: false,
    }
}

pub(crate) fn agent(agent: wire::Agent, now: Moment) -> AgentNews {
    AgentNews {
        state: agent.state.into_model(now),
        since: now - std::time::Duration::from_millis(agent.since_ms),
        presence: agent.presence,
        next: agent.next,
        monitoring: agent.monitoring,
    }
}

pub(crate) fn ice_server(server: wire::IceServer) -> IceServer {
    IceServer {
        urls: server.urls,
        username: server.username,
        credential: server.credential.into_secret(),
    }
}

pub(crate) fn extension(extension: wire::SipExtension) -> SipExtension {
    SipExtension {
        server: extension.server,
        address: extension.address,
        user: extension.user,
        password: extension.password.into_secret(),
        call: extension.call,
    }
}

pub(crate) fn directory_entry(entry: wire::DirectoryEntry) -> DirectoryEntry {
    DirectoryEntry { destination: entry.destination, name: entry.name, available: entry.available }
}

pub(crate) fn history_entry(entry: wire::HistoryEntry) -> HistoryEntry {
    HistoryEntry {
        id: entry.id,
        channel: entry.channel,
        direction: entry.direction,
        campaign: entry.campaign,
        queue: entry.queue,
        customer: entry.customer,
        started_at: entry.started_at,
        talk_ms: entry.talk_ms,
        cause: entry.cause,
        disposition: entry.disposition,
        note: entry.note,
        voice: entry.voice,
    }
}
