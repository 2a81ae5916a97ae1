//! Text, control structures and defines.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use crate::function::Functions;
use crate::lex::{Item, Keyword, Lexer, Token};
use crate::strconv;
use crate::tree::{Branch, BranchKind, Node, NodeId, NodeKind, Source, Span, TemplateCall, Tree};
use crate::value::Str;

/// What is wrong with a text, and on which line.
pub(super) struct Wrong {
    pub(super) line: u32,
    /// Where the item starts at which it was noticed.
    pub(super) at: usize,
    pub(super) message: String,
    /// The line of the action that it is in, where Go names that too. The rest of
    /// that remark is the text's name, which the parser does not know.
    pub(super) started: Option<u32>,
}

/// Keeps every position and number of a node within 32 bits.
const MAX_TEXT: usize = 1 << 30;

pub(super) type Result<T> = std::result::Result<T, Wrong>;

/// The parser of one text.
pub(super) struct Parser<'t> {
    pub(super) lexer: Lexer<'t>,
    pub(super) functions: &'t Functions,
    pub(super) source: Source,
    pub(super) names: HashMap<&'t [u8], Arc<str>>,
    pub(super) variables: HashMap<&'t [u8], u32>,
    pub(super) template: Template,
    /// Which define has which name; the text itself has none yet.
    defined: HashMap<Str, usize>,
}

/// The state of the template that is being parsed. A define starts a fresh one in
/// the middle of the text, its look-ahead included.
pub(super) struct Template {
    items: [Item; 3],
    peeked: usize,
    /// The variables in scope, by their number in the source.
    pub(super) scope: Vec<u32>,
    action_line: u32,
    range_depth: u32,
    pub(super) paren_depth: u32,
}

/// What ended a list of nodes.
enum Ending {
    End,
    Else,
}

impl Ending {
    fn text(&self) -> &'static str {
        match self {
            Ending::End => "{{end}}",
            Ending::Else => "{{else}}",
        }
    }
}

/// A node, or the end of a list of nodes.
enum Step {
    Node(NodeId),
    Ending(Ending),
}

/// Parses a text under no name.
pub(super) fn parse(text: &Str, functions: &Functions) -> Result<Source> {
    let mut parser = Parser {
        lexer: Lexer::new(text.as_bytes()),
        functions,
        source: Source {
            text: text.clone(),
            nodes: Vec::new(),
            children: Vec::new(),
            names: Vec::new(),
            variables: Vec::new(),
            numbers: Vec::new(),
            trees: vec![Tree { name: Str::from(""), body: 0..0, empty: true }],
            last_line: 1,
        },
        names: HashMap::new(),
        variables: HashMap::new(),
        template: Template::new(),
        defined: HashMap::new(),
    };
    if text.len() > MAX_TEXT {
        return Err(parser.wrong("text is longer than 1 GiB"));
    }
    // The root variable has number 0 in every text, and slot 0 in every frame.
    parser.variable_number(b"$");
    let nodes = parser.text()?;
    let body = parser.add_children(&nodes);
    let empty = parser.is_blank(&body);
    parser.source.trees[0] = Tree { name: Str::from(""), body, empty };
    parser.source.last_line = parser.template.items[0].line;
    Ok(parser.source)
}

impl Template {
    fn new() -> Self {
        Template {
            items: [Item::NONE; 3],
            peeked: 0,
            scope: vec![0],
            action_line: 0,
            range_depth: 0,
            paren_depth: 0,
        }
    }
}

impl<'t> Parser<'t> {
    // Looking at items. Go shows the line of the last item read, whichever was peeked,
    // so the buffer is kept in its order.

    fn read(&mut self) -> Item {
        let item = self.lexer.next();
        let name = match item.token {
            Token::Keyword(Keyword::Break) => "break",
            Token::Keyword(Keyword::Continue) => "continue",
            _ => return item,
        };
        // These came late to Go; a function of that name still counts.
        if self.functions.find(name).is_some() { Item { token: Token::Identifier, ..item } } else { item }
    }

    pub(super) fn next(&mut self) -> Item {
        if self.template.peeked > 0 {
            self.template.peeked -= 1;
        } else {
            self.template.items[0] = self.read();
        }
        self.template.items[self.template.peeked]
    }

    pub(super) fn backup(&mut self) {
        self.template.peeked += 1;
    }

    pub(super) fn backup2(&mut self, first: Item) {
        self.template.items[1] = first;
        self.template.peeked = 2;
    }

    pub(super) fn backup3(&mut self, first: Item, second: Item) {
        self.template.items[1] = second;
        self.template.items[2] = first;
        self.template.peeked = 3;
    }

    pub(super) fn peek(&mut self) -> Item {
        if self.template.peeked == 0 {
            self.template.peeked = 1;
            self.template.items[0] = self.read();
        }
        self.template.items[self.template.peeked - 1]
    }

    pub(super) fn next_non_space(&mut self) -> Item {
        loop {
            let item = self.next();
            if item.token != Token::Space {
                return item;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Item {
        let item = self.next_non_space();
        self.backup();
        item
    }

    pub(super) fn expect(&mut self, token: Token, wanted: &str) -> Result<Item> {
        let item = self.next_non_space();
        if item.token == token { Ok(item) } else { Err(self.unexpected(item, wanted)) }
    }

    // Errors.

    pub(super) fn wrong(&self, message: impl Into<String>) -> Wrong {
        let item = self.template.items[0];
        Wrong { line: item.line, at: item.start, message: message.into(), started: None }
    }

    pub(super) fn unexpected(&self, item: Item, wanted: &str) -> Wrong {
        if item.token != Token::Error {
            return self.wrong(format!("unexpected {} in {wanted}", self.describe(item)));
        }
        let error = &self.lexer.error;
        let started = self.template.action_line;
        if started == 0 || started == item.line {
            return self.wrong(error.as_str());
        }
        let action = if error.ends_with(" action") { "" } else { " in action" };
        Wrong { started: Some(started), ..self.wrong(format!("{error}{action}")) }
    }

    /// Returns an item as Go's messages show it.
    fn describe(&self, item: Item) -> String {
        let text = self.lexer.bytes(item);
        match item.token {
            Token::Eof => "EOF".to_owned(),
            Token::Keyword(_) | Token::Dot | Token::Nil => format!("<{}>", String::from_utf8_lossy(text)),
            _ if text.len() > 10 => {
                let mut cut = 0;
                for _ in 0..10 {
                    cut += strconv::decode_rune(&text[cut..]).map_or(1, |(_, length)| length);
                    if cut >= text.len() {
                        break;
                    }
                }
                format!("{}...", strconv::quote(&text[..cut]))
            }
            _ => strconv::quote(text),
        }
    }

    // Building.

    pub(super) fn add(&mut self, at: usize, kind: NodeKind) -> NodeId {
        let id = count(self.source.nodes.len());
        self.source.nodes.push(Node { at: count(at), kind });
        id
    }

    pub(super) fn add_children(&mut self, nodes: &[NodeId]) -> Span {
        let start = count(self.source.children.len());
        self.source.children.extend_from_slice(nodes);
        start..count(self.source.children.len())
    }

    /// Returns the number of a variable's name.
    pub(super) fn variable_number(&mut self, name: &'t [u8]) -> u32 {
        if let Some(&number) = self.variables.get(name) {
            return number;
        }
        let number = count(self.source.variables.len());
        self.source.variables.push(String::from_utf8_lossy(name).into());
        self.variables.insert(name, number);
        number
    }

    // Text and actions.

    /// Parses the whole text: what is outside of any action, and defines.
    fn text(&mut self) -> Result<Vec<NodeId>> {
        let mut nodes = Vec::new();
        while self.peek().token != Token::Eof {
            if self.peek().token == Token::LeftDelim {
                let delim = self.next();
                if self.next_non_space().token == Token::Keyword(Keyword::Define) {
                    self.fresh_template(Self::definition)?;
                    continue;
                }
                self.backup2(delim);
            }
            match self.text_or_action()? {
                Step::Node(node) => nodes.push(node),
                Step::Ending(ending) => return Err(self.wrong(format!("unexpected {}", ending.text()))),
            }
        }
        Ok(nodes)
    }

    /// Parses a define or a block with state of its own.
    fn fresh_template(&mut self, parse: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let outer = std::mem::replace(&mut self.template, Template::new());
        parse(self)?;
        self.template = outer;
        Ok(())
    }

    fn definition(&mut self) -> Result<()> {
        const WANTED: &str = "define clause";
        let item = self.next_non_space();
        let name = self.template_name(item, WANTED)?;
        self.expect(Token::RightDelim, WANTED)?;
        self.defined_body(name, WANTED)
    }

    fn defined_body(&mut self, name: Str, wanted: &str) -> Result<()> {
        let (body, ending) = self.list()?;
        if let Ending::Else = ending {
            return Err(self.wrong(format!("unexpected {} in {wanted}", ending.text())));
        }
        let empty = self.is_blank(&body);
        let tree = Tree { name: name.clone(), body, empty };
        match self.defined.get(&name) {
            None => {
                self.defined.insert(name, self.source.trees.len());
                self.source.trees.push(tree);
            }
            Some(&at) if self.source.trees[at].empty => self.source.trees[at] = tree,
            Some(_) if empty => {}
            Some(_) => {
                let quoted = strconv::quote(name.as_bytes());
                return Err(self.wrong(format!("template: multiple definition of template {quoted}")));
            }
        }
        Ok(())
    }

    /// Returns whether there is nothing but blanks: such a tree replaces no other.
    fn is_blank(&self, body: &Span) -> bool {
        self.source.children(body).iter().all(|&node| match self.source.kind(node) {
            NodeKind::Text(text) => {
                String::from_utf8_lossy(self.source.bytes(text)).chars().all(char::is_whitespace)
            }
            _ => false,
        })
    }

    /// Parses up to an end or an else.
    fn list(&mut self) -> Result<(Span, Ending)> {
        let mut nodes = Vec::new();
        while self.peek_non_space().token != Token::Eof {
            match self.text_or_action()? {
                Step::Node(node) => nodes.push(node),
                Step::Ending(ending) => return Ok((self.add_children(&nodes), ending)),
            }
        }
        Err(self.wrong("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Result<Step> {
        let item = self.next_non_space();
        match item.token {
            Token::Text => {
                let text = count(item.start)..count(item.end);
                Ok(Step::Node(self.add(item.start, NodeKind::Text(text))))
            }
            Token::LeftDelim => {
                self.template.action_line = item.line;
                let step = stacker::maybe_grow(crate::STACK_MARGIN, crate::STACK_STEP, || self.action())?;
                self.template.action_line = 0;
                Ok(step)
            }
            _ => Err(self.unexpected(item, "input")),
        }
    }

    fn action(&mut self) -> Result<Step> {
        let item = self.next_non_space();
        if let Token::Keyword(keyword) = item.token {
            let node = match keyword {
                Keyword::Block => self.block()?,
                Keyword::Break => self.leave_loop(item, "{{break}}", NodeKind::Break)?,
                Keyword::Continue => self.leave_loop(item, "{{continue}}", NodeKind::Continue)?,
                Keyword::Else => return self.else_action(),
                Keyword::End => {
                    self.expect(Token::RightDelim, "end")?;
                    return Ok(Step::Ending(Ending::End));
                }
                Keyword::If => self.branch(BranchKind::If)?,
                Keyword::Range => self.branch(BranchKind::Range)?,
                Keyword::Template => self.template_call()?,
                Keyword::With => self.branch(BranchKind::With)?,
                Keyword::Define => return Err(self.unexpected(item, "command")),
            };
            return Ok(Step::Node(node));
        }
        self.backup();
        let start = self.peek().start;
        // Variables declared here last until the next end.
        let pipe = self.pipeline("command", Token::RightDelim)?;
        Ok(Step::Node(self.add(start, NodeKind::Action { pipe })))
    }

    fn leave_loop(&mut self, item: Item, action: &str, kind: NodeKind) -> Result<NodeId> {
        let close = self.next_non_space();
        if close.token != Token::RightDelim {
            return Err(self.unexpected(close, action));
        }
        if self.template.range_depth == 0 {
            return Err(self.wrong(format!("{action} outside {{{{range}}}}")));
        }
        Ok(self.add(item.start, kind))
    }

    fn else_action(&mut self) -> Result<Step> {
        // In "else if" and "else with" the second word stays, as an action to come.
        let next = self.peek_non_space().token;
        if !matches!(next, Token::Keyword(Keyword::If | Keyword::With)) {
            self.expect(Token::RightDelim, "else")?;
        }
        Ok(Step::Ending(Ending::Else))
    }

    fn branch(&mut self, kind: BranchKind) -> Result<NodeId> {
        let (name, keyword) = match kind {
            BranchKind::If => ("if", Some(Keyword::If)),
            BranchKind::With => ("with", Some(Keyword::With)),
            BranchKind::Range => ("range", None),
        };
        let variables = self.template.scope.len();
        let pipe = self.pipeline(name, Token::RightDelim)?;
        self.template.range_depth += u32::from(kind == BranchKind::Range);
        let (body, ending) = self.list()?;
        self.template.range_depth -= u32::from(kind == BranchKind::Range);
        let otherwise = match ending {
            Ending::End => None,
            Ending::Else if keyword.is_some_and(|word| self.peek().token == Token::Keyword(word)) => {
                // The end of the inner one ends both, however long the chain is.
                self.next();
                let inner =
                    stacker::maybe_grow(crate::STACK_MARGIN, crate::STACK_STEP, || self.branch(kind))?;
                Some(self.add_children(&[inner]))
            }
            Ending::Else => {
                let (otherwise, ending) = self.list()?;
                if let Ending::Else = ending {
                    return Err(self.wrong(format!("expected end; found {}", ending.text())));
                }
                Some(otherwise)
            }
        };
        self.template.scope.truncate(variables);
        let start = self.source.node(pipe).at as usize;
        Ok(self.add(start, NodeKind::Branch(Box::new(Branch { kind, pipe, body, otherwise }))))
    }

    fn block(&mut self) -> Result<NodeId> {
        const WANTED: &str = "block clause";
        let item = self.next_non_space();
        let name = self.template_name(item, WANTED)?;
        let pipe = self.pipeline(WANTED, Token::RightDelim)?;
        let block = name.clone();
        self.fresh_template(|parser| parser.defined_body(block, WANTED))?;
        Ok(self.add(item.start, NodeKind::Template(Box::new(TemplateCall { name, pipe: Some(pipe) }))))
    }

    fn template_call(&mut self) -> Result<NodeId> {
        const WANTED: &str = "template clause";
        let item = self.next_non_space();
        let name = self.template_name(item, WANTED)?;
        let mut pipe = None;
        if self.next_non_space().token != Token::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(WANTED, Token::RightDelim)?);
        }
        Ok(self.add(item.start, NodeKind::Template(Box::new(TemplateCall { name, pipe }))))
    }

    fn template_name(&mut self, item: Item, wanted: &str) -> Result<Str> {
        match item.token {
            Token::String | Token::RawString => Ok(Str::from(self.unquote(item)?)),
            _ => Err(self.unexpected(item, wanted)),
        }
    }

    pub(super) fn unquote(&self, item: Item) -> Result<Vec<u8>> {
        strconv::unquote(self.lexer.bytes(item)).map_err(|err| self.wrong(err.to_string()))
    }
}

/// Returns a length or position as the arena stores it.
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).expect("a text has less than 4 GiB, and fewer nodes than bytes")
}
