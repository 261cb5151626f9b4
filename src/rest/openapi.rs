//! The OpenAPI document, made from the register.

use serde_json::{Map, Value, json};
use service::{Access, Description, Gives, Method, Operation};

/// Statuses that any operation may answer beside its own.
const PROBLEMS: [u16; 14] = [400, 401, 403, 404, 406, 409, 412, 413, 415, 422, 429, 500, 503, 507];

/// The OpenAPI 3.1 document of everything below `/api/v1`.
pub fn document() -> Value {
    let description = Description::new();
    let mut paths: Map<String, Value> = Map::new();
    let mut components: Map<String, Value> = description.components.iter().filter(|(name, _)| name.as_str() != "Nothing").map(|(n, s)| (n.clone(), s.clone())).collect();
    for operation in service::operations::ALL {
        let path = paths.entry(operation.path.to_owned()).or_insert_with(|| json!({}));
        let entry = describe(&description, operation, &mut components);
        if let Some(path) = path.as_object_mut() {
            path.insert(method(operation.method).to_owned(), entry);
        }
    }
    paths.insert("/events".to_owned(), json!({"get": events()}));
    components.insert("Problem".to_owned(), problem());
    components.insert("ProblemField".to_owned(), problem_field());
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Postamt", "version": "1", "description": "Every administrative and user function of the server.", "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Put => "put",
        Method::Patch => "patch",
        Method::Delete => "delete",
    }
}

fn describe(description: &Description, operation: &Operation, components: &mut Map<String, Value>) -> Value {
    let input = description.input(operation);
    let in_path = |field: &str| operation.path.contains(&format!("{{{field}}}"));
    let as_it_is = operation.takes == Some("*/*");
    let by_query = as_it_is || matches!(operation.method, Method::Get | Method::Delete);
    // What comes as it is needs no field of its own.
    let in_query = |field: &str| by_query && !(as_it_is && ["content", "encoding", "type"].contains(&field));
    let mut parameters: Vec<Value> = input
        .fields
        .iter()
        .filter(|(name, _)| in_query(name) || in_path(name))
        .map(|(name, schema)| json!({"name": name, "in": if in_path(name) { "path" } else { "query" }, "required": in_path(name) || input.required.contains(name), "schema": schema}))
        .collect();
    if operation.method != Method::Get && operation.access != Access::Public {
        parameters.push(json!({"name": "If-Match", "in": "header", "required": operation.needs_version, "schema": {"type": "string"}, "description": "ETag that was read"}));
    }
    if operation.method == Method::Get {
        parameters.push(json!({"name": "If-None-Match", "in": "header", "required": false, "schema": {"type": "string"}, "description": "ETag that is known; the same one is answered by 304"}));
    }
    if operation.method == Method::Post {
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string"}, "description": "A repetition with the same key gets the first answer"}));
    }
    let mut entry = json!({"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary, "parameters": parameters, "responses": responses(description, operation)});
    let body: Map<String, Value> = input.fields.iter().filter(|(name, _)| !by_query && !in_path(name)).map(|(n, s)| (n.clone(), s.clone())).collect();
    let mut add = |key: &str, value: Value| {
        if let Some(map) = entry.as_object_mut() {
            map.insert(key.to_owned(), value);
        }
    };
    if operation.takes == Some("*/*") {
        add("requestBody", json!({"required": true, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}));
    } else if !body.is_empty() {
        let required: Vec<&String> = input.required.iter().filter(|name| body.contains_key(*name)).collect();
        let (head, tail) = operation.id.split_at(1);
        let name = format!("{}{tail}Body", head.to_uppercase());
        add("requestBody", json!({"required": !required.is_empty(), "content": content(&name, operation.takes)}));
        components.insert(name, json!({"type": "object", "properties": body, "required": required, "additionalProperties": false}));
    }
    match operation.access {
        Access::Public => {}
        access => {
            add("security", json!([{"bearer": []}]));
            add("x-rights", rights(access));
        }
    }
    entry
}

/// The stream of events is no operation of the register: it has no end.
fn events() -> Value {
    let parameter = |name: &str, place: &str, about: &str| json!({"name": name, "in": place, "required": false, "schema": {"type": "string"}, "description": about});
    let mut responses = json!({"200": {"description": "Events as they happen", "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Event"}}}}});
    if let Some(map) = responses.as_object_mut() {
        for status in [400, 401, 403, 409, 503] {
            map.insert(status.to_string(), json!({"description": "Not done", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}));
        }
    }
    json!({
        "operationId": "streamEvents", "tags": ["events"], "summary": "Tells what happens (server-sent events), to whom it concerns",
        "parameters": [parameter("topics", "query", "Topics, parted by commas; all when absent"), parameter("Last-Event-ID", "header", "Goes on after this event")],
        "responses": responses, "security": [{"bearer": []}], "x-rights": [],
    })
}

fn rights(access: Access) -> Value {
    match access {
        Access::Public | Access::SignedIn => json!([]),
        Access::Server(right) => json!([{"scope": "server", "right": right}]),
        Access::Domain(right) => json!([{"scope": "domain", "right": right}]),
        Access::Own(right) => json!([{"scope": "own"}, {"scope": "domain", "right": right}]),
    }
}

fn responses(description: &Description, operation: &Operation) -> Value {
    let mut responses = Map::new();
    let good = match description.output(operation) {
        Some(name) => json!({"description": "Done", "content": content(name.as_str(), operation.gives.map(|(Gives::AsItIs(kind) | Gives::WhenAsked(kind))| kind))}),
        None => json!({"description": "Done"}),
    };
    responses.insert(operation.status.to_string(), good);
    if operation.method == Method::Get {
        responses.insert("304".to_owned(), json!({"description": "It has the version that is known"}));
    }
    for status in PROBLEMS.into_iter().chain(operation.needs_version.then_some(428)) {
        responses.insert(status.to_string(), json!({"description": "Not done", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}));
    }
    Value::Object(responses)
}

/// A schema as JSON, and what may stand for it as it is.
fn content(name: &str, other: Option<&str>) -> Value {
    let mut content = json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}});
    if let (Some(kind), Some(map)) = (other, content.as_object_mut()) {
        map.insert(kind.to_owned(), json!({"schema": {"type": "string", "format": "binary"}}));
    }
    content
}

fn problem() -> Value {
    json!({
        "type": "object", "description": "Why something was not done (RFC 9457)", "additionalProperties": false,
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
            "code": {"type": "string", "description": "Stable key"}, "detail": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemField"}},
            "required": {"type": "string", "description": "The right that is missing"},
            "instance": {"type": "string", "description": "Path of the request"},
            "request_id": {"type": "string", "description": "Names the request in logs; also in X-Request-Id"},
            "current_version": {"type": "string", "description": "The version the object has"},
        },
    })
}

fn problem_field() -> Value {
    json!({
        "type": "object", "description": "A field at fault", "additionalProperties": false, "required": ["pointer", "code", "detail"],
        "properties": {"pointer": {"type": "string", "description": "JSON pointer into the input"}, "code": {"type": "string"}, "detail": {"type": "string"}, "params": {"type": "object", "description": "Particulars, for example line and column"}},
    })
}
