//! Every answer a test gets must be one that the OpenAPI document promises.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(rest::document);
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

fn validator(schema: &Value) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().unwrap();
    known
        .entry(schema.to_string())
        .or_insert_with(|| {
            let mut whole = schema.clone();
            whole["components"] = DOCUMENT["components"].clone();
            Arc::new(jsonschema::draft202012::new(&whole).unwrap())
        })
        .clone()
}

/// The path of the document that a real path is an instance of.
fn template(path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let words: Vec<&str> = template.split('/').collect();
        words.len() == parts.len() && words.iter().zip(&parts).all(|(word, part)| word.starts_with('{') || word == part)
    };
    // A path without braces wins over one with them.
    let mut found: Vec<_> = DOCUMENT["paths"].as_object().unwrap().iter().filter(|(template, _)| fits(template)).collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    found.first().map(|(_, item)| *item)
}

/// Panics when the answer is not among those that the document promises for this call.
pub(crate) fn check(method: &str, path: &str, status: u16, body: &Value) {
    let Some(operation) = template(path).and_then(|item| item.get(method.to_lowercase())) else {
        assert!(status == 404 || status == 405, "{method} {path}: {status} without a place in the document");
        return;
    };
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{method} {path}: status {status} is not in the document");
    match response["content"].as_object().and_then(|content| content.get("application/json").or_else(|| content.get("application/problem+json"))) {
        Some(media) => {
            let faults: Vec<String> = validator(&media["schema"]).iter_errors(body).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(faults.is_empty(), "{method} {path}: {status} breaks its schema:\n{}\n{body:#}", faults.join("\n"));
        }
        None => assert_eq!(*body, json!(null), "{method} {path}: {status} must have no body"),
    }
}
