//! Records how packets of voice's size and pace fare on a real path, for the jitter buffer's
//! tests (`tests/voice/traces.rs`).
//!
//!     trace listen 0.0.0.0:5200 > FILE.csv    ends 3 s after the last packet
//!     trace send 192.0.2.7:5200 60            seconds; a packet every 20 ms
//!
//! A line of the file is number, time sent and time arrived in µs, each by its own machine's
//! clock from its first packet on: what matters to a jitter buffer is how they differ.

use std::io::{Error, Write};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(20);
const OVER: Duration = Duration::from_secs(3);
/// Opus at 36 kbit/s, with its RTP header.
const SIZE: usize = 102;

fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["listen", at] => listen(at),
        ["send", to, seconds] => match seconds.parse() {
            Ok(seconds) => send(to, Duration::from_secs(seconds)),
            Err(_) => Err(Error::other("seconds are a whole number")),
        },
        _ => Err(Error::other("trace listen ADDRESS, or trace send ADDRESS SECONDS")),
    }
}

fn send(to: &str, time: Duration) -> Result<(), Error> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let began = Instant::now();
    let mut packet = [0; SIZE];
    for number in 0.. {
        let due = EVERY * number;
        if due > time {
            break;
        }
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        packet[..4].copy_from_slice(&number.to_be_bytes());
        packet[4..12].copy_from_slice(&micros(began).to_be_bytes());
        socket.send_to(&packet, to)?;
    }
    Ok(())
}

fn listen(at: &str) -> Result<(), Error> {
    let socket = UdpSocket::bind(at)?;
    let mut began = None;
    let mut out = std::io::stdout().lock();
    let mut packet = [0; SIZE];
    loop {
        let size = match socket.recv(&mut packet) {
            Ok(size) => size,
            // The time that was set below has passed.
            Err(_) if began.is_some() => return Ok(()),
            Err(error) => return Err(error),
        };
        let began = *began.get_or_insert_with(Instant::now);
        socket.set_read_timeout(Some(OVER))?;
        if let (SIZE, [a, b, c, d, rest @ ..]) = (size, packet)
            && let Some(sent) = rest.first_chunk::<8>()
        {
            let number = u32::from_be_bytes([a, b, c, d]);
            writeln!(out, "{number},{},{}", u64::from_be_bytes(*sent), micros(began))?;
        }
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
