//! `laban explain`: the page of a code, or the table of opcodes, on standard output.
//!
//! Is not: the search for the code; `tools::explain` does that.

use crate::cli::Exit;
use crate::cli::args::Explain;
use crate::cli::terminal::Terminal;
use crate::tools::explain::{page, table};

/// Prints the page, the table of all codes if none is named, or what is near.
pub fn explain(args: &Explain, terminal: &mut Terminal) -> Exit {
    let Some(code) = &args.code else {
        terminal.data(&table());
        return Exit::Fine;
    };
    match page(code) {
        Ok(page) => {
            terminal.data(&page);
            Exit::Fine
        }
        Err(unknown) => {
            terminal.say(&format!("laban: there is no code `{}`", unknown.given));
            for near in &unknown.near {
                terminal.say(&format!("  {}  {}", near.name(), near.title()));
            }
            terminal.say("`laban explain` lists them all");
            Exit::Usage
        }
    }
}
