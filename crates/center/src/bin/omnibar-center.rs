//! The contact centre as a program of its own.

use clap::{Args, Parser, Subcommand, ValueEnum};
use omnibar_center::{
    AsteriskConfig, Centre, Config, DEFAULT_PORT, IceServer, SwitchChoice, Tls, connect_salesforce,
    run_switch,
    store::{ConnectorSecrets, Role, Store},
};
use omnibar_model::Secret;
use std::io::{BufRead, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Bytes.
const LONGEST_PASSWORD: u64 = 1024;
const LONGEST_SERVERS: u64 = 64 * 1024;

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
    /// Invented agents (agent1 to agent4, password "demo"), a supervisor (supervisor1) and an
    /// administrator (admin) with the same password, and customers who call.
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
    /// Where browsers reach this centre, as https://centre.example, when a proxy in front
    /// of it answers for it.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Serve others without TLS.
    #[arg(long)]
    insecure: bool,
    /// Connections at one time; one address may have a quarter of them, unless it is a
    /// proxy in front (--public-url) or this machine.
    #[arg(long, value_name = "N")]
    connections: Option<usize>,
    /// Where the voice is switched: here, in a process that outlives this one, or by an
    /// Asterisk (docs/asterisk.md).
    #[arg(long, value_enum, default_value_t = SwitchPlace::Inside)]
    switch: SwitchPlace,
    #[command(flatten)]
    asterisk: AsteriskArgs,
    /// Socket of a voice switch of its own; one is started if none answers.
    #[arg(long)]
    switch_socket: Option<PathBuf>,
    /// STUN server for agents and the voice switch, as stun:host:port. May be repeated.
    #[arg(long, value_name = "URL", value_parser = url_of(&["stun:"]))]
    stun: Vec<String>,
    /// TURN server for agents and the voice switch, as turn:host:port, over TCP with
    /// ?transport=tcp, or over TLS as turns:host:port. May be repeated.
    #[arg(long, value_name = "URL", value_parser = url_of(&["turn:", "turns:"]),
          requires_all = ["turn_user", "turn_password_file"])]
    turn: Vec<String>,
    /// User at the TURN servers.
    #[arg(long, value_name = "NAME", requires = "turn")]
    turn_user: Option<String>,
    /// File whose first line is the password at the TURN servers.
    #[arg(long, value_name = "FILE", requires = "turn")]
    turn_password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "With --switch asterisk")]
struct AsteriskArgs {
    /// Address of its REST interface, as https://pbx.example:8089/ari.
    #[arg(long, value_name = "URL", value_parser = web_address)]
    ari: Option<url::Url>,
    /// User of ari.conf. The password is in --ari-password-file or OMNIBAR_ARI_PASSWORD.
    #[arg(long, value_name = "NAME", default_value = "omnibar")]
    ari_user: String,
    /// File whose first line is the password.
    #[arg(long, value_name = "FILE")]
    ari_password_file: Option<PathBuf>,
    /// Certificate authorities, PEM, that are trusted beside the system's.
    #[arg(long, value_name = "FILE")]
    ari_ca: Option<PathBuf>,
    /// Name of the Stasis application; each centre has one of its own.
    #[arg(long, value_name = "NAME", default_value = "omnibar", value_parser = plain_name)]
    ari_app: String,
    /// Where the agents' softphones reach it, as wss://pbx.example:8089/ws; without it, ws
    /// beside --ari.
    #[arg(long, value_name = "URL", value_parser = web_address)]
    phones: Option<url::Url>,
    /// Endpoint of pjsip.conf by which numbers are called.
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    trunk: Option<String>,
    /// Dialplan context in which IVRs are, each under its id.
    #[arg(long, value_name = "NAME", default_value = "omnibar-ivr", value_parser = plain_name)]
    ivr_context: String,
    /// A setting of the softphones' endpoints, as media_address=192.0.2.7. May be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    phone_setting: Vec<(String, String)>,
}

impl AsteriskArgs {
    fn config(self) -> Result<AsteriskConfig, String> {
        let ari = self.ari.ok_or("--switch asterisk needs --ari URL.")?;
        let password = match (&self.ari_password_file, std::env::var("OMNIBAR_ARI_PASSWORD")) {
            (Some(file), _) => first_line(file)?,
            (None, Ok(password)) => Secret::new(password),
            (None, Err(_)) => {
                return Err("Give ARI's password: --ari-password-file FILE, or \
                            OMNIBAR_ARI_PASSWORD."
                    .into());
            }
        };
        let phones = match self.phones {
            Some(phones) => phones,
            None => beside(&ari)?,
        };
        Ok(AsteriskConfig {
            ari,
            user: self.ari_user,
            password,
            extra_ca: self.ari_ca,
            app: self.ari_app,
            phones,
            trunk: self.trunk,
            ivrs: self.ivr_context,
            phone_settings: self.phone_setting,
        })
    }
}

/// Asterisk serves both: `https://host:8089/ari` and `wss://host:8089/ws`.
fn beside(ari: &url::Url) -> Result<url::Url, String> {
    let mut phones = ari.clone();
    let scheme = if ari.scheme() == "https" { "wss" } else { "ws" };
    phones.set_scheme(scheme).map_err(|()| "--ari looks like https://pbx.example:8089/ari.")?;
    phones.set_path("/ws");
    Ok(phones)
}

/// No user or password is in it: addresses are logged.
fn web_address(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text).map_err(|e| e.to_string())?;
    let web = matches!(url.scheme(), "http" | "https" | "ws" | "wss") && url.has_host();
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if web && bare { Ok(url) } else { Err("it looks like https://pbx.example:8089/ari".into()) }
}

fn plain_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let good = !text.is_empty() && text.len() <= 40 && text.chars().all(plain);
    if good { Ok(text.into()) } else { Err("a name has letters, digits, - and _".into()) }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("it looks like media_address=192.0.2.7")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// RFC 7064, RFC 7065; the host is looked up when a connection is made.
fn url_of(schemes: &'static [&'static str]) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |text| match schemes.iter().find_map(|scheme| text.strip_prefix(scheme)) {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(text.into()),
        Some(_) | None => Err(format!("it looks like {}host:3478", schemes[0])),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SwitchPlace {
    Inside,
    Process,
    Asterisk,
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
        /// Read STUN and TURN servers from standard input, as JSON in the form of
        /// `session.select`'s answer.
        #[arg(long)]
        ice_servers_stdin: bool,
    },
    /// Accounts of agents and administrators.
    Account {
        #[command(subcommand)]
        command: Account,
    },
    /// Where customers' records are, besides the centre's own directory.
    Crm {
        #[command(subcommand)]
        command: Crm,
    },
}

#[derive(Debug, Subcommand)]
enum Crm {
    /// Connect a Salesforce organisation. Standard input has two lines: the client
    /// secret (may be empty) and the refresh token.
    AddSalesforce {
        /// https://example.my.salesforce.com
        domain: String,
        #[arg(long)]
        name: String,
        /// Of the connected app.
        #[arg(long)]
        client_id: String,
        /// As JSON: login, api_version, objects with their fields.
        #[arg(long, default_value = "{}")]
        settings: String,
    },
    /// Connectors with their numbers; no secrets.
    List,
    Remove {
        number: u32,
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
        /// An administrator, who signs in at /admin/ and takes no calls.
        #[arg(long)]
        admin: bool,
        /// A supervisor, who may take part in the agents' calls.
        #[arg(long, conflicts_with = "admin")]
        supervisor: bool,
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
        Some(Command::Switch { socket, bind, ice_servers_stdin }) => {
            let servers = if ice_servers_stdin { servers_from_stdin()? } else { Vec::new() };
            run_switch(&socket, bind, &servers)
                .await
                .map_err(|e| format!("The voice switch at {} stopped: {e}.", socket.display()))
        }
        Some(Command::Account { command: Account::Add { user, name, admin, supervisor } }) => {
            let role = match (admin, supervisor) {
                (true, _) => Role::Administrator,
                (false, true) => Role::Supervisor,
                (false, false) => Role::Agent,
            };
            add_account(data, &user, &name, role).await
        }
        Some(Command::Crm { command }) => crm(data, command).await,
        None => serve(cli.serve, data).await,
    }
}

async fn serve(args: Serve, data: PathBuf) -> Result<(), String> {
    let switch = match (args.switch, args.switch_socket) {
        (SwitchPlace::Asterisk, _) => SwitchChoice::Asterisk(Box::new(args.asterisk.config()?)),
        (_, Some(socket)) => SwitchChoice::Process(socket),
        (SwitchPlace::Process, None) => SwitchChoice::Process(data.join("switch.sock")),
        (SwitchPlace::Inside, None) => SwitchChoice::InProcess,
    };
    let mut config = Config::local(data);
    config.listen = args.listen;
    config.demo = args.demo;
    config.demo_customers = !args.no_customers;
    config.insecure = args.insecure;
    config.connections = args.connections.unwrap_or(config.connections);
    config.public_url = args.public_url;
    config.switch = switch;
    config.tls = args.tls_cert.zip(args.tls_key).map(|(certificate, key)| Tls { certificate, key });
    if !args.stun.is_empty() {
        let (username, credential) = (String::new(), Secret::default());
        config.ice_servers.push(IceServer { urls: args.stun, username, credential });
    }
    if let (Some(username), Some(file)) = (args.turn_user, &args.turn_password_file) {
        let credential = first_line(file)?;
        config.ice_servers.push(IceServer { urls: args.turn, username, credential });
    }
    let centre = Centre::start(config).await.map_err(|e| e.to_string())?;
    let mut out = std::io::stdout();
    // Scripts that start a centre on port 0 wait for this line.
    let _ = writeln!(out, "{}", centre.url()).and_then(|()| out.flush());
    stop_signal().await;
    centre.stop().await;
    Ok(())
}

fn first_line(file: &Path) -> Result<Secret, String> {
    let fault = |what: &str| format!("The password file {} {what}.", file.display());
    let opened = std::fs::File::open(file);
    let opened = opened.map_err(|e| fault(&format!("cannot be read: {e}")))?;
    let mut line = String::new();
    std::io::BufReader::new(opened.take(LONGEST_PASSWORD))
        .read_line(&mut line)
        .map_err(|e| fault(&format!("cannot be read: {e}")))?;
    let password = Secret::new(line.trim_end_matches(['\r', '\n']));
    if password.is_empty() { Err(fault("has no first line")) } else { Ok(password) }
}

fn servers_from_stdin() -> Result<Vec<IceServer>, String> {
    let servers: Vec<omnibar_protocol::wire::IceServer> =
        serde_json::from_reader(std::io::stdin().lock().take(LONGEST_SERVERS))
            .map_err(|_| "The ICE servers on standard input are not understood.".to_owned())?;
    Ok(servers.into_iter().map(IceServer::from).collect())
}

async fn add_account(data: PathBuf, user: &str, name: &str, role: Role) -> Result<(), String> {
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
    let added = match role {
        Role::Agent => store.add_account(user, name, password).await,
        Role::Supervisor => store.add_supervisor(user, name, password).await,
        Role::Administrator => store.add_administrator(user, name, password).await,
    };
    let added = added.map_err(|e| e.to_string());
    store.close().await;
    added
}

async fn crm(data: PathBuf, command: Crm) -> Result<(), String> {
    let store = Store::open(&data).await.map_err(|e| e.to_string())?;
    let done = match command {
        Crm::AddSalesforce { domain, name, client_id, settings } => {
            let settings =
                serde_json::from_str(&settings).map_err(|e| format!("--settings is no JSON: {e}."));
            match (settings, tokio::task::spawn_blocking(two_lines).await) {
                (Ok(settings), Ok(Ok([client_secret, refresh_token]))) => {
                    let secrets = ConnectorSecrets { client_id, client_secret, refresh_token };
                    connect_salesforce(&store, &name, &domain, &settings, &secrets)
                        .await
                        .map(|number| format!("{number}\n"))
                }
                (Err(fault), _) => Err(fault),
                (Ok(_), _) => Err("Standard input has no two lines of text.".into()),
            }
        }
        Crm::List => store.connectors().await.map_err(|e| e.to_string()).map(|rows| {
            rows.iter().map(|row| format!("{}\t{}\t{}\n", row.id, row.name, row.domain)).collect()
        }),
        Crm::Remove { number } => match store.remove_connector(number).await {
            Ok(true) => Ok(String::new()),
            Ok(false) => Err(format!("There is no connector {number} that can be removed.")),
            Err(fault) => Err(fault.to_string()),
        },
    };
    store.close().await;
    let _ = std::io::stdout().write_all(done?.as_bytes());
    Ok(())
}

fn two_lines() -> std::io::Result<[Secret; 2]> {
    let mut input = std::io::stdin().lock().take(2 * LONGEST_PASSWORD);
    let mut next = || {
        let mut line = String::new();
        input.read_line(&mut line)?;
        Ok::<_, std::io::Error>(Secret::new(line.trim_end_matches(['\r', '\n'])))
    };
    Ok([next()?, next()?])
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
