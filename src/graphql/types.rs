//! GraphQL types from the schemas of the register, each made when it is first needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::dynamic::{Enum, Field, FieldFuture, FieldValue, InputObject, InputValue, Object, SchemaBuilder, TypeRef};
use serde_json::{Map, Value};
use service::Description;

use crate::convert::{Kind, camel, kind, leaf};

pub(crate) struct Types {
    pub(crate) description: Arc<Description>,
    objects: BTreeMap<String, Option<Object>>,
    inputs: BTreeMap<String, Option<InputObject>>,
    enums: BTreeMap<String, Enum>,
}

impl Types {
    pub(crate) fn new(description: Arc<Description>) -> Self {
        Self { description, objects: BTreeMap::new(), inputs: BTreeMap::new(), enums: BTreeMap::new() }
    }

    pub(crate) fn register(self, mut builder: SchemaBuilder) -> SchemaBuilder {
        for object in self.objects.into_values().flatten() {
            builder = builder.register(object);
        }
        for input in self.inputs.into_values().flatten() {
            builder = builder.register(input);
        }
        for word in self.enums.into_values() {
            builder = builder.register(word);
        }
        builder
    }

    /// Adds an object of our own making.
    pub(crate) fn add_object(&mut self, object: Object) {
        self.objects.entry(object.type_name().to_owned()).or_insert(Some(object));
    }

    /// Type of a schema in results; the second says that it has fields of its own.
    pub(crate) fn output(&mut self, schema: &Value) -> (TypeRef, bool) {
        let description = self.description.clone();
        match kind(&description, schema) {
            Kind::Text => (TypeRef::named(TypeRef::STRING), false),
            Kind::Number => (TypeRef::named(TypeRef::INT), false),
            Kind::Wide => (TypeRef::named("Size"), false),
            Kind::Truth => (TypeRef::named(TypeRef::BOOLEAN), false),
            Kind::Any => (TypeRef::named("JSON"), false),
            Kind::Enum(name) => (TypeRef::named(self.word(name)), false),
            Kind::Object(name) => (TypeRef::named(self.object(name)), true),
            Kind::List(items) => {
                let (inner, fields) = self.output(items);
                (TypeRef::List(Box::new(TypeRef::NonNull(Box::new(inner)))), fields)
            }
        }
    }

    /// Type of a schema in arguments.
    pub(crate) fn argument(&mut self, schema: &Value) -> TypeRef {
        let description = self.description.clone();
        match kind(&description, schema) {
            Kind::Object(name) => {
                let fields = properties(&description, name);
                let required = required(&description, name);
                TypeRef::named(self.input(&format!("{name}Input"), &fields, &required))
            }
            Kind::List(items) => TypeRef::List(Box::new(TypeRef::NonNull(Box::new(self.argument(items))))),
            _ => self.output(schema).0,
        }
    }

    fn word(&mut self, name: &str) -> String {
        if !self.enums.contains_key(name) {
            let values = self.description.components.get(name).and_then(|s| s.get("enum")).and_then(Value::as_array);
            let made = values.into_iter().flatten().filter_map(Value::as_str).fold(Enum::new(name), |e, value| e.item(value.to_uppercase()));
            self.enums.insert(name.to_owned(), made);
        }
        name.to_owned()
    }

    /// Makes an input object from fields.
    pub(crate) fn input(&mut self, name: &str, fields: &Map<String, Value>, required: &[String]) -> String {
        if !self.inputs.contains_key(name) {
            self.inputs.insert(name.to_owned(), None);
            let mut made = InputObject::new(name);
            for (key, schema) in fields {
                let inner = self.argument(schema);
                let ty = if required.contains(key) { TypeRef::NonNull(Box::new(inner)) } else { inner };
                made = made.field(InputValue::new(camel(key), ty).description(about(schema)));
            }
            self.inputs.insert(name.to_owned(), Some(made));
        }
        name.to_owned()
    }

    fn object(&mut self, name: &str) -> String {
        if !self.objects.contains_key(name) {
            self.objects.insert(name.to_owned(), None);
            let fields = properties(&self.description, name);
            let required = required(&self.description, name);
            let mut made = Object::new(name).description(self.description.components.get(name).map(about).unwrap_or_default());
            for (key, schema) in fields {
                made = made.field(self.field(&key, schema, required.contains(&key)));
            }
            self.objects.insert(name.to_owned(), Some(made));
        }
        name.to_owned()
    }

    fn field(&mut self, key: &str, schema: Value, required: bool) -> Field {
        let (ty, has_fields) = self.output(&schema);
        let nullable = !required || is_nullable(&schema);
        let ty = if nullable { ty } else { TypeRef::NonNull(Box::new(ty)) };
        let (description, name, text) = (self.description.clone(), key.to_owned(), about(&schema));
        Field::new(camel(key), ty, move |context| {
            let value = context.parent_value.try_downcast_ref::<Value>().ok().and_then(|parent| parent.get(&name)).cloned().unwrap_or_default();
            let out = shown(&description, &schema, has_fields, value);
            FieldFuture::new(async move { Ok(out) })
        })
        .description(text)
    }
}

/// A value as a resolver gives it.
pub(crate) fn shown(description: &Description, schema: &Value, has_fields: bool, value: Value) -> Option<FieldValue<'static>> {
    match value {
        Value::Null => None,
        Value::Array(list) if has_fields => Some(FieldValue::list(list.into_iter().map(FieldValue::owned_any))),
        value if has_fields => Some(FieldValue::owned_any(value)),
        value => Some(FieldValue::value(leaf(description, schema, &value))),
    }
}

fn about(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A field whose schema says that it may be null, or that may be any JSON.
fn is_nullable(schema: &Value) -> bool {
    let null_type = schema.get("type").and_then(Value::as_array).is_some_and(|list| list.iter().any(|t| t == "null"));
    let one_of = schema.get("oneOf").and_then(Value::as_array).is_some_and(|list| list.iter().any(|s| s.get("type").is_some_and(|t| t == "null")));
    let any = schema.get("type").is_none_or(|t| t == "object") && schema.get("properties").is_none() && service::reference(schema).is_none() && schema.get("allOf").is_none();
    null_type || one_of || any
}

pub(crate) fn properties(description: &Description, name: &str) -> Map<String, Value> {
    description.components.get(name).and_then(|s| s.get("properties")).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn required(description: &Description, name: &str) -> Vec<String> {
    let list = description.components.get(name).and_then(|s| s.get("required")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|n| n.as_str().map(str::to_owned)).collect()
}
