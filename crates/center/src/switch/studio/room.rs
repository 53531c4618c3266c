use super::ENCODING;
use super::ear::Ear;
use omnibar_media::codec::SetupError;
use omnibar_media::{BLOCK, Encoder, FRAME, Micros, Mixer, Packet, Packetizer};
use omnibar_peer::OPUS;

/// Three or more who hear each other and not themselves.
pub(super) struct Room {
    seed: u64,
    members: Vec<Member>,
    mixer: Mixer,
    inputs: Vec<[f32; BLOCK]>,
    outputs: Vec<[f32; BLOCK]>,
    /// The next block is the frames' second.
    second: bool,
}

struct Member {
    key: u64,
    ear: Ear,
    encoder: Encoder,
    packetizer: Packetizer,
    /// The room's sound is for others only.
    deaf: bool,
    frame: [f32; FRAME],
    /// Something of this member has been heard.
    speaks: bool,
    /// Whether the room's sound goes to this member already.
    served: bool,
    frames: u32,
}

/// Packets after which a member is served though nobody else has been heard: 200 ms.
const WAIT: u32 = 10;

impl Room {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            members: Vec::new(),
            mixer: Mixer::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            second: false,
        }
    }

    pub(super) fn set_members(&mut self, keys: &[u64], deaf: &[u64]) {
        self.members.retain(|member| keys.contains(&member.key));
        for &key in keys {
            if self.members.iter().any(|member| member.key == key) {
                continue;
            }
            match Member::new(key, self.seed ^ key) {
                Ok(member) => self.members.push(member),
                Err(error) => tracing::warn!(%error, "a party cannot hear the conference"),
            }
        }
        for member in &mut self.members {
            member.deaf = deaf.contains(&member.key);
        }
        self.inputs.resize(self.members.len(), [0.0; BLOCK]);
        self.outputs.resize(self.members.len(), [0.0; BLOCK]);
    }

    /// By which the room hears this member.
    pub(super) fn ear(&mut self, key: u64) -> Option<&mut Ear> {
        let member = self.members.iter_mut().find(|member| member.key == key)?;
        Some(&mut member.ear)
    }

    /// 10 ms pass, of which every second ends a packet.
    pub(super) fn tick(&mut self, now: Micros, send: impl FnMut(u64, Packet)) {
        for (member, input) in self.members.iter_mut().zip(&mut self.inputs) {
            member.speaks |= member.ear.listen(now, input);
        }
        self.mixer.mix_minus(&self.inputs, &mut self.outputs);
        let half = if self.second { BLOCK } else { 0 };
        for (member, output) in self.members.iter_mut().zip(&self.outputs) {
            member.frame[half..][..BLOCK].copy_from_slice(output);
        }
        let full = self.second;
        self.second = !full;
        if full {
            self.serve(send);
        }
    }

    fn serve(&mut self, mut send: impl FnMut(u64, Packet)) {
        let speaking = self.members.iter().filter(|member| member.speaks).count();
        for member in &mut self.members {
            if member.deaf {
                member.packetizer.skip();
                member.packetizer.advance(960);
                continue;
            }
            member.frames = member.frames.saturating_add(1);
            let others_speak = speaking > usize::from(member.speaks);
            member.served |= others_speak || member.frames >= WAIT;
            if let Some(packet) = member.packet() {
                send(member.key, packet);
            }
        }
    }

    pub(super) fn pass_over(&mut self, samples: u32) {
        for member in &mut self.members {
            member.packetizer.skip();
            member.packetizer.advance(samples);
        }
    }
}

impl Member {
    fn new(key: u64, seed: u64) -> Result<Self, SetupError> {
        Ok(Self {
            key,
            ear: Ear::new()?,
            encoder: Encoder::new(ENCODING)?,
            packetizer: Packetizer::new(seed),
            deaf: false,
            frame: [0.0; FRAME],
            speaks: false,
            served: false,
            frames: 0,
        })
    }

    fn packet(&mut self) -> Option<Packet> {
        // Encoded also before it is sent, so that the encoder knows the signal by then.
        // One that fails leaves a gap, which the far side conceals.
        let payload = self.encoder.encode(&self.frame).ok();
        let packet =
            payload.filter(|_| self.served).map(|payload| self.packetizer.voice(OPUS, payload));
        self.packetizer.advance(960);
        packet
    }
}
