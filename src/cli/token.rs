//! `laban token`: keys of authorities, and tokens that are minted, narrowed, looked at and taken back.
//!
//! The only place that draws secret random bytes, from the operating system. Keys and tokens go to files that only their
//! owner can read, and never into a line of talk.
//! Is not: a judge of tokens; `guard::token` is.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use biscuit_auth::KeyPair;
use serde_json::json;

use crate::base::json::{hex, unhex};
use crate::cli::Exit;
use crate::cli::args::{
    Attenuate, Granted, Inspect, Mint, NewKey, Revoke, Token as Args, TokenAct, Verdicts,
};
use crate::cli::terminal::Terminal;
use crate::config::guards::capability;
use crate::diag::code::Code;
use crate::guard::receipt::Public;
use crate::guard::token::{Authority, Block, Bounds, Unverified};
use crate::host::files;
use crate::tools::guards::tokens::fact_line;

/// Does what is wanted with tokens.
///
/// # Errors
/// For wrong usage: a file that is not there or may not be written, a key or a token that is none.
pub fn token(args: &Args, terminal: &mut Terminal) -> Result<Exit> {
    match &args.act {
        TokenAct::Key(args) => key(args, terminal),
        TokenAct::Mint(args) => mint(args, terminal),
        TokenAct::Attenuate(args) => attenuate(args, terminal),
        TokenAct::Inspect(args) => inspect(args, terminal),
        TokenAct::Revoke(args) => revoke(args, terminal),
    }
}

/// A new key, and its public half on standard output.
fn key(args: &NewKey, terminal: &mut Terminal) -> Result<Exit> {
    let secret = fresh()?;
    let public = Authority::from_secret(&secret).and_then(|authority| authority.public());
    let public = public.map_err(|fault| anyhow::anyhow!("{fault}"))?;
    keep(&args.file, &format!("{}\n", hex(&secret)))?;
    terminal.data(&format!("{public:?}\n"));
    Ok(Exit::Fine)
}

fn mint(args: &Mint, terminal: &mut Terminal) -> Result<Exit> {
    let authority = authority(&args.key)?;
    let bounds = bounds(&args.granted)?;
    let token = authority.mint(&bounds, &fresh()?);
    give(&token.map_err(|fault| unusable("a token", &fault))?, args.output.as_deref(), terminal)
}

fn attenuate(args: &Attenuate, terminal: &mut Terminal) -> Result<Exit> {
    let shown = args.token.to_string_lossy();
    let narrowed = read(&args.token)?.narrow(&bounds(&args.granted)?, &fresh()?);
    give(&narrowed.map_err(|fault| unusable(&shown, &fault))?, args.output.as_deref(), terminal)
}

fn inspect(args: &Inspect, terminal: &mut Terminal) -> Result<Exit> {
    let shown = args.token.to_string_lossy();
    let token = read(&args.token)?;
    let blocks = token.blocks().map_err(|fault| unusable(&shown, &fault))?;
    let known = match &args.authority {
        Some(text) => {
            let key = unhex(text).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let key = key.as_ref().and_then(Public::from_bytes);
            Some(key.with_context(|| coded(Code::E0452, "that is no public key of an authority"))?)
        }
        None => None,
    };
    let verified = known.map(|key| token.verify(&[key]).is_ok());
    terminal.data(&match args.format {
        Verdicts::Human => for_people(&blocks, verified),
        Verdicts::Json => for_programs(&blocks, verified),
    });
    Ok(if verified == Some(false) { Exit::Errors } else { Exit::Fine })
}

fn for_people(blocks: &[Block], verified: Option<bool>) -> String {
    let mut out = String::new();
    for (at, block) in blocks.iter().enumerate() {
        let what = if at == 0 { "granted" } else { "narrowed" };
        out.push_str(&format!("{what}, block {at}, id {}\n", block.id));
        for line in lines(block) {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out.push_str(match verified {
        Some(true) => "the authority has signed it\n",
        Some(false) => "the authority has not signed it, or it was changed since\n",
        None => "nobody has looked at its signature: --authority KEY does\n",
    });
    out
}

/// What a block says, a statement a line. Its texts are anybody's: what would move a terminal's cursor is written out.
fn lines(block: &Block) -> Vec<String> {
    let statements = block.source.split(";\n").map(str::trim_end).filter(|line| !line.is_empty());
    let whole = |line: &str| if line.ends_with(';') { line.to_owned() } else { format!("{line};") };
    let plain = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    statements.map(|line| whole(line).chars().map(plain).collect()).collect()
}

fn for_programs(blocks: &[Block], verified: Option<bool>) -> String {
    let block = |block: &Block| json!({ "id": block.id.to_string(), "says": lines(block) });
    let blocks: Vec<_> = blocks.iter().map(block).collect();
    format!("{}\n", json!({ "blocks": blocks, "verified": verified }))
}

fn revoke(args: &Revoke, terminal: &mut Terminal) -> Result<Exit> {
    let shown = args.token.to_string_lossy();
    let blocks = read(&args.token)?.blocks().map_err(|fault| unusable(&shown, &fault))?;
    let at = args.block.unwrap_or(blocks.len() - 1);
    let Some(block) = blocks.get(at) else {
        bail!("`{shown}` has {} blocks, counted from 0", blocks.len());
    };
    let to = args.to.display();
    let before = if fs::metadata(&args.to).is_ok() {
        files::text(&args.to).map_err(|unread| anyhow::anyhow!("`{to}` cannot be read: {}", unread.reason))?
    } else {
        String::new()
    };
    let is_fact = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('{');
    if !before.lines().all(is_fact) {
        bail!("`{to}` is no file of facts; nothing was written there");
    }
    // The last line may have been left without its end.
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let line = format!("{end}{}\n", fact_line(&args.context, &block.id));
    let file = fs::OpenOptions::new().append(true).create(true).open(&args.to);
    let written = file.and_then(|mut file| {
        file.write_all(line.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| anyhow::anyhow!("`{to}` cannot be written: {}", files::reason(&error)))?;
    terminal.say(&format!("block {at} of `{shown}` is taken back in `{}`, as `{to}` says", args.context));
    Ok(Exit::Fine)
}

/// What arguments say a token grants, or is narrowed to.
fn bounds(args: &Granted) -> Result<Bounds> {
    for name in &args.capabilities {
        if let Err(help) = capability(name) {
            bail!("{}; {help}", coded(Code::E0441, &format!("`{name}` is no name of a capability")));
        }
    }
    let set = |names: &[String]| (!names.is_empty()).then(|| names.iter().cloned().collect::<BTreeSet<_>>());
    Ok(Bounds {
        capabilities: set(&args.capabilities),
        contexts: set(&args.contexts),
        devices: set(&args.devices),
        until: args.until,
    })
}

/// 32 bytes that nobody can guess.
fn fresh() -> Result<[u8; 32]> {
    let secret = KeyPair::new().private().to_bytes();
    <[u8; 32]>::try_from(secret.as_slice()).context("the operating system gave no random bytes")
}

/// The token in a file.
fn read(path: &Path) -> Result<Unverified> {
    let shown = path.to_string_lossy();
    let text =
        files::text(path).map_err(|unread| anyhow::anyhow!("`{shown}` cannot be read: {}", unread.reason))?;
    Unverified::read(&text).map_err(|fault| unusable(&shown, &fault))
}

/// The authority whose secret key is in a file that nobody else can read.
fn authority(path: &Path) -> Result<Authority> {
    let shown = path.to_string_lossy();
    let text =
        files::text(path).map_err(|unread| anyhow::anyhow!("`{shown}` cannot be read: {}", unread.reason))?;
    if is_open(path) {
        let message = format!("others than its owner may read `{shown}`: `chmod 600 {shown}`");
        bail!("{}", coded(Code::E0452, &message));
    }
    let secret = unhex(text.trim()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let authority = secret.and_then(|secret| Authority::from_secret(&secret).ok());
    authority.with_context(|| coded(Code::E0452, &format!("`{shown}` holds no key")))
}

/// Writes a token: into a file of its owner, or as data on standard output.
fn give(token: &Unverified, output: Option<&Path>, terminal: &mut Terminal) -> Result<Exit> {
    let text = token.text().map_err(|fault| unusable("the token", &fault))?;
    match output {
        Some(path) => keep(path, &format!("{text}\n"))?,
        None => terminal.data(&format!("{text}\n")),
    }
    Ok(Exit::Fine)
}

/// Writes a secret to a file that is not there yet and that only its owner can read.
fn keep(path: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let shown = path.display();
    written.map_err(|error| anyhow::anyhow!("`{shown}` cannot be written: {}", files::reason(&error)))
}

/// Whether others than its owner may read a file.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

/// Whether others than its owner may read a file: nobody can tell here.
#[cfg(not(unix))]
const fn is_open(_: &Path) -> bool {
    false
}

fn unusable(what: &str, fault: &crate::guard::token::Fault) -> anyhow::Error {
    anyhow::anyhow!("{}", coded(Code::E0450, &format!("`{what}` cannot be used: {fault}")))
}

fn coded(code: Code, message: &str) -> String {
    format!("{}: {message}", code.name())
}
