//! The contact centre as a program of its own.

use clap::{Args, Parser, Subcommand, ValueEnum};
use omnibar_center::{Centre, Config, DEFAULT_PORT, SwitchChoice, Tls, run_switch, store::Store};
use omnibar_model::Secret;
use std::io::{BufRead, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

#[derive(Debug, Parser)]
#[command(name = "omnibar-center", version, about = "Omnibar's contact centre")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Args)]
struct Serve {
    /// Address for agents and customers.
    #[arg(long, default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)))]
    listen: SocketAddr,
    /// Directory of the database.
    #[arg(long, global = true, env = "OMNIBAR_CENTER_DATA")]
    data: Option<PathBuf>,
    /// Invented agents (agent1 to agent4, password "demo") and customers who call.
    #[arg(long)]
    demo: bool,
    /// With --demo: nobody calls by himself.
    #[arg(long, requires = "demo")]
    no_customers: bool,
    /// Certificate with its chain, PEM.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key, PEM.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Serve others without TLS.
    #[arg(long)]
    insecure: bool,
    /// Where the voice is switched: here, or in a process that outlives this one.
    #[arg(long, value_enum, default_value_t = SwitchPlace::Inside)]
    switch: SwitchPlace,
    /// Socket of a voice switch of its own; one is started if none answers.
    #[arg(long)]
    switch_socket: Option<PathBuf>,
    /// STUN server given to agents, as stun:host:port. May be repeated.
    #[arg(long)]
    stun: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SwitchPlace {
    Inside,
    Process,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run only the voice switch.
    Switch {
        #[arg(long)]
        socket: PathBuf,
        /// Local address for voice.
        #[arg(long, default_value_t = Ipv4Addr::LOCALHOST.into())]
        bind: IpAddr,
    },
    /// Accounts of agents.
    Account {
        #[command(subcommand)]
        command: Account,
    },
}

#[derive(Debug, Subcommand)]
enum Account {
    /// Add an account; the password is read from standard input.
    Add {
        user: String,
        /// The agent's name as others see it.
        #[arg(long)]
        name: String,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = log_filter(&std::env::var("OMNIBAR_LOG").unwrap_or_default());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("The system gives no threads: {error}.")),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

/// `error` to `trace`, for our own parts. What others write below INFO can hold whole
/// messages, and with them passwords and numbers; it is not to be had.
fn log_filter(level: &str) -> EnvFilter {
    let level = level.parse().unwrap_or(LevelFilter::INFO);
    let others = level.min(LevelFilter::INFO);
    EnvFilter::new(format!("{others},omnibar_center={level},omnibar_peer={level}"))
}

fn fail(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "omnibar-center: {message}");
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<(), String> {
    let data = cli.serve.data.clone().unwrap_or_else(default_data);
    match cli.command {
        Some(Command::Switch { socket, bind }) => run_switch(&socket, bind)
            .await
            .map_err(|e| format!("The voice switch at {} stopped: {e}.", socket.display())),
        Some(Command::Account { command: Account::Add { user, name } }) => {
            add_account(data, &user, &name).await
        }
        None => serve(cli.serve, data).await,
    }
}

async fn serve(args: Serve, data: PathBuf) -> Result<(), String> {
    let switch = match (args.switch, args.switch_socket) {
        (_, Some(socket)) => SwitchChoice::Process(socket),
        (SwitchPlace::Process, None) => SwitchChoice::Process(data.join("switch.sock")),
        (SwitchPlace::Inside, None) => SwitchChoice::InProcess,
    };
    let mut config = Config::local(data);
    config.listen = args.listen;
    config.demo = args.demo;
    config.demo_customers = !args.no_customers;
    config.insecure = args.insecure;
    config.switch = switch;
    config.tls = args.tls_cert.zip(args.tls_key).map(|(certificate, key)| Tls { certificate, key });
    if !args.stun.is_empty() {
        config.ice_servers = vec![omnibar_center::IceServer {
            urls: args.stun,
            username: String::new(),
            credential: Secret::default(),
        }];
    }
    let centre = Centre::start(config).await.map_err(|e| e.to_string())?;
    let mut out = std::io::stdout();
    // Scripts that start a centre on port 0 wait for this line.
    let _ = writeln!(out, "{}", centre.url()).and_then(|()| out.flush());
    stop_signal().await;
    centre.stop().await;
    Ok(())
}

async fn add_account(data: PathBuf, user: &str, name: &str) -> Result<(), String> {
    let password = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    })
    .await
    .map_err(|e| e.to_string())?
    .map_err(|e| format!("The password cannot be read from standard input: {e}."))?;
    let password = Secret::new(password.trim_end_matches(['\r', '\n']));
    let store = Store::open(&data).await.map_err(|e| e.to_string())?;
    omnibar_center::seed::standard(&store).await.map_err(|e| e.to_string())?;
    let added = store.add_account(user, name, password).await.map_err(|e| e.to_string());
    store.close().await;
    added
}

fn default_data() -> PathBuf {
    let home = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".local/share")))
        .or_else(|| std::env::var_os("LOCALAPPDATA").map(PathBuf::from));
    home.unwrap_or_else(|| PathBuf::from(".")).join("omnibar-center")
}

/// Ctrl+C, or SIGTERM.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut term) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = term.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
