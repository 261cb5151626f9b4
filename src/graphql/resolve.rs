//! One field per operation.

use async_graphql::dynamic::{Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, TypeRef};
use async_graphql::{Error as GraphError, ErrorExtensions, Value as Graph};
use serde_json::{Map, Value, json};
use service::{Call, Caller, Error, Kind as Refusal, Operation, Service};

use crate::convert::{camel, input};
use crate::types::{Types, shown};

/// A collection is shown as a connection: `first` and `after` ask, `nodes` and `pageInfo` answer.
const PAGE_WORDS: [(&str, &str); 2] = [("limit", "first"), ("cursor", "after")];

fn word(key: &str) -> String {
    PAGE_WORDS.iter().find(|(ours, _)| *ours == key).map_or_else(|| camel(key), |(_, theirs)| (*theirs).to_owned())
}

/// A reading operation.
pub(crate) fn query(types: &mut Types, operation: &'static Operation) -> Field {
    let description = types.description.clone();
    let fields = description.input(operation);
    let (ty, page, has_fields, output) = result(types, operation);
    let (schemas, outer) = (fields.fields.clone(), description.clone());
    let mut field = Field::new(operation.id, TypeRef::NonNull(Box::new(ty)), move |context| {
        let (schemas, description, output) = (schemas.clone(), outer.clone(), output.clone());
        FieldFuture::new(async move {
            let mut values = Map::new();
            for (key, schema) in &schemas {
                if let Some(value) = context.args.get(&word(key)) {
                    values.insert(key.clone(), input(&description, schema, value.as_value().clone()));
                }
            }
            let value = perform(&context, operation, None, values).await.map_err(|error| top_level(&error))?;
            Ok(if page { Some(FieldValue::owned_any(value)) } else { shown(&description, &output, has_fields, value) })
        })
    })
    .description(operation.summary);
    for (key, schema) in &fields.fields {
        let inner = types.argument(schema);
        let ty = if fields.required.contains(key) { TypeRef::NonNull(Box::new(inner)) } else { inner };
        field = field.argument(InputValue::new(word(key), ty));
    }
    field
}

/// Type of a result, whether it is a page, whether it has fields, and its schema.
fn result(types: &mut Types, operation: &Operation) -> (TypeRef, bool, bool, Value) {
    let Some(name) = types.description.output(operation) else {
        return (TypeRef::named(TypeRef::BOOLEAN), false, false, json!({"type": "boolean"}));
    };
    if let Some(item) = name.strip_prefix("Page") {
        return (TypeRef::named(connection(types, item)), true, true, Value::Null);
    }
    let schema = json!({"$ref": format!("#/components/schemas/{name}")});
    let (ty, has_fields) = types.output(&schema);
    (ty, false, has_fields, schema)
}

/// The JSON that the field stands in.
fn parent(context: &ResolverContext<'_>) -> Value {
    context.parent_value.try_downcast_ref::<Value>().cloned().unwrap_or_default()
}

fn page_nodes(context: &ResolverContext<'_>) -> Option<FieldValue<'static>> {
    let data = parent(context).get("data").and_then(Value::as_array).cloned().unwrap_or_default();
    Some(FieldValue::list(data.into_iter().map(FieldValue::owned_any)))
}

/// Objects, each with its cursor where the collection has them.
fn page_edges(context: &ResolverContext<'_>) -> Option<FieldValue<'static>> {
    let page = parent(context);
    let cursor = |index: usize| page["page"]["cursors"].get(index).cloned().unwrap_or_default();
    let edge = |(index, node): (usize, &Value)| FieldValue::owned_any(json!({"node": node, "cursor": cursor(index)}));
    Some(FieldValue::list(page["data"].as_array().into_iter().flatten().enumerate().map(edge).collect::<Vec<_>>()))
}

/// A word of the page: whether more follows, where to go on, how many there are.
fn page_word(context: &ResolverContext<'_>, key: &str) -> Option<FieldValue<'static>> {
    let value = parent(context).get("page")?.get(key)?.clone();
    let value = if key == "total" { Value::String(value.to_string()) } else { value };
    Graph::from_json(value).ok().filter(|value| *value != Graph::Null).map(FieldValue::value)
}

fn connection(types: &mut Types, item: &str) -> String {
    let (node, _) = types.output(&json!({"$ref": format!("#/components/schemas/{item}")}));
    let nodes = TypeRef::NonNull(Box::new(TypeRef::List(Box::new(TypeRef::NonNull(Box::new(node.clone()))))));
    types.add_object(
        Object::new("PageInfo")
            .field(Field::new("hasNextPage", TypeRef::named_nn(TypeRef::BOOLEAN), |context| FieldFuture::Value(page_word(&context, "has_more"))))
            .field(Field::new("endCursor", TypeRef::named(TypeRef::STRING), |context| FieldFuture::Value(page_word(&context, "next_cursor")))),
    );
    let edge = format!("{item}Edge");
    let cursor = Field::new("cursor", TypeRef::named(TypeRef::STRING), |context| {
        let cursor = parent(&context)["cursor"].as_str().map(str::to_owned);
        FieldFuture::Value(cursor.map(FieldValue::value))
    });
    types.add_object(Object::new(&edge).field(cursor).field(Field::new("node", TypeRef::NonNull(Box::new(node)), |context| {
        FieldFuture::Value(Some(FieldValue::owned_any(parent(&context)["node"].clone())))
    })));
    let name = format!("{item}Connection");
    let edges = TypeRef::NonNull(Box::new(TypeRef::List(Box::new(TypeRef::named_nn(edge)))));
    types.add_object(
        Object::new(&name)
            .field(Field::new("edges", edges, |context| FieldFuture::Value(page_edges(&context))))
            .field(Field::new("nodes", nodes, |context| FieldFuture::Value(page_nodes(&context))))
            .field(Field::new("pageInfo", TypeRef::named_nn("PageInfo"), |context| FieldFuture::Value(Some(FieldValue::owned_any(parent(&context))))))
            .field(Field::new("totalCount", TypeRef::named("Size"), |context| FieldFuture::Value(page_word(&context, "total")))),
    );
    name
}

/// A changing operation: one `input`, a payload with the object or its `userErrors`.
pub(crate) fn mutation(types: &mut Types, operation: &'static Operation) -> Field {
    let description = types.description.clone();
    let fields = description.input(operation);
    let (head, tail) = operation.id.split_at(1);
    let name = format!("{}{tail}", head.to_uppercase());
    let payload = payload(types, operation, &format!("{name}Payload"));
    let mut schemas = fields.fields.clone();
    schemas.insert("client_mutation_id".to_owned(), json!({"type": "string", "description": "Comes back as it is"}));
    schemas.insert("if_version".to_owned(), json!({"type": "integer", "format": "int64", "description": "The version that was read"}));
    types.input(&format!("{name}Input"), &schemas, &fields.required);
    Field::new(operation.id, TypeRef::named_nn(payload), move |context| {
        let (schemas, description) = (schemas.clone(), description.clone());
        FieldFuture::new(async move {
            let mut values = Map::new();
            let given = context.args.get("input").map(|v| v.as_value().clone()).unwrap_or_default();
            if let Graph::Object(map) = given {
                for (key, schema) in &schemas {
                    if let Some(value) = map.get(camel(key).as_str()) {
                        values.insert(key.clone(), input(&description, schema, value.clone()));
                    }
                }
            }
            let client_id = values.remove("client_mutation_id").unwrap_or_default();
            let expect = values.remove("if_version").and_then(|v| v.as_i64());
            let (object, errors) = match perform(&context, operation, expect, values).await {
                Ok(value) => (value, Value::Array(Vec::new())),
                Err(error) if is_users(&error) => (Value::Null, user_errors(&error)),
                Err(error) => return Err(top_level(&error)),
            };
            Ok(Some(FieldValue::owned_any(json!({"client_mutation_id": client_id, "object": object, "user_errors": errors}))))
        })
    })
    .argument(InputValue::new("input", TypeRef::named_nn(format!("{name}Input"))))
    .description(operation.summary)
}

fn payload(types: &mut Types, operation: &Operation, name: &str) -> String {
    let (ty, page, has_fields, schema) = result(types, operation);
    let (label, done) = match types.description.output(operation) {
        Some(output) => {
            let (head, tail) = output.split_at(1);
            (format!("{}{tail}", head.to_lowercase()), false)
        }
        None => ("done".to_owned(), true),
    };
    types.add_object(["code", "message", "path"].into_iter().fold(Object::new("UserError").description("Why something was not done"), |object, key| {
        object.field(Field::new(key, TypeRef::named_nn(TypeRef::STRING), move |context| {
            let text = context.parent_value.try_downcast_ref::<Value>().ok().and_then(|e| e.get(key)?.as_str().map(str::to_owned)).unwrap_or_default();
            FieldFuture::new(async move { Ok(Some(FieldValue::value(text))) })
        }))
    }));
    let description = types.description.clone();
    let object = Field::new(label, ty, move |context| {
        let payload = context.parent_value.try_downcast_ref::<Value>().cloned().unwrap_or_default();
        let good = payload["user_errors"].as_array().is_some_and(Vec::is_empty);
        let value = if done { good.then_some(Value::Bool(true)).unwrap_or_default() } else { payload["object"].clone() };
        let out = if page { Some(FieldValue::owned_any(value)) } else { shown(&description, &schema, has_fields, value) };
        FieldFuture::new(async move { Ok(out) })
    });
    let errors = Field::new("userErrors", TypeRef::NonNull(Box::new(TypeRef::List(Box::new(TypeRef::named_nn("UserError"))))), |context| {
        let list = context.parent_value.try_downcast_ref::<Value>().ok().and_then(|p| p["user_errors"].as_array().cloned()).unwrap_or_default();
        FieldFuture::new(async move { Ok(Some(FieldValue::list(list.into_iter().map(FieldValue::owned_any)))) })
    });
    let id = Field::new("clientMutationId", TypeRef::named(TypeRef::STRING), |context| {
        let id = context.parent_value.try_downcast_ref::<Value>().ok().and_then(|p| p["client_mutation_id"].as_str().map(str::to_owned));
        FieldFuture::new(async move { Ok(id.map(FieldValue::value)) })
    });
    types.add_object(Object::new(name).field(id).field(object).field(errors));
    name.to_owned()
}

async fn perform(context: &ResolverContext<'_>, operation: &'static Operation, expect: Option<i64>, values: Map<String, Value>) -> Result<Value, Error> {
    let broken = || Error::new(Refusal::Internal, "internal", "The server made a mistake; it is in its log.");
    let service = context.data::<Service>().map_err(|_| broken())?.clone();
    let caller = context.data::<Caller>().map_err(|_| broken())?.clone();
    let reply = operation.perform(&service, Call::new(caller, expect), Value::Object(values)).await?;
    if reply.body.is_empty() {
        return Ok(Value::Null);
    }
    let mut value: Value = serde_json::from_slice(&reply.body).map_err(|_| broken())?;
    if let (false, Some(page)) = (reply.cursors.is_empty(), value.get_mut("page").and_then(Value::as_object_mut)) {
        page.insert("cursors".to_owned(), reply.cursors.into());
    }
    Ok(value)
}

/// Failures one expects of an input or an object; the others concern the caller or the server.
fn is_users(error: &Error) -> bool {
    matches!(error.kind, Refusal::Malformed | Refusal::Forbidden | Refusal::NotFound | Refusal::Conflict | Refusal::Stale | Refusal::VersionMissing | Refusal::Invalid)
}

fn user_errors(error: &Error) -> Value {
    let one = |pointer: &str, code: &str, detail: &str| {
        let path: Vec<String> = pointer.split('/').filter(|part| !part.is_empty()).map(camel).collect();
        json!({"code": code, "message": detail, "path": path.join(".")})
    };
    if error.fields.is_empty() {
        return json!([one("", error.code, &error.detail)]);
    }
    error.fields.iter().map(|field| one(&field.pointer, field.code, &field.detail)).collect()
}

pub(crate) fn top_level(error: &Error) -> GraphError {
    let code = error.code;
    GraphError::new(error.detail.clone()).extend_with(|_, extensions| extensions.set("code", code))
}
