//! The same operations as queries and mutations, made from the register.
//!
//! Types to know: [`schema`], [`routes`].
//! A query field per reading operation; a mutation field per other one, with one `input` argument and a payload that holds
//! the object or its `userErrors`. Names are camelCase, enum values SCREAMING_SNAKE, 64-bit numbers the scalar `Size`.
//! Deliberately absent: a resolver of its own for any operation.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod convert;
mod http;
mod order;
mod resolve;
mod socket;
mod subscribe;
mod types;

pub use async_graphql::dynamic::Schema;
use async_graphql::dynamic::{Object, Scalar, SchemaError};
pub use http::routes;
use service::{Description, Service};

/// Deepest query.
const DEPTH: usize = 12;
/// Most fields of a query.
const COMPLEXITY: usize = 5000;

/// Most directives of a field.
const DIRECTIVES: usize = 50;

/// The schema over a service.
///
/// # Errors
/// When the register cannot be told in GraphQL: a fault of ours that tests find.
pub fn schema(service: Service) -> Result<Schema, SchemaError> {
    Ok(build()?.data(service).finish()?)
}

/// The schema in the schema definition language.
///
/// # Errors
/// As [`schema`].
pub fn sdl() -> Result<String, SchemaError> {
    Ok(build()?.finish()?.sdl())
}

fn build() -> Result<async_graphql::dynamic::SchemaBuilder, SchemaError> {
    let description = std::sync::Arc::new(Description::new());
    let mut types = types::Types::new(description.clone());
    let (mut queries, mut mutations) = (Object::new("Query"), Object::new("Mutation"));
    for operation in service::operations::ALL {
        if operation.is_query() {
            queries = queries.field(resolve::query(&mut types, operation));
        } else {
            mutations = mutations.field(resolve::mutation(&mut types, operation));
        }
    }
    let mut builder = Schema::build("Query", Some("Mutation"), Some("Subscription")).limit_depth(DEPTH).limit_complexity(COMPLEXITY).limit_directives(DIRECTIVES).register(queries).register(mutations).register(subscribe::fields(&mut types));
    for (name, about) in [("JSON", "Any JSON value"), ("Size", "A 64-bit number, written as text")] {
        builder = builder.register(Scalar::new(name).description(about));
    }
    Ok(types.register(builder))
}

#[cfg(test)]
mod tests {
    use service::operations;

    #[test]
    fn every_operation_is_a_field() {
        let sdl = super::sdl().unwrap();
        let block = |name: &str| sdl.split(&format!("type {name} {{")).nth(1).and_then(|rest| rest.split("\n}").next()).unwrap().to_owned();
        let fields = block("Query") + &block("Mutation");
        for operation in operations::ALL {
            let found = fields.lines().filter(|line| line.trim_start().split(['(', ':']).next() == Some(operation.id)).count();
            assert_eq!(found, 1, "{}", operation.id);
        }
    }
}
