//! libopus 1.6 behind safe types: the only unsafe code of this crate. The `opus` crate does
//! not reach the decoder's complexity, nor deep redundancy (DRED).

#![expect(unsafe_code, reason = "libopus is C")]

use opusic_sys as sys;
use std::ffi::c_int;
use std::ptr::NonNull;

/// A call into libopus was refused; its error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) c_int);

/// A setting of an encoder or decoder (`opus_defines.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Bitrate,
    Complexity,
    Fec,
    ExpectedLoss,
    Dtx,
    Signal,
    /// Units of 10 ms.
    Dred,
}

/// `OPUS_SIGNAL_VOICE`.
pub(super) const VOICE: c_int = sys::OPUS_SIGNAL_VOICE;

/// An encoder for mono speech.
#[derive(Debug)]
pub(super) struct RawEncoder(NonNull<sys::OpusEncoder>);

// SAFETY: libopus keeps no state outside the object and has no thread of its own.
unsafe impl Send for RawEncoder {}

impl RawEncoder {
    pub(super) fn new(rate: u32) -> Option<Self> {
        let mut error = 0;
        let rate = sys::opus_int32::try_from(rate).ok()?;
        // SAFETY: `error` outlives the call; a null result is refused below.
        let raw = unsafe {
            sys::opus_encoder_create(rate, 1, sys::OPUS_APPLICATION_VOIP, &raw mut error)
        };
        NonNull::new(raw).filter(|_| error == sys::OPUS_OK).map(Self)
    }

    pub(super) fn set(&mut self, setting: Setting, value: c_int) -> Result<(), Refused> {
        // SAFETY: the object is alive, and every `Setting` takes one `opus_int32`.
        check(unsafe { sys::opus_encoder_ctl(self.0.as_ptr(), request(setting), value) })?;
        Ok(())
    }

    pub(super) fn reset(&mut self) {
        // SAFETY: the object is alive; the request takes no argument.
        unsafe { sys::opus_encoder_ctl(self.0.as_ptr(), sys::OPUS_RESET_STATE) };
    }

    /// Bytes written to the front of `out`.
    pub(super) fn encode(&mut self, samples: &[f32], out: &mut [u8]) -> Result<usize, Refused> {
        let room = sys::opus_int32::try_from(out.len()).unwrap_or(sys::opus_int32::MAX);
        // SAFETY: the object is alive; both lengths are those of the slices (mono).
        check(unsafe {
            sys::opus_encode_float(
                self.0.as_ptr(),
                samples.as_ptr(),
                length(samples.len()),
                out.as_mut_ptr(),
                room,
            )
        })
    }
}

impl Drop for RawEncoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_encoder_create`, dropped once.
        unsafe { sys::opus_encoder_destroy(self.0.as_ptr()) }
    }
}

/// A decoder to mono.
#[derive(Debug)]
pub(super) struct RawDecoder(NonNull<sys::OpusDecoder>);

// SAFETY: as for `RawEncoder`.
unsafe impl Send for RawDecoder {}

impl RawDecoder {
    pub(super) fn new(rate: u32) -> Option<Self> {
        let mut error = 0;
        let rate = sys::opus_int32::try_from(rate).ok()?;
        // SAFETY: `error` outlives the call; a null result is refused below.
        let raw = unsafe { sys::opus_decoder_create(rate, 1, &raw mut error) };
        NonNull::new(raw).filter(|_| error == sys::OPUS_OK).map(Self)
    }

    pub(super) fn set(&mut self, setting: Setting, value: c_int) -> Result<(), Refused> {
        // SAFETY: the object is alive, and every `Setting` takes one `opus_int32`.
        check(unsafe { sys::opus_decoder_ctl(self.0.as_ptr(), request(setting), value) })?;
        Ok(())
    }

    pub(super) fn reset(&mut self) {
        // SAFETY: the object is alive; the request takes no argument.
        unsafe { sys::opus_decoder_ctl(self.0.as_ptr(), sys::OPUS_RESET_STATE) };
    }

    /// Samples written to the front of `out`. An empty packet is a lost one; with `fec` the
    /// packet's redundancy is decoded instead of itself.
    pub(super) fn decode(
        &mut self,
        packet: &[u8],
        out: &mut [f32],
        fec: bool,
    ) -> Result<usize, Refused> {
        let data = if packet.is_empty() { std::ptr::null() } else { packet.as_ptr() };
        // SAFETY: the object is alive; both lengths are those of the slices (mono).
        check(unsafe {
            sys::opus_decode_float(
                self.0.as_ptr(),
                data,
                length(packet.len()),
                out.as_mut_ptr(),
                length(out.len()),
                c_int::from(fec),
            )
        })
    }

    /// Fills `out` with what was sent so many samples before the packet that `deep` parsed.
    pub(super) fn decode_deep(
        &mut self,
        deep: &RawDeep,
        before: usize,
        out: &mut [f32],
    ) -> Result<usize, Refused> {
        // SAFETY: both objects are alive; the length is that of the slice (mono).
        check(unsafe {
            sys::opus_decoder_dred_decode_float(
                self.0.as_ptr(),
                deep.state.as_ptr(),
                length(before),
                out.as_mut_ptr(),
                length(out.len()),
            )
        })
    }
}

impl Drop for RawDecoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_decoder_create`, dropped once.
        unsafe { sys::opus_decoder_destroy(self.0.as_ptr()) }
    }
}

/// The deep redundancy of one packet.
#[derive(Debug)]
pub(super) struct RawDeep {
    decoder: NonNull<sys::OpusDREDDecoder>,
    state: NonNull<sys::OpusDRED>,
}

// SAFETY: as for `RawEncoder`.
unsafe impl Send for RawDeep {}

impl RawDeep {
    pub(super) fn new() -> Option<Self> {
        let mut error = 0;
        // SAFETY: `error` outlives the call; a null result is refused below.
        let decoder = NonNull::new(unsafe { sys::opus_dred_decoder_create(&raw mut error) })?;
        // SAFETY: as above.
        let Some(state) = NonNull::new(unsafe { sys::opus_dred_alloc(&raw mut error) }) else {
            // SAFETY: made above, and nobody else has it.
            unsafe { sys::opus_dred_decoder_destroy(decoder.as_ptr()) };
            return None;
        };
        Some(Self { decoder, state })
    }

    /// Samples before the packet that its redundancy reaches back to (about `most` if it has
    /// more), and those before it at which it ends; 0 when it has none.
    pub(super) fn parse(
        &mut self,
        packet: &[u8],
        most: usize,
        rate: u32,
    ) -> Result<(usize, usize), Refused> {
        if packet.is_empty() {
            return Err(Refused(sys::OPUS_BAD_ARG));
        }
        let mut end = 0;
        let rate = sys::opus_int32::try_from(rate).unwrap_or(sys::opus_int32::MAX);
        // SAFETY: both objects are alive, the length is that of the slice, and `end` outlives
        // the call.
        let reach = check(unsafe {
            sys::opus_dred_parse(
                self.decoder.as_ptr(),
                self.state.as_ptr(),
                packet.as_ptr(),
                length(packet.len()),
                length(most),
                rate,
                &raw mut end,
                0,
            )
        })?;
        Ok((reach, usize::try_from(end).unwrap_or(0)))
    }
}

impl Drop for RawDeep {
    fn drop(&mut self) {
        // SAFETY: both made in `new`, dropped once.
        unsafe {
            sys::opus_dred_free(self.state.as_ptr());
            sys::opus_dred_decoder_destroy(self.decoder.as_ptr());
        }
    }
}

/// Samples that the packet decodes to at this rate.
pub(super) fn samples(packet: &[u8], rate: u32) -> Result<usize, Refused> {
    if packet.is_empty() {
        return Err(Refused(sys::OPUS_BAD_ARG));
    }
    let rate = sys::opus_int32::try_from(rate).unwrap_or(sys::opus_int32::MAX);
    // SAFETY: the length is that of the slice, which is not empty.
    check(unsafe { sys::opus_packet_get_nb_samples(packet.as_ptr(), length(packet.len()), rate) })
}

/// Takes padding and extensions (deep redundancy among them) out of the packet in place;
/// the bytes that are left.
pub(super) fn unpad(packet: &mut [u8]) -> Result<usize, Refused> {
    if packet.is_empty() {
        return Err(Refused(sys::OPUS_BAD_ARG));
    }
    // SAFETY: the length is that of the slice; the packet only gets shorter.
    check(unsafe { sys::opus_packet_unpad(packet.as_mut_ptr(), length(packet.len())) })
}

fn request(setting: Setting) -> c_int {
    match setting {
        Setting::Bitrate => sys::OPUS_SET_BITRATE_REQUEST,
        Setting::Complexity => sys::OPUS_SET_COMPLEXITY_REQUEST,
        Setting::Fec => sys::OPUS_SET_INBAND_FEC_REQUEST,
        Setting::ExpectedLoss => sys::OPUS_SET_PACKET_LOSS_PERC_REQUEST,
        Setting::Dtx => sys::OPUS_SET_DTX_REQUEST,
        Setting::Signal => sys::OPUS_SET_SIGNAL_REQUEST,
        Setting::Dred => sys::OPUS_SET_DRED_DURATION_REQUEST,
    }
}

/// Errors of libopus are negative.
fn check(result: c_int) -> Result<usize, Refused> {
    usize::try_from(result).map_err(|_| Refused(result))
}

/// No slice of this crate is near this bound; a shorter length is never unsound.
fn length(length: usize) -> c_int {
    c_int::try_from(length).unwrap_or(c_int::MAX)
}
