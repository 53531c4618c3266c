//! Queries in SOQL (SOQL and SOSL Reference, "Quoted String Escape Sequences"). What a
//! page says stands in a quoted string or is refused; it is never part of the query.

use super::super::{Field, Page};
use std::fmt::Write as _;

/// Longest text that is searched for, in characters.
const LONGEST: usize = 200;

/// A name of an object or field: letters, digits and underscores, a letter first.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= 80
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Records in the order of their ids.
pub(super) fn select(object: &str, fields: &[Field], condition: &str, page: Page) -> String {
    let names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
    let mut query = format!("SELECT {} FROM {object}", names.join(", "));
    if !condition.is_empty() {
        let _ = write!(query, " WHERE {condition}");
    }
    let _ = write!(query, " ORDER BY Id LIMIT {}", page.limit);
    if page.offset > 0 {
        let _ = write!(query, " OFFSET {}", page.offset);
    }
    query
}

/// `None` when the text cannot be a value of such a field.
pub(super) fn condition(field: &Field, text: &str) -> Option<String> {
    if text.chars().count() > LONGEST {
        return None;
    }
    let name = &field.name;
    match field.kind.as_str() {
        "string" | "phone" | "email" | "url" | "textarea" | "encryptedstring" => {
            Some(format!("{name} LIKE '%{}%'", pattern(text)))
        }
        "id" | "reference" | "picklist" | "combobox" => {
            Some(format!("{name} = '{}'", quoted(text)))
        }
        "int" | "double" | "currency" | "percent" | "long" => {
            let number: f64 = text.parse().ok()?;
            number.is_finite().then(|| format!("{name} = {number}"))
        }
        "boolean" => match text.to_ascii_lowercase().as_str() {
            "true" => Some(format!("{name} = TRUE")),
            "false" => Some(format!("{name} = FALSE")),
            _ => None,
        },
        _ => None,
    }
}

/// For within single quotes.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// For within single quotes after LIKE, where `%` and `_` stand for other characters.
fn pattern(text: &str) -> String {
    quoted(text).replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(kind: &str) -> Field {
        Field {
            name: "Subject".into(),
            label: "Subject".into(),
            kind: kind.into(),
            required: false,
            searchable: true,
            writable: true,
        }
    }

    /// Reads the string that begins at the first quote as SOQL does: what it says, and
    /// what of the query comes after it.
    fn read(query: &str) -> (String, String) {
        let start = query.find('\'').expect("a string begins") + 1;
        let mut rest = query[start..].chars();
        let mut text = String::new();
        loop {
            match rest.next().expect("the string ends") {
                '\'' => return (text, rest.collect()),
                '\\' => match rest.next().expect("something is escaped") {
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    c @ ('\\' | '\'' | '%' | '_') => text.push(c),
                    other => panic!("SOQL knows no \\{other}"),
                },
                c => text.push(c),
            }
        }
    }

    /// Characters that mean something in SOQL are likelier than chance would have them.
    fn hostile() -> impl Strategy<Value = String> {
        let special = prop::sample::select(vec!['\'', '\\', '%', '_', '\n', '\t', '"', ';', ')']);
        prop::collection::vec(prop_oneof![special, any::<char>()], 0..40)
            .prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_quotes(text in hostile(), kind in prop::sample::select(
            vec!["string", "id", "picklist", "textarea"])) {
            let made = condition(&field(kind), &text).expect("texts can be searched for");
            let (read, after) = read(&made);
            prop_assert_eq!(after, "");
            let plain: String = text.chars()
                .map(|c| if c.is_control() && !matches!(c, '\n' | '\r' | '\t') { ' ' } else { c })
                .collect();
            let wanted = if made.contains("LIKE") { format!("%{plain}%") } else { plain };
            prop_assert_eq!(read, wanted);
        }

        #[test]
        fn what_is_not_quoted_is_a_number_or_refused(text in hostile()) {
            for kind in ["int", "double", "boolean", "location", "base64"] {
                if let Some(made) = condition(&field(kind), &text) {
                    let value = made.strip_prefix("Subject = ").expect("a comparison");
                    prop_assert!(matches!(value, "TRUE" | "FALSE") || value.parse::<f64>().is_ok());
                }
            }
        }

        #[test]
        fn a_name_has_nothing_that_ends_one(text in hostile()) {
            if is_name(&text) {
                prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
            }
        }
    }

    #[test]
    fn a_query_reads_as_the_reference_has_it() {
        let fields = [Field { name: "Id".into(), ..field("id") }, field("string")];
        let page = Page { limit: 20, offset: 40 };
        let wanted = condition(&fields[1], "it's 100%").expect("a text");
        assert_eq!(
            select("Case", &fields, &wanted, page),
            "SELECT Id, Subject FROM Case WHERE Subject LIKE '%it\\'s 100\\%%' ORDER BY Id \
             LIMIT 20 OFFSET 40"
        );
        assert!(is_name("Invoice__c") && !is_name("Case WHERE") && !is_name("1st") && !is_name(""));
        assert_eq!(condition(&fields[1], &"x".repeat(201)), None);
    }
}
