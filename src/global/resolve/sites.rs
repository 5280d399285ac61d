//! Sites: where a statement stands, with the guard annotations that hold there.
//!
//! Is not: a guard; annotations are kept as text for it.

use crate::base::id::SiteId;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, nearest};
use crate::global::builtin;
use crate::global::resolve::Resolver;
use crate::global::spell;
use crate::syntax::tree::{Annotation, Choreography};

impl<'d> Resolver<'d> {
    /// The site of a statement without annotations.
    pub(super) fn plain_site(&mut self, span: Span) -> SiteId {
        self.tables.site(span, 0, &[])
    }

    /// The site of an exchange, with what stands before it, behind its sender and behind its receiver.
    pub(super) fn site(&mut self, span: Span, part: u32, groups: [&'d [Annotation]; 3]) -> SiteId {
        let mut texts = Vec::new();
        for annotation in groups.into_iter().flatten() {
            self.judge(annotation);
            let value = annotation.value.as_ref().map_or_else(|| "true".to_owned(), spell::plain);
            texts.push((annotation.name.text.clone(), value));
        }
        self.tables.site(span, part, &texts)
    }

    fn judge(&mut self, annotation: &Annotation) {
        let (name, span) = (&annotation.name.text, annotation.name.place.0);
        if !builtin::ANNOTATIONS.contains(&name.as_str()) {
            let message = format!("nothing knows the annotation `{name}`");
            let mut said = Diagnostic::new(Code::E0131, span, message).here("kept for `doc`, without effect");
            if let Some(near) = nearest(name, builtin::ANNOTATIONS) {
                said = said.help(format!("write `{near}`"));
            }
            self.say(said);
        }
        let Some(value) = &annotation.value else { return };
        let text = spell::plain(value);
        if name == "guard_capability" && !text.contains(':') {
            let message = format!("the capability `{text}` has no namespace");
            self.say(
                Diagnostic::new(Code::E0137, value.place.0, message)
                    .help(format!("write it with a namespace, such as `app:{text}`")),
            );
        }
    }

    /// Judges the attributes of a choreography.
    pub(super) fn attributes(&mut self, tree: &'d Choreography) {
        for attribute in &tree.attributes {
            let name = attribute.name.text.as_str();
            if builtin::ATTRIBUTES.contains(&name) {
                continue;
            }
            let message = format!("nothing knows the attribute `{name}`");
            let mut said = Diagnostic::new(Code::E0135, attribute.name.place.0, message);
            said.help = Some(match nearest(name, builtin::ATTRIBUTES) {
                Some(near) => format!("write `{near}`"),
                None => "take it away".to_owned(),
            });
            self.say(said);
        }
    }
}
