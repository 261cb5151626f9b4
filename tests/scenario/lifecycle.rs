//! Starting, stopping, dying and coming back.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};

use crate::server::{Options, Scratch, Server, command, get};

type Outcome = Result<(), Failed>;

const NOBODY: u32 = 65_534;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("lifecycle::{name}"), run);
    vec![
        test("starts_stops_and_starts_again", starts_stops_and_starts_again),
        test("told_to_stop_while_it_starts_it_leaves_nothing_behind", told_to_stop_while_it_starts_it_leaves_nothing_behind),
        test("root_below_a_private_folder_becomes_an_ordinary_user", root_below_a_private_folder_becomes_an_ordinary_user),
        test("an_ordinary_user_starts_it", an_ordinary_user_starts_it),
        test("a_path_of_150_characters_works", a_path_of_150_characters_works),
        test("comes_back_after_kill_9_of_the_server", comes_back_after_kill_9_of_the_server),
        test("comes_back_after_kill_9_of_postgresql", comes_back_after_kill_9_of_postgresql),
        test("a_folder_of_another_postgresql_is_refused", a_folder_of_another_postgresql_is_refused),
        test("an_unknown_key_is_refused_with_its_line", an_unknown_key_is_refused_with_its_line),
        test("the_role_is_no_superuser_and_owns_only_its_schema", the_role_is_no_superuser_and_owns_only_its_schema),
        test("an_occupied_port_is_no_reason_to_end", an_occupied_port_is_no_reason_to_end),
        test("the_first_page_holds_no_script_of_its_own", the_first_page_holds_no_script_of_its_own),
    ]
}

fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

fn starts_stops_and_starts_again() -> Outcome {
    let scratch = Scratch::new();
    let options = Options::new(&scratch.0.join("data"));
    let server = Server::start(&options);
    assert!(server.data.join("pg/PG_VERSION").exists());
    assert_eq!(server.stop(), Some(0));
    assert!(!options.data.join("pg/postmaster.pid").exists(), "PostgreSQL stops with the server");
    assert_eq!(Server::start(&options).stop(), Some(0));
    Ok(())
}

/// In the middle of its start, PostgreSQL not yet ready.
fn told_to_stop_while_it_starts_it_leaves_nothing_behind() -> Outcome {
    let scratch = Scratch::new();
    let options = Options::new(&scratch.0.join("data"));
    for _ in 0..3 {
        let starting = Server::spawn(&options);
        let lock = options.data.join("pg/postmaster.pid");
        let give_up = Instant::now() + Duration::from_secs(60);
        while !lock.exists() {
            assert!(Instant::now() < give_up, "PostgreSQL was not started");
            std::thread::yield_now();
        }
        assert_eq!(starting.stop(), Some(0));
        while lock.exists() {
            assert!(Instant::now() < give_up, "PostgreSQL was left behind");
            std::thread::yield_now();
        }
    }
    assert_eq!(Server::start(&options).stop(), Some(0));
    Ok(())
}

fn root_below_a_private_folder_becomes_an_ordinary_user() -> Outcome {
    if !is_root() {
        return Ok(());
    }
    let scratch = Scratch::new();
    std::fs::set_permissions(&scratch.0, std::fs::Permissions::from_mode(0o700))?;
    let server = Server::start(&Options::new(&scratch.0.join("data")));
    for pid in [server.pid(), server.postmaster()] {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = |name: &str| status.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
        assert!(!line("Uid:").split_whitespace().skip(1).any(|uid| uid == "0"), "{}", line("Uid:"));
        assert!(!line("Groups:").split_whitespace().skip(1).any(|gid| gid == "0"), "{}", line("Groups:"));
    }
    // CAP_NET_BIND_SERVICE is bit 10.
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()))?;
    assert!(status.contains("CapEff:\t0000000000000400"), "{status}");
    let link = std::fs::read_link(server.data.join("pg"))?;
    assert!(link.starts_with("/var/lib/postamt"), "{}", link.display());
    assert!(std::fs::metadata(&link)?.uid() != 0);
    let home = link.parent().unwrap().to_owned();
    assert_eq!(server.stop(), Some(0));
    std::fs::remove_dir_all(home)?;
    Ok(())
}

fn an_ordinary_user_starts_it() -> Outcome {
    let scratch = Scratch::new();
    let mut options = Options::new(&scratch.0.join("data"));
    if is_root() {
        nix::unistd::chown(&scratch.0, Some(NOBODY.into()), Some(NOBODY.into()))?;
        options.user = Some(NOBODY);
    }
    let server = Server::start(&options);
    assert_eq!(std::fs::metadata(server.data.join("secrets"))?.permissions().mode() & 0o777, 0o700);
    assert_eq!(std::fs::metadata(server.data.join("secrets/pg-role"))?.permissions().mode() & 0o777, 0o600);
    assert_eq!(server.stop(), Some(0));
    Ok(())
}

fn a_path_of_150_characters_works() -> Outcome {
    let scratch = Scratch::new();
    let data = scratch.0.join("d".repeat(150 - scratch.0.as_os_str().len() - 1));
    assert_eq!(data.as_os_str().len(), 150);
    let server = Server::start(&Options::new(&data));
    let socket = std::fs::read_link(data.join("run/socket-folder"))?;
    assert_eq!(std::fs::metadata(&socket)?.permissions().mode() & 0o777, 0o700);
    assert_eq!(server.stop(), Some(0));
    std::fs::remove_dir_all(socket)?;
    Ok(())
}

fn comes_back_after_kill_9_of_the_server() -> Outcome {
    let scratch = Scratch::new();
    let options = Options::new(&scratch.0.join("data"));
    let mut server = Server::start(&options);
    for _ in 0..3 {
        let orphan = server.postmaster();
        let offset = server.kill_hard();
        kill(orphan, None).expect("PostgreSQL outlives a killed server");
        server = Server::start_at(&options, offset);
        assert_ne!(server.postmaster(), orphan);
    }
    assert_eq!(server.stop(), Some(0));
    Ok(())
}

fn comes_back_after_kill_9_of_postgresql() -> Outcome {
    let scratch = Scratch::new();
    let server = Server::start(&Options::new(&scratch.0.join("data")));
    for _ in 0..3 {
        let old = server.postmaster();
        kill(old, Signal::SIGKILL)?;
        let give_up = Instant::now() + Duration::from_secs(60);
        while std::fs::read_to_string(server.data.join("pg/postmaster.pid")).is_ok_and(|t| t.starts_with(&format!("{old}\n"))) {
            assert!(Instant::now() < give_up, "PostgreSQL was not started again");
            std::thread::yield_now();
        }
        server.wait_ready();
        assert_ne!(server.postmaster(), old);
    }
    assert_eq!(server.stop(), Some(0));
    Ok(())
}

fn refused(command: &mut Command) -> String {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "it must not run");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn a_folder_of_another_postgresql_is_refused() -> Outcome {
    let scratch = Scratch::new();
    let options = Options::new(&scratch.0.join("data"));
    std::fs::create_dir_all(options.data.join("pg"))?;
    std::fs::write(options.data.join("pg/PG_VERSION"), "9\n")?;
    let text = refused(&mut command(&options, 900));
    assert!(text.contains("PostgreSQL 9") && text.contains("Install PostgreSQL 9"), "{text}");
    Ok(())
}

fn an_unknown_key_is_refused_with_its_line() -> Outcome {
    let scratch = Scratch::new();
    let file = scratch.0.join("postamt.toml");
    std::fs::write(&file, "[log]\nlevel = \"info\"\ncolour = \"red\"\n")?;
    let mut options = Options::new(&scratch.0.join("data"));
    options.arguments = vec!["--config".to_owned(), file.display().to_string()];
    let text = refused(&mut command(&options, 900));
    assert!(text.contains("line 3") && text.contains("colour"), "{text}");
    Ok(())
}

fn the_role_is_no_superuser_and_owns_only_its_schema() -> Outcome {
    let scratch = Scratch::new();
    let server = Server::start(&Options::new(&scratch.0.join("data")));
    let home = std::fs::canonicalize(server.data.join("run"))?;
    let password = std::fs::read_to_string(server.data.join("secrets/pg-role"))?;
    let ask = |query: &str| {
        let output = Command::new("psql")
            .args(["-h", &home.display().to_string(), "-U", "postamt", "-d", "postamt", "-AtXc", query])
            .env("PGPASSWORD", &password)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    assert_eq!(ask("SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = 'postamt'"), (true, "f".to_owned()));
    assert_eq!(ask("SELECT count(*) FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE rolname = 'postamt'"), (true, "0".to_owned()));
    assert_eq!(ask("SELECT count(*) > 10 FROM pg_tables WHERE schemaname = 'postamt' AND tableowner = 'postamt'"), (true, "t".to_owned()));
    assert_eq!(ask("SHOW fsync").1 + &ask("SHOW synchronous_commit").1 + &ask("SHOW listen_addresses").1, "onon");
    assert!(!ask("CREATE SCHEMA mine").0, "it may not make further schemas");
    Ok(())
}

fn an_occupied_port_is_no_reason_to_end() -> Outcome {
    let scratch = Scratch::new();
    let options = Options::new(&scratch.0.join("data"));
    let first = Server::start(&options);
    let second_data = Scratch::new();
    let second = Options::new(&second_data.0.join("data"));
    let mut child = command(&second, first.offset).spawn()?;
    let give_up = Instant::now() + Duration::from_secs(60);
    while !second.data.join("pg/postmaster.pid").exists() {
        assert!(Instant::now() < give_up, "the second server did not start its PostgreSQL");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(child.try_wait()?.is_none(), "the second server goes on");
    let (offset, port) = (first.offset, first.port());
    assert_eq!(first.stop(), Some(0));
    // The occupied port is free now; the second server takes it by itself.
    let give_up = Instant::now() + Duration::from_secs(60);
    while get(port, "/health/ready").is_none_or(|(status, _)| status != 200) {
        assert!(Instant::now() < give_up, "port {port} (offset {offset}) was not taken over");
        std::thread::sleep(Duration::from_millis(50));
    }
    kill(nix::unistd::Pid::from_raw(i32::try_from(child.id())?), Signal::SIGTERM)?;
    assert_eq!(child.wait()?.code(), Some(0));
    Ok(())
}

fn the_first_page_holds_no_script_of_its_own() -> Outcome {
    let scratch = Scratch::new();
    let server = Server::start(&Options::new(&scratch.0.join("data")));
    let (status, body) = get(server.port(), "/").unwrap();
    let page = String::from_utf8(body)?;
    assert_eq!(status, 200);
    // Scripts come as files of this server, or not at all when it was built without its web app.
    assert!(page.contains("<h1>Postamt</h1>") && page.split("<script").skip(1).all(|script| script.contains(" src=\"/assets/")));
    assert_eq!(get(server.port(), "/health/live").unwrap().0, 200);
    assert!(String::from_utf8(get(server.port(), "/metrics").unwrap().1)?.is_ascii());
    for nothing in ["/api/v1/nothing", "/api/nothing", "/assets/nothing.js", "/.well-known/nothing"] {
        assert_eq!(get(server.port(), nothing).unwrap().0, 404, "{nothing}");
    }
    Ok(())
}
