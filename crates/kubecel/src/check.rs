//! Judges an expression before it runs: are its names known, do its types go together.
//!
//! As for the server, what is not known to be wrong is right: a value of type `dyn`
//! may be anything until the expression runs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use regex::Regex;

use crate::ast::{Bind, Bound, Each, Entry, Item, Kind, Literal, Node, Step};
use crate::functions;
use crate::types::{Meant, Type, agree, join};
use crate::value::{parse_duration, parse_timestamp};
use crate::{CompileError, Wrong, go_regex, grow, template};

/// The names of types, which are values themselves.
pub(crate) const TYPES: [&str; 11] =
    ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "optional_type"];

/// What is known of an expression that was checked.
pub(crate) struct Checked {
    pub(crate) result: Type,
    /// The compiled patterns that are written in it.
    pub(crate) patterns: BTreeMap<String, Regex>,
}

/// The types of the parts of an expression, by where those are in memory.
pub(crate) type Types = HashMap<*const Node, Type>;

/// Checks an expression in which these variables are known.
pub(crate) fn check(text: &str, node: &Node, variables: &[(&str, Type)]) -> Result<Checked, CompileError> {
    let mut checker = Checker::new(text, variables);
    let result = checker.node(node)?;
    Ok(Checked { result, patterns: checker.patterns })
}

/// Returns the types of all parts of an expression.
pub(crate) fn types(text: &str, node: &Node, variables: &[(&str, Type)]) -> Result<Types, CompileError> {
    let mut checker = Checker::new(text, variables);
    checker.node(node)?;
    Ok(checker.types)
}

struct Checker<'t> {
    text: &'t str,
    /// Inner ones come last.
    variables: Vec<(String, Type)>,
    patterns: BTreeMap<String, Regex>,
    /// Inside of `format`.
    is_mixed: bool,
    /// What was found out.
    types: Types,
}

type Typed = Result<Type, CompileError>;

impl<'t> Checker<'t> {
    fn new(text: &'t str, variables: &[(&str, Type)]) -> Self {
        let variables = variables.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect();
        Checker { text, variables, patterns: BTreeMap::new(), is_mixed: false, types: Types::new() }
    }

    fn wrong<T>(&self, node: &Node, wrong: Wrong) -> Result<T, CompileError> {
        Err(CompileError::new(self.text, node.at, wrong))
    }

    fn node(&mut self, node: &Node) -> Typed {
        let kind = grow(|| self.part(node))?;
        self.types.insert(std::ptr::from_ref(node), kind.clone());
        Ok(kind)
    }

    fn part(&mut self, node: &Node) -> Typed {
        match &node.kind {
            Kind::Literal(literal) => Ok(of_literal(literal)),
            Kind::Name(name) => self.name(node, name),
            Kind::Select { of, field, optional } => {
                let is_known =
                    |name: &String| is_type(name) || self.variables.iter().any(|(known, _)| known == name);
                if let Some(name) = node.dotted().filter(is_known) {
                    return self.name(node, &name);
                }
                let found = self.select(node, of, field)?;
                Ok(if *optional { optional_of(found) } else { found })
            }
            Kind::Has { of, field } => self.select(node, of, field).map(|_| Type::Bool),
            Kind::Index { of, by, optional } => {
                let found = self.index(node, of, by)?;
                Ok(if *optional { optional_of(found) } else { found })
            }
            Kind::Call { target, name, args } => self.call(node, target.as_deref(), name, args),
            Kind::And(parts) | Kind::Or(parts) => {
                parts.iter().try_for_each(|part| self.expect(part, &Type::Bool))?;
                Ok(Type::Bool)
            }
            Kind::Either(parts) => {
                let [condition, then, otherwise] = &**parts;
                self.expect(condition, &Type::Bool)?;
                let (then, other) = (self.node(then)?, self.node(otherwise)?);
                if agree(&then, &other) {
                    return Ok(join(&then, &other));
                }
                self.wrong(node, Wrong::Types(format!("?: has {then} on one side and {other} on the other")))
            }
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(entries),
            Kind::Struct { name, fields } => self.structure(node, name, fields),
            Kind::Each(each) => self.each(each),
            Kind::Bind(bind) => self.bind(bind),
        }
    }

    fn expect(&mut self, node: &Node, wanted: &Type) -> Result<(), CompileError> {
        let found = self.node(node)?;
        if agree(wanted, &found) {
            return Ok(());
        }
        self.wrong(node, Wrong::Types(format!("expected {wanted}, found {found}")))
    }

    fn name(&self, node: &Node, name: &str) -> Typed {
        if let Some((_, kind)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            return Ok(kind.clone());
        }
        if is_type(name) {
            return Ok(Type::Type);
        }
        self.wrong(node, Wrong::Unknown(name.to_owned()))
    }

    fn select(&mut self, node: &Node, of: &Node, field: &str) -> Typed {
        let of = self.node(of)?;
        let (inner, is_optional) = match &of {
            Type::Optional(inner) => (&**inner, true),
            other => (other, false),
        };
        let found = match inner {
            Type::Dyn => Type::Dyn,
            Type::Map(both) => both.1.clone(),
            Type::Object(object) => match object.fields.get(field) {
                Some(kind) => kind.clone(),
                None => return self.wrong(node, Wrong::NoField(field.to_owned(), object.name.clone())),
            },
            other => return self.wrong(node, Wrong::Types(format!("{other} has no fields"))),
        };
        Ok(if is_optional { optional_of(found) } else { found })
    }

    fn index(&mut self, node: &Node, of: &Node, by: &Node) -> Typed {
        let (of, by) = (self.node(of)?, self.node(by)?);
        let (inner, is_optional) = match &of {
            Type::Optional(inner) => (&**inner, true),
            other => (other, false),
        };
        let found = match inner {
            Type::List(item) if agree(&by, &Type::Int) => (**item).clone(),
            Type::Map(both) if agree(&by, &both.0) => both.1.clone(),
            Type::Dyn => Type::Dyn,
            other => return self.wrong(node, Wrong::Types(format!("{other} has no index of type {by}"))),
        };
        Ok(if is_optional { optional_of(found) } else { found })
    }

    fn call(&mut self, node: &Node, target: Option<&Node>, name: &str, args: &[Node]) -> Typed {
        // `math.max(x)` is a function with a dot in its name, unless `math` is a variable.
        let space = target.and_then(Node::dotted);
        let space = space.filter(|space| !self.variables.iter().any(|(known, _)| known == space));
        let spaced = space.map(|space| format!("{space}.{name}"));
        if let Some(spaced) = spaced.filter(|name| functions::named(name).next().is_some()) {
            return self.overload(node, &spaced, false, &args.iter().collect::<Vec<_>>());
        }
        self.patterns(name, args)?;
        let all: Vec<&Node> = target.into_iter().chain(args).collect();
        let outer = self.is_mixed;
        self.is_mixed |= name == "format";
        let found = self.overload(node, name, target.is_some(), &all);
        self.is_mixed = outer;
        if let ("format", Some(text), [Node { kind: Kind::List(items), .. }]) =
            (name, target.and_then(Node::text), args)
            && found.is_ok()
            && let Some(complaint) = template::complaint(text, items, &self.types)
        {
            return self.wrong(node, Wrong::Types(complaint));
        }
        found
    }

    fn overload(&mut self, node: &Node, name: &str, is_method: bool, args: &[&Node]) -> Typed {
        let given = args.iter().map(|arg| self.node(arg)).collect::<Result<Vec<Type>, _>>()?;
        let (mut result, mut known): (Option<Type>, bool) = (None, false);
        for function in functions::named(name) {
            known = true;
            if function.is_method != is_method || function.parameters.len() != given.len() {
                continue;
            }
            let mut meant = Meant::default();
            if !function.parameters.iter().zip(&given).all(|(form, given)| meant.fits(*form, given)) {
                continue;
            }
            let found = meant.of(function.result);
            result = Some(match result {
                Some(other) if other != found => Type::Dyn,
                _ => found,
            });
        }
        if let Some(result) = result {
            return self.literals(node, name, args).map(|()| result);
        }
        let wrong = if known {
            let given: Vec<String> = given.iter().map(ToString::to_string).collect();
            let shown = name.trim_matches('_');
            Wrong::Types(format!("{shown} does not take ({})", given.join(", ")))
        } else {
            Wrong::Unknown(name.to_owned())
        };
        self.wrong(node, wrong)
    }

    /// Compiles the pattern of `matches` and its like, if it is written out.
    fn patterns(&mut self, name: &str, args: &[Node]) -> Result<(), CompileError> {
        if !matches!(name, "matches" | "find" | "findAll") {
            return Ok(());
        }
        // `matches(text, pattern)` is a function as well.
        for arg in args {
            let Some(pattern) = arg.text() else { continue };
            match go_regex(pattern) {
                Ok(regex) => drop(self.patterns.insert(pattern.to_owned(), regex)),
                Err(_) => {
                    let what = format!("{pattern:?} is not a regular expression of Go");
                    return self.wrong(arg, Wrong::Types(what));
                }
            }
        }
        Ok(())
    }

    /// Durations and times that are written out have to be some.
    fn literals(&self, node: &Node, name: &str, args: &[&Node]) -> Result<(), CompileError> {
        let Some(text) = args.first().and_then(|arg| arg.text()) else { return Ok(()) };
        let is_fine = match name {
            "duration" => parse_duration(text).is_some(),
            "timestamp" => parse_timestamp(text).is_some(),
            _ => true,
        };
        if is_fine { Ok(()) } else { self.wrong(node, Wrong::Types(format!("{text:?} is no {name}"))) }
    }

    fn list(&mut self, items: &[Item]) -> Typed {
        let mut all: Option<Type> = None;
        for Item { value, optional } in items {
            let kind = self.optional_value(value, *optional)?;
            all = Some(self.same(value, all, kind)?);
        }
        Ok(Type::list(all.unwrap_or(Type::Dyn)))
    }

    fn map(&mut self, entries: &[Entry]) -> Typed {
        let mut all: (Option<Type>, Option<Type>) = (None, None);
        for Entry { key, value, optional } in entries {
            let kind = self.node(key)?;
            all.0 = Some(self.same(key, all.0, kind)?);
            let kind = self.optional_value(value, *optional)?;
            all.1 = Some(self.same(value, all.1, kind)?);
        }
        Ok(Type::map(all.0.unwrap_or(Type::Dyn), all.1.unwrap_or(Type::Dyn)))
    }

    fn optional_value(&mut self, node: &Node, optional: bool) -> Typed {
        match self.node(node)? {
            kind if !optional => Ok(kind),
            Type::Optional(inner) => Ok((*inner).clone()),
            Type::Dyn => Ok(Type::Dyn),
            other => self.wrong(node, Wrong::Types(format!("expected an optional, found {other}"))),
        }
    }

    /// Literals have items of one type only, but for what `format` takes.
    fn same(&self, node: &Node, known: Option<Type>, kind: Type) -> Typed {
        match known {
            None => Ok(kind),
            // Of an empty list, the items may be anything.
            Some(known)
                if self.is_mixed || ((known == Type::Dyn) == (kind == Type::Dyn) && agree(&known, &kind)) =>
            {
                Ok(join(&known, &kind))
            }
            Some(known) => {
                self.wrong(node, Wrong::Types(format!("expected {known} as before, found {kind}")))
            }
        }
    }

    /// Types with fields exist for patches only, where the server knows them by the resource.
    fn structure(&mut self, node: &Node, name: &str, fields: &[(String, Node)]) -> Typed {
        fields.iter().try_for_each(|(_, value)| self.node(value).map(drop))?;
        match name {
            _ if !self.variables.iter().any(|(known, _)| known == "Object") => {
                self.wrong(node, Wrong::Unknown(name.to_owned()))
            }
            "Object" => Ok(Type::Opaque("Object")),
            "JSONPatch" => Ok(Type::Opaque("JSONPatch")),
            name if name.starts_with("Object.") => Ok(Type::Dyn),
            name => self.wrong(node, Wrong::Unknown(name.to_owned())),
        }
    }

    fn each(&mut self, each: &Each) -> Typed {
        let range = self.node(&each.range)?;
        let (key, value) = match &range {
            Type::List(item) => (Type::Int, (**item).clone()),
            Type::Map(both) => (both.0.clone(), both.1.clone()),
            Type::Dyn => (Type::Dyn, Type::Dyn),
            other => {
                return self.wrong(&each.range, Wrong::Types(format!("{other} has no items to go through")));
            }
        };
        let is_list = matches!(range, Type::List(_));
        if each.step == Step::SortBy && !is_list && range != Type::Dyn {
            return self.wrong(&each.range, Wrong::Types(format!("only a list can be sorted, not {range}")));
        }
        let known = self.variables.len();
        match each.variables.as_slice() {
            [only] => self.variables.push((only.clone(), if is_list { value.clone() } else { key.clone() })),
            names => self.variables.extend(names.iter().cloned().zip([key.clone(), value.clone()])),
        }
        if let Some(filter) = &each.filter {
            self.expect(filter, &Type::Bool)?;
        }
        let body = self.node(&each.body)?;
        self.variables.truncate(known);
        let of_one = |kind: Type| if each.variables.len() == 1 { kind } else { Type::Dyn };
        match each.step {
            Step::All | Step::Exists | Step::ExistsOne | Step::Filter if !agree(&body, &Type::Bool) => {
                self.wrong(&each.body, Wrong::Types(format!("expected bool, found {body}")))
            }
            Step::All | Step::Exists | Step::ExistsOne => Ok(Type::Bool),
            Step::Filter => Ok(of_one(Type::list(if is_list { value } else { key }))),
            Step::SortBy => Ok(Type::list(value)),
            Step::Map => Ok(Type::list(body)),
            Step::TransformMap => Ok(Type::map(key, body)),
            Step::TransformMapEntry => Ok(body),
        }
    }

    fn bind(&mut self, bind: &Bind) -> Typed {
        let value = self.node(&bind.value)?;
        let inner = match &value {
            Type::Optional(inner) => (**inner).clone(),
            Type::Dyn => Type::Dyn,
            other => {
                return self.wrong(&bind.value, Wrong::Types(format!("expected an optional, found {other}")));
            }
        };
        self.variables.push((bind.name.clone(), inner));
        let body = self.node(&bind.body)?;
        self.variables.pop();
        Ok(if bind.of == Bound::OptMap { optional_of(body) } else { body })
    }
}

fn is_type(name: &str) -> bool {
    TYPES.contains(&name) || matches!(name, "google.protobuf.Duration" | "google.protobuf.Timestamp")
}

fn of_literal(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::String(_) => Type::String,
        Literal::Bytes(_) => Type::Bytes,
    }
}

/// An optional of an optional is no more than that.
fn optional_of(kind: Type) -> Type {
    match kind {
        Type::Optional(_) => kind,
        other => Type::Optional(Arc::new(other)),
    }
}
