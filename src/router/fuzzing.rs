//! Properties of the Router over arbitrary bytes.

use std::sync::Arc;

use model::routing::{Flow, RouterSettings};

use crate::address::Source;
use crate::rule::Site;
use crate::{
    Account, Address, Answer, Context, Domain, Domains, Host, Object, Question, Router, Table,
    Template, Unknown, fold,
};

/// What is read as an address has one canonical form, and every run over it ends within its passes, traced or not. The
/// first byte chooses the flow.
pub fn address(data: &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let text = String::from_utf8_lossy(rest);
    let flow = flow(*first);
    if let Ok(address) = Address::parse(&text, flow) {
        assert_eq!(
            address.key(),
            fold(address.local()).into_owned()
                + address
                    .as_str()
                    .get(address.local().len()..)
                    .unwrap_or_default()
        );
        assert_eq!(address.key().len(), address.as_str().len());
        let mut again = Address::default();
        assert!(
            again
                .assign(address.as_str(), flow, Source::Inside)
                .is_ok_and(|beside| beside.is_none()),
            "{address}"
        );
        assert_eq!(again, address);
        assert!(
            !address.domain().is_empty() || !address.has_route(),
            "{address}"
        );
    }
    if let Some(router) = compile(crate::DEFAULT_TABLE) {
        run(&router, &text, flow);
    }
}

/// A table that is read prints back to itself, faults lie inside their lines, and its records do what a scan of the lines
/// would do. After a NUL byte follow addresses, one a line.
pub fn routing_table(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (text, addresses) = text.split_once('\0').unwrap_or((
        &text,
        "john@company.dom\n101@client.dom\nu@x.old.dom\na-b@sales",
    ));
    let table = match Table::parse(text) {
        Ok(table) => table,
        Err(errors) => {
            return errors
                .iter()
                .for_each(|error| check_place(text, error.line, error.column));
        }
    };
    let printed = table.to_string();
    let again = Table::parse(&printed).unwrap_or_default();
    assert_eq!(again.to_string(), printed);
    assert!(
        again
            .lines
            .iter()
            .zip(&table.lines)
            .all(|(a, b)| a.body == b.body)
            && again.lines.len() == table.lines.len()
    );
    let domains = Arc::new(domains());
    let router = match Router::compile(&table.lines, &settings(), domains) {
        Ok(router) => router,
        Err(errors) => {
            return errors
                .iter()
                .for_each(|error| check_place(text, error.line, error.column));
        }
    };
    for (number, address) in addresses.lines().take(8).enumerate() {
        let flow = flow(u8::try_from(number).unwrap_or(0));
        scan(&router, address, flow);
        run(&router, address, flow);
    }
    if table.lines.len() < 50 {
        let missing = router.references();
        let review = router.review(true, &missing);
        assert!(review.valid);
    }
}

fn flow(number: u8) -> Flow {
    [Flow::Mail, Flow::Access, Flow::Signal]
        .into_iter()
        .nth(usize::from(number % 3))
        .unwrap_or_default()
}

fn check_place(text: &str, line: u32, column: u32) {
    let line = text.lines().nth(line as usize - 1).unwrap_or_default();
    assert!(
        (1..=line.chars().count() + 1).contains(&(column as usize)),
        "column {column} of {line}"
    );
}

/// The index finds what a scan of all records finds.
fn scan(router: &Router, address: &str, flow: Flow) {
    let Ok(address) = Address::parse(address, flow) else {
        return;
    };
    let place = router.place(address.domain());
    let site = Site {
        local: place.is_local(),
        explicit_only: place.is_explicit_only(),
    };
    let served = router
        .table
        .rules
        .iter()
        .filter(|rule| rule.flows.serve(flow));
    let scanned = served
        .filter_map(|rule| Some((rule.line, router.change(rule, &address, site, flow)?.1)))
        .next();
    let indexed = router
        .first_change(&address, site, flow)
        .map(|hit| (hit.rule.line, hit.result));
    assert_eq!(scanned, indexed, "{address}");
}

/// A run ends within its passes and with a bounded number of questions, and the trace changes nothing.
fn run(router: &Router, address: &str, flow: Flow) {
    let mut questions = 0;
    let mut route = |context: &Context| {
        router.route(address, flow, context, |question| {
            questions += 1;
            answer(question)
        })
    };
    let quiet = route(&Context::default());
    let context = Context {
        trace: true,
        ..Context::default()
    };
    let traced = route(&context);
    assert!(questions <= 2 * 8 * 100);
    assert!(quiet.passes <= 100);
    assert_eq!(
        (&quiet.route, quiet.relayable, &quiet.records),
        (&traced.route, traced.relayable, &traced.records)
    );
    let explanation = traced.explain(router, address, &context);
    assert!(explanation.steps.len() <= 1_000 && !explanation.text.contains('\n'));
}

/// A directory with a few names.
fn answer(question: Question<'_>) -> Answer {
    let account = |name: &str| Account {
        id: Default::default(),
        name: name.into(),
        login: true,
        signal: true,
        applications: true,
    };
    match question {
        Question::Object {
            name: "john" | "pbx" | "101",
            ..
        } => Answer::Object(Object::Account(account("john"))),
        Question::Object { name: "ext", .. } => {
            Answer::Object(Object::Forwarder("x-on@client.dom".into()))
        }
        Question::Object { .. } | Question::Consult { .. } => Answer::Object(Object::Nothing),
        Question::Number { .. } => Answer::Owner(None),
        Question::Enum { .. } => Answer::Naptr([].into()),
    }
}

fn settings() -> RouterSettings {
    RouterSettings {
        direct_mailbox_addressing: true,
        ..RouterSettings::default()
    }
}

fn domains() -> Domains {
    let id = |number| uuid::Uuid::from_u128(number);
    let mut client = Domain {
        aliases: vec!["mail.client.dom".into()],
        ..Domain::new(id(2), "client.dom")
    };
    if let Ok(template) = Template::parse("*@company.dom") {
        client.mail_to_unknown = Unknown::Rerouted(template);
    }
    Domains::new(
        Domain::new(id(1), "company.dom"),
        [client],
        &Host {
            ports: vec![25],
            ..Host::default()
        },
    )
}

fn compile(table: &str) -> Option<Router> {
    Router::compile(
        &Table::parse(table).ok()?.lines,
        &settings(),
        Arc::new(domains()),
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    fn replay(target: &str, property: fn(&[u8])) {
        let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(files.len() >= 10);
        for file in files {
            property(&std::fs::read(file).unwrap());
        }
    }

    #[test]
    fn corpus() {
        replay("address", super::address);
        replay("routing_table", super::routing_table);
    }

    proptest! {
        // Files of failed cases would land between the rooms.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_address(flow: u8, text in "[a-zäß0-9@%!#+{}\",.<>\\\\: ()\\[\\]_*-]{0,40}") {
            super::address(&[&[flow], text.as_bytes()].concat());
        }

        #[test]
        fn any_address_text(flow: u8, text: String) {
            super::address(&[&[flow], text.as_bytes()].concat());
        }

        #[test]
        fn any_table(text in "((Mail:|RelayAll:|;!)?(<[a-c*(3d)@.x{}\"\\\\-]{1,12}>|[a-c*.x]{1,6}) ?= ?[a-c*@%{},#\"\\\\.]{0,12}(;c)?\n){0,4}(\0[a-c3@.x\n]{0,20})?") {
            super::routing_table(text.as_bytes());
        }

        #[test]
        fn any_table_text(text: String) {
            super::routing_table(text.as_bytes());
        }
    }
}
