//! Addresses with placeholders in braces.

use url::Url;

const LONGEST: usize = 2048;

/// An address whose host stands fast, and which has no other placeholders than these.
pub(super) fn checked(text: &str, known: &[&str]) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("An address has at most {LONGEST} characters."));
    }
    let with = |value: &str| filled(text, &known.iter().map(|n| (*n, value)).collect::<Vec<_>>());
    let (Some(one), Some(other)) = (with("a"), with("b")) else {
        return Err(format!(
            "{text:?} is no address like https://crm.example/contacts?phone={{phone}}. Placeholders \
             here: {}.",
            known.join(", ")
        ));
    };
    if !matches!(one.scheme(), "http" | "https") || one.origin() != other.origin() {
        return Err("An address begins with https://, and no placeholder is in its host.".into());
    }
    if !one.username().is_empty() || one.password().is_some() {
        return Err("An address holds no user and password.".into());
    }
    Ok(())
}

pub(super) fn has(text: &str, name: &str) -> bool {
    text.contains(&format!("{{{name}}}"))
}

/// `None`: there are other placeholders, or it is no address.
pub(super) fn filled(text: &str, values: &[(&str, &str)]) -> Option<Url> {
    let mut url = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        let (_, value) = values.iter().find(|(known, _)| *known == name)?;
        url.push_str(before);
        url.extend(url::form_urlencoded::byte_serialize(value.as_bytes()).flat_map(|part| {
            // In a path a plus is a plus.
            if part == "+" { "%20".chars() } else { part.chars() }
        }));
        rest = behind;
    }
    url.push_str(rest);
    Url::parse(&url).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_of_the_web_and_its_host_stands_fast() {
        let known = ["phone", "id"];
        for good in
            ["https://crm.example/c?p={phone}", "http://127.0.0.1:1/{id}", "https://crm.example/"]
        {
            assert_eq!(checked(good, &known), Ok(()), "{good}");
        }
        for bad in [
            "https://{phone}.example/",
            "https://crm.example:{id}/",
            "https://crm.example/{text}",
            "https://crm.example/{id",
            "ftp://crm.example/",
            "https://a:b@crm.example/",
            "{id}",
            "",
        ] {
            assert!(checked(bad, &known).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_filled_in_stays_one_value(value in ".{0,40}") {
            let url = filled("https://crm.example/c/{id}/x?p={phone}", &[("phone", &value), ("id", &value)]);
            let url = url.unwrap();
            prop_assert_eq!(url.host_str(), Some("crm.example"));
            prop_assert_eq!(url.query_pairs().count(), 1);
            prop_assert_eq!(url.query_pairs().next().unwrap().1, value.as_str());
            prop_assert!(url.fragment().is_none());
        }
    }
}
