//! One behaviour a file: the real driver, backend and centre core in the simulated
//! world, in virtual time.

#![allow(clippy::unwrap_used)]

mod scenarios {
    mod centre_restart_keeps_the_call;
    mod check_before_calls;
    mod cold_transfer;
    mod conference_with_per_leg_hold;
    mod dispose_while_offline_is_delivered_once;
    mod dtmf_is_sent_once;
    mod headset_buttons_ask_as_keys_do;
    mod hold_survives_reconnect;
    mod line_lost_and_recovered;
    mod meter_rests_after_the_call;
    mod mute_is_local_and_survives_hold;
    mod next_state_is_taken_after_disposition;
    mod offer_expires_and_marks_missed;
    mod offer_is_answered;
    mod refusals_are_shown_and_go_away;
    mod settings_reach_the_audio;
    mod sign_in_faults_are_told;
    mod transcript_replays;
    mod two_calls_at_once;
    mod voice_is_judged_mended_and_kept;
    mod warm_transfer;
    mod wrap_up_runs_out;
}
