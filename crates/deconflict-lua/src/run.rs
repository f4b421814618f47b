//! The interpreter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mlua::chunk::ChunkMode;
use mlua::{Error, HookTriggers, Lua, LuaOptions, StdLib, Table, Value, VmState};

use crate::{Fault, FaultKind, STATES};

/// Bytes that a script may hold.
const MAX_MEMORY: usize = 16 * 1024 * 1024;
/// Steps between two looks at the limits.
const STRIDE: u32 = 1000;
/// Looks after which a script counts as endless: three million steps, many times what the longest of Argo CD's own needs.
const MAX_LOOKS: u32 = 3000;
/// Far above what the steps take, so that a verdict does not depend on the machine.
const MAX_TIME: Duration = Duration::from_secs(5);

/// Basic functions that reach outside the script, run text, or could catch the limit.
const TAKEN_AWAY: [&str; 14] = [
    "collectgarbage",
    "coroutine",
    "dofile",
    "getfenv",
    "load",
    "loadfile",
    "loadstring",
    "module",
    "newproxy",
    "pcall",
    "print",
    "require",
    "setfenv",
    "xpcall",
];

/// Whether it is Lua.
pub(crate) fn parse(script: &str) -> Result<(), Fault> {
    let lua = machine().map_err(|error| syntax(&error))?;
    let chunk = lua.load(script).set_name("=health").set_mode(ChunkMode::Text);
    chunk.into_function().map(drop).map_err(|error| syntax(&error))
}

fn syntax(error: &Error) -> Fault {
    let text = match error {
        Error::SyntaxError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    // `health:3: '=' expected near 'end'`
    let rest = text.split_once("health:").map_or(text.as_str(), |(_, rest)| rest);
    let (line, message) = match rest.split_once(": ") {
        Some((line, message)) => (line.parse().ok(), message),
        None => (None, rest),
    };
    Fault {
        line,
        kind: FaultKind::Syntax(message.lines().next().unwrap_or_default().to_owned()),
    }
}

/// What running it over made-up objects shows. That a script stops over an object which lacks what it looks for shows
/// nothing.
pub(crate) fn run(script: &str, group: &str, kind: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for sample in 0..4 {
        if let Some(fault) = once(script, group, kind, sample) {
            let ends = fault != FaultKind::Endless;
            faults.push(Fault {
                line: None,
                kind: fault,
            });
            if !ends {
                break;
            }
        }
    }
    faults
}

fn once(script: &str, group: &str, kind: &str, sample: u8) -> Option<FaultKind> {
    let lua = machine().ok()?;
    lua.globals()
        .set("obj", object(&lua, group, kind, sample).ok()?)
        .ok()?;
    let looks = AtomicU32::new(0);
    let is_endless = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_endless);
    let start = Instant::now();
    let triggers = HookTriggers::new().every_nth_instruction(STRIDE);
    lua.set_hook(triggers, move |_, _| {
        if looks.fetch_add(1, Ordering::Relaxed) >= MAX_LOOKS {
            told.store(true, Ordering::Relaxed);
            return Err(Error::runtime("too many steps"));
        }
        if start.elapsed() > MAX_TIME {
            return Err(Error::runtime("too slow"));
        }
        Ok(VmState::Continue)
    })
    .ok()?;
    let result = lua
        .load(script)
        .set_name("=health")
        .set_mode(ChunkMode::Text)
        .eval::<Value>();
    if is_endless.load(Ordering::Relaxed) {
        return Some(FaultKind::Endless);
    }
    match result.ok()? {
        Value::Table(table) => match table.raw_get::<Value>("status").ok()? {
            Value::String(text) => {
                let text = text.to_str().ok()?.to_owned();
                (!STATES.contains(&text.as_str())).then_some(FaultKind::State(text))
            }
            _ => None,
        },
        // No verdict is the verdict of Argo CD 3.
        Value::Nil => None,
        Value::Integer(_) | Value::Number(_) => Some(FaultKind::Returns("number")),
        other => Some(FaultKind::Returns(other.type_name())),
    }
}

fn machine() -> mlua::Result<Lua> {
    let lua = Lua::new_with(StdLib::TABLE, LuaOptions::default())?;
    lua.set_memory_limit(MAX_MEMORY)?;
    let globals = lua.globals();
    for name in TAKEN_AWAY {
        globals.set(name, Value::Nil)?;
    }
    let os = lua.create_table()?;
    os.set("time", lua.create_function(|_, ()| Ok(0))?)?;
    os.set("date", lua.create_function(|_, ()| Ok("1970-01-01T00:00:00Z"))?)?;
    globals.set("os", os.clone())?;
    // `local os = require("os")` works in Argo CD.
    let require = lua.create_function(move |_, name: String| {
        if name == "os" {
            Ok(os.clone())
        } else {
            Err(Error::runtime("no module"))
        }
    })?;
    globals.set("require", require)?;
    Ok(lua)
}

/// An object as it is applied (0), with an empty status (1), ready (2), and failing (3).
fn object(lua: &Lua, group: &str, kind: &str, sample: u8) -> mlua::Result<Table> {
    let version = if group.is_empty() {
        "v1".to_owned()
    } else {
        format!("{group}/v1")
    };
    let metadata = lua.create_table()?;
    metadata.set("name", "example")?;
    metadata.set("namespace", "example")?;
    metadata.set("generation", 1)?;
    let object = lua.create_table()?;
    object.set("apiVersion", version)?;
    object.set("kind", kind)?;
    object.set("metadata", metadata)?;
    object.set("spec", lua.create_table()?)?;
    if sample > 0 {
        let status = lua.create_table()?;
        if sample > 1 {
            let is_ready = sample == 2;
            let condition = lua.create_table()?;
            condition.set("type", "Ready")?;
            condition.set("status", if is_ready { "True" } else { "False" })?;
            condition.set("reason", "Example")?;
            condition.set("message", "example")?;
            status.set("conditions", vec![condition])?;
            status.set("observedGeneration", 1)?;
            status.set("phase", if is_ready { "Running" } else { "Failed" })?;
        }
        object.set("status", status)?;
    }
    Ok(object)
}
