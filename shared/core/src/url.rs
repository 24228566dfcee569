//! Parses endpoint URLs: the parts that decide where a request goes and whether it may go there
//! without TLS.
//!
//! The `url` and `http` crates would add a dependency to core for one function, and both accept
//! what this rejects, such as user names and backslashes.

use std::net::{IpAddr, Ipv6Addr};

use crate::shown::shown;

/// The scheme, host and port of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'t> {
    /// Whether the scheme is https rather than http.
    pub tls: bool,
    /// The host as written; IPv6 addresses have no brackets.
    pub host: &'t str,
    /// The port, or the scheme's default.
    pub port: u16,
}

impl<'t> Url<'t> {
    /// Parses an http or https URL. `None` if another parser could read a different host: user
    /// names, backslashes, white space and non-ASCII characters are not allowed.
    pub fn parse(text: &'t str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let tls = scheme.eq_ignore_ascii_case("https");
        let authority = rest.split(['/', '?', '#']).next()?;
        if !(tls || scheme.eq_ignore_ascii_case("http"))
            || !is_plain(text)
            || authority.contains('@')
        {
            return None;
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => rest
                .split_once(']')
                .filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok())?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let port = match port.strip_prefix(':') {
            None if !port.is_empty() => return None,
            None | Some("") if tls => 443,
            None | Some("") => 80,
            // `parse` would also accept a leading plus sign.
            Some(port) if port.starts_with(|c: char| c.is_ascii_digit()) => port.parse().ok()?,
            Some(_) => return None,
        };
        (!host.is_empty()).then_some(Self { tls, host, port })
    }

    /// The host as an IP address, if it is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether a request stays on this machine. Names other than localhost are not resolved.
    pub fn is_this_machine(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.address().is_some_and(|address| address.is_loopback())
    }
}

/// Whether all parsers read the text alike.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

/// Checks a service's URL: https, or http if it stays on this machine.
///
/// # Errors
/// Text that says what is allowed.
pub fn endpoint(text: &str, allow_insecure: bool) -> Result<String, String> {
    match Url::parse(text) {
        Some(url) if url.tls || allow_insecure || url.is_this_machine() => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        Some(_) => Err(format!(
            "{} would send credentials unencrypted; use https, or set allow_insecure_endpoint = true",
            shown(text)
        )),
        None => {
            // Do not show a password in front of the host.
            let text = match text.rsplit_once('@') {
                Some((_, rest)) => shown(&format!("…@{rest}")),
                None => shown(text),
            };
            Err(format!(
                "{text} is not a URL such as https://sts.example.com"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_parsed_into_host_and_port() {
        for (text, tls, host, port) in [
            ("https://sts.example.com/", true, "sts.example.com", 443),
            ("http://127.0.0.1:5000/x?y", false, "127.0.0.1", 5000),
            ("http://[::1]:80", false, "::1", 80),
            ("http://[fd00:ec2::254]/latest", false, "fd00:ec2::254", 80),
            ("HTTPS://LocalHost:?x", true, "LocalHost", 443),
        ] {
            assert_eq!(Url::parse(text), Some(Url { tls, host, port }), "{text}");
        }
    }

    #[test]
    fn a_url_that_parsers_could_read_differently_is_invalid() {
        for text in [
            "",
            "x",
            "ftp://x",
            "http://",
            "https://:443/",
            "http://x:y/",
            "http://x:+80/",
            "http://x:99999/",
            "http://::1/",
            "http://[::1",
            "http://[::1]x/",
            "http://[localhost]/",
            "http://user@x/",
            "http://x\\@y/",
            "http://x y/",
            "http://ü/",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }
}
