//! What the register says of inputs and results, as JSON Schema: the doors draw their descriptions from it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{Operation, Shape, operations};

/// Every schema by name, and the fields of every input.
pub struct Description {
    /// Named schemas, all objects closed.
    pub components: BTreeMap<String, Value>,
    inputs: BTreeMap<&'static str, Input>,
}

/// The fields of an input.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Schema of each field, in order.
    pub fields: Map<String, Value>,
    /// Fields that must be there.
    pub required: Vec<String>,
}

impl Description {
    /// Describes every operation of the register.
    pub fn new() -> Self {
        let mut components = BTreeMap::new();
        for operation in operations::ALL {
            for shape in std::iter::once((operation.input)()).chain(operation.output.map(|output| output())) {
                add(&mut components, shape);
            }
        }
        operations::PARTS.iter().for_each(|part| add(&mut components, part()));
        let inputs = operations::ALL.iter().map(|operation| (operation.id, input_of(&components, &(operation.input)().name))).collect();
        let mut description = Self { components, inputs };
        let names: Vec<String> = description.components.keys().cloned().collect();
        for name in names {
            let flat = input_of(&description.components, &name);
            if let Some(schema) = description.components.get_mut(&name) {
                if schema.get("allOf").is_some() {
                    *schema = json!({"type": "object", "properties": flat.fields, "required": flat.required});
                }
                close(schema);
            }
        }
        description
    }

    /// The fields of an operation's input.
    pub fn input(&self, operation: &Operation) -> Input {
        self.inputs.get(operation.id).cloned().unwrap_or_default()
    }

    /// Name of the schema of an operation's result.
    pub fn output(&self, operation: &Operation) -> Option<String> {
        operation.output.map(|output| clean(&output().name)).filter(|name| name != "Nothing")
    }
}

impl Default for Description {
    fn default() -> Self {
        Self::new()
    }
}

/// Names of generic types hold characters that not every door allows.
fn clean(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn add(components: &mut BTreeMap<String, Value>, shape: Shape) {
    let whole = std::iter::once((shape.name, shape.schema)).chain(shape.parts);
    for (name, schema) in whole {
        let mut schema = serde_json::to_value(schema).unwrap_or_default();
        rename(&mut schema);
        components.entry(clean(&name)).or_insert(schema);
    }
}

fn rename(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/components/schemas/")
            {
                *reference = format!("#/components/schemas/{}", clean(name));
            }
            map.values_mut().for_each(rename);
        }
        Value::Array(list) => list.iter_mut().for_each(rename),
        _ => {}
    }
}

/// Takes the fields of an object, those of flattened parts among them.
fn input_of(components: &BTreeMap<String, Value>, name: &str) -> Input {
    let mut input = Input::default();
    if let Some(schema) = components.get(&clean(name)) {
        collect(components, schema, &mut input, 0);
    }
    input
}

fn collect(components: &BTreeMap<String, Value>, schema: &Value, input: &mut Input, depth: usize) {
    if depth > 8 {
        return;
    }
    if let Some(name) = reference(schema)
        && let Some(schema) = components.get(name)
    {
        collect(components, schema, input, depth + 1);
    }
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        collect(components, part, input, depth + 1);
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        input.fields.extend(properties.clone());
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    input.required.extend(required.filter_map(|name| name.as_str().map(str::to_owned)));
}

/// Name of the component a schema refers to.
pub fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")
}

/// An object with properties has no others.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("properties").is_some_and(Value::is_object) && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattened_inputs_are_whole() {
        let description = Description::new();
        let operation = Operation::find("listDomainAccounts").unwrap();
        let fields: Vec<String> = description.input(operation).fields.keys().cloned().collect();
        assert_eq!(fields.iter().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), ["count", "cursor", "domain", "limit"].into());
        assert_eq!(description.output(operation).as_deref(), Some("PageAccount"));
        assert!(description.components.keys().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric())));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn check(description: &Description, value: &Value) {
            if let Some(name) = reference(value) {
                assert!(description.components.contains_key(name), "{name} is referred to and not there");
            }
            match value {
                Value::Object(map) => map.values().for_each(|v| check(description, v)),
                Value::Array(list) => list.iter().for_each(|v| check(description, v)),
                _ => {}
            }
        }
        let description = Description::new();
        description.components.values().for_each(|schema| check(&description, schema));
    }

    #[test]
    fn every_path_field_is_a_field_of_the_input() {
        let description = Description::new();
        for operation in operations::ALL {
            let input = description.input(operation);
            for field in operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                assert!(input.fields.contains_key(field), "{}: {field}", operation.id);
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut ids: Vec<_> = operations::ALL.iter().map(|o| o.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), operations::ALL.len());
    }
}
