//! A readable rendering of [`Values`].

use std::fmt::Write;

use ssot::facts::{NameId, Slice};
use ssot::values::{
    ArgumentKind, Code, CodeFlags, DescriptorKind, ItemKey, Op, Owner, Values, VarId,
};

/// Everything but offsets; constants and free names are written where they are used.
pub(crate) fn dump(values: &Values) -> String {
    let mut dump = Dump {
        values,
        names: vec![None; values.vars as usize],
        out: String::new(),
    };
    dump.name_vars();
    dump.all();
    renumber(&dump.out)
}

/// Numbers the variables without a name in the order in which they appear.
fn renumber(text: &str) -> String {
    let mut numbers: Vec<&str> = Vec::new();
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        out.push('%');
        if !number.is_empty() {
            let at = numbers.iter().position(|known| *known == number);
            let at = at.unwrap_or_else(|| {
                numbers.push(number);
                numbers.len() - 1
            });
            let _ = write!(out, "{}", at + 1);
        }
        out.push_str(rest);
    }
    out
}

struct Dump<'a> {
    values: &'a Values,
    names: Vec<Option<String>>,
    out: String,
}

impl<'a> Dump<'a> {
    fn text(&self, id: NameId) -> &'a str {
        self.values.texts.get(id)
    }

    /// Constants, parameters, results and members have names of their own.
    fn name_vars(&mut self) {
        for op in &self.values.ops {
            let (to, name) = match *op {
                Op::Free { name, to } => (to, format!("<{}>", self.text(name))),
                Op::Text { text, to } => (to, format!("{:?}", self.text(text))),
                Op::Integer { value, to } => (to, value.to_string()),
                Op::Literal { kind, to } => (to, format!("<{kind:?}>")),
                _ => continue,
            };
            self.names[to.index()] = Some(name);
        }
        for (at, code) in self.values.codes.iter().enumerate() {
            let name = if at == 0 {
                "module"
            } else {
                self.text(code.name)
            };
            let name = name.to_owned();
            self.names[code.result.index()] = Some(format!("{name}.return"));
            self.names[code.yields.index()] = Some(format!("{name}.yield"));
            if let Some(guard) = code.guard {
                self.names[guard.holds.index()] = Some(format!("{name}.return-if"));
                self.names[guard.fails.index()] = Some(format!("{name}.return-if-not"));
                self.names[guard.other.index()] = Some(format!("{name}.return-anyway"));
            }
            for parameter in &self.values.parameters[code.parameters.range()] {
                let text = format!("{name}.{}", self.text(parameter.name));
                self.names[parameter.var.index()] = Some(text);
            }
        }
        for member in &self.values.members[self.values.globals.range()] {
            let name = format!("@{}", self.text(member.name));
            self.names[member.var.index()] = Some(name);
        }
    }

    /// What the returns of a code hang on.
    fn guard(&mut self, code: Code) {
        let Some(guard) = code.guard else { return };
        let parameters = &self.values.parameters[code.parameters.range()];
        let tests: Vec<String> = self.values.guard_tests[guard.tests.range()]
            .iter()
            .map(|test| {
                let name = self.text(parameters[test.parameter as usize].name);
                let is = if test.is { "is" } else { "is not" };
                let absent = match test.absent {
                    Some(true) => ", and is so where it is left out",
                    Some(false) => ", and is not so where it is left out",
                    None => "",
                };
                format!("{name} {is} {:?}{absent}", test.constant)
            })
            .collect();
        let more = if guard.is_partial { "; more" } else { "" };
        let _ = writeln!(self.out, "  if {}{more}", tests.join("; "));
    }

    /// The parameters that a code gives back.
    fn returned(&mut self, code: Code) {
        for (at, parameter) in self.values.parameters[code.parameters.range()]
            .iter()
            .enumerate()
        {
            if at < 32 && code.returned & (1 << at) != 0 {
                let name = self.var(parameter.var);
                let _ = writeln!(self.out, "  returns {name}");
            }
        }
    }

    fn var(&self, var: VarId) -> String {
        match &self.names[var.index()] {
            Some(name) => name.clone(),
            None => format!("%{}", var.0),
        }
    }

    fn all(&mut self) {
        for at in 0..self.values.codes.len() {
            let code = self.values.codes[at];
            if at > 0 {
                let owner = match code.owner {
                    Owner::Code(code) => format!("code {}", code.0),
                    Owner::Class(class) => format!("class {}", class.0),
                };
                let _ = write!(self.out, "code {at} {} in {owner}", self.text(code.name));
                for (flag, name) in FLAGS {
                    if code.flags.contains(*flag) {
                        let _ = write!(self.out, " {name}");
                    }
                }
                let _ = writeln!(self.out, ":");
                self.guard(code);
                self.returned(code);
            }
            for op in &self.values.ops[code.ops.range()] {
                let line = self.op(op);
                if !line.is_empty() {
                    let indent = if at > 0 { "  " } else { "" };
                    let _ = writeln!(self.out, "{indent}{line}");
                }
            }
        }
        for (at, class) in self.values.classes.iter().enumerate() {
            let bases: Vec<String> = self.values.bases[class.bases.range()]
                .iter()
                .map(|&var| self.var(var))
                .collect();
            let _ = write!(
                self.out,
                "class {at} {}({})",
                self.text(class.name),
                bases.join(", ")
            );
            if let Some(metaclass) = class.metaclass {
                let _ = write!(self.out, " metaclass {}", self.var(metaclass));
            }
            if class.has_generated_init {
                self.out.push_str(" generated");
            }
            let _ = writeln!(self.out, ": {}", self.members(class.members));
            if !class.fields.is_empty() {
                let _ = writeln!(self.out, "  fields {}", self.members(class.fields));
            }
        }
        for declared in &self.values.declared {
            let classes: Vec<String> = self.values.bases[declared.classes.range()]
                .iter()
                .map(|&var| self.var(var))
                .collect();
            let _ = writeln!(
                self.out,
                "{} is only ({})",
                self.var(declared.var),
                classes.join(", ")
            );
        }
        let globals = self.members(self.values.globals);
        let _ = writeln!(self.out, "globals {globals}");
    }

    fn members(&self, run: Slice) -> String {
        let members: Vec<String> = self.values.members[run.range()]
            .iter()
            .map(|member| {
                let var = self.var(member.var);
                match var.strip_prefix('@') {
                    Some(_) => self.text(member.name).to_owned(),
                    None => format!("{}={var}", self.text(member.name)),
                }
            })
            .collect();
        members.join(" ")
    }

    fn arguments(&self, run: Slice) -> String {
        let arguments: Vec<String> = self.values.arguments[run.range()]
            .iter()
            .map(|argument| {
                let value = self.var(argument.value);
                match argument.kind {
                    ArgumentKind::Positional(_) => value,
                    ArgumentKind::Spread => format!("*{value}"),
                    ArgumentKind::Keyword(name, _) => format!("{}={value}", self.text(name)),
                    ArgumentKind::KeywordSpread => format!("**{value}"),
                }
            })
            .collect();
        arguments.join(", ")
    }

    fn items(&self, run: Slice) -> String {
        let items: Vec<String> = self.values.items[run.range()]
            .iter()
            .map(|item| {
                let value = self.var(item.value);
                match item.key {
                    ItemKey::Index(at) => format!("{at}: {value}"),
                    ItemKey::Key(key) => format!("{}: {value}", self.var(key)),
                    ItemKey::Any => format!("_: {value}"),
                    ItemKey::Spread => format!("*{value}"),
                }
            })
            .collect();
        items.join(", ")
    }

    fn op(&self, op: &Op) -> String {
        let v = |var: VarId| self.var(var);
        match *op {
            Op::Text { .. } | Op::Integer { .. } | Op::Literal { .. } | Op::Free { .. } => {
                String::new()
            }
            Op::Copy { from, to } => format!("{} = {}", v(to), v(from)),
            Op::Function { code, to } => format!("{} = function {}", v(to), code.0),
            Op::Class { class, to } => format!("{} = class {}", v(to), class.0),
            Op::Prefix { text, to } => format!("{} = {:?}…", v(to), self.text(text)),
            Op::Display { kind, items, to } => {
                format!("{} = {kind:?}[{}]", v(to), self.items(items))
            }
            Op::Import { to, .. } => format!("{} = import", v(to)),
            Op::Super { class, to } => format!("{} = super of class {}", v(to), class.0),
            Op::GetAttribute { base, name, to, .. } => {
                format!("{} = {}.{}", v(to), v(base), self.text(name))
            }
            Op::GetNamed { base, key, to, .. } => {
                format!("{} = {}.({})", v(to), v(base), v(key))
            }
            Op::SetAttribute {
                base, name, from, ..
            } => {
                format!("{}.{} = {}", v(base), self.text(name), v(from))
            }
            Op::SetNamed {
                base, key, from, ..
            } => {
                format!("{}.({}) = {}", v(base), v(key), v(from))
            }
            Op::DeleteAttribute { base, name, .. } => {
                format!("del {}.{}", v(base), self.text(name))
            }
            Op::GetItem { base, key, to, .. } => format!("{} = {}[{}]", v(to), v(base), v(key)),
            Op::GetSlice {
                base,
                from,
                until,
                to,
                ..
            } => {
                let bound = |bound: Option<i32>| match bound {
                    Some(i32::MAX) => String::new(),
                    Some(at) => at.to_string(),
                    None => "?".to_owned(),
                };
                format!("{} = {}[{}:{}]", v(to), v(base), bound(from), bound(until))
            }
            Op::SetItem {
                base, key, from, ..
            } => {
                format!("{}[{}] = {}", v(base), v(key), v(from))
            }
            Op::DeleteItem { base, key, .. } => format!("del {}[{}]", v(base), v(key)),
            Op::Replaced {
                base,
                key,
                value,
                to,
            } => format!("{} = {} with [{}] = {}", v(to), v(base), v(key), v(value)),
            Op::Call {
                callee,
                arguments,
                to,
                ..
            } => format!("{} = {}({})", v(to), v(callee), self.arguments(arguments)),
            Op::CallMethod {
                base,
                name,
                arguments,
                to,
                ..
            } => format!(
                "{} = {}.{}({})",
                v(to),
                v(base),
                self.text(name),
                self.arguments(arguments)
            ),
            Op::Decorate {
                decorator,
                target,
                to,
                ..
            } => format!("{} = @{} {}", v(to), v(decorator), v(target)),
            Op::Descriptor {
                kind,
                function,
                base,
                to,
            } => {
                let base = base.map_or(String::new(), |base| format!(" on {}", v(base)));
                format!("{} = {} {}{base}", v(to), descriptor(kind), v(function))
            }
            Op::Iterate {
                base, is_async, to, ..
            } => {
                let how = if is_async { "async in" } else { "in" };
                format!("{} {how} {}", v(to), v(base))
            }
            Op::Element { base, index, to } => format!("{} = {}<{index}>", v(to), v(base)),
            Op::Rest {
                base,
                front,
                back,
                to,
            } => format!("{} = {}<{front}..{back}>", v(to), v(base)),
            Op::Enter {
                base, is_async, to, ..
            } => {
                let how = if is_async { "async with" } else { "with" };
                format!("{} = {how} {}", v(to), v(base))
            }
            Op::Except {
                base,
                annotation,
                to,
            } => format!("{} = {} but no {}", v(to), v(base), v(annotation)),
            Op::Await { base, to, .. } => format!("{} = await {}", v(to), v(base)),
            Op::Delegate { base, to, .. } => format!("{} = yield from {}", v(to), v(base)),
            Op::Operate {
                operator,
                left,
                right,
                is_in_place,
                to,
                ..
            } => {
                let sign = if is_in_place { "=" } else { "" };
                format!("{} = {} {operator:?}{sign} {}", v(to), v(left), v(right))
            }
            Op::Truth { base, .. } => format!("truth {}", v(base)),
            Op::Format { base, .. } => format!("format {}", v(base)),
            Op::Raise { base, .. } => format!("raise {}", v(base)),
            Op::Annotated { annotation, to } => format!("{}: {}", v(to), v(annotation)),
            Op::AnnotatedType { annotation, to } => {
                format!("{}: type[{}]", v(to), v(annotation))
            }
        }
    }
}

const FLAGS: &[(CodeFlags, &str)] = &[
    (CodeFlags::ASYNC, "async"),
    (CodeFlags::GENERATOR, "generator"),
    (CodeFlags::STATIC, "static"),
    (CodeFlags::CLASS_METHOD, "classmethod"),
    (CodeFlags::ABSTRACT, "abstract"),
    (CodeFlags::LAMBDA, "lambda"),
    (CodeFlags::DECLARED_ONLY, "declared-only"),
];

const fn descriptor(kind: DescriptorKind) -> &'static str {
    match kind {
        DescriptorKind::Static => "static",
        DescriptorKind::Class => "class",
        DescriptorKind::Getter => "getter",
        DescriptorKind::Setter => "setter",
        DescriptorKind::Deleter => "deleter",
    }
}
