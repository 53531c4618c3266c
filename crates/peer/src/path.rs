//! Which way the packets take.

use omnibar_model::PathKind;
use std::net::IpAddr;
use std::time::Duration;
use webrtc::peer_connection::{RTCIceCandidateType, RTCStatsReport, RTCStatsReportEntry};

/// The pair of candidates in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    pub kind: PathKind,
    /// This machine's address on it.
    pub local: Option<IpAddr>,
    /// By its last connectivity check.
    pub round_trip: Option<Duration>,
}

pub(crate) fn of(report: &RTCStatsReport) -> Option<Path> {
    let selected = report.transport().map(|t| t.selected_candidate_pair_id.as_str());
    let pair = report
        .candidate_pairs()
        .filter(|pair| pair.nominated)
        .max_by_key(|pair| (Some(pair.stats.id.as_str()) == selected, pair.responses_received))?;
    let (mut local, mut remote) = (None, None);
    for entry in report.iter() {
        match entry {
            RTCStatsReportEntry::LocalCandidate(candidate)
                if candidate.stats.id.ends_with(&pair.local_candidate_id) =>
            {
                local = Some(candidate);
            }
            RTCStatsReportEntry::RemoteCandidate(candidate)
                if candidate.stats.id.ends_with(&pair.remote_candidate_id) =>
            {
                remote = Some(candidate);
            }
            _ => {}
        }
    }
    // A candidate that is in no list was found by a check: there is a translator.
    let kind = |found: Option<RTCIceCandidateType>| match found {
        Some(RTCIceCandidateType::Relay) => PathKind::Relay,
        Some(RTCIceCandidateType::Host) => PathKind::Host,
        Some(RTCIceCandidateType::Srflx | RTCIceCandidateType::Prflx) | None => PathKind::Reflexive,
        Some(_) => PathKind::Unknown,
    };
    let ours = kind(local.map(|c| c.candidate_type));
    let theirs = kind(remote.map(|c| c.candidate_type));
    // Candidates that others made for us name the address that they come from.
    let address = local.and_then(|c| match ours {
        PathKind::Host => c.address.as_deref(),
        PathKind::Reflexive | PathKind::Relay | PathKind::Unknown => Some(&*c.related_address),
    });
    let trip = pair.current_round_trip_time;
    Some(Path {
        kind: if theirs == PathKind::Relay { theirs } else { ours },
        local: address.and_then(|text| text.parse().ok()),
        round_trip: (trip > 0.0).then(|| Duration::try_from_secs_f64(trip).ok()).flatten(),
    })
}
