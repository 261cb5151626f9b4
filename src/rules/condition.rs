//! Conditions: a field, how it is compared, and with what.

use std::cmp::Ordering;
use std::collections::HashMap;

use model::rule::RuleCondition;

use crate::moment::{Day, Moment, range, time_of_day, within};
use crate::picture::{Picture, fold};

/// What conditions look at: a call, a message, a moment.
pub trait Facts {
    /// Whether a test holds for one of the texts that a field has; a field that is absent has none.
    fn any(&self, field: Field, test: &mut dyn FnMut(&str) -> bool) -> bool;
    /// The number that a field is; `None` when it cannot be known.
    fn number(&self, field: Field) -> Option<i64>;
    /// The moment by the clock of the account; `None` when it cannot be known.
    fn now(&self) -> Option<Moment>;
    /// The domain of names that are said without one.
    fn domain(&self) -> &str;
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident $api:literal $cgp:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word of the API.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $api),+ }
            }

            /// The word of CommuniGate.
            pub fn spelled(self) -> &'static str {
                match self { $(Self::$variant => $cgp),+ }
            }

            /// Finds it by the word of the API.
            pub fn find(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }

            /// Finds it by the word of CommuniGate, in whatever case.
            pub fn find_spelled(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.spelled().eq_ignore_ascii_case(word))
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What a condition looks at.
    Field {
        /// Method of the request.
        Method "method" "Method",
        /// Address of the request before the account was found.
        RequestUri "request_uri" "RequestURI",
        /// `AV` for a call, `IM` for a message, else empty.
        CallType "call_type" "CallType",
        /// Telephones of the account that are registered.
        RegClients "reg_clients" "RegClients",
        /// `Name: value` of each field of the request.
        ReqField "req_field" "ReqField",
        /// Program of the caller.
        AgentType "agent_type" "AgentType",
        /// Address of the caller.
        From "from" "From",
        /// Address that was called.
        To "to" "To",
        /// Name that the caller shows.
        FromName "from_name" "'From' Name",
        /// Address that the caller proved; empty when none.
        Authenticated "authenticated" "Authenticated",
        /// `SIP [192.0.2.7]`: protocol and address it came from.
        SubmitAddress "submit_address" "Submit Address",
        /// How the account can be reached.
        Presence "presence" "Presence",
        /// Time of day.
        TimeOfDay "time_of_day" "Time Of Day",
        /// Date.
        CurrentDate "current_date" "Current Date",
        /// Day of the week or month.
        CurrentDay "current_day" "Current Day",
    }
}

words! {
    /// How a field is compared.
    Operator {
        /// It is that.
        Is "is" "is",
        /// It is not.
        IsNot "is_not" "is not",
        /// It is one of them.
        In "in" "in",
        /// It is none of them.
        NotIn "not_in" "not in",
        /// It holds that.
        Contains "contains" "contains",
        /// It does not.
        NotContains "not_contains" "not contains",
        /// It is less, or earlier.
        LessThan "less_than" "less than",
        /// It is more, or later.
        GreaterThan "greater_than" "greater than",
    }
}

impl Field {
    /// Whether it holds addresses, in which a name alone is of the own domain.
    fn is_address(self) -> bool {
        matches!(self, Self::RequestUri | Self::From | Self::To | Self::Authenticated)
    }

    fn operators(self) -> &'static [Operator] {
        use Operator::{Contains, GreaterThan, In, Is, IsNot, LessThan, NotContains, NotIn};
        match self {
            Self::RegClients | Self::CurrentDate => &[LessThan, GreaterThan, Is, IsNot],
            Self::TimeOfDay => &[LessThan, GreaterThan, Is, IsNot, In, NotIn],
            Self::CurrentDay => &[Is, IsNot, In, NotIn],
            _ => &[Is, IsNot, In, NotIn, Contains, NotContains],
        }
    }
}

/// A condition, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    field: Field,
    negated: bool,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Pictures(Vec<Picture>),
    /// The entries of a dataset.
    Dataset(String),
    Number(Ordering, i64),
    Second(Ordering, u32),
    Ranges(Vec<(u32, u32)>),
    Date(Ordering, Moment),
    Days(Vec<Day>),
}

impl Condition {
    /// Checks a condition.
    ///
    /// # Errors
    /// The field at fault: `field`, `op` or `arg`, and why.
    pub fn parse(given: &RuleCondition) -> Result<Self, (&'static str, String)> {
        let field = Field::find(&given.field).ok_or_else(|| ("field", format!("{:?} is nothing that can be looked at", given.field)))?;
        let operator = Operator::find(&given.op).ok_or_else(|| ("op", format!("{:?} is no comparison", given.op)))?;
        if !field.operators().contains(&operator) {
            let may: Vec<&str> = field.operators().iter().map(|operator| operator.word()).collect();
            return Err(("op", format!("{} is compared by {}", field.word(), may.join(", "))));
        }
        let test = test(field, operator, &given.arg).map_err(|why| ("arg", why))?;
        Ok(Self { field, negated: matches!(operator, Operator::IsNot | Operator::NotIn | Operator::NotContains), test })
    }

    /// The dataset it asks for.
    pub fn dataset(&self) -> Option<&str> {
        if let Test::Dataset(name) = &self.test { Some(name) } else { None }
    }

    /// Whether nothing can meet it.
    pub(crate) fn is_never_met(&self) -> bool {
        match &self.test {
            Test::Pictures(pictures) => pictures.is_empty() && !self.negated,
            Test::Number(Ordering::Less, most) => *most <= 0,
            Test::Second(Ordering::Less, 0) | Test::Second(Ordering::Greater, 86_399..) => true,
            _ => false,
        }
    }

    /// Whether it is met by what it names, not by all else.
    pub(crate) fn is_negated(&self) -> bool {
        self.negated
    }

    /// What it looks at.
    pub fn field(&self) -> Field {
        self.field
    }

    /// Whether it is met. What cannot be known meets nothing.
    pub fn is_met(&self, facts: &dyn Facts, datasets: &HashMap<String, Vec<Picture>>) -> bool {
        let fits = |pictures: &[Picture]| facts.any(self.field, &mut |text| self.fits(pictures, text, facts.domain()));
        let found = match &self.test {
            Test::Pictures(pictures) => Some(fits(pictures)),
            Test::Dataset(name) => Some(datasets.get(name).is_some_and(|entries| fits(entries))),
            Test::Number(order, wanted) => facts.number(self.field).map(|number| number.cmp(wanted) == *order),
            Test::Second(order, wanted) => facts.now().map(|now| now.second.cmp(wanted) == *order),
            Test::Ranges(ranges) => facts.now().map(|now| ranges.iter().any(|range| within(now.second, *range))),
            // Whether it is the date asks for the day; before and after it count its time, midnight when none is said.
            Test::Date(Ordering::Equal, wanted) => facts.now().map(|now| (now.year, now.month, now.day) == (wanted.year, wanted.month, wanted.day)),
            Test::Date(order, wanted) => facts.now().map(|now| now.cmp(wanted) == *order),
            Test::Days(days) => facts.now().map(|now| days.iter().any(|day| day.is(&now))),
        };
        found.is_some_and(|found| found != self.negated)
    }

    /// Whether a text fits one of the pictures; a name without a domain is of this one.
    fn fits(&self, pictures: &[Picture], text: &str, domain: &str) -> bool {
        let text = fold(text);
        let local = text.strip_suffix(&domain.to_lowercase()).and_then(|rest| rest.strip_suffix('@')).filter(|_| self.field.is_address());
        pictures.iter().any(|picture| picture.fits(&text) || local.is_some_and(|local| picture.plain() == Some(local)))
    }
}

fn test(field: Field, operator: Operator, arg: &str) -> Result<Test, String> {
    let order = match operator {
        Operator::LessThan => Ordering::Less,
        Operator::GreaterThan => Ordering::Greater,
        _ => Ordering::Equal,
    };
    let is_list = matches!(operator, Operator::In | Operator::NotIn);
    match field {
        Field::RegClients => Ok(Test::Number(order, arg.trim().parse().map_err(|_| "is no number".to_owned())?)),
        Field::TimeOfDay if is_list => {
            let ranges: Option<Vec<_>> = arg.split(',').map(range).collect();
            Ok(Test::Ranges(ranges.ok_or("must be ranges such as 09:00-12:00, 22:00-06:00")?))
        }
        Field::TimeOfDay => Ok(Test::Second(order, time_of_day(arg).ok_or("must be a time such as 17:30 or 5:30pm")?)),
        Field::CurrentDate => {
            let moment = Moment::parse(arg).ok_or("must be a date such as 2026-12-24 or 24 Dec 2026, with a time or without")?;
            Ok(Test::Date(order, moment))
        }
        Field::CurrentDay => {
            let days: Option<Vec<_>> = if is_list { arg.split(',').map(Day::parse).collect() } else { Day::parse(arg).map(|day| vec![day]) };
            Ok(Test::Days(days.ok_or("must be a day: Mon to Sun, or 1 to 31")?))
        }
        _ if is_list => match arg.trim().strip_prefix('#') {
            Some(name) => Ok(Test::Dataset(dataset_name(name)?)),
            None => Ok(Test::Pictures(Picture::list(arg))),
        },
        _ if matches!(operator, Operator::Contains | Operator::NotContains) => Ok(Test::Pictures(vec![Picture::parse(&format!("*{arg}*"))])),
        _ => Ok(Test::Pictures(vec![Picture::parse(arg)])),
    }
}

/// The name of a dataset as it is kept: 1 to 64 letters, digits, dots, dashes and blanks, in lower case.
///
/// # Errors
/// Why it is no name.
pub fn dataset_name(name: &str) -> Result<String, String> {
    let name = name.trim().to_lowercase();
    let fits = (1..=64).contains(&name.chars().count()) && name.chars().all(|c| c.is_alphanumeric() || "._- ".contains(c));
    if fits { Ok(name) } else { Err("must name a dataset: 1 to 64 letters, digits, dots, dashes and blanks".to_owned()) }
}

#[cfg(test)]
mod tests;
