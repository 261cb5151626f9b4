//! What the REST door does for pages in a browser: the cookie that holds a refresh token, the files of the app, and trends to draw.

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::account::{PASSWORD, account};
use crate::client::{Client, header};

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("browsers::the_cookie_stands_for_a_refresh_token", the_cookie_stands_for_a_refresh_token),
        Trial::test("browsers::every_path_is_a_page_and_programs_are_told", every_path_is_a_page_and_programs_are_told),
        Trial::test("browsers::trends_add_up_what_was_written_down", trends_add_up_what_was_written_down),
    ]
}

fn the_cookie_stands_for_a_refresh_token() -> Outcome {
    let anna = account();
    let client = Client::new(anna.admin.port);
    let login = json!({"login": "anna@client.example", "password": PASSWORD});
    let plain = client.call("POST", "/auth/login", Some(login.clone()));
    assert!(plain.body["refresh_token"].is_string() && header(&plain.head, "set-cookie").is_none(), "programs get it in the body");
    let page = client.call_with("POST", "/auth/login", Some(login), "X-Postamt-CSRF: 1\r\n");
    let cookie = header(&page.head, "set-cookie").ok_or("no cookie")?.to_owned();
    assert!(page.body["refresh_token"].is_null() && page.body["access_token"].is_string());
    assert!(cookie.starts_with("pa_rt_admin=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let held = cookie.split(';').next().unwrap_or_default().to_owned();
    let refresh = |headers: &str| client.call_with("POST", "/auth/refresh", None, headers);
    assert_eq!(refresh(&format!("Cookie: {held}\r\n")).status, 401, "a form of a stranger sends the cookie, but not the field");
    let renewed = refresh(&format!("Cookie: x=1; {held}\r\nX-Postamt-CSRF: 1\r\n"));
    assert_eq!(renewed.status, 200);
    assert!(header(&renewed.head, "set-cookie").is_some_and(|next| !next.starts_with(&held)), "a token is good once");
    assert_eq!(refresh(&format!("Cookie: {held}\r\nX-Postamt-CSRF: 1\r\n")).body["code"], "refresh_reused");
    assert_eq!(refresh("X-Postamt-CSRF: 1\r\n").body["code"], "authentication_required");
    let mut signed_in = Client::new(anna.admin.port);
    signed_in.sign_in("anna@client.example", PASSWORD);
    let left = signed_in.call_with("POST", "/auth/logout", None, "X-Postamt-CSRF: 1\r\n");
    assert!(header(&left.head, "set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    Ok(())
}

fn every_path_is_a_page_and_programs_are_told() -> Outcome {
    let anna = account();
    let admin = anna.server.port();
    let get = |port: u16, path: &str| crate::server::get(port, path).map(|(status, body)| (status, String::from_utf8_lossy(&body).into_owned())).unwrap_or_default();
    for path in ["/", "/users/domains/client.example", "/settings/router"] {
        let (status, page) = get(admin, path);
        assert!(status == 200 && page.contains("<h1>Postamt</h1>"), "{path}");
    }
    let users = 8100 + anna.server.offset;
    for path in ["/Pronto/", "/hPronto", "/hPronto/"] {
        assert_eq!(get(users, path).0, 307, "{path}");
    }
    for path in ["/api/nothing", "/assets/nothing.js"] {
        let (status, told) = get(admin, path);
        assert!(status == 404 && told.contains("route_not_found"), "{path}");
    }
    Ok(())
}

fn trends_add_up_what_was_written_down() -> Outcome {
    let anna = account();
    anna.server.sql(
        "INSERT INTO trend SELECT date_bin('10 minutes', now(), 'epoch') - make_interval(mins => m), 2, 1, 0, m, m % 3, 5 FROM generate_series(20, 29) m \
         UNION ALL SELECT now() - interval '8 days', 100, 100, 100, 100, 100, 100",
    );
    let day = anna.admin.call("GET", "/stats/trends", None).body;
    let points = day["data"].as_array().ok_or("no points")?;
    let sum = |key: &str| points.iter().filter_map(|point| point[key].as_i64()).sum::<i64>();
    let most = |key: &str| points.iter().filter_map(|point| point[key].as_i64()).max();
    assert_eq!((day["step_seconds"].as_i64(), sum("received"), sum("sent"), sum("failed")), (Some(600), 20, 10, 0));
    assert_eq!((most("waiting"), most("calls"), most("registrations")), (Some(29), Some(2), Some(5)));
    let month = anna.admin.call("GET", "/stats/trends?span=month", None).body;
    assert_eq!(month["data"].as_array().ok_or("no points")?.iter().filter_map(|point| point["received"].as_i64()).sum::<i64>(), 120);
    assert_eq!(anna.rest.call("GET", "/stats/trends", None).status, 403);
    Ok(())
}
