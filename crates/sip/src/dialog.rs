use crate::message::{Address, Fields, Method, Params, Request, Response, Uri, cseq, names};
use crate::replaces::Replaces;

/// Hops of a route that are followed; a hostile message may hold many more.
const MOST_ROUTES: usize = 32;

/// A peer-to-peer relation of two user agents (RFC 3261 section 12).
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    pub(crate) local_tag: String,
    /// Empty for a far side that has none (RFC 2543).
    pub(crate) remote_tag: String,
    /// From and To with their tags, as they stand in requests of this side.
    local: String,
    remote: String,
    local_number: u32,
    remote_number: Option<u32>,
    target: String,
    routes: Vec<String>,
}

impl Dialog {
    /// Of the caller, or of who subscribes: by the first response with a tag.
    pub(crate) fn outgoing(request: &Request, response: &Response) -> Option<Self> {
        let to = Address::read(response.fields.get(names::TO)?).ok()?;
        let from = Address::read(request.fields.get(names::FROM)?).ok()?;
        let routes = response.fields.list(names::RECORD_ROUTE).take(MOST_ROUTES);
        let mut routes: Vec<String> = routes.map(str::to_owned).collect();
        routes.reverse();
        Some(Self {
            call_id: request.fields.get(names::CALL_ID)?.to_owned(),
            local_tag: from.tag()?.to_owned(),
            remote_tag: to.tag().unwrap_or_default().to_owned(),
            local: request.fields.get(names::FROM)?.to_owned(),
            remote: response.fields.get(names::TO)?.to_owned(),
            local_number: cseq(&request.fields)?.0,
            remote_number: None,
            target: contact(&response.fields).unwrap_or_else(|| request.uri.clone()),
            routes,
        })
    }

    /// Of who is called; `tag` is this side's.
    pub(crate) fn incoming(request: &Request, tag: &str, first_number: u32) -> Option<Self> {
        let from = Address::read(request.fields.get(names::FROM)?).ok()?;
        let to = request.fields.get(names::TO)?;
        let routes = request.fields.list(names::RECORD_ROUTE).take(MOST_ROUTES);
        Some(Self {
            call_id: request.fields.get(names::CALL_ID)?.to_owned(),
            local_tag: tag.to_owned(),
            remote_tag: from.tag().unwrap_or_default().to_owned(),
            local: format!("{};tag={tag}", untagged(to)),
            remote: request.fields.get(names::FROM)?.to_owned(),
            local_number: first_number,
            remote_number: cseq(&request.fields).map(|(number, _)| number),
            target: contact(&request.fields)?,
            routes: routes.map(str::to_owned).collect(),
        })
    }

    /// Whether a request from the far side belongs here.
    pub(crate) fn matches(&self, fields: &Fields) -> bool {
        let tag = |name| fields.get(name).and_then(|value| Address::read(value).ok());
        fields.get(names::CALL_ID) == Some(self.call_id.as_str())
            && tag(names::TO).is_some_and(|to| to.tag() == Some(self.local_tag.as_str()))
            && tag(names::FROM)
                .is_some_and(|from| from.tag().unwrap_or_default() == self.remote_tag)
    }

    /// Whether another call means to take this one's place.
    pub(crate) fn is_replaced_by(&self, replaces: &Replaces) -> bool {
        // RFC 3891 section 3: 0 stands for a tag that an old user agent did not set.
        let same = |tag: &str, own: &str| tag == own || (tag == "0" && own.is_empty());
        self.call_id == replaces.call_id
            && same(&replaces.to_tag, &self.local_tag)
            && same(&replaces.from_tag, &self.remote_tag)
    }

    /// How the far side would be asked to have this dialog replaced.
    pub(crate) fn replaces(&self) -> Replaces {
        Replaces {
            call_id: self.call_id.clone(),
            to_tag: self.remote_tag.clone(),
            from_tag: self.local_tag.clone(),
            early_only: false,
        }
    }

    /// Where the far side can be reached.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    pub(crate) fn remote(&self) -> Option<Address> {
        Address::read(&self.remote).ok()
    }

    /// A request in this dialog (section 12.2.1.1), without Via. An ACK carries the
    /// number of its INVITE, `of`.
    pub(crate) fn request(&mut self, method: Method, of: Option<u32>) -> Request {
        let number = of.unwrap_or_else(|| {
            self.local_number += 1;
            self.local_number
        });
        let mut fields = Fields::default();
        let mut uri = self.target.clone();
        let mut routes = self.routes.clone();
        if let Some(first) = routes.first().and_then(|route| Address::read(route).ok())
            && !first.uri.params().has("lr")
        {
            // A strict router of RFC 2543 takes the request by its first line.
            routes.remove(0);
            routes.push(format!("<{uri}>"));
            uri = first.uri.without_headers().to_string();
        }
        for route in routes {
            fields.push(names::ROUTE, route);
        }
        fields.push(names::FROM, self.local.as_str());
        fields.push(names::TO, self.remote.as_str());
        fields.push(names::CALL_ID, self.call_id.as_str());
        fields.push(names::CSEQ, format!("{number} {method}"));
        Request { method, uri, fields, body: vec![] }
    }

    /// The number after a request that was sent again with credentials.
    pub(crate) fn used(&mut self, number: u32) {
        self.local_number = self.local_number.max(number);
    }

    /// Takes the number of a request that came; `false` for one that is out of order
    /// (section 12.2.2).
    pub(crate) fn came(&mut self, request: &Request) -> bool {
        let Some((number, _)) = cseq(&request.fields) else { return false };
        if self.remote_number.is_some_and(|last| number <= last) {
            return false;
        }
        self.remote_number = Some(number);
        true
    }

    /// The far side moves with a target refresh (sections 12.2.1.2, 12.2.2).
    pub(crate) fn refresh(&mut self, fields: &Fields) {
        if let Some(target) = contact(fields) {
            self.target = target;
        }
    }
}

/// The URI of a Contact; `None` for several, or for one that cannot be called.
fn contact(fields: &Fields) -> Option<String> {
    let mut contacts = fields.list(names::CONTACT);
    let first = Address::read(contacts.next()?).ok()?;
    if contacts.next().is_some() {
        return None;
    }
    Some(first.uri.without_headers().to_string())
}

/// An address without its parameters, such as the tag.
pub(crate) fn untagged(value: &str) -> String {
    Address::read(value).map_or_else(
        |_| value.to_owned(),
        |mut address| {
            address.params = Params::default();
            address.to_string()
        },
    )
}

/// Whether this user agent may send a request there.
pub(crate) fn reachable(uri: &str) -> bool {
    Uri::read(uri).is_ok_and(|uri| uri.is_sip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    fn invite(routes: &str) -> Request {
        let text = format!(
            "INVITE sip:1001@h SIP/2.0\r\nVia: SIP/2.0/WS h;branch=z9hG4bK1\r\n{routes}\
             From: <sip:a@h>;tag=far\r\nTo: <sip:1001@h>\r\nCall-ID: c\r\nCSeq: 5 INVITE\r\n\
             Contact: <sip:a@far.test?Route=x>\r\n\r\n"
        );
        match Message::read(text.as_bytes()).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => panic!("a response"),
        }
    }

    #[test]
    fn requests_follow_the_route_that_the_call_came_by() {
        let request = invite("Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n");
        let mut dialog = Dialog::incoming(&request, "near", 100).unwrap();
        let bye = dialog.request(Method::Bye, None);
        assert_eq!(bye.uri, "sip:a@far.test");
        let routes: Vec<_> = bye.fields.all(names::ROUTE).collect();
        assert_eq!(routes, ["<sip:p1;lr>", "<sip:p2;lr>"]);
        assert_eq!(bye.fields.get(names::FROM), Some("<sip:1001@h>;tag=near"));
        assert_eq!(bye.fields.get(names::TO), Some("<sip:a@h>;tag=far"));
        assert_eq!(cseq(&bye.fields), Some((101, "BYE")));
    }

    #[test]
    fn a_strict_router_gets_the_request_by_its_first_line() {
        let request = invite("Record-Route: <sip:p1>, <sip:p2;lr>\r\n");
        let mut dialog = Dialog::incoming(&request, "near", 100).unwrap();
        let bye = dialog.request(Method::Bye, None);
        assert_eq!(bye.uri, "sip:p1");
        let routes: Vec<_> = bye.fields.all(names::ROUTE).collect();
        assert_eq!(routes, ["<sip:p2;lr>", "<sip:a@far.test>"]);
    }

    #[test]
    fn an_old_number_is_out_of_order() {
        let request = invite("");
        let mut dialog = Dialog::incoming(&request, "near", 100).unwrap();
        assert!(!dialog.came(&request), "the same again");
        let replaced = dialog.replaces();
        let seen = Replaces { to_tag: "near".to_owned(), from_tag: "far".to_owned(), ..replaced };
        assert!(dialog.is_replaced_by(&seen));
    }
}
