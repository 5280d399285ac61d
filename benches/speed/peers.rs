//! The peers: built (into `$LABAN_PEERS_TARGET` or `target/peers`) and run beside the measures, their lines parsed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The peers' best rounds, by name; none where they are not there or cannot be built.
pub(crate) fn measure() -> Option<Vec<(String, f64)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::env::var_os("LABAN_PEERS").map_or_else(|| root.join("../shared/peers"), PathBuf::from);
    let manifest = source.join("Cargo.toml");
    if !manifest.exists() {
        return None;
    }
    let built = std::env::var_os("LABAN_PEERS_TARGET");
    let target = built.map_or_else(|| root.join("target/peers"), PathBuf::from);
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--bin", "limit", "--bin", "rumpsteak", "--manifest-path"])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&target)
        .status();
    if !built.is_ok_and(|status| status.success()) {
        println!("the peers at {} could not be built", source.display());
        return None;
    }
    let run = |name: &str| -> Option<String> {
        let output = Command::new(target.join("release").join(name)).output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let (limit, rumpsteak) = (run("limit")?, run("rumpsteak")?);
    let measures = [
        ("peer_tokio_mpsc_messages_per_s", &limit, "tokio mpsc(4) ping-pong, current_thread"),
        ("peer_tokio_oneshot_sessions_per_s", &limit, "tokio 2-msg session, 2 tasks + 2 oneshot"),
        ("peer_rumpsteak_messages_per_s", &rumpsteak, "rumpsteak stream (Ready/Value ping-pong), one thread"),
        ("peer_rumpsteak_sessions_per_s", &rumpsteak, "rumpsteak req/resp sessions"),
    ];
    let mut found = Vec::new();
    for (name, output, line) in measures {
        if let Some(value) = best(output, line) {
            found.push((name.to_owned(), value));
        }
    }
    Some(found)
}

/// The best of a peer's rounds: the number before the unit on the lines that begin so.
fn best(output: &str, line: &str) -> Option<f64> {
    let number = |text: &str| {
        let mut before = None;
        for word in text.get(line.len()..)?.split_whitespace() {
            if word.ends_with("/s") {
                return before;
            }
            before = word.parse::<f64>().ok().or(before);
        }
        None
    };
    output.lines().filter(|text| text.starts_with(line)).filter_map(number).reduce(f64::max)
}
