//! A centre on loopback with a simulated switch, and an agent's desktop that speaks the
//! protocol over a real WebSocket.

use crate::switch::SimSwitch;
use omnibar_center::{Centre, Config, SwitchChoice};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

pub struct World {
    pub centre: Centre,
    pub switch: SimSwitch,
    /// Removed with the world.
    _data: TempDir,
}

pub fn config(data: &Path, switch: SwitchChoice) -> Config {
    let mut config = Config::local(data.to_owned());
    config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.demo = true;
    config.switch = switch;
    // Customers call when a test lets them.
    config.demo_pace = Duration::from_secs(3600);
    config
}

impl World {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (switch, link, events) = SimSwitch::start();
        let mut config = config(data.path(), SwitchChoice::Connected(link, events));
        change(&mut config);
        let centre = Centre::start(config).await.unwrap();
        Self { centre, switch, _data: data }
    }

    pub fn url(&self) -> String {
        format!("{}/ws/agent", self.centre.url())
    }
}
