//! TURN over TCP and TLS (RFC 8656 section 2.1), for networks that let no UDP out, below a stack
//! that speaks to relays over UDP only.
//!
//! The stack knows such a server by an alias. What it sends there goes into a connection instead,
//! and what comes of that looks to it as if it came from there:
//!
//! ```text
//!  stack ──poll_send──▶ Diverted ──to an alias──▶ TCP, TLS ──▶ TURN server
//!        ◀─poll_recv──┘        └──to any other──▶ UDP socket
//! ```

use crate::servers::{Place, Transport, Trust};
use rustls::pki_types::ServerName;
use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

/// For TCP and TLS together, and for what is sent to leave.
const PATIENCE: Duration = Duration::from_secs(8);
/// Messages that wait to be sent: a second of voice. What would be later is lost, as it is
/// with UDP.
const MOST_WAITING: usize = 50;
/// Messages that came and wait for the stack.
const MOST_ARRIVED: usize = 256;
/// Bytes that the system may keep back for TCP: without a bound it keeps many seconds of voice
/// where the network is slow, and every word comes as much later.
const SEND_BUFFER: u32 = 8 * 1024;
/// Bytes of a message; what is relayed are packets of UDP.
const LONGEST: usize = 2_048;
/// Requests whose repetitions are known.
const MOST_ASKED: usize = 16;
/// Bytes of a STUN message's header (RFC 8489 section 5), and of channel data's (RFC 8656
/// section 12.4).
const STUN_HEADER: usize = 20;
const CHANNEL_HEADER: usize = 4;

/// A TURN server that is reached over TCP, or with a name to check over TLS.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) alias: SocketAddr,
    pub(crate) server: SocketAddr,
    pub(crate) name: Option<ServerName<'static>>,
}

/// Why a TURN server is not reached over TCP or TLS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamFault {
    /// The URL is of no such server.
    #[error("this is no TURN server over TCP or TLS")]
    NoStream,
    #[error("its name is not known")]
    NameNotFound,
    #[error("no connection comes about: {0}")]
    Unreachable(String),
    /// Its certificate is not accepted, or it speaks no TLS.
    #[error("no secure connection comes about: {0}")]
    Untrusted(String),
}

/// Whether the server of that URL takes connections, whatever it says in them.
///
/// # Errors
/// What is wrong; [`StreamFault::NoStream`] for a server over UDP.
pub async fn reach_stream(url: &str, trust: &Trust) -> Result<(), StreamFault> {
    let place = crate::servers::place(url).await.ok_or(StreamFault::NameNotFound)?;
    let name = server_name(&place)?;
    let mut fault = StreamFault::NameNotFound;
    for server in place.addresses {
        let stream = Stream { alias: server, server, name: name.clone() };
        let any: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        match stream.open(any, trust).await {
            Ok(_) => return Ok(()),
            Err(other) => fault = other,
        }
    }
    Err(fault)
}

fn server_name(place: &Place) -> Result<Option<ServerName<'static>>, StreamFault> {
    match place.transport {
        Transport::Udp => Err(StreamFault::NoStream),
        Transport::Tcp => Ok(None),
        Transport::Tls => {
            let name = ServerName::try_from(place.host().to_owned());
            name.map(Some).map_err(|_| StreamFault::NameNotFound)
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Stream {
    /// From that address of this machine.
    async fn open(&self, local: IpAddr, trust: &Trust) -> Result<Box<dyn Duplex>, StreamFault> {
        let opened = timeout(PATIENCE, async {
            let tcp = self.connect(local).await;
            let tcp = tcp.map_err(|error| StreamFault::Unreachable(error.to_string()))?;
            let Some(name) = self.name.clone() else { return Ok(Box::new(tcp) as Box<dyn Duplex>) };
            let config = trust.config().await.map_err(StreamFault::Untrusted)?;
            let tls = TlsConnector::from(config).connect(name, tcp).await;
            let tls = tls.map_err(|error| StreamFault::Untrusted(error.to_string()))?;
            Ok(Box::new(tls) as Box<dyn Duplex>)
        });
        let late = || StreamFault::Unreachable(format!("no answer in {} s", PATIENCE.as_secs()));
        opened.await.unwrap_or_else(|_| Err(late()))
    }

    async fn connect(&self, local: IpAddr) -> io::Result<TcpStream> {
        let socket = if local.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(SocketAddr::new(local, 0))?;
        let stream = socket.connect(self.server).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// All that a connection may use.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) all: Vec<Stream>,
    pub(crate) trust: Trust,
}

/// What has come: from which server's alias, and the message.
type Arrival = (SocketAddr, Vec<u8>);

/// A socket that reaches these servers too.
#[derive(Debug)]
pub(crate) struct Diverted {
    udp: Arc<dyn AsyncUdpSocket>,
    streams: Arc<Streams>,
    /// A connection for each of the streams, once there was one.
    links: Vec<Mutex<Option<Link>>>,
    arrive: mpsc::Sender<Arrival>,
    arrived: Mutex<mpsc::Receiver<Arrival>>,
}

/// A connection that is made, up, or closed.
#[derive(Debug)]
struct Link {
    out: mpsc::Sender<Vec<u8>>,
    /// Numbers of the newest requests: the stack repeats them, as it must over UDP.
    asked: VecDeque<[u8; 12]>,
}

impl Diverted {
    pub(crate) fn new(udp: Arc<dyn AsyncUdpSocket>, streams: Arc<Streams>) -> Self {
        let links = streams.all.iter().map(|_| Mutex::new(None)).collect();
        let (arrive, arrived) = mpsc::channel(MOST_ARRIVED);
        Self { udp, streams, links, arrive, arrived: Mutex::new(arrived) }
    }

    /// # Errors
    /// The connection did not come about, or is lost, and the relay with it. By this the stack
    /// gives it up at once; an ICE restart binds another socket.
    fn divert(
        &self,
        stream: &Stream,
        link: &Mutex<Option<Link>>,
        message: &[u8],
    ) -> io::Result<()> {
        let mut link = link.lock().unwrap_or_else(PoisonError::into_inner);
        if link.is_none() {
            *link = Some(self.open(stream)?);
        }
        let Some(Link { out, asked }) = link.as_mut() else { return Ok(()) };
        if out.is_closed() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if let Some(request) = request(message) {
            if asked.contains(&request) {
                return Ok(());
            }
            asked.truncate(MOST_ASKED - 1);
            asked.push_front(request);
        }
        if out.try_send(message.to_vec()).is_err() {
            tracing::debug!("the connection to the TURN server cannot follow");
        }
        Ok(())
    }

    fn open(&self, stream: &Stream) -> io::Result<Link> {
        let local = self.udp.local_addr()?.ip();
        let (out, waiting) = mpsc::channel(MOST_WAITING);
        let (stream, streams) = (stream.clone(), Arc::clone(&self.streams));
        let arrive = self.arrive.clone();
        tokio::spawn(async move {
            let server = stream.server;
            let ended = match stream.open(local, &streams.trust).await {
                Ok(connection) => carry(connection, stream.alias, waiting, arrive)
                    .await
                    .map_err(|e| e.to_string()),
                Err(fault) => Err(fault.to_string()),
            };
            if let Err(fault) = ended {
                tracing::info!(%server, fault, "the connection to the TURN server is over");
            }
        });
        Ok(Link { out, asked: VecDeque::new() })
    }
}

impl AsyncUdpSocket for Diverted {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let mut ways = self.streams.all.iter().zip(&self.links);
        let Some((stream, link)) = ways.find(|(s, _)| s.alias == transmit.destination) else {
            return self.udp.poll_send(cx, transmit);
        };
        let all = transmit.contents;
        for message in all.chunks(transmit.segment_size.unwrap_or(all.len()).max(1)) {
            self.divert(stream, link, message)?;
        }
        Poll::Ready(Ok(all.len()))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0;
        let mut rooms = bufs.iter_mut().zip(meta.iter_mut());
        let mut room = rooms.next();
        while let Some((buffer, meta)) = &mut room {
            let Poll::Ready(Some((from, message))) = arrived.poll_recv(cx) else { break };
            // What does not fit is cut off by UDP too, and then is nothing.
            let Some(buffer) = buffer.get_mut(..message.len()) else { continue };
            buffer.copy_from_slice(&message);
            **meta = RecvMeta::default();
            (meta.addr, meta.len, meta.stride) = (from, message.len(), message.len());
            count += 1;
            room = rooms.next();
        }
        drop(arrived);
        if count > 0 { Poll::Ready(Ok(count)) } else { self.udp.poll_recv(cx, bufs, meta) }
    }

    fn max_gso_segments(&self) -> usize {
        self.udp.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.udp.max_gro_segments()
    }
}

/// Moves messages until one side closes.
async fn carry(
    connection: Box<dyn Duplex>,
    alias: SocketAddr,
    mut waiting: mpsc::Receiver<Vec<u8>>,
    arrive: mpsc::Sender<Arrival>,
) -> io::Result<()> {
    let (mut reader, mut writer) = tokio::io::split(connection);
    let sending = async {
        while let Some(message) = waiting.recv().await {
            let sent = async {
                writer.write_all(&framed(message)).await?;
                writer.flush().await
            };
            // A network that is gone would keep this for as long as TCP tries.
            timeout(PATIENCE, sent).await??;
        }
        timeout(PATIENCE, writer.shutdown()).await?
    };
    let receiving = async {
        let mut frames = Frames::default();
        let mut bytes = [0; LONGEST];
        loop {
            let length = reader.read(&mut bytes).await?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            frames.push(&bytes[..length]);
            while let Some(message) = frames.next()? {
                // A stack that does not follow loses packets, as a socket's buffer would.
                let _ = arrive.try_send((alias, message));
            }
        }
    };
    tokio::select! {
        ended = sending => ended,
        ended = receiving => ended,
    }
}

/// The number of a STUN request; nothing else is repeated.
fn request(message: &[u8]) -> Option<[u8; 12]> {
    let [high, low, ..] = *message else { return None };
    // The bits of the class (RFC 8489 section 5).
    let is_request = high & 0xc1 == 0 && low & 0x10 == 0;
    let id = message.get(8..STUN_HEADER).filter(|_| is_request)?;
    id.try_into().ok()
}

/// A message as it stands in a stream: channel data is filled up to a multiple of four.
fn framed(mut message: Vec<u8>) -> Vec<u8> {
    message.resize(message.len().next_multiple_of(4), 0);
    message
}

/// Cuts a stream into messages (RFC 8656 sections 12.4 and 12.5).
#[derive(Debug, Default)]
struct Frames(VecDeque<u8>);

impl Frames {
    fn push(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    /// # Errors
    /// What comes is no TURN, and nothing behind it can be understood.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, "what comes is no TURN");
        let [Some(first), Some(high), Some(low)] = [0, 2, 3].map(|at| self.0.get(at).copied())
        else {
            return Ok(None);
        };
        let content = usize::from(u16::from_be_bytes([high, low]));
        let length = match first >> 6 {
            0 => STUN_HEADER + content,
            1 => CHANNEL_HEADER + content,
            _ => return Err(malformed()),
        };
        if length > LONGEST {
            return Err(malformed());
        }
        let padded = length.next_multiple_of(4);
        if self.0.len() < padded {
            return Ok(None);
        }
        let mut message: Vec<u8> = self.0.drain(..padded).collect();
        message.truncate(length);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stun(content: usize) -> Vec<u8> {
        let mut message = vec![0x01, 0x03, 0, content as u8];
        message.resize(STUN_HEADER + content, 7);
        message
    }

    fn channel(content: usize) -> Vec<u8> {
        let mut message = vec![0x40, 0x00, 0, content as u8];
        message.resize(CHANNEL_HEADER + content, 9);
        message
    }

    #[test]
    fn a_stream_is_cut_where_its_messages_end_however_it_comes() {
        let messages = [stun(0), channel(5), channel(8), stun(12), channel(0)];
        let whole: Vec<u8> = messages.iter().cloned().flat_map(framed).collect();
        for step in [1, 3, 7, whole.len()] {
            let (mut frames, mut found) = (Frames::default(), vec![]);
            for part in whole.chunks(step) {
                frames.push(part);
                while let Some(message) = frames.next().unwrap() {
                    found.push(message);
                }
            }
            assert_eq!(found, messages, "{step} bytes at a time");
        }
    }

    #[test]
    fn what_is_no_turn_ends_the_connection() {
        for hostile in [&b"HTTP/1.1 400 Bad Request"[..], &[0x80; 8], &[0x40, 0, 0xff, 0xff]] {
            let mut frames = Frames::default();
            frames.push(hostile);
            let read = frames.next();
            assert!(read.is_err(), "{hostile:?}: {read:?}");
        }
    }

    #[test]
    fn only_requests_are_known_again() {
        let mut allocate = stun(0);
        allocate[..2].copy_from_slice(&[0x00, 0x03]);
        assert_eq!(request(&allocate), Some([7; 12]));
        let (mut indication, mut response) = (allocate.clone(), allocate.clone());
        indication[1] = 0x16;
        response[0] = 0x01;
        for other in [&indication[..], &response, &channel(40), &allocate[..19], &[]] {
            assert_eq!(request(other), None, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_kept_without_bound(parts: Vec<Vec<u8>>) {
            let mut frames = Frames::default();
            for part in parts {
                frames.push(&part);
                loop {
                    match frames.next() {
                        Ok(Some(message)) => prop_assert!(message.len() <= LONGEST),
                        Ok(None) => break,
                        Err(_) => return Ok(()),
                    }
                }
                prop_assert!(frames.0.len() <= LONGEST + 4);
            }
        }
    }
}
