use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use types::Secret;

/// The handful of values that are needed before the database can be read.
///
/// Precedence: command flag, then environment (`POSTAMT_SECTION__KEY`, `DATABASE_URL`), then file, then default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Base folder of user data.
    pub data_dir: Option<PathBuf>,
    /// `[database]`
    pub database: Database,
    /// `[log]`
    pub log: Log,
    /// `[setup]`
    pub setup: Setup,
    /// `[bootstrap]`
    pub bootstrap: Bootstrap,
    /// `[secrets]`
    pub secrets: Secrets,
}

/// `[database]`: which PostgreSQL.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://…`; none = the private one.
    pub url: Option<Secret>,
    /// Connections of this node.
    pub pool_max: Option<u32>,
}

/// `[log]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// Filter, such as `info` or `info,sqlx=warn`.
    pub level: String,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Json, level: "info".to_owned() }
    }
}

/// `[setup]`: claiming a fresh server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Setup {
    /// The set-up token, at least 24 characters, instead of a random one.
    pub token: Option<Secret>,
    /// Let the server be claimed without TLS from other machines.
    pub allow_plain: bool,
}

/// `[bootstrap]`: claims a fresh server without a person; ignored once it is claimed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bootstrap {
    /// Main domain.
    pub main_domain: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// Password of postmaster.
    pub postmaster_password: Option<Secret>,
    /// File that holds the password of postmaster.
    pub postmaster_password_file: Option<PathBuf>,
}

/// `[secrets]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// File of the master key; `secrets/master.key` in the data folder when absent.
    pub key_file: Option<PathBuf>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds a fault; the text names line and key.
    #[error("{path}: {fault}")]
    Fault {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A variable of the environment holds a fault.
    #[error("{name}: {fault}")]
    Environment {
        /// Which variable.
        name: String,
        /// What is wrong.
        fault: String,
    },
}

impl Config {
    /// Reads the file, when there is one, and lays the environment over it.
    ///
    /// # Errors
    /// When the file cannot be read, or either holds an unknown key or a wrong value.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut table = toml::Table::new();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
            let fault = |e: toml::de::Error| ConfigError::Fault { path: path.to_owned(), fault: e.to_string().trim().to_owned() };
            // Once typed, for a fault with its line; once as a table, to lay the environment over.
            toml::from_str::<Self>(&text).map_err(fault)?;
            table = toml::from_str(&text).map_err(fault)?;
        }
        let mut known: Self = table.clone().try_into().unwrap_or_default();
        for (name, value) in environment {
            let (section, key) = match name.strip_prefix("POSTAMT_").map(|rest| rest.split_once("__")) {
                Some(Some((section, key))) => (section.to_lowercase(), key.to_lowercase()),
                _ if name == "DATABASE_URL" => ("database".to_owned(), "url".to_owned()),
                _ => continue,
            };
            if value.is_empty() {
                continue;
            }
            known = lay_over(&mut table, &section, &key, &value).map_err(|fault| ConfigError::Environment { name, fault })?;
        }
        Ok(known)
    }

    /// The effective values with their secrets masked.
    pub fn print(&self) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: Option<String>| {
            let _ = writeln!(text, "{key} = {}", value.unwrap_or_else(|| "(default)".to_owned()));
        };
        let masked = |secret: &Option<Secret>| secret.as_ref().map(|_| "***".to_owned());
        let path = |path: &Option<PathBuf>| path.as_ref().map(|p| p.display().to_string());
        line("data_dir", path(&self.data_dir));
        line("database.url", masked(&self.database.url));
        line("database.pool_max", self.database.pool_max.map(|n| n.to_string()));
        line("log.format", Some(format!("{:?}", self.log.format).to_lowercase()));
        line("log.level", Some(self.log.level.clone()));
        line("setup.token", masked(&self.setup.token));
        line("setup.allow_plain", Some(self.setup.allow_plain.to_string()));
        line("bootstrap.main_domain", self.bootstrap.main_domain.clone());
        line("bootstrap.language", self.bootstrap.language.clone());
        line("bootstrap.time_zone", self.bootstrap.time_zone.clone());
        line("bootstrap.postmaster_password", masked(&self.bootstrap.postmaster_password));
        line("bootstrap.postmaster_password_file", path(&self.bootstrap.postmaster_password_file));
        line("secrets.key_file", path(&self.secrets.key_file));
        text
    }
}

/// Sets one key; a value that does not fit as text is tried as number or truth value.
fn lay_over(table: &mut toml::Table, section: &str, key: &str, value: &str) -> Result<Config, String> {
    let mut forms = vec![toml::Value::String(value.to_owned())];
    forms.extend(value.parse().ok().map(toml::Value::Integer));
    forms.extend(value.parse().ok().map(toml::Value::Boolean));
    let mut fault = String::new();
    for form in forms {
        let mut next = table.clone();
        let entry = next.entry(section.to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        let Some(inner) = entry.as_table_mut() else { return Err(format!("{section} is no section")) };
        inner.insert(key.to_owned(), form);
        match next.clone().try_into() {
            Ok(config) => {
                *table = next;
                return Ok(config);
            }
            Err(error) if fault.is_empty() => fault = toml::de::Error::to_string(&error).trim().to_owned(),
            Err(_) => {}
        }
    }
    Err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: Option<&str>, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let path = std::env::temp_dir().join(format!("postamt-config-{}-{:?}.toml", std::process::id(), std::thread::current().id()));
        if let Some(text) = file {
            std::fs::write(&path, text).unwrap();
        }
        let result = Config::load(file.map(|_| path.as_path()), environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let _ = std::fs::remove_file(&path);
        result
    }

    #[test]
    fn the_environment_lies_over_the_file() {
        let config = load(
            Some("[database]\npool_max = 4\n[log]\nlevel = \"debug\"\n"),
            &[("POSTAMT_DATABASE__POOL_MAX", "9"), ("DATABASE_URL", "postgres://x"), ("POSTAMT_BOOTSTRAP__POSTMASTER_PASSWORD", "12345"), ("POSTAMT_PORT_OFFSET", "7")],
        )
        .unwrap();
        assert_eq!((config.database.pool_max, config.log.level.as_str()), (Some(9), "debug"));
        assert_eq!(config.database.url.unwrap().reveal(), "postgres://x");
        assert_eq!(config.bootstrap.postmaster_password.unwrap().reveal(), "12345");
    }

    #[test]
    fn unknown_keys_are_refused_with_their_line() {
        let error = load(Some("[database]\npool_max = 4\nurll = \"x\"\n"), &[]).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("urll"), "{error}");
        let error = load(None, &[("POSTAMT_LOG__COLOUR", "red")]).unwrap_err().to_string();
        assert!(error.contains("POSTAMT_LOG__COLOUR"), "{error}");
    }

    #[test]
    fn printing_masks_secrets() {
        let config = load(None, &[("DATABASE_URL", "postgres://u:hunter2@h/d"), ("POSTAMT_SETUP__TOKEN", "hunter2hunter2")]).unwrap();
        assert!(!config.print().contains("hunter2"));
    }
}
