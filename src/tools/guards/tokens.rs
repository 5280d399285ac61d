//! The tokens that bindings name: what is wrong with them, and what they grant to the roles of a protocol.
//!
//! In one engine a role is a device. Its tokens are evaluated once, in the context of the run and its first epoch, over the
//! capabilities that the policy names; beside `capabilities` of the same binding only what both say is granted.
//! Is not: a reader of files; texts come by their names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::config::bindings::{Bindings, RoleBinding};
use crate::config::guards::pattern::role_rank;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::guard::Policy;
use crate::guard::policy::CONTEXT;
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

/// The tokens that bindings name, verified, and what of them was taken back.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// By the role or family of the binding.
    tokens: BTreeMap<String, Vec<Token>>,
    revoked: Revoked,
}

impl Held {
    /// The tokens in these files, which were read for [`token_files`].
    ///
    /// # Errors
    /// What is wrong with them: a token that cannot be used, revocations that cannot be read.
    pub fn read(bindings: &Bindings, files: &BTreeMap<String, String>) -> Result<Self, Vec<Diagnostic>> {
        let revoked = revocations(bindings, files).map_err(|diagnostic| vec![*diagnostic])?;
        let mut held = Self { tokens: BTreeMap::new(), revoked };
        let mut said = Vec::new();
        for binding in &bindings.roles {
            let Some(names) = &binding.tokens else { continue };
            let tokens = held.tokens.entry(binding.role.clone()).or_default();
            for name in names {
                match token(binding, name, bindings, files) {
                    Ok(token) => tokens.push(token),
                    Err(diagnostic) => said.push(*diagnostic),
                }
            }
        }
        if said.is_empty() { Ok(held) } else { Err(said) }
    }

    /// The bindings a token of which was taken back: their tokens grant nothing.
    pub fn taken_back(&self) -> impl Iterator<Item = &str> {
        let back = |tokens: &[Token]| tokens.iter().any(|token| self.revoked.has(token));
        self.tokens.iter().filter(move |(_, tokens)| back(tokens)).map(|(role, _)| role.as_str())
    }

    /// Has roles do what their tokens grant. Those whose bindings name no tokens may do what they may.
    pub(super) fn grant<'a>(
        &self,
        policy: &mut Policy,
        bindings: &Bindings,
        roles: impl Iterator<Item = &'a str>,
    ) {
        let Ok(context) = Context::new(policy.context.clone()) else { return };
        let mut wallet = Wallet::new(policy.named());
        wallet.revoke(&context, self.revoked.clone());
        for role in roles {
            let Some(binding) = binding(bindings, role) else { continue };
            // A name that no device can have holds nothing.
            let Ok(device) = Device::new(role) else {
                policy.grants.set(role, Vec::new());
                continue;
            };
            wallet.hold(&device, self.tokens.get(&binding.role).cloned().unwrap_or_default());
            let granted = wallet.granted(&Situation { context: &context, device: &device, epoch: Epoch(0) });
            let local = |name: &&Arc<str>| {
                binding.capabilities.as_ref().is_none_or(|local| local.iter().any(|own| **own == ***name))
            };
            policy.grants.set(role, granted.iter().filter(local).map(ToString::to_string).collect());
        }
    }
}

/// The binding that decides for a role, if it names tokens.
fn binding<'a>(bindings: &'a Bindings, role: &str) -> Option<&'a RoleBinding> {
    let says = |binding: &&RoleBinding| binding.tokens.is_some() || binding.capabilities.is_some();
    let ranked = bindings
        .roles
        .iter()
        .filter(says)
        .filter_map(|binding| Some((role_rank(&binding.role, role)?, binding)));
    let (_, binding) = ranked.max_by_key(|(rank, _)| *rank)?;
    Some(binding).filter(|binding| binding.tokens.is_some())
}

/// The token in a file.
fn token(
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

/// What was taken back in the context of runs: the facts of the file, one a line.
fn revocations(bindings: &Bindings, files: &BTreeMap<String, String>) -> Result<Revoked, Box<Diagnostic>> {
    let Some(file) = &bindings.trust.revoked else { return Ok(Revoked::default()) };
    let place = bindings.roles.first().map_or(Span::default(), |role| role.place);
    let wrong = |line: usize| {
        let message = format!("line {line} of `{file}` is no fact that takes a token back");
        let help = "write it with `laban token revoke`";
        Box::new(Diagnostic::new(Code::E0453, place, message).help(help))
    };
    let mut journal = Journal::new();
    let context = Context::new(CONTEXT).map_err(|_| wrong(0))?;
    let text = files.get(file).ok_or_else(|| wrong(0))?;
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (of, id) = fact(line).ok_or_else(|| wrong(at + 1))?;
        if of == context.as_str() {
            append(&mut journal, &context, &id).ok_or_else(|| wrong(at + 1))?;
        }
    }
    let reader: BTreeSet<Device> = Device::new(READER).into_iter().collect();
    Ok(Revoked::of(&journal.of(&context), &reader))
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
