//! Both doors of one server, and how what comes out of them is compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use service::{Description, Method, Operation, reference};

use crate::client::Client;
use crate::server::{Options, Scratch, Server};

/// One server, its client, and what earlier steps gave.
pub(super) struct Side {
    _scratch: Scratch,
    pub(super) server: Server,
    pub(super) client: Client,
    pub(super) saved: Map<String, Value>,
}

impl Side {
    pub(super) fn new() -> Self {
        let scratch = Scratch::new();
        let server = Server::start(&Options::new(&scratch.0.join("data")));
        let client = Client::new(server.port());
        let mut saved = Map::new();
        saved.insert("$setup".to_owned(), std::fs::read_to_string(server.data.join("setup-token")).unwrap().into());
        let certificate = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        saved.insert("$chain".to_owned(), certificate.cert.pem().into());
        saved.insert("$key".to_owned(), certificate.signing_key.serialize_pem().into());
        Self { _scratch: scratch, server, client, saved }
    }

    pub(super) fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(word) if word.starts_with('$') => self.saved.get(word).cloned().unwrap_or_else(|| panic!("{word} was not saved")),
            Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), self.fill(v))).collect(),
            Value::Array(list) => list.iter().map(|v| self.fill(v)).collect(),
            other => other.clone(),
        }
    }
}

/// What a step came to, in the words of REST: the result, or code and pointers.
#[derive(Debug, PartialEq)]
pub(super) enum Came {
    Result(Value),
    Refused(String, BTreeSet<String>),
}

pub(super) fn by_rest(side: &Side, operation: &Operation, input: &Value, version: Option<i64>) -> Came {
    let mut rest = input.as_object().cloned().unwrap_or_default();
    let mut path = operation.path.to_owned();
    for field in operation.path.split('{').skip(1).filter_map(|p| p.split('}').next()) {
        let value = rest.remove(field).unwrap_or_default();
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        path = path.replace(&format!("{{{field}}}"), &text.replace('/', "%2F").replace('+', "%2B"));
    }
    let method = format!("{:?}", operation.method).to_uppercase();
    if operation.takes == Some("*/*") {
        let raw = side.client.raw(&method, &path, &format!("Content-Type: {}\r\n", rest["type"].as_str().unwrap()), rest["content"].as_str().unwrap().as_bytes());
        let answer: Value = serde_json::from_slice(&raw.body).unwrap();
        return if raw.status < 300 { Came::Result(answer) } else { Came::Refused(answer["code"].as_str().unwrap().to_owned(), BTreeSet::new()) };
    }
    let reads = matches!(operation.method, Method::Get | Method::Delete);
    if reads && !rest.is_empty() {
        let query: Vec<String> = rest.iter().map(|(k, v)| format!("{k}={}", v.as_str().map_or_else(|| v.to_string(), str::to_owned).replace('+', "%2B").replace(' ', "+"))).collect();
        path = format!("{path}?{}", query.join("&"));
    }
    let body = (!reads).then_some(Value::Object(rest));
    let etag = version.map(|v| format!("\"{v}\""));
    let answer = side.client.call_if(&method, &path, body, etag.as_deref());
    if answer.status < 300 {
        return Came::Result(answer.body);
    }
    let pointers = answer.body["errors"].as_array().into_iter().flatten().map(|e| e["pointer"].as_str().unwrap().trim_matches('/').split('/').map(camel).collect::<Vec<_>>().join(".")).filter(|p| !p.is_empty()).collect();
    Came::Refused(answer.body["code"].as_str().unwrap_or_default().to_owned(), pointers)
}

pub(super) fn by_graphql(side: &Side, description: &Description, operation: &Operation, input: &Value, version: Option<i64>) -> Came {
    let output = description.output(operation);
    let selection = output.as_deref().map(|name| selection(description, name, 0)).unwrap_or_default();
    let (head, tail) = operation.id.split_at(1);
    let name = format!("{}{tail}", head.to_uppercase());
    let fields = description.input(operation).fields;
    let mut given: Map<String, Value> = input.as_object().into_iter().flatten().map(|(k, v)| (word(k), outward(description, fields.get(k), v))).collect();
    let answer = if operation.is_query() {
        let literal: Vec<String> = given.iter().map(|(k, v)| format!("{k}: {}", literal(v))).collect();
        let arguments = if literal.is_empty() { String::new() } else { format!("({})", literal.join(", ")) };
        side.client.graphql(&format!("query {{ {}{arguments} {selection} }}", operation.id), &json!({}))
    } else {
        if let Some(version) = version {
            given.insert("ifVersion".to_owned(), version.to_string().into());
        }
        let object = match &output {
            Some(output) => {
                let (head, tail) = output.split_at(1);
                format!("{}{tail} {selection}", head.to_lowercase())
            }
            None => "done".to_owned(),
        };
        let query = format!("mutation($input: {name}Input!) {{ {}(input: $input) {{ {object} userErrors {{ code message path }} }} }}", operation.id);
        side.client.graphql(&query, &json!({"input": given}))
    };
    if let Some(errors) = answer["errors"].as_array() {
        return Came::Refused(errors[0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{}: {answer:#}", operation.id)).to_owned(), BTreeSet::new());
    }
    let data = &answer["data"][operation.id];
    if operation.is_query() {
        return Came::Result(inward(description, output.as_deref(), data));
    }
    let errors = data["userErrors"].as_array().unwrap();
    if let Some(first) = errors.first() {
        let paths = errors.iter().map(|e| e["path"].as_str().unwrap().to_owned()).filter(|p| !p.is_empty()).collect();
        return Came::Refused(first["code"].as_str().unwrap().to_owned(), paths);
    }
    match &output {
        Some(output) => {
            let (head, tail) = output.split_at(1);
            Came::Result(inward(description, Some(output), &data[format!("{}{tail}", head.to_lowercase())]))
        }
        None => {
            assert_eq!(data["done"], true, "{}", operation.id);
            Came::Result(Value::Null)
        }
    }
}

pub(super) fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + &part[..1].to_uppercase() + &part[1..])
}

pub(super) fn word(key: &str) -> String {
    match key {
        "limit" => "first".to_owned(),
        "cursor" => "after".to_owned(),
        other => camel(other),
    }
}

pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c == '_') => text.clone(),
        Value::Object(map) => format!("{{{}}}", map.iter().map(|(k, v)| format!("{k}: {}", literal(v))).collect::<Vec<_>>().join(", ")),
        Value::Array(list) => format!("[{}]", list.iter().map(literal).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// The component a schema stands for, through references, nullability and lists.
pub(super) fn target<'a>(description: &'a Description, schema: &'a Value) -> (Option<&'a str>, &'a Value) {
    if let Some(inner) = schema["oneOf"].as_array().and_then(|l| l.iter().find(|s| reference(s).is_some())) {
        return target(description, inner);
    }
    if let Some(inner) = schema["allOf"].as_array().filter(|l| l.len() == 1) {
        return target(description, &inner[0]);
    }
    if schema["items"].is_object() {
        return target(description, &schema["items"]);
    }
    match reference(schema) {
        Some(name) => (Some(name), &description.components[name]),
        None => (None, schema),
    }
}

pub(super) fn selection(description: &Description, name: &str, depth: usize) -> String {
    if let Some(item) = name.strip_prefix("Page") {
        return format!("{{ nodes {} pageInfo {{ hasNextPage endCursor }} totalCount }}", selection(description, item, depth + 1));
    }
    let Some(properties) = description.components[name]["properties"].as_object() else { return String::new() };
    let fields: Vec<String> = properties
        .iter()
        .map(|(key, schema)| match target(description, schema) {
            (Some(name), target) if target["properties"].is_object() && depth < 8 => format!("{} {}", camel(key), selection(description, name, depth + 1)),
            _ => camel(key),
        })
        .collect();
    format!("{{ {} }}", fields.join(" "))
}

/// From REST's JSON to GraphQL's, for arguments.
pub(super) fn outward(description: &Description, schema: Option<&Value>, value: &Value) -> Value {
    let Some(schema) = schema else { return value.clone() };
    match (value, target(description, schema).1) {
        (Value::Array(list), _) => list.iter().map(|v| outward(description, Some(schema), v)).collect(),
        (Value::Object(map), target) if target["properties"].is_object() => map.iter().map(|(k, v)| (camel(k), outward(description, target["properties"].get(k), v))).collect(),
        (Value::String(word), target) if target["enum"].is_array() => word.to_uppercase().into(),
        (Value::Number(n), target) if target["format"] == "int64" => n.to_string().into(),
        (other, _) => other.clone(),
    }
}

/// From GraphQL's JSON back to REST's, for results.
pub(super) fn inward(description: &Description, name: Option<&str>, value: &Value) -> Value {
    let Some(name) = name else { return value.clone() };
    if let Some(item) = name.strip_prefix("Page") {
        let nodes: Value = value["nodes"].as_array().unwrap().iter().map(|node| inward(description, Some(item), node)).collect();
        return json!({"data": nodes, "page": {"next_cursor": value["pageInfo"]["endCursor"], "has_more": value["pageInfo"]["hasNextPage"], "total": value["totalCount"].as_str().map(|n| n.parse::<i64>().unwrap())}});
    }
    let Some(properties) = description.components[name]["properties"].as_object() else { return value.clone() };
    properties.iter().map(|(key, schema)| (key.clone(), back(description, schema, &value[camel(key)]))).collect()
}

pub(super) fn back(description: &Description, schema: &Value, value: &Value) -> Value {
    let (name, target) = target(description, schema);
    match value {
        Value::Array(list) if schema["type"] != "object" => list.iter().map(|v| back(description, schema, v)).collect(),
        Value::Object(_) if target["properties"].is_object() => inward(description, name, value),
        Value::String(word) if target["enum"].is_array() => word.to_lowercase().into(),
        Value::String(number) if target["format"] == "int64" => number.parse::<i64>().unwrap().into(),
        other => other.clone(),
    }
}

/// Ids, times, tokens and keys differ between two servers: each is replaced by the number of its first sight.
pub(super) fn masked(seen: &mut BTreeMap<String, usize>, value: &Value) -> Value {
    match value {
        // The two servers may be asked in two minutes.
        Value::Object(map) if map.contains_key("step_seconds") => "(trends)".into(),
        Value::Object(map) => map
            .iter()
            // Timers come and go.
            .filter(|(k, v)| !v.is_null() && *k != "due_at")
            .map(|(k, v)| {
                let secret = k.ends_with("_token") || k.ends_with("_at") || ["not_after", "chain", "fingerprint", "bound_port", "names", "uid_validity", "at", "oldest", "next_try", "headers", "undo_until", "confirm_by", "message_id", "duration_seconds", "message", "first_port", "last_port", "instructions", "requests", "responses", "server_transactions", "client_transactions", "branch", "rtt_ms"].contains(&k.as_str());
                (k.clone(), if secret { "(masked)".into() } else { masked(seen, v) })
            })
            .collect(),
        Value::Array(list) => list.iter().map(|v| masked(seen, v)).collect(),
        // A port of a telephone, or a tag in what it sent.
        Value::String(text) if text.contains("127.0.0.1:") => "(a place)".into(),
        // A trace field holds the time.
        Value::String(text) if text.starts_with("Return-Path:") => "(a message with trace fields)".into(),
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => {
            let next = seen.len();
            format!("(id {})", seen.entry(text.clone()).or_insert(next)).into()
        }
        other => other.clone(),
    }
}
