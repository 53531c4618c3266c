//! The voice of a call: the engine, and its way to the far side and back.

use crate::cleaning::Cleaning;
use omnibar_media::{
    Agreed, BLOCK, Channel, Engine, EngineConfig, Micros, PacketSink, Playout, Received,
};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// RTP payload type of redundant voice on this side of the line.
const REDUNDANT: u8 = 63;

pub(crate) struct Voice {
    engine: Option<Engine>,
    channel: Box<dyn Channel>,
    source: rtrb::Consumer<Received>,
    round_trip: Arc<AtomicU64>,
    /// What the engine has been told.
    agreed: Option<Agreed>,
    pub(crate) cleaning: Cleaning,
}

impl Voice {
    pub(crate) fn new(
        channel: Box<dyn Channel>,
        source: rtrb::Consumer<Received>,
        round_trip: Arc<AtomicU64>,
    ) -> Self {
        let cleaning = Cleaning::new();
        Self { engine: None, channel, source, round_trip, agreed: None, cleaning }
    }

    /// One engine for all calls: its packets are one RTP stream on one connection.
    pub(crate) fn prepare(&mut self, volume: f32, open: bool) {
        if self.engine.is_some() {
            return;
        }
        let seed = RandomState::new().build_hasher().finish();
        let config = EngineConfig { seed, red: Some(REDUNDANT), ..EngineConfig::default() };
        match Engine::new(config) {
            Ok(mut engine) => {
                engine.set_volume(volume);
                engine.set_microphone(open);
                self.engine = Some(engine);
                self.agreed = None;
            }
            Err(error) => tracing::error!(%error, "the codec cannot be started: no voice"),
        }
    }

    pub(crate) fn engine(&mut self) -> Option<&mut Engine> {
        self.engine.as_mut()
    }

    /// A call begins: what came before is of something that is over.
    pub(crate) fn begin(&mut self, oldest: Micros) {
        while self.source.peek().is_ok_and(|received| received.arrived < oldest) {
            let _ = self.source.pop();
        }
        while self.channel.reported().is_some() {}
    }

    /// Takes what has come and says what it asks for; true: there was voice.
    pub(crate) fn receive(&mut self, now: Micros) -> bool {
        self.agree();
        let Some(engine) = &mut self.engine else { return false };
        let mut came = false;
        while let Ok(received) = self.source.pop() {
            engine.receive(received);
            came = true;
        }
        let mut told = false;
        while let Some(reported) = self.channel.reported() {
            engine.receive_rtcp(reported.arrived, &reported.bytes, &mut *self.channel);
            told = true;
        }
        if came || told {
            self.report(now);
        }
        came
    }

    /// 10 ms of the microphone.
    pub(crate) fn capture(&mut self, block: &[f32; BLOCK]) {
        let block = self.cleaning.spoken(block);
        if let Some(engine) = &mut self.engine
            && let Err(error) = engine.capture(&block, &mut *self.channel as &mut dyn PacketSink)
        {
            tracing::debug!(%error, "a block was not sent");
        }
    }

    /// 10 ms for the speaker; `None`: there is no engine.
    pub(crate) fn playout(&mut self, now: Micros, out: &mut [f32; BLOCK]) -> Option<Playout> {
        let playout = self.engine.as_mut()?.playout(now, out);
        self.cleaning.received(out);
        self.report(now);
        Some(playout)
    }

    /// As ICE has measured it. The engine prefers RTCP's own measure, which passes the way of
    /// the voice.
    pub(crate) fn round_trip(&mut self) -> Option<Micros> {
        let trip = self.round_trip.load(Ordering::Relaxed);
        let trip = (trip > 0).then_some(Micros(trip));
        if let Some(engine) = &mut self.engine {
            engine.set_round_trip(trip);
        }
        trip
    }

    fn agree(&mut self) {
        let agreed = self.channel.agreed();
        let Some(engine) = self.engine.as_mut().filter(|_| self.agreed != Some(agreed)) else {
            return;
        };
        engine.set_sources(agreed.sources);
        engine.speak(agreed.codec);
        if self.agreed.is_none_or(|before| before.codec != agreed.codec) {
            tracing::info!(codec = agreed.codec.name(), "what the line speaks");
        }
        if self.agreed.is_none_or(|before| before.allowed != agreed.allowed) {
            tracing::info!(allowed = ?agreed.allowed, "what the line takes against loss");
            engine.allow(agreed.allowed);
        }
        self.agreed = Some(agreed);
    }

    fn report(&mut self, now: Micros) {
        if let Some(engine) = &mut self.engine
            && let Some(rtcp) = engine.rtcp(now)
        {
            self.channel.report(rtcp);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_media::loss::Allowed;
    use omnibar_media::loss::rtcp::{Builder, Item, parse};
    use omnibar_media::sim::Speech;
    use omnibar_media::{Codec, Packet, Reported, Sources};
    use std::sync::{Mutex, MutexGuard};

    /// A line's end in memory.
    #[derive(Clone, Default)]
    struct Wire(Arc<Mutex<State>>);

    #[derive(Default)]
    struct State {
        sent: Vec<Packet>,
        reports: Vec<Vec<u8>>,
        reported: Vec<Reported>,
        agreed: Agreed,
    }

    impl Wire {
        fn state(&self) -> MutexGuard<'_, State> {
            self.0.lock().unwrap()
        }
    }

    impl PacketSink for Wire {
        fn send(&mut self, packet: Packet) {
            self.state().sent.push(packet);
        }
    }

    impl Channel for Wire {
        fn report(&mut self, rtcp: &[u8]) {
            self.state().reports.push(rtcp.to_vec());
        }

        fn reported(&mut self) -> Option<Reported> {
            self.state().reported.pop()
        }

        fn agreed(&mut self) -> Agreed {
            self.state().agreed
        }
    }

    struct Call {
        voice: Voice,
        wire: Wire,
        source: rtrb::Producer<Received>,
        talker: Speech,
        now: Micros,
    }

    const OURS: u32 = 11;
    const THEIRS: u32 = 22;

    fn everything() -> Agreed {
        let allowed = Allowed {
            red: true,
            nack: true,
            deep: true,
            packet: Micros(10_000),
            ..Allowed::default()
        };
        let sources = Sources { ours: OURS, theirs: Some(THEIRS) };
        Agreed { sources, allowed, codec: Codec::Opus }
    }

    impl Call {
        fn new(agreed: Agreed) -> Self {
            let wire = Wire::default();
            wire.state().agreed = agreed;
            let (source, packets) = rtrb::RingBuffer::new(256);
            let mut voice = Voice::new(Box::new(wire.clone()), packets, Arc::default());
            voice.prepare(1.0, true);
            Self { voice, wire, source, talker: Speech::new(3, 120.0), now: Micros(0) }
        }

        /// A turn of 10 ms as the media thread has it.
        fn turn(&mut self) {
            self.now.0 += 10_000;
            self.voice.receive(self.now);
            let mut block = [0.0; BLOCK];
            self.talker.fill(&mut block);
            self.voice.capture(&block);
            self.voice.playout(self.now, &mut block);
        }

        fn arrives(&mut self, packet: Packet) {
            self.source.push(Received { arrived: self.now, packet }).unwrap();
        }

        fn asked_for(&self) -> Vec<u16> {
            let mut asked = vec![];
            for bytes in &self.wire.state().reports {
                parse(bytes, |item| {
                    if let Item::Nack { media: THEIRS, numbers } = item {
                        asked.extend(numbers);
                    }
                })
                .unwrap();
            }
            asked
        }
    }

    #[test]
    fn packets_are_as_short_as_was_agreed_and_carry_copies() {
        for (agreed, packets) in [(Agreed::default(), 50), (everything(), 100)] {
            let mut call = Call::new(agreed);
            (0..100).for_each(|_| call.turn());
            let sent = std::mem::take(&mut call.wire.state().sent);
            assert_eq!(sent.len(), packets);
            let redundant = sent.iter().filter(|p| p.payload_type == REDUNDANT).count();
            assert_eq!(redundant > 90, agreed.allowed.red, "{redundant}");
        }
    }

    #[test]
    fn terms_that_come_in_the_call_hold_from_then_on() {
        let mut call = Call::new(Agreed::default());
        (0..50).for_each(|_| call.turn());
        assert_eq!(call.wire.state().sent.len(), 25);
        call.wire.state().agreed = everything();
        (0..50).for_each(|_| call.turn());
        assert!(call.wire.state().sent.len() > 70, "short packets");
        call.wire.state().agreed = Agreed::default();
        (0..20).for_each(|_| call.turn());
        let last = call.wire.state().sent.last().unwrap().payload_type;
        assert_ne!(last, REDUNDANT, "redundancy that is not agreed on any more");
    }

    #[test]
    fn the_codec_changes_in_the_call_and_takes_its_layers_along() {
        let mut call = Call::new(everything());
        (0..50).for_each(|_| call.turn());
        call.wire.state().agreed = Agreed { codec: Codec::Pcma, ..everything() };
        (0..51).for_each(|_| call.turn());
        call.wire.state().sent.clear();
        (0..50).for_each(|_| call.turn());
        let sent = std::mem::take(&mut call.wire.state().sent);
        assert!(sent.iter().all(|p| p.payload_type == 8 && p.payload.len() == 160));
        assert_eq!(sent.len(), 25, "20 ms each");
        let steps = sent.windows(2).map(|two| two[1].timestamp.wrapping_sub(two[0].timestamp));
        assert!(steps.into_iter().all(|step| step == 160));
        call.wire.state().agreed = everything();
        (0..51).for_each(|_| call.turn());
        let last = call.wire.state().sent.last().unwrap().payload_type;
        assert_eq!(last, REDUNDANT);
    }

    #[test]
    fn a_lost_packet_is_asked_for_and_what_is_asked_for_is_sent_again() {
        let mut far = Call::new(everything());
        let mut call = Call::new(everything());
        call.voice.round_trip.store(1_000, Ordering::Relaxed);
        call.voice.round_trip();
        let mut lost = vec![];
        for turn in 0..400 {
            far.turn();
            call.turn();
            for packet in std::mem::take(&mut far.wire.state().sent) {
                // More in a row than copies mend.
                match turn % 20 {
                    16.. if turn > 100 => lost.push(packet.sequence),
                    _ => call.arrives(packet),
                }
            }
        }
        let asked = call.asked_for();
        assert!(lost.iter().any(|number| asked.contains(number)), "{lost:?} {asked:?}");
        assert!(asked.iter().all(|number| lost.contains(number)), "{lost:?} {asked:?}");

        let sent = call.wire.state().sent[395].clone();
        let mut bytes = vec![];
        Builder::new(&mut bytes).nack(THEIRS, OURS, &[sent.sequence]);
        call.wire.state().reported.push(Reported { arrived: call.now, bytes });
        call.wire.state().sent.clear();
        call.turn();
        assert_eq!(call.wire.state().sent[0], sent, "the same packet with its number");
    }

    #[test]
    fn reports_go_out_in_a_call_and_bytes_of_any_kind_come_in() {
        let mut far = Call::new(everything());
        let mut call = Call::new(everything());
        for turn in 0..300_u32 {
            far.turn();
            for packet in std::mem::take(&mut far.wire.state().sent) {
                call.arrives(packet);
            }
            let bytes = (0..turn % 70).map(|n| (n * 37 + turn * 101) as u8).collect();
            call.wire.state().reported.push(Reported { arrived: call.now, bytes });
            call.turn();
        }
        let mut reports = 0;
        for bytes in &call.wire.state().reports {
            parse(bytes, |item| reports += u32::from(matches!(item, Item::Sender(_)))).unwrap();
        }
        assert!((2..=30).contains(&reports), "{reports}");
        assert!(call.wire.state().reported.is_empty());
    }
}
