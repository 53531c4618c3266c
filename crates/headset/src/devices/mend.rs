//! What the sound server can do about a device that nobody hears.

use super::Room;

impl Room {
    pub(super) fn unmute_speaker(&mut self) {
        let Some(id) = self.roles[1].using(&self.listing) else { return };
        let Some(server) = &mut self.server else { return };
        match server.unmute_speaker(&id) {
            Ok(()) => self.stale = true,
            Err(error) => tracing::warn!(%error, "the speaker could not be unmuted"),
        }
    }

    #[cfg(target_os = "linux")]
    pub(super) fn listen(&mut self) {
        if std::mem::replace(&mut self.listening, true) {
            return;
        }
        let using = self.roles[0].using(&self.listing);
        let other =
            |e: &&super::listing::Entry| !e.monitor && !e.muted && Some(&e.id) != using.as_ref();
        let others = self.listing.inputs.iter().filter(other).cloned().collect();
        let news = self.news.clone();
        // The thread may have ended meanwhile.
        super::listen::listen(others, move |heard| drop(news.send(super::Message::Heard(heard))));
    }

    /// Other systems' microphones are not compared.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn listen(&mut self) {}

    pub(super) fn unmute(&mut self) {
        let Some(id) = self.roles[0].using(&self.listing) else { return };
        let Some(server) = &mut self.server else { return };
        match server.unmute(&id) {
            Ok(()) => self.stale = true,
            Err(error) => tracing::warn!(%error, "the microphone could not be unmuted"),
        }
    }
}
