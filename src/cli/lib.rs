//! The command line, the bootstrap configuration and the user the process becomes.
//!
//! Types to know: [`Cli`], [`Config`].
//! Deliberately absent: everything that can be changed while the server runs; that lives in the database.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod console;
mod privilege;
mod queue;
mod route;
mod table;
mod telephony;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
pub use console::{Answered, AskError, Asked, ask};
pub use config::{Config, ConfigError, LogFormat};
pub use privilege::{PrivilegeError, become_user, home_for};
pub use queue::{QueueVerb, What};
pub use route::{FlowName, RouteVerb};
pub use telephony::{CallVerb, RegVerb};

/// An open unified-communications server.
#[derive(Debug, Parser)]
#[command(name = "postamt", version, disable_help_subcommand = true)]
pub struct Cli {
    /// Configuration file.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data folder.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Runs the server in the foreground.
    Serve(Serve),
    /// Calls any operation of the running server by its name, on this machine, with all rights; or `list`, `trace ID` and
    /// `hangup ID` for telephone calls.
    Call {
        /// Name of the operation, such as getAccount; or list, trace, hangup.
        operation: String,
        /// Its input as JSON; `if_version` names the version that was read. Of trace and hangup, the id of the call.
        #[arg(default_value = "{}")]
        input: String,
    },
    /// Looks at the telephones that are registered.
    Reg {
        /// Prints JSON.
        #[arg(long, global = true)]
        json: bool,
        /// What to do with them.
        #[command(subcommand)]
        verb: RegVerb,
    },
    /// Looks at mail in transit of the running server, and acts on it.
    Queue {
        /// Prints JSON.
        #[arg(long, global = true)]
        json: bool,
        /// What to do with it.
        #[command(subcommand)]
        verb: QueueVerb,
    },
    /// Asks the Router of the running server.
    Route {
        /// Prints JSON.
        #[arg(long, global = true)]
        json: bool,
        /// What to ask.
        #[command(subcommand)]
        verb: RouteVerb,
    },
    /// Looks at the bootstrap configuration.
    Config {
        /// What to do with it.
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    /// Prints the OpenAPI document.
    Openapi,
    /// Prints the GraphQL schema.
    Schema,
    /// Shows the version.
    Version,
}

/// How the server runs.
#[derive(Debug, Clone, clap::Args)]
pub struct Serve {
    /// A trial: loopback only, ports below 1024 moved up by 2000.
    #[arg(long)]
    pub dev: bool,
    /// Added to every port.
    #[arg(long, env = "POSTAMT_PORT_OFFSET", default_value_t = 0, value_name = "N")]
    pub port_offset: u16,
    /// Address that a trial listens on.
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<std::net::IpAddr>,
    /// Lets the mail of a trial leave this machine.
    #[arg(long)]
    pub allow_outbound: bool,
    /// The user to become when started as root.
    #[arg(long, default_value = "postamt", value_name = "NAME")]
    pub user: String,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Reads it and names faults by line.
    Check,
    /// Shows the effective values, secrets masked.
    Print,
}
