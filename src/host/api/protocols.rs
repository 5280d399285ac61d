//! Protocols: list, look at, put, roll back, drain; the directory as a whole: deploy, diagnostics.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::{JsonRejection, PathRejection, StringRejection};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json_;

use crate::diag::code::Code;
use crate::diag::did_you_mean;
use crate::diag::render::json;
use crate::host::api::{Answer, At, Refused};
use crate::host::files;
use crate::host::generation::{Anew, Look, Status};
use crate::host::shape::{self, Kept, Protocol};
use crate::node::Node;
use crate::node::entry::{Entry, Version};
use crate::node::order::Reply;
use crate::node::version::Line;

/// The name that stands in the path.
type Name = Result<Path<String>, PathRejection>;

pub(super) async fn list(at: At) -> Answer<Json<Vec<Protocol>>> {
    let all = |node: &Node| -> Vec<Protocol> {
        node.lines().iter().map(|(name, line)| shape::protocol(name, line)).collect()
    };
    let all = at.look(all).await?.into_iter();
    Ok(Json(all.map(|one| at.generations.with_comparisons(one)).collect()))
}

pub(super) async fn show(at: At, name: Name) -> Answer<Json<Protocol>> {
    let Path(name) = name?;
    let found = at.look(move |node| one(node, &name)).await??;
    Ok(Json(at.generations.with_comparisons(found)))
}

pub(super) async fn versions(at: At, name: Name) -> Answer<Json<Vec<Kept>>> {
    let Json(shown) = show(at, name).await?;
    Ok(Json(shown.versions))
}

/// A protocol to which something was done: that is told also where the log can be written only later.
async fn protocol(at: &At, name: String) -> Answer<Protocol> {
    let found = at.desk.look(move |node| one(node, &name)).await?;
    found.map(|found| at.generations.with_comparisons(found))
}

fn one(node: &Node, name: &str) -> Answer<Protocol> {
    let found = node.lines().get_key_value(name);
    found.map(|(name, line)| shape::protocol(name, line)).ok_or_else(|| unknown(node, name))
}

fn unknown(node: &Node, name: &str) -> Refused {
    let near = did_you_mean(name, node.lines().keys().map(AsRef::as_ref));
    Refused::unknown(Code::E0606, format!("there is no protocol `{name}`{near}"))
}

/// Which version is wanted.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    version: Option<String>,
}

pub(super) async fn rollback(
    at: At,
    name: Name,
    which: Result<Json<Which>, JsonRejection>,
) -> Answer<Json<Protocol>> {
    let (Path(name), Json(which)) = (name?, which?);
    let wanted = name.clone();
    let found = at.look(move |node| version(node, &wanted, which.version.as_deref())).await??;
    let entry = Entry::Activate { protocol: Arc::from(name.as_str()), version: found };
    match at.entry(entry).await? {
        Reply::Refused(trouble) => Err(trouble.into()),
        _ => {
            at.generations.handlers_changed().await;
            Ok(Json(protocol(&at, name).await?))
        }
    }
}

/// The version of this beginning, or the one that was deployed before the active one.
fn version(node: &Node, name: &str, wanted: Option<&str>) -> Answer<Version> {
    let line = node.lines().get(name).ok_or_else(|| unknown(node, name))?;
    let found = match wanted {
        Some(wanted) => {
            let known: Vec<Version> = line
                .editions
                .iter()
                .map(|edition| edition.package.version)
                .filter(|version| version.to_string().starts_with(wanted))
                .collect();
            match known.as_slice() {
                [one] => Some(*one),
                _ => None,
            }
        }
        None => line.before().map(|edition| edition.package.version),
    };
    found.ok_or_else(|| {
        let have: Vec<String> =
            line.editions.iter().map(|edition| shape::short(edition.package.version)).collect();
        let message = match wanted {
            Some(wanted) => format!("`{name}` has no one version `{wanted}`; it has {}", have.join(", ")),
            None => format!("`{name}` has no version before this one"),
        };
        Refused::unknown(Code::E0608, message)
    })
}

pub(super) async fn drain(at: At, name: Name) -> Answer<Json<Protocol>> {
    let Path(name) = name?;
    match at.entry(Entry::Drain(Arc::from(name.as_str()))).await? {
        Reply::Refused(trouble) => Err(trouble.into()),
        _ => Ok(Json(protocol(&at, name).await?)),
    }
}

/// What the last look at the directory gave.
#[derive(Serialize, Debug)]
pub(super) struct Deployed {
    /// Whether something was swapped in.
    swapped: bool,
    #[serde(flatten)]
    status: Status,
}

pub(super) async fn deploy(at: At) -> Answer<Json<Deployed>> {
    at.writable()?;
    let look = at.generations.look_again(Anew::Yes).await?;
    let status = at.generations.settled().await;
    if look == Look::Restless {
        let message = "the files change while they are read; try again";
        return Err(Refused::new(StatusCode::CONFLICT, Code::E0609, message));
    }
    if look == Look::Wrong || !status.current {
        return Err(wrong("the directory is not deployed", status.diagnostics));
    }
    Ok(Json(Deployed { swapped: look == Look::Swapped, status }))
}

pub(super) async fn diagnostics(at: At) -> Json<Vec<Json_>> {
    Json(at.generations.status().diagnostics)
}

fn wrong(message: &str, diagnostics: Vec<Json_>) -> Refused {
    let mut refused = Refused::new(StatusCode::UNPROCESSABLE_ENTITY, Code::E0609, message);
    refused.1.diagnostics = Some(Json_::Array(diagnostics));
    refused
}

/// Puts the source of a protocol into its file, if the directory can be deployed with it.
pub(super) async fn put(
    at: At,
    name: Name,
    source: Result<String, StringRejection>,
) -> Answer<Json<Protocol>> {
    let (Path(name), source) = (name?, source?);
    let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.is_empty()
        || !name.starts_with(|first: char| first.is_ascii_alphabetic())
        || !name.chars().all(letters)
    {
        return Err(Refused::malformed(format!("`{name}` cannot be the name of a protocol")));
    }
    let known = name.clone();
    let found = at.look(move |node| {
        let shown = node.lines().get(known.as_str()).and_then(Line::shown);
        let file = shown.map(|edition| edition.package.file.clone())?;
        // Those that stand in the same file, itself included.
        let there = |line: &Line| {
            let deployed = line.deployed.and_then(|version| line.edition(version));
            deployed.is_some_and(|edition| edition.package.file == file)
        };
        let with = node.lines().iter().filter(|(_, line)| there(line));
        let with: Vec<Arc<str>> = with.map(|(name, _)| name.clone()).collect();
        Some((PathBuf::from(&*file), with))
    });
    let new = || (at.directory.join(format!("{name}.choreo")), Vec::new());
    let (file, with) = match found.await? {
        Some(found) => found,
        None => new(),
    };
    if with.is_empty() && file.exists() {
        let message = format!("`{}` is there and has no `choreography {name}`", file.display());
        return Err(Refused::malformed(message));
    }
    let reading = at.generations.rehearse(file.clone(), source.clone()).await?;
    let Some(deploys) = reading.deploys else {
        let shown = reading.said.iter().map(|one| serde_json::to_value(json::shown(&reading.sources, one)));
        return Err(wrong(
            "the directory cannot be deployed with this source",
            shown.filter_map(Result::ok).collect(),
        ));
    };
    if !deploys.deployment.packages.contains_key(name.as_str()) {
        return Err(Refused::malformed(format!("this source has no `choreography {name}`")));
    }
    if let Some(gone) = with.iter().find(|other| !deploys.deployment.packages.contains_key(*other)) {
        let message =
            format!("`{gone}` stands in the same file, and this source has no `choreography {gone}`");
        return Err(Refused::malformed(message));
    }
    let written = tokio::task::spawn_blocking(move || files::put(&file, source.as_bytes())).await;
    let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    written.map_err(|error| {
        Refused::new(
            StatusCode::INSUFFICIENT_STORAGE,
            Code::E0603,
            format!("the file cannot be written: {error}"),
        )
    })?;
    let _ = deploy(axum::extract::State(at.0.clone())).await?;
    Ok(Json(protocol(&at, name).await?))
}
