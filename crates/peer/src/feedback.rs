//! Takes RTCP out of the WebRTC stack before the stack drops it.

use crate::traffic::Inbound;
use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp;
use rtc::rtcp::header::{FORMAT_TLN, Header, PacketType};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// A member of the stack's chain that hands reports and requests to our user and lets
/// everything else pass.
pub(crate) struct Tap {
    inbound: Arc<Inbound>,
    read: VecDeque<TaggedPacket>,
    write: VecDeque<TaggedPacket>,
}

impl Tap {
    pub(crate) fn new(inbound: Arc<Inbound>) -> Self {
        Self { inbound, read: VecDeque::new(), write: VecDeque::new() }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Tap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = packet.message.packet {
            self.inbound.reported(&useful(packets), packet.now);
        } else {
            self.read.push_back(packet);
        }
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.write.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.write.pop_front()
    }
}

impl Interceptor for Tap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

/// What is about voice: no names, no requests for pictures.
fn useful(packets: Vec<Box<dyn rtcp::Packet>>) -> Vec<Box<dyn rtcp::Packet>> {
    let about_voice = |header: Header| {
        match header.packet_type {
            PacketType::SenderReport | PacketType::ReceiverReport | PacketType::ExtendedReport => {
                true
            }
            PacketType::TransportSpecificFeedback => header.count == FORMAT_TLN,
            // The enum is open.
            _ => false,
        }
    };
    packets.into_iter().filter(|packet| about_voice(packet.header())).collect()
}
