//! A private sound server for each test, and ears and mouths for its devices.
//!
//! cpal finds its server by the environment, which a test may not change for the
//! others: so each test runs once more in a process of its own, with its own server.

mod phone;
mod sound;

pub(crate) use phone::{Phone, decode, device};
pub(crate) use sound::{Ear, Mouth, is_tone, sounding};

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use tracing_subscriber::EnvFilter;

const DIRECTORY: &str = "OMNIBAR_TEST_RIG";
/// No test may take longer.
const LONGEST: Duration = Duration::from_secs(30);
const READY_WITHIN: Duration = Duration::from_secs(10);

/// Runs `body` with a running sound server. `name`: the test's own, with its module.
pub(crate) fn with_server(name: &str, body: impl FnOnce(&mut Rig)) {
    with_rig(name, |rig| {
        rig.start();
        body(rig);
    });
}

/// Runs `body` with a place for a sound server that is not running yet.
pub(crate) fn with_rig(name: &str, body: impl FnOnce(&mut Rig)) {
    match std::env::var_os(DIRECTORY) {
        Some(directory) => {
            let filter = EnvFilter::new("omnibar_headset=debug,warn");
            tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).init();
            body(&mut Rig { directory: directory.into(), server: None });
        }
        None => run_alone(name),
    }
}

fn run_alone(name: &str) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path();
    let output = path.join("output");
    let file = std::fs::File::create(&output).expect("an output file");
    let mut child = Command::new(std::env::current_exe().expect("this test's path"))
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env("OMNIBAR_SOUND", if name.starts_with("cpal::") { "cpal" } else { "" })
        .env(DIRECTORY, path)
        .env("PULSE_SERVER", server_at(path))
        .env("XDG_RUNTIME_DIR", path)
        .env("HOME", path)
        .env_remove("PULSE_RUNTIME_PATH")
        .stdin(Stdio::null())
        .stderr(file.try_clone().expect("the output file once more"))
        .stdout(file)
        .spawn()
        .expect("the test's own process");
    let deadline = Instant::now() + LONGEST;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the test's status") {
            break Some(status);
        }
        if Instant::now() > deadline {
            child.kill().expect("the end of the test's process");
            child.wait().expect("the test's status");
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    end_left_server(path);
    let text = std::fs::read_to_string(&output).unwrap_or_default();
    println!("{text}");
    let status = status.unwrap_or_else(|| panic!("{name} did not end within {LONGEST:?}"));
    assert!(status.success(), "{name} failed, see above");
    // A wrong name would run nothing and succeed.
    assert!(text.contains("1 passed"), "{name} was not run");
}

/// The server of a test that was ended from outside.
fn end_left_server(directory: &Path) {
    if let Ok(pid) = std::fs::read_to_string(directory.join("server.pid")) {
        let _ = Command::new("kill").args(["-9", pid.trim()]).stderr(Stdio::null()).status();
    }
}

fn server_at(directory: &Path) -> String {
    format!("unix:{}/native", directory.display())
}

pub(crate) struct Rig {
    directory: PathBuf,
    server: Option<Child>,
}

impl Rig {
    /// Starts the server and waits until all its devices are there.
    pub(crate) fn start(&mut self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/rig/pulse.sh");
        let mut child = Command::new(script)
            .arg(&self.directory)
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/rig/pulse.sh");
        std::fs::write(self.directory.join("server.pid"), child.id().to_string())
            .expect("a file with the server's process id");
        let output = child.stdout.take().expect("the script's output");
        let (tell, ready) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        self.server = Some(child);
        let line = ready.recv_timeout(READY_WITHIN).expect("a sound server (is pulseaudio there?)");
        assert_eq!(line, format!("PULSE_SERVER={}", server_at(&self.directory)));
    }

    /// As a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().expect("the server's end");
            server.wait().expect("the server's status");
            std::fs::remove_file(self.directory.join("server.pid")).expect("the file of its id");
        }
    }

    /// Lets the server and this process, with all that it starts from now on, go before
    /// all other work: a busy machine is as an idle one then. False where this user may not.
    pub(crate) fn hurry(&self) -> bool {
        let server = self.server.as_ref().expect("a server").id();
        [(5, server), (3, std::process::id())].iter().all(|(level, id)| {
            let arguments = ["--all-tasks", "--rr", "--pid", &level.to_string(), &id.to_string()];
            let chrt = Command::new("chrt").args(arguments).output();
            chrt.is_ok_and(|output| output.status.success())
        })
    }

    /// Stops the server in its tracks, or lets it go on.
    pub(crate) fn freeze(&self, on: bool) {
        let id = self.server.as_ref().expect("a server").id().to_string();
        let signal = if on { "-STOP" } else { "-CONT" };
        let status = Command::new("kill").args([signal, &id]).status().expect("kill");
        assert!(status.success());
    }

    pub(crate) fn pactl(&self, arguments: &[&str]) -> String {
        let output = Command::new("pactl").args(arguments).output().expect("pactl");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "pactl {arguments:?}: {error}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Waits until `pactl list LIST` is so.
    pub(crate) fn wait_for(&self, list: &str, what: &str, is_it: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let text = self.pactl(&["list", list]);
            if is_it(&text) {
                return;
            }
            assert!(Instant::now() < deadline, "{what}: {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Takes a device away by the argument that named it when it was loaded.
    pub(crate) fn unplug(&self, named: &str) {
        let modules = self.pactl(&["list", "short", "modules"]);
        let is_it = |line: &&str| line.split_whitespace().any(|word| word == named);
        let line = modules.lines().find(is_it).unwrap_or_else(|| panic!("no module {named}"));
        let number = line.split_whitespace().next().expect("the module's number");
        self.pactl(&["unload-module", number]);
    }

    pub(crate) fn plug_headset(&self) {
        self.plug_sink("agent_headset", "Agent-Headset", 48_000);
    }

    pub(crate) fn plug_sink(&self, name: &str, description: &str, rate: u32) {
        self.plug_sink_with(name, &format!("device.description={description}"), rate);
    }

    pub(crate) fn plug_source(&self, name: &str, description: &str, master: &str, rate: u32) {
        self.plug_source_with(name, &format!("device.description={description}"), master, rate);
    }

    /// `properties`: `key=value`, with spaces between them.
    pub(crate) fn plug_sink_with(&self, name: &str, properties: &str, rate: u32) {
        self.pactl(&[
            "load-module",
            "module-null-sink",
            &format!("sink_name={name}"),
            &format!("rate={rate}"),
            "norewinds=1",
            &format!("sink_properties=\"{properties}\""),
        ]);
    }

    /// `properties`: `key=value`, with spaces between them.
    pub(crate) fn plug_source_with(&self, name: &str, properties: &str, master: &str, rate: u32) {
        self.pactl(&[
            "load-module",
            "module-remap-source",
            &format!("source_name={name}"),
            &format!("master={master}"),
            &format!("rate={rate}"),
            &format!("source_properties=\"{properties}\""),
        ]);
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.kill();
    }
}
