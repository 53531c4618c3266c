//! A UDP path between a party and the switch that loses voice.

use omnibar_media::sim::Random;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::UdpSocket;

/// Stands for the switch towards a party, and the other way round.
pub(crate) struct Relay {
    /// The address that the party is given for the switch.
    near: SocketAddr,
    switch: Place,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

type Place = Arc<Mutex<Option<SocketAddr>>>;

impl Relay {
    /// `share`: of voice, reports and requests that is lost each way.
    pub(crate) async fn new(share: f64, seed: u64) -> Self {
        let near = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let away = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let (switch, party) = (Place::default(), Place::default());
        let address = near.local_addr().unwrap();
        let lossy = |seed| Lossy { share, random: Random::new(seed) };
        let out = forward(near.clone(), away.clone(), [party.clone(), switch.clone()], lossy(seed));
        let back = forward(away, near, [Place::default(), party], lossy(seed + 1_000));
        let tasks = vec![tokio::spawn(out), tokio::spawn(back)];
        Self { near: address, switch, tasks }
    }

    /// The switch's candidate as the party may know it: the relay's address.
    pub(crate) fn disguise(&self, candidate: &str) -> String {
        let mut fields: Vec<String> = candidate.split(' ').map(str::to_owned).collect();
        let real = format!("{}:{}", fields[4], fields[5]).parse().unwrap();
        *self.switch.lock().unwrap() = Some(real);
        fields[4] = self.near.ip().to_string();
        fields[5] = self.near.port().to_string();
        fields.join(" ")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

struct Lossy {
    share: f64,
    random: Random,
}

/// Sends on what comes in, and remembers who sent it.
async fn forward(
    inward: Arc<UdpSocket>,
    outward: Arc<UdpSocket>,
    [from, to]: [Place; 2],
    mut path: Lossy,
) {
    let mut buffer = [0; 2048];
    loop {
        // Port unreachable of an earlier packet shows as an error here.
        let Ok((length, sender)) = inward.recv_from(&mut buffer).await else { continue };
        *from.lock().unwrap() = Some(sender);
        let target = *to.lock().unwrap();
        // ICE and DTLS begin with less (RFC 7983 section 7); they are not what is tried.
        let lost = buffer[0] >= 128 && path.random.chance(path.share);
        if let Some(target) = target.filter(|_| !lost) {
            let _ = outward.send_to(&buffer[..length], target).await;
        }
    }
}
