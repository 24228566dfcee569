//! A Kubernetes API server that accepts EKS tokens: it checks the token by the rules of EKS, and then calls the URL in it at
//! the stand-in's STS.

mod api;
mod token;

pub use token::{TokenError, VerifiedUrl, verify_token};

use crate::Standin;
use crate::dispatch::Shared;
use crate::http::Request;
use crate::ids::{partition_of, real_now_ms};
use crate::server::{Handler, Reply, Server};
use crate::state;
use crate::tls::{self, Authority};
use crate::world::{ACCOUNT, ClusterRecord};
use api::User;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A running API server of one cluster; it stops when dropped.
pub struct Cluster {
    gate: Arc<Gate>,
    port: u16,
    ca_pem: String,
    _server: Server,
}

/// One request to the API server.
#[derive(Clone, Debug)]
pub struct ClusterRequest {
    /// The HTTP method.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The status of the response.
    pub status: u16,
    /// The accepted identity.
    pub principal_arn: Option<String>,
    /// Why the request was refused.
    pub refusal: Option<String>,
    /// The bearer token as received.
    pub token: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Arrival, milliseconds since the epoch by the machine's own clock.
    pub at_ms: u128,
}

/// The accepted tokens, and how long each is accepted without asking STS again.
#[derive(Default)]
struct Cached {
    ttl: Duration,
    tokens: HashMap<String, (Instant, User)>,
}

struct Gate {
    name: String,
    partition: String,
    sts_port: u16,
    world: Arc<Shared>,
    requests: Mutex<Vec<ClusterRequest>>,
    cached: Mutex<Cached>,
    /// Mapped ARNs; `None`: all except federated users, which EKS access entries cannot name.
    mapped: Mutex<Option<Vec<String>>>,
}

impl Cluster {
    /// Starts an API server and registers it with EKS, in the region of the cluster with that name, or else in us-east-1.
    ///
    /// # Panics
    /// If no port is free.
    #[must_use]
    pub fn start(standin: &Standin, name: &str) -> Cluster {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let port = listener
            .local_addr()
            .expect("a listener has an address")
            .port();
        let authority = Authority::new(None);
        let ca_pem = authority.pem().to_owned();
        let region = {
            let mut world = standin.shared.world();
            let known = world
                .clusters
                .iter()
                .find(|c| c.name == name && c.account == ACCOUNT);
            let region = known.map_or("us-east-1".to_owned(), |c| c.region.clone());
            let record = ClusterRecord {
                account: ACCOUNT.to_owned(),
                region: region.clone(),
                name: name.to_owned(),
                endpoint: format!("https://127.0.0.1:{port}"),
                ca: STANDARD.encode(&ca_pem),
            };
            state::put_cluster(&mut world, record);
            region
        };
        let gate = Arc::new(Gate {
            name: name.to_owned(),
            partition: partition_of(&region).to_owned(),
            sts_port: standin.port(),
            world: Arc::clone(&standin.shared),
            requests: Mutex::default(),
            cached: Mutex::default(),
            mapped: Mutex::new(None),
        });
        let config = tls::config(authority, vec!["localhost".to_owned()]);
        let server = Server::start(vec![(listener, Some(config))], gate.clone());
        Cluster {
            gate,
            port,
            ca_pem,
            _server: server,
        }
    }

    /// `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The certificate authority to trust, PEM. It is not the stand-in's.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.ca_pem.clone()
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ClusterRequest> {
        self.gate
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Caches accepted tokens, as API servers do with `--authentication-token-webhook-cache-ttl`, by default for two
    /// minutes.
    pub fn cache_tokens(&self, ttl: Duration) {
        self.gate
            .cached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .ttl = ttl;
    }

    /// Maps only these ARNs (of users, or of roles as `arn:…:role/NAME`); others are refused with 401.
    pub fn map_only(&self, arns: &[&str]) {
        let arns = arns.iter().map(|a| (*a).to_owned()).collect();
        *self
            .gate
            .mapped
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(arns);
    }
}

impl Handler for Gate {
    fn handle(&self, req: Request) -> Reply {
        let at_ms = real_now_ms();
        let token = req
            .header("authorization")
            .and_then(|v| v.strip_prefix("Bearer "))
            .map(str::to_owned);
        let who = match &token {
            None => Err("no bearer token".to_owned()),
            Some(token) => self.authenticate(token),
        };
        let answer = match &who {
            Ok(user) => api::handle(&req, user),
            Err(_) => api::status(401, "Unauthorized", "Unauthorized"),
        };
        let request = ClusterRequest {
            method: req.method.clone(),
            path: req.path.clone(),
            status: answer.status,
            principal_arn: who.as_ref().ok().map(|user| user.name.clone()),
            refusal: who.err(),
            token,
            user_agent: req.header("user-agent").unwrap_or_default().to_owned(),
            at_ms,
        };
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        Reply::now(answer)
    }
}

impl Gate {
    fn authenticate(&self, token: &str) -> Result<User, String> {
        // Keep the lock during the call: API servers merge concurrent calls for the same token.
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, user)) = cached.tokens.get(token)
            && since.elapsed() < cached.ttl
        {
            return Ok(user.clone());
        }
        let user = self.ask_authenticator(token)?;
        let now = Instant::now();
        cached.tokens.insert(token.to_owned(), (now, user.clone()));
        Ok(user)
    }

    /// What the webhook does: verifies the token, and calls STS for its identity.
    fn ask_authenticator(&self, token: &str) -> Result<User, String> {
        let now = self.world.world().now();
        let url = verify_token(token, &self.partition, now).map_err(|e| e.to_string())?;
        let (status, body) = self
            .ask_sts(&url)
            .map_err(|e| format!("error during GET: {e}"))?;
        if status != 200 {
            return Err(format!(
                "error from AWS (expected 200, got {status}). Body: {body}"
            ));
        }
        let body: Value =
            serde_json::from_str(&body).map_err(|e| format!("STS did not answer in JSON: {e}"))?;
        let result = &body["GetCallerIdentityResponse"]["GetCallerIdentityResult"];
        let arn = result["Arn"].as_str().ok_or("STS named no ARN")?.to_owned();
        let canonical = canonical(&arn);
        let mapped = self.mapped.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match mapped.as_ref() {
            Some(list) => list.contains(&canonical),
            None => !arn.contains(":federated-user/"),
        };
        if !known {
            return Err(format!("ARN is not mapped: {canonical}"));
        }
        let credential = crate::http::pairs(&url.query)
            .into_iter()
            .find(|(name, _)| name == "X-Amz-Credential");
        Ok(User {
            name: arn,
            uid: result["UserId"].as_str().unwrap_or_default().to_owned(),
            access_key_id: credential
                .and_then(|(_, v)| v.split('/').next().map(str::to_owned))
                .unwrap_or_default(),
        })
    }

    /// The connection goes to the stand-in, but the Host header is the URL's, because it is signed.
    fn ask_sts(&self, url: &VerifiedUrl) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.sts_port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "GET /?{} HTTP/1.1\r\nHost: {}\r\nx-k8s-aws-id: {}\r\nAccept: application/json\r\nUser-Agent: aws-iam-authenticator\r\nConnection: close\r\n\r\n",
            url.query, url.host, self.name
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
        let body = answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned());
        match (status, body) {
            (Some(status), Some(body)) => Ok((status, body)),
            _ => Err(std::io::Error::other("STS sent no HTTP answer")),
        }
    }
}

/// The role of a role session's ARN; other ARNs are unchanged.
fn canonical(arn: &str) -> String {
    let Some((head, tail)) = arn.split_once(":assumed-role/") else {
        return arn.to_owned();
    };
    let role = tail.split('/').next().unwrap_or_default();
    format!("{}:role/{role}", head.replacen(":sts:", ":iam:", 1))
}
