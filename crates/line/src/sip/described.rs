/// A description with its candidates in it: most exchanges take none later (RFC 8838).
/// `candidates` are `candidate:…` lines of the one medium that a peer has; an empty one
/// is left out.
#[must_use]
pub fn with_candidates<'a>(sdp: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let mut whole = String::with_capacity(sdp.len() + 512);
    for line in sdp.lines().map(str::trim_end) {
        // Trickling is not what is done here.
        if line != "a=ice-options:trickle" && line != "a=end-of-candidates" {
            whole.push_str(line);
            whole.push_str("\r\n");
        }
    }
    for candidate in candidates {
        let line = candidate.trim();
        let line = line.strip_prefix("a=").unwrap_or(line);
        let known = whole.lines().any(|own| own.strip_prefix("a=") == Some(line));
        if line.starts_with("candidate:") && !line.contains(['\r', '\n']) && !known {
            whole.push_str("a=");
            whole.push_str(line);
            whole.push_str("\r\n");
        }
    }
    whole.push_str("a=end-of-candidates\r\n");
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_becomes_whole() {
        let sdp = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-options:trickle\r\n";
        let one = "candidate:1 1 udp 1 192.0.2.1 9 typ host";
        let whole = with_candidates(sdp, [one, "", one, "a\r\nb"]);
        let is = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=candidate:1 1 udp 1 192.0.2.1 9 \
                  typ host\r\na=end-of-candidates\r\n";
        assert_eq!(whole, is);
        assert_eq!(with_candidates(&whole, [one]), whole);
    }
}
