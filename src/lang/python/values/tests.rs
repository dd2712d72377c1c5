//! What single pieces of syntax are lowered to.

use super::dump::dump;
use crate::lang::Language;

fn lowered(text: &str) -> String {
    let facts = Language::Python.extract_with_values(text, None);
    dump(&facts.values.unwrap())
}

#[test]
fn a_call_names_its_callee_and_arguments() {
    let dump = lowered("def f(a): return a\nf(f)\n");
    assert!(dump.contains("(@f)") || dump.contains("f.return = f.a"));
}
