//! Starts the rooms in order, waits for the signal to stop, stops them in reverse.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cli::{Cli, Config, Serve};
use media::{Relay, Surroundings};
use model::certificate::CertificateKind;
use net::Certificates;
use realtime::Telephony;
use service::{CertificateFacts, Claim, MasterKey, Service};
use store::{Embedded, EmbeddedConfig, Store};
use types::{Secret, Timestamp};

use crate::listeners::{Listeners, port_for};
use tokio::signal::unix::{Signal, SignalKind, signal};

const HTTP_ADMIN: u16 = 8010;
/// Time for sessions, and for mail on its way to other servers, to come to their end when the server stops.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs the server until it is told to stop.
pub(crate) fn run(cli: &Cli, options: &Serve, config: &Config) -> Result<(), String> {
    let data = data_folder(cli, config);
    let home = cli::home_for(&data, &options.user).map_err(|e| e.to_string())?;
    cli::become_user(&options.user).map_err(|e| e.to_string())?;
    telemetry::init(&config.log.level, config.log.format == cli::LogFormat::Json && !options.dev);
    // One provider for every user of TLS; an error only says that one is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(serve(&home, options, config))
}

/// The folder of user data: flag, configuration, or the system's.
pub(crate) fn data_folder(cli: &Cli, config: &Config) -> PathBuf {
    cli.data.clone().or_else(|| config.data_dir.clone()).unwrap_or_else(|| PathBuf::from("/var/lib/postamt"))
}

/// The socket of the local console: in `run/`, or in the short folder that stands for it.
pub(crate) fn console_socket(home: &Path) -> PathBuf {
    let run = home.join("run");
    std::fs::read_link(run.join("socket-folder")).unwrap_or(run).join("console")
}

/// Serves the local console; whoever can open its folder may do everything.
async fn console(home: PathBuf, service: Service) {
    let socket = console_socket(&home);
    let _ = std::fs::create_dir_all(home.join("run"));
    let _ = std::fs::remove_file(&socket);
    match tokio::net::UnixListener::bind(&socket) {
        Ok(listener) => {
            use std::os::unix::fs::PermissionsExt;
            let _ = std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600));
            net::http::serve_local(listener, rest::console(service)).await;
        }
        Err(error) => tracing::error!(%error, socket = %socket.display(), "the local console cannot be opened"),
    }
}

/// What tells the server to stop, heard from the moment this is made.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> Result<Self, String> {
        let hear = |kind| signal(kind).map_err(|e| e.to_string());
        Ok(Self { terminate: hear(SignalKind::terminate())?, interrupt: hear(SignalKind::interrupt())? })
    }

    async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn serve(home: &Path, options: &Serve, config: &Config) -> Result<(), String> {
    // Before there is a PostgreSQL, which must not stay behind when the server is told to stop while it starts.
    let mut stop = StopSignals::new()?;
    let (embedded, store) = tokio::select! {
        ready = database(home, options, config) => ready?,
        () = stop.recv() => return Ok(()),
    };
    let served = serve_store(store, home, options, config, stop).await;
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    served
}

async fn database(home: &Path, options: &Serve, config: &Config) -> Result<(Option<Embedded>, Store), String> {
    let cores = std::thread::available_parallelism().map_or(2, |n| u32::try_from(n.get()).unwrap_or(2));
    let connections = config.database.pool_max.unwrap_or((8 + 4 * cores).min(64));
    let (embedded, connect) = match &config.database.url {
        Some(url) => (None, url.reveal().parse().map_err(|_| "database.url is no PostgreSQL URL".to_owned())?),
        None => {
            let shared_buffers_mib = options.dev.then_some(128);
            let wanted = EmbeddedConfig { data: home.to_owned(), shared_buffers_mib, connections };
            let embedded = Embedded::start(&wanted).await.map_err(|e| e.to_string())?;
            let connect = embedded.options();
            (Some(embedded), connect)
        }
    };
    let ready = async {
        let store = Store::connect(connect, connections, Duration::from_secs(60)).await?;
        store.migrate().await.map(|()| store)
    };
    match ready.await {
        Ok(store) => Ok((embedded, store)),
        Err(error) => {
            if let Some(embedded) = embedded {
                embedded.stop().await;
            }
            Err(error.to_string())
        }
    }
}

async fn serve_store(store: Store, home: &Path, options: &Serve, config: &Config, mut stop: StopSignals) -> Result<(), String> {
    let key_file = config.secrets.key_file.clone().unwrap_or_else(|| home.join("secrets/master.key"));
    let master = MasterKey::load(&key_file).map_err(|e| format!("{}: {e}", key_file.display()))?;
    let service = Service::new(store, master, home.join("setup-token"), net::interface_networks(), check_certificate).await.map_err(|e| e.to_string())?;
    bootstrap(&service, config).await?;
    service.set_outside(Arc::new(crate::outside::Network::default()));
    let token = service.offer_setup(config.setup.token.as_ref()).await.map_err(|e| e.to_string())?;
    certificate(&service).await?;
    let schema = graphql::schema(service.clone()).map_err(|e| e.to_string())?;
    let port = port_for(HTTP_ADMIN, options);
    let telephony = telephony(&service)?;
    let mut listeners = Listeners::new(service.clone(), Certificates::default(), options.clone(), schema, telephony.clone());
    listeners.apply().await;
    let served = listeners.served();
    let listeners = tokio::spawn(listeners.run());
    let outbox = tokio::spawn(service.clone().run_outbox());
    let mut runner = tokio::spawn(mta::Runner::new(service.clone(), options.dev && !options.allow_outbound).run());
    let submissions = tokio::spawn(service.clone().run_submissions());
    let trends = tokio::spawn(service.clone().run_trends());
    let confirmations = tokio::spawn(service.clone().run_confirmations());
    let housekeeping = tokio::spawn(service.clone().run_housekeeping());
    let console = tokio::spawn(console(home.to_owned(), service.clone()));
    let address = options.host.or_else(|| options.dev.then(|| IpAddr::from([127, 0, 0, 1]))).filter(|a| !a.is_unspecified());
    for url in urls(address, port) {
        println!("Administration  {url}");
    }
    if let Some(token) = token {
        println!("Claim the server at  http://localhost:{port}/setup#token={}", token.reveal());
    }
    stop.recv().await;
    listeners.abort();
    service.drain();
    served.close();
    tokio::select! {
        // A message that another server has taken should be known as sent.
        _ = async { tokio::join!(served.wait(), &mut runner) } => {}
        () = tokio::time::sleep(LAST_WORDS) => {}
        // Told twice, it stops at once.
        () = stop.recv() => {}
    }
    telephony.stop().await;
    outbox.abort();
    runner.abort();
    submissions.abort();
    trends.abort();
    confirmations.abort();
    housekeeping.abort();
    if let Err(error) = service.write_routing_hits().await {
        tracing::warn!(%error, "how often lines of the routing table were applied in the last minute is not written down");
    }
    console.abort();
    Ok(())
}

/// What the media relay is told of settings and networks.
fn surroundings(service: &Service) -> Surroundings {
    let settings = service.module_settings().media.clone();
    let service = service.clone();
    let is_nated = move |ip| if service.has_list("nated_ips") { service.is_listed("nated_ips", ip) } else { media::usually_nated(ip) };
    Surroundings { settings, is_nated: Box::new(is_nated) }
}

/// Has a resolver ask the name servers of the settings.
fn ask_names(resolver: &net::Resolver, service: &Service) {
    let settings = service.module_settings();
    let servers = settings.dns.servers.iter().filter_map(|server| net::Dns::server(server)).collect();
    let dns = net::Dns { servers, timeout: Duration::from_secs(settings.dns.timeout.unsigned_abs()) };
    if let Err(error) = resolver.configure(&dns) {
        tracing::error!(%error, "telephony cannot ask the DNS");
    }
}

/// Starts telephony and the relay of its media, which tell each other what happens.
fn telephony(service: &Service) -> Result<Telephony, String> {
    let told: Arc<OnceLock<Telephony>> = Arc::default();
    let tell = told.clone();
    let relay = Relay::start(surroundings(service), move |event| {
        if let Some(telephony) = tell.get() {
            telephony.media_event(event);
        }
    });
    let relay = Arc::new(relay.map_err(|e| format!("media: {e}"))?);
    let resolver = net::Resolver::default();
    ask_names(&resolver, service);
    let telephony = Telephony::start(service.clone(), resolver.clone(), relay.clone()).map_err(|e| format!("telephony: {e}"))?;
    let (service, mut changes) = (service.clone(), service.module_changes());
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            relay.replace(surroundings(&service));
            ask_names(&resolver, &service);
        }
    });
    // It is set once, here.
    let _ = told.set(telephony.clone());
    Ok(telephony)
}

/// Makes a self-signed certificate at first start, so that TLS is there from the beginning.
async fn certificate(service: &Service) -> Result<(), String> {
    if service.shown_certificate().await.map_err(|e| e.to_string())?.is_some() {
        return Ok(());
    }
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(net::host_name());
    names.extend(net::interface_addresses().iter().map(ToString::to_string));
    let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let made = net::self_signed(names, i64::try_from(moment).unwrap_or_default()).map_err(|e| e.to_string())?;
    let key = Secret::new(made.key);
    service.install_certificate(&made.chain, &key, CertificateKind::SelfSigned, "server", "").await.map_err(|e| e.to_string())
}

fn check_certificate(chain: &str, key: &str) -> Result<CertificateFacts, String> {
    let facts = Certificates::check(chain, key).map_err(|e| e.to_string())?;
    Ok(CertificateFacts { names: facts.names, not_after: Timestamp::from_seconds(facts.not_after) })
}

/// Claims a fresh server from the configuration, when that names a main domain and a password.
async fn bootstrap(service: &Service, config: &Config) -> Result<(), String> {
    let given = &config.bootstrap;
    let Some(main_domain) = given.main_domain.clone() else { return Ok(()) };
    let password = match (&given.postmaster_password, &given.postmaster_password_file) {
        (Some(password), _) => password.clone(),
        (None, Some(file)) => Secret::new(std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?.trim_end()),
        (None, None) => return Ok(()),
    };
    let claim = Claim { main_domain, language: given.language.clone(), time_zone: given.time_zone.clone(), password, client_ips: Vec::new() };
    match service.claim(&claim, "bootstrap", "").await {
        Ok((domain, _)) => tracing::info!(domain, "claimed from the configuration"),
        Err(error) if error.code == "setup_already_done" => tracing::info!("bootstrap is ignored: the server was claimed already"),
        Err(error) => return Err(format!("bootstrap: {}", error.detail)),
    }
    Ok(())
}

/// What to type into a browser: this machine's own addresses when the server listens beyond loopback.
fn urls(address: Option<IpAddr>, port: u16) -> Vec<String> {
    let url = |ip: &dyn std::fmt::Display| format!("http://{ip}:{port}/");
    match address {
        Some(IpAddr::V6(ip)) => vec![format!("http://[{ip}]:{port}/")],
        Some(ip) if ip.is_loopback() => vec![url(&"localhost")],
        Some(ip) => vec![url(&ip)],
        None => std::iter::once(url(&"localhost")).chain(net::interface_addresses().iter().filter(|ip| ip.is_ipv4()).map(|ip| url(ip))).collect(),
    }
}
