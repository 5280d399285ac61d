//! Roles: declared, expanded for the sizes of their families, and looked up where the text names them.
//!
//! Is not: a statement; what is done with several roles is for who asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::limits::ROLES_MAX;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Applicability, Diagnostic, Edit, nearest};
use crate::global::protocol::{Block, Role, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::frame::Cast;
use crate::syntax::tree::{Choreography, Expr, ExprKind, RoleDecl, RoleRef, Selector, Size};

/// Whom a reference means.
pub(super) enum Target<'d> {
    /// One role.
    One(RoleId),
    /// Members of a family, in index order.
    Many(Vec<RoleId>),
    /// The member that an expression picks when the session runs.
    Picked(Vec<RoleId>, &'d Expr),
    /// The members whose index is in a list when the session runs.
    Among(Vec<RoleId>, &'d Expr),
}

/// Members of a family without a given size.
const SIZE_DEFAULT: u32 = 3;

impl<'d> Resolver<'d> {
    /// Declares the roles of the protocol, families expanded.
    pub(super) fn declare_roles(&mut self, tree: &'d Choreography) -> Option<BTreeMap<&'d str, Cast>> {
        let mut roles: BTreeMap<&'d str, Cast> = BTreeMap::new();
        let mut places: BTreeMap<&'d str, Span> = BTreeMap::new();
        for role in &tree.roles {
            if let Some(first) = places.insert(&role.name.text, role.name.place.0) {
                self.say(
                    Diagnostic::new(
                        Code::E0102,
                        role.name.place.0,
                        format!("role `{}` is declared twice", role.name.text),
                    )
                    .here("declared again here")
                    .also(first, "first declared here")
                    .help("give one of them another name, or make them a family: `Name[2]`"),
                );
                continue;
            }
            let size = self.size_of(role);
            let first = self.tables.roles.len();
            let count = size.unwrap_or(1) as usize;
            if first.saturating_add(count) > ROLES_MAX {
                self.say(
                    Diagnostic::new(
                        Code::E0128,
                        role.name.place.0,
                        format!("with `{}` the protocol has more than {ROLES_MAX} roles", role.name.text),
                    )
                    .help("choose a smaller size"),
                );
                return None;
            }
            self.expand(role, size);
            let members = (first..first + count).map(RoleId::at).collect();
            roles.insert(&role.name.text, Cast { members, family: size.is_some() });
        }
        Some(roles)
    }

    /// Adds a role, or each member of a family.
    fn expand(&mut self, role: &RoleDecl, size: Option<u32>) {
        let (name, span) = (&role.name.text, role.name.place.0);
        let Some(size) = size else {
            self.tables.roles.push(Role { name: name.clone(), member: None, span });
            return;
        };
        let family: Arc<str> = Arc::from(name.as_str());
        for index in 0..size {
            let member = Some((Arc::clone(&family), index));
            self.tables.roles.push(Role { name: format!("{name}[{index}]"), member, span });
        }
    }

    /// The size of a family; none for a single role.
    fn size_of(&self, role: &RoleDecl) -> Option<u32> {
        let given = |name: &str| self.sizes.0.get(name).copied();
        match role.size.as_ref()? {
            Size::Count(count, _) => Some(u32::try_from(*count).unwrap_or(u32::MAX)),
            Size::Named(size) => {
                Some(given(&size.text).or_else(|| given(&role.name.text)).unwrap_or(SIZE_DEFAULT))
            }
            Size::Any => Some(given(&role.name.text).unwrap_or(SIZE_DEFAULT)),
        }
    }

    /// Whom a reference means; none if it is wrong, which has been said.
    pub(super) fn target(&mut self, role: &'d RoleRef) -> Option<Target<'d>> {
        let cast = self.cast(role)?;
        let Some(selector) = &role.selector else {
            return match (cast.members.as_slice(), cast.family) {
                ([one], false) => Some(Target::One(*one)),
                _ => {
                    self.not_one(role, &cast);
                    None
                }
            };
        };
        if !cast.family {
            let name = &role.name.text;
            self.say(
                Diagnostic::new(
                    Code::E0125,
                    role.place.0,
                    format!("`{name}` is one role and has no members to choose from"),
                )
                .help(format!("write `{name}`, or declare a family: `roles {name}[3]`")),
            );
            return None;
        }
        match selector {
            Selector::All => Some(Target::Many(cast.members)),
            Selector::In(e) => Some(Target::Among(cast.members, e)),
            Selector::Range(from, to) => {
                let size = cast.members.len() as i64;
                let (low, high) = (self.static_int(from)?, self.static_int(to)?);
                if low < 0 || high > size || low > high {
                    self.out_of_range(role, &format!("{low}..{high}"), size);
                    return None;
                }
                let taken = cast.members.into_iter().skip(low as usize).take((high - low) as usize);
                Some(Target::Many(taken.collect()))
            }
            Selector::Index(e) if !self.is_static(e) => {
                let pick = self.frame.pick(&role.name.text, e);
                Some(pick.map_or(Target::Picked(cast.members, e), Target::One))
            }
            Selector::Index(e) => {
                let at = self.static_int(e)?;
                let found = usize::try_from(at).ok().and_then(|at| cast.members.get(at).copied());
                if found.is_none() {
                    self.out_of_range(role, &at.to_string(), cast.members.len() as i64);
                }
                found.map(Target::One)
            }
        }
    }

    /// Who plays a role, whatever its selector says.
    pub(super) fn cast(&mut self, role: &'d RoleRef) -> Option<Cast> {
        if let Some(cast) = self.frame.roles.get(role.name.text.as_str()) {
            return Some(cast.clone());
        }
        let name = &role.name.text;
        let mut said = Diagnostic::new(Code::E0103, role.name.place.0, format!("no role is called `{name}`"));
        match nearest(name, self.frame.roles.keys().copied()) {
            Some(near) => {
                let edit = Edit { span: role.name.place.0, text: near.to_owned() };
                said = said.help(format!("write `{near}`")).fix(
                    format!("write `{near}`"),
                    Applicability::Unsafe,
                    vec![edit],
                );
            }
            None => {
                let known: Vec<String> =
                    self.frame.roles.keys().take(8).map(|role| format!("`{role}`")).collect();
                if known.is_empty() {
                    said = said.help(format!("declare it: `roles {name}`"));
                } else {
                    said = said.help(format!("declare it beside {}", known.join(", ")));
                }
            }
        }
        self.say(said);
        None
    }

    /// The one role that a reference means, where the session's values cannot help to pick it.
    pub(super) fn single(&mut self, role: &'d RoleRef) -> Option<RoleId> {
        match self.target(role)? {
            Target::One(one) => Some(one),
            Target::Many(members) => {
                let cast = Cast { members, family: true };
                self.not_one(role, &cast);
                None
            }
            Target::Picked(_, e) | Target::Among(_, e) => {
                let message =
                    format!("which member of `{}` this is shows only when the session runs", role.name.text);
                self.say(
                    Diagnostic::new(Code::E0125, role.place.0, message)
                        .also(e.place.0, "this is not a number before the session starts")
                        .help("pick the member in an exchange, such as `R -> W[i]: M`, or in a `for`"),
                );
                None
            }
        }
    }

    /// Says that one role is needed.
    fn not_one(&mut self, role: &RoleRef, cast: &Cast) {
        let name = &role.name.text;
        let message = format!("one role is needed here, and `{name}` has {} members", cast.members.len());
        self.say(
            Diagnostic::new(Code::E0125, role.place.0, message)
                .help(format!("write `{name}[0]` for one member, or `{name}[*]` in an exchange for all")),
        );
    }

    /// Says that a family has no such member.
    fn out_of_range(&mut self, role: &RoleRef, index: &str, size: i64) {
        let name = &role.name.text;
        let message = format!("`{name}[{index}]` is out of range: `{name}` has {size} members");
        let help = match size {
            0 => "choose a size above 0".to_owned(),
            _ => format!("use an index from 0 to {}", size - 1),
        };
        self.say(Diagnostic::new(Code::E0124, role.place.0, message).help(help));
    }

    /// The index names of a reference that nothing binds: each stands for all members in turn.
    pub(super) fn unbound(&self, role: &'d RoleRef) -> Option<&'d str> {
        let Some(Selector::Index(Expr { kind: ExprKind::Name(name), .. })) = &role.selector else {
            return None;
        };
        let family = self.frame.roles.get(role.name.text.as_str()).is_some_and(|cast| cast.family);
        (family && !self.defined(&name.text)).then_some(name.text.as_str())
    }

    /// Warns of roles that do nothing; of a family once, if no member does anything.
    pub(super) fn take_part(&mut self, tree: &'d Choreography, body: &Block) {
        // What is wrong elsewhere may be all that a role does.
        if self.failed() {
            return;
        }
        let mut busy = vec![false; self.tables.roles.len()];
        self.busy(body, &mut busy);
        for role in &tree.roles {
            let Some(cast) = self.frame.roles.get(role.name.text.as_str()) else { continue };
            if cast.members.is_empty() || cast.members.iter().any(|r| busy.get(r.index()) == Some(&true)) {
                continue;
            }
            let message = format!("role `{}` takes part in nothing", role.name.text);
            self.say(
                Diagnostic::new(Code::E0118, role.name.place.0, message)
                    .here("no message, step or choice names it")
                    .help("take it away, or let it take part"),
            );
        }
    }

    /// Marks everybody who does something in the block.
    pub(super) fn busy(&self, block: &[Stmt], busy: &mut [bool]) {
        let mark = |role: RoleId, busy: &mut [bool]| {
            if let Some(slot) = busy.get_mut(role.index()) {
                *slot = true;
            }
        };
        let mut waiting: Vec<&Stmt> = block.iter().collect();
        while let Some(stmt) = waiting.pop() {
            match stmt {
                Stmt::Exchange { from, to, .. } => {
                    mark(*from, busy);
                    mark(*to, busy);
                }
                Stmt::Step { role, .. } => mark(*role, busy),
                Stmt::Choice { choice, branches, .. } => {
                    if let Some(choice) = self.tables.choices.get(choice.index()) {
                        mark(choice.owner, busy);
                    }
                    waiting.extend(branches.iter().flatten());
                }
                Stmt::Labelled(_, body) | Stmt::Count { body, .. } => waiting.extend(body),
                Stmt::Par(branches, _) => waiting.extend(branches.iter().flat_map(|(_, body)| body)),
                Stmt::Scope { scope, body, ending, .. } => {
                    if let Some(scope) = self.tables.scopes.get(scope.index()) {
                        mark(scope.owner, busy);
                    }
                    waiting.extend(body);
                    waiting.extend(ending.iter().flat_map(|ending| &ending.branches).flatten());
                }
                Stmt::Done { role, .. } => mark(*role, busy),
                Stmt::Continue(..) | Stmt::Break(..) => {}
            }
        }
    }
}
