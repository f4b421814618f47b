//! One expression.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, ExecutionError, Program};

use crate::Value;
use crate::cost::{is_affordable, is_parsable};
use crate::library::environment;

/// Enough for the deepest source that [`is_parsable`] lets through, with room; only what is used is ever mapped.
const PARSER_STACK: usize = 64 << 20;

static ENVIRONMENT: LazyLock<Option<Arc<Env>>> = LazyLock::new(|| environment().ok().map(Arc::new));

/// A compiled expression.
#[derive(Debug)]
pub struct Rule {
    program: Program,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It does not parse.
    Unreadable(String),
    /// It uses a function or a variable of that name, which is not known here.
    Unknown(String),
    /// It would take too many steps on this data.
    TooCostly,
    /// The evaluation fails: a missing key, a wrong type.
    Failed(String),
}

impl Rule {
    /// Parse `source`. Errors: [`Failure::Unreadable`] for what does not parse, [`Failure::TooCostly`] for what is too
    /// long or too deep to be parsed.
    pub fn compile(source: &str) -> Result<Self, Failure> {
        if !is_parsable(source) {
            return Err(Failure::TooCostly);
        }
        let unreadable = |text: String| Failure::Unreadable(text);
        let env = ENVIRONMENT
            .as_ref()
            .ok_or_else(|| unreadable("no environment".to_owned()))?;
        // The parser takes some hundred kilobytes of stack for each bracket, so it gets a stack of its own. And it is
        // somebody else's: a panic of it must not lose more than this expression.
        let parsed = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(PARSER_STACK);
            let thread =
                thread.spawn_scoped(scope, || env.compile(source).map_err(|errors| errors.to_string()));
            thread.map(std::thread::ScopedJoinHandle::join)
        });
        match parsed {
            Ok(Ok(Ok(program))) => Ok(Self { program }),
            Ok(Ok(Err(errors))) => Err(unreadable(errors)),
            _ => Err(unreadable("the parser failed".to_owned())),
        }
    }

    /// True when the expression uses a variable of that name.
    pub fn uses(&self, variable: &str) -> bool {
        self.program.references().has_variable(variable)
    }

    /// The truth of the expression with these variables. Errors: [`Failure::TooCostly`] before it is evaluated,
    /// [`Failure::Unknown`] when it needs what is not known here, [`Failure::Failed`] when evaluation fails or gives no
    /// boolean.
    pub fn holds(&self, variables: &[(&str, &Value)]) -> Result<bool, Failure> {
        match self.evaluate(variables)? {
            cel::Value::Bool(value) => Ok(value),
            other => Err(Failure::Failed(format!("not a boolean but {}", other.type_of()))),
        }
    }

    /// The text that the expression gives, for messages. Errors as [`Rule::holds`].
    pub fn text(&self, variables: &[(&str, &Value)]) -> Result<String, Failure> {
        match self.evaluate(variables)? {
            cel::Value::String(text) => Ok(text.to_string()),
            other => Err(Failure::Failed(format!("not a string but {}", other.type_of()))),
        }
    }

    fn evaluate(&self, variables: &[(&str, &Value)]) -> Result<cel::Value, Failure> {
        let sizes = variables.iter().map(|(_, value)| value.widest());
        let (widest, longest) = sizes.fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)));
        if !is_affordable(self.program.expression(), widest, longest) {
            return Err(Failure::TooCostly);
        }
        let env = ENVIRONMENT
            .as_ref()
            .ok_or_else(|| Failure::Failed("no environment".to_owned()))?;
        let run = || {
            let mut context = Context::with_env(Arc::clone(env));
            for (name, value) in variables {
                context.add_variable_from_value(*name, value.to_engine());
            }
            let answer = self.program.execute(&context);
            answer.map_err(|error| match error {
                ExecutionError::UndeclaredReference(name) => Failure::Unknown(name.to_string()),
                error => Failure::Failed(error.to_string()),
            })
        };
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Err(Failure::Failed("the evaluation failed".to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use crate::Value;

    fn data() -> Value {
        let text = |text: &str| Value::String(text.to_owned());
        Value::Map(vec![
            ("replicas".to_owned(), Value::Int(3)),
            ("ratio".to_owned(), Value::Double(0.5)),
            ("name".to_owned(), text("web-7")),
            ("url".to_owned(), text("https://Example.org:8443/a?b")),
            ("since".to_owned(), Value::Time("2027-01-31T08:00:00Z".to_owned())),
            ("wait".to_owned(), Value::Duration(90_000_000_000)),
            (
                "ports".to_owned(),
                Value::List(
                    (1..=3)
                        .map(|port| Value::Map(vec![("port".to_owned(), Value::Int(port))]))
                        .collect(),
                ),
            ),
        ])
    }

    /// `true`, `false`, or the failure.
    fn check(source: &str, expected: &str) {
        let value = data();
        let got = match Rule::compile(source).and_then(|rule| rule.holds(&[("self", &value)])) {
            Ok(answer) => answer.to_string(),
            Err(failure) => format!("{failure:?}").split('(').next().unwrap().to_owned(),
        };
        assert_eq!(got, expected, "{source}");
    }

    #[test]
    fn the_language() {
        for (source, expected) in [
            ("self.replicas > 2", "true"),
            ("self.replicas < 2 || self.ratio < 1.0", "true"),
            ("!has(self.paused) || self.paused", "true"),
            ("self.ports.all(p, p.port > 0)", "true"),
            ("self.ports.exists(p, p.port == 9)", "false"),
            ("self.ports.filter(p, p.port > 1).size() == 2", "true"),
            (
                "self.name.startsWith('web-') && self.name.matches('^[a-z]+-[0-9]$')",
                "true",
            ),
            ("self.?paused.orValue(false)", "false"),
            ("self.since < timestamp('2028-01-01T00:00:00Z')", "true"),
            (
                "self.wait == duration('90s') && self.wait.getSeconds() == 90",
                "true",
            ),
            ("self.missing == 1", "Failed"),
            ("self.replicas", "Failed"),
            ("self.replicas >", "Unreadable"),
        ] {
            check(source, expected);
        }
    }

    #[test]
    fn costs_are_bounded() {
        let wide = Value::List((0..400).map(Value::Int).collect());
        let holds = |source: &str| Rule::compile(source).and_then(|rule| rule.holds(&[("self", &wide)]));
        assert_eq!(holds("self.all(a, a >= 0)"), Ok(true));
        assert_eq!(
            holds("self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d >= 0))))"),
            Err(super::Failure::TooCostly)
        );
        check(
            &format!("{}true{}", "(".repeat(1000), ")".repeat(1000)),
            "TooCostly",
        );
        check(&format!("{}true", "true ? true : ".repeat(1000)), "TooCostly");
        check(&format!("{}true", "!".repeat(5000)), "TooCostly");
        check(&"a".repeat(10_000), "TooCostly");
    }

    #[test]
    fn the_deepest_that_is_read_fits_a_small_stack() {
        let deep = format!("{}true{}", "(".repeat(48), ")".repeat(48));
        let signs = format!("{}true", "!".repeat(384));
        let run = move || (Rule::compile(&deep).is_ok(), Rule::compile(&signs).is_ok());
        let thread = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(run)
            .unwrap();
        assert!(thread.join().unwrap().0);
    }
}
