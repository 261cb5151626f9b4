/// What a new password must fulfil (setting `password_policy`). Whether it was used before or is on the breached list is
/// known to the caller, who adds [`FailedRule::Reused`] and [`FailedRule::Breached`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Fewest characters, default 10.
    pub min_length: usize,
    /// Fewest kinds among small letters, capitals, digits and others, 0…4; default 0: length counts, not decoration.
    pub min_kinds: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            min_length: 10,
            min_kinds: 0,
        }
    }
}

/// A rule that a password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedRule {
    /// Fewer characters than `min_length`.
    MinLength,
    /// Longer than any protocol carries ([`sasl::MAX_PASSWORD`] octets).
    MaxLength,
    /// Control characters, which some client could never send.
    ControlCharacters,
    /// Fewer kinds of characters than `min_kinds`.
    MinKinds,
    /// Less than five different characters.
    Repetitive,
    /// Contains the login or real name.
    ContainsName,
    /// One of the user's former passwords.
    Reused,
    /// On the list of breached passwords.
    Breached,
}

impl FailedRule {
    /// The rule's name in answers of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::MinLength => "min_length",
            Self::MaxLength => "max_length",
            Self::ControlCharacters => "control_characters",
            Self::MinKinds => "min_kinds",
            Self::Repetitive => "repetitive",
            Self::ContainsName => "contains_name",
            Self::Reused => "reused",
            Self::Breached => "breached",
        }
    }
}

impl PasswordPolicy {
    /// The rules that `password` breaks, none when it is good. `names` are the user's login name, its local part, the real
    /// name; those with less than four characters do not count.
    pub fn check(&self, password: &str, names: &[&str]) -> Vec<FailedRule> {
        let length = password.chars().count();
        let lower = password.to_lowercase();
        let contains_name =
            |name: &&str| name.chars().count() >= 4 && lower.contains(name.to_lowercase().as_str());
        let mut different: Vec<char> = lower.chars().collect();
        different.sort_unstable();
        different.dedup();
        [
            (length < self.min_length.max(1), FailedRule::MinLength),
            (password.len() > sasl::MAX_PASSWORD, FailedRule::MaxLength),
            (
                password.chars().any(char::is_control),
                FailedRule::ControlCharacters,
            ),
            (
                kinds(password) < self.min_kinds.min(4),
                FailedRule::MinKinds,
            ),
            // A short password fails by its length already, and a policy may allow it.
            (length >= 8 && different.len() < 5, FailedRule::Repetitive),
            (names.iter().any(contains_name), FailedRule::ContainsName),
        ]
        .into_iter()
        .filter_map(|(failed, rule)| failed.then_some(rule))
        .collect()
    }
}

fn kinds(password: &str) -> usize {
    let is_other = |c: char| !c.is_lowercase() && !c.is_uppercase() && !c.is_numeric();
    let has = |kind: fn(char) -> bool| usize::from(password.chars().any(kind));
    has(char::is_lowercase) + has(char::is_uppercase) + has(char::is_numeric) + has(is_other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailedRule::*;

    #[test]
    fn each_rule_is_reported() {
        let strict = PasswordPolicy {
            min_length: 10,
            min_kinds: 3,
        };
        let check = |policy: PasswordPolicy, password: &str, want: &[FailedRule]| {
            assert_eq!(
                policy.check(password, &["anna@client1.com", "anna", "Al"]),
                want,
                "{password}"
            );
        };
        let plain = PasswordPolicy::default();
        check(plain, "correct horse", &[]);
        check(plain, "пароль-длинный", &[]);
        check(plain, "ninechars", &[MinLength]);
        check(plain, "", &[MinLength]);
        check(plain, "aaaaabbbbbcc", &[Repetitive]);
        check(plain, "my ANNA password", &[ContainsName]);
        check(plain, "correct\thorse", &[ControlCharacters]);
        check(plain, &"abcdefgh".repeat(600), &[MaxLength]);
        check(strict, "correcthorse", &[MinKinds]);
        check(strict, "Correct horse", &[]);
        check(
            PasswordPolicy {
                min_length: 0,
                min_kinds: 9,
            },
            "",
            &[MinLength, MinKinds],
        );
    }
}
