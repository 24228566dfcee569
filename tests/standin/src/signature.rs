//! Reads the SigV4 signature of a request: from the Authorization header, or the query of a presigned URL.

use crate::http::Request;
use crate::sigv4::{ALGORITHM, Refusal, Signed};

/// The signature of a request, from header or query. `None`: the request is not signed.
pub(crate) fn read(req: &Request) -> Result<Option<Signed>, Refusal> {
    if let Some(value) = req.header("authorization")
        && let Some(rest) = value.strip_prefix(ALGORITHM)
    {
        return read_header(req, rest).map(Some);
    }
    if req.query_value("X-Amz-Algorithm").is_some() || req.query_value("X-Amz-Signature").is_some()
    {
        return read_query(req).map(Some);
    }
    Ok(None)
}

fn read_header(req: &Request, rest: &str) -> Result<Signed, Refusal> {
    let field = |name: &str| {
        rest.split(',')
            .map(str::trim)
            .find_map(|part| {
                part.strip_prefix(name)?
                    .strip_prefix('=')
                    .map(str::to_owned)
            })
            .ok_or_else(|| {
                Refusal::Incomplete(format!("Authorization header requires '{name}' parameter."))
            })
    };
    let amz_date = req.header("x-amz-date").or_else(|| req.header("date"));
    let amz_date = amz_date.ok_or_else(|| {
        Refusal::Incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
                .to_owned(),
        )
    })?;
    let mut signed = scope(&field("Credential")?)?;
    signed.signed_headers = field("SignedHeaders")?
        .split(';')
        .map(str::to_owned)
        .collect();
    signed.signature = field("Signature")?;
    signed.amz_date = amz_date.to_owned();
    signed.session_token = req.header("x-amz-security-token").map(str::to_owned);
    Ok(signed)
}

fn read_query(req: &Request) -> Result<Signed, Refusal> {
    let field = |name: &str| {
        req.query_value(name).ok_or_else(|| {
            Refusal::Incomplete(format!(
                "AWS query-string parameters must include '{name}'."
            ))
        })
    };
    if field("X-Amz-Algorithm")? != ALGORITHM {
        return Err(Refusal::Incomplete(
            "AWS query-string parameters must include a supported algorithm.".to_owned(),
        ));
    }
    let mut signed = scope(&field("X-Amz-Credential")?)?;
    signed.signed_headers = field("X-Amz-SignedHeaders")?
        .split(';')
        .map(str::to_owned)
        .collect();
    signed.signature = field("X-Amz-Signature")?;
    signed.amz_date = field("X-Amz-Date")?;
    signed.session_token = req.query_value("X-Amz-Security-Token");
    signed.presigned = true;
    signed.expires = match req.query_value("X-Amz-Expires") {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Refusal::Incomplete("X-Amz-Expires should be a number".to_owned()))?,
        ),
    };
    Ok(signed)
}

fn scope(credential: &str) -> Result<Signed, Refusal> {
    let parts: Vec<&str> = credential.split('/').collect();
    let [key, date, region, service, "aws4_request"] = parts[..] else {
        return Err(Refusal::Incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
        )));
    };
    Ok(Signed {
        access_key_id: key.to_owned(),
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        signed_headers: Vec::new(),
        signature: String::new(),
        amz_date: String::new(),
        session_token: None,
        presigned: false,
        expires: None,
    })
}
