#!/bin/sh
# A private sound server with virtual devices, for tests and for machines
# without a sound card.
#
#   tests/rig/pulse.sh DIR
#
# Runs in the foreground until it gets a signal (this process becomes the
# daemon, so its process id is the daemon's). Everything that it writes is in
# DIR; no other sound server, user setting or real device is touched. When it
# is ready it prints one line, for the environment of what shall use it:
#
#   PULSE_SERVER=unix:DIR/native
#
# Devices, all 48 kHz:
#
#   agent_speaker  sink, the default   listen with  parec -d agent_speaker.monitor
#   agent_headset  sink                a second pair of ears
#   agent_ringer   sink
#   agent_mic      source, the default speak with   paplay/pacat -d mic_cable
#   second_mic     source              speak with   paplay/pacat -d second_cable
#
# A device is unplugged with `pactl unload-module N` (the number is the first
# column of `pactl list short modules`) and plugged in again with
# `pactl load-module` and the line for it below.
set -eu

dir=${1:?usage: pulse.sh DIR}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
chmod 700 "$dir"

for program in pulseaudio pactl; do
    command -v "$program" >/dev/null || {
        echo "$program is missing: install the packages pulseaudio and pulseaudio-utils" >&2
        exit 1
    }
done

cat >"$dir/daemon.conf" <<CONF
default-sample-format = float32le
default-sample-rate = 48000
alternate-sample-rate = 48000
avoid-resampling = no
exit-idle-time = -1
flat-volumes = no
enable-shm = no
realtime-scheduling = no
high-priority = no
CONF

cat >"$dir/default.pa" <<CONF
load-module module-native-protocol-unix auth-anonymous=1 socket=$dir/native
load-module module-null-sink sink_name=agent_speaker rate=48000 norewinds=1 sink_properties=device.description=Agent-Speaker
load-module module-null-sink sink_name=agent_headset rate=48000 norewinds=1 sink_properties=device.description=Agent-Headset
load-module module-null-sink sink_name=agent_ringer rate=48000 norewinds=1 sink_properties=device.description=Agent-Ringer
load-module module-null-sink sink_name=mic_cable rate=48000 norewinds=1 sink_properties=device.description=Microphone-Cable
load-module module-null-sink sink_name=second_cable rate=48000 norewinds=1 sink_properties=device.description=Second-Cable
load-module module-remap-source source_name=agent_mic master=mic_cable.monitor source_properties=device.description=Agent-Microphone
load-module module-remap-source source_name=second_mic master=second_cable.monitor source_properties=device.description=Second-Microphone
set-default-sink agent_speaker
set-default-source agent_mic
CONF

export HOME="$dir" XDG_RUNTIME_DIR="$dir" XDG_CONFIG_HOME="$dir" \
    PULSE_RUNTIME_PATH="$dir" PULSE_STATE_PATH="$dir" PULSE_COOKIE="$dir/cookie" \
    PULSE_CONFIG="$dir/daemon.conf"
unset PULSE_SERVER PULSE_SINK PULSE_SOURCE DISPLAY DBUS_SESSION_BUS_ADDRESS

rm -f "$dir/native"

# Says so once the last line of default.pa has been carried out.
(
    tries=0
    until pactl -s "unix:$dir/native" get-default-source 2>/dev/null | grep -qx agent_mic; do
        tries=$((tries + 1))
        if [ "$tries" -ge 200 ]; then
            echo "the sound server did not start; see $dir/pulse.log" >&2
            exit 1
        fi
        sleep 0.05
    done
    echo "PULSE_SERVER=unix:$dir/native"
) &

exec pulseaudio --daemonize=no --use-pid-file=no --fail=yes -n -F "$dir/default.pa" \
    --disable-shm=yes --log-target="newfile:$dir/pulse.log" --log-level=info </dev/null
