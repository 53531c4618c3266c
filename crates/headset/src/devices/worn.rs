//! Whether a device's sound reaches only the ear that wears it: a headset gives no echo.

#[cfg(target_os = "linux")]
use pulseaudio::protocol::SinkInfo;

/// By what the sound server says of it, from the surest word to the least.
#[cfg(target_os = "linux")]
pub(super) fn sink(sink: &SinkInfo) -> Option<bool> {
    let says = |key| super::bluetooth::said(&sink.props, key);
    let port = sink.ports.get(sink.active_port).map(|port| port.name.to_string_lossy());
    let name = sink.description.as_ref().unwrap_or(&sink.name).to_string_lossy();
    // One sound card has a loudspeaker and a socket for headphones.
    port.and_then(|port| by_port(&port.to_lowercase()))
        .or_else(|| says(c"device.form_factor").and_then(|form| by_form(&form)))
        .or_else(|| by_name(&name))
}

/// A port as PulseAudio and PipeWire name it: `analog-output-headphones`, `[Out] Speaker`.
#[cfg(target_os = "linux")]
fn by_port(port: &str) -> Option<bool> {
    if port.contains("headphone") || port.contains("headset") {
        return Some(true);
    }
    (port.contains("speaker") || port.contains("hdmi")).then_some(false)
}

/// The words of PulseAudio's `device.form_factor`.
#[cfg(target_os = "linux")]
fn by_form(form: &str) -> Option<bool> {
    match form {
        "headset" | "headphone" | "handset" => Some(true),
        "speaker" | "hands-free" | "tv" | "car" | "hifi" | "portable" => Some(false),
        // A computer's own card, a microphone or a camera may have either.
        _ => None,
    }
}

/// As people and makers call them.
pub(super) fn by_name(name: &str) -> Option<bool> {
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["speaker", "hdmi", "displayport", "soundbar", "conference"]) {
        Some(false)
    } else if has(&["headset", "headphone", "earphone", "earbud", "earpod", "airpod"]) {
        Some(true)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headset_is_known_by_any_of_its_words() {
        assert_eq!(by_name("Jabra Evolve2 Headset"), Some(true));
        assert_eq!(by_name("USB Headphones"), Some(true));
        assert_eq!(by_name("Desk Speakerphone"), Some(false));
        assert_eq!(by_name("Built-in Audio Analog Stereo"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_sound_servers_words_are_known() {
        assert_eq!(by_form("headset"), Some(true));
        assert_eq!(by_form("hands-free"), Some(false));
        assert_eq!(by_form("internal"), None);
        assert_eq!(by_port("analog-output-headphones"), Some(true));
        assert_eq!(by_port("[out] speaker"), Some(false));
        assert_eq!(by_port("analog-output"), None);
    }
}
