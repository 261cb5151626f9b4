//! Settings of modules: kept in memory for the shells, changed by operations, in force at once.

use std::sync::{Arc, RwLock};

use model::media::MediaSettings;
use model::server::{DnsSettings, ImapSettings, Module, Modules as ModuleList, PopSettings, QueueSettings, RulesSettings, SipSettings, SmtpOutSettings, SmtpSettings, UpdateModule};
use model::settings::{EffectiveSetting, Settings, SettingsChange, SettingsView, Source, change, explain, fold, patch_by_name};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::operation::{Call, Done, Nothing};
use crate::server::settings_fault;
use crate::{Error, Result, Service};

/// Modules by the names under which they are stored.
const MODULES: [(Module, &str); 8] = [(Module::Smtp, "smtp"), (Module::SmtpOut, "smtp_out"), (Module::Queue, "queue"), (Module::Imap, "imap"), (Module::Pop, "pop"), (Module::Media, "media"), (Module::Sip, "sip"), (Module::Rules, "rules")];

/// Names a module.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModuleRef {
    /// The module: `smtp`, `smtp_out`, `queue`, `imap`, `pop`, `media`, `sip` or `rules`.
    pub(crate) module: String,
}

/// Settings of all modules as they act.
#[derive(Debug, Clone, Default)]
pub struct ModuleSettings {
    /// Receiving by SMTP.
    pub smtp: SmtpSettings,
    /// Sending by SMTP.
    pub smtp_out: SmtpOutSettings,
    /// Queue and local delivery.
    pub queue: QueueSettings,
    /// IMAP.
    pub imap: ImapSettings,
    /// POP3.
    pub pop: PopSettings,
    /// The media relay.
    pub media: MediaSettings,
    /// SIP.
    pub sip: SipSettings,
    /// Rules.
    pub rules: RulesSettings,
    /// DNS.
    pub dns: DnsSettings,
}

/// The settings in memory.
#[derive(Default)]
pub(crate) struct Modules {
    current: RwLock<Arc<ModuleSettings>>,
    changed: watch::Sender<()>,
}

fn find(name: &str) -> Result<(Module, &'static str)> {
    MODULES.into_iter().find(|(_, known)| *known == name).ok_or_else(|| Error::not_found("module"))
}

fn explain_module(module: Module, stored: &Value) -> Vec<EffectiveSetting> {
    let levels = [(Source::Server, stored)];
    match module {
        Module::Smtp => explain::<SmtpSettings>(&levels),
        Module::SmtpOut => explain::<SmtpOutSettings>(&levels),
        Module::Queue => explain::<QueueSettings>(&levels),
        Module::Imap => explain::<ImapSettings>(&levels),
        Module::Pop => explain::<PopSettings>(&levels),
        Module::Media => explain::<MediaSettings>(&levels),
        Module::Sip => explain::<SipSettings>(&levels),
        Module::Rules => explain::<RulesSettings>(&levels),
    }
}

fn change_module(module: Module, stored: &Value, set: &Map<String, Value>, unset: Vec<String>) -> std::result::Result<Value, Vec<(String, String)>> {
    fn as_one<S: Settings>(stored: &Value, set: &Map<String, Value>, unset: Vec<String>) -> std::result::Result<Value, Vec<(String, String)>> {
        change::<S>(stored, &SettingsChange { set: Some(patch_by_name::<S>(set)?), unset })
    }
    match module {
        Module::Smtp => as_one::<SmtpSettings>(stored, set, unset),
        Module::SmtpOut => as_one::<SmtpOutSettings>(stored, set, unset),
        Module::Queue => as_one::<QueueSettings>(stored, set, unset),
        Module::Imap => as_one::<ImapSettings>(stored, set, unset),
        Module::Pop => as_one::<PopSettings>(stored, set, unset),
        Module::Media => as_one::<MediaSettings>(stored, set, unset),
        Module::Sip => as_one::<SipSettings>(stored, set, unset),
        Module::Rules => as_one::<RulesSettings>(stored, set, unset),
    }
}

impl Service {
    /// Settings of all modules as they act now.
    pub fn module_settings(&self) -> Arc<ModuleSettings> {
        self.inner.modules.current.read().map(|settings| settings.clone()).unwrap_or_default()
    }

    /// Tells when settings of a module, or lists of addresses, change.
    pub fn module_changes(&self) -> watch::Receiver<()> {
        self.inner.modules.changed.subscribe()
    }

    pub(crate) fn lists_changed(&self) {
        self.inner.modules.changed.send_replace(());
    }

    /// Reads the settings of modules anew.
    pub(crate) async fn load_modules(&self) -> Result<()> {
        let stored = self.store().modules().await?;
        let of = |name: &str| stored.get(name).unwrap_or(&Value::Null).clone();
        let settings = ModuleSettings {
            smtp: fold(&[&of("smtp")]),
            smtp_out: fold(&[&of("smtp_out")]),
            queue: fold(&[&of("queue")]),
            imap: fold(&[&of("imap")]),
            pop: fold(&[&of("pop")]),
            media: fold(&[&of("media")]),
            sip: fold(&[&of("sip")]),
            rules: fold(&[&of("rules")]),
            dns: fold(&[&of("dns")]),
        };
        if let Ok(mut current) = self.inner.modules.current.write() {
            *current = Arc::new(settings);
        }
        // Nobody may be watching.
        self.inner.modules.changed.send_replace(());
        self.queue_news().look();
        Ok(())
    }

    /// The modules that have settings.
    pub(crate) async fn list_modules(self, call: Call, _input: Nothing) -> Result<Done<ModuleList>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        Ok(ModuleList { data: MODULES.map(|(module, _)| module).to_vec() }.into())
    }

    /// Settings of a module with their origin.
    pub(crate) async fn get_module(self, call: Call, input: ModuleRef) -> Result<Done<SettingsView>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let (module, name) = find(&input.module)?;
        let (stored, version) = self.store().modules_and_version().await?;
        let data = explain_module(module, stored.get(name).unwrap_or(&Value::Null));
        Ok(Done::versioned(SettingsView { data, version }, version))
    }

    /// Changes settings of a module; the shells act on them at once.
    pub(crate) async fn update_module(self, call: Call, input: UpdateModule) -> Result<Done<SettingsView>> {
        call.caller.may_server("settings")?;
        let (module, name) = find(&input.module)?;
        let mut tx = self.lock_server(&call, "settings").await?;
        let mut stored = self.store().modules().await?;
        let next = change_module(module, stored.get(name).unwrap_or(&Value::Null), &input.set.unwrap_or_default(), input.unset).map_err(settings_fault)?;
        if let Some(map) = stored.as_object_mut() {
            map.insert(name.to_owned(), next.clone());
        }
        tx.update_modules(&stored).await?;
        self.announce_server(&call, tx, "updateModule", json!({"module": name, "settings": next})).await?;
        self.load_modules().await?;
        self.get_module(Call { expect: None, ..call }, ModuleRef { module: name.to_owned() }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_against_their_module() {
        let check = |module, set: Value| change_module(module, &json!({"port": 2525}), set.as_object().unwrap(), Vec::new());
        assert_eq!(check(Module::SmtpOut, json!({"tls": "always"})), Ok(json!({"port": 2525, "tls": "always"})));
        for (module, set, pointer) in [
            (Module::SmtpOut, json!({"tls": "sometimes"}), "/set/tls"),
            (Module::SmtpOut, json!({"port": 0}), "/set/port"),
            (Module::Pop, json!({"port": 110}), "/set/port"),
            (Module::Imap, json!({"max_line": null}), "/set/max_line"),
            (Module::Smtp, json!({"max_size": "big"}), "/set/max_size"),
            (Module::Media, json!({"wan_ipv4": "outside"}), "/set/wan_ipv4"),
        ] {
            assert_eq!(check(module, set.clone()).unwrap_err()[0].0, pointer, "{set}");
        }
        assert!(change_module(Module::Queue, &Value::Null, &Map::new(), vec!["nothing".to_owned()]).is_err());
    }
}
