//! The property: both Routers say the same about everything.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use model::routing::{Flow, StepKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::worlds::{World, address, directory, record, world};
use super::{Answered, Simple};
use crate::fixture::{self, Directory};
use crate::{Context, Domains, Record, Router, Table};

/// A record that compiles, with its line.
fn usable(text: &str, world: &World) -> Option<Record> {
    let lines = Table::parse(text).ok()?.lines;
    let domains = Domains::new(world.main.clone(), [world.client.clone()], &world.host);
    Router::compile(&lines, &world.settings, Arc::new(domains)).ok()?;
    lines[0].record().cloned()
}

#[derive(Default)]
struct Seen {
    cases: u32,
    restarted: u32,
    looped: u32,
    refused: u32,
    kinds: BTreeMap<StepKind, u32>,
}

fn compare(
    world: &World,
    texts: &[String],
    address: &str,
    directory: &Directory,
    seen: &RefCell<Seen>,
) -> Result<(), TestCaseError> {
    let (texts, records): (Vec<&String>, Vec<Record>) = texts
        .iter()
        .filter_map(|text| Some((text, usable(text, world)?)))
        .unzip();
    let table = texts
        .iter()
        .map(|text| format!("{text}\n"))
        .collect::<String>();
    let router = fixture::router(
        &table,
        &world.settings,
        world.main.clone(),
        world.client.clone(),
        &world.host,
    );
    let simple = Simple {
        records: &records,
        settings: &world.settings,
        main: &world.main,
        client: &world.client,
        host: &world.host,
        directory,
    };
    for flow in [Flow::Mail, Flow::Access, Flow::Signal] {
        let outcome = router.route(address, flow, &world.context, |question| {
            directory.answer(question)
        });
        let quiet = Context {
            trace: false,
            ..world.context.clone()
        };
        let without_trace =
            router.route(address, flow, &quiet, |question| directory.answer(question));
        prop_assert_eq!(&without_trace.route, &outcome.route);
        let fast = Answered {
            text: outcome.route.text(flow),
            relayable: outcome.relayable,
            passes: outcome.passes,
            applied: outcome
                .records
                .iter()
                .map(|record| record.line as usize - 1)
                .collect(),
        };
        let mut slow = simple.route(address, flow, &world.context);
        let looped = fast.text.contains("routing loop")
            || (fast.passes == 100 && fast.text.contains("blacklisted"));
        let explanation = outcome.explain(&router, address, &world.context);
        let mut seen = seen.borrow_mut();
        seen.cases += 1;
        seen.restarted += u32::from(fast.passes > 1);
        seen.looped += u32::from(looped);
        seen.refused += u32::from(fast.text.starts_with("ERROR"));
        for step in &explanation.steps {
            *seen.kinds.entry(step.kind).or_default() += 1;
        }
        if looped {
            // The fast one notices the circle and stops; what it applied is the start of what the slow one applied.
            prop_assert!(slow.applied.starts_with(&fast.applied));
            slow.applied.truncate(fast.applied.len());
        }
        prop_assert_eq!(fast, slow, "{:?}\n{}{:?}", flow, table, explanation.steps);
    }
    Ok(())
}

#[test]
fn both_routers_agree() {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(3_000);
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (seen, directory) = (RefCell::new(Seen::default()), directory());
    let strategy = (
        world(),
        prop::collection::vec(record(), 0..24),
        prop::collection::vec(address(), 1..4),
    );
    let result = runner.run(&strategy, |(world, records, addresses)| {
        addresses
            .iter()
            .try_for_each(|address| compare(&world, &records, address, &directory, &seen))
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let seen = seen.into_inner();
    println!(
        "{} cases: {} restarted, {} looped, {} refused",
        seen.cases, seen.restarted, seen.looped, seen.refused
    );
    println!("steps: {:?}", seen.kinds);
    assert!(seen.looped > 0 && seen.restarted > seen.cases / 10);
    for kind in StepKind::ALL {
        assert!(
            seen.kinds.get(&kind).is_some_and(|count| *count > 0),
            "no case with a step {kind:?}"
        );
    }
}
