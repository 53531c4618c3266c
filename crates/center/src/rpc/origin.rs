use crate::hub::Site;
use axum::http::{HeaderMap, header};

/// Whether this request may open a WebSocket. Desktops send no `Origin`; a browser
/// always does, and only our own pages are let in. Without TLS the host must be a name
/// of this machine, or the one under which a proxy on it answers: a page elsewhere could
/// lead its own name here (DNS rebinding).
pub(crate) fn allowed(headers: &HeaderMap, site: &Site) -> bool {
    if !site.allows_host(headers) {
        return false;
    }
    let text = |name| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or("");
    match text(header::ORIGIN) {
        None => true,
        Some(origin) if site.is_public(origin) => true,
        Some(origin) => origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"))
            .is_some_and(|authority| authority.eq_ignore_ascii_case(host)),
    }
}

pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(""),
        None => authority.split(':').next().unwrap_or(""),
    };
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_our_own_pages_and_desktops_come_in() {
        let here = Site::new(false, None, true);
        let open = Site::new(true, None, false);
        let proxied = Site::new(false, Some("https://centre.example".into()), true);
        for (host, origin, site, want) in [
            ("127.0.0.1:7340", None, &here, true),
            ("[::1]:7340", None, &here, true),
            ("localhost:7340", Some("http://localhost:7340"), &here, true),
            ("centre.example", Some("https://centre.example"), &open, true),
            ("centre.example", Some("https://evil.example"), &open, false),
            ("127.0.0.1:7340", Some("http://127.0.0.1:9999"), &here, false),
            ("127.0.0.1:7340", Some("null"), &here, false),
            ("evil.example:7340", Some("http://evil.example:7340"), &here, false),
            ("evil.example", None, &here, false),
            // A proxy of this machine, which tells the host that it was asked for, or its own.
            ("centre.example", Some("https://centre.example"), &proxied, true),
            ("centre.example", None, &proxied, true),
            ("127.0.0.1:7340", Some("https://centre.example"), &proxied, true),
            ("127.0.0.1:7340", Some("https://evil.example"), &proxied, false),
            ("evil.example", Some("https://evil.example"), &proxied, false),
            ("evil.example", Some("https://centre.example"), &proxied, false),
        ] {
            assert_eq!(allowed(&headers(host, origin), site), want, "{host} {origin:?}");
        }
    }
}
