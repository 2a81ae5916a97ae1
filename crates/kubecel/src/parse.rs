//! Reads an expression.
//!
//! Invariant: no tree is deeper than [`MAX_DEPTH`], so whatever walks one may recurse.

use crate::ast::{Bind, Bound, Each, Entry, Item, Kind, Literal, Node, Step};
use crate::lex::{Token, tokens};
use crate::{CompileError, Wrong, grow};

/// How deep an expression may nest. cel-go has 250 as well.
const MAX_DEPTH: usize = 250;

/// How many levels a macro counts for: values nest deeper with each one that has a variable.
const MACRO_DEPTH: usize = 10;

const MACROS: [&str; 12] = [
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "map",
    "filter",
    "sortBy",
    "transformList",
    "transformMap",
    "transformMapEntry",
    "optMap",
    "optFlatMap",
];

/// How long an expression may be, in characters, as for cel-go.
const MAX_LENGTH: usize = 100_000;

/// Words that no variable can have.
const RESERVED: [&str; 16] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
];

const RELATIONS: [&str; 7] = ["<", "<=", ">=", ">", "==", "!=", "in"];

pub(crate) fn parse(text: &str) -> Result<Node, CompileError> {
    if text.chars().nth(MAX_LENGTH).is_some() {
        let what = format!("an expression has at most {MAX_LENGTH} characters");
        return Err(CompileError::new(text, 0, Wrong::Syntax(what)));
    }
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0 };
    let node = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.unexpected("the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

type Parsed = Result<Node, CompileError>;

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].1
    }

    fn at(&self) -> usize {
        self.tokens[self.next].0
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        // The last token is the end, which is never passed.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(next) if *next == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_next = self.is_sign(sign);
        if is_next {
            self.advance();
        }
        is_next
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), CompileError> {
        if self.take(sign) { Ok(()) } else { Err(self.unexpected(&format!("{sign:?}"))) }
    }

    fn wrong(&self, at: usize, what: impl Into<String>) -> CompileError {
        CompileError::new(self.text, at, Wrong::Syntax(what.into()))
    }

    fn unexpected(&self, wanted: &str) -> CompileError {
        let found = match self.peek() {
            Token::Literal(Literal::String(_)) => "a string".to_owned(),
            Token::Literal(_) => "a literal".to_owned(),
            Token::Name(name) => format!("{name:?}"),
            Token::Sign(sign) => format!("{sign:?}"),
            Token::End => "the end".to_owned(),
        };
        self.wrong(self.at(), format!("expected {wanted}, found {found}"))
    }

    fn enter(&mut self) -> Result<(), CompileError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong(self.at(), format!("it is nested more than {MAX_DEPTH} levels deep")));
        }
        Ok(())
    }

    fn expression(&mut self) -> Parsed {
        self.enter()?;
        grow(|| self.either())
    }

    fn either(&mut self) -> Parsed {
        let at = self.at();
        let condition = self.any_of()?;
        let node = if self.take("?") {
            let then = self.any_of()?;
            self.expect(":")?;
            let otherwise = self.expression()?;
            Node::new(at, Kind::Either(Box::new([condition, then, otherwise])))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(node)
    }

    fn any_of(&mut self) -> Parsed {
        let at = self.at();
        let mut parts = vec![self.all_of()?];
        while self.take("||") {
            parts.push(self.all_of()?);
        }
        Ok(one_or(parts, |parts| Node::new(at, Kind::Or(parts))))
    }

    fn all_of(&mut self) -> Parsed {
        let at = self.at();
        let mut parts = vec![self.binary(0)?];
        while self.take("&&") {
            parts.push(self.binary(0)?);
        }
        Ok(one_or(parts, |parts| Node::new(at, Kind::And(parts))))
    }

    /// Reads what operators join that bind at least as tight as `level`.
    fn binary(&mut self, level: usize) -> Parsed {
        const LEVELS: [&[&str]; 3] = [&RELATIONS, &["+", "-"], &["*", "/", "%"]];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let outer = self.depth;
        let mut left = self.binary(level + 1)?;
        while let Token::Sign(sign) = *self.peek()
            && operators.contains(&sign)
        {
            // Each one puts all before it a level deeper.
            self.enter()?;
            let at = self.at();
            self.advance();
            let right = self.binary(level + 1)?;
            left = Node::new(at, Kind::Call { target: None, name: operator(sign), args: vec![left, right] });
        }
        self.depth = outer;
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let at = self.at();
        for sign in ["!", "-"] {
            let mut count = 0;
            while self.is_sign(sign) {
                self.advance();
                count += 1;
            }
            if count == 0 {
                continue;
            }
            if sign == "-" && count == 1 {
                return self.negative(at);
            }
            let inner = self.member()?;
            // As in cel-go, two of them are none.
            return Ok(if count % 2 == 0 { inner } else { call(at, sign_name(sign), inner) });
        }
        self.member()
    }

    fn negative(&mut self, at: usize) -> Parsed {
        let literal = match self.peek() {
            Token::Literal(Literal::Int(number)) => Some(Literal::Int(-number)),
            Token::Literal(Literal::Double(number)) => Some(Literal::Double(-number)),
            Token::Literal(Literal::Uint(number)) if *number == 1 << 63 && !self.is_marked_unsigned() => {
                Some(Literal::Int(i64::MIN))
            }
            _ => None,
        };
        match literal {
            Some(literal) => {
                self.advance();
                self.trailers(Node::new(at, Kind::Literal(literal)))
            }
            None => Ok(call(at, sign_name("-"), self.member()?)),
        }
    }

    /// Whether the number that is next ends in `u`.
    fn is_marked_unsigned(&self) -> bool {
        let digits = self.text[self.at()..].trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == 'x');
        digits.starts_with(['u', 'U'])
    }

    fn member(&mut self) -> Parsed {
        if let Token::Literal(Literal::Uint(number)) = self.peek()
            && *number == 1 << 63
            && !self.is_marked_unsigned()
        {
            return Err(self.wrong(self.at(), format!("{number} is not a number of 64 bits")));
        }
        let primary = self.primary()?;
        self.trailers(primary)
    }

    fn trailers(&mut self, mut node: Node) -> Parsed {
        let outer = self.depth;
        loop {
            let at = self.at();
            if self.is_sign(".") || self.is_sign(".?") {
                self.enter()?;
                let optional = self.advance() == Token::Sign(".?");
                node = self.select(at, node, optional)?;
            } else if self.is_sign("[") || self.is_sign("[?") {
                self.enter()?;
                let optional = self.advance() == Token::Sign("[?");
                let by = Box::new(self.expression()?);
                self.expect("]")?;
                node = Node::new(at, Kind::Index { of: Box::new(node), by, optional });
            } else if self.is_sign("{") && node.dotted().is_some() {
                let name = node.dotted().unwrap_or_default();
                self.advance();
                node = self.structure(at, name)?;
            } else {
                self.depth = outer;
                return Ok(node);
            }
        }
    }

    fn select(&mut self, at: usize, of: Node, optional: bool) -> Parsed {
        let Token::Name(field) = self.peek().clone() else { return Err(self.unexpected("a field")) };
        self.advance();
        if !optional && self.take("(") {
            let outer = self.depth;
            if MACROS.contains(&field.as_str()) {
                self.depth += MACRO_DEPTH;
            }
            let args = self.arguments(")")?;
            self.depth = outer;
            return self.method(at, of, field, args);
        }
        Ok(Node::new(at, Kind::Select { of: Box::new(of), field, optional }))
    }

    fn arguments(&mut self, end: &'static str) -> Result<Vec<Node>, CompileError> {
        let mut args = Vec::new();
        while !self.is_sign(end) {
            args.push(self.expression()?);
            if !self.take(",") {
                break;
            }
        }
        self.expect(end)?;
        Ok(args)
    }

    fn primary(&mut self) -> Parsed {
        let at = self.at();
        match self.peek().clone() {
            Token::Literal(literal) => {
                self.advance();
                Ok(Node::new(at, Kind::Literal(literal)))
            }
            Token::Name(_) => self.name(at),
            Token::Sign(".") => {
                self.advance();
                self.name(at)
            }
            Token::Sign("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("[" | "[?") => self.list(at),
            Token::Sign("{" | "{?") => self.map(at),
            Token::Sign(_) | Token::End => Err(self.unexpected("a value")),
        }
    }

    fn name(&mut self, at: usize) -> Parsed {
        let Token::Name(name) = self.peek().clone() else { return Err(self.unexpected("a name")) };
        if RESERVED.contains(&name.as_str()) || name == "while" {
            return Err(self.wrong(self.at(), format!("{name:?} is a reserved word")));
        }
        self.advance();
        if self.take("(") {
            let args = self.arguments(")")?;
            return self.function(at, name, args);
        }
        Ok(Node::new(at, Kind::Name(name)))
    }

    fn list(&mut self, at: usize) -> Parsed {
        let mut optional = self.advance() == Token::Sign("[?");
        let mut items = Vec::new();
        while !self.is_sign("]") {
            optional |= self.take("?");
            items.push(Item { value: self.expression()?, optional });
            optional = false;
            if !self.take(",") {
                break;
            }
        }
        self.expect("]")?;
        Ok(Node::new(at, Kind::List(items)))
    }

    fn map(&mut self, at: usize) -> Parsed {
        let mut optional = self.advance() == Token::Sign("{?");
        let mut entries = Vec::new();
        while !self.is_sign("}") {
            optional |= self.take("?");
            let key = self.expression()?;
            self.expect(":")?;
            entries.push(Entry { key, value: self.expression()?, optional });
            optional = false;
            if !self.take(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(Node::new(at, Kind::Map(entries)))
    }

    fn structure(&mut self, at: usize, name: String) -> Parsed {
        let mut fields = Vec::new();
        while !self.is_sign("}") {
            self.take("?");
            let Token::Name(field) = self.peek().clone() else {
                return Err(self.unexpected("a field"));
            };
            self.advance();
            self.expect(":")?;
            fields.push((field, self.expression()?));
            if !self.take(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(Node::new(at, Kind::Struct { name, fields }))
    }

    /// A function, or the macro `has`.
    fn function(&mut self, at: usize, name: String, args: Vec<Node>) -> Parsed {
        if name != "has" || args.len() != 1 {
            return Ok(Node::new(at, Kind::Call { target: None, name, args }));
        }
        let [argument] = <[Node; 1]>::try_from(args).expect("its length is known");
        match argument.kind {
            Kind::Select { of, field, optional: false } => Ok(Node::new(at, Kind::Has { of, field })),
            _ => Err(self.wrong(argument.at, "has() asks for a field, as in has(self.field)")),
        }
    }

    /// A method, or one of the macros that look like one.
    fn method(&mut self, at: usize, target: Node, name: String, mut args: Vec<Node>) -> Parsed {
        let bound = match (name.as_str(), args.len()) {
            ("optMap", 2) => Some(Bound::OptMap),
            ("optFlatMap", 2) => Some(Bound::OptFlatMap),
            _ => None,
        };
        if let Some(of) = bound {
            let body = args.pop().expect("there are two");
            let name = self.variable(&args[0])?;
            return Ok(Node::new(at, Kind::Bind(Box::new(Bind { name, value: target, body, of }))));
        }
        let Some((step, variables, has_filter)) = loop_of(&name, args.len()) else {
            return Ok(Node::new(at, Kind::Call { target: Some(Box::new(target)), name, args }));
        };
        let body = args.pop().expect("a macro has a body");
        let filter = if has_filter { args.pop() } else { None };
        let names = args.iter().take(variables).map(|name| self.variable(name)).collect::<Result<_, _>>()?;
        let each = Each { range: target, variables: names, step, filter, body };
        Ok(Node::new(at, Kind::Each(Box::new(each))))
    }

    fn variable(&self, node: &Node) -> Result<String, CompileError> {
        match &node.kind {
            Kind::Name(name) => Ok(name.clone()),
            _ => Err(self.wrong(node.at, "a macro needs a name for its variable here")),
        }
    }
}

/// Returns what a macro does, how many variables it has and whether there is a filter.
fn loop_of(name: &str, arguments: usize) -> Option<(Step, usize, bool)> {
    Some(match (name, arguments) {
        ("all", 2) => (Step::All, 1, false),
        ("all", 3) => (Step::All, 2, false),
        ("exists", 2) => (Step::Exists, 1, false),
        ("exists", 3) => (Step::Exists, 2, false),
        ("exists_one" | "existsOne", 2) => (Step::ExistsOne, 1, false),
        ("existsOne", 3) => (Step::ExistsOne, 2, false),
        ("map", 2) => (Step::Map, 1, false),
        ("map", 3) => (Step::Map, 1, true),
        ("filter", 2) => (Step::Filter, 1, false),
        ("sortBy", 2) => (Step::SortBy, 1, false),
        ("transformList", 3) => (Step::Map, 2, false),
        ("transformList", 4) => (Step::Map, 2, true),
        ("transformMap", 3) => (Step::TransformMap, 2, false),
        ("transformMap", 4) => (Step::TransformMap, 2, true),
        ("transformMapEntry", 3) => (Step::TransformMapEntry, 2, false),
        ("transformMapEntry", 4) => (Step::TransformMapEntry, 2, true),
        _ => return None,
    })
}

fn one_or(mut parts: Vec<Node>, join: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn operator(sign: &str) -> String {
    format!("_{sign}_")
}

fn sign_name(sign: &str) -> String {
    format!("{sign}_")
}

fn call(at: usize, name: String, argument: Node) -> Node {
    Node::new(at, Kind::Call { target: None, name, args: vec![argument] })
}
