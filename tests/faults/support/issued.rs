//! Whether a document contains a session that the stand-in issued.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{Client, House};

/// Whether a text is a complete document of a client, for a role session that the stand-in issued.
pub(crate) fn issued(house: &House, client: Client, text: &str, role: &str) -> bool {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let at = |place: &str| {
        let text = document.pointer(place).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let of_role = |key: &str| {
        let arn = format!(":assumed-role/{role}/");
        let holder = house.aws.holder(key);
        holder.is_some_and(|(who, _)| who.contains(&arn))
    };
    client.is_document(text)
        && match client {
            Client::CredentialProcess => of_role(&at("/AccessKeyId")),
            Client::Docker => at("/Username") == "AWS",
            Client::EksToken => {
                let token = at("/status/token");
                let url = token.strip_prefix("k8s-aws-v1.").unwrap_or_default();
                let url = URL_SAFE_NO_PAD.decode(url).unwrap_or_default();
                let url = String::from_utf8_lossy(&url).into_owned();
                let key = url.split("X-Amz-Credential=").nth(1).unwrap_or_default();
                of_role(key.split(['%', '/']).next().unwrap_or_default())
            }
        }
}
