//! Settings: sparse patches per level, folded into effective values that remember their origin.
//!
//! A setting is one field of one struct that derives [`macros::Settings`]; everything else follows from it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Description of one setting, made by the derive.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Name in every door and in the stored patch.
    pub key: &'static str,
    /// Help text.
    pub help: &'static str,
    /// `bool`, `int`, `string`, `list`, `flow`, or `enum`.
    pub kind: &'static str,
    /// `seconds`, `bytes`, `percent` or empty.
    pub unit: &'static str,
    /// `basic`, `advanced` or `expert`.
    pub view: &'static str,
    /// Smallest value of a number.
    pub min: Option<i64>,
    /// Largest value of a number.
    pub max: Option<i64>,
    /// The values an enum can have.
    pub choices: fn() -> Vec<String>,
    /// Never shown back.
    pub secret: bool,
    /// Acts after a restart only.
    pub restart: bool,
    /// The owner of the object may change it.
    pub own: bool,
}

/// A struct of settings; derived, never written by hand.
pub trait Settings: Default + Serialize {
    /// What one level sets.
    type Patch: Default + Clone + Serialize + DeserializeOwned;
    /// Every field in the order of the struct.
    const FIELDS: &'static [Field];
    /// Takes over what the patch sets.
    fn apply(&mut self, patch: &Self::Patch);
    /// What is wrong with the values of a patch: key and reason.
    fn faults(patch: &Self::Patch) -> Vec<(&'static str, String)>;
}

/// A type a setting can have.
pub trait SettingValue {
    /// Name of the type in descriptions.
    const KIND: &'static str;
    /// The values it can have, when they can be counted.
    fn choices() -> Vec<String> {
        Vec::new()
    }
    /// What is wrong with the value, if anything.
    fn fault(&self, min: Option<i64>, max: Option<i64>) -> Option<String>;
}

impl SettingValue for i64 {
    const KIND: &'static str = "int";
    fn fault(&self, min: Option<i64>, max: Option<i64>) -> Option<String> {
        match (min, max) {
            (Some(min), _) if *self < min => Some(format!("must be at least {min}")),
            (_, Some(max)) if *self > max => Some(format!("must be at most {max}")),
            _ => None,
        }
    }
}

impl SettingValue for bool {
    const KIND: &'static str = "bool";
    fn fault(&self, _: Option<i64>, _: Option<i64>) -> Option<String> {
        None
    }
}

impl SettingValue for String {
    const KIND: &'static str = "string";
    fn fault(&self, _: Option<i64>, _: Option<i64>) -> Option<String> {
        (self.len() > 4096 || self.chars().any(|c| c.is_control() && c != '\n'))
            .then(|| "must be at most 4096 octets without control characters".to_owned())
    }
}

impl<T: SettingValue> SettingValue for Vec<T> {
    const KIND: &'static str = "list";
    fn fault(&self, min: Option<i64>, max: Option<i64>) -> Option<String> {
        if self.len() > 1000 {
            return Some("must have at most 1000 entries".to_owned());
        }
        self.iter().find_map(|value| value.fault(min, max))
    }
}

/// So many events in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Number of events; -1 = unlimited.
    pub count: i64,
    /// Length of the period in seconds, 1 to 86400.
    pub period: i64,
}

impl SettingValue for Flow {
    const KIND: &'static str = "flow";
    fn fault(&self, _: Option<i64>, _: Option<i64>) -> Option<String> {
        (self.count < -1 || !(1..=86_400).contains(&self.period)).then(|| "needs count >= -1 and period 1 to 86400".to_owned())
    }
}

/// Declares an enum that may be the value of a setting.
macro_rules! setting_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant),+ }
        impl $crate::settings::SettingValue for $name {
            const KIND: &'static str = "enum";
            fn choices() -> Vec<String> {
                [$(Self::$variant),+].iter().filter_map(|one| serde_json::to_value(one).ok()?.as_str().map(str::to_owned)).collect()
            }
            fn fault(&self, _: Option<i64>, _: Option<i64>) -> Option<String> { None }
        }
    };
}
pub(crate) use setting_enum;

/// A change of one level of settings.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange<P> {
    /// Values to set on this level.
    pub set: Option<P>,
    /// Names to return to inheritance.
    #[serde(default)]
    pub unset: Vec<String>,
}

/// One setting as it acts, and where its value comes from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EffectiveSetting {
    /// Name of the setting.
    pub key: String,
    /// The value that acts.
    #[schema(value_type = serde_json::Value)]
    pub value: Value,
    /// Level the value comes from.
    pub source: Source,
    /// The value set on the level that was asked for; null when it inherits.
    #[schema(value_type = serde_json::Value)]
    pub explicit: Value,
    /// The value it would have without its own.
    #[schema(value_type = serde_json::Value)]
    pub inherited: Value,
    /// The built-in value.
    #[schema(value_type = serde_json::Value)]
    pub default: Value,
    /// Type of the value: bool, int, string, list, flow or enum.
    #[serde(rename = "type")]
    pub kind: String,
    /// Unit of a number, or empty.
    pub unit: String,
    /// View level at which administrators see it first.
    pub view: String,
    /// Smallest value of a number.
    pub min: Option<i64>,
    /// Largest value of a number.
    pub max: Option<i64>,
    /// The values an enum can have; empty for other types.
    pub choices: Vec<String>,
    /// The owner of the object may change it.
    pub own: bool,
    /// Help text.
    pub help: String,
}

/// What a setting is, whatever its value.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettingDescription {
    /// Name of the setting.
    pub key: String,
    /// Type of the value: bool, int, string, list, flow or enum.
    #[serde(rename = "type")]
    pub kind: String,
    /// Unit of a number, or empty.
    pub unit: String,
    /// View level at which administrators see it first.
    pub view: String,
    /// Smallest value of a number.
    pub min: Option<i64>,
    /// Largest value of a number.
    pub max: Option<i64>,
    /// The values an enum can have; empty for other types.
    pub choices: Vec<String>,
    /// Never shown back.
    pub secret: bool,
    /// Acts after a restart only.
    pub restart: bool,
    /// The owner of the object may change it.
    pub own: bool,
    /// The built-in value.
    #[schema(value_type = serde_json::Value)]
    pub default: Value,
    /// Help text.
    pub help: String,
}

/// Describes every setting of a struct.
pub fn describe<S: Settings>() -> Vec<SettingDescription> {
    let builtin = serde_json::to_value(S::default()).unwrap_or_default();
    let one = |field: &Field| SettingDescription {
        key: field.key.to_owned(),
        kind: field.kind.to_owned(),
        unit: field.unit.to_owned(),
        view: field.view.to_owned(),
        min: field.min,
        max: field.max,
        choices: (field.choices)(),
        secret: field.secret,
        restart: field.restart,
        own: field.own,
        default: builtin.get(field.key).cloned().unwrap_or_default(),
        help: field.help.to_owned(),
    };
    S::FIELDS.iter().map(one).collect()
}

/// Reads a patch of values that come by name.
///
/// # Errors
/// The faults found: JSON pointer, and reason.
pub fn patch_by_name<S: Settings>(values: &Map<String, Value>) -> Result<S::Patch, Vec<(String, String)>> {
    let mut faults = Vec::new();
    for (key, value) in values {
        let one = Map::from_iter([(key.clone(), value.clone())]);
        if !S::FIELDS.iter().any(|field| field.key == key) {
            faults.push((format!("/set/{key}"), "is no setting of this object".to_owned()));
        } else if value.is_null() {
            faults.push((format!("/set/{key}"), "must have a value; name it in unset to inherit".to_owned()));
        } else if serde_json::from_value::<S::Patch>(Value::Object(one)).is_err() {
            faults.push((format!("/set/{key}"), "is no value of this setting's type".to_owned()));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    serde_json::from_value(Value::Object(values.clone())).map_err(|error| vec![("/set".to_owned(), error.to_string())])
}

/// A level of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Compiled in.
    Builtin,
    /// Set for the server.
    Server,
    /// Set for the domain.
    Domain,
    /// Set for the account.
    Account,
}

/// All settings of an object with their origin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettingsView {
    /// One entry per setting.
    pub data: Vec<EffectiveSetting>,
    /// Version of the object that holds the explicit values.
    pub version: i64,
}

/// Folds levels from the most general to the most particular. A stored value that no longer fits its field is skipped.
pub fn fold<S: Settings>(levels: &[&Value]) -> S {
    let mut settings = S::default();
    for level in levels {
        settings.apply(&patch_of::<S>(level));
    }
    settings
}

/// Reads a stored patch, leaving out what is not (or no longer) a valid field.
pub fn patch_of<S: Settings>(stored: &Value) -> S::Patch {
    if let Ok(patch) = serde_json::from_value(stored.clone()) {
        return patch;
    }
    let mut good = Map::new();
    for (key, value) in stored.as_object().into_iter().flatten() {
        let mut one = good.clone();
        one.insert(key.clone(), value.clone());
        if serde_json::from_value::<S::Patch>(Value::Object(one.clone())).is_ok() {
            good = one;
        }
    }
    serde_json::from_value(Value::Object(good)).unwrap_or_default()
}

/// The effective values with their origin; the last level is the one asked for.
pub fn explain<S: Settings>(levels: &[(Source, &Value)]) -> Vec<EffectiveSetting> {
    let builtin = serde_json::to_value(S::default()).unwrap_or_default();
    let own = levels.last().map_or(&Value::Null, |(_, value)| value);
    S::FIELDS
        .iter()
        .map(|field| {
            let default = builtin.get(field.key).cloned().unwrap_or_default();
            let find = |levels: &[(Source, &Value)]| {
                levels.iter().rev().find_map(|(source, value)| value.get(field.key).map(|v| (*source, v.clone())))
            };
            let shown = |value: Value| if field.secret && !value.is_null() { serde_json::json!({"set": true}) } else { value };
            let (source, value) = find(levels).unwrap_or((Source::Builtin, default.clone()));
            let inherited = find(levels.split_last().map_or(&[], |(_, rest)| rest)).map_or(default.clone(), |(_, v)| v);
            EffectiveSetting {
                key: field.key.to_owned(),
                value: shown(value),
                source,
                explicit: shown(own.get(field.key).cloned().unwrap_or_default()),
                inherited: shown(inherited),
                default: shown(default),
                kind: field.kind.to_owned(),
                unit: field.unit.to_owned(),
                view: field.view.to_owned(),
                min: field.min,
                max: field.max,
                choices: (field.choices)(),
                own: field.own,
                help: field.help.to_owned(),
            }
        })
        .collect()
}

/// Applies a change to a stored patch.
///
/// # Errors
/// The faults found: JSON pointer into the change, and reason.
pub fn change<S: Settings>(stored: &Value, change: &SettingsChange<S::Patch>) -> Result<Value, Vec<(String, String)>> {
    let mut faults = Vec::new();
    let mut map = stored.as_object().cloned().unwrap_or_default();
    for key in &change.unset {
        if !S::FIELDS.iter().any(|f| f.key == key) {
            faults.push((format!("/unset/{key}"), "is no setting of this object".to_owned()));
        }
        map.remove(key);
    }
    if let Some(set) = &change.set {
        faults.extend(S::faults(set).into_iter().map(|(key, fault)| (format!("/set/{key}"), fault)));
        if let Ok(Value::Object(new)) = serde_json::to_value(set) {
            map.extend(new);
        }
    }
    if faults.is_empty() { Ok(Value::Object(map)) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::account::{AccountSettings, AccountSettingsPatch};

    #[test]
    fn the_most_particular_level_wins_and_is_named() {
        let (server, domain, account) = (json!({"max_account_size": 5}), json!({"max_account_size": 2}), json!({}));
        let levels = [(Source::Server, &server), (Source::Domain, &domain), (Source::Account, &account)];
        let shown = explain::<AccountSettings>(&levels);
        let size = shown.iter().find(|s| s.key == "max_account_size").unwrap();
        assert_eq!((size.value.clone(), size.source, size.explicit.clone()), (json!(2), Source::Domain, Value::Null));
        assert_eq!(fold::<AccountSettings>(&[&server, &domain, &account]).max_account_size, 2);
    }

    #[test]
    fn a_change_sets_unsets_and_refuses() {
        let patch = |n| SettingsChange { set: Some(AccountSettingsPatch { max_account_size: Some(n), ..Default::default() }), unset: vec![] };
        assert_eq!(change::<AccountSettings>(&json!({}), &patch(7)), Ok(json!({"max_account_size": 7})));
        assert_eq!(change::<AccountSettings>(&json!({}), &patch(-2)).unwrap_err()[0].0, "/set/max_account_size");
        let unset = SettingsChange { set: None, unset: vec!["max_account_size".to_owned()] };
        assert_eq!(change::<AccountSettings>(&json!({"max_account_size": 7}), &unset), Ok(json!({})));
        let unknown = SettingsChange { set: None, unset: vec!["nonsense".to_owned()] };
        assert!(change::<AccountSettings>(&json!({}), &unknown).is_err());
    }

    #[test]
    fn a_stored_value_that_no_longer_fits_is_skipped() {
        let stored = json!({"gone": 1, "max_account_size": "text", "mail_to_all": false});
        let settings = fold::<AccountSettings>(&[&stored]);
        assert_eq!((settings.max_account_size, settings.mail_to_all), (-1, false));
    }
}
