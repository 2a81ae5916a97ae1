//! From tokens to events: YAML's grammar as libyaml's state machine.
//!
//! The grammar is in the YAML 1.1 specification; what is copied from go-yaml
//! v2.4.3 is where it is lenient and what it says when it is not.

use std::borrow::Cow;

use crate::error::Mark;
use crate::scanner::{Scanner, TagParts, Token, TokenKind};
use crate::{Error, Result};

#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) kind: EventKind<'a>,
    pub(crate) start: Mark,
    pub(crate) end: Mark,
}

#[derive(Debug, PartialEq)]
pub(crate) enum EventKind<'a> {
    StreamEnd,
    /// Tells whether the document starts with `---`.
    DocumentStart {
        explicit: bool,
    },
    DocumentEnd,
    Alias(&'a str),
    Scalar(Properties<'a>, Cow<'a, str>),
    SequenceStart(Properties<'a>),
    SequenceEnd,
    MappingStart(Properties<'a>),
    MappingEnd,
}

/// What stands before a node.
#[derive(Debug, PartialEq, Default)]
pub(crate) struct Properties<'a> {
    pub(crate) anchor: Option<&'a str>,
    /// The full tag, not the `!!` short form.
    pub(crate) tag: Option<Box<str>>,
    /// For scalars: plain without a tag, or the tag `!`.
    pub(crate) implicit: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirst,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequenceEntry,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// Where a node stands, which decides what it may be.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Block,
    /// A mapping's key or value: its sequence need not be indented.
    BlockOrIndentless,
    Flow,
}

#[derive(Debug)]
pub(crate) struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    states: Vec<State>,
    tag_directives: Vec<TagParts>,
}

impl<'a> Parser<'a> {
    /// Reads text, which must be one that `u32` offsets can point into.
    pub(crate) fn new(text: &'a str, bad: Option<Error>) -> Result<Self> {
        const LIMIT: usize = u32::MAX as usize - 16;
        if text.len() > LIMIT {
            return Err(Error::yaml("document is too large"));
        }
        Ok(Self {
            scanner: Scanner::new(text, bad),
            state: State::ImplicitDocumentStart,
            states: Vec::with_capacity(16),
            tag_directives: Vec::new(),
        })
    }

    pub(crate) fn next(&mut self) -> Result<Event<'a>> {
        match self.state {
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(Place::Block),
            State::BlockSequenceFirst => {
                self.scanner.take()?;
                self.block_sequence_entry()
            }
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirst => {
                self.scanner.take()?;
                self.block_mapping_key()
            }
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => {
                self.scanner.take()?;
                self.flow_sequence_entry(true)
            }
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => self.flow_pair_end(),
            State::FlowMappingFirst => {
                self.scanner.take()?;
                self.flow_mapping_key(true)
            }
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                let mark = self.scanner.peek()?.start;
                self.state = State::FlowMappingKey;
                Ok(empty_scalar(mark))
            }
            State::End => {
                let token = self.scanner.take()?;
                Ok(event(EventKind::StreamEnd, &token))
            }
        }
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn document_start(&mut self, implicit: bool) -> Result<Event<'a>> {
        if !implicit {
            while self.scanner.peek()?.kind == TokenKind::DocumentEnd {
                self.scanner.take()?;
            }
        }
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        match token.kind {
            TokenKind::StreamEnd => {
                self.state = State::End;
                return Ok(Event { kind: EventKind::StreamEnd, start, end });
            }
            TokenKind::VersionDirective(..) | TokenKind::TagDirective(_) | TokenKind::DocumentStart => {}
            _ if implicit => {
                self.add_default_tag_directives();
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                return Ok(Event { kind: EventKind::DocumentStart { explicit: false }, start, end });
            }
            _ => {}
        }
        self.directives()?;
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::DocumentStart {
            return Err(Error::parser("did not find expected <document start>", token.start));
        }
        let end = self.scanner.take()?.end;
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(Event { kind: EventKind::DocumentStart { explicit: true }, start, end })
    }

    fn directives(&mut self) -> Result<()> {
        let mut has_version = false;
        loop {
            let token = self.scanner.peek()?;
            let start = token.start;
            match token.kind {
                TokenKind::VersionDirective(..) if has_version => {
                    return Err(Error::parser("found duplicate %YAML directive", start));
                }
                TokenKind::VersionDirective(1, 1) => has_version = true,
                TokenKind::VersionDirective(..) => {
                    return Err(Error::parser("found incompatible YAML document", start));
                }
                TokenKind::TagDirective(_) => {}
                _ => break,
            }
            if let TokenKind::TagDirective(parts) = self.scanner.take()?.kind {
                if self.tag_directives.iter().any(|known| known.handle == parts.handle) {
                    return Err(Error::parser("found duplicate %TAG directive", start));
                }
                self.tag_directives.push(*parts);
            }
        }
        self.add_default_tag_directives();
        Ok(())
    }

    fn add_default_tag_directives(&mut self) {
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|known| known.handle == handle) {
                self.tag_directives.push(TagParts { handle: handle.into(), rest: prefix.into() });
            }
        }
    }

    fn document_content(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::VersionDirective(..)
            | TokenKind::TagDirective(_)
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let mark = token.start;
                self.pop_state();
                Ok(empty_scalar(mark))
            }
            _ => self.node(Place::Block),
        }
    }

    fn document_end(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        let (start, mut end) = (token.start, token.start);
        if token.kind == TokenKind::DocumentEnd {
            end = self.scanner.take()?.end;
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        Ok(Event { kind: EventKind::DocumentEnd, start, end })
    }

    fn node(&mut self, place: Place) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        let (start, mut end) = (token.start, token.start);
        if let TokenKind::Alias(name) = token.kind {
            self.pop_state();
            let token = self.scanner.take()?;
            return Ok(event(EventKind::Alias(name), &token));
        }
        let properties = match token.kind {
            TokenKind::Anchor(_) | TokenKind::Tag(_) => {
                let (properties, last) = self.properties(start)?;
                end = last;
                properties
            }
            _ => Properties { implicit: true, ..Properties::default() },
        };
        self.node_content(place, properties, start, end)
    }

    /// Takes an anchor, a tag, or both in either order.
    fn properties(&mut self, start: Mark) -> Result<(Properties<'a>, Mark)> {
        let mut anchor = None;
        let mut tag_token: Option<(Box<TagParts>, Mark)> = None;
        let mut end = start;
        for _ in 0..2 {
            match self.scanner.peek()?.kind {
                TokenKind::Anchor(_) if anchor.is_none() => {}
                TokenKind::Tag(_) if tag_token.is_none() => {}
                _ => break,
            }
            let token = self.scanner.take()?;
            end = token.end;
            match token.kind {
                TokenKind::Tag(parts) => tag_token = Some((parts, token.start)),
                TokenKind::Anchor(name) => anchor = Some(name),
                _ => {}
            }
        }
        self.scanner.peek()?;
        let tag = match tag_token {
            None => None,
            Some((parts, mark)) => Some(self.resolve_tag(*parts, mark)?),
        };
        let implicit = tag.is_none();
        Ok((Properties { anchor, tag, implicit }, end))
    }

    fn resolve_tag(&self, parts: TagParts, mark: Mark) -> Result<Box<str>> {
        if parts.handle.is_empty() {
            return Ok(parts.rest.into());
        }
        match self.tag_directives.iter().find(|known| known.handle == parts.handle) {
            Some(known) => Ok(format!("{}{}", known.rest, parts.rest).into()),
            None => Err(Error::parser("found undefined tag handle", mark)),
        }
    }

    fn node_content(
        &mut self,
        place: Place,
        mut properties: Properties<'a>,
        start: Mark,
        end: Mark,
    ) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        let token_end = token.end;
        let mut open = |state, kind: fn(Properties<'a>) -> EventKind<'a>, properties| {
            self.state = state;
            Ok(Event { kind: kind(properties), start, end: token_end })
        };
        match token.kind {
            TokenKind::BlockEntry if place == Place::BlockOrIndentless => {
                open(State::IndentlessSequenceEntry, EventKind::SequenceStart, properties)
            }
            TokenKind::Scalar(_, plain) => {
                self.pop_state();
                properties.implicit = match properties.tag.as_deref() {
                    None => plain,
                    Some(tag) => tag == "!",
                };
                match self.scanner.take()?.kind {
                    TokenKind::Scalar(value, _) => {
                        Ok(Event { kind: EventKind::Scalar(properties, value), start, end: token_end })
                    }
                    _ => Ok(empty_scalar(start)),
                }
            }
            TokenKind::FlowSequenceStart => {
                open(State::FlowSequenceFirst, EventKind::SequenceStart, properties)
            }
            TokenKind::FlowMappingStart => open(State::FlowMappingFirst, EventKind::MappingStart, properties),
            TokenKind::BlockSequenceStart if place != Place::Flow => {
                open(State::BlockSequenceFirst, EventKind::SequenceStart, properties)
            }
            TokenKind::BlockMappingStart if place != Place::Flow => {
                open(State::BlockMappingFirst, EventKind::MappingStart, properties)
            }
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                self.pop_state();
                Ok(Event { kind: EventKind::Scalar(properties, Cow::Borrowed("")), start, end })
            }
            _ => Err(Error::parser("did not find expected node content", token.start)),
        }
    }

    fn block_sequence_entry(&mut self) -> Result<Event<'a>> {
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry => {
                let mark = self.scanner.take()?.end;
                match self.scanner.peek()?.kind {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => {
                        self.state = State::BlockSequenceEntry;
                        Ok(empty_scalar(mark))
                    }
                    _ => {
                        self.states.push(State::BlockSequenceEntry);
                        self.node(Place::Block)
                    }
                }
            }
            TokenKind::BlockEnd => self.close(EventKind::SequenceEnd),
            _ => self.unexpected("did not find expected '-' indicator"),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::BlockEntry {
            let mark = token.start;
            self.pop_state();
            return Ok(Event { kind: EventKind::SequenceEnd, start: mark, end: mark });
        }
        let mark = self.scanner.take()?.end;
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.state = State::IndentlessSequenceEntry;
                Ok(empty_scalar(mark))
            }
            _ => {
                self.states.push(State::IndentlessSequenceEntry);
                self.node(Place::Block)
            }
        }
    }

    fn block_mapping_key(&mut self) -> Result<Event<'a>> {
        match self.scanner.peek()?.kind {
            TokenKind::Key => {
                let mark = self.scanner.take()?.end;
                self.block_mapping_node(mark, State::BlockMappingValue)
            }
            TokenKind::BlockEnd => self.close(EventKind::MappingEnd),
            _ => self.unexpected("did not find expected key"),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::Value {
            let mark = token.start;
            self.state = State::BlockMappingKey;
            return Ok(empty_scalar(mark));
        }
        let mark = self.scanner.take()?.end;
        self.block_mapping_node(mark, State::BlockMappingKey)
    }

    /// The node behind a key or value indicator that ends at `mark`, or nothing.
    fn block_mapping_node(&mut self, mark: Mark, then: State) -> Result<Event<'a>> {
        match self.scanner.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.state = then;
                Ok(empty_scalar(mark))
            }
            _ => {
                self.states.push(then);
                self.node(Place::BlockOrIndentless)
            }
        }
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Result<Event<'a>> {
        if !first && !self.flow_separator(&TokenKind::FlowSequenceEnd)? {
            return self.unexpected("did not find expected ',' or ']'");
        }
        match self.scanner.peek()?.kind {
            TokenKind::Key => {
                let token = self.scanner.take()?;
                self.state = State::FlowPairKey;
                let properties = Properties { implicit: true, ..Properties::default() };
                Ok(event(EventKind::MappingStart(properties), &token))
            }
            TokenKind::FlowSequenceEnd => self.close(EventKind::SequenceEnd),
            _ => {
                self.states.push(State::FlowSequenceEntry);
                self.node(Place::Flow)
            }
        }
    }

    /// Takes the comma between two entries. False if neither it nor the end is there.
    fn flow_separator(&mut self, end: &TokenKind<'static>) -> Result<bool> {
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::FlowEntry {
            self.scanner.take()?;
            return Ok(true);
        }
        Ok(token.kind == *end)
    }

    fn flow_pair_key(&mut self) -> Result<Event<'a>> {
        match self.scanner.peek()?.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // go-yaml drops this token, so `[? : x]` is not what it seems.
                let mark = self.scanner.take()?.end;
                self.state = State::FlowPairValue;
                Ok(empty_scalar(mark))
            }
            _ => {
                self.states.push(State::FlowPairValue);
                self.node(Place::Flow)
            }
        }
    }

    fn flow_pair_value(&mut self) -> Result<Event<'a>> {
        let mut mark = self.scanner.peek()?.start;
        if self.scanner.peek()?.kind == TokenKind::Value {
            mark = self.scanner.take()?.start;
            if !matches!(self.scanner.peek()?.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::FlowPairEnd);
                return self.node(Place::Flow);
            }
        }
        self.state = State::FlowPairEnd;
        Ok(empty_scalar(mark))
    }

    fn flow_pair_end(&mut self) -> Result<Event<'a>> {
        let mark = self.scanner.peek()?.start;
        self.state = State::FlowSequenceEntry;
        Ok(Event { kind: EventKind::MappingEnd, start: mark, end: mark })
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<Event<'a>> {
        if !first && !self.flow_separator(&TokenKind::FlowMappingEnd)? {
            return self.unexpected("did not find expected ',' or '}'");
        }
        match self.scanner.peek()?.kind {
            TokenKind::Key => {
                self.scanner.take()?;
                self.flow_mapping_node(State::FlowMappingValue, true)
            }
            TokenKind::FlowMappingEnd => self.close(EventKind::MappingEnd),
            _ => {
                self.states.push(State::FlowMappingEmptyValue);
                self.node(Place::Flow)
            }
        }
    }

    fn flow_mapping_value(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::Value {
            self.scanner.take()?;
            return self.flow_mapping_node(State::FlowMappingKey, false);
        }
        let mark = token.start;
        self.state = State::FlowMappingKey;
        Ok(empty_scalar(mark))
    }

    /// The node behind a key or value indicator, or nothing.
    fn flow_mapping_node(&mut self, then: State, is_key: bool) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        let mark = token.start;
        let is_empty = match token.kind {
            TokenKind::FlowEntry | TokenKind::FlowMappingEnd => true,
            TokenKind::Value => is_key,
            _ => false,
        };
        if is_empty {
            self.state = then;
            return Ok(empty_scalar(mark));
        }
        self.states.push(then);
        self.node(Place::Flow)
    }

    /// Takes the token that ends a collection.
    fn close(&mut self, kind: EventKind<'a>) -> Result<Event<'a>> {
        self.pop_state();
        let token = self.scanner.take()?;
        Ok(event(kind, &token))
    }

    fn unexpected(&mut self, problem: &'static str) -> Result<Event<'a>> {
        Err(Error::parser(problem, self.scanner.peek()?.start))
    }
}

fn event<'a>(kind: EventKind<'a>, token: &Token<'_>) -> Event<'a> {
    Event { kind, start: token.start, end: token.end }
}

fn empty_scalar<'a>(mark: Mark) -> Event<'a> {
    let properties = Properties { implicit: true, ..Properties::default() };
    Event { kind: EventKind::Scalar(properties, Cow::Borrowed("")), start: mark, end: mark }
}
