use model::rule::{NewSignalRule, SignalRule};
use uuid::Uuid;

use super::*;
use crate::moment::Moment;
use crate::{Device, Level, Scene, compile, rehearse, wire};

/// A call from Ann to Bob.
struct Call;

impl Facts for Call {
    fn any(&self, field: Field, test: &mut dyn FnMut(&str) -> bool) -> bool {
        test(match field {
            Field::Method => "INVITE",
            Field::CallType => "AV",
            Field::From => "ann@shop.example",
            _ => "",
        })
    }

    fn number(&self, _: Field) -> Option<i64> {
        Some(1)
    }

    fn now(&self) -> Option<Moment> {
        Moment::parse("2026-06-18T10:30")
    }

    fn domain(&self) -> &str {
        "a.example"
    }
}

fn set(text: &str, level: Level) -> Option<Arc<Set>> {
    if text.is_empty() {
        return None;
    }
    let whole = |NewSignalRule { name, stage, priority, conditions, actions, comment, .. }| SignalRule {
        id: Uuid::nil(), name, stage, priority: priority.unwrap_or(5), enabled: true, conditions, actions, comment, version: 1,
    };
    let rules: Vec<SignalRule> = wire::parse(text).unwrap().into_iter().map(|imported| whole(imported.rule)).collect();
    Some(compile(&rules, level).unwrap().into())
}

const RINGS: Device = Device { status: None, after: Duration::ZERO };
const BUSY: Device = Device { status: Some(486), after: Duration::from_secs(1) };

/// What happens to a call, as `second rule action to targets` and the status in the end.
fn play(rules: [&str; 3], change: impl Fn(&mut AccountSettings), devices: &[Device]) -> (Vec<String>, u16) {
    let [server, domain, account] = rules;
    let rules = Rules { server: set(server, Level::Server), domain: set(domain, Level::Domain), account: set(account, Level::Account), ..Rules::default() };
    let mut settings = AccountSettings::default();
    change(&mut settings);
    let account = Account { address: "bob@a.example", settings: &settings, rules: Some(&rules) };
    let rehearsal = rehearse(&account, Course::new(false), |_| Call, &Scene { caller: &Caller::default(), situation: Situation::default(), devices, reached: &|target| !target.starts_with("nobody") });
    let line = |timed: &crate::Timed| format!("{} {} {} {}", timed.at.as_secs(), timed.step.rule, timed.step.action, timed.step.targets.join(" ")).trim_end().to_owned();
    (rehearsal.timeline.iter().map(line).collect(), rehearsal.status)
}

fn check(rules: [&str; 3], devices: &[Device], wanted: &[&str], status: u16) {
    let (timeline, ended) = play(rules, |_| (), devices);
    assert_eq!((timeline, ended), (wanted.iter().map(|line| (*line).to_owned()).collect(), status), "{rules:?}");
}

#[test]
fn rules_of_the_reference() {
    // Vectors 52 to 56 of the reference.
    check(["", "", r#"((0,5,no,((Method,is,INVITE),(CallType,is,AV)),(("Reject with","486 Busy"))))"#], &[RINGS], &["0 no reject with 486 Busy"], 486);
    check(["", "", r#"((10,5,jane,(),(("Fork to",102))))"#], &[RINGS], &["10 jane fork 102@a.example"], 408);
    check(["", "", r##"((997,5,busy,(),(("Redirect To","#voicemail"))))"##], &[BUSY], &["1 busy redirect voicemail#bob@a.example"], 408);
    check(["", "", r#"((0,5,only,(),(("Discard Rules","---"))),(995,5,late,(),(("Redirect To",x))))"#], &[RINGS], &["0 only discard rules"], 408);
}

#[test]
fn levels_have_their_order() {
    let log = |stage: u16, priority: u8, name: &str| format!(r#"({stage},{priority},{name},(),(("Write To Log",x)))"#);
    let server = format!("({},{})", log(5, 6, "s6"), log(5, 5, "s5"));
    let domain = format!("({},{})", log(5, 5, "d5"), log(5, 10, "d10"));
    let account = format!("({},{},{},{})", log(5, 1, "a1"), log(5, 9, "a9"), log(5, 1, "a1b"), log(5, 0, "a0"));
    let wanted = ["5 s6 write to the log", "5 d10 write to the log", "5 a9 write to the log", "5 a1 write to the log", "5 a1b write to the log", "5 d5 write to the log", "5 s5 write to the log"];
    check([&server, &domain, &account], &[RINGS], &wanted, 408);
    // One that stops keeps all others of its stage from being asked.
    let stop = r#"((5,6,stop,(),(("Stop Processing","---"))))"#;
    check([&server, stop, &account], &[RINGS], &["5 s6 write to the log", "5 stop stop processing"], 408);
    // The server's rules for what happens at once are asked before the account is known.
    let now = format!("({})", log(0, 9, "s9"));
    check([&now, "", ""], &[RINGS], &[], 408);
}

#[test]
fn a_redirection_ends_a_stage_and_not_the_next() {
    let rules = r#"((0,9,first,(),(("Redirect To","x"),("Write To Log","y"))),(0,8,second,(),(("Fork to","z"))),(995,5,late,(),(("Redirect To","v"))),(30,5,timed,(),(("Fork to","w"))))"#;
    check(["", "", rules], &[RINGS], &["0 first redirect x@a.example", "0 first write to the log", "20 late redirect v@a.example", "30 timed fork w@a.example"], 408);
    // Who refuses has the last word.
    check(["", "", r#"((0,5,both,(),(("Fork to",x),("Redirect To",y),("Reject with","gone"))))"#], &[RINGS], &["0 both fork x@a.example", "0 both redirect y@a.example", "0 both reject with 603 gone"], 603);
}

#[test]
fn nobody_waits_for_nothing() {
    // No telephone: nobody answers, at once; what would come later comes now.
    let rules = r#"((995,5,late,((From,is,nobody)),(("Redirect To","v"))),(30,5,timed,(),(("Fork to","w"))))"#;
    check(["", "", rules], &[], &["0 timed fork w@a.example"], 408);
    check(["", "", r#"((999,5,other,(),(("Redirect To","v"))))"#], &[Device { status: Some(500), after: Duration::from_secs(2) }], &["2 other redirect v@a.example"], 408);
    check(["", "", ""], &[], &[], 480);
    // Whoever rings rings on when a rule leads nowhere.
    check(["", "", r#"((5,5,x,(),(("Redirect To","nobody"))),(995,5,late,(),(("Redirect To","v"))))"#], &[RINGS], &["5 x redirect nobody@a.example", "25 late redirect v@a.example"], 408);
    check(["", "", r#"((0,5,x,(),(("Redirect To","nobody"))))"#], &[RINGS], &["0 x redirect nobody@a.example"], 480);
    check(["", "", r#"((5,5,x,(),(("Fork to","w"))))"#], &[Device { status: Some(200), after: Duration::from_secs(3) }], &[], 200);
}

#[test]
fn settings_act_among_the_rules() {
    let voicemail = r#"((0,9,keep,((From,is,"ann@shop.example")),(("Stop Processing","---"))))"#;
    // A rule of the account comes before its diversions, and not before its refusals.
    let (timeline, _) = play(["", "", voicemail], |s| s.divert_always = "x".to_owned(), &[RINGS]);
    assert_eq!(timeline, ["0 keep stop processing"]);
    let (timeline, status) = play(["", "", voicemail], |s| s.accept_calls = false, &[RINGS]);
    assert_eq!((timeline, status), (vec!["0 refusals takes no calls: 480".to_owned()], 480));
    // Rules of the domain above 5 come before both.
    let (timeline, _) = play(["", r#"((0,6,all,(),(("Redirect To","desk"))))"#, ""], |s| s.accept_calls = false, &[RINGS]);
    assert_eq!(timeline, ["0 all redirect desk@a.example"]);
    let (timeline, _) = play(["", r#"((0,5,all,(),(("Redirect To","desk"))))"#, ""], |s| s.divert_always = "x".to_owned(), &[RINGS]);
    assert_eq!(timeline, ["0 divert_always diverts all calls x@a.example"]);
    let (timeline, status) = play(["", "", ""], |s| s.do_not_disturb = true, &[RINGS]);
    assert_eq!((timeline.len(), status), (1, 486));
    // Nobody is disturbed, and rules for busy accounts act.
    let (timeline, _) = play(["", "", r#"((997,5,busy,(),(("Redirect To","desk"))))"#], |s| s.do_not_disturb = true, &[RINGS]);
    assert_eq!(timeline[1], "0 busy redirect desk@a.example");
}

#[test]
fn settings_divert_step_by_step() {
    let no_answer: fn(&mut AccountSettings) = |s| s.divert_no_answer = "x".to_owned();
    assert_eq!(play(["", "", ""], no_answer, &[RINGS]).0, ["20 divert_no_answer does not answer and diverts x@a.example"]);
    assert_eq!(play(["", "", ""], no_answer, &[]).0, ["0 divert_unregistered cannot be reached and diverts x@a.example"]);
    assert_eq!(play(["", "", ""], |s| (s.divert_busy, s.divert_error) = ("b".to_owned(), "e".to_owned()), &[BUSY]).0, ["1 divert_busy is busy and diverts b@a.example"]);
    let failing = Device { status: Some(503), after: Duration::from_secs(1) };
    assert_eq!(play(["", "", ""], |s| (s.divert_busy, s.divert_error) = ("b".to_owned(), "e".to_owned()), &[failing]).0, ["1 divert_error fails and diverts e@a.example"]);
    assert_eq!(play(["", "", ""], no_answer, &[failing]).0, ["1 divert_error fails and diverts x@a.example"]);
    let together: fn(&mut AccountSettings) = |s| (s.simultaneous_ring, s.simultaneous_ring_seconds) = (vec!["t".to_owned()], 5);
    assert_eq!(play(["", "", ""], together, &[RINGS]).0, ["5 simultaneous_ring also rings t@a.example"]);
    assert_eq!(play(["", "", ""], together, &[BUSY]).0, ["1 simultaneous_ring also rings t@a.example"]);
    // Those who ring at once ring in no later stage.
    let discard = r#"((0,5,only,(),(("Discard Rules","---"))))"#;
    let at_once: fn(&mut AccountSettings) = |s| s.simultaneous_ring = vec!["t".to_owned()];
    assert_eq!(play(["", "", discard], at_once, &[RINGS]).0, ["0 only discard rules", "0 simultaneous_ring also rings t@a.example"]);
    assert_eq!(play(["", "", discard], together, &[RINGS]).0, ["0 only discard rules"]);
    let find: fn(&mut AccountSettings) = |s| (s.find_me, s.divert_no_answer) = (vec!["1".to_owned(), "2".to_owned()], "v".to_owned());
    let found = ["15 find_me is looked for 1@a.example", "30 find_me is looked for 2@a.example", "50 divert_no_answer does not answer and diverts v@a.example"];
    assert_eq!(play(["", "", ""], find, &[RINGS]).0, found);
    assert_eq!(play(["", "", ""], find, &[BUSY]).0[0], "1 find_me is looked for 1@a.example");
}

#[test]
fn a_rule_that_names_no_method_means_calls_and_messages() {
    struct Subscribe;
    impl Facts for Subscribe {
        fn any(&self, field: Field, test: &mut dyn FnMut(&str) -> bool) -> bool {
            if field == Field::Method { test("SUBSCRIBE") } else { Call.any(field, test) }
        }

        fn number(&self, _: Field) -> Option<i64> {
            None
        }

        fn now(&self) -> Option<Moment> {
            None
        }

        fn domain(&self) -> &str {
            "a.example"
        }
    }
    let settings = AccountSettings::default();
    for (text, refused) in [(r#"((0,5,all,(),(("Reject with",480))))"#, None), (r#"((0,5,all,((Method,"is not",INVITE)),(("Reject with",480))))"#, Some(480))] {
        let rules = Rules { account: set(text, Level::Account), ..Rules::default() };
        let account = Account { address: "bob@a.example", settings: &settings, rules: Some(&rules) };
        let outcome = Course::default().signal(&account, &Subscribe, &Caller::default(), false);
        assert_eq!(outcome.refuse.map(|(status, _)| status), refused, "{text}");
    }
}

#[test]
fn the_server_speaks_first() {
    let set = set(r#"((0,5,bad,((From,is,"*@shop.example")),(("Reject with","403 Not here"))),(0,9,other,(),(("Fork to","x"))))"#, Level::Server).unwrap();
    let outcome = at_start(&set, "pbx@main.example", &Call);
    assert_eq!(outcome.refuse, Some((403, "Not here".to_owned())));
    assert_eq!(outcome.steps.len(), 2);
}
