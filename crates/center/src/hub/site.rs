use crate::rpc;
use axum::http::{HeaderMap, header};
use url::Url;

/// Under which origins browsers know this centre.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    scheme: &'static str,
    /// Where something in front of the centre answers for it (`https://centre.example`).
    public: Option<String>,
    loopback_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it looks like https://centre.example")]
pub(crate) struct BadPublicUrl;

/// The origin of an address under which the centre is reached.
pub(crate) fn public_origin(url: &str) -> Result<String, BadPublicUrl> {
    let url = Url::parse(url).map_err(|_| BadPublicUrl)?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then(|| url.origin().ascii_serialization()).ok_or(BadPublicUrl)
}

impl Site {
    pub(crate) fn new(tls: bool, public: Option<String>, loopback_only: bool) -> Self {
        Self { scheme: if tls { "https" } else { "http" }, public, loopback_only }
    }

    /// Everybody comes from the address of what is in front.
    pub(crate) fn is_fronted(&self) -> bool {
        self.public.is_some()
    }

    /// The request's origin when it is this centre's own: what a browser says of a page
    /// that came from here, and nobody else's page can say.
    pub(crate) fn own_origin(&self, headers: &HeaderMap) -> Option<String> {
        if !self.allows_host(headers) {
            return None;
        }
        let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let own = format!("{}://{host}", self.scheme);
        let known = origin.eq_ignore_ascii_case(&own) || self.is_public(origin);
        known.then(|| origin.to_ascii_lowercase())
    }

    /// Whether the client means this centre. Without TLS on loopback only names of this
    /// machine are served, and the one under which a proxy answers: a page elsewhere could
    /// lead its own name here.
    pub(crate) fn allows_host(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
        !self.loopback_only || rpc::is_loopback(host) || self.is_public(&format!("https://{host}"))
    }

    pub(crate) fn public(&self) -> Option<&str> {
        self.public.as_deref()
    }

    /// Whether this is the origin of which something in front of the centre answers.
    pub(crate) fn is_public(&self, origin: &str) -> bool {
        self.public.as_deref().is_some_and(|public| origin.eq_ignore_ascii_case(public))
    }

    /// Where the pages' WebSockets go, for policies: `wss://centre.example`.
    pub(crate) fn sockets(&self, headers: &HeaderMap) -> Vec<String> {
        let scheme = if self.scheme == "https" { "wss" } else { "ws" };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let own = host.filter(|host| is_plain(host)).map(|host| format!("{scheme}://{host}"));
        let public = self.public.as_deref().and_then(|public| public.strip_prefix("http"));
        own.into_iter().chain(public.map(|rest| format!("ws{rest}"))).collect()
    }
}

/// Nothing that would end a source or a directive of a policy.
fn is_plain(host: &str) -> bool {
    host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'))
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
    fn only_the_centres_own_origin_is_known() {
        let demo = Site::new(false, None, true);
        let real = Site::new(true, None, false);
        let fronted = Site::new(false, Some("https://centre.example".into()), false);
        for (site, host, origin, want) in [
            (&demo, "127.0.0.1:7340", Some("http://127.0.0.1:7340"), true),
            (&demo, "127.0.0.1:7340", Some("https://127.0.0.1:7340"), false),
            (&demo, "127.0.0.1:7340", None, false),
            (&demo, "127.0.0.1:7340", Some("null"), false),
            (&demo, "localhost:7340", Some("http://127.0.0.1:7340"), false),
            (&demo, "evil.example:7340", Some("http://evil.example:7340"), false),
            (&real, "centre.example", Some("https://centre.example"), true),
            (&real, "Centre.Example", Some("https://centre.example"), true),
            (&real, "centre.example", Some("http://centre.example"), false),
            (&real, "centre.example", Some("https://crm.example"), false),
            (&fronted, "10.0.0.7:7340", Some("https://centre.example"), true),
            (&fronted, "10.0.0.7:7340", Some("https://evil.example"), false),
        ] {
            let got = site.own_origin(&headers(host, origin));
            assert_eq!(got.is_some(), want, "{host} {origin:?}");
        }
    }

    #[test]
    fn the_sockets_are_where_the_page_came_from() {
        let real = Site::new(true, None, false);
        assert_eq!(real.sockets(&headers("centre.example", None)), ["wss://centre.example"]);
        let fronted = Site::new(false, Some("https://centre.example".into()), false);
        let both = ["ws://10.0.0.7:7340", "wss://centre.example"];
        assert_eq!(fronted.sockets(&headers("10.0.0.7:7340", None)), both);
        assert!(real.sockets(&headers("a.example; script-src *", None)).is_empty());
    }

    #[test]
    fn a_public_address_is_an_origin_and_nothing_more() {
        assert_eq!(public_origin("https://centre.example/").unwrap(), "https://centre.example");
        assert_eq!(public_origin("http://127.0.0.1:80").unwrap(), "http://127.0.0.1");
        for url in [
            "centre.example",
            "wss://centre.example",
            "https://user@centre.example",
            "https://centre.example/path",
            "https://centre.example/?a",
        ] {
            assert_eq!(public_origin(url), Err(BadPublicUrl), "{url}");
        }
    }
}
