//! The choreography that is being walked: its roles, its names that are constants, and what jumps may aim at.
//!
//! Is not: knowledge, which is per role.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::{RoleId, VarId};
use crate::base::ty::Type;
use crate::diag::source::Span;
use crate::global::declare::{Declarations, Message, Signature};
use crate::global::protocol::Label;
use crate::global::resolve::Resolver;
use crate::global::resolve::knowledge::{Delta, Known, Mark};
use crate::syntax::tree::{Choreography, Expr, Name};

/// Who plays a role of the choreography.
#[derive(Clone, Debug, Default)]
pub(super) struct Cast {
    pub members: Vec<RoleId>,
    pub family: bool,
}

/// One expansion of a choreography.
#[derive(Clone, Default)]
pub(super) struct Frame<'d> {
    pub choreography: usize,
    pub module: usize,
    pub scope: u32,
    pub roles: BTreeMap<&'d str, Cast>,
    /// Indices of `for` and sizes of families, innermost last.
    pub statics: Vec<(&'d str, i64)>,
    /// Families, indices that only the session knows, and the members that they mean in this branch.
    pub picks: Vec<(&'d str, &'d Expr, RoleId)>,
    /// Names of the sub-protocols around the statement, and the hops without a name counted so far in each.
    pub hops: Vec<(&'d str, u32)>,
    /// What `return` gives its values to.
    pub result: Option<ResultOf>,
}

/// Where the values of `return` go.
#[derive(Clone)]
pub(super) struct ResultOf {
    /// The scope and the name that the call gives its result.
    pub bind: Option<(u32, Arc<str>)>,
    pub ty: Option<Type>,
}

/// What a jump may aim at, or may not cross.
pub(super) enum Kind {
    /// A loop or a recursion.
    Turns,
    /// A counted loop: its end is the next turn, and nothing leaves it.
    Counted,
    /// A call: labels outside are not seen; `return` aims here.
    Call,
    /// A branch of a `par`: nothing leaves it.
    Lane,
    /// The body of a `try`: nothing leaves it but its end and its causes.
    Scope,
}

/// A block that can be left or begun again.
pub(super) struct Jump<'d> {
    pub kind: Kind,
    pub name: Option<&'d str>,
    pub label: Label,
    /// The knowledge at its start.
    pub mark: Mark,
    /// The knowledge on each way out.
    pub exits: Vec<Delta>,
    /// Whether anything aims at the label.
    pub used: bool,
    /// Where it stands.
    pub span: Span,
}

impl Frame<'_> {
    /// The member that an index of the session means in this branch.
    pub(super) fn pick(&self, family: &str, index: &Expr) -> Option<RoleId> {
        let pick = self.picks.iter().find(|(name, at, _)| *name == family && *at == index);
        pick.map(|(_, _, member)| *member)
    }
}

impl<'d> Resolver<'d> {
    /// Begins a choreography at the top of the walk.
    pub(super) fn enter(
        &mut self,
        id: usize,
        tree: &'d Choreography,
        signature: &'d Signature,
        roles: BTreeMap<&'d str, Cast>,
    ) {
        let cast = self.cast_of(tree, &roles);
        let scope = self.tables.namespace(id, cast);
        self.frame = Frame {
            choreography: id,
            module: signature.module,
            scope,
            statics: sizes(tree, &roles),
            picks: Vec::new(),
            roles,
            hops: vec![(tree.name.text.as_str(), 0)],
            result: None,
        };
    }

    /// The members of each role in the order of declaration.
    pub(super) fn cast_of(&self, tree: &Choreography, roles: &BTreeMap<&str, Cast>) -> Vec<Vec<RoleId>> {
        tree.roles
            .iter()
            .map(|role| roles.get(role.name.text.as_str()).map_or_else(Vec::new, |cast| cast.members.clone()))
            .collect()
    }

    /// Everybody who plays a role here.
    pub(super) fn everybody(&self) -> Vec<RoleId> {
        let mut all: Vec<RoleId> =
            self.frame.roles.values().flat_map(|cast| cast.members.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// A name that is a number before any session: an index of a `for`, or a family's size.
    pub(super) fn static_of(&self, name: &str) -> Option<i64> {
        self.frame.statics.iter().rev().find(|(have, _)| *have == name).map(|(_, value)| *value)
    }

    /// Whether anything at all gives the name a meaning here.
    pub(super) fn defined(&self, name: &str) -> bool {
        let declarations: &Declarations = self.declarations;
        self.static_of(name).is_some()
            || self.lambdas.iter().any(|(have, ..)| *have == name)
            || declarations
                .choreographies
                .get(self.frame.choreography)
                .is_some_and(|signature| signature.binds.contains(name))
            || declarations.tables.get(self.frame.module).is_some_and(|table| table.consts.contains_key(name))
            || self.tables.known_name(self.frame.scope, name).is_some()
    }

    /// A message that something declares.
    pub(super) fn message_named(&self, module: usize, name: &str) -> Option<Arc<Message>> {
        let declarations: &Declarations = self.declarations;
        let declared = declarations.tables.get(module).and_then(|table| table.messages.get(name));
        let top = declarations.choreographies.get(self.frame.choreography).map(|signature| signature.top);
        let by_use = || declarations.choreographies.get(top?).and_then(|top| top.messages.get(name));
        let by_with = || self.inferred.get(&(top?, name.to_owned()));
        declared.or_else(by_with).or_else(by_use).cloned()
    }

    /// Gives the role a name for a value of this type. A name that it has already keeps its type.
    pub(super) fn bind(&mut self, role: RoleId, name: &str, ty: &Type, span: Span) -> VarId {
        let scope = self.frame.scope;
        self.bind_in(scope, role, name, ty, span)
    }

    /// Like `bind`, in a scope of one's choice.
    pub(super) fn bind_in(&mut self, scope: u32, role: RoleId, name: &str, ty: &Type, span: Span) -> VarId {
        let id = self.tables.name(scope, name);
        let before = self.knowledge.of(id, role);
        let mut own = ty.clone();
        if let Some(before) = before {
            let had = self.tables.type_of(before.var);
            if crate::global::fit::fits(ty, &had) {
                own = had;
            } else {
                self.rebinds(role, name, (ty, span), (&had, before.span));
            }
        }
        let var = self.tables.var(id, self.var_lane(id), &own);
        if let Some(missing) = self.tables.missing.get(&id) {
            // A name bound anew is no longer what was collected.
            self.knowledge.set((*missing, role), None);
        }
        self.knowledge.set((id, role), Some(Known { var, span }));
        var
    }

    /// The var of a name that nobody learns: a part of something that happens in steps.
    pub(super) fn hidden(&mut self, name: &str, ty: &Type) -> VarId {
        let id = self.tables.name(self.frame.scope, name);
        self.tables.var(id, self.lane, ty)
    }

    /// Takes a name away from everybody here, at the end of what it was good for.
    pub(super) fn unbind(&mut self, name: &str) {
        let id = self.tables.name(self.frame.scope, name);
        let who: Vec<RoleId> = self.knowledge.who(id).map(|(role, _)| role).collect();
        for role in who {
            self.knowledge.set((id, role), None);
        }
    }

    fn rebinds(&mut self, role: RoleId, name: &str, (ty, span): (&Type, Span), (had, before): (&Type, Span)) {
        use crate::diag::Diagnostic;
        use crate::diag::code::Code;
        use crate::global::fit::show;
        let message = format!(
            "`{name}` is bound to `{}` and to `{}` at `{}`",
            show(had),
            show(ty),
            self.role_name(role)
        );
        self.say(
            Diagnostic::new(Code::E0133, span, message)
                .here(format!("here it is `{}`", show(ty)))
                .also(before, format!("here it is `{}`", show(had)))
                .help("give one of them another name"),
        );
    }

    /// The role's name as people read it.
    pub(super) fn role_name(&self, role: RoleId) -> String {
        self.tables.roles.get(role.index()).map_or_else(String::new, |role| role.name.clone())
    }
}

/// The sizes of families that have a name.
pub(super) fn sizes<'d>(tree: &'d Choreography, roles: &BTreeMap<&'d str, Cast>) -> Vec<(&'d str, i64)> {
    let mut sizes = Vec::new();
    for role in &tree.roles {
        if let Some(crate::syntax::tree::Size::Named(Name { text, .. })) = &role.size
            && let Some(cast) = roles.get(role.name.text.as_str())
        {
            sizes.push((text.as_str(), cast.members.len() as i64));
        }
    }
    sizes
}
