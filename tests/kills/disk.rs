//! A ledger that cannot be written stops a run before its first call, not after it; one that fills up in the middle
//! begins no more, and the next run goes on.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::bench::Bench;

/// Somebody who may not write what is not theirs, where the tests run as root.
const NOBODY: u32 = 65534;

/// A file that a run writes may grow so far, in blocks of `ulimit -f`; where it ends, every run succeeds.
const STEP: u32 = 48;

/// Runs a script with the binary as its first parameter.
fn script(bench: &Bench, script: &str) -> (i32, String) {
    let mut command = Command::new("sh");
    command.current_dir(bench.folder.path()).env_clear().env("NO_COLOR", "1").env("HOME", bench.folder.path());
    command.args(["-c", script]).arg(assert_cmd::cargo::cargo_bin("formulary"));
    said(command.output().unwrap())
}

fn said(output: Output) -> (i32, String) {
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code().unwrap_or(-1), text)
}

/// Calls that change something, at every service.
fn writes(bench: &Bench) -> usize {
    let requests = bench.sandbox.services().values().flat_map(|served| served.requests().list());
    requests.filter(|it| it.method != "GET" && !it.path.ends_with("/token")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_anywhere_loses_nothing() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let (mut before, mut middle) = (0, 0);
    for blocks in (0..).step_by(STEP as usize) {
        bench.sandbox.reset();
        bench.fill().await;
        let _ = std::fs::remove_dir_all(bench.path("state"));
        let untouched = writes(&bench);
        // Without the trap the system ends the process; with it a write is refused, as on a full disk.
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" apply --dir repo");
        let (code, text) = script(&bench, &limited);
        if code == 0 {
            assert!(before > 0 && middle > 0, "{before} runs ended before the first call, {middle} in the middle");
            return;
        }
        let calls = writes(&bench) - untouched;
        assert!(matches!(code, 1 | 8), "{blocks} blocks: {code} after {calls} calls\n{text}");
        if calls == 0 {
            assert_eq!(code, 1, "{blocks} blocks: {text}");
            before += 1;
        } else {
            middle += 1;
        }
        assert!(text.contains("ledger") || text.contains("journal"), "{blocks} blocks: {text}");
        let path = bench.path("state/ledger.db");
        if std::fs::metadata(&path).is_ok_and(|it| it.len() == 0) {
            // Born on a full disk: a person has to say that it may be made anew.
            std::fs::remove_file(&path).unwrap();
        }
        bench.run("apply --dir repo").exits(0);
        bench.run("plan --dir repo --detailed-exitcode").exits(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_ledger_stops_it_before_the_first_call() {
    for whole_folder in [false, true] {
        let bench = Bench::small().await;
        bench.mono_repo();
        bench.run("apply --dir repo").exits(0);
        bench.write("repo/users/acme/carol.yaml", &super::bench::person("carol", &["acme"]));
        let untouched = writes(&bench);
        hand_over(bench.folder.path());
        let folder = bench.path("state");
        let mut read_only = vec![folder.join("ledger.db")];
        if whole_folder {
            read_only = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
            read_only.push(folder);
        }
        let allow = |paths: &[PathBuf], mode| {
            for path in paths {
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        allow(&read_only, 0o500);
        let (code, text) = as_somebody(&bench, "apply --dir repo");
        assert_eq!((code, writes(&bench) - untouched), (1, 0), "{text}");
        assert!(text.contains("ledger"), "{text}");

        // What SQLite made beside it meanwhile took over its mode.
        read_only.extend(std::fs::read_dir(bench.path("state")).unwrap().map(|file| file.unwrap().path()));
        allow(&read_only, 0o700);
        let (code, text) = as_somebody(&bench, "apply --dir repo");
        assert_eq!(code, 0, "{text}");
    }
}

/// Root may write everything, so the binary runs as somebody else there, who owns the folder.
fn hand_over(folder: &Path) {
    if !is_root() {
        return;
    }
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            hand_over(&entry.path());
        }
        chown(entry.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
}

fn is_root() -> bool {
    let mine = tempfile::NamedTempFile::new().unwrap();
    mine.as_file().metadata().unwrap().uid() == 0
}

fn as_somebody(bench: &Bench, line: &str) -> (i32, String) {
    // The binary may lie where somebody else may not look.
    let binary = bench.path("formulary");
    if !binary.exists() {
        std::fs::copy(assert_cmd::cargo::cargo_bin("formulary"), &binary).unwrap();
    }
    let mut command = Command::new(binary);
    command.current_dir(bench.folder.path()).env_clear().env("NO_COLOR", "1").env("HOME", bench.folder.path());
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    said(command.args(line.split_whitespace()).output().unwrap())
}
