//! From a tree and parameters to text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::functions::{call, is_true, shown};
use super::parse::{Operand, Piece, Pipeline};

/// No template of an ApplicationSet comes near this many steps.
const MAX_STEPS: u32 = 100_000;
/// Bytes that one text may become.
const MAX_OUTPUT: usize = 1 << 20;
/// Templates that call each other nest at most this deep.
const MAX_CALLS: u32 = 32;

/// A value, or nothing where a key is missing.
pub(super) type Maybe = Option<Value>;

pub(super) struct Evaluator<'t> {
    root: &'t Value,
    strict: bool,
    variables: Vec<(String, Value)>,
    defined: BTreeMap<&'t str, &'t [Piece]>,
    steps: u32,
    calls: u32,
    out: String,
}

/// How a piece ended.
#[derive(PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'t> Evaluator<'t> {
    pub(super) fn new(root: &'t Value, strict: bool) -> Self {
        Self {
            root,
            strict,
            variables: vec![(String::new(), root.clone())],
            defined: BTreeMap::new(),
            steps: 0,
            calls: 0,
            out: String::new(),
        }
    }

    pub(super) fn run(mut self, pieces: &'t [Piece]) -> Result<String, String> {
        self.define(pieces);
        self.pieces(pieces, self.root)?;
        Ok(self.out)
    }

    fn define(&mut self, pieces: &'t [Piece]) {
        for piece in pieces {
            if let Piece::Define(name, body) = piece {
                self.defined.insert(name, body);
                self.define(body);
            }
        }
    }

    fn pieces(&mut self, pieces: &'t [Piece], dot: &Value) -> Result<Flow, String> {
        for piece in pieces {
            self.step()?;
            let flow = self.piece(piece, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn piece(&mut self, piece: &'t Piece, dot: &Value) -> Result<Flow, String> {
        match piece {
            Piece::Text(text) => self.write(text)?,
            Piece::Show(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                if pipeline.variables.is_empty() {
                    self.write(&shown(value.as_ref()))?;
                } else {
                    self.set(pipeline, &[value.unwrap_or(Value::Null)])?;
                }
            }
            Piece::If(branches, other) => {
                let depth = self.variables.len();
                for (condition, body) in branches {
                    let value = self.pipeline(condition, dot)?;
                    self.set(condition, &[value.clone().unwrap_or(Value::Null)])?;
                    if is_true(value.as_ref()) {
                        return self.scoped(depth, body, dot);
                    }
                }
                return self.scoped(depth, other, dot);
            }
            Piece::With(pipeline, body, other) => {
                let depth = self.variables.len();
                let value = self.pipeline(pipeline, dot)?;
                self.set(pipeline, &[value.clone().unwrap_or(Value::Null)])?;
                return match value.filter(|value| is_true(Some(value))) {
                    Some(value) => self.scoped(depth, body, &value),
                    None => self.scoped(depth, other, dot),
                };
            }
            Piece::Range(pipeline, body, other) => return self.range(pipeline, body, other, dot),
            Piece::Define(..) => {}
            Piece::Template(name, argument) => {
                let body = self.defined.get(name.as_str()).copied();
                let body = body.ok_or_else(|| format!("template {name} is not defined"))?;
                let dot = match argument {
                    Some(argument) => self.pipeline(argument, dot)?.unwrap_or(Value::Null),
                    None => Value::Null,
                };
                self.calls += 1;
                if self.calls > MAX_CALLS {
                    return Err("templates call each other without end".to_owned());
                }
                let outer = std::mem::replace(&mut self.variables, vec![(String::new(), dot.clone())]);
                self.pieces(body, &dot)?;
                self.variables = outer;
                self.calls -= 1;
            }
            Piece::Break => return Ok(Flow::Break),
            Piece::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn range(
        &mut self,
        pipeline: &Pipeline,
        body: &'t [Piece],
        other: &'t [Piece],
        dot: &Value,
    ) -> Result<Flow, String> {
        let items: Vec<(Value, Value)> = match self.pipeline(pipeline, dot)? {
            Some(Value::Array(items)) => items
                .into_iter()
                .enumerate()
                .map(|(at, item)| (at.into(), item))
                .collect(),
            Some(Value::Object(fields)) => {
                let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                fields
                    .into_iter()
                    .map(|(key, value)| (Value::String(key), value))
                    .collect()
            }
            Some(Value::Number(count)) => {
                let count = count.as_i64().unwrap_or_default().clamp(0, i64::from(MAX_STEPS));
                (0..count).map(|at| (at.into(), at.into())).collect()
            }
            None | Some(Value::Null) => Vec::new(),
            Some(_) => return Err("range over what is no list or map".to_owned()),
        };
        let depth = self.variables.len();
        if items.is_empty() {
            return self.scoped(depth, other, dot);
        }
        for (key, value) in items {
            self.step()?;
            let values = if pipeline.variables.len() > 1 {
                vec![key, value.clone()]
            } else {
                vec![value.clone()]
            };
            self.set(pipeline, &values)?;
            if self.scoped(depth, body, &value)? == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn scoped(&mut self, depth: usize, body: &'t [Piece], dot: &Value) -> Result<Flow, String> {
        let flow = self.pieces(body, dot)?;
        self.variables.truncate(depth);
        Ok(flow)
    }

    fn set(&mut self, pipeline: &Pipeline, values: &[Value]) -> Result<(), String> {
        for (name, value) in pipeline.variables.iter().zip(values) {
            if pipeline.assigns {
                let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
                known
                    .ok_or_else(|| format!("variable ${name} is not declared"))?
                    .1 = value.clone();
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Maybe, String> {
        let mut last: Option<Maybe> = None;
        for command in &pipeline.commands {
            self.step()?;
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.flatten())
    }

    fn command(&mut self, command: &[Operand], dot: &Value, piped: Option<Maybe>) -> Result<Maybe, String> {
        let Some((first, rest)) = command.split_first() else {
            return Err("a command is missing".to_owned());
        };
        let Operand::Function(name) = first else {
            if !rest.is_empty() || piped.is_some() {
                return Err("a value is called like a function".to_owned());
            }
            return self.operand(first, dot);
        };
        // `and` and `or` stop at what decides.
        let mut arguments = Vec::new();
        for operand in rest {
            let value = self.operand(operand, dot)?;
            let decides = match name.as_str() {
                "and" => !is_true(value.as_ref()),
                "or" => is_true(value.as_ref()),
                _ => false,
            };
            arguments.push(value);
            if decides {
                return Ok(arguments.pop().flatten());
            }
        }
        arguments.extend(piped);
        call(name, &arguments)
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Maybe, String> {
        match operand {
            Operand::Field(fields) => self.fields(Some(dot.clone()), fields),
            Operand::Variable(name, fields) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                let value = known
                    .ok_or_else(|| format!("variable ${name} is not declared"))?
                    .1
                    .clone();
                self.fields(Some(value), fields)
            }
            Operand::Function(name) => call(name, &[]),
            Operand::Constant(value) => Ok(Some(value.clone())),
            Operand::Nested(pipeline, fields) => {
                let value = self.pipeline(pipeline, dot)?;
                self.fields(value, fields)
            }
        }
    }

    fn fields(&self, value: Maybe, fields: &[String]) -> Result<Maybe, String> {
        let mut value = value;
        for field in fields {
            value = match value {
                Some(Value::Object(mut map)) => map.remove(field),
                None | Some(Value::Null) => None,
                Some(_) => return Err(format!("{field} is asked of what is no map")),
            };
            if value.is_none() && self.strict {
                return Err(format!("there is no {field}"));
            }
        }
        Ok(value)
    }

    fn write(&mut self, text: &str) -> Result<(), String> {
        self.out.push_str(text);
        if self.out.len() > MAX_OUTPUT {
            return Err("the text becomes too long".to_owned());
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), String> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err("too many steps".to_owned());
        }
        Ok(())
    }
}
