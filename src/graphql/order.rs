//! The fields of an answer stand in the order of the query (GraphQL October 2021, section 7.2.2), whichever was ready first.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Request, Response, Value};

/// How deep fragments may lie in one another at the top; what lies deeper keeps the order in which it got ready.
const DEPTH: usize = 16;

/// The place of every field at the top of an answer.
pub(crate) struct Order(HashMap<Name, usize>);

impl Order {
    /// As `query` asks; nothing to arrange when it does not parse, which its execution tells.
    pub(crate) fn of(query: &mut Request) -> Self {
        let name = query.operation_name.clone();
        let mut order = Self(HashMap::new());
        if let Ok(document) = query.parsed_query() {
            let mut operations = document.operations.iter();
            let operation = match &name {
                Some(name) => operations.find(|(known, _)| known.is_some_and(|known| known == name.as_str())),
                None => operations.next(),
            };
            if let Some((_, operation)) = operation {
                order.note(document, &operation.node.selection_set.node, &mut HashSet::new(), 0);
            }
        }
        order
    }

    /// `seen`: fragments are read once, for they may hold one another.
    fn note<'a>(&mut self, document: &'a ExecutableDocument, set: &'a SelectionSet, seen: &mut HashSet<&'a Name>, depth: usize) {
        for selection in &set.items {
            let inner = match &selection.node {
                Selection::Field(field) => {
                    let place = self.0.len();
                    self.0.entry(field.node.response_key().node.clone()).or_insert(place);
                    continue;
                }
                Selection::InlineFragment(fragment) => Some(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    document.fragments.get(name).filter(|_| seen.insert(name)).map(|fragment| &fragment.node.selection_set.node)
                }
            };
            if let Some(inner) = inner.filter(|_| depth < DEPTH) {
                self.note(document, inner, seen, depth + 1);
            }
        }
    }

    /// Puts the fields of `answer` in their places.
    pub(crate) fn arrange(&self, answer: &mut Response) {
        if let Value::Object(fields) = &mut answer.data
            && fields.len() > 1
        {
            fields.sort_by_cached_key(|name, _| self.0.get(name).copied().unwrap_or(usize::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, Request, Response, Value, indexmap::IndexMap};

    use super::Order;

    fn arranged(query: Request, ready: &[&str]) -> Vec<String> {
        let fields: IndexMap<Name, Value> = ready.iter().map(|name| (Name::new(name), Value::Null)).collect();
        let (mut query, mut answer) = (query, Response::new(Value::Object(fields)));
        Order::of(&mut query).arrange(&mut answer);
        let Value::Object(fields) = answer.data else { panic!("no object") };
        fields.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn fields_stand_as_they_were_asked() {
        let query = "query B { x } query A { c: one ...F a ... on Query { d } c: one } fragment F on Query { b ...F }";
        assert_eq!(arranged(Request::new(query).operation_name("A"), &["d", "b", "a", "c"]), ["c", "b", "a", "d"]);
        assert_eq!(arranged(Request::new("{ b a }"), &["a", "b"]), ["b", "a"]);
    }

    #[test]
    fn fragments_that_hold_one_another_twice_end() {
        // Read anew at every mention, each level would double the work.
        let mut query = "{ ...F0 }".to_owned();
        for n in 0..40 {
            query += &format!(" fragment F{n} on Query {{ ...F{0} ...F{0} }}", n + 1);
        }
        assert_eq!(arranged(Request::new(query), &["a", "b"]), ["a", "b"]);
    }
}
