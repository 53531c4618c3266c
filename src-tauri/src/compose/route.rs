//! Two ways in: a contact centre, or an extension of a telephone system. The address of
//! the sign-in says which; the other one has no session then.

use omnibar_backend::Backend;
use omnibar_desk::Order;
use omnibar_line::exchange::Exchange;
use omnibar_model::{CommandId, InteractionId};
use omnibar_softphone::{Centre, IceServer, Line, SignIn, VoiceSignal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the present sign-in is by an extension's address.
#[derive(Clone, Debug, Default)]
struct ByExtension(Arc<AtomicBool>);

impl ByExtension {
    fn read(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Both ports, for a centre and a telephone system.
pub(super) fn ports(
    backend: Backend,
    line: omnibar_line::Line,
    exchange: Exchange,
) -> (Box<dyn Centre>, Box<dyn Line>) {
    let by = ByExtension::default();
    let centre = RoutedCentre { by: by.clone(), backend, exchange: exchange.clone() };
    (Box::new(centre), Box::new(RoutedLine { by, line, exchange }))
}

fn is_extension(address: &str) -> bool {
    let scheme = address.trim().split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("sip" | "sips"))
}

struct RoutedCentre {
    by: ByExtension,
    backend: Backend,
    exchange: Exchange,
}

impl RoutedCentre {
    fn present(&mut self) -> &mut dyn Centre {
        if self.by.read() { &mut self.exchange } else { &mut self.backend }
    }
}

impl Centre for RoutedCentre {
    fn open(&mut self, sign_in: SignIn) {
        self.by.0.store(is_extension(&sign_in.centre), Ordering::Relaxed);
        self.present().open(sign_in);
    }

    fn close(&mut self) {
        self.present().close();
    }

    fn order(&mut self, command: CommandId, order: Order) {
        self.present().order(command, order);
    }

    fn signal(&mut self, signal: VoiceSignal) {
        self.present().signal(signal);
    }

    fn echo(&mut self, on: bool) {
        self.present().echo(on);
    }

    fn search(&mut self, text: String) {
        self.present().search(text);
    }

    fn history(&mut self, before: Option<InteractionId>) {
        self.present().history(before);
    }
}

struct RoutedLine {
    by: ByExtension,
    line: omnibar_line::Line,
    exchange: Exchange,
}

impl RoutedLine {
    fn present(&mut self) -> &mut dyn Line {
        if self.by.read() { &mut self.exchange } else { &mut self.line }
    }
}

impl Line for RoutedLine {
    fn open(&mut self, servers: Vec<IceServer>) {
        self.present().open(servers);
    }

    fn restart(&mut self) {
        self.present().restart();
    }

    fn close(&mut self) {
        self.present().close();
    }

    fn signal(&mut self, signal: VoiceSignal) {
        self.present().signal(signal);
    }

    fn probe(&mut self, servers: Vec<IceServer>) {
        self.present().probe(servers);
    }
}

#[cfg(test)]
mod tests {
    use super::is_extension;

    #[test]
    fn the_scheme_says_which_way() {
        for extension in ["sip:1001@pbx.example", " SIPS:1001@pbx.example"] {
            assert!(is_extension(extension), "{extension}");
        }
        for centre in ["wss://centre.example", "centre.example", "sip.example:5061", ""] {
            assert!(!is_extension(centre), "{centre}");
        }
    }
}
