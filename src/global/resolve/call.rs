//! Calls, expanded in place: roles played by others, arguments, results; and sub-protocols.
//!
//! A call met again with the same roles is a jump to its first expansion where it stands at the end of it, and is
//! endless elsewhere.
//! Is not: a frame at run time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::id::{RoleId, VarId};
use crate::base::limits::CALLS_MAX;
use crate::base::ty::Type;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, nearest};
use crate::global::declare::Signature;
use crate::global::expr::Expr;
use crate::global::protocol::{Block, Label, Param, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::frame::{Cast, Frame, Jump, Kind, ResultOf, sizes};
use crate::global::resolve::jumps::Border;
use crate::global::resolve::knowledge::Parting;
use crate::global::resolve::roles::Target;
use crate::syntax::tree::{self, Call, Choreography, RoleRef, Size, Sub};

/// A choreography whose expansion is under way.
pub(super) struct Active {
    choreography: usize,
    cast: Vec<Vec<RoleId>>,
    /// The entry of its label among the jumps.
    jump: usize,
    label: Label,
    scope: u32,
}

/// A choreography that is about to be expanded.
struct Callee<'d> {
    id: usize,
    tree: &'d Choreography,
    signature: &'d Signature,
    roles: BTreeMap<&'d str, Cast>,
}

/// A parameter's value, and who knows it.
struct Given<'d> {
    name: &'d str,
    span: Span,
    value: Expr,
    ty: Type,
    to: Vec<RoleId>,
}

impl<'d> Resolver<'d> {
    /// What a session is given.
    pub(super) fn session_params(&mut self, tree: &'d Choreography, signature: &'d Signature) {
        for (param, (ty, default)) in tree.params.iter().zip(&signature.params) {
            let at = match &param.at {
                None => None,
                Some(role) => match self.single(role) {
                    Some(role) => Some(role),
                    None => continue,
                },
            };
            let span = param.name.place.0;
            let knowing = at.map_or_else(|| self.everybody(), |role| vec![role]);
            let mut var = self.hidden(&param.name.text, ty);
            for role in knowing {
                var = self.bind(role, &param.name.text, ty, span);
            }
            let default = default.clone().map(Expr::Const);
            self.tables.params.push(Param { var, default, at, span });
        }
    }

    /// The body of the protocol itself.
    pub(super) fn whole_body(&mut self, tree: &'d Choreography) -> Block {
        let ty = self.returned(self.frame.choreography);
        self.frame.result = Some(ResultOf { bind: None, ty });
        let cast = self.cast_of(tree, &self.frame.roles);
        let id = self.frame.choreography;
        self.expand_body(id, cast, tree)
    }

    /// What a choreography gives back.
    fn returned(&self, id: usize) -> Option<Type> {
        self.declarations.choreographies.get(id).and_then(|signature| signature.returns.clone())
    }

    /// Walks a choreography's body in the present frame, as a block that `return` and calls at its end aim at.
    fn expand_body(&mut self, id: usize, cast: Vec<Vec<RoleId>>, tree: &'d Choreography) -> Block {
        let label = self.tables.label();
        let mark = self.knowledge.mark();
        let (scope, jump) = (self.frame.scope, self.jumps.len());
        self.active.push(Active { choreography: id, cast, jump, label, scope });
        let span = tree.name.place.0;
        self.jumps.push(Jump {
            kind: Kind::Call,
            name: None,
            label,
            mark,
            exits: Vec::new(),
            used: false,
            span,
        });
        let mut body = self.block(&tree.body);
        self.active.pop();
        let Some(mut jump) = self.jumps.pop() else { return body };
        if self.reachable {
            jump.exits.push(self.knowledge.delta(mark));
        }
        self.knowledge.undo(mark);
        self.reachable = !jump.exits.is_empty();
        if self.active.is_empty() {
            // Nothing follows.
            jump.exits.clear();
        }
        // What the choreography called its own is not known outside.
        for exit in &mut jump.exits {
            exit.retain(|(name, _), _| self.tables.scope_of(*name) != Some(scope));
        }
        if !jump.exits.is_empty() {
            self.knowledge.merge(&jump.exits, Parting::Branches);
        }
        if jump.used {
            self.guarded(&body, label, span);
            body = vec![Stmt::Labelled(label, body)];
        }
        body
    }

    /// `sub_protocol`: its names are the ones around it; only its hops are counted anew.
    pub(super) fn sub(&mut self, sub: &'d Sub, out: &mut Block) {
        self.frame.hops.push((&sub.name.text, 0));
        self.statements(&sub.body.stmts, out);
        self.frame.hops.pop();
    }

    /// `call`: the callee in place, its roles played by ours.
    pub(super) fn call(&mut self, stmt: &'d tree::Stmt, call: &'d Call, out: &mut Block) {
        self.calls += 1;
        if self.calls > CALLS_MAX {
            self.too_large(stmt.place.0, &format!("it makes more than {CALLS_MAX} calls"));
            return;
        }
        let Some(callee) = self.callee(call) else {
            self.result_of_nothing(call);
            return;
        };
        let cast = self.cast_of(callee.tree, &callee.roles);
        let Some(given) = self.arguments(stmt, call, &callee) else {
            self.result_of_nothing(call);
            return;
        };
        let again = self.active.iter().rposition(|a| a.choreography == callee.id && a.cast == cast);
        if let Some(at) = again {
            self.again_called(stmt, call, at, given, out);
            return;
        }
        if call.bind.is_some() && callee.signature.returns.is_none() {
            let name = &callee.tree.name;
            self.say(
                Diagnostic::new(
                    Code::E0127,
                    call.path.place.0,
                    format!("`{}` gives nothing back", name.text),
                )
                .also(name.place.0, "it has no `returns`")
                .help("take `as …` away, or declare what it returns"),
            );
        }
        let bind = call.bind.as_ref().map(|name| (self.frame.scope, Arc::from(name.text.as_str())));
        let scope = self.tables.namespace(callee.id, cast.clone());
        let frame = Frame {
            choreography: callee.id,
            module: callee.signature.module,
            scope,
            statics: sizes(callee.tree, &callee.roles),
            roles: callee.roles,
            picks: Vec::new(),
            hops: vec![(callee.tree.name.text.as_str(), 0)],
            result: Some(ResultOf { bind, ty: callee.signature.returns.clone() }),
        };
        let outer = std::mem::replace(&mut self.frame, frame);
        let mark = self.knowledge.mark();
        self.give(given, stmt.place.0, false, out);
        let body = self.expand_body(callee.id, cast, callee.tree);
        let own =
            self.knowledge.delta(mark).into_keys().filter(|key| self.tables.scope_of(key.0) == Some(scope));
        for key in own.collect::<Vec<_>>() {
            self.knowledge.set(key, None);
        }
        self.frame = outer;
        out.extend(body);
        if call.bind.is_some() && callee.signature.returns.is_none() {
            self.result_of_nothing(call);
        }
    }

    /// Everybody knows the result of a call that is wrong, so that nothing else is said for that reason.
    fn result_of_nothing(&mut self, call: &'d Call) {
        let Some(name) = &call.bind else { return };
        for role in self.everybody() {
            self.bind(role, &name.text, &Type::Any, name.place.0);
        }
    }

    /// A call met again while it is under way.
    fn again_called(
        &mut self,
        stmt: &'d tree::Stmt,
        call: &'d Call,
        at: usize,
        given: Vec<Given<'d>>,
        out: &mut Block,
    ) {
        let Some(active) = self.active.get(at).filter(|_| at >= self.tail_from) else {
            let name = crate::global::spell::joined(&call.path.segments);
            self.say(
                Diagnostic::new(Code::E0126, stmt.place.0, format!("`{name}` calls itself without end"))
                    .here("this call begins it again before it has ended")
                    .help("call it as the last statement, or use a `loop`"),
            );
            return;
        };
        let (label, scope, jump) = (active.label, active.scope, active.jump);
        let outer = std::mem::replace(&mut self.frame.scope, scope);
        self.give(given, stmt.place.0, true, out);
        self.frame.scope = outer;
        let site = self.plain_site(stmt.place.0);
        out.push(Stmt::Continue(label, site));
        if let Some(jump) = self.jumps.get_mut(jump) {
            jump.used = true;
        }
        self.reachable = false;
    }

    /// The choreography that a call names, with who plays its roles.
    fn callee(&mut self, call: &'d Call) -> Option<Callee<'d>> {
        let id = self.choreography(&call.path)?;
        self.called.insert(id);
        let declarations = self.declarations;
        let (tree, signature) = (declarations.tree(id)?, declarations.choreographies.get(id)?);
        let mut roles: BTreeMap<&'d str, Cast> = BTreeMap::new();
        let mut players: BTreeMap<RoleId, &'d str> = BTreeMap::new();
        let mut wrong = self.roles_fit(call, tree);
        for role in &tree.roles {
            let given = call.roles.iter().find(|(name, _)| name.text == role.name.text);
            let cast = match given {
                Some((_, player)) => self.players(player, role.size.is_some()),
                None => self.namesake(call, &role.name.text),
            };
            let Some(cast) = cast else {
                wrong = true;
                continue;
            };
            let span = given.map_or(call.path.place.0, |(_, player)| player.place.0);
            wrong |= !self.size_fits(role, &cast, span);
            for member in &cast.members {
                if let Some(other) = players.insert(*member, &role.name.text) {
                    let who = self.role_name(*member);
                    let message = format!("`{who}` would play both `{other}` and `{}`", role.name.text);
                    self.say(
                        Diagnostic::new(Code::E0127, span, message)
                            .also(tree.name.place.0, "the choreography that is called")
                            .help("let another role play one of them"),
                    );
                    wrong = true;
                }
            }
            roles.insert(&role.name.text, cast);
        }
        if wrong {
            return None;
        }
        Some(Callee { id, tree, signature, roles })
    }

    /// The choreography of a path: nested here or around here, at the top of this file, or imported.
    fn choreography(&mut self, path: &'d tree::Path) -> Option<usize> {
        let name = path.segments.last()?;
        let declarations = self.declarations;
        let mut known: Vec<&'d str> = Vec::new();
        let mut module = self.frame.module;
        if path.segments.len() > 1 {
            let alias = path.segments.first()?;
            let imports = &declarations.tables.get(module)?.imports;
            let Some(to) = imports.get(&alias.text) else {
                let message = format!("nothing is imported as `{}`", alias.text);
                let near = nearest(&alias.text, imports.keys().map(String::as_str));
                let help = near.map_or_else(
                    || format!("import a file: `import \"{0}.choreo\" as {0}`", alias.text),
                    |near| format!("write `{near}`"),
                );
                self.say(Diagnostic::new(Code::E0111, alias.place.0, message).help(help));
                return None;
            };
            module = (*to)?;
        } else {
            let mut around = Some(self.frame.choreography);
            while let Some(signature) = around.and_then(|id| declarations.choreographies.get(id)) {
                if let Some(id) = signature.nested.get(&name.text) {
                    return Some(*id);
                }
                known.extend(signature.nested.keys().map(String::as_str));
                around = signature.parent;
            }
        }
        let table = declarations.tables.get(module)?;
        if let Some(id) = table.choreographies.get(&name.text) {
            return Some(*id);
        }
        known.extend(table.choreographies.keys().map(String::as_str));
        let message = format!("no choreography is called `{}`", name.text);
        let mut said = Diagnostic::new(Code::E0104, name.place.0, message);
        said.help = Some(match nearest(&name.text, known) {
            Some(near) => format!("write `{near}`"),
            None => format!("declare it: `choreography {} {{ roles … }}`", name.text),
        });
        self.say(said);
        None
    }

    /// Says which names of the call are not roles or parameters of what is called.
    fn roles_fit(&mut self, call: &'d Call, tree: &'d Choreography) -> bool {
        let roles: Vec<&str> = tree.roles.iter().map(|role| role.name.text.as_str()).collect();
        let params: Vec<&str> = tree.params.iter().map(|param| param.name.text.as_str()).collect();
        let named = call.roles.iter().map(|(name, _)| (name, "role", &roles));
        let args = call.args.iter().map(|(name, _)| (name, "parameter", &params));
        let mut wrong = false;
        let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (name, kind, known) in named.chain(args) {
            let twice = !seen.insert((kind, &name.text));
            if known.contains(&name.text.as_str()) && !twice {
                continue;
            }
            let message = if twice {
                format!("{kind} `{}` is given twice", name.text)
            } else {
                format!("`{}` has no {kind} `{}`", tree.name.text, name.text)
            };
            let mut said = Diagnostic::new(Code::E0127, name.place.0, message)
                .also(tree.name.place.0, "it is declared here");
            said.help = Some(match nearest(&name.text, known.iter().copied()).filter(|_| !twice) {
                Some(near) => format!("write `{near}`"),
                None => "take it away".to_owned(),
            });
            self.say(said);
            wrong = true;
        }
        wrong
    }

    /// Who is named to play a role.
    fn players(&mut self, player: &'d RoleRef, family: bool) -> Option<Cast> {
        if player.selector.is_none() {
            return self.cast(player);
        }
        let members = match self.target(player)? {
            Target::One(one) => vec![one],
            Target::Many(many) => many,
            Target::Picked(..) | Target::Among(..) => return self.single(player).map(|_| Cast::default()),
        };
        Some(Cast { members, family })
    }

    /// The role of the same name here.
    fn namesake(&mut self, call: &'d Call, name: &str) -> Option<Cast> {
        if let Some(cast) = self.frame.roles.get(name) {
            return Some(cast.clone());
        }
        let message = format!("nobody plays `{name}` in this call");
        self.say(
            Diagnostic::new(Code::E0127, call.path.place.0, message)
                .help(format!("say who does: `call …({name} = R)`")),
        );
        None
    }

    /// Whether as many play a role as it takes; said if not.
    fn size_fits(&mut self, role: &tree::RoleDecl, cast: &Cast, span: Span) -> bool {
        let want = match &role.size {
            None => Some(1),
            Some(Size::Count(count, _)) => Some(*count),
            Some(Size::Named(_) | Size::Any) => None,
        };
        let have = cast.members.len() as u64;
        if want.is_none_or(|want| want == have) {
            return true;
        }
        let want = want.unwrap_or(1);
        let roles = if want == 1 { "role plays" } else { "roles play" };
        let message = format!("{want} {roles} `{}`, and {have} are given", role.name.text);
        self.say(
            Diagnostic::new(Code::E0127, span, message)
                .also(role.name.place.0, "declared here")
                .help("name as many roles as it takes"),
        );
        false
    }

    /// The value of each parameter, over what is known at the call.
    fn arguments(
        &mut self,
        stmt: &'d tree::Stmt,
        call: &'d Call,
        callee: &Callee<'d>,
    ) -> Option<Vec<Given<'d>>> {
        let mut all = Vec::new();
        let mut wrong = false;
        for (param, (ty, default)) in callee.tree.params.iter().zip(&callee.signature.params) {
            let everybody = || callee.roles.values().flat_map(|cast| cast.members.iter().copied()).collect();
            let to: Vec<RoleId> = match &param.at {
                None => everybody(),
                Some(role) => match callee.roles.get(role.name.text.as_str()) {
                    Some(cast) if role.selector.is_none() => cast.members.clone(),
                    Some(_) | None => everybody(),
                },
            };
            let (name, span) = (param.name.text.as_str(), param.name.place.0);
            let arg = call.args.iter().find(|(arg, _)| arg.text == param.name.text);
            let (value, to) = match (arg, default) {
                (Some((_, e)), _) => self.known_by(&to, e, ty),
                (None, Some(default)) => (Expr::Const(default.clone()), to),
                (None, None) => {
                    let message = format!("parameter `{name}` of `{}` is not given", callee.tree.name.text);
                    self.say(
                        Diagnostic::new(Code::E0127, stmt.place.0, message)
                            .also(span, "declared here, without a default")
                            .help(format!("give it: `call …(…; {name} = …)`")),
                    );
                    wrong = true;
                    continue;
                }
            };
            all.push(Given { name, span, value, ty: ty.clone(), to });
        }
        (!wrong).then_some(all)
    }

    /// The value of an expression, and who of these knows all that it takes; somebody must.
    fn known_by(&mut self, who: &[RoleId], e: &'d tree::Expr, want: &Type) -> (Expr, Vec<RoleId>) {
        let mut found: Option<Expr> = None;
        let mut to = Vec::new();
        for role in who {
            let (value, complaints) = self.quietly(|walk| walk.fitting(Some(*role), e, want));
            if complaints == 0 && found.as_ref().is_none_or(|found| *found == value) {
                found = Some(value);
                to.push(*role);
            }
        }
        match found {
            Some(value) => (value, to),
            // Said for the first of them.
            None => (self.fitting(who.first().copied(), e, want), who.to_vec()),
        }
    }

    /// Binds the parameters of the present frame.
    fn give(&mut self, given: Vec<Given<'d>>, span: Span, rebound: bool, out: &mut Block) {
        let mut ready: Vec<(Given<'d>, Option<VarId>)> = Vec::new();
        for one in given {
            // All are evaluated before any is bound anew.
            let aside = rebound.then(|| self.hidden(&format!("{}$next", one.name), &one.ty));
            if let Some(aside) = aside {
                for role in &one.to {
                    self.silent_let(*role, aside, one.value.clone(), span, out);
                }
            }
            ready.push((one, aside));
        }
        for (one, aside) in ready {
            for role in &one.to {
                let var = self.bind(*role, one.name, &one.ty, one.span);
                let value = aside.map_or_else(|| one.value.clone(), Expr::Var);
                self.silent_let(*role, var, value, span, out);
            }
        }
    }

    /// `return { … }`. At the top nobody takes the values: it ends the protocol, and they stay with those who know them.
    pub(super) fn give_back(&mut self, stmt: &'d tree::Stmt, value: &'d tree::Expr, out: &mut Block) {
        let Some(result) = self.frame.result.clone() else { return };
        let want = result.ty.clone().unwrap_or(Type::Any);
        if result.ty.is_none() {
            self.say(
                Diagnostic::new(Code::E0127, stmt.place.0, "this choreography declares no result")
                    .help("declare it: `choreography Name returns { … }`"),
            );
        }
        let everybody = self.everybody();
        let (e, to) = self.known_by(&everybody, value, &want);
        if let Some((scope, name)) = &result.bind {
            for role in to {
                let var = self.bind_in(*scope, role, name, &want, stmt.place.0);
                self.silent_let(role, var, e.clone(), stmt.place.0, out);
            }
        }
        let Some(at) = self.jumps.iter().rposition(|jump| matches!(jump.kind, Kind::Call)) else { return };
        let border = self.jumps.iter().skip(at + 1).find_map(|jump| match jump.kind {
            Kind::Lane => Some(Border { span: jump.span, what: "a branch of `par`" }),
            Kind::Counted => Some(Border { span: jump.span, what: "a counted loop" }),
            Kind::Scope => Some(Border { span: jump.span, what: "a `try`" }),
            Kind::Call | Kind::Turns => None,
        });
        if let Some(border) = border {
            self.crosses(stmt.place.0, "return", border);
            return;
        }
        self.reachable = false;
        let site = self.plain_site(stmt.place.0);
        if let Some(jump) = self.jumps.get_mut(at) {
            jump.used = true;
            jump.exits.push(self.knowledge.delta(jump.mark));
            out.push(Stmt::Break(jump.label, site));
        }
    }
}
