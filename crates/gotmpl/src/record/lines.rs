//! From a line of output back to the nodes that wrote it.
//!
//! Every write is a piece: where it begins, and the node it is of. What a function
//! such as `include` ran has pieces of its own; its text reaches the output by way
//! of other functions (`nindent`, `trim`) as a value. So the lines of a printed
//! value are looked up among the texts that were made before it: a line that is
//! the same but for blanks around it came from there.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::error::Position;
use crate::templates::Entry;
use crate::tree::NodeId;
use crate::value::Str;

/// Records which node wrote what, in the executions of some templates.
#[derive(Debug)]
pub struct Lines {
    /// The templates whose executions are recorded; none for all.
    templates: Option<Vec<Str>>,
    log: RefCell<Log>,
}

/// A node that took part in writing a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Where it is; for text, the very line of it.
    pub position: Position,
    /// The template that it is part of.
    pub template: Str,
    /// The node as Go writes it; none for text.
    pub node: Option<String>,
    /// The parts of [`Reads`](crate::Reads) that were read for it, if that was recorded in order.
    pub reads: Vec<Range<usize>>,
    /// Why it was reached: the pipelines of the `if`, `with` and `range` around it, the innermost first.
    pub because: Vec<Origin>,
}

/// How far recorders were when a node began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    pub(crate) reads: usize,
    /// How many executions had ended inside the one that the node is part of.
    pub(crate) runs: usize,
}

#[derive(Debug, Default)]
struct Log {
    /// The executions that are running, the innermost last.
    running: Vec<Run>,
    /// How many executions of other templates are running.
    others: usize,
    /// The last one of each template that no other one ran.
    finished: Vec<Run>,
}

/// One execution: its output, the pieces of that, and the executions inside it.
#[derive(Debug)]
struct Run {
    template: Str,
    text: Vec<u8>,
    pieces: Vec<Piece>,
    inside: Vec<Run>,
    caller: Option<Rc<Caller>>,
    body: Option<Rc<Body>>,
    /// What was read meanwhile.
    reads: Range<usize>,
}

/// What one node wrote in one go; it ends where the next piece begins.
#[derive(Debug)]
struct Piece {
    start: usize,
    place: Place,
    /// The calls by `template` that led here.
    caller: Option<Rc<Caller>>,
    /// The bodies that it is in.
    body: Option<Rc<Body>>,
    /// The executions inside that ended while it was made.
    inside: Range<usize>,
    /// What was read to make it.
    reads: Range<usize>,
}

#[derive(Debug)]
struct Place {
    entry: Arc<Entry>,
    node: NodeId,
    /// The byte of the source that the piece begins with, for text.
    text: Option<u32>,
}

#[derive(Debug)]
struct Caller {
    place: Place,
    body: Option<Rc<Body>>,
    reads: Range<usize>,
    outer: Option<Rc<Caller>>,
}

/// The body of an `if`, `with` or `range`, and the pipeline that it depends on.
#[derive(Debug)]
struct Body {
    place: Place,
    reads: Range<usize>,
    outer: Option<Rc<Body>>,
}

impl Lines {
    /// Returns a recorder of the executions of those templates, with all that they execute.
    pub fn of<T: Into<Str>>(templates: impl IntoIterator<Item = T>) -> Self {
        Lines { templates: Some(templates.into_iter().map(Into::into).collect()), log: RefCell::default() }
    }

    /// Returns a recorder of all executions.
    pub fn of_all() -> Self {
        Lines { templates: None, log: RefCell::default() }
    }

    /// Returns the trail of a line that tells most, with what was read for all of its pieces; empty if it is not known.
    pub fn trail(&self, template: &str, line: usize) -> Vec<Origin> {
        main_trail(self.trails(template, line))
    }

    /// Returns what wrote a line (from 1) of the output of one of them: for each piece of the line the node that made it, then
    /// those that called it, up to the template itself.
    ///
    /// Blanks at the start of the line count only if there is nothing else.
    pub fn trails(&self, template: &str, line: usize) -> Vec<Vec<Origin>> {
        let log = self.log.borrow();
        let run = log.finished.iter().find(|run| run.template.as_bytes() == template.as_bytes());
        run.map_or_else(Vec::new, |run| run.trails(line))
    }

    /// Returns how many executions have ended inside the one that is running.
    pub(crate) fn runs(&self) -> usize {
        self.log.borrow().running.last().map_or(0, |run| run.inside.len())
    }

    pub(crate) fn begin(&self, entry: &Arc<Entry>, reads: usize) {
        let mut log = self.log.borrow_mut();
        if log.running.is_empty()
            && (log.others > 0
                || self.templates.as_ref().is_some_and(|templates| !templates.contains(&entry.name)))
        {
            log.others += 1;
            return;
        }
        log.running.push(Run {
            template: entry.name.clone(),
            text: Vec::new(),
            pieces: Vec::new(),
            inside: Vec::new(),
            caller: None,
            body: None,
            reads: reads..reads,
        });
    }

    pub(crate) fn end(&self, written: &[u8], reads: usize) {
        let mut log = self.log.borrow_mut();
        let Some(mut run) = log.running.pop() else {
            log.others = log.others.saturating_sub(1);
            return;
        };
        written.clone_into(&mut run.text);
        run.reads.end = reads;
        match log.running.last_mut() {
            Some(outer) => outer.inside.push(run),
            None => {
                log.finished.retain(|earlier| earlier.template != run.template);
                log.finished.push(run);
            }
        }
    }

    /// Records that a node is about to write where the output has come to.
    pub(crate) fn write(
        &self,
        start: usize,
        (entry, node): (&Arc<Entry>, NodeId),
        text: Option<u32>,
        (begun, reads): (Begun, usize),
    ) {
        let mut log = self.log.borrow_mut();
        let Some(run) = log.running.last_mut() else { return };
        let place = Place { entry: Arc::clone(entry), node, text };
        let (caller, body) = (run.caller.clone(), run.body.clone());
        let inside = begun.runs..run.inside.len();
        run.pieces.push(Piece { start, place, caller, body, inside, reads: begun.reads..reads });
    }

    /// Records that a node calls a template that writes into the same output.
    pub(crate) fn call(&self, entry: &Arc<Entry>, node: NodeId, reads: Range<usize>) {
        let mut log = self.log.borrow_mut();
        let Some(run) = log.running.last_mut() else { return };
        let place = Place { entry: Arc::clone(entry), node, text: None };
        // What is around the call is around what it calls, and is told with it.
        let body = run.body.take();
        run.caller = Some(Rc::new(Caller { place, body, reads, outer: run.caller.take() }));
    }

    /// Records that the template called last has ended.
    pub(crate) fn return_from_call(&self) {
        let mut log = self.log.borrow_mut();
        let Some(run) = log.running.last_mut() else { return };
        let caller = run.caller.take();
        run.body = caller.as_ref().and_then(|caller| caller.body.clone());
        run.caller = caller.and_then(|caller| caller.outer.as_ref().map(Rc::clone));
    }

    /// Records that a body begins, because of what was read for a pipeline.
    pub(crate) fn open(&self, entry: &Arc<Entry>, pipe: NodeId, reads: Range<usize>) {
        let mut log = self.log.borrow_mut();
        let Some(run) = log.running.last_mut() else { return };
        let place = Place { entry: Arc::clone(entry), node: pipe, text: None };
        run.body = Some(Rc::new(Body { place, reads, outer: run.body.take() }));
    }

    /// Records that the body ends that began last.
    pub(crate) fn close(&self) {
        let mut log = self.log.borrow_mut();
        let Some(run) = log.running.last_mut() else { return };
        run.body = run.body.take().and_then(|body| body.outer.as_ref().map(Rc::clone));
    }
}

impl Run {
    fn trails(&self, line: usize) -> Vec<Vec<Origin>> {
        let Some((start, content)) = nth_line(&self.text, line) else { return Vec::new() };
        let blanks = content.len() - content.trim_ascii_start().len();
        let (from, to) = (start + blanks, start + content.trim_ascii_end().len());
        let to = to.max(from + 1);
        let ends = self.pieces.iter().skip(1).map(|piece| piece.start).chain([self.text.len()]);
        let mut trails = Vec::new();
        for (piece, end) in self.pieces.iter().zip(ends) {
            let part = piece.start.max(from)..end.min(to);
            if !part.is_empty() {
                trails.push(self.trail(piece, part, end));
            }
        }
        trails
    }

    /// Returns where a part of a line came from that a piece wrote.
    fn trail(&self, piece: &Piece, part: std::ops::Range<usize>, end: usize) -> Vec<Origin> {
        let mut trail = Vec::new();
        let mut reads = vec![piece.reads.clone()];
        if piece.place.text.is_none() {
            let before = &self.text[piece.start..part.start];
            let wanted = line_part(&self.text[..end], part.start);
            let same = before.split(|byte| *byte == b'\n').filter(|line| line.trim_ascii() == wanted).count();
            // What was made before can be in a variable.
            let first = if piece.place.has_variable() { 0 } else { piece.inside.start };
            let inside = self.inside[first..piece.inside.end].iter().rev();
            let found = inside.filter_map(|run| run.find(wanted, same).map(|line| (run, line)));
            let found = found.take(1).next();
            if let Some((run, line)) = found {
                trail = main_trail(run.trails(line));
            }
            if found.is_some() || wanted.is_empty() {
                let made = self.inside[piece.inside.clone()].iter().map(|run| &run.reads);
                reads = without(&piece.reads, made);
            }
        }
        let because = Body::all(piece.body.as_ref());
        trail.push(piece.place.origin(&self.text[piece.start..part.start], reads, because));
        let mut caller = piece.caller.as_ref();
        while let Some(call) = caller {
            let because = Body::all(call.body.as_ref());
            trail.push(call.place.origin(b"", vec![call.reads.clone()], because));
            caller = call.outer.as_ref();
        }
        trail
    }

    /// Returns the number of the line with that content, after so many others like it if there are so many.
    fn find(&self, content: &[u8], skip: usize) -> Option<usize> {
        if content.is_empty() {
            return None;
        }
        let lines = self.text.split(|byte| *byte == b'\n').enumerate();
        let alike = lines.filter(|(_, line)| line.trim_ascii() == content).map(|(at, _)| at + 1);
        alike.take(skip + 1).last()
    }
}

impl Body {
    /// Returns the pipelines that a body and those around it depend on.
    fn all(mut innermost: Option<&Rc<Body>>) -> Vec<Origin> {
        let mut all = Vec::new();
        while let Some(body) = innermost {
            all.push(body.place.origin(b"", vec![body.reads.clone()], Vec::new()));
            innermost = body.outer.as_ref();
        }
        all
    }
}

/// Returns what is left of a range without others, which lie in it in their order.
fn without<'r>(whole: &Range<usize>, parts: impl Iterator<Item = &'r Range<usize>>) -> Vec<Range<usize>> {
    let mut left = Vec::new();
    let mut start = whole.start;
    for part in parts {
        left.push(start..part.start);
        start = part.end;
    }
    left.push(start..whole.end);
    left.retain(|part| part.start < part.end);
    left
}

impl Place {
    /// Whether the node has a variable in it other than the data of the template.
    fn has_variable(&self) -> bool {
        let text = self.entry.source.text_of(self.node);
        let mut behind = text.split('$').skip(1);
        behind.any(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    }

    /// Returns the node with its position, or that of its text after what it wrote before.
    fn origin(&self, before: &[u8], reads: Vec<Range<usize>>, because: Vec<Origin>) -> Origin {
        let source = &self.entry.source;
        let (line, column) = match self.text {
            Some(start) => {
                let newlines =
                    count_newlines(&source.text.as_bytes()[..start as usize]) + count_newlines(before);
                (u32::try_from(newlines + 1).unwrap_or(u32::MAX), None)
            }
            None => {
                let (line, column) = source.position(self.node);
                (line, Some(column))
            }
        };
        Origin {
            position: Position { file: self.entry.file.clone(), line, column },
            template: self.entry.name.clone(),
            node: self.text.is_none().then(|| source.text_of(self.node)),
            reads,
            because,
        }
    }
}

/// Returns the trail that came the longest way, with what the others read added to its innermost part.
fn main_trail(trails: Vec<Vec<Origin>>) -> Vec<Origin> {
    let longest = |(_, trail): &(usize, &Vec<Origin>)| trail.len();
    let Some(main) = trails.iter().enumerate().rev().max_by_key(longest).map(|(at, _)| at) else {
        return Vec::new();
    };
    let all: Vec<Range<usize>> =
        trails.iter().filter_map(|trail| trail.first()).flat_map(|origin| origin.reads.clone()).collect();
    let mut trail = trails.into_iter().nth(main).unwrap_or_default();
    if let Some(innermost) = trail.first_mut() {
        innermost.reads = all;
    }
    trail
}

fn count_newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// Returns where a line begins, and its content.
fn nth_line(text: &[u8], number: usize) -> Option<(usize, &[u8])> {
    let line = text.split(|byte| *byte == b'\n').nth(number.checked_sub(1)?)?;
    Some((line.as_ptr().addr() - text.as_ptr().addr(), line))
}

/// Returns what is left of the line from `at` on, without blanks around it.
fn line_part(text: &[u8], at: usize) -> &[u8] {
    text[at..].split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii()
}
