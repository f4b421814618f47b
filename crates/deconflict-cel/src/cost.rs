//! What an expression may cost, estimated before it is evaluated: the engine itself counts nothing.

use cel::common::ast::{EntryExpr, Expr};
use cel::parser::Expression;

/// Longest source, in bytes. Kubernetes' own rules stay below 2 KiB.
const SOURCE: usize = 8 * 1024;
/// How deep a source may nest: brackets, conditionals, signs. The parser below descends recursively.
const NESTING: usize = 48;
/// Steps that an evaluation may take; about a tenth of a second.
const STEPS: u64 = 1_000_000;

/// True when the source is short and flat enough to be parsed.
pub(crate) fn is_parsable(source: &str) -> bool {
    let (mut depth, mut deepest, mut conditionals, mut signs, mut quote) = (0_usize, 0, 0, 0, None);
    let mut escaped = false;
    for letter in source.chars() {
        if let Some(open) = quote {
            if !escaped && letter == open {
                quote = None;
            }
            escaped = !escaped && letter == '\\';
            continue;
        }
        match letter {
            '"' | '\'' => quote = Some(letter),
            '(' | '[' | '{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '?' => conditionals += 1,
            '!' | '-' => signs += 1,
            _ => {}
        }
    }
    // A chain of conditionals is as deep as it is long; signs may be, so they count too, more leniently.
    source.len() <= SOURCE && deepest + conditionals <= NESTING && signs <= 8 * NESTING
}

/// True when evaluating `expression` on data whose longest list or map has `widest` entries and whose longest text has
/// `longest` bytes stays within the limit: nodes, times the widest for every loop around them.
pub(crate) fn is_affordable(expression: &Expression, widest: usize, longest: usize) -> bool {
    // `split` and the like make lists of texts.
    let splits = calls(expression, &["split", "findAll", "range"]);
    let literal = longest_literal(expression);
    let width = widest.max(literal).max(if splits { longest } else { 0 }).max(1);
    steps(expression, width as u64) <= STEPS
}

fn steps(expression: &Expression, width: u64) -> u64 {
    let mut sum = 1_u64;
    match &expression.expr {
        Expr::Comprehension(comprehension) => {
            sum = sum.saturating_add(steps(&comprehension.iter_range, width));
            let inner = [&comprehension.loop_cond, &comprehension.loop_step];
            let once: u64 = inner
                .iter()
                .map(|part| steps(part, width))
                .fold(0, u64::saturating_add);
            sum = sum
                .saturating_add(once.saturating_mul(width))
                .saturating_add(steps(&comprehension.accu_init, width))
                .saturating_add(steps(&comprehension.result, width));
        }
        _ => each(expression, &mut |part| {
            sum = sum.saturating_add(steps(part, width));
        }),
    }
    sum
}

fn calls(expression: &Expression, names: &[&str]) -> bool {
    if let Expr::Call(call) = &expression.expr
        && names.contains(&call.func_name.as_str())
    {
        return true;
    }
    let mut found = false;
    each(expression, &mut |part| found |= calls(part, names));
    found
}

fn longest_literal(expression: &Expression) -> usize {
    let mut longest = match &expression.expr {
        Expr::List(list) => list.elements.len(),
        Expr::Map(map) => map.entries.len(),
        _ => 0,
    };
    each(expression, &mut |part| {
        longest = longest.max(longest_literal(part));
    });
    longest
}

/// Every direct part of an expression.
fn each(expression: &Expression, seen: &mut dyn FnMut(&Expression)) {
    match &expression.expr {
        Expr::Call(call) => {
            if let Some(target) = &call.target {
                seen(target);
            }
            call.args.iter().for_each(seen);
        }
        Expr::Comprehension(comprehension) => {
            let parts = [
                &comprehension.iter_range,
                &comprehension.accu_init,
                &comprehension.loop_cond,
                &comprehension.loop_step,
                &comprehension.result,
            ];
            parts.into_iter().for_each(seen);
        }
        Expr::List(list) => list.elements.iter().for_each(seen),
        Expr::Map(map) => entries(&map.entries, seen),
        Expr::Struct(item) => entries(&item.entries, seen),
        Expr::Select(select) => seen(&select.operand),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

fn entries(entries: &[cel::common::ast::IdedEntryExpr], seen: &mut dyn FnMut(&Expression)) {
    for entry in entries {
        match &entry.expr {
            EntryExpr::StructField(field) => seen(&field.value),
            EntryExpr::MapEntry(entry) => {
                seen(&entry.key);
                seen(&entry.value);
            }
        }
    }
}
