//! The programs of all files put together: one numbering of variables, codes, classes, operations and texts.
//!
//! Owns where things are; what they mean is the solver's affair.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::starts::Starts;
use crate::facts::{DefinitionId, FileFacts, ImportId, NameId, Slice, index_type};
use crate::index::{FileId, Index};
use crate::values::{Argument, CodeFlags, CodeId, GuardTest, Op, Owner, Values, VarId};

index_type! {
    /// A variable of the project: those of the files first, then those that solving adds.
    pub(super) Var;
    /// A piece of code of the project.
    pub Code;
    /// A class of the project.
    pub(super) Class;
    /// An operation of the project.
    pub(super) OpId;
    /// A text: the same number for the same text in all files.
    pub(super) Text;
}

/// All texts, each once.
#[derive(Debug, Default)]
pub(super) struct Texts<'a> {
    known: FxHashMap<&'a str, Text>,
    list: Vec<&'a str>,
}

impl<'a> Texts<'a> {
    pub(super) fn intern(&mut self, text: &'a str) -> Text {
        let next = Text(self.list.len() as u32);
        let list = &mut self.list;
        *self.known.entry(text).or_insert_with(|| {
            list.push(text);
            next
        })
    }

    pub(super) fn get(&self, text: Text) -> &'a str {
        self.list[text.index()]
    }

    pub(super) fn find(&self, text: &str) -> Option<Text> {
        self.known.get(text).copied()
    }
}

/// The project as one program.
pub(super) struct Program<'a> {
    pub(super) index: &'a Index,
    values: Vec<Option<&'a Values>>,
    vars: Starts,
    codes: Starts,
    classes: Starts,
    ops: Starts,
    pub(super) texts: Texts<'a>,
    /// For each file, the project's number of each of its texts.
    text_of: Vec<Box<[Text]>>,
    /// For each file, its operations by the variable that sets them going.
    uses: Vec<Uses>,
}

/// Operations by the variable that they read: those of variable `v` are `ops[starts[v]..starts[v + 1]]`.
#[derive(Default)]
struct Uses {
    starts: Box<[u32]>,
    ops: Box<[u32]>,
    /// Variables that hold what a `def`, `class` or import put there under a name, and receivers.
    named: Box<[bool]>,
    /// Members of class bodies that are what one `def` or constant made them, whatever flows.
    fixed: Box<[bool]>,
    /// Where the operations of each code that has any start, in order.
    runs: Box<[(u32, CodeId)]>,
}

impl<'a> Program<'a> {
    pub(super) fn new(index: &'a Index) -> Self {
        let mut program = Self {
            index,
            values: Vec::with_capacity(index.files.len()),
            vars: Starts::default(),
            codes: Starts::default(),
            classes: Starts::default(),
            ops: Starts::default(),
            texts: Texts::default(),
            text_of: Vec::with_capacity(index.files.len()),
            uses: Vec::new(),
        };
        for file in &index.files {
            let values = file
                .facts
                .values
                .as_deref()
                .filter(|_| !file.language.is_stub());
            program.values.push(values);
            let count = |of: fn(&Values) -> usize| values.map_or(0, of) as u32;
            program.vars.push(count(|values| values.vars as usize));
            program.codes.push(count(|values| values.codes.len()));
            program.classes.push(count(|values| values.classes.len()));
            program.ops.push(count(|values| values.ops.len()));
            let Some(values) = values else {
                program.text_of.push(Box::default());
                continue;
            };
            let texts = values.texts.iter();
            let numbers = texts.map(|text| program.texts.intern(text)).collect();
            program.text_of.push(numbers);
        }
        program.uses = {
            use rayon::prelude::*;
            program
                .values
                .par_iter()
                .map(|values| values.map(uses).unwrap_or_default())
                .collect()
        };
        program
    }

    pub(super) fn vars(&self) -> usize {
        self.vars.total() as usize
    }

    pub(super) fn op_count(&self) -> usize {
        self.ops.total() as usize
    }

    pub(super) fn code_count(&self) -> u32 {
        self.codes.total()
    }

    pub(super) fn class_count(&self) -> u32 {
        self.classes.total()
    }

    pub(super) fn file_ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.values.len() as u32).map(FileId)
    }

    pub(super) fn values(&self, file: FileId) -> Option<&'a Values> {
        self.values[file.index()]
    }

    pub(super) fn facts(&self, file: FileId) -> &'a FileFacts {
        self.index.facts(file)
    }

    /// The file of a variable that a file made.
    pub(super) fn file_of_var(&self, var: Var) -> FileId {
        self.vars.file(var.0)
    }

    fn file_of_code(&self, code: Code) -> FileId {
        self.codes.file(code.0)
    }

    fn file_of_class(&self, class: Class) -> FileId {
        self.classes.file(class.0)
    }

    pub(super) fn var(&self, file: FileId, var: VarId) -> Var {
        Var(self.vars.of(file) + var.0)
    }

    pub(super) fn code(&self, file: FileId, code: CodeId) -> Code {
        Code(self.codes.of(file) + code.0)
    }

    pub(super) fn class(&self, file: FileId, class: crate::values::ClassIx) -> Class {
        Class(self.classes.of(file) + class.0)
    }

    pub(super) fn op_id(&self, file: FileId, op: u32) -> OpId {
        OpId(self.ops.of(file) + op)
    }

    pub(super) fn text(&self, file: FileId, name: NameId) -> Text {
        self.text_of[file.index()][name.index()]
    }

    /// The operations of a file that read `var`.
    pub(super) fn uses(&self, file: FileId, var: Var) -> Range<usize> {
        let local = (var.0 - self.vars.of(file)) as usize;
        let starts = &self.uses[file.index()].starts;
        starts[local] as usize..starts[local + 1] as usize
    }

    pub(super) fn use_at(&self, file: FileId, at: usize) -> u32 {
        self.uses[file.index()].ops[at]
    }

    /// Whether a variable holds what a name was given by `def`, `class` or import, or a receiver.
    pub(super) fn is_named(&self, file: FileId, var: VarId) -> bool {
        self.uses[file.index()].named[var.index()]
    }

    /// Whether a variable gains nothing after its operation has been seeded.
    pub(super) fn is_fixed(&self, var: Var) -> bool {
        if var.0 >= self.vars.total() {
            return false;
        }
        let file = self.file_of_var(var);
        let local = (var.0 - self.vars.of(file)) as usize;
        self.uses[file.index()].fixed[local]
    }

    /// A piece of code, with its file.
    pub(super) fn code_body(&self, code: Code) -> (FileId, &'a crate::values::Code) {
        let file = self.file_of_code(code);
        let local = code.0 - self.codes.of(file);
        let values = self.values_that_numbered(file);
        (file, &values.codes[local as usize])
    }

    /// The values of a file that has codes and classes.
    fn values_that_numbered(&self, file: FileId) -> &'a Values {
        self.values[file.index()].unwrap_or_else(|| {
            unreachable!("codes and classes are numbered by their file's values")
        })
    }

    /// The number of a class of the index.
    pub(super) fn class_of(&self, id: crate::index::ClassId) -> Option<Class> {
        let offset = self.facts(id.file).definitions[id.definition.index()]
            .name_span
            .start;
        let values = self.values[id.file.index()]?;
        let at = values
            .classes
            .binary_search_by_key(&offset, |class| class.offset)
            .ok()?;
        Some(self.class(id.file, crate::values::ClassIx(at as u32)))
    }

    /// A class, with its file.
    pub(super) fn class_body(&self, class: Class) -> (FileId, &'a crate::values::ClassBody) {
        let file = self.file_of_class(class);
        let local = class.0 - self.classes.of(file);
        let values = self.values_that_numbered(file);
        (file, &values.classes[local as usize])
    }

    /// The code that a file's operation belongs to.
    pub(super) fn code_of_op(&self, file: FileId, op: u32) -> Code {
        let Some(values) = self.values[file.index()] else {
            return Code(0);
        };
        let runs = &self.uses[file.index()].runs;
        let at = runs.partition_point(|(start, _)| *start <= op);
        let code = at.checked_sub(1).map_or(CodeId::MODULE, |at| runs[at].1);
        debug_assert!(
            values.codes[code.index()]
                .ops
                .range()
                .contains(&(op as usize))
        );
        self.code(file, code)
    }

    /// The variable that a file's module scope holds `name` in.
    pub(super) fn global(&self, file: FileId, name: &str) -> Option<Var> {
        let values = self.values[file.index()]?;
        values.members[values.globals.range()]
            .iter()
            .find(|member| values.texts.get(member.name) == name)
            .map(|member| self.var(file, member.var))
    }

    /// The imported name whose alias starts at `alias`.
    pub(super) fn import(&self, file: FileId, alias: u32) -> Option<ImportId> {
        let imports = &self.facts(file).imports;
        imports
            .binary_search_by_key(&alias, |import| import.alias.start)
            .ok()
            .map(|at| ImportId(at as u32))
    }

    /// The definition whose name stands at `offset`.
    pub(super) fn definition(&self, file: FileId, offset: u32) -> Option<DefinitionId> {
        let definitions = &self.facts(file).definitions;
        definitions
            .binary_search_by_key(&offset, |definition| definition.name_span.start)
            .ok()
            .map(|at| DefinitionId(at as u32))
    }

    pub(super) fn guard_tests(&self, file: FileId, slice: Slice) -> &'a [GuardTest] {
        self.values[file.index()].map_or(&[], |values| &values.guard_tests[slice.range()])
    }

    pub(super) fn arguments(&self, file: FileId, slice: Slice) -> &'a [Argument] {
        self.values[file.index()].map_or(&[], |values| &values.arguments[slice.range()])
    }

    /// The class that a method stands in.
    pub(super) fn class_of_method(&self, code: Code) -> Option<Class> {
        let (file, body) = self.code_body(code);
        match body.owner {
            Owner::Class(class) if !body.flags.contains(CodeFlags::LAMBDA) => {
                Some(self.class(file, class))
            }
            _ => None,
        }
    }
}

/// The operations of one file by the variables that set them going.
fn uses(values: &Values) -> Uses {
    let count = values.vars as usize;
    let mut starts = vec![0u32; count + 2];
    for op in &values.ops {
        for var in reads(op).into_iter().flatten() {
            starts[var.index() + 2] += 1;
        }
    }
    for at in 2..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut ops = vec![0u32; starts[count + 1] as usize];
    for (at, op) in values.ops.iter().enumerate() {
        for var in reads(op).into_iter().flatten() {
            let start = &mut starts[var.index() + 1];
            ops[*start as usize] = at as u32;
            *start += 1;
        }
    }
    starts.pop();
    Uses {
        starts: starts.into(),
        ops: ops.into(),
        named: named(values),
        fixed: fixed(values),
        runs: runs(values),
    }
}

fn runs(values: &Values) -> Box<[(u32, CodeId)]> {
    let codes = values.codes.iter().enumerate();
    let mut runs: Vec<(u32, CodeId)> = codes
        .filter(|(_, code)| code.ops.len > 0)
        .map(|(at, code)| (code.ops.start, CodeId(at as u32)))
        .collect();
    runs.sort_unstable();
    runs.into()
}

fn fixed(values: &Values) -> Box<[bool]> {
    if values.classes.is_empty() {
        return vec![false; values.vars as usize].into();
    }
    let mut writers = vec![0u8; values.vars as usize];
    for op in &values.ops {
        if let Some(to) = writes(op) {
            let is_seeded = matches!(
                op,
                Op::Function { .. }
                    | Op::Descriptor { .. }
                    | Op::Class { .. }
                    | Op::Text { .. }
                    | Op::Integer { .. }
                    | Op::Literal { .. }
                    | Op::Display { .. }
            );
            let count = &mut writers[to.index()];
            *count = count.saturating_add(if is_seeded { 1 } else { 2 });
        }
    }
    let mut fixed = vec![false; values.vars as usize];
    for class in &values.classes {
        for member in &values.members[class.members.range()] {
            fixed[member.var.index()] = writers[member.var.index()] == 1;
        }
    }
    // Other modules may assign these.
    for member in &values.members[values.globals.range()] {
        fixed[member.var.index()] = false;
    }
    fixed.into()
}

/// The variable that an operation gives a value.
fn writes(op: &Op) -> Option<VarId> {
    match *op {
        Op::Copy { to, .. }
        | Op::Function { to, .. }
        | Op::Class { to, .. }
        | Op::Text { to, .. }
        | Op::Prefix { to, .. }
        | Op::Integer { to, .. }
        | Op::Literal { to, .. }
        | Op::Display { to, .. }
        | Op::Import { to, .. }
        | Op::Free { to, .. }
        | Op::Super { to, .. }
        | Op::GetAttribute { to, .. }
        | Op::GetNamed { to, .. }
        | Op::GetItem { to, .. }
        | Op::GetSlice { to, .. }
        | Op::Replaced { to, .. }
        | Op::Call { to, .. }
        | Op::CallMethod { to, .. }
        | Op::Decorate { to, .. }
        | Op::Descriptor { to, .. }
        | Op::Iterate { to, .. }
        | Op::Element { to, .. }
        | Op::Rest { to, .. }
        | Op::Enter { to, .. }
        | Op::Except { to, .. }
        | Op::Await { to, .. }
        | Op::Delegate { to, .. }
        | Op::Operate { to, .. }
        | Op::Annotated { to, .. }
        | Op::AnnotatedType { to, .. } => Some(to),
        Op::SetAttribute { .. }
        | Op::SetNamed { .. }
        | Op::DeleteAttribute { .. }
        | Op::SetItem { .. }
        | Op::DeleteItem { .. }
        | Op::Truth { .. }
        | Op::Format { .. }
        | Op::Raise { .. } => None,
    }
}

fn named(values: &Values) -> Box<[bool]> {
    let mut named = vec![false; values.vars as usize];
    let mut receivers = vec![false; values.vars as usize];
    for code in &values.codes {
        let first = values.parameters[code.parameters.range()].first();
        if let (Owner::Class(_), Some(first)) = (code.owner, first) {
            receivers[first.var.index()] = true;
        }
    }
    for op in &values.ops {
        match *op {
            Op::Function { to, .. }
            | Op::Class { to, .. }
            | Op::Import { to, .. }
            | Op::Super { to, .. }
            | Op::Free { to, .. } => named[to.index()] = true,
            Op::Copy { from, to } => named[to.index()] = named[from.index()],
            _ => {}
        }
    }
    for (named, receiver) in named.iter_mut().zip(receivers) {
        *named |= receiver;
    }
    named.into()
}

/// The variables whose growth matters to an operation. Values that are only stored are linked, not read.
fn reads(op: &Op) -> [Option<VarId>; 2] {
    match *op {
        Op::Function { .. }
        | Op::Class { .. }
        | Op::Text { .. }
        | Op::Prefix { .. }
        | Op::Integer { .. }
        | Op::Literal { .. }
        | Op::Display { .. }
        | Op::Import { .. }
        | Op::Free { .. }
        | Op::Descriptor { .. }
        | Op::Super { .. } => [None, None],
        Op::Copy { from, .. } => [Some(from), None],
        Op::GetAttribute { base, .. }
        | Op::SetAttribute { base, .. }
        | Op::DeleteAttribute { base, .. }
        | Op::GetSlice { base, .. }
        | Op::DeleteItem { base, .. }
        | Op::Replaced { base, .. }
        | Op::CallMethod { base, .. }
        | Op::Iterate { base, .. }
        | Op::Element { base, .. }
        | Op::Rest { base, .. }
        | Op::Enter { base, .. }
        | Op::Except { base, .. }
        | Op::Await { base, .. }
        | Op::Delegate { base, .. }
        | Op::Truth { base, .. }
        | Op::Format { base, .. }
        | Op::Raise { base, .. } => [Some(base), None],
        Op::GetNamed { base, key, .. }
        | Op::SetNamed { base, key, .. }
        | Op::GetItem { base, key, .. }
        | Op::SetItem { base, key, .. } => [Some(base), (key != base).then_some(key)],
        Op::Call { callee, .. } => [Some(callee), None],
        Op::Decorate { decorator, .. } => [Some(decorator), None],
        Op::Operate { left, right, .. } => [Some(left), (right != left).then_some(right)],
        Op::Annotated { annotation, .. } | Op::AnnotatedType { annotation, .. } => {
            [Some(annotation), None]
        }
    }
}
