//! A shift, written down and played again.

use crate::anything::shifts;
use omnibar_desk::*;
use omnibar_model::*;
use proptest::prelude::*;

fn write(config: Config, shift: Vec<(Moment, Input)>) -> String {
    let mut desk = Desk::new(config);
    let mut text = transcript_start(config) + "\n";
    for (now, input) in shift {
        text += &record(&mut desk, now, input).1;
        text.push('\n');
    }
    text
}

fn hello() -> String {
    let ask = Ask::SignIn { centre: "ws://127.0.0.1:1".into(), user: "a".into(), take_over: true };
    write(Config::default(), vec![(Moment(5), Input::Ask { ask }), (Moment(9), Input::Tick)])
}

#[test]
fn a_transcript_is_one_line_for_each_input() {
    let text = hello();
    assert_eq!(text.lines().count(), 3);
    let desk = replay(&text).unwrap();
    assert!(matches!(desk.snapshot().session, SessionView::SigningIn { .. }));
}

#[test]
fn a_transcript_that_the_desk_would_not_write_names_its_line() {
    let changed = hello().replace("\"take_over\":true}},\"eff", "\"take_over\":false}},\"eff");
    assert_ne!(changed, hello());
    assert!(matches!(replay(&changed), Err(BadTranscript::Differs { line: 2, .. })));
    let other = hello().replace("\"at\":9", "\"at\":9 ");
    assert!(matches!(replay(&other), Err(BadTranscript::Differs { line: 3, .. })));
}

#[test]
fn what_is_not_a_transcript_is_refused_with_a_reason() {
    let long = format!("{}{}\n", hello(), "x".repeat(1024 * 1024 + 1));
    let version = hello().replace("\"transcript\":1", "\"transcript\":2");
    let unknown = hello().replace("\"input\":\"tick\"", "\"input\":\"tock\"");
    let cut = hello().trim_end().trim_end_matches('}').to_owned();
    let deep = format!("{}{}", hello(), "[".repeat(100_000));
    for (text, want) in [
        ("", "the transcript is empty"),
        ("{}", "line 1 is not a line of a transcript: missing field"),
        (&version, "the transcript is of version 2"),
        (&long, "line 4 is longer than 1048576 bytes"),
        (&unknown, "line 3 is not a line of a transcript: unknown variant"),
        (&cut, "line 3 is not a line of a transcript: EOF"),
        (&deep, "line 4 is not a line of a transcript"),
    ] {
        let error = replay(text).unwrap_err().to_string();
        assert!(error.starts_with(want), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_shift_replays_byte_for_byte((config, shift) in shifts()) {
        let text = write(config, shift);
        let desk = replay(&text);
        prop_assert!(desk.is_ok(), "{}", desk.unwrap_err());
    }

    #[test]
    fn no_text_is_too_strange_to_refuse(text in "\\PC*\n\\PC*", cut in 0..4_000_usize) {
        let _ = replay(&text);
        let whole = hello();
        if let Some(part) = whole.get(..cut.min(whole.len())) {
            let _ = replay(part);
        }
    }
}
