use super::*;

/// A call from Ann, on Thursday 2026-06-18 at 10:30.
struct Ann;

impl Facts for Ann {
    fn any(&self, field: Field, test: &mut dyn FnMut(&str) -> bool) -> bool {
        match field {
            Field::From => test("ann@shop.example"),
            Field::To => test("john@company.dom"),
            Field::FromName => false,
            Field::Method => test("INVITE"),
            Field::CallType => test("AV"),
            Field::ReqField => ["Subject: Your IMPORTANT invoice 17", "Priority: urgent"].into_iter().any(test),
            Field::SubmitAddress => test("SIP [192.0.2.7]"),
            _ => test(""),
        }
    }

    fn number(&self, _: Field) -> Option<i64> {
        Some(0)
    }

    fn now(&self) -> Option<Moment> {
        Some(Moment { year: 2026, month: 6, day: 18, second: 37_800 })
    }

    fn domain(&self) -> &str {
        "company.dom"
    }
}

fn met(field: &str, op: &str, arg: &str) -> bool {
    let given = RuleCondition { field: field.to_owned(), op: op.to_owned(), arg: arg.to_owned() };
    let condition = Condition::parse(&given).unwrap_or_else(|fault| panic!("{given:?}: {fault:?}"));
    let friends = vec![Picture::parse("*@shop.example")];
    condition.is_met(&Ann, &HashMap::from([("friends".to_owned(), friends)]))
}

#[test]
fn conditions_are_met_or_not() {
    for (field, op, arg, wanted) in [
        ("from", "is", "ann@shop.example", true),
        ("from", "is", "*@SHOP.example", true),
        ("from", "is", "shop.example", false),
        ("from", "is_not", "*@shop.example", false),
        ("from", "in", "x@y.z, *@shop.example", true),
        ("from", "not_in", "x@y.z", true),
        ("from", "in", "#Friends", true),
        ("from", "not_in", "#Friends", false),
        ("from", "in", "#Nobody", false),
        ("from", "not_in", "#Nobody", true),
        ("from", "contains", "shop", true),
        ("from", "not_contains", "shop", false),
        // A name is of the own domain.
        ("to", "is", "john", true),
        ("to", "in", "102, JOHN", true),
        ("to", "is_not", "john", false),
        ("from", "is", "ann", false),
        ("method", "is", "invite", true),
        ("call_type", "in", "AV,IM", true),
        ("authenticated", "is", "", true),
        ("req_field", "is", "subject: *important*", true),
        ("req_field", "is", "subject: important", false),
        ("req_field", "is_not", "X-Spam: *", true),
        ("submit_address", "is", "SIP [192.0.2.*]", true),
        // What is absent meets nothing but what is denied.
        ("from_name", "is", "*", false),
        ("from_name", "is_not", "*@evil.dom", true),
        ("reg_clients", "is", "0", true),
        ("reg_clients", "is_not", "0", false),
        ("reg_clients", "less_than", "1", true),
        ("reg_clients", "greater_than", "0", false),
        ("time_of_day", "less_than", "11:00", true),
        ("time_of_day", "greater_than", "10:30", false),
        ("time_of_day", "is", "10:30am", true),
        ("time_of_day", "in", "09:00-12:00, 13:00-17:30", true),
        ("time_of_day", "in", "22:00-10:30", false),
        ("time_of_day", "not_in", "22:00-07:00", true),
        ("current_day", "in", "Sat,Sun", false),
        ("current_day", "is", "thu", true),
        ("current_day", "in", "1, 18", true),
        ("current_date", "greater_than", "2026-06-01", true),
        ("current_date", "less_than", "2026-06-30", true),
        ("current_date", "is", "18 Jun 2026", true),
        ("current_date", "greater_than", "2026-06-18", true),
        ("current_date", "less_than", "2026-06-18", false),
        ("current_date", "greater_than", "2026-06-18T10:00", true),
        ("current_date", "is_not", "2026-06-18 23:00", false),
    ] {
        assert_eq!(met(field, op, arg), wanted, "{field} {op} {arg}");
    }
}

#[test]
fn faults_name_their_field() {
    for (field, op, arg, at) in [
        ("colour", "is", "", "field"),
        ("from", "resembles", "", "op"),
        ("from", "less_than", "1", "op"),
        ("reg_clients", "in", "1", "op"),
        ("reg_clients", "is", "many", "arg"),
        ("time_of_day", "in", "noon", "arg"),
        ("time_of_day", "is", "noon", "arg"),
        ("current_date", "is", "today", "arg"),
        ("current_day", "in", "Mon,Foo", "arg"),
        ("from", "in", "##Domain", "arg"),
    ] {
        let given = RuleCondition { field: field.to_owned(), op: op.to_owned(), arg: arg.to_owned() };
        assert_eq!(Condition::parse(&given).unwrap_err().0, at, "{given:?}");
    }
}
