//! A UDP path between two peers that can be cut and can lose voice.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use tokio::net::UdpSocket;

/// Stands for the second peer towards the first, and the other way round.
pub(crate) struct Relay {
    cut: Arc<AtomicBool>,
    /// Of a thousand packets of voice.
    loss: Arc<AtomicU32>,
    /// Packets of voice and reports that were lost here.
    lost: Arc<AtomicU64>,
    /// The address that the near peer is given for the far one.
    near: SocketAddr,
    far: Arc<std::sync::Mutex<Option<SocketAddr>>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Relay {
    pub(crate) async fn new() -> Self {
        let near = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let away = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let cut = Arc::new(AtomicBool::new(false));
        let loss = Arc::new(AtomicU32::new(0));
        let lost = Arc::new(AtomicU64::new(0));
        let far = Arc::new(std::sync::Mutex::new(None));
        let near_peer = Arc::new(std::sync::Mutex::new(None));
        let address = near.local_addr().unwrap();
        let tasks = vec![
            tokio::spawn(forward(
                near.clone(),
                away.clone(),
                near_peer.clone(),
                far.clone(),
                (cut.clone(), loss.clone(), lost.clone()),
            )),
            tokio::spawn(forward(
                away,
                near,
                Arc::default(),
                near_peer,
                (cut.clone(), loss.clone(), lost.clone()),
            )),
        ];
        Self { cut, loss, lost, near: address, far, tasks }
    }

    /// The far peer's candidate as the near peer may know it: the relay's address.
    pub(crate) fn disguise(&self, candidate: &str) -> String {
        let mut fields: Vec<String> = candidate.split(' ').map(str::to_owned).collect();
        let real = format!("{}:{}", fields[4], fields[5]).parse().unwrap();
        *self.far.lock().unwrap() = Some(real);
        fields[4] = self.near.ip().to_string();
        fields[5] = self.near.port().to_string();
        fields.join(" ")
    }

    /// What is sent here reaches the far peer from where the near peer's voice does.
    #[allow(dead_code, reason = "each test binary uses its own part")]
    pub(crate) fn near(&self) -> SocketAddr {
        self.near
    }

    /// Of a thousand packets of voice and reports that many get lost, either way.
    #[allow(dead_code, reason = "each test binary uses its own part")]
    pub(crate) fn lose(&self, of_a_thousand: u32) {
        self.loss.store(of_a_thousand, Ordering::Relaxed);
    }

    #[allow(dead_code, reason = "each test binary uses its own part")]
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    #[allow(dead_code, reason = "each test binary uses its own part")]
    pub(crate) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Relaxed);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

type Place = Arc<std::sync::Mutex<Option<SocketAddr>>>;

/// Sends on to `to` what comes in, and remembers in `from` who sent it.
async fn forward(
    inward: Arc<UdpSocket>,
    outward: Arc<UdpSocket>,
    from: Place,
    to: Place,
    (cut, loss, lost): (Arc<AtomicBool>, Arc<AtomicU32>, Arc<AtomicU64>),
) {
    let mut buffer = [0; 2048];
    let mut random = 0x2545_f491_u32;
    loop {
        // Port unreachable of an earlier packet shows as an error here.
        let Ok((length, sender)) = inward.recv_from(&mut buffer).await else { continue };
        *from.lock().unwrap() = Some(sender);
        let target = *to.lock().unwrap();
        // xorshift32
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        // RFC 7983: only these are SRTP and SRTCP.
        let voice = matches!(buffer[0], 128..=191);
        if voice && random % 1000 < loss.load(Ordering::Relaxed) {
            lost.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        if let Some(target) = target.filter(|_| !cut.load(Ordering::Relaxed)) {
            let _ = outward.send_to(&buffer[..length], target).await;
        }
    }
}
