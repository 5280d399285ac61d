//! The pages of the codes of this layer: the first text yields exactly the code, the second does without.

use super::run;
use crate::diag::code::Code;

#[test]
fn examples_show_their_code() {
    let mut wrong = Vec::new();
    for code in Code::ALL.iter().filter(|code| code.name().starts_with("E01")) {
        let texts: Vec<&str> =
            code.page().split("```choreo\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        let [example, instead] = texts.as_slice() else { panic!("{} has two examples", code.name()) };
        let said = run(example).1;
        if said.is_empty() || !said.iter().all(|line| line.contains(code.name())) {
            wrong.push(format!("{}: {said:#?}", code.name()));
        }
        let said = run(instead).1;
        if !said.is_empty() {
            wrong.push(format!("instead of {}: {said:#?}", code.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
