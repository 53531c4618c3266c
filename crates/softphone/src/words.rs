//! What may stand in a log about values that hold personal data: their kind.

use omnibar_desk::{Effect, Refusal};

pub(crate) fn effect(effect: &Effect) -> &'static str {
    match effect {
        Effect::OpenSession { .. } => "open session",
        Effect::CloseSession => "close session",
        Effect::Order { .. } => "order",
        Effect::OpenLine => "open line",
        Effect::RestartLine => "restart line",
        Effect::CloseLine => "close line",
        Effect::StartRinging => "start ringing",
        Effect::StopRinging => "stop ringing",
        Effect::Play { .. } => "play",
        Effect::SetMicrophone { open: true } => "open microphone",
        Effect::SetMicrophone { open: false } => "close microphone",
        Effect::SetInCall { on: true } => "in call",
        Effect::SetInCall { on: false } => "no call",
        Effect::Alert { .. } => "alert",
        Effect::Refused { .. } => "refused",
        Effect::Changed => "changed",
    }
}

pub(crate) fn refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotSignedIn => "not signed in",
        Refusal::AlreadySignedIn => "already signed in",
        Refusal::InteractionsOpen => "interactions open",
        Refusal::CentreAway => "centre away",
        Refusal::NoSuchCall => "no such call",
        Refusal::NoSuchChat => "no such chat",
        Refusal::NoSuchLeg => "no such leg",
        Refusal::NoSuchCampaign => "no such campaign",
        Refusal::NoSuchExtension => "no such extension",
        Refusal::NoSuchBreak => "no such break",
        Refusal::NoSuchDisposition => "no such disposition",
        Refusal::NotNow { .. } => "not now",
        Refusal::Pending { .. } => "pending",
        Refusal::BadDigits => "bad digits",
        Refusal::NoteTooLong => "note too long",
        Refusal::BadChatText => "bad chat text",
        Refusal::FinishCallFirst => "finish the call first",
        Refusal::Centre { .. } => "the centre refused or did not answer",
    }
}
