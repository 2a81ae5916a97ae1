//! Pipelines, commands and operands.

use crate::builtins;
use crate::lex::{Item, Token};
use crate::strconv;
use crate::tree::{FunctionId, NodeId, NodeKind, Pipe, Span, Variable};
use crate::value::Str;

use super::number;
use super::parser::{Parser, Result, count};

/// Parentheses nest at most this deep, in Go too.
const MAX_PAREN_DEPTH: u32 = 10_000;

impl<'t> Parser<'t> {
    /// Parses declarations and commands up to `end`.
    pub(super) fn pipeline(&mut self, wanted: &str, end: Token) -> Result<NodeId> {
        let start = self.peek_non_space().start;
        let mut pipe = Pipe { declared: Vec::new(), assign: false, commands: 0..0 };
        self.declarations(&mut pipe, wanted)?;
        let mut commands = Vec::new();
        loop {
            let item = self.next_non_space();
            match item.token {
                token if token == end => break,
                Token::Bool
                | Token::CharConstant
                | Token::Complex
                | Token::Dot
                | Token::Field
                | Token::Identifier
                | Token::Number
                | Token::Nil
                | Token::RawString
                | Token::String
                | Token::Variable
                | Token::LeftParen => {
                    self.backup();
                    commands.push(self.command()?);
                }
                _ => return Err(self.unexpected(item, wanted)),
            }
        }
        self.check_commands(&commands, wanted)?;
        pipe.commands = self.add_children(&commands);
        Ok(self.add(start, NodeKind::Pipe(Box::new(pipe))))
    }

    fn declarations(&mut self, pipe: &mut Pipe, wanted: &str) -> Result<()> {
        loop {
            let item = self.peek_non_space();
            if item.token != Token::Variable {
                return Ok(());
            }
            self.next();
            // Blanks are items, so "$x foo" needs three of them to be seen before it
            // is clear that "$x" is an operand; what was read is pushed back then.
            let after = self.peek();
            let next = self.peek_non_space();
            match next.token {
                Token::Assign | Token::Declare => {
                    pipe.assign = next.token == Token::Assign;
                    self.next_non_space();
                    self.declare(pipe, item);
                    return Ok(());
                }
                Token::Char if self.lexer.bytes(next) == b"," => {
                    self.next_non_space();
                    self.declare(pipe, item);
                    if wanted != "range" || pipe.declared.len() >= 2 {
                        return Err(self.wrong(format!("too many declarations in {wanted}")));
                    }
                    let following = self.peek_non_space().token;
                    if !matches!(following, Token::Variable | Token::RightDelim | Token::RightParen) {
                        return Err(self.wrong("range can only initialize variables"));
                    }
                }
                _ if after.token == Token::Space => {
                    self.backup3(item, after);
                    return Ok(());
                }
                _ => {
                    self.backup2(item);
                    return Ok(());
                }
            }
        }
    }

    /// Adds a variable to a pipeline's declarations and to the scope.
    ///
    /// Whether "=" or ":=" follows is not known yet for the first of two, so Go puts
    /// both kinds into the scope; an assigned one only fails when it runs.
    fn declare(&mut self, pipe: &mut Pipe, item: Item) {
        let name = self.variable_number(self.lexer.bytes(item));
        let visible = self.template.scope.iter().rposition(|&variable| variable == name);
        let slot = match visible {
            Some(slot) if pipe.assign => slot,
            _ => {
                self.template.scope.push(name);
                self.template.scope.len() - 1
            }
        };
        pipe.declared.push(Variable { name, slot: count(slot) });
    }

    fn check_commands(&self, commands: &[NodeId], wanted: &str) -> Result<()> {
        if commands.is_empty() {
            return Err(self.wrong(format!("missing value for {wanted}")));
        }
        for (at, &command) in commands.iter().enumerate().skip(1) {
            let NodeKind::Command { args } = self.source.kind(command) else { continue };
            let first = self.source.children(args)[0];
            if let NodeKind::Bool(_)
            | NodeKind::Dot
            | NodeKind::Nil
            | NodeKind::Number { .. }
            | NodeKind::String { .. } = self.source.kind(first)
            {
                return Err(self.wrong(format!("non executable command in pipeline stage {}", at + 1)));
            }
        }
        Ok(())
    }

    /// Parses operands up to a pipe, which it takes, or the end of the pipeline.
    fn command(&mut self) -> Result<NodeId> {
        let start = self.peek_non_space().start;
        let mut args = Vec::new();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                args.push(operand);
            }
            let item = self.next();
            match item.token {
                Token::Space => continue,
                Token::RightDelim | Token::RightParen => self.backup(),
                Token::Pipe => {}
                _ => return Err(self.unexpected(item, "operand")),
            }
            break;
        }
        if args.is_empty() {
            return Err(self.wrong("empty command"));
        }
        let args = self.add_children(&args);
        Ok(self.add(start, NodeKind::Command { args }))
    }

    /// Parses a term and the fields that follow it.
    fn operand(&mut self) -> Result<Option<NodeId>> {
        let Some(term) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.token != Token::Field {
            return Ok(Some(term));
        }
        // Go makes the chain's node at the first field after the term, and gives its
        // position to what comes out: `.Values.a.b` is found at the dot of "a".
        let at = first.start;
        let names_start = self.source.names.len();
        let own = match self.source.kind(term) {
            NodeKind::Field { names } | NodeKind::Variable { names, .. } => names.clone(),
            NodeKind::Bool(_)
            | NodeKind::String { .. }
            | NodeKind::Number { .. }
            | NodeKind::Nil
            | NodeKind::Dot => {
                // The fields are read before the term is refused, and may be wrong themselves.
                while self.peek().token == Token::Field {
                    self.next();
                }
                let text = strconv::quote(self.source.text_of(term).as_bytes());
                return Err(self.wrong(format!("unexpected . after term {text}")));
            }
            _ => 0..0,
        };
        for name in own.start..own.end {
            let name = self.source.names[name as usize].clone();
            self.source.names.push(name);
        }
        while self.peek().token == Token::Field {
            let item = self.next();
            self.add_name(item);
        }
        let names = count(names_start)..count(self.source.names.len());
        let kind = match self.source.kind(term) {
            NodeKind::Field { .. } => NodeKind::Field { names },
            NodeKind::Variable { variable, .. } => NodeKind::Variable { variable: *variable, names },
            _ => NodeKind::Chain { node: term, names },
        };
        Ok(Some(self.add(at, kind)))
    }

    /// Adds the name of a field item, which starts with a dot.
    fn add_name(&mut self, item: Item) {
        let bytes = &self.lexer.bytes(item)[1..];
        let name = self.names.entry(bytes).or_insert_with(|| String::from_utf8_lossy(bytes).into()).clone();
        self.source.names.push(name);
    }

    fn term(&mut self) -> Result<Option<NodeId>> {
        let item = self.next_non_space();
        let bytes = self.lexer.bytes(item);
        let text = || -> Span { count(item.start)..count(item.end) };
        let kind = match item.token {
            Token::Identifier => {
                let function = self.function(bytes)?;
                NodeKind::Identifier { text: text(), function }
            }
            Token::Dot => NodeKind::Dot,
            Token::Nil => NodeKind::Nil,
            Token::Variable => self.variable(bytes)?,
            Token::Field => {
                self.add_name(item);
                let end = count(self.source.names.len());
                NodeKind::Field { names: end - 1..end }
            }
            Token::Bool => NodeKind::Bool(bytes == b"true"),
            Token::CharConstant | Token::Complex | Token::Number => {
                let number = number::read(bytes, item.token).map_err(|message| self.wrong(message))?;
                self.source.numbers.push(number);
                NodeKind::Number { text: text(), number: count(self.source.numbers.len() - 1) }
            }
            Token::LeftParen => return self.parenthesized().map(Some),
            Token::String | Token::RawString => {
                NodeKind::String { text: text(), value: Str::from(self.unquote(item)?) }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(self.add(item.start, kind)))
    }

    fn parenthesized(&mut self) -> Result<NodeId> {
        if self.template.paren_depth >= MAX_PAREN_DEPTH {
            return Err(self.wrong("max expression depth exceeded"));
        }
        self.template.paren_depth += 1;
        let pipe = stacker::maybe_grow(crate::STACK_MARGIN, crate::STACK_STEP, || {
            self.pipeline("parenthesized pipeline", Token::RightParen)
        })?;
        self.template.paren_depth -= 1;
        Ok(pipe)
    }

    fn function(&self, name: &[u8]) -> Result<FunctionId> {
        let text = String::from_utf8_lossy(name);
        if let Some(number) = self.functions.find(&text) {
            return Ok(FunctionId::Table(count(number)));
        }
        builtins::find(&text)
            .ok_or_else(|| self.wrong(format!("function {} not defined", strconv::quote(name))))
    }

    fn variable(&mut self, name: &'t [u8]) -> Result<NodeKind> {
        let number = self.variables.get(name).copied();
        let slot = number.and_then(|number| self.template.scope.iter().rposition(|&name| name == number));
        match (number, slot) {
            (Some(name), Some(slot)) => {
                Ok(NodeKind::Variable { variable: Variable { name, slot: count(slot) }, names: 0..0 })
            }
            _ => Err(self.wrong(format!("undefined variable {}", strconv::quote(name)))),
        }
    }
}
