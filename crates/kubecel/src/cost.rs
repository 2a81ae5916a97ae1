//! What an expression may cost at worst, as an API server (1.36) estimates it before it
//! takes a rule: `checker.Cost` of cel-go v0.26 with Kubernetes' own estimates.
//!
//! Every step has a price; a loop costs its body times the most items that its range
//! can have, and a text the most characters. What a value can hold at most is known
//! from where it comes from, a place in the schema ([`Bound`]), or from what made it.
//! Oddities of the original count as well: a server refuses by them.

use std::collections::BTreeMap;

use crate::ast::{Bind, Bound as BoundTo, Each, Kind, Literal, Node, Step};
use crate::check::{self, Types};
use crate::types::{Type, agree};
use crate::{CompileError, grow, parse};

/// How large a value may be, and those in it.
#[derive(Debug, Clone, Default)]
pub struct Bound {
    /// The most characters, items or entries; zero for what has none.
    pub most: u64,
    /// Of the fields of an object, by the names that expressions use.
    pub fields: BTreeMap<String, Bound>,
    /// Of the keys of a map.
    pub key: Option<Box<Bound>>,
    /// Of the items of a list or the values of a map.
    pub item: Option<Box<Bound>>,
}

/// Returns what an expression costs at worst, if all of its variables are as large as `root` says.
///
/// # Errors
///
/// As for [`crate::Program::compile`].
pub fn worst_cost(text: &str, variables: &[(&str, Type)], root: &Bound) -> Result<u64, CompileError> {
    let node = parse::parse(text)?;
    let types = check::types(text, &node, variables)?;
    let mut costs = Costs { types: &types, root, locals: Vec::new() };
    Ok(costs.of(&node).cost)
}

const TRAVERSAL: f64 = 0.1;
const PATTERN: f64 = 0.25;
const NEW_LIST: u64 = 10;
const NEW_MAP: u64 = 30;
const NEW_OBJECT: u64 = 40;

/// How much there is of something, at least and at most.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Size {
    least: u64,
    most: u64,
}

/// The sizes of what is in a list or map.
#[derive(Debug, Clone, Copy)]
struct Entries {
    is_list: bool,
    key: Size,
    value: Size,
}

/// Where a value is in what the variables hold.
#[derive(Debug, Clone, Copy)]
enum Path<'b> {
    /// It is made by the expression.
    Nowhere,
    /// It is there; without a bound, nobody knows how large it is.
    At(Option<&'b Bound>),
}

/// What is known of a part of an expression.
#[derive(Debug, Clone)]
struct Known<'b> {
    cost: u64,
    size: Option<Size>,
    entries: Option<Entries>,
    path: Path<'b>,
    kind: Type,
}

struct Local<'b> {
    name: String,
    size: Option<Size>,
    path: Path<'b>,
    entries: Option<Entries>,
}

struct Costs<'t, 'b> {
    types: &'t Types,
    root: &'b Bound,
    /// Inner ones come last.
    locals: Vec<Local<'b>>,
}

impl Size {
    const UNKNOWN: Size = Size { least: 0, most: u64::MAX };

    fn exactly(size: u64) -> Self {
        Size { least: size, most: size }
    }

    fn union(self, other: Size) -> Self {
        Size { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    fn plus(self, other: Size) -> Self {
        Size { least: self.least.saturating_add(other.least), most: self.most.saturating_add(other.most) }
    }

    fn times(self, other: Size) -> Self {
        Size { least: self.least.saturating_mul(other.least), most: self.most.saturating_mul(other.most) }
    }
}

impl Entries {
    fn union(one: Option<Entries>, other: Option<Entries>) -> Option<Entries> {
        let (one, other) = (one?, other?);
        Some(Entries { key: one.key.union(other.key), value: one.value.union(other.value), ..one })
    }

    /// The items of a list that has none.
    const NONE: Entries =
        Entries { is_list: true, key: Size { least: 1, most: 1 }, value: Size { least: 0, most: 0 } };
}

impl<'b> Path<'b> {
    /// A step into a value. What is nowhere has no name that could be skipped, so the first step leads to the root.
    fn step(self, root: &'b Bound, into: impl Fn(&'b Bound) -> Option<&'b Bound>) -> Self {
        Path::At(match self {
            Path::Nowhere => Some(root),
            Path::At(bound) => bound.and_then(into),
        })
    }

    fn size(self) -> Option<Size> {
        match self {
            Path::At(Some(bound)) => Some(Size { least: 0, most: bound.most }),
            Path::At(None) | Path::Nowhere => None,
        }
    }
}

impl Known<'_> {
    fn size(&self) -> Size {
        self.size.unwrap_or(Size::UNKNOWN)
    }

    fn is(&self, kind: &Type) -> bool {
        agree(&self.kind, kind)
    }

    fn is_text(&self) -> bool {
        self.is(&Type::String) || self.is(&Type::Bytes)
    }
}

/// Multiplies and rounds up.
fn times(size: u64, factor: f64) -> u64 {
    let product = (size as f64 * factor).ceil();
    if product >= u64::MAX as f64 { u64::MAX } else { product as u64 }
}

fn traverse(size: Size) -> u64 {
    times(size.most, TRAVERSAL)
}

fn sum(costs: impl IntoIterator<Item = u64>) -> u64 {
    costs.into_iter().fold(0, u64::saturating_add)
}

fn is_scalar(kind: &Type) -> bool {
    match kind {
        Type::Bool | Type::Double | Type::Duration | Type::Int | Type::Timestamp | Type::Uint => true,
        Type::Optional(inner) => is_scalar(inner),
        _ => false,
    }
}

impl<'b> Costs<'_, 'b> {
    fn of(&mut self, node: &Node) -> Known<'b> {
        grow(|| self.part(node))
    }

    fn kind(&self, node: &Node) -> Type {
        self.types.get(&std::ptr::from_ref(node)).cloned().unwrap_or(Type::Dyn)
    }

    /// What is made by the expression; `size` is what is known of it besides its type.
    fn made(&self, node: &Node, cost: u64, size: Option<Size>) -> Known<'b> {
        self.at(node, cost, Path::Nowhere, size)
    }

    /// What is at a place; its size is known by what made it, by the place, or by its type.
    fn at(&self, node: &Node, cost: u64, path: Path<'b>, size: Option<Size>) -> Known<'b> {
        let kind = self.kind(node);
        let by_kind = || is_scalar(&kind).then(|| Size::exactly(1));
        let size = size.or_else(|| path.size()).or_else(by_kind);
        Known { cost, size, entries: None, path, kind }
    }

    fn part(&mut self, node: &Node) -> Known<'b> {
        match &node.kind {
            Kind::Literal(literal) => self.made(node, 0, Some(Size::exactly(length(literal)))),
            Kind::Name(name) => self.name(node, name),
            Kind::Select { of, field, optional } => {
                let of = self.of(of);
                if *optional {
                    return self.made(node, of.cost.saturating_add(1), None);
                }
                let has_price = matches!(of.kind, Type::Map(_) | Type::Object(_));
                let cost = of.cost.saturating_add(u64::from(has_price));
                self.at(node, cost, of.path.step(self.root, |bound| bound.fields.get(field)), None)
            }
            Kind::Has { of, .. } => {
                let cost = self.of(of).cost;
                self.made(node, cost, None)
            }
            Kind::Index { of, by, optional } => self.index(node, of, by, *optional),
            Kind::Call { target, name, args } => self.call(node, target.as_deref(), name, args),
            Kind::And(parts) | Kind::Or(parts) => {
                let cost = sum(parts.iter().map(|part| self.of(part).cost));
                self.made(node, cost, None)
            }
            Kind::Either(parts) => {
                let [condition, then, otherwise] = parts.each_ref().map(|part| self.of(part));
                let cost = condition.cost.saturating_add(then.cost.max(otherwise.cost));
                let known = self.made(node, cost, Some(then.size().union(otherwise.size())));
                Known { entries: Entries::union(then.entries, otherwise.entries), ..known }
            }
            Kind::List(items) => {
                let items: Vec<Known<'_>> = items.iter().map(|item| self.of(&item.value)).collect();
                self.collection(node, NEW_LIST, &[], &items)
            }
            Kind::Map(entries) => {
                let keys: Vec<Known<'_>> = entries.iter().map(|entry| self.of(&entry.key)).collect();
                let values: Vec<Known<'_>> = entries.iter().map(|entry| self.of(&entry.value)).collect();
                self.collection(node, NEW_MAP, &keys, &values)
            }
            Kind::Struct { fields, .. } => {
                let cost = sum(fields.iter().map(|(_, value)| self.of(value).cost));
                self.made(node, cost.saturating_add(NEW_OBJECT), None)
            }
            Kind::Each(each) => self.each(node, each),
            Kind::Bind(bind) => self.bind(node, bind),
        }
    }

    fn name(&self, node: &Node, name: &str) -> Known<'b> {
        match self.locals.iter().rev().find(|local| local.name == name) {
            Some(local) => {
                let known = self.at(node, 1, local.path, None);
                Known { size: known.size.or(local.size), entries: local.entries, ..known }
            }
            None => self.at(node, 1, Path::At(Some(self.root)), None),
        }
    }

    fn collection(&self, node: &Node, base: u64, keys: &[Known<'_>], values: &[Known<'_>]) -> Known<'b> {
        let size_of = |all: &[Known<'_>]| all.iter().map(Known::size).reduce(Size::union);
        let is_list = base == NEW_LIST;
        let key = size_of(keys).unwrap_or(Size::exactly(u64::from(is_list)));
        let entries = Entries { is_list, key, value: size_of(values).unwrap_or(Size::exactly(0)) };
        let cost = sum(keys.iter().chain(values).map(|part| part.cost));
        let count = Size::exactly(values.len() as u64);
        Known { entries: Some(entries), ..self.made(node, cost.saturating_add(base), Some(count)) }
    }

    fn index(&mut self, node: &Node, of: &Node, by: &Node, optional: bool) -> Known<'b> {
        let (of, by) = (self.of(of), self.of(by));
        let cost = sum([of.cost, by.cost, 1]);
        if optional || !matches!(of.kind, Type::List(_) | Type::Map(_) | Type::Dyn) {
            return self.made(node, cost, None);
        }
        let path = of.path.step(self.root, |bound| bound.item.as_deref());
        self.at(node, cost, path, of.entries.map(|entries| entries.value))
    }

    fn each(&mut self, node: &Node, each: &Each) -> Known<'b> {
        let range = self.of(&each.range);
        let known = self.locals.len();
        self.declare(&range, &each.variables);
        let filter = each.filter.as_ref().map(|filter| self.of(filter));
        let body = self.of(&each.body);
        let variable = self.locals.get(known).and_then(|local| local.path.size().or(local.size));
        self.locals.truncate(known);
        let filtered = |step: u64| match &filter {
            Some(filter) => filter.cost.saturating_add(step.max(1)),
            None => step,
        };
        // A price for what is there in the beginning and in the end, and one for each item.
        let (base, step) = match each.step {
            Step::All => (1, body.cost.saturating_add(3)),
            Step::Exists => (1, body.cost.saturating_add(4)),
            Step::ExistsOne => (2, body.cost.saturating_add(2)),
            Step::Map => (NEW_LIST + 1, filtered(body.cost.saturating_add(NEW_LIST + 2))),
            Step::Filter => (NEW_LIST + 1, body.cost.saturating_add(NEW_LIST + 3)),
            Step::SortBy => (NEW_LIST + 1, body.cost.saturating_add(NEW_LIST + 2)),
            Step::TransformMap => (NEW_MAP + 1, filtered(body.cost.saturating_add(3))),
            Step::TransformMapEntry => (NEW_MAP + 1, filtered(body.cost.saturating_add(2))),
        };
        let count = range.size();
        let mut cost = sum([range.cost, base, count.most.saturating_mul(step)]);
        let item = match each.step {
            Step::All | Step::Exists | Step::ExistsOne => return self.made(node, cost, None),
            Step::Map => body.size(),
            Step::Filter | Step::SortBy => variable.unwrap_or(Size::UNKNOWN),
            Step::TransformMap | Step::TransformMapEntry => return self.made(node, cost, Some(count)),
        };
        if each.step == Step::SortBy {
            let factor = if body.kind == Type::String { 2.0 + TRAVERSAL } else { 2.0 };
            let sort = times(count.times(count).most, factor);
            cost = sum([cost, sort, 2 * NEW_LIST + 3]);
        }
        let entries = Entries { value: item.union(Entries::NONE.value), ..Entries::NONE };
        Known { entries: Some(entries), ..self.made(node, cost, Some(count)) }
    }

    /// Declares the variables of a loop: an item or key, or key and value.
    fn declare(&mut self, range: &Known<'b>, names: &[String]) {
        let is_list = range.entries.map_or(matches!(range.kind, Type::List(_)), |entries| entries.is_list);
        let item = range.path.step(self.root, |bound| bound.item.as_deref());
        // Of the numbers of items, nothing is known but that.
        let key = range.path.step(self.root, |bound| bound.key.as_deref().filter(|_| !is_list));
        let (key_size, value_size) = (range.entries.map(|one| one.key), range.entries.map(|one| one.value));
        let local = |name: &String, path, size| Local { name: name.clone(), size, path, entries: None };
        match names {
            [only] if is_list => self.locals.push(local(only, item, value_size)),
            [only] => self.locals.push(local(only, key, key_size)),
            [first, second, ..] => {
                self.locals.push(local(first, key, key_size));
                self.locals.push(local(second, item, value_size));
            }
            [] => {}
        }
    }

    /// `optMap`: whether there is a value, that value, and what is made of it.
    fn bind(&mut self, node: &Node, bind: &Bind) -> Known<'b> {
        let value = self.of(&bind.value);
        let scalar = match &value.kind {
            Type::Optional(inner) => is_scalar(inner).then(|| Size::exactly(1)),
            _ => None,
        };
        self.locals.push(Local { name: bind.name.clone(), size: scalar, path: Path::Nowhere, entries: None });
        let body = self.of(&bind.body);
        self.locals.pop();
        let then = sum([NEW_LIST, value.cost, 1, body.cost, u64::from(bind.of == BoundTo::OptMap)]);
        self.made(node, sum([value.cost, 1, then.max(1)]), None)
    }

    fn call(&mut self, node: &Node, target: Option<&Node>, name: &str, args: &[Node]) -> Known<'b> {
        // What has no type is the first part of a function's name, as in `sets.contains`.
        let is_value = |target: &&Node| self.types.contains_key(&std::ptr::from_ref(*target));
        let space = target.filter(|target| !is_value(target)).and_then(Node::dotted);
        let spaced = space.map(|space| format!("{space}.{name}"));
        let name = spaced.as_deref().unwrap_or(name);
        let target = target.filter(is_value).map(|target| self.of(target));
        let given: Vec<Known<'b>> = args.iter().map(|arg| self.of(arg)).collect();
        let costs = sum(target.iter().chain(&given).map(|one| one.cost));
        if let ("dyn", [only]) = (name, given.as_slice()) {
            return Known {
                cost: costs.saturating_add(1),
                kind: Type::Dyn,
                path: Path::Nowhere,
                ..only.clone()
            };
        }
        let Price { cost, size, entries } = self.price(name, target.as_ref(), &given, args);
        Known { entries, ..self.made(node, costs.saturating_add(cost), size) }
    }

    /// The most that an item of a list can have, and its type; none if it is no list.
    fn item(&self, list: &Known<'b>) -> Option<(Type, Size)> {
        let kind = match &list.kind {
            Type::List(item) => (**item).clone(),
            Type::Map(both) => both.0.clone(),
            _ => return None,
        };
        let path = match list.path {
            Path::Nowhere => Path::Nowhere,
            path @ Path::At(_) => path.step(self.root, |bound| bound.item.as_deref()),
        };
        Some((kind, path.size().unwrap_or(Size::UNKNOWN)))
    }
}

/// What a call costs besides its arguments, and what comes of it.
struct Price {
    cost: u64,
    size: Option<Size>,
    entries: Option<Entries>,
}

impl Price {
    fn of(cost: u64) -> Self {
        Price { cost, size: None, entries: None }
    }

    fn sized(cost: u64, size: Size) -> Self {
        Price { cost, size: Some(size), entries: None }
    }
}

impl<'b> Costs<'_, 'b> {
    fn price(&self, name: &str, target: Option<&Known<'b>>, args: &[Known<'b>], nodes: &[Node]) -> Price {
        let lists = list_price(name, target, args, nodes);
        if let Some(price) = lists.or_else(|| self.kubernetes_price(name, target, args, nodes)) {
            return price;
        }
        match (name, target, args) {
            ("format", Some(target), _) => Price::of(traverse(target.size())),
            ("bytes", None, [only]) if only.is(&Type::String) => {
                let Size { least, most } = only.size();
                Price::sized(traverse(only.size()), Size { least, most: most.saturating_mul(4) })
            }
            ("string", None, [only]) if only.is(&Type::Bytes) => {
                let Size { least, most } = only.size();
                Price::sized(traverse(only.size()), Size { least: least / 4, most })
            }
            ("startsWith" | "endsWith", _, [part]) => Price::of(traverse(part.size())),
            ("_in_", _, [_, list]) if list.is(&Type::list(Type::Dyn)) => Price::of(list.size().most),
            ("matches", Some(text), [pattern]) => Price::of(match_price(text.size(), pattern.size())),
            ("contains", Some(text), [part]) if text.is(&Type::String) => {
                Price::of(traverse(text.size()).saturating_mul(traverse(part.size())))
            }
            ("_+_", _, [left, right]) => add_price(left, right),
            ("_<_" | "_<=_" | "_>_" | "_>=_", _, [left, right]) if left.is_text() && right.is_text() => {
                let cost = times(left.size().most.min(right.size().most), TRAVERSAL);
                let is_sure = [left, right].iter().any(|one| matches!(one.kind, Type::String | Type::Bytes));
                Price::of(if is_sure { cost } else { cost.max(1) })
            }
            ("_==_" | "_!=_", _, [left, right]) => {
                Price::of(times(left.size().most.min(right.size().most), TRAVERSAL))
            }
            _ => Price::of(1),
        }
    }

    /// What Kubernetes says its functions cost (`library/cost.go`).
    fn kubernetes_price(
        &self,
        name: &str,
        target: Option<&Known<'b>>,
        args: &[Known<'b>],
        nodes: &[Node],
    ) -> Option<Price> {
        let first = args.first();
        Some(match (name, target) {
            ("check", _) => Price::of(350_000),
            ("fieldSelector" | "labelSelector", _) => {
                let length = first?.size();
                let requirements = times(times(length.most, 0.5), (NEW_LIST + NEW_OBJECT) as f64);
                Price::of(sum([NEW_LIST, traverse(length), requirements]))
            }
            ("isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf", Some(target)) => {
                match self.item(target) {
                    Some((Type::String | Type::Bytes, item)) => {
                        Price::of(target.size().most.saturating_mul(traverse(item).saturating_add(1)))
                    }
                    Some(_) => Price::of(target.size().most),
                    None => Price::of(traverse(target.size())),
                }
            }
            ("url" | "jsonpatch.escapeKey", _) => Price::sized(traverse(first?.size()), first?.size()),
            ("lowerAscii" | "upperAscii" | "substring" | "trim", Some(target)) => {
                Price::sized(traverse(target.size()), target.size())
            }
            ("replace", Some(target)) => {
                let size = replaced(target.size(), first?.size(), args.get(1)?.size());
                Price::sized(times(target.size().most, 2.0 * TRAVERSAL), size)
            }
            ("split", Some(target)) => {
                let limit = nodes.get(1).and_then(int_literal);
                let most = limit.map_or(target.size().most, |limit| limit as u64);
                Price::sized(times(target.size().most, 2.0 * TRAVERSAL), Size { least: 0, most })
            }
            ("join", Some(target)) => {
                let count = target.size();
                let mut size = self.item(target).map_or(Size::exactly(0), |(_, item)| count.times(item));
                if let Some(separator) = first {
                    let gaps =
                        Size { least: count.least.saturating_sub(1), most: count.most.saturating_sub(1) };
                    size = size.plus(separator.size().times(gaps));
                }
                Price::sized(traverse(size), size)
            }
            ("find" | "findAll", Some(target)) => {
                let most = Size { least: 0, most: target.size().most };
                Price::sized(match_price(target.size(), first?.size()), most)
            }
            ("ip", Some(_)) => Price::of(1),
            ("cidr" | "isIP" | "isCIDR" | "ip" | "quantity" | "isQuantity" | "semver" | "isSemver", _) => {
                Price::of(traverse(first?.size()))
            }
            ("ip.isCanonical", _) => Price::of(times(first?.size().most, 2.0 * TRAVERSAL)),
            ("containsIP" | "containsCIDR", _) => {
                let more = if name == "containsCIDR" { traverse(Size::exactly(16)) + 1 } else { 0 };
                let text = if first?.kind == Type::String { traverse(first?.size()) } else { 0 };
                Price::of(sum([traverse(Size::exactly(32)), more, text]))
            }
            ("validate", _) => Price::of(times(traverse(first?.size()), 128.0 * PATTERN)),
            ("_==_", _) => match (&first?.kind, &args.get(1)?.kind) {
                (Type::Opaque("format"), Type::Opaque("format")) => Price::of(7),
                (Type::Opaque(one), Type::Opaque(other)) if one == other => Price::of(1),
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// What functions of lists and sets cost (`ext/lists.go`, `ext/sets.go`).
fn list_price(name: &str, target: Option<&Known<'_>>, args: &[Known<'_>], nodes: &[Node]) -> Option<Price> {
    let new_list = |factor: f64, size: Size| Price::sized(sum([times(size.most, factor), 1, NEW_LIST]), size);
    let number = |at: usize| nodes.get(at).and_then(int_literal).map(|number| number as u64);
    Some(match (name, target, args) {
        ("sets.contains" | "sets.intersects" | "sets.equivalent", _, [one, other]) => {
            let factor = if name == "sets.equivalent" { 2.0 } else { 1.0 };
            Price::of(times(one.size().times(other.size()).most, factor).saturating_add(1))
        }
        ("slice", Some(list), [_, _]) => {
            let end = number(1).unwrap_or(list.size().most);
            new_list(1.0, Size::exactly(end.wrapping_sub(number(0).unwrap_or(0))))
        }
        ("flatten", Some(list), _) => {
            let depth = if nodes.is_empty() { 1 } else { number(0).unwrap_or(u64::MAX) };
            new_list(depth as f64, list.size())
        }
        ("lists.range", _, [_]) => new_list(1.0, Size::exactly(number(0).unwrap_or(u64::MAX))),
        ("reverse", Some(list), []) if matches!(list.kind, Type::List(_)) => new_list(1.0, list.size()),
        ("distinct", Some(list), []) => new_list(2.0, list.size().times(list.size())),
        ("sort", Some(list), []) => {
            let is_text =
                matches!(&list.kind, Type::List(item) if matches!(**item, Type::String | Type::Bytes));
            new_list(if is_text { 2.0 + TRAVERSAL } else { 2.0 }, list.size().times(list.size()))
        }
        _ => return None,
    })
}

fn match_price(text: Size, pattern: Size) -> u64 {
    times(text.most.saturating_add(1), TRAVERSAL).saturating_mul(times(pattern.most, PATTERN))
}

fn add_price(left: &Known<'_>, right: &Known<'_>) -> Price {
    let size = left.size().plus(right.size());
    let is_text = left.is_text() && right.is_text();
    let is_list = left.is(&Type::list(Type::Dyn)) && right.is(&Type::list(Type::Dyn));
    let cost = match is_text {
        true if left.kind == Type::Dyn && right.kind == Type::Dyn => traverse(size).max(1),
        true => traverse(size),
        false => 1,
    };
    let entries = Entries::union(left.entries, right.entries);
    if is_text || is_list { Price { cost, size: Some(size), entries } } else { Price::of(1) }
}

/// How long a text is once parts of it were replaced.
fn replaced(text: Size, part: Size, by: Size) -> Size {
    let (mut count, mut kept) = (Size::exactly(0), Size::exactly(0));
    if part.least == 0 {
        count.most = text.most.saturating_add(1);
        kept.most = text.most;
    } else if by.most <= part.least {
        kept.most = text.most;
    } else {
        count.most = text.most.div_ceil(part.least);
    }
    if part.most == 0 {
        count.least = text.least.saturating_add(1);
        kept.least = text.least;
    } else if part.most <= by.least {
        kept.least = text.least;
    } else {
        count.least = text.least.div_ceil(part.most);
    }
    count.times(by).plus(kept)
}

fn int_literal(node: &Node) -> Option<i64> {
    match node.kind {
        Kind::Literal(Literal::Int(number)) => Some(number),
        _ => None,
    }
}

/// How large a value is that is written out.
fn length(literal: &Literal) -> u64 {
    match literal {
        Literal::String(text) => text.chars().count() as u64,
        Literal::Bytes(bytes) => bytes.len() as u64,
        Literal::Null | Literal::Bool(_) | Literal::Int(_) | Literal::Uint(_) | Literal::Double(_) => 1,
    }
}
