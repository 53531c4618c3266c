//! Who hears a leg without being in its bridge: a supervisor, or the agent himself who tries
//! his voice. A snoop channel at the leg's channel and the one who hears are alone in a bridge.
//!
//! ```text
//!  agent's channel ◀─ spied on, whispered to ─ snoop channel ─┐
//!                             supervisor's channel ───────────┴ bridge `~monitor~` and his leg
//! ```

use super::exchange::{Exchange, Refusal, gone_is_fine};
use super::leg::{bridge_id, channel_of};
use crate::switch::Reply;
use omnibar_model::LegId;
use serde_json::json;
use std::time::Duration;

/// Before the leg that hears, in the name of its bridge.
const BRIDGE: &str = "~monitor~";
/// After the leg that hears, in the id of its snoop channel.
const CHANNEL: &str = ".snoop";
/// How long an agent hears himself.
const ECHO: Duration = Duration::from_secs(10);

/// One snoop channel; by the leg that hears it.
#[derive(Debug)]
pub(super) struct Snoop {
    of: LegId,
    hears: Hears,
    /// Asterisk's id of the snoop channel.
    channel: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hears {
    /// What the leg says and hears.
    Both,
    /// The same, and the leg hears who snoops.
    BothAndWhispers,
    /// What the leg says.
    Said,
}

impl Hears {
    fn body(self, app: &str) -> serde_json::Value {
        let (spy, whisper) = match self {
            Self::Both => ("both", "none"),
            Self::BothAndWhispers => ("both", "out"),
            Self::Said => ("in", "none"),
        };
        json!({ "spy": spy, "whisper": whisper, "app": app })
    }
}

/// Whether this channel is one.
pub(super) fn is_snoop(channel: &str) -> bool {
    channel.rsplit_once(CHANNEL).is_some_and(|(_, n)| n.parse::<u32>().is_ok())
}

pub(super) fn is_bridge(name: &str) -> bool {
    name.starts_with(BRIDGE)
}

fn bridge_of(leg: &LegId) -> String {
    format!("{BRIDGE}{leg}")
}

impl Exchange {
    pub(super) async fn monitor(
        &mut self,
        leg: LegId,
        of: Option<LegId>,
        whisper: bool,
    ) -> Result<Reply, Refusal> {
        match of {
            Some(of) if of == leg => {
                return Err(Refusal::saying("A leg cannot monitor itself."));
            }
            Some(of) => {
                let hears = if whisper { Hears::BothAndWhispers } else { Hears::Both };
                self.snoop(leg, of, hears).await?;
            }
            None => self.end_snoop(&leg).await?,
        }
        Ok(Reply::Done)
    }

    /// What the leg says comes back to it while it is in no bridge.
    pub(super) async fn echo(&mut self, leg: LegId, on: bool) -> Result<Reply, Refusal> {
        let own = self.snoops.get(&leg).is_some_and(|snoop| snoop.of == leg);
        let free = self.leg(&leg)?.bridge.is_none();
        if !on && own {
            self.end_snoop(&leg).await?;
        } else if on && free {
            let channel = self.snoop(leg.clone(), leg, Hears::Said).await?;
            let ari = self.ari.clone();
            tokio::spawn(async move {
                tokio::time::sleep(ECHO).await;
                // Asterisk tells that it is gone, and the bridge goes then.
                if let Err(fault) = ari.delete(&["channels", &channel]).await {
                    tracing::warn!(%fault, "an echo was not ended");
                }
            });
        }
        Ok(Reply::Done)
    }

    /// The bridge follows when the snoop channel is in the centre's hands. Gives its id.
    async fn snoop(&mut self, leg: LegId, of: LegId, hears: Hears) -> Result<String, Refusal> {
        let present = self.snoops.get(&leg).filter(|s| s.of == of && s.hears == hears);
        if let Some(present) = present {
            return Ok(present.channel.clone());
        }
        self.leg(&leg)?;
        let spied = self.leg(&of)?.channel.clone();
        if let Some(old) = self.snoops.remove(&leg) {
            self.ari.delete(&["channels", &old.channel]).await?;
        }
        self.snoop_number += 1;
        let channel = format!("{}{CHANNEL}{}", channel_of(&leg), self.snoop_number);
        // Known before Asterisk speaks of it.
        self.snoops.insert(leg.clone(), Snoop { of, hears, channel: channel.clone() });
        let path = ["channels", &spied, "snoop", &channel];
        if let Err(fault) = self.ari.post(&path, hears.body(&self.config.app)).await {
            self.end_snoop(&leg).await?;
            return Err(fault.into());
        }
        Ok(channel)
    }

    /// A snoop channel has come into the centre's hands.
    pub(super) async fn snoops_now(&mut self, channel: &str) {
        let Some(leg) = self.snooping(channel) else {
            // It was given up while it was made.
            self.hang_up(channel).await;
            return;
        };
        if self.bring_together(&leg, channel).await.is_err() {
            tracing::warn!(%leg, "who monitors a leg does not hear it");
        }
    }

    async fn bring_together(&mut self, leg: &LegId, channel: &str) -> Result<(), Refusal> {
        let name = bridge_of(leg);
        let bridge = match self.bridges.get(&name) {
            Some(number) => bridge_id(&name, *number),
            None => self.make_bridge(&name).await?,
        };
        let path = ["bridges", &bridge, "addChannel"];
        gone_is_fine(self.ari.post(&path, json!({ "channel": channel })).await)?;
        if self.leg(leg)?.bridge.as_ref() != Some(&name) {
            self.leg(leg)?.bridge = Some(name);
            // What plays is ended first: its channel would come when it is over.
            self.settle(leg).await?;
            let own = self.leg(leg)?.channel.clone();
            gone_is_fine(self.ari.post(&path, json!({ "channel": own })).await)?;
        }
        Ok(())
    }

    /// The leg hears nobody in this way any more. One that is in another bridge stays there.
    pub(super) async fn end_snoop(&mut self, leg: &LegId) -> Result<(), Refusal> {
        if let Some(snoop) = self.snoops.remove(leg) {
            self.ari.delete(&["channels", &snoop.channel]).await?;
        }
        let name = bridge_of(leg);
        if let Some(number) = self.bridges.remove(&name) {
            self.ari.delete(&["bridges", &bridge_id(&name, number)]).await?;
        }
        let left = self.legs.get_mut(leg).filter(|leg| leg.bridge.as_ref() == Some(&name));
        if let Some(left) = left {
            left.bridge = None;
            self.settle(leg).await?;
        }
        Ok(())
    }

    /// A channel is gone: a snoop channel by itself, or one at which somebody snooped.
    pub(super) async fn end_snoops_of(&mut self, channel: &str, leg: Option<&LegId>) {
        let mut over: Vec<LegId> = self.snooping(channel).into_iter().collect();
        over.extend(leg.cloned());
        let at_it = self.snoops.iter().filter(|(_, snoop)| Some(&snoop.of) == leg);
        over.extend(at_it.map(|(by, _)| by.clone()));
        for leg in over {
            if self.end_snoop(&leg).await.is_err() {
                tracing::warn!(%leg, "what was left of a snoop stays at Asterisk");
            }
        }
    }

    /// The leg has another channel: who snooped at the old one does so at this.
    pub(super) async fn snoop_again(&mut self, of: &LegId) {
        let by: Vec<(LegId, Hears)> = self
            .snoops
            .iter()
            .filter(|(by, snoop)| snoop.of == *of && *by != of)
            .map(|(by, snoop)| (by.clone(), snoop.hears))
            .collect();
        for (by, hears) in by {
            self.snoops.remove(&by);
            if self.snoop(by.clone(), of.clone(), hears).await.is_err() {
                tracing::warn!(leg = %by, "who monitored a leg does not hear it any more");
            }
        }
    }

    fn snooping(&self, channel: &str) -> Option<LegId> {
        let (leg, _) = self.snoops.iter().find(|(_, snoop)| snoop.channel == channel)?;
        Some(leg.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snoop_channel_is_told_by_its_name() {
        let leg = LegId::new("agent-7f");
        assert!(is_snoop(&format!("{}{CHANNEL}12", channel_of(&leg))));
        for other in ["omnibar.agent-7f", "omnibar.agent-7f.said", "omnibar.agent-7f.snoop", ""] {
            assert!(!is_snoop(other), "{other}");
        }
        assert!(is_bridge(&bridge_of(&leg)) && !is_bridge("call~consult~monitor"));
    }
}
