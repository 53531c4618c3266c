use axum::http::{HeaderMap, header};

/// Whether this request may open a WebSocket. Desktops send no `Origin`; a browser
/// always does, and only our own pages are let in. Without TLS the host must be a name
/// of this machine, or a page elsewhere could lead its own name here (DNS rebinding).
pub(crate) fn allowed(headers: &HeaderMap, loopback_only: bool) -> bool {
    if !allowed_host(headers, loopback_only) {
        return false;
    }
    let text = |name| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or("");
    match text(header::ORIGIN) {
        None => true,
        Some(origin) => origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"))
            .is_some_and(|authority| authority.eq_ignore_ascii_case(host)),
    }
}

/// Whether the client means this machine, where only that is served.
pub(crate) fn allowed_host(headers: &HeaderMap, loopback_only: bool) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    !loopback_only || is_loopback(host)
}

fn is_loopback(authority: &str) -> bool {
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
        for (host, origin, loopback, want) in [
            ("127.0.0.1:7340", None, true, true),
            ("[::1]:7340", None, true, true),
            ("localhost:7340", Some("http://localhost:7340"), true, true),
            ("centre.example", Some("https://centre.example"), false, true),
            ("centre.example", Some("https://evil.example"), false, false),
            ("127.0.0.1:7340", Some("http://127.0.0.1:9999"), true, false),
            ("127.0.0.1:7340", Some("null"), true, false),
            ("evil.example:7340", Some("http://evil.example:7340"), true, false),
        ] {
            assert_eq!(allowed(&headers(host, origin), loopback), want, "{host} {origin:?}");
        }
    }
}
