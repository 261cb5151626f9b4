//! Composition root: reads the bootstrap, builds each room once, starts and stops them. No logic.

mod listeners;
mod serve;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Config, ConfigVerb, Verb};

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
        Verb::Call { operation, input } => return call(&serve::data_folder(&cli, &config), operation, input),
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
            if let Err(error) = serve::run(&cli, options, &config) {
                return refuse(&error);
            }
        }
    }
    ExitCode::SUCCESS
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
