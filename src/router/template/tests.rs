use super::*;

/// The right side filled with captures, for a left side with these captures.
#[track_caller]
fn check(source: &str, local: &[&str], domain: &[&str], expected: &str) {
    let shown = match Template::compile(source, local.len(), domain.len(), false) {
        Ok(template) => fill(&template, local, domain),
        Err(fault) => format!("{} at {}", fault.reason, fault.at),
    };
    assert_eq!(shown, expected, "{source}");
}

fn fill(template: &Template, local: &[&str], domain: &[&str]) -> String {
    let (local_text, domain_text) = (local.concat(), domain.concat());
    let spans = |texts: &[&str]| {
        let mut captures = Captures::default();
        let mut at = 0;
        for text in texts {
            captures.span(at, at + text.len());
            at += text.len();
        }
        captures
    };
    let (l, d) = (spans(local), spans(domain));
    template.expand(Filling {
        local: (&local_text, &l),
        domain: (&domain_text, &d),
    })
}

#[test]
fn stars() {
    for (source, local, domain, expected) in [
        (
            "gatewayincoming{*}#pbx@localhost",
            ["101"].as_slice(),
            [].as_slice(),
            "gatewayincoming{101}#pbx@localhost",
        ),
        (
            "gatewaycaller{+7*,gwru}#pbx",
            &["4951234567"],
            &[""],
            "gatewaycaller{+74951234567,gwru}#pbx",
        ),
        ("pbx@*", &["45"], &["client.dom"], "pbx@client.dom"),
        ("*@*.new.dom", &["u"], &["x"], "u@x.new.dom"),
        ("*@collect.dom", &["u"], &["x"], "u@collect.dom"),
        (
            "*%old.dom@relay.dom._via",
            &["u"],
            &[],
            "u%old.dom@relay.dom._via",
        ),
        // one capture for every star of its part; several one by one
        ("*-*@x", &["a"], &[], "a-a@x"),
        ("*+*@*", &["a", "b"], &["c"], "a+b@c"),
        // an empty group is replaced by the other one
        ("all-*@list.dom", &[], &["c"], "all-c@list.dom"),
        ("u@*.x", &["a"], &[], "u@a.x"),
        ("\\**@x", &["a"], &[], "*a@x"),
        (
            "*@x",
            &[],
            &[],
            "the star has no wildcard on the left side to take its text from at 0",
        ),
        (
            "**a*@x",
            &["a", "b"],
            &[],
            "there are more stars than wildcards on the left side at 3",
        ),
        // inside braces a caller's text stays one parameter
        ("run{*}#pbx", &["a,b}#john"], &[], "run{\"a,b}#john\"}#pbx"),
        (
            "run{+7*,x}#pbx",
            &["\"q\\"],
            &[],
            "run{\"+7\\\"q\\\\\",x}#pbx",
        ),
        ("run{ \"a *\" , * }#pbx", &["x"], &[], "run{\"a x\",x}#pbx"),
        ("run{\"a \\* *\"}#pbx", &["x"], &[], "run{\"a * x\"}#pbx"),
        ("run{{a,*}}#pbx", &["x}"], &[], "run{\"{a,x}}\"}#pbx"),
        ("run{}#pbx", &[], &[], "run{}#pbx"),
        ("run{a@b,*}#pbx", &["x"], &["y"], "run{a@b,x}#pbx"),
        // inside quotes it stays inside
        (
            "\"prog *\"@pipe",
            &["\"x y\""],
            &[],
            "\"prog \\\"x y\\\"\"@pipe",
        ),
        ("\"prog \\*\"@pipe", &[], &[], "\"prog *\"@pipe"),
        ("x\"", &[], &[], "the quote is never closed at 1"),
        ("x{", &[], &[], "the brace is never closed at 1"),
    ] {
        check(source, local, domain, expected);
    }
    let domain_level = Template::compile("*@fw.*", 0, 1, true).unwrap();
    assert_eq!(fill(&domain_level, &[], &["d.dom"]), "d.dom@fw.d.dom");
}

#[test]
fn who_names_the_domain() {
    for (source, domain_level, named) in [
        ("\"x *\"@pipe", false, true),
        ("x%pipe", false, true),
        ("*", false, false),
        ("a", false, false),
        ("*@*", false, false),
        ("*%*", false, false),
        ("pipe", true, true),
        ("*.pipe", true, false),
        ("error{* is gone}", false, true),
    ] {
        let template = Template::compile(source, 1, 1, domain_level).unwrap();
        assert_eq!(template.names_domain(), named, "{source}");
    }
}

#[test]
fn rerouting_addresses() {
    assert_eq!(
        Template::parse(" *%a.dom@b._via ").unwrap().source(),
        "*%a.dom@b._via"
    );
    assert!(Template::parse("a b").is_err());
    assert!(Template::parse("").is_err());
}
