//! The server of the reference's test vectors: two domains, a few accounts.

use std::collections::HashMap;
use std::sync::Arc;

use model::group::GroupSettings;
use model::routing::RouterSettings;
use uuid::Uuid;

use crate::{
    Account, Answer, Domain, Domains, Group, Host, List, Naptr, Object, Owner, Question, Router,
    Table,
};

/// The three records for calls from a gateway.
pub(crate) const IN: &str = "\
<+74951234567@gateway.company.dom> = pbx#pbx@localhost
;calls addressed on number (3 digits)@gateway.company.dom going to gatewayincoming,
;digits sent to application as parameter
<(3d)@gateway.company.dom> = gatewayincoming{*}#pbx@localhost
;all the other calls goes to IVR
<*@gateway.company.dom> = pbx#pbx@localhost
";

/// The two records for calls to gateways.
pub(crate) const OUT: &str = "\
Signal:<7(10d)@*>=gatewaycaller{+7*,gwru}#pbx
Signal:<1(10d)@*>=gatewaycaller{+1*,gwus}#pbx
";

/// What the directory holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    pub(crate) ids: HashMap<Uuid, String>,
    pub(crate) objects: HashMap<(String, String), Object>,
    pub(crate) numbers: HashMap<String, Owner>,
    pub(crate) naptr: HashMap<(String, String), Arc<[Naptr]>>,
    /// Names the external helper creates.
    pub(crate) creatable: HashMap<(String, String), Object>,
    /// Names for which nothing answers.
    pub(crate) down: Vec<String>,
}

pub(crate) fn account(name: &str) -> Account {
    Account {
        id: Uuid::nil(),
        name: name.into(),
        login: true,
        signal: true,
        applications: true,
    }
}

impl Directory {
    pub(crate) fn add(&mut self, domain: &str, name: &str, object: Object) {
        self.objects
            .insert((domain.to_owned(), name.to_owned()), object);
    }

    pub(crate) fn answer(&self, question: Question<'_>) -> Answer {
        let key = |domain: Uuid, name: &str| (self.ids[&domain].clone(), name.to_owned());
        match question {
            Question::Object { name, .. } if self.down.iter().any(|down| down == name) => {
                Answer::Unavailable
            }
            Question::Object { domain, name } => Answer::Object(
                self.objects
                    .get(&key(domain, name))
                    .cloned()
                    .unwrap_or(Object::Nothing),
            ),
            Question::Consult { domain, name } => Answer::Object(
                self.creatable
                    .get(&key(domain, name))
                    .cloned()
                    .unwrap_or(Object::Nothing),
            ),
            Question::Number { number } => Answer::Owner(self.numbers.get(number).cloned()),
            Question::Enum { number, zone } => Answer::Naptr(
                self.naptr
                    .get(&(number.to_owned(), zone.to_owned()))
                    .cloned()
                    .unwrap_or_else(|| Arc::new([])),
            ),
        }
    }
}

/// The objects of the reference.
pub(crate) fn directory() -> Directory {
    let mut directory = Directory {
        ids: [
            (id(1), "company.dom".to_owned()),
            (id(2), "client.dom".to_owned()),
        ]
        .into(),
        ..Directory::default()
    };
    for (domain, name, real) in [
        ("company.dom", "postmaster", "postmaster"),
        ("company.dom", "pbx", "pbx"),
        ("company.dom", "200", "pbx"),
        ("company.dom", "conference", "pbx"),
        ("company.dom", "john", "john"),
        ("company.dom", "j.smith", "john"),
        ("company.dom", "101", "john"),
        ("company.dom", "jane", "jane"),
        ("company.dom", "102", "jane"),
        ("company.dom", "client", "client"),
        ("client.dom", "mary", "mary"),
        ("client.dom", "101", "mary"),
        ("client.dom", "catchall", "catchall"),
    ] {
        directory.add(domain, name, Object::Account(account(real)));
    }
    directory.add(
        "company.dom",
        "ext",
        Object::Forwarder("bob@remote.example".into()),
    );
    directory.add("company.dom", "sales", group("sales", &["john", "jane"]));
    directory.add(
        "company.dom",
        "news",
        Object::List(List {
            id: Uuid::nil(),
            name: "news".into(),
        }),
    );
    directory.numbers.insert(
        "+4930123456".into(),
        Owner {
            domain: "company.dom".into(),
            account: account("john"),
        },
    );
    directory
}

pub(crate) fn group(name: &str, members: &[&str]) -> Object {
    let members = members.iter().map(|member| (*member).into()).collect();
    Object::Group(Arc::new(Group {
        id: Uuid::nil(),
        name: name.into(),
        members,
        settings: GroupSettings::default(),
    }))
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The domains of the reference.
pub(crate) fn domains() -> (Domain, Domain, Host) {
    let main = Domain::new(id(1), "company.dom");
    let client = Domain {
        aliases: vec!["mail.client.dom".into(), "client.example".into()],
        addresses: vec!["192.0.2.11".parse().unwrap()],
        mail_to_unknown: crate::Unknown::Rerouted(
            crate::Template::parse("catchall@client.dom").unwrap(),
        ),
        ..Domain::new(id(2), "client.dom")
    };
    let host = Host {
        names: vec!["host17.company.dom".into()],
        addresses: vec!["192.0.2.10".parse().unwrap(), "192.0.2.11".parse().unwrap()],
        ports: vec![25, 5060],
    };
    (main, client, host)
}

/// A Router with a table for these domains.
pub(crate) fn router(
    table: &str,
    settings: &RouterSettings,
    main: Domain,
    client: Domain,
    host: &Host,
) -> Router {
    let table = Table::parse(table).unwrap();
    Router::compile(
        &table.lines,
        settings,
        Arc::new(Domains::new(main, [client], host)),
    )
    .unwrap()
}

/// A Router with a table for the domains of the reference.
pub(crate) fn standard(table: &str) -> Router {
    let (main, client, host) = domains();
    router(table, &RouterSettings::default(), main, client, &host)
}
