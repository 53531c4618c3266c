//! `kill -9` of the real program in the middle of a storm of commands: every command
//! that was acknowledged has its effect after the restart.

use crate::desk::Desk;
use omnibar_model::{Cause, InteractionId, PhoneNumber};
use omnibar_protocol::wire::Conversation;
use omnibar_protocol::{Command, FromCentre, Notification, Request};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use uuid::Uuid;

pub struct Program {
    child: Child,
    pub url: String,
}

impl Program {
    pub fn start(data: &Path) -> Self {
        Self::logging_to(data, Stdio::null())
    }

    fn logging_to(data: &Path, log: Stdio) -> Self {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_omnibar-center"))
            .args(["--listen", "127.0.0.1:0", "--demo", "--switch", "process", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .env("OMNIBAR_LOG", "trace")
            .stderr(log)
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = format!("{}/ws/agent", url.trim());
        Self { child, url }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub async fn select(desk: &mut Desk) {
    let campaigns = vec!["support".into(), "sales".into(), "outreach".into()];
    desk.ask(Command::SessionSelect { campaigns, extension: "centre".into() }).await.unwrap();
}

async fn dial(desk: &mut Desk, last: u8) -> InteractionId {
    let number = PhoneNumber::parse(&format!("+155501{last:02}")).unwrap();
    let dialled = desk.ask(Command::Dial { campaign: "outreach".into(), number }).await.unwrap();
    serde_json::from_value(dialled["interaction"].clone()).unwrap()
}

/// Notes are sent without waiting until the program is killed; gives the acknowledged
/// ones, and how many were sent.
async fn storm(
    desk: &mut Desk,
    calls: &[InteractionId],
    program: Program,
) -> BTreeMap<Uuid, (InteractionId, u32)> {
    let mut sent = BTreeMap::new();
    let mut acknowledged = BTreeMap::new();
    let mut program = Some(program);
    for n in 0..150_u32 {
        let interaction = calls[n as usize % calls.len()].clone();
        let id = Uuid::new_v4();
        let command = Command::Note { interaction: interaction.clone(), note: format!("note {n}") };
        sent.insert(id, (interaction, n));
        desk.send(&Request { id, command }.to_text()).await;
    }
    while let Some(word) = desk.receive().await {
        if let FromCentre::Response(response) = word {
            response.result.unwrap();
            let id = response.id.unwrap();
            acknowledged.insert(id, sent[&id].clone());
            // In the middle: later ones are in the program or on their way.
            if acknowledged.len() == 40
                && let Some(program) = program.take()
            {
                program.kill();
            }
        }
    }
    assert!(acknowledged.len() >= 40, "only {} were acknowledged", acknowledged.len());
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_command_is_there_after_kill_9() {
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(data.path());
    let mut desk = Desk::connect(&program.url).await;
    let opened = desk.sign_in("agent1", "demo", false).await.unwrap();
    select(&mut desk).await;
    let mut calls = Vec::new();
    for last in 1..4 {
        calls.push(dial(&mut desk, last).await);
    }
    let acknowledged = storm(&mut desk, &calls, program).await;

    let program = Program::start(data.path());
    let mut desk = Desk::connect(&program.url).await;
    let resumed = desk.resume("agent1", &opened.token, u64::MAX / 2).await.unwrap();
    assert!(resumed.resumed, "the session goes on");
    let notes = snapshot(&mut desk).await;
    for (_, cause) in notes.values() {
        assert_eq!(*cause, None, "the calls went on at the switch");
    }
    for call in &calls {
        let newest = acknowledged.values().filter(|(c, _)| c == call).map(|(_, n)| *n).max();
        let kept: u32 = notes[call].0.strip_prefix("note ").unwrap().parse().unwrap();
        assert!(Some(kept) >= newest, "{kept} is older than the acknowledged {newest:?}");
    }
    // A client that did not see the answer repeats the command and gets it.
    let (id, (interaction, n)) = acknowledged.first_key_value().unwrap();
    let command = Command::Note { interaction: interaction.clone(), note: format!("note {n}") };
    desk.ask_as(*id, command).await.unwrap();
    let again = desk.ask(Command::History { before: None, limit: 5 }).await.unwrap();
    assert!(again["entries"].is_array());
    program.kill();
    end_switch(data.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_at_trace_leaves_no_secret_and_no_number_in_the_log() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let file = std::fs::File::create(&log).unwrap();
    let program = Program::logging_to(data.path(), file.into());
    let mut desk = Desk::connect(&program.url).await;
    desk.sign_in("agent1", "a-wrong-secret", false).await.unwrap_err();
    let opened = desk.sign_in("agent1", "demo", false).await.unwrap();
    select(&mut desk).await;
    let call = dial(&mut desk, 7).await;
    desk.interaction("an answer", |i| i.conversation == Conversation::Connected).await;
    desk.ask(Command::Note { interaction: call.clone(), note: "a private note".into() })
        .await
        .unwrap();
    desk.ask(Command::Dtmf { interaction: call.clone(), digits: "447102938475".into() })
        .await
        .unwrap();
    desk.ask(Command::Search { text: "+1 555 0107".into() }).await.unwrap();
    desk.ask(Command::End { interaction: call }).await.unwrap();
    program.kill();
    end_switch(data.path());
    let token = serde_json::to_value(&opened.token).unwrap();
    let mut text = std::fs::read_to_string(log).unwrap();
    text += &std::fs::read_to_string(data.path().join("switch.log")).unwrap();
    assert!(text.contains("signed in") && text.contains("TRACE"), "it did log: {text}");
    for secret in [
        "a-wrong-secret",
        token.as_str().unwrap(),
        "15550107",
        "555 0107",
        "a private note",
        "447102938475",
    ] {
        assert!(!text.contains(secret), "the log holds {secret}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn calls_end_and_say_so_when_the_voice_switch_dies_and_another_takes_its_place() {
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(data.path());
    let mut desk = Desk::connect(&program.url).await;
    desk.sign_in("agent1", "demo", false).await.unwrap();
    select(&mut desk).await;
    let lost = dial(&mut desk, 1).await;
    end_switch(data.path());
    let over = desk.interaction("the end of the call", |i| i.id == lost && i.cause.is_some()).await;
    assert_eq!(over.cause, Some(Cause::SwitchLost));
    let next = dial(&mut desk, 2).await;
    desk.interaction("an answer", |i| i.id == next && i.conversation == Conversation::Connected)
        .await;
    program.kill();
    end_switch(data.path());
}

/// SIGKILL to the voice switch of this data directory, found by its socket's path.
#[cfg(target_os = "linux")]
fn end_switch(data: &Path) {
    let socket = data.join("switch.sock");
    let socket = socket.to_str().unwrap();
    let mut found = 0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).split('\0').any(|word| word == socket) {
            let pid = entry.file_name().into_string().unwrap();
            assert!(
                std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success()
            );
            found += 1;
        }
    }
    assert_eq!(found, 1, "one switch for one directory");
}

/// Elsewhere it ends by itself when nobody has called for a while.
#[cfg(not(target_os = "linux"))]
fn end_switch(_: &Path) {}

async fn snapshot(desk: &mut Desk) -> BTreeMap<InteractionId, (String, Option<Cause>)> {
    loop {
        match desk.receive().await.expect("a snapshot") {
            FromCentre::Notification(news) => {
                if let Notification::Snapshot { interactions, .. } = news.notification {
                    desk.last_seq = news.seq;
                    return interactions.into_iter().map(|i| (i.id, (i.note, i.cause))).collect();
                }
            }
            FromCentre::Response(other) => panic!("{other:?}"),
        }
    }
}
