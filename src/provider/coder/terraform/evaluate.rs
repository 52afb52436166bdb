//! What an expression of a template comes to, where that can be told without Terraform.

use std::collections::BTreeMap;

use serde_json::Value;

use super::hcl::Expression;

/// Values by reference: `var.name`, `data.coder_parameter.label.value`.
pub(in crate::provider::coder) type Names = BTreeMap<String, Value>;

/// The value, or nothing where it is not known.
pub(in crate::provider::coder) fn evaluate(expression: &Expression, names: &Names) -> Option<Value> {
    let of = |expression: &Expression| evaluate(expression, names);
    match expression {
        Expression::Text(text) => Some(text.as_str().into()),
        Expression::Number(number) => Some(number_value(*number)),
        Expression::Bool(truth) => Some((*truth).into()),
        Expression::Null => Some(Value::Null),
        Expression::Template(parts) => {
            let texts: Option<Vec<String>> = parts.iter().map(|part| as_text(&of(part)?)).collect();
            Some(texts?.concat().into())
        }
        Expression::Reference(parts) => names.get(&parts.join(".")).cloned(),
        Expression::List(items) => items.iter().map(of).collect(),
        Expression::Object(items) => {
            let items: Option<serde_json::Map<_, _>> =
                items.iter().map(|(key, item)| Some((key.clone(), of(item)?))).collect();
            items.map(Value::Object)
        }
        Expression::If(condition, then, otherwise) => match of(condition)? {
            Value::Bool(true) => of(then),
            Value::Bool(false) => of(otherwise),
            _ => None,
        },
        Expression::Binary(operator, left, right) => {
            let (left, right) = (of(left)?, of(right)?);
            match operator.as_str() {
                "==" => Some((left == right).into()),
                "!=" => Some((left != right).into()),
                "&&" => Some((left.as_bool()? && right.as_bool()?).into()),
                "||" => Some((left.as_bool()? || right.as_bool()?).into()),
                _ => None,
            }
        }
        Expression::Not(inner) => of(inner)?.as_bool().map(|truth| (!truth).into()),
        Expression::Call(name, arguments) => call(name, &arguments.iter().map(of).collect::<Option<Vec<_>>>()?),
        Expression::Unknown(_) => None,
    }
}

/// The functions that formulas use for what can be told.
fn call(name: &str, arguments: &[Value]) -> Option<Value> {
    let text = |n: usize| arguments.get(n).and_then(as_text);
    match name {
        "jsonencode" => arguments.first().map(|value| value.to_string().into()),
        "tostring" => text(0).map(Value::String),
        "lower" => text(0).map(|text| text.to_lowercase().into()),
        "upper" => text(0).map(|text| text.to_uppercase().into()),
        "tonumber" => text(0)?.parse().ok().map(number_value),
        "tobool" => text(0)?.parse::<bool>().ok().map(Value::Bool),
        _ => None,
    }
}

/// Whether a conversion of a known value cannot work, which fails the plan.
pub(in crate::provider::coder) fn cannot_convert(expression: &Expression, names: &Names) -> bool {
    match expression {
        Expression::Call(name, arguments) if matches!(name.as_str(), "tonumber" | "tobool") => {
            let known: Option<Vec<Value>> = arguments.iter().map(|argument| evaluate(argument, names)).collect();
            known.is_some_and(|known| call(name, &known).is_none())
        }
        other => children(other).iter().any(|child| cannot_convert(child, names)),
    }
}

/// The expressions within an expression.
pub(in crate::provider::coder) fn children(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Template(items) | Expression::List(items) | Expression::Unknown(items) => items.iter().collect(),
        Expression::Call(_, items) => items.iter().collect(),
        Expression::Object(items) => items.iter().map(|(_, item)| item).collect(),
        Expression::If(a, b, c) => vec![a, b, c],
        Expression::Binary(_, a, b) => vec![a, b],
        Expression::Not(a) => vec![a],
        _ => Vec::new(),
    }
}

/// Every reference within an expression.
pub(in crate::provider::coder) fn references(expression: &Expression) -> Vec<&[String]> {
    match expression {
        Expression::Reference(parts) => vec![parts],
        other => children(other).into_iter().flat_map(references).collect(),
    }
}

/// A value as Terraform turns it into text.
pub(in crate::provider::coder) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn number_value(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { (number as i64).into() } else { number.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::hcl::parse;
    use super::*;

    fn value_of(text: &str) -> Option<Value> {
        let file = parse(&format!("x = {text}\n")).expect("a file");
        let names = Names::from([("data.coder_parameter.mode.value".to_owned(), json!("slow"))]);
        evaluate(file.argument("x").expect("an argument"), &names)
    }

    #[test]
    fn expressions_of_templates() {
        assert_eq!(value_of("jsonencode([\"a\", 1])"), Some(json!("[\"a\",1]")));
        let choice = "data.coder_parameter.mode.value == \"fail\" ? \"exit 3\" : data.coder_parameter.mode.value == \"slow\" ? \"sleep 12\" : \"true\"";
        assert_eq!(value_of(choice), Some(json!("sleep 12")));
        assert_eq!(value_of("\"a-${data.coder_parameter.mode.value}\""), Some(json!("a-slow")));
        assert_eq!(value_of("[for x in [1]: x]"), None);
        assert_eq!(value_of("<<-EOT\n  a\n  EOT"), Some(json!("  a\n")));
    }

    #[test]
    fn what_is_no_terraform() {
        let fault = |text: &str| parse(text).map(|_| ()).map_err(|error| (error.line, error.text));
        assert_eq!(fault("a {\n"), Err((1, "Unclosed configuration block")));
        assert_eq!(fault("\nresource terraform_data {{{\n"), Err((2, "Argument or block definition required")));
    }
}
