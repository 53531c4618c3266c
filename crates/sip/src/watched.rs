//! What a colleague's phone is doing (`application/dialog-info+xml`, RFC 4235).

use crate::caller::Party;
use crate::message::Uri;
use crate::replaces::Replaces;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

/// Calls of one colleague that are kept.
const MOST_DIALOGS: usize = 16;
/// Longest text of an attribute or element that is kept, in bytes.
const LONGEST: usize = 512;

/// What a colleague is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Colleague {
    #[default]
    Free,
    /// Somebody calls him, or he calls somebody. `pickup` is what [`crate::Command::Call`]
    /// takes to answer in his place, where his exchange tells enough.
    Ringing {
        with: Party,
        pickup: Option<Replaces>,
    },
    Talking {
        with: Party,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Watched {
    state: String,
    call_id: String,
    local_tag: String,
    remote_tag: String,
    calls_out: bool,
    remote: Party,
}

/// The calls of one colleague, from notification to notification.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    version: Option<u32>,
    dialogs: BTreeMap<String, Watched>,
}

/// What a notification asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Changed,
    /// An old one, or no such document.
    Nothing,
    /// One before it was lost: only a new subscription tells the whole (section 4.3).
    Gap,
}

impl Watch {
    pub(crate) fn read(&mut self, body: &[u8]) -> Heard {
        let Some(document) = Document::read(body) else { return Heard::Nothing };
        if self.version.is_some_and(|last| document.version <= last) {
            return Heard::Nothing;
        }
        let gap = match self.version {
            Some(last) => document.version != last + 1,
            None => true,
        };
        if !document.full && gap {
            return Heard::Gap;
        }
        self.version = Some(document.version);
        if document.full {
            self.dialogs.clear();
        }
        for (id, dialog) in document.dialogs {
            if dialog.state == "terminated" {
                self.dialogs.remove(&id);
            } else if self.dialogs.len() < MOST_DIALOGS || self.dialogs.contains_key(&id) {
                self.dialogs.insert(id, dialog);
            }
        }
        Heard::Changed
    }

    /// A new subscription begins to count anew.
    pub(crate) fn restart(&mut self) {
        self.version = None;
    }

    pub(crate) fn colleague(&self) -> Colleague {
        if let Some(talks) = self.dialogs.values().find(|dialog| dialog.state == "confirmed") {
            return Colleague::Talking { with: talks.remote.clone() };
        }
        let Some(rings) = self.dialogs.values().next() else { return Colleague::Free };
        let named = !rings.call_id.is_empty() && !rings.local_tag.is_empty();
        let pickup = (named && !rings.calls_out && rings.state == "early").then(|| Replaces {
            call_id: rings.call_id.clone(),
            to_tag: rings.local_tag.clone(),
            from_tag: rings.remote_tag.clone(),
            early_only: true,
        });
        Colleague::Ringing { with: rings.remote.clone(), pickup }
    }
}

struct Document {
    version: u32,
    full: bool,
    dialogs: Vec<(String, Watched)>,
}

impl Document {
    /// The reader expands no entity but XML's own five, so a document cannot grow.
    fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
        let mut document = None;
        let mut open: Option<(String, Watched)> = None;
        let mut remote = false;
        let mut inside = Vec::new();
        loop {
            match reader.read_event().ok()? {
                Event::Start(element) => {
                    let name = local(&element);
                    start(&name, &element, &mut document, &mut open, &mut remote);
                    if let (true, "identity", Some((_, dialog))) = (remote, &*name, &mut open) {
                        dialog.remote.display = attribute(&element, "display").unwrap_or_default();
                    }
                    inside.push(name);
                    if inside.len() > 16 {
                        return None;
                    }
                }
                Event::Empty(element) => {
                    let name = local(&element);
                    start(&name, &element, &mut document, &mut open, &mut remote);
                    if name == "dialog" {
                        keep(&mut document, open.take());
                    }
                    remote &= name != "remote";
                }
                Event::End(_) => match inside.pop()?.as_str() {
                    "dialog" => keep(&mut document, open.take()),
                    "remote" => remote = false,
                    "dialog-info" => return document,
                    _ => {}
                },
                Event::Text(text) => {
                    let Some((_, dialog)) = &mut open else { continue };
                    let text = text.xml10_content();
                    let text: String = text.trim().chars().take(LONGEST).collect();
                    match (inside.last().map(String::as_str), remote) {
                        (Some("state"), _) => dialog.state = text,
                        (Some("identity"), true) => name(&mut dialog.remote, &text),
                        (Some(_) | None, _) => {}
                    }
                }
                Event::Eof => return document,
                // A document type may only be meant to do harm.
                Event::DocType(_) => return None,
                Event::CData(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::GeneralRef(_) => {}
            }
        }
    }
}

fn start(
    name: &str,
    element: &BytesStart<'_>,
    document: &mut Option<Document>,
    open: &mut Option<(String, Watched)>,
    remote: &mut bool,
) {
    let attribute = |name| attribute(element, name).unwrap_or_default();
    match name {
        "dialog-info" => {
            let full = attribute("state") == "full";
            let version = attribute("version").parse().unwrap_or_default();
            *document = Some(Document { version, full, dialogs: vec![] });
        }
        "dialog" => {
            let dialog = Watched {
                call_id: attribute("call-id"),
                local_tag: attribute("local-tag"),
                remote_tag: attribute("remote-tag"),
                calls_out: attribute("direction") == "initiator",
                ..Watched::default()
            };
            *open = Some((attribute("id"), dialog));
        }
        "remote" => *remote = true,
        _ => {}
    }
}

fn keep(document: &mut Option<Document>, dialog: Option<(String, Watched)>) {
    if let (Some(document), Some(dialog)) = (document, dialog)
        && document.dialogs.len() < MOST_DIALOGS
    {
        document.dialogs.push(dialog);
    }
}

fn name(party: &mut Party, uri: &str) {
    let Ok(read) = Uri::read(uri) else { return };
    party.user = read.user();
    party.uri = read.without_headers().to_string();
}

fn local(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_owned()
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.chars().filter(|c| !c.is_control()).take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: u32, state: &str, dialogs: &str) -> Vec<u8> {
        format!(
            "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" \
             version=\"{version}\" state=\"{state}\" entity=\"sip:1002@pbx.test\">{dialogs}\
             </dialog-info>"
        )
        .into_bytes()
    }

    const RINGS: &str = "<dialog id=\"a\" call-id=\"c@h\" local-tag=\"l\" remote-tag=\"r\" \
        direction=\"recipient\"><state>early</state><local><identity>sip:1002@pbx.test</identity>\
        </local><remote><identity display=\"Ann &amp; Co\">sip:+15555550107@pbx.test</identity>\
        <target uri=\"sip:x@h\"/></remote></dialog>";

    #[test]
    fn a_colleague_rings_talks_and_is_free() {
        let mut watch = Watch::default();
        assert_eq!(watch.read(&info(0, "full", RINGS)), Heard::Changed);
        let Colleague::Ringing { with, pickup } = watch.colleague() else { panic!("no ring") };
        assert_eq!((with.display.as_str(), with.user.as_str()), ("Ann & Co", "+15555550107"));
        let pickup = pickup.unwrap();
        assert_eq!((pickup.to_tag.as_str(), pickup.from_tag.as_str()), ("l", "r"));
        let talks = "<dialog id=\"a\"><state>confirmed</state></dialog>";
        assert_eq!(watch.read(&info(1, "partial", talks)), Heard::Changed);
        assert!(matches!(watch.colleague(), Colleague::Talking { .. }));
        let over = "<dialog id=\"a\"><state>terminated</state></dialog>";
        assert_eq!(watch.read(&info(2, "partial", over)), Heard::Changed);
        assert_eq!(watch.colleague(), Colleague::Free);
    }

    #[test]
    fn a_lost_notification_is_noticed_and_an_old_one_ignored() {
        let mut watch = Watch::default();
        assert_eq!(watch.read(&info(1, "partial", RINGS)), Heard::Gap);
        assert_eq!(watch.read(&info(4, "full", RINGS)), Heard::Changed);
        assert_eq!(watch.read(&info(4, "full", "")), Heard::Nothing);
        assert_eq!(watch.read(&info(6, "partial", "")), Heard::Gap);
    }

    #[test]
    fn a_hostile_document_is_refused_and_bounded() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><dialog-info version=\"1\" state=\"full\"/>";
        assert_eq!(Watch::default().read(bomb.as_bytes()), Heard::Nothing);
        assert_eq!(Watch::default().read("<a>".repeat(100).as_bytes()), Heard::Nothing);
        let many: String =
            (0..100).map(|n| format!("<dialog id=\"{n}\"><state>early</state></dialog>")).collect();
        let mut watch = Watch::default();
        watch.read(&info(1, "full", &many));
        assert_eq!(watch.dialogs.len(), MOST_DIALOGS);
    }
}
