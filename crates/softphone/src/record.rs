use omnibar_desk::{Config, Input};
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
        record.line(&serde_json::json!({ "config": config }));
        record
    }

    pub(crate) fn input(&mut self, now: Moment, input: &Input) {
        if self.0.is_some() {
            self.line(&serde_json::json!({ "at": now, "input": input }));
        }
    }

    pub(crate) fn finish(&mut self) {
        if let Some(Err(error)) = self.0.as_mut().map(|sink| sink.flush()) {
            warn!(%error, "the transcript is not complete");
        }
    }

    /// A transcript with a gap does not replay: after an error nothing more is written.
    fn line(&mut self, line: &serde_json::Value) {
        if let Some(Err(error)) = self.0.as_mut().map(|sink| writeln!(sink, "{line}")) {
            warn!(%error, "the transcript ends here");
            self.0 = None;
        }
    }
}
