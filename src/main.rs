//! Composition root: reads the bootstrap, builds each room once, starts and stops them. No logic.

mod listeners;
mod outside;
mod serve;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::Parser;
use cli::{CallVerb, Cli, Config, ConfigVerb, Verb};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Could not run at all, as opposed to 1, a finding or refusal.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match Config::load(cli.config.as_deref(), std::env::vars()) {
        Ok(config) => config,
        Err(error) => return refuse(&error.to_string()),
    };
    match &cli.verb {
        Verb::Version => println!("postamt {}", env!("CARGO_PKG_VERSION")),
        Verb::Call { operation, input } if let Some(verb) = CallVerb::read(operation, input) => return answer(&serve::data_folder(&cli, &config), |socket| verb.run(socket)),
        Verb::Call { operation, input } => return call(&serve::data_folder(&cli, &config), operation, input),
        Verb::Reg { json, verb } => return answer(&serve::data_folder(&cli, &config), |socket| verb.run(socket, *json)),
        Verb::Queue { json, verb } => return answer(&serve::data_folder(&cli, &config), |socket| verb.run(socket, *json)),
        Verb::Route { json, verb } => return answer(&serve::data_folder(&cli, &config), |socket| verb.run(socket, *json)),
        Verb::Openapi => println!("{:#}", rest::document()),
        Verb::Schema => match graphql::sdl() {
            Ok(sdl) => print!("{sdl}"),
            Err(error) => return refuse(&error.to_string()),
        },
        Verb::Config { verb: ConfigVerb::Check } => println!("the configuration is good"),
        Verb::Config { verb: ConfigVerb::Print } => print!("{}", config.print()),
        Verb::Serve(options) => {
            give_memory_back();
            if let Err(error) = serve::run(&cli, options, &config) {
                return refuse(&error);
            }
        }
    }
    ExitCode::SUCCESS
}

/// Begins again with the allocator told, which listens only before anything of ours runs, that what is freed goes back to the
/// system at once: an idle server would otherwise keep for ever what its last storm took.
fn give_memory_back() {
    const OPTION: &str = "MIMALLOC_PURGE_DELAY";
    if let (None, Ok(program)) = (std::env::var_os(OPTION), std::env::current_exe()) {
        let mut words = std::env::args_os();
        let name = words.next().unwrap_or_default();
        // Comes back only when it could not; then memory is kept, no more.
        let _ = Command::new(program).arg0(name).args(words).env(OPTION, "0").exec();
    }
}

fn refuse(reason: &str) -> ExitCode {
    eprintln!("postamt: {reason}");
    ExitCode::from(COULD_NOT_RUN)
}

/// Asks the running server; 1 when it refuses.
fn call(data: &std::path::Path, operation: &str, input: &str) -> ExitCode {
    match cli::ask(&serve::console_socket(data), operation, input) {
        Ok(answered) if answered.good => {
            println!("{}", answered.body);
            ExitCode::SUCCESS
        }
        Ok(answered) => {
            eprintln!("{}", answered.body);
            ExitCode::FAILURE
        }
        Err(error) => refuse(&format!("the server at {} does not answer: {error}", data.display())),
    }
}

/// Prints what the running server says; 1 when it refuses.
fn answer(data: &std::path::Path, ask: impl FnOnce(&std::path::Path) -> cli::Asked<String>) -> ExitCode {
    match ask(&serve::console_socket(data)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(cli::AskError::Refused(reason)) => {
            eprintln!("postamt: {reason}");
            ExitCode::FAILURE
        }
        Err(cli::AskError::Unreachable(error)) => refuse(&format!("the server at {} does not answer: {error}", data.display())),
    }
}
