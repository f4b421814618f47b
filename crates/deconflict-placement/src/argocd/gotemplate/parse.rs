//! From text to a tree.

use std::collections::VecDeque;

use serde_json::Value;

use super::lex::{Token, lex};

/// A piece of a template.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Piece {
    Text(String),
    /// `{{ pipeline }}`.
    Show(Pipeline),
    If(Vec<(Pipeline, Vec<Piece>)>, Vec<Piece>),
    With(Pipeline, Vec<Piece>, Vec<Piece>),
    Range(Pipeline, Vec<Piece>, Vec<Piece>),
    Define(String, Vec<Piece>),
    Template(String, Option<Pipeline>),
    Break,
    Continue,
}

/// `$a, $b := command | command`.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Pipeline {
    pub(super) variables: Vec<String>,
    /// `=` instead of `:=`.
    pub(super) assigns: bool,
    pub(super) commands: Vec<Vec<Operand>>,
}

/// An operand of a command.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Operand {
    Field(Vec<String>),
    Variable(String, Vec<String>),
    Function(String),
    Constant(Value),
    Nested(Box<Pipeline>, Vec<String>),
}

/// Templates nest at most this deep.
const MAX_DEPTH: u32 = 64;

enum Part {
    Text(String),
    Action(Vec<Token>),
}

pub(super) fn parse(text: &str) -> Result<Vec<Piece>, String> {
    let mut parts = split(text)?;
    let (pieces, end) = block(&mut parts, 0)?;
    match end {
        End::Text => Ok(pieces),
        End::Close | End::Else(_) => Err("an end without a beginning".to_owned()),
    }
}

/// Text and actions; `{{-` and `-}}` take white space with them.
fn split(text: &str) -> Result<VecDeque<Part>, String> {
    let mut parts = VecDeque::new();
    let mut rest = text;
    let mut trims = false;
    loop {
        let (before, after) = rest
            .split_once("{{")
            .map_or((rest, None), |(before, after)| (before, Some(after)));
        let mut before = if trims { before.trim_start() } else { before };
        let Some(mut after) = after else {
            parts.push_back(Part::Text(before.to_owned()));
            return Ok(parts);
        };
        if let Some(trimmed) = after
            .strip_prefix('-')
            .filter(|rest| rest.starts_with(char::is_whitespace))
        {
            before = before.trim_end();
            after = trimmed;
        }
        parts.push_back(Part::Text(before.to_owned()));
        let end = end_of_action(after).ok_or("an action is not closed")?;
        let mut action = after[..end].trim();
        rest = &after[end + 2..];
        trims = action == "-"
            || action
                .strip_suffix('-')
                .is_some_and(|rest| rest.ends_with(char::is_whitespace) || rest.ends_with("*/"));
        if trims {
            action = action[..action.len() - 1].trim();
        }
        if !(action.starts_with("/*") && action.ends_with("*/")) {
            parts.push_back(Part::Action(lex(action)?));
        }
    }
}

/// Where `}}` stands outside of texts.
fn end_of_action(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '`' => quote = Some(c),
            None if text[at..].starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

enum End {
    Text,
    Close,
    /// `else`, and what follows it.
    Else(Vec<Token>),
}

fn block(parts: &mut VecDeque<Part>, depth: u32) -> Result<(Vec<Piece>, End), String> {
    if depth > MAX_DEPTH {
        return Err("nested too deep".to_owned());
    }
    let mut pieces = Vec::new();
    while let Some(part) = parts.pop_front() {
        let tokens = match part {
            Part::Text(text) => {
                if !text.is_empty() {
                    pieces.push(Piece::Text(text));
                }
                continue;
            }
            Part::Action(tokens) => tokens,
        };
        let word = match tokens.first() {
            Some(Token::Word(word)) => word.as_str(),
            Some(_) => "",
            None => return Err("an empty action".to_owned()),
        };
        let rest = || tokens[1..].to_vec();
        match word {
            "end" => return Ok((pieces, End::Close)),
            "else" => return Ok((pieces, End::Else(rest()))),
            "if" => pieces.push(conditional(&rest(), parts, depth)?),
            "with" | "range" => {
                let pipeline = wanted(&rest(), word)?;
                let (body, end) = block(parts, depth + 1)?;
                let other = match end {
                    End::Text => return Err(format!("{word} without end")),
                    End::Close => Vec::new(),
                    End::Else(_) => closed(block(parts, depth + 1)?)?,
                };
                pieces.push(if word == "with" {
                    Piece::With(pipeline, body, other)
                } else {
                    Piece::Range(pipeline, body, other)
                });
            }
            "define" | "block" => {
                let Some(Token::Text(name)) = tokens.get(1) else {
                    return Err(format!("{word} without a name"));
                };
                let body = closed(block(parts, depth + 1)?)?;
                pieces.push(Piece::Define(name.clone(), body));
                if word == "block" {
                    let pipeline = pipeline(&tokens[2..], depth)?;
                    pieces.push(Piece::Template(name.clone(), Some(pipeline)));
                }
            }
            "template" => {
                let Some(Token::Text(name)) = tokens.get(1) else {
                    return Err("template without a name".to_owned());
                };
                let dot = match &tokens[2..] {
                    [] => None,
                    rest => Some(pipeline(rest, depth)?),
                };
                pieces.push(Piece::Template(name.clone(), dot));
            }
            "break" => pieces.push(Piece::Break),
            "continue" => pieces.push(Piece::Continue),
            _ => pieces.push(Piece::Show(pipeline(&tokens, depth)?)),
        }
    }
    Ok((pieces, End::Text))
}

fn conditional(condition: &[Token], parts: &mut VecDeque<Part>, depth: u32) -> Result<Piece, String> {
    let mut branches = Vec::new();
    let mut condition = wanted(condition, "if")?;
    loop {
        let (body, end) = block(parts, depth + 1)?;
        branches.push((condition, body));
        match end {
            End::Text => return Err("if without end".to_owned()),
            End::Close => return Ok(Piece::If(branches, Vec::new())),
            End::Else(rest) => match rest.split_first() {
                Some((Token::Word(word), rest)) if word == "if" => condition = wanted(rest, "if")?,
                _ => return Ok(Piece::If(branches, closed(block(parts, depth + 1)?)?)),
            },
        }
    }
}

fn closed((pieces, end): (Vec<Piece>, End)) -> Result<Vec<Piece>, String> {
    match end {
        End::Close => Ok(pieces),
        End::Text | End::Else(_) => Err("an end is missing".to_owned()),
    }
}

fn wanted(tokens: &[Token], word: &str) -> Result<Pipeline, String> {
    if tokens.is_empty() {
        return Err(format!("{word} without condition"));
    }
    pipeline(tokens, 0)
}

fn pipeline(tokens: &[Token], depth: u32) -> Result<Pipeline, String> {
    if depth > MAX_DEPTH {
        return Err("nested too deep".to_owned());
    }
    let mut pipeline = Pipeline::default();
    let mut rest = tokens;
    let declares = rest
        .iter()
        .position(|token| matches!(token, Token::Declare | Token::Assign));
    if let Some(at) = declares {
        for token in &rest[..at] {
            match token {
                Token::Variable(name, fields) if fields.is_empty() => pipeline.variables.push(name.clone()),
                Token::Comma => {}
                _ => return Err("only variables can be set".to_owned()),
            }
        }
        pipeline.assigns = rest[at] == Token::Assign;
        rest = &rest[at + 1..];
    }
    let mut at = 0;
    let mut command = Vec::new();
    while let Some(token) = rest.get(at) {
        at += 1;
        match token {
            Token::Pipe => pipeline.commands.push(std::mem::take(&mut command)),
            Token::Field(fields) => command.push(Operand::Field(fields.clone())),
            Token::Variable(name, fields) => command.push(Operand::Variable(name.clone(), fields.clone())),
            Token::Text(text) => command.push(Operand::Constant(Value::String(text.clone()))),
            Token::Int(value) => command.push(Operand::Constant((*value).into())),
            Token::Float(value) => command.push(Operand::Constant((*value).into())),
            Token::Word(word) => command.push(match word.as_str() {
                "true" => Operand::Constant(Value::Bool(true)),
                "false" => Operand::Constant(Value::Bool(false)),
                "nil" => Operand::Constant(Value::Null),
                name => Operand::Function(name.to_owned()),
            }),
            Token::Open => {
                let (inner, fields, next) = nested(rest, at)?;
                command.push(Operand::Nested(
                    Box::new(self::pipeline(inner, depth + 1)?),
                    fields,
                ));
                at = next;
            }
            Token::Close(_) | Token::Comma | Token::Declare | Token::Assign => {
                return Err("a word stands where none can".to_owned());
            }
        }
    }
    pipeline.commands.push(command);
    if pipeline.commands.iter().any(Vec::is_empty) {
        return Err("a command is missing".to_owned());
    }
    Ok(pipeline)
}

/// What stands between the parenthesis before `from` and the one that closes it, its fields, and where it goes on.
fn nested(tokens: &[Token], from: usize) -> Result<(&[Token], Vec<String>, usize), String> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::Open => depth += 1,
            Token::Close(fields) if depth == 0 => return Ok((&tokens[from..at], fields.clone(), at + 1)),
            Token::Close(_) => depth -= 1,
            _ => {}
        }
    }
    Err("a parenthesis is not closed".to_owned())
}
