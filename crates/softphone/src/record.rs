use omnibar_desk::{Config, Desk, Effect, Input, record, transcript_start};
use omnibar_model::Moment;
use std::fmt;
use std::io::Write;
use tracing::warn;

/// Writes down what happens to the desk, in the desk's own transcript format, so
/// that a report replays as a test.
#[derive(Default)]
pub(crate) struct Record(Option<Box<dyn Write + Send>>);

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Record").field(&self.0.is_some()).finish()
    }
}

impl Record {
    pub(crate) fn start(sink: Option<Box<dyn Write + Send>>, config: Config) -> Self {
        let mut record = Self(sink);
        if record.0.is_some() {
            record.line(&transcript_start(config));
        }
        record
    }

    /// Lets the desk handle the input and writes it down, if that is wished.
    pub(crate) fn handle(&mut self, desk: &mut Desk, now: Moment, input: Input) -> Vec<Effect> {
        if self.0.is_none() {
            desk.handle(now, input);
            return std::iter::from_fn(|| desk.poll_effect()).collect();
        }
        let (effects, line) = record(desk, now, input);
        self.line(&line);
        effects
    }

    pub(crate) fn finish(&mut self) {
        if let Some(Err(error)) = self.0.as_mut().map(|sink| sink.flush()) {
            warn!(%error, "the transcript is not complete");
        }
    }

    /// A transcript with a gap does not replay: after an error nothing more is written.
    fn line(&mut self, line: &str) {
        if let Some(Err(error)) = self.0.as_mut().map(|sink| writeln!(sink, "{line}")) {
            warn!(%error, "the transcript ends here");
            self.0 = None;
        }
    }
}
