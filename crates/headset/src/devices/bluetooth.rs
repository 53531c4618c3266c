//! Whether a device is a Bluetooth headset that has gone over to its call profile, in
//! which it carries a telephone's sound both ways.
//!
//! The two sound servers say it in different words:
//!
//! | | PulseAudio | PipeWire |
//! |---|---|---|
//! | is Bluetooth | `device.bus` = `bluetooth`, `device.api` = `bluez` | `device.api` = `bluez5` |
//! | profile | `bluetooth.protocol` = `headset_head_unit`, `handsfree_head_unit` | `api.bluez5.profile` = `headset-head-unit`, … |
//! | codec | `bluetooth.codec` = `CVSD`, `mSBC` | `api.bluez5.codec` = `cvsd`, `msbc`, `lc3_swb` |
//!
//! Older ones say only the name, `bluez_source.….handsfree_head_unit`, and the rate.

use pulseaudio::protocol::Props;
use std::ffi::CStr;

/// Hz. From here on it is no telephone's sound any more (LC3-SWB carries 32 kHz).
const WIDE: u32 = 32_000;
/// Hz: what the call profile has without a word about the codec.
const CVSD: u32 = 8_000;
const MSBC: u32 = 16_000;

/// Hz that the device carries, when that is a telephone's.
pub(super) fn narrow(name: &CStr, props: &Props, rate: u32) -> Option<u32> {
    let name = name.to_string_lossy();
    let says = |key: &CStr| said(props, key);
    let api = says(c"device.api").unwrap_or_default();
    let bluetooth = api.starts_with("bluez")
        || says(c"device.bus").is_some_and(|bus| bus == "bluetooth")
        || name.starts_with("bluez_");
    if !bluetooth {
        return None;
    }
    let profile = says(c"bluetooth.protocol").or_else(|| says(c"api.bluez5.profile"));
    let profile = profile.unwrap_or_else(|| name.to_lowercase()).replace('-', "_");
    let codec = says(c"bluetooth.codec").or_else(|| says(c"api.bluez5.codec"));
    let by_codec = codec.as_deref().unwrap_or(&profile);
    let by_codec = carried(by_codec);
    let call = ["head_unit", "hfp", "hsp"].iter().any(|word| profile.contains(word));
    let carried = match by_codec {
        Some(carried) => carried,
        None if call => rate.clamp(CVSD, MSBC),
        // Music profiles run at 44.1 kHz and more.
        None => rate,
    };
    (carried < WIDE).then_some(carried)
}

/// Hz that a codec of the call profile carries; `None`: it is none of them.
fn carried(codec: &str) -> Option<u32> {
    let known = [("cvsd", CVSD), ("msbc", MSBC), ("lc3", WIDE)];
    known.into_iter().find_map(|(word, hertz)| codec.contains(word).then_some(hertz))
}

/// Lower case, without the zero at its end.
pub(super) fn said(props: &Props, key: &CStr) -> Option<String> {
    let bytes = props.get_bytes(key)?;
    let text = CStr::from_bytes_until_nul(bytes).map_or(bytes, CStr::to_bytes);
    Some(String::from_utf8_lossy(text).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(pairs: &[(&CStr, &CStr)]) -> Props {
        let mut props = Props::new();
        for (key, value) in pairs {
            props.set_bytes(key, value.to_bytes_with_nul());
        }
        props
    }

    #[test]
    fn pulseaudio_says_the_profile_and_the_codec() {
        let says = |codec| {
            props(&[
                (c"device.bus", c"bluetooth"),
                (c"bluetooth.protocol", c"handsfree_head_unit"),
                (c"bluetooth.codec", codec),
            ])
        };
        assert_eq!(narrow(c"bluez_source.AA.x", &says(c"CVSD"), 8_000), Some(8_000));
        assert_eq!(narrow(c"bluez_source.AA.x", &says(c"mSBC"), 16_000), Some(16_000));
    }

    #[test]
    fn pipewire_says_the_codec_and_may_run_at_another_rate() {
        let says = |codec| props(&[(c"device.api", c"bluez5"), (c"api.bluez5.codec", codec)]);
        assert_eq!(narrow(c"bluez_input.AA.0", &says(c"msbc"), 48_000), Some(16_000));
        assert_eq!(narrow(c"bluez_input.AA.0", &says(c"lc3_swb"), 32_000), None);
        assert_eq!(narrow(c"bluez_output.AA.1", &says(c"aac"), 48_000), None);
    }

    #[test]
    fn the_name_and_the_rate_are_enough_where_nothing_else_is_said() {
        let none = Props::new();
        assert_eq!(narrow(c"bluez_source.AA.headset_head_unit", &none, 8_000), Some(8_000));
        assert_eq!(narrow(c"bluez_sink.AA.a2dp_sink", &none, 44_100), None);
        let profile = props(&[
            (c"device.api", c"bluez5"),
            (c"api.bluez5.profile", c"headset-head-unit-cvsd"),
        ]);
        assert_eq!(narrow(c"bluez_input.AA.0", &profile, 48_000), Some(8_000));
    }

    #[test]
    fn a_cable_with_a_low_rate_is_no_bluetooth() {
        let cable = props(&[(c"device.bus", c"usb"), (c"device.api", c"alsa")]);
        assert_eq!(narrow(c"alsa_input.usb", &cable, 8_000), None);
    }
}
