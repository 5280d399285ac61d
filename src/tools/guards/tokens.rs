//! The tokens that bindings name: what they grant to the roles of a protocol, and what is wrong with them.
//!
//! In one engine a role is a device. Its tokens are evaluated once, in the context of the run and its first epoch, over the
//! capabilities that the policy asks for; beside `capabilities` of the same binding only what both say is granted.
//! Is not: a reader of files; texts come by their names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::bytecode::program::Program;
use crate::config::bindings::{Bindings, RoleBinding};
use crate::config::guards::pattern::role_rank;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::guard::Policy;
use crate::guard::receipt::Public;
use crate::guard::token::{NAME, Revoked, Situation, Token, TokenId, Unverified, Wallet, fact_data};
use crate::journal::{Context, Device, Epoch, Journal, Name, Place};

/// What the reader of revocations is called as the author of facts.
const READER: &str = "@bindings";

/// The files that bindings name for tokens, each with the place that names it.
pub fn token_files(bindings: &Bindings) -> impl Iterator<Item = (&str, Span)> {
    let top = bindings.roles.first().map_or(Span::default(), |role| role.place);
    let revoked = bindings.trust.revoked.as_deref().map(|file| (file, top));
    let tokens = bindings
        .roles
        .iter()
        .flat_map(|role| role.tokens.iter().flatten().map(move |file| (file.as_str(), role.place)));
    tokens.chain(revoked)
}

/// Has the roles of a protocol do what their tokens grant; gives what is wrong. Roles whose bindings name no tokens may do
/// what they may.
#[must_use]
pub fn hold(
    policy: &mut Policy,
    programs: &[Program],
    bindings: &Bindings,
    files: &BTreeMap<String, String>,
) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    let Ok(context) = Context::new(policy.context.clone()) else { return said };
    let mut wallet = Wallet::new(policy.needed(programs));
    let revoked = match revocations(&context, bindings, files) {
        Ok(revoked) => revoked,
        Err(diagnostic) => return vec![*diagnostic],
    };
    wallet.revoke(&context, revoked.clone());
    let roles = programs.first().map_or(&[][..], |program| program.roles.as_slice());
    for role in roles {
        let Some((binding, names)) = binding(bindings, &role.name) else { continue };
        let Ok(device) = Device::new(role.name.clone()) else { continue };
        let held = names.iter().map(|file| read(binding, file, bindings, files));
        let mut tokens: Vec<Token> = Vec::new();
        for token in held {
            match token {
                Ok(token) => tokens.push(token),
                Err(diagnostic) if said.contains(&*diagnostic) => {}
                Err(diagnostic) => said.push(*diagnostic),
            }
        }
        if tokens.iter().any(|token| revoked.has(token)) {
            let message =
                format!("a token of `{}` was taken back, so its tokens grant nothing", binding.role);
            let warning = Diagnostic::new(Code::E0451, binding.place, message);
            if !said.contains(&warning) {
                said.push(warning);
            }
        }
        wallet.hold(&device, tokens);
        let granted = wallet.granted(&Situation { context: &context, device: &device, epoch: Epoch(0) });
        let local = |name: &&Arc<str>| {
            binding.capabilities.as_ref().is_none_or(|local| local.iter().any(|own| **own == ***name))
        };
        policy.grants.set(&role.name, granted.iter().filter(local).map(|name| name.to_string()).collect());
    }
    said
}

/// The binding that decides for a role, if it names tokens.
fn binding<'a>(bindings: &'a Bindings, role: &str) -> Option<(&'a RoleBinding, &'a [String])> {
    let says = |binding: &&RoleBinding| binding.tokens.is_some() || binding.capabilities.is_some();
    let ranked = bindings
        .roles
        .iter()
        .filter(says)
        .filter_map(|binding| Some((role_rank(&binding.role, role)?, binding)));
    let (_, binding) = ranked.max_by_key(|(rank, _)| *rank)?;
    Some((binding, binding.tokens.as_deref()?))
}

/// The token in a file.
fn read(
    binding: &RoleBinding,
    file: &str,
    bindings: &Bindings,
    files: &BTreeMap<String, String>,
) -> Result<Token, Box<Diagnostic>> {
    let authorities: Vec<Public> = bindings.trust.authorities.iter().filter_map(Public::from_bytes).collect();
    // A file that could not be read has been told of, and its token grants nothing.
    let text = files.get(file).map_or("", String::as_str);
    Unverified::read(text).and_then(|token| token.verify(&authorities)).map_err(|fault| {
        let message = format!("token `{file}` of `{}` cannot be used: {fault}", binding.role);
        let diagnostic = Diagnostic::new(Code::E0450, binding.place, message);
        Box::new(if authorities.is_empty() {
            diagnostic.help("add `authorities:` with the key that `laban token key` shows")
        } else {
            diagnostic.help("look at it with `laban token inspect`")
        })
    })
}

/// What was taken back in the context: the facts of the file, one a line.
fn revocations(
    context: &Context,
    bindings: &Bindings,
    files: &BTreeMap<String, String>,
) -> Result<Revoked, Box<Diagnostic>> {
    let Some(file) = &bindings.trust.revoked else { return Ok(Revoked::default()) };
    let place = bindings.roles.first().map_or(Span::default(), |role| role.place);
    let wrong = |line: usize| {
        let message = format!("line {line} of `{file}` is no fact that takes a token back");
        let help = "write it with `laban token revoke`";
        Box::new(Diagnostic::new(Code::E0453, place, message).help(help))
    };
    let mut journal = Journal::new();
    let text = files.get(file).ok_or_else(|| wrong(0))?;
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (of, id) = fact(line).ok_or_else(|| wrong(at + 1))?;
        if of == context.as_str() {
            append(&mut journal, context, &id).ok_or_else(|| wrong(at + 1))?;
        }
    }
    let reader: BTreeSet<Device> = Device::new(READER).into_iter().collect();
    Ok(Revoked::of(&journal.of(context), &reader))
}

/// The line of a fact: its context, and what it takes back.
#[must_use]
pub fn fact_line(context: &str, id: &TokenId) -> String {
    let data = crate::base::json::to_json(&fact_data(id));
    serde_json::json!({ "context": context, "fact": NAME, "data": data }).to_string()
}

fn fact(line: &str) -> Option<(String, TokenId)> {
    let line: Json = serde_json::from_str(line).ok()?;
    if line.get("fact")?.as_str()? != NAME {
        return None;
    }
    let id = TokenId::parse(line.get("data")?.get("id")?.as_str()?)?;
    Some((line.get("context")?.as_str()?.to_owned(), id))
}

fn append(journal: &mut Journal, context: &Context, id: &TokenId) -> Option<()> {
    let name = Name::parse(NAME).ok()?;
    let set = journal.open(&Place { context: context.clone(), namespace: name.namespace }).ok()?;
    let reader = Device::new(READER).ok()?;
    journal.append(set, name.key, fact_data(id), reader, Epoch(0)).ok().map(|_| ())
}
