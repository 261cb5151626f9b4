//! How fast the Router is: the reference's addresses and 100,000 accounts over a table of 1,000 records of which 300 have
//! patterns, and the compilation of 10,000 records. Run with `cargo bench -p router`.

#![allow(clippy::expect_used)]

use std::collections::HashMap;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;
use model::routing::{Flow, RouterSettings};
use router::{
    Account, Answer, Context, DEFAULT_TABLE, Domain, Domains, Group, Host, List, Object, Owner,
    Question, Router, Table, Template, Unknown,
};
use uuid::Uuid;

const ACCOUNTS: usize = 100_000;

fn main() {
    let directory = Directory::new();
    let router = compile(&table(1_000), &directory);
    let (main, vectors) = (account_addresses(), vector_addresses());
    let mut mixed = main.clone();
    for (number, vector) in vectors.iter().cycle().take(main.len()).enumerate() {
        mixed.insert((2 * number + 1).min(mixed.len()), vector.clone());
    }
    println!(
        "records 1000 (300 patterns), accounts {ACCOUNTS}, addresses of the reference {}",
        vectors.len()
    );
    for (name, addresses) in [
        ("accounts", &main),
        ("reference", &vectors),
        ("half and half", &mixed),
    ] {
        for trace in [false, true] {
            measure(name, &router, &directory, addresses, trace);
        }
    }
    let text = table(10_000);
    let lines = Table::parse(&text).expect("table").lines;
    let best = (0..5)
        .map(|_| time(|| compile_lines(&lines, &directory)))
        .min()
        .unwrap_or_default();
    let parse = (0..5)
        .map(|_| time(|| Table::parse(&text)))
        .min()
        .unwrap_or_default();
    println!(
        "compile 10000 records: {:.1} ms (and parse {:.1} ms)",
        ms(best),
        ms(parse)
    );
    let big = compile_lines(&lines, &directory);
    measure(
        "half and half, 10000 records",
        &big,
        &directory,
        &mixed,
        false,
    );
    println!(
        "review 10000 records: {:.1} ms",
        ms(time(|| big.review(false, &[])))
    );
}

fn measure(
    name: &str,
    router: &Router,
    directory: &Directory,
    addresses: &[(String, Flow)],
    trace: bool,
) {
    let context = Context {
        trace,
        ..Context::default()
    };
    let route = |address: &str, flow| {
        black_box(router.route(address, flow, &context, |question| {
            directory.answer(question)
        }))
    };
    let budget = if trace { 100_000 } else { 2_000_000 };
    let rounds = (budget / addresses.len()).max(1);
    addresses
        .iter()
        .for_each(|(address, flow)| drop(route(address, *flow)));
    let start = Instant::now();
    for _ in 0..rounds {
        addresses
            .iter()
            .for_each(|(address, flow)| drop(route(address, *flow)));
    }
    let rate = (rounds * addresses.len()) as f64 / start.elapsed().as_secs_f64();
    let mut samples = Vec::with_capacity(rounds * addresses.len());
    for _ in 0..rounds {
        for (address, flow) in addresses {
            let start = Instant::now();
            let outcome = route(address, *flow);
            samples.push(start.elapsed());
            drop(outcome);
        }
    }
    samples.sort_unstable();
    let at = |share: f64| {
        samples
            .get((samples.len() as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
            .as_nanos()
    };
    let trace = if trace { "with trace" } else { "no trace" };
    println!(
        "{name}, {trace}: {rate:.0} routes/s, p50 {} ns, p99 {} ns",
        at(0.5),
        at(0.99)
    );
}

fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// A table of so many records: default records, the reference's, exact ones, and three tenths patterns at the end.
fn table(records: usize) -> String {
    let mut text = DEFAULT_TABLE.to_owned();
    text.push_str("<+74951234567@gateway.company.dom> = pbx#pbx@localhost\n<(3d)@gateway.company.dom> = gatewayincoming{*}#pbx@localhost\n");
    text.push_str("<*@gateway.company.dom> = pbx#pbx@localhost\nSignal:<7(10d)@*>=gatewaycaller{+7*,gwru}#pbx\nSignal:<1(10d)@*>=gatewaycaller{+1*,gwus}#pbx\n");
    let exact = records * 7 / 10 - 17;
    for n in 0..exact {
        let _ = match n % 3 {
            0 => writeln!(text, "<role{n}> = user{n}"),
            1 => writeln!(text, "Mail:<role{n}@client.dom> = user{n}@client.dom"),
            _ => writeln!(text, "host{n}.example = client.dom"),
        };
    }
    for n in 0..records * 3 / 10 {
        let _ = match n % 6 {
            0 => writeln!(text, "*.old{n}.example = *.new{n}.example"),
            1 => writeln!(text, "<list{n}-*@*> = user{n}"),
            2 => writeln!(
                text,
                "Signal:<9{n}(4-8d)@*> = gatewaycaller{{+49{n}*,gwde}}#pbx"
            ),
            3 => writeln!(text, "<*-office{n}@client.dom> = *@client.dom"),
            4 => writeln!(text, "<(3d)@gw{n}.example> = gatewayincoming{{*}}#pbx"),
            _ => writeln!(text, "Signal:<+{n}(7-12d)@(local)> = *@gw.example"),
        };
    }
    text
}

fn compile(text: &str, directory: &Directory) -> Router {
    compile_lines(&Table::parse(text).expect("table").lines, directory)
}

fn compile_lines(lines: &[router::Line], directory: &Directory) -> Router {
    Router::compile(lines, &RouterSettings::default(), directory.domains.clone()).expect("records")
}

/// Every account once, in mixed order and in the three flows.
fn account_addresses() -> Vec<(String, Flow)> {
    let flows = [Flow::Mail, Flow::Access, Flow::Signal];
    (0..ACCOUNTS)
        .map(|n| (n * 7919) % ACCOUNTS)
        .map(|n| {
            (
                if n % 2 == 0 {
                    format!("user{n}@company.dom")
                } else {
                    format!("user{n}@client.dom")
                },
                flows[n % 3],
            )
        })
        .collect()
}

/// The addresses of the reference's test vectors.
fn vector_addresses() -> Vec<(String, Flow)> {
    let lines = include_str!("vectors.tsv")
        .lines()
        .filter(|line| !line.starts_with(['#', 'o']));
    let fields = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    fields
        .map(|fields| {
            let flow = match fields[3] {
                "mail" => Flow::Mail,
                "access" => Flow::Access,
                _ => Flow::Signal,
            };
            (fields[4].to_owned(), flow)
        })
        .collect()
}

/// A directory in memory, as a warm cache is.
struct Directory {
    domains: Arc<Domains>,
    objects: HashMap<(Uuid, Box<str>), Object, FixedState>,
    owner: Owner,
}

impl Directory {
    fn new() -> Self {
        let (main, client) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let account = |name: &str| Account {
            id: Uuid::from_u128(9),
            name: name.into(),
            login: true,
            signal: true,
            applications: true,
        };
        let mut objects: HashMap<(Uuid, Box<str>), Object, FixedState> = HashMap::default();
        for n in 0..ACCOUNTS {
            let name = format!("user{n}");
            let object = Object::Account(account(&name));
            objects.insert(
                (if n % 2 == 0 { main } else { client }, name.into()),
                object,
            );
        }
        for (domain, name, real) in [
            (main, "postmaster", "postmaster"),
            (main, "pbx", "pbx"),
            (main, "200", "pbx"),
            (main, "john", "john"),
            (main, "101", "john"),
            (main, "jane", "jane"),
            (main, "client", "client"),
            (client, "mary", "mary"),
            (client, "101", "mary"),
            (client, "catchall", "catchall"),
        ] {
            objects.insert((domain, name.into()), Object::Account(account(real)));
        }
        objects.insert(
            (main, "ext".into()),
            Object::Forwarder("bob@remote.example".into()),
        );
        objects.insert(
            (main, "news".into()),
            Object::List(List {
                id: main,
                name: "news".into(),
            }),
        );
        let group = Group {
            id: main,
            name: "sales".into(),
            members: vec!["john".into(), "jane".into()],
            settings: Default::default(),
        };
        objects.insert((main, "sales".into()), Object::Group(Arc::new(group)));
        Self {
            domains: Arc::new(domains(main, client)),
            objects,
            owner: Owner {
                domain: "company.dom".into(),
                account: account("john"),
            },
        }
    }

    fn answer(&self, question: Question<'_>) -> Answer {
        match question {
            // The key is made anew for every question, as a simple cache would do it.
            Question::Object { domain, name } => Answer::Object(
                self.objects
                    .get(&(domain, name.into()))
                    .cloned()
                    .unwrap_or(Object::Nothing),
            ),
            Question::Consult { .. } => Answer::Object(Object::Nothing),
            Question::Number { number } => {
                Answer::Owner((number == "+4930123456").then(|| self.owner.clone()))
            }
            Question::Enum { .. } => Answer::Naptr([].into()),
        }
    }
}

/// 2,000 domains.
fn domains(main: Uuid, client: Uuid) -> Domains {
    let host = Host {
        names: Vec::new(),
        addresses: vec!["192.0.2.10".parse().expect("ip")],
        ports: vec![25, 5060],
    };
    let other = Domain {
        aliases: vec!["mail.client.dom".into(), "client.example".into()],
        addresses: vec!["192.0.2.11".parse().expect("ip")],
        mail_to_unknown: Unknown::Rerouted(
            Template::parse("catchall@client.dom").expect("address"),
        ),
        ..Domain::new(client, "client.dom")
    };
    let many =
        (10..2_000).map(|n| Domain::new(Uuid::from_u128(n), &format!("customer{n}.example")));
    Domains::new(Domain::new(main, "company.dom"), many.chain([other]), &host)
}
