//! Names and values between the API's JSON and GraphQL.

use async_graphql::{Name, Value as Graph};
use serde_json::{Map, Value};
use service::{Description, reference};

/// `real_name` → `realName`.
pub(crate) fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = !out.is_empty();
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// What a schema is, once references and nullability are taken off.
pub(crate) enum Kind<'a> {
    Text,
    Number,
    Wide,
    Truth,
    Any,
    Enum(&'a str),
    Object(&'a str),
    List(&'a Value),
}

/// The kind of a schema.
pub(crate) fn kind<'a>(description: &'a Description, schema: &'a Value) -> Kind<'a> {
    if let Some(inner) = schema.get("oneOf").and_then(Value::as_array).and_then(|list| list.iter().find(|s| reference(s).is_some())) {
        return kind(description, inner);
    }
    if let Some(inner) = schema.get("allOf").and_then(Value::as_array).filter(|list| list.len() == 1).and_then(|list| list.first()) {
        return kind(description, inner);
    }
    if let Some(name) = reference(schema) {
        return match description.components.get(name) {
            Some(target) if target.get("enum").is_some() => Kind::Enum(name),
            Some(target) if target.get("properties").and_then(Value::as_object).is_some_and(|p| !p.is_empty()) => Kind::Object(name),
            Some(target) if reference(target).is_none() && target.get("type").is_some_and(|t| t != "object") => kind(description, target),
            _ => Kind::Any,
        };
    }
    let words: Vec<&str> = match schema.get("type") {
        Some(Value::String(word)) => vec![word],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).filter(|w| *w != "null").collect(),
        _ => Vec::new(),
    };
    match words.as_slice() {
        ["string"] => Kind::Text,
        ["integer"] if schema.get("format").is_some_and(|f| f == "int64") => Kind::Wide,
        ["integer"] => Kind::Number,
        ["boolean"] => Kind::Truth,
        ["array"] => schema.get("items").map_or(Kind::Any, Kind::List),
        _ => Kind::Any,
    }
}

/// A leaf of the API's JSON as GraphQL shows it.
pub(crate) fn leaf(description: &Description, schema: &Value, value: &Value) -> Graph {
    match (kind(description, schema), value) {
        (_, Value::Null) => Graph::Null,
        (Kind::Enum(_), Value::String(word)) => Graph::Enum(Name::new(word.to_uppercase())),
        (Kind::Wide, Value::Number(number)) => Graph::String(number.to_string()),
        (Kind::List(items), Value::Array(list)) => Graph::List(list.iter().map(|v| leaf(description, items, v)).collect()),
        (_, other) => Graph::from_json(other.clone()).unwrap_or(Graph::Null),
    }
}

/// A GraphQL argument as the API's JSON.
pub(crate) fn input(description: &Description, schema: &Value, value: Graph) -> Value {
    match (kind(description, schema), value) {
        (_, Graph::Null) => Value::Null,
        (Kind::Enum(_), Graph::Enum(name)) => Value::String(name.to_lowercase()),
        (Kind::Enum(_), Graph::String(name)) => Value::String(name.to_lowercase()),
        // What is no number is passed on, and refused by the operation in its own words.
        (Kind::Wide, Graph::String(text)) => text.parse::<i64>().map_or(Value::String(text), Value::from),
        (Kind::List(items), Graph::List(list)) => list.into_iter().map(|v| input(description, items, v)).collect(),
        (Kind::Object(name), Graph::Object(map)) => {
            let properties = description.components.get(name).and_then(|s| s.get("properties")).and_then(Value::as_object);
            let mut out = Map::new();
            for (key, schema) in properties.into_iter().flatten() {
                if let Some(value) = map.get(camel(key).as_str()) {
                    out.insert(key.clone(), input(description, schema, value.clone()));
                }
            }
            Value::Object(out)
        }
        (_, other) => other.into_json().unwrap_or(Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_turn_into_camel_case() {
        for (from, to) in [("real_name", "realName"), ("id", "id"), ("max_mail_out_size", "maxMailOutSize"), ("_x", "x")] {
            assert_eq!(camel(from), to);
        }
    }
}
