//! The grammar of markers.

use names::PackageName;

use crate::requirement::RequirementError;
use crate::requirement::cursor::Cursor;

/// How deep parentheses may be nested.
const DEEPEST: usize = 64;

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Expression {
    Any(Vec<Expression>),
    All(Vec<Expression>),
    Compare(Comparison),
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Comparison {
    pub(super) left: Operand,
    pub(super) operator: Operator,
    pub(super) right: Operand,
}

impl Comparison {
    /// The variable that decides how to compare: the left one where both sides are variables.
    pub(super) fn variable(&self) -> Option<Variable> {
        match (&self.left, &self.right) {
            (Operand::Variable(variable), _) | (_, Operand::Variable(variable)) => Some(*variable),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Operand {
    Variable(Variable),
    Text(String),
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Variable {
    Extra,
    ImplementationName,
    ImplementationVersion,
    OsName,
    PlatformMachine,
    PlatformPythonImplementation,
    PlatformRelease,
    PlatformSystem,
    PlatformVersion,
    PythonFullVersion,
    PythonVersion,
    SysPlatform,
}

impl Variable {
    /// PEP 508's names, and those with a dot (PEP 345) that `packaging` still reads.
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "extra" => Self::Extra,
            "implementation_name" => Self::ImplementationName,
            "implementation_version" => Self::ImplementationVersion,
            "os_name" | "os.name" => Self::OsName,
            "platform_machine" | "platform.machine" => Self::PlatformMachine,
            "platform_python_implementation"
            | "platform.python_implementation"
            | "python_implementation" => Self::PlatformPythonImplementation,
            "platform_release" => Self::PlatformRelease,
            "platform_system" => Self::PlatformSystem,
            "platform_version" | "platform.version" => Self::PlatformVersion,
            "python_full_version" => Self::PythonFullVersion,
            "python_version" => Self::PythonVersion,
            "sys_platform" | "sys.platform" => Self::SysPlatform,
            _ => return None,
        })
    }

    /// Whether its values are versions.
    pub(super) fn is_version(self) -> bool {
        matches!(
            self,
            Self::ImplementationVersion
                | Self::PlatformRelease
                | Self::PythonFullVersion
                | Self::PythonVersion
        )
    }
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Operator {
    Identical,
    Equal,
    Compatible,
    NotEqual,
    LessEqual,
    GreaterEqual,
    Less,
    Greater,
    In,
    NotIn,
}

impl Operator {
    /// Those made of signs, longer ones first.
    const SIGNS: [Operator; 8] = [
        Self::Identical,
        Self::Equal,
        Self::Compatible,
        Self::NotEqual,
        Self::LessEqual,
        Self::GreaterEqual,
        Self::Less,
        Self::Greater,
    ];

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Identical => "===",
            Self::Equal => "==",
            Self::Compatible => "~=",
            Self::NotEqual => "!=",
            Self::LessEqual => "<=",
            Self::GreaterEqual => ">=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

/// `or` binds weaker than `and`.
pub(super) fn parse(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expression, RequirementError> {
    let mut any = Vec::new();
    let mut all = vec![parse_part(cursor, depth)?];
    loop {
        if cursor.eat_word("and") {
            all.push(parse_part(cursor, depth)?);
        } else if cursor.eat_word("or") {
            any.push(Expression::All(std::mem::take(&mut all)));
            all.push(parse_part(cursor, depth)?);
        } else {
            break;
        }
    }
    any.push(Expression::All(all));
    Ok(Expression::Any(any))
}

fn parse_part(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expression, RequirementError> {
    cursor.skip_blanks();
    let offset = cursor.offset();
    let expression = if cursor.eat("(") {
        if depth == DEEPEST {
            return Err(RequirementError::Depth { offset, limit: DEEPEST });
        }
        let inner = parse(cursor, depth + 1)?;
        if !cursor.eat(")") {
            return Err(cursor.expected("`and`, `or` or `)`"));
        }
        inner
    } else {
        Expression::Compare(parse_comparison(cursor)?)
    };
    cursor.skip_blanks();
    Ok(expression)
}

fn parse_comparison(cursor: &mut Cursor<'_>) -> Result<Comparison, RequirementError> {
    let left = parse_operand(cursor)?;
    cursor.skip_blanks();
    let offset = cursor.offset();
    let operator = parse_operator(cursor)?;
    cursor.skip_blanks();
    let right = parse_operand(cursor)?;
    let mut comparison = Comparison { left, operator, right };
    check(&comparison, offset)?;
    if comparison.variable() == Some(Variable::Extra) {
        for operand in [&mut comparison.left, &mut comparison.right] {
            if let Operand::Text(text) = operand
                && let Ok(name) = PackageName::new(text)
            {
                *text = name.as_str().to_owned();
            }
        }
    }
    Ok(comparison)
}

/// Refuses what no environment gives a meaning to (`packaging` fails when it evaluates them).
fn check(comparison: &Comparison, offset: usize) -> Result<(), RequirementError> {
    let operator = comparison.operator;
    let wrong =
        |reason| Err(RequirementError::Comparison { offset, operator: operator.text(), reason });
    let Some(variable) = comparison.variable() else {
        return wrong("neither side is a variable");
    };
    if let (Operand::Variable(_), Operand::Variable(_)) = (&comparison.left, &comparison.right) {
        return wrong("both sides are variables");
    }
    if matches!(operator, Operator::Compatible | Operator::Identical) {
        if !variable.is_version() {
            return wrong("it compares versions, and the variable holds none");
        }
        if let Operand::Text(text) = &comparison.right
            && format!("{}{text}", operator.text()).parse::<crate::Specifier>().is_err()
        {
            return wrong("it compares versions, and the other side is none");
        }
    }
    Ok(())
}

fn parse_operand(cursor: &mut Cursor<'_>) -> Result<Operand, RequirementError> {
    const EXPECTED: &str = "an environment marker such as python_version, or a text in quotes";
    for quote in ["'", "\""] {
        if cursor.eat(quote) {
            let text = cursor.take_while(|c| !quote.contains(c)).to_owned();
            if !cursor.eat(quote) {
                return Err(cursor.expected("the quote that ends the text"));
            }
            return Ok(Operand::Text(text));
        }
    }
    let before = cursor.offset();
    let name = cursor.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    Variable::from_name(name).map(Operand::Variable).ok_or_else(|| {
        let found = name.chars().take(40).collect::<String>();
        if name.is_empty() {
            cursor.expected(EXPECTED)
        } else {
            let found = format!("`{found}`");
            RequirementError::Unexpected { offset: before, expected: EXPECTED, found }
        }
    })
}

fn parse_operator(cursor: &mut Cursor<'_>) -> Result<Operator, RequirementError> {
    if let Some(operator) = Operator::SIGNS.into_iter().find(|sign| cursor.eat(sign.text())) {
        return Ok(operator);
    }
    if cursor.eat_word("in") {
        return Ok(Operator::In);
    }
    if cursor.eat_word("not") {
        if !matches!(cursor.peek(), Some(' ' | '\t')) {
            return Err(cursor.expected("white space and `in` after `not`"));
        }
        cursor.skip_blanks();
        if cursor.eat_word("in") {
            return Ok(Operator::NotIn);
        }
        return Err(cursor.expected("`in` after `not`"));
    }
    Err(cursor.expected("one of == != <= >= < > ~= === in `not in`"))
}
