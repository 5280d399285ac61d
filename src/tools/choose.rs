//! Which protocol of the sources is meant, and whether its families are called so.
//!
//! Is not: a guess. Where several protocols fit and one is needed, all their names are given back.

use std::fmt;

use crate::diag::nearest;
use crate::global::ChoreographyRef;
use crate::pipeline::Front;

/// Why no one protocol is meant. Its text is for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unchosen {
    /// The sources hold no protocol.
    Empty,
    /// One is needed, and these are there.
    Several(Vec<String>),
    /// None is called so.
    Unknown {
        /// The name given.
        given: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// No family, and no size of one, is called so.
    NoFamily {
        /// The name given.
        given: String,
        /// The names there are.
        known: Vec<String>,
    },
}

impl fmt::Display for Unchosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[String]| {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            quoted.join(", ")
        };
        let (what, given, known) = match self {
            Self::Empty => return f.write_str("there is no protocol here"),
            Self::Several(names) => {
                return write!(f, "there is more than one protocol; choose with --protocol: {}", list(names));
            }
            Self::Unknown { given, known } => ("protocol", given, known),
            Self::NoFamily { given, known } => ("family", given, known),
        };
        write!(f, "no {what} is called `{given}`")?;
        match nearest(given, known.iter().map(String::as_str)) {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None if known.is_empty() => write!(f, "; there is none"),
            None => write!(f, "; there are {}", list(known)),
        }
    }
}

/// The protocol called `wanted`, or the only one there is.
///
/// # Errors
/// If that is none or several.
pub fn protocol<'a>(front: &'a Front, wanted: Option<&str>) -> Result<&'a ChoreographyRef, Unchosen> {
    let all = &front.choreographies;
    let names = || all.iter().map(|one| one.name.clone()).collect();
    let fitting: Vec<&ChoreographyRef> =
        all.iter().filter(|one| wanted.is_none_or(|wanted| one.name == wanted)).collect();
    match (fitting.as_slice(), wanted) {
        ([one], _) => Ok(one),
        ([], None) => Err(Unchosen::Empty),
        ([], Some(given)) => Err(Unchosen::Unknown { given: given.to_owned(), known: names() }),
        (several, None) => Err(Unchosen::Several(several.iter().map(|one| one.name.clone()).collect())),
        (several, Some(_)) => Err(Unchosen::Several(
            several.iter().map(|one| format!("{} in {}", one.name, file(front, one))).collect(),
        )),
    }
}

/// Checks that each of these names is a family or a size somewhere in the sources. Where a source was not
/// understood, families may be missing, and nothing is refused.
///
/// # Errors
/// For the first that is not.
pub fn families<'a>(front: &Front, given: impl IntoIterator<Item = &'a str>) -> Result<(), Unchosen> {
    if front.files.iter().any(|file| !file.whole) {
        return Ok(());
    }
    match given.into_iter().find(|name| !front.families.contains(*name)) {
        None => Ok(()),
        Some(name) => {
            let known = front.families.iter().cloned().collect();
            Err(Unchosen::NoFamily { given: name.to_owned(), known })
        }
    }
}

/// The path of the file that a choreography stands in.
fn file<'a>(front: &'a Front, which: &ChoreographyRef) -> &'a str {
    front.files.get(which.module).map_or("", |file| file.name.as_str())
}
