//! Questions to the user.

use std::io::{IsTerminal as _, Write as _};

use aws_connector_core::error::{Error, Result};
use dialoguer::{Input, Password};

use crate::ui;

/// Whether the user can be prompted: standard input and standard error are terminals.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question that `--yes` answers.
pub(crate) fn agree(yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !can_ask() {
        return Err(Error::usage("cannot prompt without a terminal").fix("pass --yes"));
    }
    // A plain line of input, so that control-C leaves the terminal in order.
    let mut answer = String::new();
    let mut ask = || -> std::io::Result<()> {
        let mut screen = std::io::stderr();
        write!(screen, "{question} [y/N] ")?;
        screen.flush()?;
        if std::io::stdin().read_line(&mut answer)? == 0 {
            writeln!(screen)?;
        }
        Ok(())
    };
    ask().map_err(|error| Error::usage("no answer").because(error).fix("pass --yes"))?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Error::refused("nothing was changed"))
    }
}

fn cannot(flag: &str) -> Error {
    Error::usage("cannot prompt without a terminal").fix(format!("pass {flag}"))
}

fn unanswered(error: dialoguer::Error, flag: &str) -> Error {
    Error::usage("no answer")
        .because(error)
        .fix(format!("pass {flag}"))
}

/// Asks for a text; `flag` is the flag that sets it without a terminal.
pub(crate) fn text(flag: &str, prompt: &str) -> Result<String> {
    if !can_ask() {
        return Err(cannot(flag));
    }
    let text: String = Input::new()
        .with_prompt(prompt)
        .interact_text()
        .map_err(|error| unanswered(error, flag))?;
    Ok(text.trim().to_owned())
}

/// Asks for a secret, which is not shown.
pub(crate) fn secret(flag: &str, prompt: &str) -> Result<String> {
    if !can_ask() {
        return Err(cannot(flag));
    }
    let text = Password::new()
        .with_prompt(prompt)
        .interact()
        .map_err(|error| unanswered(error, flag))?;
    Ok(text.trim().to_owned())
}

/// Asks for one of several choices by name or number. Prints plain lines: an interrupted menu would
/// leave the cursor hidden, and screen readers cannot read menus.
pub(crate) fn choose<'a>(flag: &str, question: &str, ways: &[(&'a str, &str)]) -> Result<&'a str> {
    if !can_ask() {
        return Err(cannot(flag));
    }
    let width = ways.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut list = format!("{question}\n");
    for (number, (name, meaning)) in ways.iter().enumerate() {
        list.push_str(&format!("  {}  {name:<width$}  {meaning}\n", number + 1));
    }
    ui::tell(&list);
    let pick = |text: &str| {
        let by_number = text.trim().parse::<usize>().ok();
        let at = by_number.and_then(|number| number.checked_sub(1));
        let by_name = || ways.iter().find(|(name, _)| *name == text.trim());
        at.and_then(|at| ways.get(at)).or_else(by_name)
    };
    let answer: String = Input::new()
        .with_prompt(format!("Number (1-{})", ways.len()))
        .validate_with(|text: &String| match pick(text) {
            Some(_) => Ok(()),
            None => Err("not one of the choices"),
        })
        .interact_text()
        .map_err(|error| unanswered(error, flag))?;
    let (name, _) = pick(&answer).ok_or_else(|| cannot(flag))?;
    Ok(name)
}
