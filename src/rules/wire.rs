//! Rules as CommuniGate writes them: `(priority, name, (conditions), (actions), comment)`, and the stage in front of those for
//! signals. Words that are not known are kept as they are; their rule never acts, and a warning tells so.

use model::rule::{NewSignalRule, RuleAction, RuleCondition};

use crate::action::Verb;
use crate::condition::{Field, Operator};

/// What stands for nothing.
const NOTHING: &str = "---";
/// Deepest nesting of arrays: a list of rules, a rule, its conditions, a condition.
const DEPTH: usize = 4;

/// Why a text is none of this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// Octet at which reading failed.
    pub at: usize,
}

/// A rule that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The rule.
    pub rule: NewSignalRule,
    /// Words in it that are not known; it never acts then.
    pub unknown: Vec<String>,
}

#[derive(Debug)]
enum Value {
    Text(String),
    Array(Vec<Value>),
}

/// Reads an array of rules.
///
/// # Errors
/// Where the text is no such array.
pub fn parse(text: &str) -> Result<Vec<Imported>, Malformed> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(DEPTH)?;
    reader.blank();
    if reader.at < text.len() {
        return Err(Malformed { at: reader.at });
    }
    let Value::Array(rules) = value else { return Err(Malformed { at: 0 }) };
    rules.into_iter().map(|rule| imported(rule).ok_or(Malformed { at: 0 })).collect()
}

fn imported(value: Value) -> Option<Imported> {
    let Value::Array(mut parts) = value else { return None };
    let is_number = |part: Option<&Value>| matches!(part, Some(Value::Text(text)) if text.parse::<i32>().is_ok());
    // A rule for mail has no stage; it is one for what happens at once.
    let stage = if is_number(parts.first()) && is_number(parts.get(1)) && parts.len() > 2 { number(parts.remove(0))? } else { 0 };
    let mut parts = parts.into_iter();
    let priority = number(parts.next()?)?;
    let Value::Text(name) = parts.next()? else { return None };
    let conditions = list(parts.next())?;
    let actions = list(parts.next())?;
    let comment = match parts.next() {
        None => String::new(),
        Some(Value::Text(comment)) => comment,
        Some(Value::Array(_)) => return None,
    };
    if parts.next().is_some() {
        return None;
    }
    let mut unknown = Vec::new();
    let mut known = |word: String, found: Option<&'static str>| match found {
        Some(found) => found.to_owned(),
        None => {
            unknown.push(word.clone());
            word
        }
    };
    let mut rule = NewSignalRule { name, stage, priority: None, enabled: None, conditions: Vec::new(), actions: Vec::new(), comment };
    for mut condition in conditions {
        let arg = if condition.len() > 2 { condition.pop()? } else { String::new() };
        let [field, op] = <[String; 2]>::try_from(condition).ok()?;
        let found = Field::find_spelled(&field).map(Field::word);
        let field = known(field, found);
        let found = Operator::find_spelled(&op).map(Operator::word);
        rule.conditions.push(RuleCondition { field, op: known(op, found), arg: empty(arg) });
    }
    for action in actions {
        let [verb, arg] = <[String; 2]>::try_from(action).ok()?;
        let found = Verb::find_spelled(&verb).map(Verb::word);
        rule.actions.push(RuleAction { verb: known(verb, found), arg: empty(arg) });
    }
    rule.priority = Some(if unknown.is_empty() { priority } else { 0 });
    Some(Imported { rule, unknown })
}

fn empty(arg: String) -> String {
    if arg == NOTHING { String::new() } else { arg }
}

fn number(value: Value) -> Option<i32> {
    if let Value::Text(text) = value { text.parse().ok() } else { None }
}

/// An array of arrays of texts, of two or three each.
fn list(value: Option<Value>) -> Option<Vec<Vec<String>>> {
    let Some(Value::Array(items)) = value else { return None };
    let texts = |item| {
        let Value::Array(item) = item else { return None };
        let texts: Option<Vec<String>> = item.into_iter().map(|part| if let Value::Text(text) = part { Some(text) } else { None }).collect();
        texts.filter(|texts| matches!(texts.len(), 2 | 3))
    };
    items.into_iter().map(texts).collect()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    fn wrong<T>(&self) -> Result<T, Malformed> {
        Err(Malformed { at: self.at })
    }

    fn value(&mut self, depth: usize) -> Result<Value, Malformed> {
        self.blank();
        match self.peek() {
            Some('(') if depth > 0 => {
                self.next();
                self.array(depth - 1)
            }
            Some('"') => {
                self.next();
                self.quoted()
            }
            Some(c) if is_plain(c) => {
                let start = self.at;
                while self.peek().is_some_and(is_plain) {
                    self.next();
                }
                Ok(Value::Text(self.text.get(start..self.at).unwrap_or_default().to_owned()))
            }
            _ => self.wrong(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Malformed> {
        let mut items = Vec::new();
        self.blank();
        if self.peek() == Some(')') {
            self.next();
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.blank();
            match self.peek() {
                Some(',') => self.next(),
                Some(')') => {
                    self.next();
                    return Ok(Value::Array(items));
                }
                _ => return self.wrong(),
            };
        }
    }

    fn quoted(&mut self) -> Result<Value, Malformed> {
        let mut text = String::new();
        loop {
            text.push(match self.next() {
                Some('"') => return Ok(Value::Text(text)),
                Some('\\') => match self.next() {
                    Some('n' | 'e') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some(c @ ('"' | '\\')) => c,
                    _ => return self.wrong(),
                },
                Some(c) => c,
                None => return self.wrong(),
            });
        }
    }
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_-.@#*+:/".contains(c)
}

fn put(out: &mut String, text: &str) {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return out.push_str(text);
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Prints rules as an array.
pub fn print(rules: &[NewSignalRule]) -> String {
    let spelled = |word: &str, found: Option<&'static str>| found.map_or_else(|| word.to_owned(), str::to_owned);
    let argument = |arg: &str| if arg.is_empty() { NOTHING.to_owned() } else { arg.to_owned() };
    let mut out = String::from("(");
    for (n, rule) in rules.iter().enumerate() {
        out.push_str(if n == 0 { "(" } else { "," });
        if n > 0 {
            out.push('(');
        }
        out.push_str(&format!("{},{},", rule.stage, if rule.enabled == Some(false) { 0 } else { rule.priority.unwrap_or(5) }));
        put(&mut out, &rule.name);
        let conditions = rule.conditions.iter().map(|condition| {
            let mut parts = vec![spelled(&condition.field, Field::find(&condition.field).map(Field::spelled)), spelled(&condition.op, Operator::find(&condition.op).map(Operator::spelled))];
            // One without an operator has no argument either.
            if condition.op != NOTHING || !condition.arg.is_empty() {
                parts.push(argument(&condition.arg));
            }
            parts
        });
        put_list(&mut out, conditions.collect());
        let actions = rule.actions.iter().map(|action| vec![spelled(&action.verb, Verb::find(&action.verb).map(Verb::spelled)), argument(&action.arg)]);
        put_list(&mut out, actions.collect());
        if !rule.comment.is_empty() {
            out.push(',');
            put(&mut out, &rule.comment);
        }
        out.push(')');
    }
    out.push(')');
    out
}

fn put_list(out: &mut String, items: Vec<Vec<String>>) {
    out.push_str(",(");
    for (n, item) in items.iter().enumerate() {
        out.push_str(if n == 0 { "(" } else { ",(" });
        for (n, text) in item.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            put(out, text);
        }
        out.push(')');
    }
    out.push(')');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_printed() {
        let text = r##"(
            (0, 7, "Night", (("Time Of Day", in, "22:00-07:00"), (From, "not in", "#Family")), (("Redirect To", "#voicemail")), "at home"),
            (997, 5, Mobile, (), (("redirect to", "+491701234567"), ("Stop Processing", "---"))))"##;
        let rules = parse(text).unwrap();
        assert!(rules.iter().all(|imported| imported.unknown.is_empty()));
        let night = &rules[0].rule;
        assert_eq!((night.stage, night.priority, night.comment.as_str()), (0, Some(7), "at home"));
        assert_eq!((night.conditions[1].op.as_str(), night.conditions[1].arg.as_str()), ("not_in", "#Family"));
        assert_eq!(rules[1].rule.actions[1], RuleAction { verb: "stop_processing".to_owned(), arg: String::new() });
        let rules: Vec<NewSignalRule> = rules.into_iter().map(|imported| imported.rule).collect();
        let printed = print(&rules);
        assert!(printed.starts_with(r##"((0,7,Night,(("Time Of Day",in,"22:00-07:00"),(From,"not in","#Family")),(("Redirect To","#voicemail")),"at home")"##), "{printed}");
        assert_eq!(parse(&printed).unwrap().into_iter().map(|imported| imported.rule).collect::<Vec<_>>(), rules);
    }

    #[test]
    fn what_is_not_known_is_kept_and_never_acts() {
        let rules = parse(r##"((5,"#Vacation",(("Human Generated","---")),(("Reply with","I am away."))))"##).unwrap();
        assert_eq!(rules[0].unknown, ["Human Generated", "---", "Reply with"]);
        assert_eq!((rules[0].rule.priority, rules[0].rule.name.as_str()), (Some(0), "#Vacation"));
        assert_eq!(rules[0].rule.actions[0].arg, "I am away.");
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for text in ["", "5", "(", "((5,x,(),()", "((5,x,(),())) x", r#"((5,"x,(),()))"#, "((x,y,(),()))", "((5,x,()))", "((5,x,((a)),()))", "((((((1))))))", r#"((5,"\q",(),()))"#] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
