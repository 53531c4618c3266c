/// A description with its candidates in it, and the first of them where those look who
/// know no ICE (RFC 8839 section 4.2.1): most exchanges take none later (RFC 8838), and
/// some take an address of zeros for a hold. `candidates` are `candidate:…` lines of the
/// one medium that a peer has; what is none is left out.
#[must_use]
pub fn with_candidates<'a>(sdp: &'a str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let own = sdp.lines().filter_map(|line| line.strip_prefix("a=")).filter_map(usable);
    let mut lines: Vec<&str> = Vec::new();
    for line in own.chain(candidates.into_iter().filter_map(usable)) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let default = lines.iter().filter_map(|line| Default::of(line)).min_by_key(|d| d.rank);
    let mut whole = String::with_capacity(sdp.len() + 512);
    let mut push = |line: &str| {
        whole.push_str(line);
        whole.push_str("\r\n");
    };
    for line in sdp.lines().map(str::trim_end) {
        // Trickling is not what is done here.
        let trickle = line == "a=ice-options:trickle" || line == "a=end-of-candidates";
        if trickle || line.starts_with("a=candidate:") {
            continue;
        }
        match &default {
            // An exchange that may choose says hello first, before this side knows the way,
            // and again only a second later (RFC 6347 section 4.2.4.1).
            _ if line == "a=setup:actpass" => push("a=setup:active"),
            Some(default) if line.starts_with("m=audio 9 ") => {
                push(&line.replacen(" 9 ", &format!(" {} ", default.port), 1));
            }
            Some(default) if line == "c=IN IP4 0.0.0.0" => push(&default.connection()),
            Some(_) | None => push(line),
        }
    }
    for line in lines {
        push(&format!("a={line}"));
    }
    push("a=end-of-candidates");
    whole
}

fn usable(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = line.strip_prefix("a=").unwrap_or(line);
    let sound = line.starts_with("candidate:") && !line.contains(['\r', '\n']);
    // RTP and RTCP share a port here (RFC 8834 section 4.5): there is one component.
    (sound && line.split_ascii_whitespace().nth(1) == Some("1")).then_some(line)
}

/// The candidate most likely to work for who knows no ICE.
struct Default<'a> {
    address: &'a str,
    port: u16,
    /// Relays reach furthest, and IPv4 is understood by everybody.
    rank: u8,
}

impl<'a> Default<'a> {
    /// `None` for another component, for TCP, and for a name instead of an address.
    fn of(line: &'a str) -> Option<Self> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, "1", protocol, _, address, port, "typ", kind, ..] = words[..] else { return None };
        let version = match address.parse().ok()? {
            std::net::IpAddr::V4(_) => 0,
            std::net::IpAddr::V6(_) => 1,
        };
        let kind = match kind {
            "relay" => 0,
            "srflx" => 2,
            _ => 4,
        };
        if !protocol.eq_ignore_ascii_case("udp") {
            return None;
        }
        Some(Self { address, port: port.parse().ok()?, rank: kind + version })
    }

    fn connection(&self) -> String {
        let version = if self.address.contains(':') { 6 } else { 4 };
        format!("c=IN IP{version} {}", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
        c=IN IP4 0.0.0.0\r\na=ice-options:trickle\r\na=setup:actpass\r\na=mid:0\r\n";
    const HOST: &str = "candidate:1 1 udp 1 192.0.2.1 4000 typ host";

    #[test]
    fn a_description_becomes_whole() {
        let six = "candidate:2 1 udp 9 2001:db8::1 4001 typ host";
        let whole = with_candidates(SDP, [six, HOST, "", HOST, "a\r\nb"]);
        let is = format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 111\r\n\
             c=IN IP4 192.0.2.1\r\na=setup:active\r\na=mid:0\r\na={six}\r\na={HOST}\r\na=end-of-candidates\r\n"
        );
        assert_eq!(whole, is);
        assert_eq!(with_candidates(&whole, [HOST]), whole, "what is there is not added again");
        let second = "candidate:1 2 udp 1 192.0.2.1 4000 typ host";
        assert_eq!(with_candidates(&whole, [second]), whole, "RTP and RTCP share a port");
    }

    #[test]
    fn who_knows_no_ice_is_led_to_the_relay() {
        let relay = "candidate:3 1 udp 1 198.51.100.7 5000 typ relay raddr 192.0.2.1 rport 4000";
        assert!(with_candidates(SDP, [HOST, relay]).contains("c=IN IP4 198.51.100.7\r\n"));
        let tcp = "candidate:4 1 tcp 1 192.0.2.1 9 typ host tcptype active";
        assert!(with_candidates(SDP, [tcp]).contains("c=IN IP4 0.0.0.0\r\n"));
    }
}
