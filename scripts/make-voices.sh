#!/usr/bin/env bash
# Makes the speech of the demo customers and of the IVR: small Ogg Opus files in
# crates/center/assets/voices/VOICE/CLIP.opus, which are committed. Needs flite, sox and
# opus-tools. The texts are invented and name nobody.
set -euo pipefail
cd "$(dirname "$0")/.."
voices=crates/center/assets/voices
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# say VOICE FLITE-VOICE SOX-EFFECTS CLIP TEXT
say() {
  local voice=$1 flite=$2 effects=$3 clip=$4 text=$5
  mkdir -p "$voices/$voice"
  flite -voice "$flite" -t "$text" -o "$scratch/raw.wav"
  # Silence at both ends is cut to a breath, the loudness made even.
  # shellcheck disable=SC2086
  sox "$scratch/raw.wav" -r 48000 "$scratch/clip.wav" $effects \
    silence 1 0.02 0.4% reverse silence 1 0.02 0.4% reverse \
    highpass 90 norm -4 pad 0.05 0.15
  opusenc --quiet --speech --bitrate 24 --comp 10 --framesize 20 --padding 0 \
    --serial 1 --discard-comments "$scratch/clip.wav" "$voices/$voice/$clip.opus"
}

names=(zero one two three four five six seven eight nine)
digits() {
  local voice=$1 flite=$2 effects=$3
  for i in "${!names[@]}"; do
    say "$voice" "$flite" "$effects" "digit-$i" "You pressed ${names[$i]}."
  done
  say "$voice" "$flite" "$effects" digit-star "You pressed star."
  say "$voice" "$flite" "$effects" digit-hash "You pressed hash."
}

# customer VOICE FLITE-VOICE SOX-EFFECTS HELLO OPENING FILLER FILLER FILLER GOODBYE
customer() {
  local voice=$1 flite=$2 effects=$3
  say "$voice" "$flite" "$effects" hello "$4"
  say "$voice" "$flite" "$effects" opening "$5"
  say "$voice" "$flite" "$effects" filler-1 "$6"
  say "$voice" "$flite" "$effects" filler-2 "$7"
  say "$voice" "$flite" "$effects" filler-3 "$8"
  say "$voice" "$flite" "$effects" goodbye "$9"
  say "$voice" "$flite" "$effects" holding "Thank you for holding."
  digits "$voice" "$flite" "$effects"
}

rm -rf "$voices"
customer mara slt "pitch 60" \
  "Hello? Yes, speaking." \
  "Hello, I hope you can help me. My lamp should have come on Monday, and it is still not here. Can you see where it is?" \
  "The order number is four four one nine." \
  "The parcel was sent last week, I believe." \
  "Are you still there?" \
  "All right, then I know what to do. Thank you, goodbye."
customer tobin rms "" \
  "Yes, hello, who is calling?" \
  "Good morning. I was charged twice for the same month. Could you look at my bill, please?" \
  "It is the bill of the third of June." \
  "Twenty nine euros, and then twenty nine again." \
  "Hello? Can you hear me?" \
  "That is very kind. Thank you, goodbye."
customer dunstan awb "" \
  "Hello, that is me." \
  "Hi there. The router you sent me blinks red, and nothing works. What should I do?" \
  "I have switched it off and on again already." \
  "It is the white one, with three lights." \
  "Hello, are you there?" \
  "It is green now. Brilliant. Thanks, bye."
customer ilse slt "pitch -220 tempo 0.96" \
  "Yes, hello, good afternoon." \
  "Good afternoon. I would like to move my appointment from Tuesday to Thursday, if you can." \
  "Any time after ten would suit me." \
  "It is for two people." \
  "Excuse me, is anybody there?" \
  "Wonderful, I have written it down. Goodbye."

ivr() { say ivr slt "tempo 0.95" "$1" "$2"; }
ivr menu "Welcome to Omnibar. For support, press one. For sales, press two. To hear this again, press star."
ivr again "I did not hear anything."
ivr wrong "That is not one of the choices."
ivr chosen-1 "You have chosen support. One moment, please."
ivr chosen-2 "You have chosen sales. One moment, please."
ivr goodbye "We did not get your choice. Please call again. Goodbye."

du -sb "$voices"
