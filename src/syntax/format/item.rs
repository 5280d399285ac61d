//! Declarations and choreographies in canonical form.

use crate::syntax::format::doc::Doc;
use crate::syntax::format::expr::quoted;
use crate::syntax::format::list::doc_lines;
use crate::syntax::format::printer::{Printer, comment_text};
use crate::syntax::tree::{
    Choreography, Docs, Effect, Enum, Item, MessageShape, Operation, Param, Place, Repetition, RoleDecl,
    Size, TypeShape,
};

impl Printer<'_> {
    /// The declarations of a file; choreographies stand apart.
    pub(super) fn items(&mut self, items: &[Item]) {
        let mut apart = false;
        for item in items {
            let choreography = matches!(item, Item::Choreography(_));
            if apart || choreography {
                self.paragraph();
            }
            apart = choreography;
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Import(import) => {
                let alias =
                    import.alias.as_ref().map_or(String::new(), |alias| format!(" as {}", alias.text));
                let text = Doc::text(format!("import {}{alias}", quoted(&import.path)));
                self.line(&Vec::new(), import.place, &text);
            }
            Item::Const(constant) => {
                self.leading(constant.place.0.start);
                let value = self.expr(&constant.value);
                let doc = Doc::all([Doc::text(format!("const {} = ", constant.name.text)), value]);
                self.line(&constant.docs, constant.place, &doc);
            }
            Item::Message(message) => {
                self.leading(message.place.0.start);
                let doc = match &message.shape {
                    MessageShape::Record(fields) => {
                        Doc::all([Doc::text(" "), self.fields(("{", "}"), fields)])
                    }
                    MessageShape::Schema(file, _) => Doc::text(format!(" = schema {}", quoted(file))),
                };
                let doc = Doc::all([Doc::text(format!("message {}", message.name.text)), doc]);
                self.line(&message.docs, message.place, &doc);
            }
            Item::Type(alias) => {
                self.leading(alias.place.0.start);
                let doc = match &alias.shape {
                    TypeShape::Type(ty) => self.ty(ty),
                    TypeShape::Schema(file, _) => Doc::text(format!("schema {}", quoted(file))),
                };
                let doc = Doc::all([Doc::text(format!("type {} = ", alias.name.text)), doc]);
                self.line(&alias.docs, alias.place, &doc);
            }
            Item::Enum(enumeration) => self.enumeration(enumeration),
            Item::Effect(effect) => self.effect(effect),
            Item::Choreography(choreography) => self.choreography(choreography),
        }
    }

    fn enumeration(&mut self, enumeration: &Enum) {
        self.leading(enumeration.place.0.start);
        let variants = self.list(
            ("{", "}"),
            &enumeration.variants,
            |variant| variant.place,
            |printer, variant| {
                let mut parts = doc_lines(&variant.docs);
                parts.push(Doc::text(&variant.name.text));
                if !variant.fields.is_empty() {
                    parts.extend([Doc::text(" "), printer.fields(("{", "}"), &variant.fields)]);
                }
                Doc::All(parts)
            },
        );
        let doc = Doc::all([Doc::text(format!("enum {} ", enumeration.name.text)), variants]);
        self.line(&enumeration.docs, enumeration.place, &doc);
    }

    fn effect(&mut self, effect: &Effect) {
        let place = effect.place.0;
        self.open_line(&effect.docs, place.start, &Doc::text(format!("effect {}", effect.name.text)));
        if effect.operations.is_empty() && !self.comment_before(place.end) {
            self.more(" {}");
        } else {
            let first = effect.operations.first().map_or(place.end, |one| one.name.place.0.start);
            self.open(effect.name.place.0.end, first);
            for operation in &effect.operations {
                self.operation(operation);
            }
            self.close(place.end);
        }
        self.end_line(place.end);
    }

    fn operation(&mut self, operation: &Operation) {
        self.leading(operation.place.0.start);
        let params = self.fields(("(", ")"), &operation.params);
        let mut parts = vec![Doc::text(&operation.name.text), params];
        if let Some(result) = &operation.result {
            parts.extend([Doc::text(" -> "), self.ty(result)]);
        }
        if let Some(repetition) = operation.repetition {
            parts.push(Doc::text(match repetition {
                Repetition::Pure => " : pure",
                Repetition::Idempotent => " : idempotent",
                Repetition::Once => " : once",
            }));
        }
        self.line(&operation.docs, operation.place, &Doc::All(parts));
    }

    /// A choreography: attributes, header, roles, nested ones, body.
    pub(super) fn choreography(&mut self, choreography: &Choreography) {
        let place = choreography.place.0;
        let mut docs = &choreography.docs;
        let none = Docs::new();
        for attribute in &choreography.attributes {
            let start = attribute.place.0.start;
            self.leading(start);
            let value = self.expr(&attribute.value);
            let text = Doc::all([Doc::text(format!("#[{} = ", attribute.name.text)), value, Doc::text("]")]);
            self.open_line(docs, start, &text);
            self.end_line(attribute.place.0.end);
            docs = &none;
        }
        self.leading(place.start);
        let head = self.choreography_head(choreography);
        self.open_line(docs, place.start, &head);
        let open = choreography.body.place.0.start + 1;
        let inside = choreography.roles.first().map_or(place.end, |role| role.name.place.0.start);
        self.open(open, inside);
        self.roles(&choreography.roles);
        for nested in &choreography.nested {
            self.paragraph();
            self.choreography(nested);
        }
        self.paragraph();
        self.stmts(&choreography.body.stmts);
        self.close(place.end);
        self.end_line(place.end);
    }

    fn choreography_head(&mut self, choreography: &Choreography) -> Doc {
        let mut parts = vec![Doc::text(format!("choreography {}", choreography.name.text))];
        if !choreography.params.is_empty() {
            parts.push(self.list(("(", ")"), &choreography.params, param_place, Self::param));
        }
        if let Some(fields) = &choreography.returns {
            parts.extend([Doc::text(" returns "), self.fields(("{", "}"), fields)]);
        }
        Doc::All(parts)
    }

    fn param(&mut self, param: &Param) -> Doc {
        let mut parts = vec![Doc::text(format!("{}: ", param.name.text)), self.ty(&param.ty)];
        if let Some(value) = &param.default {
            parts.extend([Doc::text(" = "), self.expr(value)]);
        }
        if let Some(at) = &param.at {
            parts.extend([Doc::text(" at "), self.last_role(at)]);
        }
        Doc::All(parts)
    }

    fn roles(&mut self, roles: &[RoleDecl]) {
        let (Some(first), Some(last)) = (roles.first(), roles.last()) else { return };
        let documented = roles.iter().any(|role| !role.docs.is_empty());
        let start = first.name.place.0.start;
        let start = self.source(0, start).rfind("roles").map_or(start, |at| at as u32);
        self.leading(start);
        let mut docs = Vec::new();
        let mut commented = false;
        for (index, role) in roles.iter().enumerate() {
            docs.push(Doc::Line);
            while let Some(comment) = self.take_before(role.name.place.0.start) {
                docs.extend([Doc::text(comment_text(comment)), Doc::Hard]);
                commented = true;
            }
            docs.extend(doc_lines(&role.docs));
            docs.push(Doc::text(role_text(role)));
            if index + 1 < roles.len() {
                docs.push(Doc::text(","));
                while let Some(comment) = self.take_beside(role_end(role)) {
                    docs.extend([Doc::text(" "), Doc::text(comment_text(comment)), Doc::Force]);
                    commented = true;
                }
            }
        }
        if documented || commented {
            docs.push(Doc::Force);
        }
        let doc = Doc::all([Doc::text("roles:"), Doc::All(docs).indent()]).group();
        self.open_line(&Vec::new(), start, &doc);
        self.end_line(role_end(last));
    }
}

fn role_text(role: &RoleDecl) -> String {
    let name = &role.name.text;
    match &role.size {
        None => name.clone(),
        Some(Size::Count(count, _)) => format!("{name}[{count}]"),
        Some(Size::Named(size)) => format!("{name}[{}]", size.text),
        Some(Size::Any) => format!("{name}[*]"),
    }
}

fn role_end(role: &RoleDecl) -> u32 {
    let name = role.name.place.0.end;
    match &role.size {
        None => name,
        Some(Size::Count(_, place)) => place.0.end + 1,
        Some(Size::Named(size)) => size.place.0.end + 1,
        Some(Size::Any) => name + "[*]".len() as u32,
    }
}

fn param_place(param: &Param) -> Place {
    let place = param.name.place.0.to(param.ty.place.0);
    let place = param.default.as_ref().map_or(place, |value| place.to(value.place.0));
    Place(param.at.as_ref().map_or(place, |at| place.to(at.place.0)))
}
