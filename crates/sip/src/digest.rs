//! Digest access authentication (RFC 3261 section 22, RFC 7616), with SHA-256 and
//! SHA-512-256 as RFC 8760 has them.

use crate::message::address::Params;
use crate::message::fields::{Split, quoted, unquoted};
use crate::message::{Request, Response, names};
use crate::random::Random;
use md5::Md5;
use omnibar_model::Secret;
use sha2::{Digest as _, Sha256, Sha512_256};

/// Challenges that are remembered, so that the next request needs no refusal first.
const REMEMBERED: usize = 4;

/// Weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Md5,
    Sha256,
    Sha512Of256,
}

impl Algorithm {
    fn read(name: Option<&str>) -> Option<Self> {
        match name.map(str::to_ascii_uppercase).as_deref() {
            None | Some("MD5") => Some(Self::Md5),
            Some("SHA-256") => Some(Self::Sha256),
            Some("SHA-512-256") => Some(Self::Sha512Of256),
            Some(_) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512Of256 => "SHA-512-256",
        }
    }

    /// In hexadecimal digits.
    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Sha512Of256 => hex(&Sha512_256::digest(text)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Who asks: the registrar (401) or a proxy (407).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    Server,
    Proxy,
}

impl Asker {
    fn fields(self) -> (&'static str, &'static str) {
        match self {
            Self::Server => (names::WWW_AUTHENTICATE, names::AUTHORIZATION),
            Self::Proxy => (names::PROXY_AUTHENTICATE, names::PROXY_AUTHORIZATION),
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Challenge {
    asker: Asker,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether `qop=auth` is offered; without it the older form of RFC 2069 is used.
    auth: bool,
    stale: bool,
    /// Requests answered with this nonce.
    count: u32,
}

impl Challenge {
    /// `None` for another scheme, an unknown algorithm, or a quality of protection
    /// that is not offered as `auth`.
    fn read(asker: Asker, value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let joined: Vec<_> = Split { rest: Some(rest), at: ',' }.collect();
        let params = Params::read(&joined.join(";"));
        let qop = params.text("qop");
        let auth = qop.as_deref().is_some_and(|offers| {
            offers.split(',').any(|offer| offer.trim().eq_ignore_ascii_case("auth"))
        });
        if qop.is_some() && !auth {
            return None;
        }
        Some(Self {
            asker,
            realm: params.text("realm")?,
            nonce: params.text("nonce")?,
            opaque: params.text("opaque"),
            algorithm: Algorithm::read(params.text("algorithm").as_deref())?,
            auth,
            stale: params.text("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            count: 0,
        })
    }

    fn answer(&mut self, user: &str, password: &Secret, request: &Request, cnonce: &str) -> String {
        self.count += 1;
        let hash = |text: String| self.algorithm.hash(&text);
        let (method, uri) = (&request.method, &request.uri);
        let who = hash(format!("{user}:{}:{}", self.realm, password.expose()));
        let what = hash(format!("{method}:{uri}"));
        let nonce = &self.nonce;
        let mut text = format!(
            "Digest username={}, realm={}, nonce={}, uri=\"{uri}\", algorithm={}",
            quoted(user),
            quoted(&self.realm),
            quoted(nonce),
            self.algorithm.name(),
        );
        let response = if self.auth {
            let count = format!("{:08x}", self.count);
            text.push_str(&format!(", qop=auth, nc={count}, cnonce=\"{cnonce}\""));
            hash(format!("{who}:{nonce}:{count}:{cnonce}:auth:{what}"))
        } else {
            hash(format!("{who}:{nonce}:{what}"))
        };
        text.push_str(&format!(", response=\"{response}\""));
        if let Some(opaque) = &self.opaque {
            text.push_str(&format!(", opaque={}", quoted(opaque)));
        }
        text
    }
}

/// What came of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The request may be sent again with [`Credentials::sign`].
    Again,
    /// What was answered to this very challenge was wrong.
    WrongPassword,
    /// Nothing of it is understood here.
    Unknown,
}

/// User name and password, and what the servers asked last.
pub(crate) struct Credentials {
    user: String,
    password: Secret,
    asked: Vec<Challenge>,
}

impl Credentials {
    pub(crate) fn new(user: String, password: Secret) -> Self {
        Self { user, password, asked: vec![] }
    }

    /// Puts answers to all remembered challenges into the request.
    pub(crate) fn sign(&mut self, request: &mut Request, random: &mut Random) {
        request.fields.remove(names::AUTHORIZATION);
        request.fields.remove(names::PROXY_AUTHORIZATION);
        for challenge in &mut self.asked {
            let cnonce = random.token();
            let value = challenge.answer(&self.user, &self.password, request, &cnonce);
            request.fields.push(challenge.asker.fields().1, value);
        }
    }

    /// Remembers what a 401 or 407 to `request` asks.
    ///
    /// The strongest algorithm that both sides know is taken, the topmost among equals
    /// (RFC 8760 section 2.4): a server that offers only weak ones gets a weak one, as
    /// every other phone would give it.
    pub(crate) fn asked(&mut self, request: &Request, refusal: &Response, fresh: bool) -> Verdict {
        let asker = if refusal.status == 407 { Asker::Proxy } else { Asker::Server };
        let (asks, answers) = asker.fields();
        let mut offers: Vec<Challenge> = Vec::new();
        let read = refusal.fields.all(asks).filter_map(|value| Challenge::read(asker, value));
        for offer in read.take(REMEMBERED * 4) {
            match offers.iter_mut().find(|known| known.realm == offer.realm) {
                Some(known) if known.algorithm < offer.algorithm => *known = offer,
                Some(_) => {}
                None => offers.push(offer),
            }
        }
        if offers.is_empty() {
            return Verdict::Unknown;
        }
        // One for every realm may be answered; a realm that was answered afresh in the
        // last attempt and asks again without calling the nonce stale does not want
        // this password.
        let wrong = |offer: &Challenge| {
            let realm = format!("realm={},", quoted(&offer.realm));
            !fresh && !offer.stale && request.fields.all(answers).any(|sent| sent.contains(&realm))
        };
        if offers.iter().any(wrong) {
            self.asked.retain(|known| known.asker != asker);
            return Verdict::WrongPassword;
        }
        for offer in offers {
            self.asked.retain(|known| (known.asker, &known.realm) != (asker, &offer.realm));
            if self.asked.len() == REMEMBERED {
                self.asked.remove(0);
            }
            self.asked.push(offer);
        }
        Verdict::Again
    }

    /// A server may say in a success which nonce it wants next (RFC 7616 section 3.5).
    pub(crate) fn noted(&mut self, success: &Response) {
        for info in success.fields.all("Authentication-Info") {
            let pair = Split { rest: Some(info), at: ',' }.find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("nextnonce").then(|| unquoted(value.trim()))
            });
            let Some(nonce) = pair else { continue };
            if let Some(known) = self.asked.iter_mut().find(|known| known.asker == Asker::Server) {
                known.nonce = nonce;
                known.count = 0;
            }
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Fields, Method};

    fn request(method: Method, uri: &str) -> Request {
        Request { method, uri: uri.to_owned(), fields: Fields::default(), body: vec![] }
    }

    fn refusal(challenges: &[&str]) -> Response {
        let mut refusal = Response::made_up(401);
        for challenge in challenges {
            refusal.fields.push(names::WWW_AUTHENTICATE, *challenge);
        }
        refusal
    }

    /// The example of RFC 7616 section 3.9.1, whose method and address are HTTP's.
    #[test]
    fn the_hashes_are_those_of_the_rfc() {
        let request = request(Method::Other("GET".to_owned()), "/dir/index.html");
        let answer = |algorithm: &str| {
            let value = format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
                 algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let mut challenge = Challenge::read(Asker::Server, &value).unwrap();
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            challenge.answer("Mufasa", &Secret::new("Circle of Life"), &request, cnonce)
        };
        assert!(answer("MD5").contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""));
        let sha256 = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
        assert!(answer("SHA-256").contains(&format!("response=\"{sha256}\"")));
        assert!(
            answer("SHA-256").contains("nc=00000001") && answer("SHA-256").contains("qop=auth,")
        );
    }

    /// The example of RFC 7616 section 3.9.2 as its erratum 4897 has it: the RFC's own cuts
    /// SHA-512 short, which is another hash (FIPS 180-4 section 5.3.6).
    #[test]
    fn the_longest_hash_is_no_other_one_cut_short() {
        let value = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
                     nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", charset=UTF-8";
        let mut challenge = Challenge::read(Asker::Server, value).unwrap();
        let request = request(Method::Other("GET".to_owned()), "/doe.json");
        let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
        let answer = challenge.answer(
            "J\u{e4}s\u{f8}n Doe",
            &Secret::new("Secret, or not?"),
            &request,
            cnonce,
        );
        let right = "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5";
        assert!(answer.contains(&format!("response=\"{right}\"")), "{answer}");
    }

    /// The example of RFC 2617 section 3.5's predecessor: no quality of protection.
    #[test]
    fn a_server_without_qop_is_answered_the_old_way() {
        let value = "Digest realm=\"testrealm@host.com\", nonce=\"abc\"";
        let mut challenge = Challenge::read(Asker::Server, value).unwrap();
        let request = request(Method::Register, "sip:pbx.test");
        let answer = challenge.answer("1001", &Secret::new("secret"), &request, "c");
        assert!(!answer.contains("qop") && !answer.contains("cnonce"), "{answer}");
    }

    #[test]
    fn the_strongest_algorithm_that_is_offered_is_taken() {
        let mut credentials = Credentials::new("1004".to_owned(), Secret::new("secret"));
        let mut random = Random::new([1; 32]);
        let mut register = request(Method::Register, "sip:pbx.test");
        let offers = refusal(&[
            "Digest realm=\"r\", nonce=\"a\", algorithm=MD5, qop=\"auth\"",
            "Digest realm=\"r\", nonce=\"b\", algorithm=SHA-256, qop=\"auth\"",
            "Digest realm=\"r\", nonce=\"c\", algorithm=SHA-1024, qop=\"auth\"",
            "Digest realm=\"r\", nonce=\"d\", algorithm=SHA-512-256, qop=\"auth\"",
            "Basic realm=\"r\"",
        ]);
        assert_eq!(credentials.asked(&register, &offers, true), Verdict::Again);
        credentials.sign(&mut register, &mut random);
        let sent: Vec<_> = register.fields.all(names::AUTHORIZATION).collect();
        assert_eq!(sent.len(), 1);
        assert!(sent[0].contains("algorithm=SHA-512-256") && sent[0].contains("nonce=\"d\""));
    }

    #[test]
    fn a_wrong_password_is_known_after_one_answer_and_a_stale_nonce_is_none() {
        let mut credentials = Credentials::new("1001".to_owned(), Secret::new("wrong"));
        let mut random = Random::new([1; 32]);
        let mut register = request(Method::Register, "sip:pbx.test");
        let asks = |nonce: &str, stale: bool| {
            let value =
                format!("Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\", stale={stale}");
            refusal(&[value.as_str()])
        };
        assert_eq!(credentials.asked(&register, &asks("a", false), true), Verdict::Again);
        credentials.sign(&mut register, &mut random);
        assert_eq!(credentials.asked(&register, &asks("b", true), false), Verdict::Again);
        credentials.sign(&mut register, &mut random);
        assert_eq!(credentials.asked(&register, &asks("c", false), false), Verdict::WrongPassword);
        assert_eq!(
            credentials.asked(&register, &refusal(&["Bearer realm=\"r\""]), false),
            Verdict::Unknown
        );
    }

    #[test]
    fn the_count_rises_with_every_request_of_a_nonce() {
        let mut credentials = Credentials::new("1001".to_owned(), Secret::new("secret"));
        let mut random = Random::new([1; 32]);
        let mut register = request(Method::Register, "sip:pbx.test");
        let asks = refusal(&["Digest realm=\"r\", nonce=\"a\", qop=\"auth\""]);
        assert_eq!(credentials.asked(&register, &asks, true), Verdict::Again);
        for count in ["nc=00000001", "nc=00000002"] {
            credentials.sign(&mut register, &mut random);
            assert!(register.fields.get(names::AUTHORIZATION).unwrap().contains(count));
        }
        let mut success = Response::made_up(200);
        success
            .fields
            .push_received("Authentication-Info", "nextnonce=\"n2\", qop=auth".to_owned());
        credentials.noted(&success);
        credentials.sign(&mut register, &mut random);
        let sent = register.fields.get(names::AUTHORIZATION).unwrap();
        assert!(sent.contains("nonce=\"n2\"") && sent.contains("nc=00000001"), "{sent}");
    }

    #[test]
    fn nothing_shows_the_password() {
        let credentials = Credentials::new("1001".to_owned(), Secret::new("hunter2"));
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
