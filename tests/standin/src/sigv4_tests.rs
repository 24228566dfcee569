//! Signatures published by AWS, and every way to invalidate one.

use super::*;

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn request(query: &str, headers: &[(&str, &str)]) -> Request {
    Request {
        method: "GET".into(),
        path: "/".into(),
        query: query.into(),
        headers: headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        body: Vec::new(),
    }
}

fn vanilla(signature: &str) -> Request {
    let auth = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={signature}"
    );
    request(
        "",
        &[
            ("host", "example.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            ("authorization", &auth),
        ],
    )
}

const VANILLA: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

fn at(text: &str) -> i64 {
    parse_date(text).unwrap()
}

fn check(req: &Request, secret: &str, now: &str) -> Result<(), Refusal> {
    let signed = read(req)?.expect("signed");
    verify(req, &signed, secret, at(now))
}

#[test]
fn the_published_vanilla_signature_is_accepted() {
    assert_eq!(check(&vanilla(VANILLA), SECRET, "20150830T123600Z"), Ok(()));
}

#[test]
fn the_published_iam_signature_is_accepted() {
    let auth = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                SignedHeaders=content-type;host;x-amz-date, \
                Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    let req = request(
        "Action=ListUsers&Version=2010-05-08",
        &[
            ("host", "iam.amazonaws.com"),
            (
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            ),
            ("x-amz-date", "20150830T123600Z"),
            ("authorization", auth),
        ],
    );
    assert_eq!(check(&req, SECRET, "20150830T124000Z"), Ok(()));
}

#[test]
fn the_published_s3_signature_is_accepted() {
    let auth = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
                SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
                Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    let mut req = request(
        "",
        &[
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", EMPTY),
            ("x-amz-date", "20130524T000000Z"),
            ("authorization", auth),
        ],
    );
    req.path = "/test.txt".into();
    assert_eq!(
        check(
            &req,
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "20130524T000000Z"
        ),
        Ok(())
    );
    req.body = b"not empty".to_vec();
    assert_eq!(
        check(
            &req,
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "20130524T000000Z"
        ),
        Err(Refusal::PayloadHash)
    );
}

#[test]
fn one_flipped_digit_is_refused() {
    for i in [0, 31, 63] {
        let mut spoilt = VANILLA.to_owned().into_bytes();
        spoilt[i] = if spoilt[i] == b'0' { b'1' } else { b'0' };
        let spoilt = String::from_utf8(spoilt).unwrap();
        assert!(matches!(
            check(&vanilla(&spoilt), SECRET, "20150830T123600Z"),
            Err(Refusal::Mismatch(_))
        ));
    }
}

#[test]
fn another_secret_host_method_query_or_body_is_refused() {
    let refused = |req: &Request, secret| {
        assert!(matches!(
            check(req, secret, "20150830T123600Z"),
            Err(Refusal::Mismatch(_))
        ));
    };
    refused(&vanilla(VANILLA), "another");
    let mut req = vanilla(VANILLA);
    req.headers[0].1 = "evil.example".into();
    refused(&req, SECRET);
    let mut req = vanilla(VANILLA);
    req.method = "POST".into();
    refused(&req, SECRET);
    let mut req = vanilla(VANILLA);
    req.query = "a=b".into();
    refused(&req, SECRET);
    let mut req = vanilla(VANILLA);
    req.body = b"x".to_vec();
    refused(&req, SECRET);
}

#[test]
fn the_window_is_five_minutes_each_way() {
    assert_eq!(check(&vanilla(VANILLA), SECRET, "20150830T124100Z"), Ok(()));
    assert_eq!(check(&vanilla(VANILLA), SECRET, "20150830T123100Z"), Ok(()));
    let late = check(&vanilla(VANILLA), SECRET, "20150830T124101Z");
    assert_eq!(
        late,
        Err(Refusal::Skew(
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)".into()
        ))
    );
    let early = check(&vanilla(VANILLA), SECRET, "20150830T123059Z");
    assert!(
        matches!(early, Err(Refusal::Skew(text)) if text.starts_with("Signature not yet current"))
    );
}

#[test]
fn an_unsigned_target_or_token_header_is_refused() {
    for name in ["x-amz-target", "x-amz-security-token"] {
        let mut req = vanilla(VANILLA);
        req.headers.push((name.into(), "smuggled".into()));
        let told = check(&req, SECRET, "20150830T123600Z");
        assert!(matches!(told, Err(Refusal::Mismatch(text)) if text.contains(name)));
    }
}

#[test]
fn a_scope_of_another_day_or_form_is_refused() {
    let mut req = vanilla(VANILLA);
    req.headers[2].1 = req.headers[2].1.replace("20150830/", "20150829/");
    let told = check(&req, SECRET, "20150830T123600Z");
    assert!(matches!(told, Err(Refusal::Mismatch(text)) if text.contains("20150829")));
    req.headers[2].1 = req.headers[2].1.replace("aws4_request", "aws5_request");
    assert!(matches!(read(&req), Err(Refusal::Incomplete(_))));
}

#[test]
fn paths_are_encoded_twice_except_for_s3() {
    let mut req = vanilla(VANILLA);
    req.path = "/clusters/a%20b".into();
    let mut signed = read(&req).unwrap().unwrap();
    assert_eq!(
        canonical_request(&req, &signed, EMPTY).lines().nth(1),
        Some("/clusters/a%2520b")
    );
    signed.service = "s3".into();
    assert_eq!(
        canonical_request(&req, &signed, EMPTY).lines().nth(1),
        Some("/clusters/a%20b")
    );
}
