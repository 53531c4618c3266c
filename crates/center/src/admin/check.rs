//! What an administrator may write down.

use std::collections::BTreeSet;
use url::{Host, Url};

const MOST_ENTRIES: usize = 500;
const LONGEST_URL: usize = 2048;

/// A source of `frame-ancestors`: `https://crm.example`, `https://*.example:8443`,
/// `http://localhost:*`. Nothing else may stand in a policy.
pub(super) fn frame_origins(given: Vec<String>) -> Result<Vec<String>, String> {
    entries(given, |text| {
        let bad = || {
            format!(
                "{text} is no origin. It looks like https://crm.example, https://*.crm.example or \
                 http://localhost:3000."
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(bad)?;
        if !matches!(scheme, "http" | "https") {
            return Err(bad());
        }
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        let port_good = port.is_none_or(|p| p == "*" || p.parse::<u16>().is_ok_and(|p| p > 0));
        if !name(host.strip_prefix("*.").unwrap_or(host)) || !port_good {
            return Err(bad());
        }
        // Whoever reads along on the way could put the toolbar into his own page.
        if scheme == "http" && !loopback(host) {
            return Err(format!("{text} is not protected. Use https, or a page of this machine."));
        }
        Ok(text.to_owned())
    })
}

/// `api.example`, `10.1.2.3:8080`, `[fd00::1]:443`.
pub(super) fn hosts(given: Vec<String>) -> Result<Vec<String>, String> {
    entries(given, |text| {
        let bad = || format!("{text} is no host. It looks like api.example or api.example:8443.");
        let url = Url::parse(&format!("scheme://{text}")).map_err(|_| bad())?;
        let lone = url.path().is_empty()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let host = url.host_str().ok_or_else(bad)?;
        let bracketed = host.starts_with('[');
        if !lone || !(bracketed || name(host)) || text.ends_with(':') || url.port() == Some(0) {
            return Err(bad());
        }
        Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    })
}

/// An address with placeholders in braces, as `https://crm.example/pop?phone={phone}`.
/// Empty: none. The host stands fast whatever is filled in.
pub(super) fn page(text: &str, known: &[&str]) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.len() > LONGEST_URL {
        return Err("An address has at most 2048 characters.".to_owned());
    }
    let url = Url::parse(&filled(text, "a", known)?)
        .map_err(|_| "That is no address. It looks like https://crm.example/page.".to_owned())?;
    let other = Url::parse(&filled(text, "b", known)?);
    if other.is_ok_and(|other| other.origin() != url.origin()) {
        return Err("No placeholder can stand in the address's host.".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("An address holds no user and password.".to_owned());
    }
    let here = url.host_str().is_some_and(loopback);
    match url.scheme() {
        "https" => Ok(text.to_owned()),
        "http" if here => Ok(text.to_owned()),
        _ => Err("A page of a CRM is served over https (REST-08).".to_owned()),
    }
}

fn filled(text: &str, with: &str, known: &[&str]) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            return Err("A placeholder's brace is not closed.".to_owned());
        };
        if !known.contains(&name) {
            return Err(format!(
                "There is no placeholder {{{name}}} here. There are: {}.",
                known.join(", ")
            ));
        }
        out.push_str(before);
        out.push_str(with);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

fn entries(
    given: Vec<String>,
    check: impl Fn(&str) -> Result<String, String>,
) -> Result<Vec<String>, String> {
    if given.len() > MOST_ENTRIES {
        return Err(format!("There are at most {MOST_ENTRIES} entries."));
    }
    let checked: Result<BTreeSet<String>, String> = given
        .iter()
        .map(|text| text.trim().trim_end_matches('/').to_ascii_lowercase())
        .filter(|text| !text.is_empty())
        .map(|text| check(&text))
        .collect();
    Ok(checked?.into_iter().collect())
}

fn name(host: &str) -> bool {
    let good = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    host.len() <= 253 && host.split('.').all(good)
}

fn loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Host::Ipv4(v4)) => v4.is_loopback(),
        Ok(Host::Ipv6(v6)) => v6.is_loopback(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_model::placeholder::{CALL, LANDING};

    fn one(
        check: impl Fn(Vec<String>) -> Result<Vec<String>, String>,
        text: &str,
    ) -> Option<String> {
        check(vec![text.to_owned()]).ok().and_then(|mut found| found.pop())
    }

    #[test]
    fn only_origins_stand_in_a_policy() {
        for (text, want) in [
            ("https://crm.example", Some("https://crm.example")),
            ("HTTPS://CRM.example/", Some("https://crm.example")),
            ("https://*.crm.example:8443", Some("https://*.crm.example:8443")),
            ("http://localhost:*", Some("http://localhost:*")),
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("http://crm.example", None),
            ("https://*", None),
            ("*", None),
            ("https:", None),
            ("https://crm.example/page", None),
            ("https://crm.example; script-src *", None),
            ("https://crm.example 'self'", None),
            ("https://a\nb", None),
            ("https://user@crm.example", None),
            ("https://crm.example:0", None),
            ("javascript://crm.example", None),
        ] {
            assert_eq!(one(frame_origins, text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn only_hosts_are_hosts() {
        for (text, want) in [
            ("api.example", Some("api.example")),
            ("API.example:8443", Some("api.example:8443")),
            ("10.0.0.7:80", Some("10.0.0.7:80")),
            ("[fd00::1]:443", Some("[fd00::1]:443")),
            ("https://api.example", None),
            ("api.example/path", None),
            ("user@api.example", None),
            ("*.example", None),
            ("api.example:0", None),
            ("a b", None),
        ] {
            assert_eq!(one(hosts, text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn a_page_has_known_placeholders_and_a_host_that_stands_fast() {
        let good = "https://crm.example/pop?phone={phone}&id={session-id}&c={customerId}";
        assert_eq!(page(good, &CALL).as_deref(), Ok(good));
        assert_eq!(page("  ", &CALL).as_deref(), Ok(""));
        assert_eq!(
            page("http://127.0.0.1:5000/", &LANDING).as_deref(),
            Ok("http://127.0.0.1:5000/")
        );
        for bad in [
            "https://{phone}.example/",
            "https://crm.example:{phone}/",
            "{phone}",
            "https://crm.example/{nothing}",
            "https://crm.example/{phone",
            "http://crm.example/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://user:secret@crm.example/",
        ] {
            assert!(page(bad, &CALL).is_err(), "{bad}");
        }
        assert!(page("https://crm.example/?p={phone}", &LANDING).is_err());
    }
}
